"""The paths of one month and cause, as a Sankey and as a heatmap."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from dashboards import formats, matrices, theme
from dashboards.matrices import LEFT, OUTSIDE_MARK, OUTSIDE_NAMES
from dashboards.published import PublishedMarts
from dashboards.segmentations import Segments
from dashboards.template import Chart, State

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
    def customers(self) -> dict[tuple[str, str], int]:
        """The customers of each path (from, to), whatever the cause."""
        return _added_up(
            self.rows, lambda row: (row.from_segment_id, row.to_segment_id)
        )

    @cached_property
    def totals(self) -> dict[str, int]:
        """All customers of each segment before, whatever the cause."""
        return _added_up(self.month, lambda row: row.from_segment_id)

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
    """Say how many stayed, or moved for the cause, and the largest move."""
    total = sum(row.customers for row in paths.month if _is_inside(row.from_segment_id))
    if total < smallest_cell:
        few = formats.few(smallest_cell)
        return f"{paths.name}: {few} customers were in a segment before"
    moved = {
        (start, end): customers
        for (start, end), customers in paths.customers.items()
        if start != end and (paths.cause or _is_inside(start, end))
    }
    share = _moved(paths, moved, smallest_cell) if paths.cause else _stayed(paths)
    text = f"{paths.name}: {share}"
    if not moved or max(moved.values()) < smallest_cell:
        return text
    start, end = max(moved, key=moved.get)
    return (
        f"{text}; the largest move was {matrices.name(segments, start)}"
        f" to {matrices.name(segments, end)}"
        f" ({formats.count(moved[start, end])} customers)"
    )


def _is_inside(*nodes: str) -> bool:
    return not any(node in OUTSIDE_NAMES for node in nodes)


def _stayed(paths: Paths) -> str:
    """Say who stayed of those who are in a segment still, and what a new map did."""
    total, stays, redrawn = 0, 0, 0
    for row in paths.month:
        if _is_inside(row.from_segment_id, row.to_segment_id):
            total += row.customers
            stays += row.customers * (row.from_segment_id == row.to_segment_id)
            redrawn += row.customers * (row.cause == "map redrawn")
    if total == 0:
        return "all left"
    text = f"{formats.share(stays / total)} stayed"
    if redrawn == 0:
        return text
    return f"{text}, the new map alone moved {formats.share(redrawn / total)}"


def _moved(paths: Paths, moved: dict, smallest_cell: int) -> str:
    """Say how many moved for the cause."""
    customers = sum(moved.values())
    number = (
        formats.few(smallest_cell)
        if customers < smallest_cell
        else formats.count(customers)
    )
    reason = {
        "behaved differently": "moved because they behaved differently",
        "map redrawn": "moved because the map was redrawn",
    }.get(paths.cause, paths.cause)
    return f"{number} customers {reason}"


def _sankey_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    title = _finding(paths, segments, smallest_cell)
    shown = {
        path: customers
        for path, customers in sorted(paths.customers.items())
        if customers >= smallest_cell
    }
    hidden = len(paths.customers) - len(shown)
    few = formats.few(smallest_cell)
    note = (
        f"Not drawn: {formats.counted(hidden, 'path')} with {few} customers."
        if hidden
        else ""
    )
    if not shown:
        return State(title, note=note)
    drawn = _streams(shown, segments)
    note = f"Left: the month before; right: this month. {note}"
    return State(title, [drawn], note=note)


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
    ends = matrices.ordered({end for _, end in paths.customers}, segments)
    # Every numbered column has its row, also when nobody was there before.
    starts = {start for start, _ in paths.customers} | {*ends}
    starts = matrices.ordered(starts - {LEFT}, segments)
    cells = pd.DataFrame(
        [[paths.customers.get((start, end), 0) for end in ends] for start in starts],
        index=starts,
        columns=ends,
        dtype=float,
    )
    totals = pd.Series([float(paths.totals.get(start, 0)) for start in starts], starts)
    shown = cells.where((cells == 0) | (cells >= smallest_cell))
    shares = 100 * shown.div(totals.where(totals >= smallest_cell), axis=0)
    drawn = matrices.figure(
        shares,
        shown,
        segments,
        smallest_cell,
        "Segment this month (number)",
        "Segment the month before",
    )
    title = (
        f"Share of each segment that moved: {paths.cause}"
        if paths.cause
        else _steadiest(shown, totals, segments, smallest_cell)
    )
    note = (
        "Per cent of all customers of each row, whatever the cause; columns carry the"
        f" numbers of the rows. <{smallest_cell}: {formats.few(smallest_cell)}"
        " customers, not shown."
    )
    return State(title, [drawn], note=note)


def _steadiest(
    shown: pd.DataFrame, totals: pd.Series, segments: Segments, smallest_cell: int
) -> str:
    """Say which segment keeps the largest and which the smallest share."""
    kept = {
        identity: shown.loc[identity, identity] / totals[identity]
        for identity in shown.index
        if identity in shown.columns
        and totals[identity] >= smallest_cell
        and not formats.is_missing(shown.loc[identity, identity])
    }
    if not kept:
        return "Share of each segment that went to each segment"
    most, least = max(kept, key=kept.get), min(kept, key=kept.get)
    text = f"Most stayed in {segments.name(most)} ({formats.share(kept[most])})"
    if most == least:
        return text
    return f"{text}, fewest in {segments.name(least)} ({formats.share(kept[least])})"
