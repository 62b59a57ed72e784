"""The paths of one month and cause, and their picture as streams."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from trajectories.dashboards.charts import matrices, streams
from trajectories.dashboards.charts.matrices import OUTSIDE_MARK, OUTSIDE_NAMES
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts.segmentations import Segments

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
            if start != end and (self.cause or is_inside(start, end))
        }

    @property
    def largest(self) -> tuple[str, str] | None:
        """The path to elsewhere that most customers took, if any may be told."""
        return max(self.moved, key=self.moved.get, default=None)

    @property
    def name(self) -> str:
        """The month in words."""
        return formats.month(self.month[0].month)

    @property
    def name_before(self) -> str:
        """The month before in words."""
        return formats.month(
            pd.Timestamp(self.month[0].month) - pd.DateOffset(months=1)
        )

    def ends(self, segments: Segments) -> tuple[Segments, Segments]:
        """Give the names of the month before, and of the month."""
        month = self.month[0].month
        return segments.before(month), segments.at(month)


def _added_up(rows: list, key: Callable) -> dict:
    sums: dict = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), 0) + row.customers
    return sums


def is_inside(*nodes: str) -> bool:
    """Say whether all of some places are segments."""
    return not any(node in OUTSIDE_NAMES for node in nodes)


def figure(paths: Paths, segments: Segments) -> theme.Figure:
    """Draw the customers of each path that may be told as a stream."""
    before, after = paths.ends(segments)
    starts = matrices.ordered({start for start, _ in paths.shown}, before)
    ends = matrices.ordered({end for _, end in paths.shown}, after)
    customers = {
        (starts.index(start), ends.index(end)): number
        for (start, end), number in paths.shown.items()
    }
    names = (
        [matrices.name(before, node) for node in starts],
        [matrices.name(after, node) for node in ends],
    )
    marks = tuple(
        [OUTSIDE_MARK if node in OUTSIDE_NAMES else after.mark(node) for node in side]
        for side in (starts, ends)
    )
    return streams.figure(customers, names, marks)
