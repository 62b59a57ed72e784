"""The paths of one month and cause, as a Sankey and as a heatmap."""

from dataclasses import dataclass

import pandas as pd

from dashboards import formats, matrices, theme
from dashboards.matrices import ENTERED, LEFT, OUTSIDE_MARK, OUTSIDE_NAMES
from dashboards.published import PublishedMarts
from dashboards.segmentations import Segments
from dashboards.template import Chart, State

CONTROLS = ("segmentation", "month", "cause")
KEYS = ["from_segment_id", "to_segment_id"]


@dataclass(frozen=True)
class Paths:
    """Paths of one segmentation and month.

    Attributes:
        rows: those of the chosen cause, one row per path and cause.
        month: those of every cause.
        cause: the chosen cause; "" for every one.
    """

    rows: pd.DataFrame
    month: pd.DataFrame
    cause: str

    @property
    def added_up(self) -> pd.DataFrame:
        """The customers of each path, whatever the cause."""
        return self.rows.groupby(KEYS, as_index=False)["customers"].sum()

    @property
    def name(self) -> str:
        """The month in words."""
        return formats.month(self.month["month"].iloc[0])


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
    rows = paths.added_up
    inside = _inside(rows)
    total = _inside(paths.month)["customers"].sum()
    moved = rows if paths.cause else inside
    moved = moved[moved["from_segment_id"] != moved["to_segment_id"]]
    if total < smallest_cell:
        few = formats.few(smallest_cell)
        return f"{paths.name}: {few} customers were in a segment before"
    text = f"{paths.name}: {_share(paths, inside, moved, total, smallest_cell)}"
    moved = moved[moved["customers"] >= smallest_cell]
    if moved.empty:
        return text
    largest = moved.loc[moved["customers"].idxmax()]
    return (
        f"{text}; the largest move was"
        f" {matrices.name(segments, largest['from_segment_id'])}"
        f" to {matrices.name(segments, largest['to_segment_id'])}"
        f" ({formats.count(largest['customers'])} customers)"
    )


def _share(
    paths: Paths,
    inside: pd.DataFrame,
    moved: pd.DataFrame,
    total: float,
    smallest_cell: int,
) -> str:
    if not paths.cause:
        stays = inside["from_segment_id"] == inside["to_segment_id"]
        text = f"{formats.share(inside.loc[stays, 'customers'].sum() / total)} stayed"
        redrawn = paths.month["cause"] == "map redrawn"
        customers = int(paths.month.loc[redrawn, "customers"].sum())
        if customers < smallest_cell:
            return text
        return f"{text}, the new map alone moved {formats.share(customers / total)}"
    number = _customers(moved, smallest_cell)
    reason = {
        "behaved differently": "moved because they behaved differently",
        "map redrawn": "moved because the map was redrawn",
    }.get(paths.cause, paths.cause)
    return f"{number} customers {reason}"


def _customers(rows: pd.DataFrame, smallest_cell: int) -> str:
    customers = int(rows["customers"].sum())
    if customers < smallest_cell:
        return formats.few(smallest_cell)
    return formats.count(customers)


def _inside(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the paths of customers who were in a segment before and after."""
    return rows[(rows["from_segment_id"] != ENTERED) & (rows["to_segment_id"] != LEFT)]


def _hidden_note(rows: pd.DataFrame, smallest_cell: int) -> str:
    hidden = int((rows["customers"] < smallest_cell).sum())
    if hidden == 0:
        return ""
    few = formats.few(smallest_cell)
    return f"Not drawn: {formats.counted(hidden, 'path')} with {few} customers."


def _sankey_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    rows = paths.added_up
    title = _finding(paths, segments, smallest_cell)
    note = _hidden_note(rows, smallest_cell)
    shown = rows[rows["customers"] >= smallest_cell]
    if shown.empty:
        return State(title, note=note)
    starts = matrices.ordered(set(shown["from_segment_id"]), segments)
    ends = matrices.ordered(set(shown["to_segment_id"]), segments)
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
            "source": [places[node] for node in shown["from_segment_id"]],
            "target": [len(starts) + ends.index(n) for n in shown["to_segment_id"]],
            "value": [int(customers) for customers in shown["customers"]],
            "color": [
                theme.fade(marks[places[node]].colour, 0.35)
                for node in shown["from_segment_id"]
            ],
            "hovertemplate": "%{source.label} to %{target.label}:"
            " %{value:,} customers<extra></extra>",
        },
        "valueformat": ",",
    }
    height = 160 + 42 * max(len(starts), len(ends))
    drawn = theme.figure([trace], height=height)
    note = f"Left: the month before; right: this month. {note}"
    return State(title, [drawn], note=note)


def _heatmap_state(paths: Paths, segments: Segments, smallest_cell: int) -> State:
    rows = paths.added_up
    ends = matrices.ordered(set(rows["to_segment_id"]), segments)
    # Every numbered column has its row, also when nobody was there before.
    starts = matrices.ordered({*rows["from_segment_id"], *ends} - {LEFT}, segments)
    cells = rows.pivot(
        index="from_segment_id", columns="to_segment_id", values="customers"
    )
    cells = cells.reindex(index=starts, columns=ends).fillna(0)
    totals = paths.month.groupby("from_segment_id")["customers"].sum()
    totals = totals.reindex(starts).fillna(0)
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
