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
REDRAWN = "map redrawn"


@dataclass
class Paths:
    """Paths of one segmentation and month, as rows of fct_segment_migrations.

    Attributes:
        rows: those of the chosen cause, one row per path and cause.
        month: those of every cause.
        cause: the chosen cause; "" for every one.
        stay_share: of rpt_segment_stability, the one number of who stayed; None where
            it is not to be told.
    """

    rows: list
    month: list
    cause: str
    stay_share: float | None = None

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
    def is_redrawn(self) -> bool:
        """Say whether the map was redrawn in the month."""
        return any(row.cause == REDRAWN for row in self.month)

    @property
    def moved(self) -> dict[tuple[str, str], int]:
        """The customers of each path to elsewhere, but for those whom a map moved."""
        if self.cause or not self.is_redrawn:
            found = self.shown
        else:
            told = [row for row in self.rows if row.is_shown and row.cause != REDRAWN]
            found = _added_up(
                told, lambda row: (row.from_segment_id, row.to_segment_id)
            )
        return {
            (start, end): customers
            for (start, end), customers in found.items()
            if start != end and (self.cause or _is_inside(start, end))
        }

    @property
    def name(self) -> str:
        """The month in words."""
        return formats.month(self.month[0].month)

    def ends(self, segments: Segments) -> tuple[Segments, Segments]:
        """Give the names of the month before, and of the month."""
        month = self.month[0].month
        return segments.before(month), segments.at(month)


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
    profiles = marts.read("marts.fct_segment_profiles")
    profiles = profiles[~profiles["is_shown"]]
    hidden = set(zip(profiles["segment_id"], profiles["month"], strict=True))
    states = {
        values: _heatmap_state(paths, segments, marts.smallest_cell, hidden)
        for values, paths in groups.items()
    }
    return Chart("heatmap", states, CONTROLS)


def _finding(paths: Paths, segments: Segments) -> str:
    """Say how many stayed, or why they moved, and the largest move."""
    moved = paths.moved
    text = paths.cause or _stayed(paths)
    if not moved:
        return f"{paths.name}: {text or 'no path can be shown'}"
    start, end = max(moved, key=moved.get)
    before, after = paths.ends(segments)
    largest = (
        f"the largest move was {matrices.name(before, start)}"
        f" to {matrices.name(after, end)}"
        f" ({formats.count(moved[start, end])} customers)"
    )
    return f"{paths.name}: {'; '.join(filter(None, (text, largest)))}"


def _is_inside(*nodes: str) -> bool:
    return not any(node in OUTSIDE_NAMES for node in nodes)


def _stayed(paths: Paths) -> str:
    """Say who stayed: like for like, on the map of the month before."""
    if formats.is_missing(paths.stay_share):
        return ""
    text = f"{formats.share(paths.stay_share, 0)} stayed"
    return f"{text} on the map of the month before" if paths.is_redrawn else text


def _sankey_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    title = _finding(paths, segments)
    note = formats.hidden(smallest_cell) if smallest_cell > 1 else ""
    if not paths.shown:
        return State(title, note=note)
    drawn = _streams(dict(sorted(paths.shown.items())), *paths.ends(segments))
    return State(
        title,
        [drawn],
        note=f"Left: the month before; right: this month. {note}".rstrip(),
    )


def _streams(
    shown: dict[tuple[str, str], int], before: Segments, after: Segments
) -> theme.Figure:
    starts = matrices.ordered({start for start, _ in shown}, before)
    ends = matrices.ordered({end for _, end in shown}, after)
    nodes = starts + ends
    names = [matrices.name(before, node) for node in starts]
    names += [matrices.name(after, node) for node in ends]
    marks = [
        OUTSIDE_MARK if node in OUTSIDE_NAMES else after.mark(node) for node in nodes
    ]
    places = {node: place for place, node in enumerate(starts)}
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [formats.plain(name) for name in names],
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


def _heatmap_state(
    paths: Paths, segments: Segments, smallest_cell: int, hidden: set[tuple]
) -> State:
    """Draw a month; where a size is hidden, its shares beside counts would tell it."""
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
    before = pd.Timestamp(paths.month[0].month) - pd.DateOffset(months=1)
    totals = pd.Series(
        [
            float("nan") if (start, before) in hidden else paths.totals.get(start, 0)
            for start in starts
        ],
        starts,
        dtype=float,
    )
    shares = 100 * shown.div(totals, axis=0)
    drawn = matrices.figure(
        shares,
        shown,
        *paths.ends(segments),
        "Segment this month (number)",
        "Segment the month before",
    )
    title = (
        f"Share of each segment that moved: {paths.cause}"
        if paths.cause
        else _steadiest(shown, totals, paths, segments)
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


def _steadiest(
    shown: pd.DataFrame, totals: pd.Series, paths: Paths, segments: Segments
) -> str:
    """Say which segment keeps the largest and which the smallest share.

    Of a month with a new map nothing is said: who is elsewhere on it has not moved.
    """
    if paths.is_redrawn:
        return f"From the segments of before to those of the new map, {paths.name}"
    segments = segments.at(paths.month[0].month)
    kept = {
        identity: shown.loc[identity, identity] / totals[identity]
        for identity in shown.index
        if identity in shown.columns
        and not formats.is_missing(shown.loc[identity, identity] / totals[identity])
    }
    if not kept:
        return "Share of each segment that went to each segment"
    most, least = max(kept, key=kept.get), min(kept, key=kept.get)
    text = f"Most stayed in {segments.name(most)} ({formats.share(kept[most])})"
    if most == least:
        return text
    return f"{text}, fewest in {segments.name(least)} ({formats.share(kept[least])})"
