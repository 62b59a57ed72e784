"""Links from what is told to the page and state that show more of it."""

from markupsafe import Markup
from trajectories.dashboards.looks.template import link
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import departures


def joined(*texts: str | Markup) -> Markup:
    """Join sentences, plain ones and such with links, to one text."""
    return Markup(" ").join(text for text in texts if text)


def to_segment(shop: Shop, text: str, segmentation: str, segment_id: str) -> Markup:
    """Link to who is in a segment today; nothing where nobody is."""
    if (segmentation, segment_id) not in shop.once(_peopled):
        return Markup("")
    return link(text, "segments.html", segmentation=segmentation, segment=segment_id)


def to_departures(shop: Shop, text: str, segmentation: str, segment_id: str) -> Markup:
    """Link to why customers left a segment; nothing where that is not told."""
    section = shop.once(departures.who_left)
    if not section or (segmentation, segment_id) not in section.choices.available:
        return Markup("")
    return link(text, "departures.html", segmentation=segmentation, segment=segment_id)


def to_movement(shop: Shop, text: str, segmentation: str, month: str = "") -> Markup:
    """Link to who went where in a month, the latest where none is given."""
    paths = shop.read("marts.fct_segment_migrations")
    of_segmentation = paths["segmentation"].eq(segmentation)
    if not of_segmentation.any():
        return Markup("")
    state = {"segmentation": segmentation} | ({"month": month} if month else {})
    return link(text, "movement.html", **state)


def _peopled(shop: Shop) -> set[tuple[str, str]]:
    """Find the segments that have customers in the latest month of all."""
    profiles = shop.read("marts.fct_segment_profiles")
    last = profiles.groupby("segmentation")["month"].transform("max")
    latest = profiles[(profiles["month"] == last) & (profiles["customers"] > 0)]
    return set(zip(latest["segmentation"], latest["segment_id"], strict=True))
