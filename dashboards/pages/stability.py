"""Stability: do customers stay, does the map stay, what became of each segment."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import made, stability

FILE, TITLE = "stability.html", "Stability"
SECTIONS = (stability.do_customers_stay, stability.do_segments_stay)


def build(shop: Shop) -> Page:
    """Build the stability page."""
    sections = made(SECTIONS, shop)
    if not sections:
        return Page(FILE, TITLE, "Stability has not been measured yet.", [])
    sentence = (
        "Two things that must not be mixed up: whether customers stay in their"
        " segments, and whether the segments themselves stay what they are."
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, sections, banners)
