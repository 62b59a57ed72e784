"""Departures: why customers left valued segments, and what would have kept them."""

from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import departures, made

FILE, TITLE = "departures.html", "Departures"
SECTIONS = (departures.who_left, departures.why)


def build(shop: Shop) -> Page:
    """Build the page of those who left."""
    sections = made(SECTIONS, shop)
    if not sections:
        text = (
            "Nobody is known to have left a valued segment in the latest month, on a"
            " path that may be told."
        )
        return Page(FILE, TITLE, text, [])
    sentence = (
        "Customers who left a valued segment in the latest month: one that was"
        " worth more per customer than all clustered customers are. What would"
        " have kept them is a change that the model was asked about, not one that"
        " was tried out. Counted are those whose path the page Movement shows."
        f" {formats.hidden(shop.smallest_cell)}"
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, sections, banners)
