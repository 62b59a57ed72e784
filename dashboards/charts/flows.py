"""The paths of one month and cause, as a Sankey and as a heatmap."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from trajectories.dashboards.charts import matrices
from trajectories.dashboards.charts.matrices import LEFT, OUTSIDE_MARK, OUTSIDE_NAMES
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, State
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments

CONTROLS = ("segmentation", "month", "cause")


@dataclass
class Paths:
    """Paths of one segmentation and month, as rows of fct_segment_migrations.

    Attributes:
        rows: those of the chosen cause, one row per path and cause.
        month: those of every cause.
        cause: the chosen cause; "" for every one.
    """

    rows: list
    month: list
    cause: str

    @cached_property
    def shown(self) -> dict[tuple[str, str], int]:
        """The customers of each path (from, to) that may be told."""
        told = [
            row
            for row in self.rows
            if (row.is_shown if self.cause else row.is_path_shown)
        ]
        return _added_up(told, lambda row: (row.from_segment_id, row.to_segment_id))

    @cached_property
    def totals(self) -> dict[str, int]:
        """All customers of each segment before, whatever the cause."""
        return _added_up(self.month, lambda row: row.from_segment_id)

    @property
    def is_whole(self) -> bool:
        """Say whether all who stayed may be told, in every segment."""
        both = {row.from_segment_id for row in self.month}
        both &= {row.to_segment_id for row in self.month}
        stays = [row for row in self.month if row.is_path_shown and _is_stay(row)]
        return both <= {row.from_segment_id for row in stays}

    @property
    def name(self) -> str:
        """The month in words."""
        return formats.month(self.month[0].month)


def _added_up(rows: list, key: Callable) -> dict:
    sums: dict = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), 0) + row.customers
    return sums


def sankey(marts: PublishedMarts, groups: dict, segments: Segments) -> Chart:
    """Draw the customers of each path as a stream."""
    states = {
        values: _sankey_state(paths, segments, marts.smallest_cell)
        for values, paths in groups.items()
    }
    return Chart("sankey", states, CONTROLS)


def heatmap(marts: PublishedMarts, groups: dict, segments: Segments) -> Chart:
    """Draw the share of each segment that took each path."""
    states = {
        values: _heatmap_state(paths, segments, marts.smallest_cell)
        for values, paths in groups.items()
    }
    return Chart("heatmap", states, CONTROLS)


def _finding(paths: Paths, segments: Segments, smallest_cell: int) -> str:
    """Say how many stayed, or why they moved, and the largest move."""
    moved = {
        (start, end): customers
        for (start, end), customers in paths.shown.items()
        if start != end and (paths.cause or _is_inside(start, end))
    }
    text = paths.cause or _stayed(paths, smallest_cell)
    if not moved:
        return f"{paths.name}: {text or 'no path can be shown'}"
    start, end = max(moved, key=moved.get)
    largest = (
        f"the largest move was {matrices.name(segments, start)}"
        f" to {matrices.name(segments, end)}"
        f" ({formats.count(moved[start, end])} customers)"
    )
    return f"{paths.name}: {'; '.join(filter(None, (text, largest)))}"


def _is_inside(*nodes: str) -> bool:
    return not any(node in OUTSIDE_NAMES for node in nodes)


def _is_stay(row: object) -> bool:
    return row.from_segment_id == row.to_segment_id


def _stayed(paths: Paths, smallest_cell: int) -> str:
    """Say who stayed of those who are in a segment still, and what a new map did.

    Hidden numbers would follow from the share of few customers, or from all of those
    whom the map moved.
    """
    inside = [
        row for row in paths.month if _is_inside(row.from_segment_id, row.to_segment_id)
    ]
    total = sum(row.customers for row in inside)
    is_told = smallest_cell <= 1 or total >= 100 * smallest_cell or paths.is_whole
    if not total or not is_told:
        return ""
    stays = sum(row.customers for row in inside if _is_stay(row))
    redrawn = sum(
        row.customers for row in inside if row.cause == "map redrawn" and row.is_shown
    )
    text = f"{formats.share(stays / total, 0)} stayed"
    if redrawn == 0:
        return text
    return f"{text}, the new map alone moved at least {formats.share(redrawn / total)}"


def _sankey_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    title = _finding(paths, segments, smallest_cell)
    note = formats.hidden(smallest_cell) if smallest_cell > 1 else ""
    if not paths.shown:
        return State(title, note=note)
    drawn = _streams(dict(sorted(paths.shown.items())), segments)
    return State(
        title,
        [drawn],
        note=f"Left: the month before; right: this month. {note}".rstrip(),
    )


def _streams(shown: dict[tuple[str, str], int], segments: Segments) -> theme.Figure:
    starts = matrices.ordered({start for start, _ in shown}, segments)
    ends = matrices.ordered({end for _, end in shown}, segments)
    nodes = starts + ends
    marks = [
        OUTSIDE_MARK if node in OUTSIDE_NAMES else segments.mark(node) for node in nodes
    ]
    places = {node: place for place, node in enumerate(starts)}
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [formats.plain(matrices.name(segments, node)) for node in nodes],
            "color": [mark.colour for mark in marks],
            "pad": 14,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}: %{value:,} customers<extra></extra>",
        },
        "link": {
            "source": [places[start] for start, _ in shown],
            "target": [len(starts) + ends.index(end) for _, end in shown],
            "value": [int(customers) for customers in shown.values()],
            "color": [
                theme.fade(marks[places[start]].colour, 0.35) for start, _ in shown
            ],
            "hovertemplate": "%{source.label} to %{target.label}:"
            " %{value:,} customers<extra></extra>",
        },
        "valueformat": ",",
    }
    return theme.figure([trace], height=160 + 42 * max(len(starts), len(ends)))


def _heatmap_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    ends = matrices.ordered({end for _, end in paths.shown}, segments)
    # Every numbered column has its row, also when nobody was there before.
    starts = {start for start, _ in paths.shown} | {*ends}
    starts = matrices.ordered(starts - {LEFT}, segments)
    shown = pd.DataFrame(
        [[paths.shown.get((start, end)) for end in ends] for start in starts],
        index=starts,
        columns=ends,
        dtype=float,
    )
    totals = pd.Series([float(paths.totals.get(start, 0)) for start in starts], starts)
    shares = 100 * shown.div(totals, axis=0)
    drawn = matrices.figure(
        shares,
        shown,
        segments,
        "Segment this month (number)",
        "Segment the month before",
    )
    title = (
        f"Share of each segment that moved: {paths.cause}"
        if paths.cause
        else _steadiest(shown, totals, segments)
    )
    note = (
        "Per cent of all customers of each row, whatever the cause; columns carry the"
        " numbers of the rows."
    )
    if smallest_cell > 1:
        note += f" Blank: nobody, or hidden. {formats.hidden(smallest_cell)}"
    if shown.empty:
        return State(title, note=note)
    return State(title, [drawn], note=note)


def _steadiest(shown: pd.DataFrame, totals: pd.Series, segments: Segments) -> str:
    """Say which segment keeps the largest and which the smallest share."""
    kept = {
        identity: shown.loc[identity, identity] / totals[identity]
        for identity in shown.index
        if identity in shown.columns
        and not formats.is_missing(shown.loc[identity, identity])
    }
    if not kept:
        return "Share of each segment that went to each segment"
    most, least = max(kept, key=kept.get), min(kept, key=kept.get)
    text = f"Most stayed in {segments.name(most)} ({formats.share(kept[most])})"
    if most == least:
        return text
    return f"{text}, fewest in {segments.name(least)} ({formats.share(kept[least])})"
