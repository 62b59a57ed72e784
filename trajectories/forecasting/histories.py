"""Monthly revenue histories as they were known at an origin, and what came after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from trajectories.months import month_number, month_start

#: A database adds doubles in any order; without rounding, the last digits of the
#: sums, and with them every fit, would differ from one build to the next.
DECIMALS = 6
#: What tells one history from another.
KEYS = ["definition", "segmentation", "segment_id", "origin_month"]
REQUIRED_COLUMNS = (*KEYS, "month", "revenue_amount")


@dataclass(frozen=True)
class RevenueHistory:
    """The monthly revenue of one segment, known at one origin.

    Attributes:
        definition: whose revenue: "cohort" of those who were members at the origin,
            "stock" of those who are members in each month.
        segmentation: name of the segmentation, or "total".
        segment_id: the segment, or "total".
        origin: month number (see `month_number`) of the last amount.
        amounts: revenue per month up to the origin, without gaps, shape (months,),
            in the shop's currency; a month of net returns is negative. Months before
            the first revenue are left out, but for a history of zeros throughout.
        outcomes: revenue of the months after it, shape (horizon,); NaN where unknown.
    """

    definition: str
    segmentation: str
    segment_id: str
    origin: int
    amounts: np.ndarray
    outcomes: np.ndarray

    @property
    def group(self) -> tuple[str, str]:
        """Definition and segmentation: histories that are judged together."""
        return self.definition, self.segmentation

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from all others."""
        return self.definition, self.segmentation, self.segment_id, self.origin

    @property
    def first_month(self) -> int:
        """Month number of the first amount."""
        return self.origin - len(self.amounts) + 1

    @property
    def has_revenue(self) -> bool:
        """Whether any month differs from zero."""
        return bool(np.any(self.amounts))


def rounded(amounts: pd.Series) -> pd.Series:
    """Round to DECIMALS; what is next to nothing is 0, not also minus 0."""
    return amounts.astype("float64").round(DECIMALS) + 0.0


def read_revenue_histories(frame: pd.DataFrame, horizon: int) -> list[RevenueHistory]:
    """Turn rows of segment, origin and month into histories without gaps.

    Args:
        frame: one row per definition, segmentation, segment_id, origin_month and
            month (any day of it) with revenue_amount: months up to the origin are
            what was known, later ones what came. Order does not matter; other
            columns are ignored. Known months without a row are 0.
        horizon: months after the origin to keep as outcomes.

    Returns:
        One history per definition, segmentation, segment_id and origin, in that
        order, amounts rounded to DECIMALS.

    Raises:
        ValueError: a column is missing, an amount is not a finite number, or
            two rows stand for the same segment, origin and month.
    """
    _check(frame)
    rows = pd.DataFrame(
        {
            **{name: frame[name].astype(str) for name in KEYS[:3]},
            "origin": month_number(frame["origin_month"]),
            "number": month_number(frame["month"]),
            "amount": rounded(frame["revenue_amount"]),
        }
    )
    _check_months(rows)
    rows = rows[rows["number"] <= rows["origin"] + horizon]
    keys = [*KEYS[:3], "origin"]
    return [
        _history(key, group["number"].to_numpy(), group["amount"].to_numpy(), horizon)
        for key, group in rows.groupby(keys, sort=True)
        if (group["number"] <= key[3]).any()
    ]


def _history(
    key: tuple[str, str, str, int],
    numbers: np.ndarray,
    values: np.ndarray,
    horizon: int,
) -> RevenueHistory:
    origin = int(key[3])
    known = numbers <= origin
    amounts = np.zeros(origin - numbers.min() + 1)
    amounts[numbers[known] - numbers.min()] = values[known]
    leading = int(np.argmax(amounts != 0)) if np.any(amounts) else 0
    outcomes = np.full(horizon, np.nan)
    outcomes[numbers[~known] - origin - 1] = values[~known]
    return RevenueHistory(*key[:3], origin, amounts[leading:], outcomes)


