"""Trajectories: the paths of the groups, and the evidence for their number."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import made, trials

FILE, TITLE = "trajectories.html", "Trajectories"
SECTIONS = (
    trials.verdict,
    trials.developing,
    trials.how_many,
    trials.are_they_real,
    trials.what_comes,
    trials.flat_picture,
    trials.tried,
)
SENTENCE = (
    "How customers of each group develop, drawn for everything that was tried, and"
    " the evidence for what was chosen. Change the segmentation, the way customers"
    " are seen and compared, or the number of groups, and all charts follow."
)


def build(shop: Shop) -> Page:
    """Build the trajectories page."""
    if shop.trials.frame.empty:
        return Page(FILE, TITLE, "No segmentation has been tried yet.", [])
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, SENTENCE, made(SECTIONS, shop), banners)
