"""Monthly revenue histories: dense, sorted, and cut at an origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: A database adds doubles in any order; without rounding, the last digits of the
#: sums, and with them Prophet's fit, would differ from one build to the next.
DECIMALS = 6
REQUIRED_COLUMNS = ("segmentation", "segment_id", "month", "revenue_amount")


@dataclass(frozen=True)
class History:
    """The monthly revenue of one segment, without gaps.

    Attributes:
        segmentation: name of the segmentation, or "total".
        segment_id: the segment, or "total".
        first_month: month number (see `month_number`) of the first amount.
        amounts: revenue per month, shape (months,), in the shop's currency;
            months without a row are 0, a month of net returns is negative.
    """

    segmentation: str
    segment_id: str
    first_month: int
    amounts: np.ndarray

    @property
    def last_month(self) -> int:
        """Month number of the last amount."""
        return self.first_month + len(self.amounts) - 1

    @property
    def has_revenue(self) -> bool:
        """Whether any month differs from zero."""
        return bool(np.any(self.amounts))

    def until(self, origin: int) -> History:
        """Return what was known at the end of month `origin`, nothing later.

        Months before the first revenue are dropped: the segment had no
        customers yet. A history that is zero throughout keeps its months.
        """
        amounts = self.amounts[: max(origin - self.first_month + 1, 0)]
        leading = int(np.argmax(amounts != 0)) if np.any(amounts) else 0
        return History(
            self.segmentation,
            self.segment_id,
            self.first_month + leading,
            amounts[leading:],
        )


def month_number(months: pd.Series) -> np.ndarray:
    """Count months since year 0, so that month arithmetic is integer arithmetic."""
    dates = pd.to_datetime(months)
    return (dates.dt.year * 12 + dates.dt.month - 1).to_numpy(dtype=np.int64)


def month_start(number: int) -> pd.Timestamp:
    """Return the first day of the month with this number."""
    return pd.Timestamp(year=number // 12, month=number % 12 + 1, day=1)


def read_histories(frame: pd.DataFrame) -> list[History]:
    """Turn rows of segment and month into dense histories that end together.

    Args:
        frame: one row per segmentation, segment_id and month, with
            revenue_amount. Order does not matter; other columns are ignored.

    Returns:
        One history per segment, sorted by segmentation and segment_id. Each
        starts in the segment's first month and ends in the frame's last one:
        a segment that stopped buying ends in zeros. Amounts are rounded to
        DECIMALS.

    Raises:
        ValueError: a column is missing, an amount is not a finite number, or
            two rows stand for the same segment and month.
    """
    _check(frame)
    rows = pd.DataFrame(
        {
            "segmentation": frame["segmentation"].astype(str),
            "segment_id": frame["segment_id"].astype(str),
            "number": month_number(frame["month"]),
            "amount": frame["revenue_amount"].astype("float64").round(DECIMALS),
        }
    )
    _check_months(rows)
    last = int(rows["number"].max()) if len(rows) else 0
    histories = []
    for (segmentation, segment_id), group in rows.groupby(
        ["segmentation", "segment_id"], sort=True
    ):
        first = int(group["number"].min())
        amounts = np.zeros(last - first + 1)
        amounts[group["number"].to_numpy() - first] = group["amount"].to_numpy()
        histories.append(History(segmentation, segment_id, first, amounts))
    return histories


def _check(frame: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in frame.columns]
    if missing:
        raise ValueError(
            f"The revenue history has no column {', '.join(missing)}; found "
            f"{', '.join(map(str, frame.columns)) or 'no columns'}. Give one row per "
            "segmentation, segment_id and month with its revenue_amount."
        )
    amounts = pd.to_numeric(frame["revenue_amount"], errors="coerce")
    unusable = int((~np.isfinite(amounts.to_numpy(dtype="float64"))).sum())
    if unusable:
        raise ValueError(
            f"The revenue history has {unusable} rows whose revenue_amount is not "
            "a finite number. Use 0 for months without orders."
        )


def _check_months(rows: pd.DataFrame) -> None:
    repeated = rows.duplicated(["segmentation", "segment_id", "number"])
    if repeated.any():
        row = rows[repeated].iloc[0]
        raise ValueError(
            f"The revenue history has {int(repeated.sum())} repeated months, first "
            f"{month_start(int(row['number'])):%Y-%m} of segment {row['segment_id']!r} "
            f"in {row['segmentation']!r}. Add the rows of a month together."
        )
