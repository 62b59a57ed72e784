"""Counted paths of customers between segments, as arrays by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from trajectories.months import month_number, month_start

PATH_COLUMNS = (
    "segmentation",
    "month",
    "earlier_segment_id",
    "previous_segment_id",
    "frozen_segment_id",
    "segment_id",
    "customers",
)


@dataclass(frozen=True)
class PathHistory:
    """What one segmentation's customers did, month by month.

    Attributes:
        segmentation: its name.
        segments: (segments,) ids, sorted.
        months: (months,) numbers of months since year 0, without gaps.
        paths: (months, segments, segments, segments) customers by the segment two
            months before, the month before, and of the month as the map of the month
            before has it. Only customers who were there all three months.
        moves: (months, segments, segments) the same by the last two alone, with
            customers of two months; nobody in the first month.
        entries: (months, segments) newcomers; nobody in the first month, in which
            who is new is not known.
        sizes: (months, segments) customers, by the month's own map.
        is_redrawn: (months,) whether the map was redrawn in the month.
    """

    segmentation: str
    segments: np.ndarray
    months: np.ndarray
    paths: np.ndarray
    moves: np.ndarray
    entries: np.ndarray
    sizes: np.ndarray
    is_redrawn: np.ndarray

    def window(self, origin: int, pairs: int) -> slice:
        """Return the last month pairs up to a month, by the later month of each.

        Raises:
            ValueError: not even one pair is asked for.
        """
        if pairs < 1:
            raise ValueError(
                f"The last {pairs} month pairs were asked for. Set"
                " transition_month_pairs to 1 or more; 12 hold every season once."
            )
        return slice(max(origin + 1 - pairs, 1), origin + 1)

    def newcomers(self, origin: int, pairs: int) -> float:
        """Return the mean newcomers of a month, over the last month pairs.

        It asks for no segment: all segmentations of a shop have the same.
        """
        entries = self.entries[self.window(origin, pairs)]
        return float(entries.sum() / max(len(entries), 1))

    def in_force(self, origin: int) -> np.ndarray:
        """Say which segments the map of a month has: (segments,) booleans.

        Those with members at any time since the map was last redrawn.
        """
        redrawn = np.flatnonzero(self.is_redrawn[: origin + 1])
        since = redrawn[-1] if len(redrawn) else 0
        return self.sizes[since : origin + 1].sum(axis=0) > 0


def read_path_histories(counts: pa.Table) -> list[PathHistory]:
    """Turn counted paths into one history per segmentation, sorted by name.

    Args:
        counts: one row per segmentation, month and path, with PATH_COLUMNS: segment two
            months before, of the month before (both null where there was none), of
            the month by the map of the month before and by its own, and customers.

    Raises:
        ValueError: a column is missing, or a month between two others.
    """
    missing = [name for name in PATH_COLUMNS if name not in counts.column_names]
    if missing:
        raise ValueError(
            f"The counted paths have no column {', '.join(missing)}; found"
            f" {', '.join(counts.column_names) or 'no columns'}. Give one row per"
            " segmentation, month and path, as int_segment_transitions has them."
        )
    return [
        _read_history(str(name), rows)
        for name, rows in counts.to_pandas().groupby("segmentation")
    ]


def _read_history(segmentation: str, rows: pd.DataFrame) -> PathHistory:
    numbers = month_number(rows["month"])
    months = np.unique(numbers)
    if months[-1] - months[0] >= len(months):
        raise ValueError(
            f"The paths of {segmentation} have {len(months)} months between"
            f" {month_start(months[0]):%Y-%m-%d} and"
            f" {month_start(months[-1]):%Y-%m-%d}: some are missing."
            " Give the paths of every month, for a chain has no gaps."
        )
    names = ["earlier_segment_id", "previous_segment_id", "frozen_segment_id"]
    found = pd.concat([rows[name] for name in [*names, "segment_id"]]).dropna()
    segments = pd.Index(np.unique(found.astype(str)), dtype=object)
    month = numbers - months[0]
    earlier, previous, frozen = (segments.get_indexer(rows[name]) for name in names)
    own = segments.get_indexer(rows["segment_id"])
    customers = rows["customers"].to_numpy(np.int64)
    came = (previous < 0) & (month > 0)

    def count(*places: np.ndarray) -> np.ndarray:
        known = np.logical_and.reduce([place >= 0 for place in places])
        table = np.zeros((len(months), *[len(segments)] * len(places)), np.int64)
        at = (month[known], *(place[known] for place in places))
        np.add.at(table, at, customers[known])
        return table

    return PathHistory(
        segmentation=segmentation,
        segments=segments.to_numpy(),
        months=months,
        paths=count(earlier, previous, frozen),
        moves=count(previous, frozen),
        entries=count(np.where(came, own, -1)),
        sizes=count(own),
        is_redrawn=np.bincount(month[own != frozen], minlength=len(months)) > 0,
    )
