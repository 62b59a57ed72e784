"""Links from what is told to the page and state that show more of it."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats
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


def to_departures(shop: Shop, text: str, segmentation: str) -> Markup:
    """Link to why customers left each segment of which that is told, if of any."""
    section = shop.once(departures.who_left)
    if not section:
        return Markup("")
    _, control = section.choices.controls
    linked = [
        link(
            dict(control.options)[segment_id],
            "departures.html",
            segmentation=segmentation,
            segment=segment_id,
        )
        for name, segment_id in section.choices.available
        if name == segmentation
    ]
    if not linked:
        return Markup("")
    return Markup("{} {}").format(text, Markup(", ").join(linked))


def to_movement(
    shop: Shop, text: str, segmentation: str, month: pd.Timestamp | None = None
) -> Markup:
    """Link to who went where, in a month or in the latest; nothing where none did."""
    paths = shop.read("marts.fct_segment_migrations")
    paths = paths[paths["segmentation"].eq(segmentation) & (paths["customers"] > 0)]
    if month is not None:
        paths = paths[paths["month"].eq(month)]
    if paths.empty:
        return Markup("")
    state = {"month": formats.month_key(month)} if month is not None else {}
    return link(text, "movement.html", segmentation=segmentation, **state)


def _peopled(shop: Shop) -> set[tuple[str, str]]:
    """Find the segments that have customers in the latest month of all."""
    profiles = shop.read("marts.fct_segment_profiles")
    last = profiles.groupby("segmentation")["month"].transform("max")
    latest = profiles[(profiles["month"] == last) & (profiles["customers"] > 0)]
    return set(zip(latest["segmentation"], latest["segment_id"], strict=True))