def rolling_histories(
    series: pa.Table, first_months: int = 6, origins: int = 24, horizon: int = 6
) -> pa.Table:
    """Lay plain monthly series out as the histories known at earlier months.

    For series whose members do not matter, such as a shop's products: each month
    says the same from every origin.

    Args:
        series: one row per segmentation, segment_id and month with revenue_amount;
            months without a row are 0 from a series' first month to the table's last.
        first_months: months of the table before the first origin, itself included.
        origins: earlier origins, at most, the newest ones; the last month is one more.
        horizon: months after an origin to keep.

    Returns:
        What `read_revenue_histories` takes, definition "stock".

    Examples:
        >>> months = [month_start(24204 + number) for number in range(8)]
        >>> plain = pa.table({"month": months, "revenue_amount": range(8)})
        >>> plain = plain.append_column("segmentation", [["total"] * 8])
        >>> plain = plain.append_column("segment_id", [["all"] * 8])
        >>> histories = rolling_histories(plain, first_months=6, horizon=2)
        >>> [f"{it:%Y-%m}" for it in histories["origin_month"].unique().to_pylist()]
        ['2017-06', '2017-07', '2017-08']
    """
    frame = series.to_pandas()
    numbers = month_number(frame["month"])
    plain = frame.assign(number=numbers)[
        ["segmentation", "segment_id", "number", "revenue_amount"]
    ]
    if plain.empty:
        return pa.Table.from_pandas(pd.DataFrame(columns=list(REQUIRED_COLUMNS)))
    first, last = int(numbers.min()), int(numbers.max())
    earliest = min(max(first + first_months - 1, last - origins), last)
    parts = []
    for (segmentation, segment_id), group in plain.groupby(
        ["segmentation", "segment_id"], sort=True
    ):
        months = pd.RangeIndex(int(group["number"].min()), last + 1)
        summed = group.groupby("number")["revenue_amount"].sum()
        amounts = summed.reindex(months, fill_value=0.0)
        for origin in range(earliest, last + 1):
            kept = amounts.loc[: origin + horizon]
            if months[0] <= origin:
                parts.append(
                    pd.DataFrame(
                        {
                            "definition": "stock",
                            "segmentation": segmentation,
                            "segment_id": segment_id,
                            "origin_month": month_start(origin),
                            "month": [month_start(number) for number in kept.index],
                            "revenue_amount": kept.to_numpy(),
                        }
                    )
                )
    laid = pd.concat(parts, ignore_index=True)
    return pa.Table.from_pandas(laid, preserve_index=False)


def _check(frame: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in frame.columns]
    if missing:
        raise ValueError(
            f"The revenue history has no column {', '.join(missing)}; found "
            f"{', '.join(map(str, frame.columns)) or 'no columns'}. Give one row per "
            "definition, segmentation, segment_id, origin_month and month with its "
            "revenue_amount."
        )
    for name in ("origin_month", "month"):
        undated = int(pd.to_datetime(frame[name], errors="coerce").isna().sum())
        if undated:
            raise ValueError(
                f"The revenue history has {undated} rows whose {name} is not a date. "
                "Give any day of the month."
            )
    amounts = pd.to_numeric(frame["revenue_amount"], errors="coerce")
    unusable = int((~np.isfinite(amounts.to_numpy(dtype="float64"))).sum())
    if unusable:
        raise ValueError(
            f"The revenue history has {unusable} rows whose revenue_amount is not "
            "a finite number. Use 0 for months without orders."
        )


def _check_months(rows: pd.DataFrame) -> None:
    repeated = rows.duplicated([*KEYS[:3], "origin", "number"])
    if repeated.any():
        row = rows[repeated].iloc[0]
        raise ValueError(
            f"The revenue history has {int(repeated.sum())} repeated months, first "
            f"{month_start(int(row['number'])):%Y-%m} of segment {row['segment_id']!r} "
            f"in {row['segmentation']!r}. Add the rows of a month together."
        )
