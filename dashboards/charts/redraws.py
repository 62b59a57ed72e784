"""A new map: which segment's customers are in which one on it."""

from markupsafe import Markup
from trajectories.dashboards.charts.flows import REDRAWN, Paths
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, table
from trajectories.dashboards.marts.segmentations import Segments

HEADERS = ["Was in", "Is in", "Customers"]


def listed(
    groups: dict[tuple[str, ...], Paths], segments: Segments, smallest_cell: int
) -> Fragment:
    """List old name, new name and customers of each month with a new map.

    Those who behaved differently, came or lapsed are left out: the map did not move
    them.
    """
    states = {
        (name, month): _listed(paths, segments, smallest_cell)
        for (name, month, _), paths in groups.items()
        if not paths.cause
    }
    return Fragment("redraw", states, ("segmentation", "month"))


def _listed(paths: Paths, segments: Segments, smallest_cell: int) -> Markup:
    if not paths.is_redrawn:
        return Markup("")
    before, after = paths.ends(segments)
    rows = [
        row for row in paths.month if row.cause in (REDRAWN, "stayed") and row.is_shown
    ]
    rows.sort(key=lambda row: (before.place(row.from_segment_id), -row.customers))
    body = [
        [
            before.name(row.from_segment_id),
            after.name(row.to_segment_id),
            formats.count(row.customers),
        ]
        for row in rows
    ]
    caption = (
        f"The new map of {paths.name}: customers who behaved as before, by the segment"
        " that they were in and the one that they are in now"
    )
    if smallest_cell > 1:
        caption += f". {formats.hidden(smallest_cell)}"
    return table(caption, HEADERS, body, 2)
