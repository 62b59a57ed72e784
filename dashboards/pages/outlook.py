"""Next months: how many customers each segment will have, and how sure that is."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import made, outlook

FILE, TITLE = "outlook.html", "Next months"
SECTIONS = (outlook.expected_sizes,)


def build(shop: Shop) -> Page:
    """Build the page of the coming months."""
    sections = made(SECTIONS, shop)
    if not sections:
        return Page(FILE, TITLE, "Nothing can be said of next month yet.", [])
    sentence = (
        "How many customers each segment will have in the coming months, where"
        " the way customers move has told sizes better than leaving them as they"
        " are. Where it has not, today's sizes stand."
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, sections, banners)
