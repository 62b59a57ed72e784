"""Movement: who went where each month, why, and what it was worth."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import made, movement

FILE, TITLE = "movement.html", "Movement"
SECTIONS = (movement.who_went_where, movement.money_by_path)


def build(shop: Shop) -> Page:
    """Build the movement page."""
    sections = made(SECTIONS, shop)
    if not sections:
        return Page(FILE, TITLE, "No month-to-month movement is known yet.", [])
    sentence = (
        "Where the customers of each segment were a month later, and why: they"
        " behaved differently, the map was redrawn, or they entered or left"
        " (first orders, silence, and orders after it)."
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, sections, banners)
