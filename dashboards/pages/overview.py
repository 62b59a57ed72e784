"""Overview: how the shop did last month, and which claims hold."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import findings, made, shop_months

FILE, TITLE = "index.html", "Overview"
SECTIONS = (
    shop_months.last_month,
    shop_months.month_by_month,
    findings.found,
    findings.planted,
    findings.claims,
)


def build(shop: Shop) -> Page:
    """Build the overview page."""
    sentence = (
        "How the shop did in its last complete month, and what this project claims"
        " about its customers, with the evidence."
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, made(SECTIONS, shop), banners)
