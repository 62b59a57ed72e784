"""What varies in a segment's own last weeks, as a test would have seen them.

Everything is measured on those who were members when the weeks began, leavers among
them, for a test reads them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trajectories.experiments.readouts import (
    LEAST_GAIN,
    covariate_slope,
    held_out_gain,
)
from trajectories.experiments.sums import sums_of_one_arm

#: Fifths of what customers were worth before, within which arms are dealt.
FIFTHS = 5
#: Covariates are cut off at this quantile, lest a few customers carry the slope.
CAP_SHARE = 0.99
#: Customers below whom nothing is measured: a tenth of a fifth are two.
FEWEST_MEMBERS = 100


@dataclass(frozen=True)
class Metric:
    """What a test is read by.

    Attributes:
        value: column of a customer's value.
        covariate: column known before; empty: none.
        denominator: column that sums are divided by; empty: a mean by customer.
        is_share: whether a value above 0 counts as 1.
        words: what customers do, in a sentence about them.
    """

    value: str
    covariate: str = ""
    denominator: str = ""
    is_share: bool = False
    words: str = ""


METRICS = {
    "revenue": Metric("revenue_amount", "prior_revenue_amount", words="spend {}"),
    "margin": Metric(
        "margin_amount", "prior_margin_amount", words="leave a margin of {}"
    ),
    "orders": Metric("orders", "prior_orders", words="order {} times"),
    "conversion": Metric(
        "orders", "prior_orders", is_share=True, words="order at all: {}"
    ),
    "average_order_amount": Metric(
        "revenue_amount", denominator="orders", words="spend {} an order"
    ),
    "sessions": Metric("sessions", "prior_sessions", words="visit {} times"),
    "retention": Metric(
        "last_orders", "prior_orders", is_share=True, words="still order at the end: {}"
    ),
}
METRIC_COLUMNS = sorted(
    {
        column
        for metric in METRICS.values()
        for column in (metric.value, metric.covariate, metric.denominator)
        if column
    }
)


@dataclass(frozen=True)
class SegmentPast:
    """One metric of a segment's members over some weeks.

    Attributes:
        mean: by customer, or the ratio.
        deviation: standard deviation of a customer, before anything is taken off; of a
            ratio, of the value less the ratio times the denominator.
        within_deviation: what strata leave of it.
        left_deviation: what strata and covariate leave of it.
        positive_share: of customers whose value is above 0.
        residuals: (n,) values with the covariate taken off, as a read-out compares
            them.
    """

    mean: float
    deviation: float
    within_deviation: float
    left_deviation: float
    positive_share: float
    residuals: np.ndarray

    @property
    def variance_reduction(self) -> float:
        """Share of the variance that strata and covariate take off."""
        return 1 - (self.left_deviation / self.deviation) ** 2


def fifths_of(worths: np.ndarray) -> np.ndarray:
    """Deal customers to fifths by what they were worth before, (n,) 0 to 4.

    Examples:
        >>> fifths_of(np.array([5.0, 1.0, 9.0, 3.0, 7.0])).tolist()
        [2, 0, 4, 1, 3]
    """
    ranks = np.empty(len(worths), dtype=int)
    ranks[np.argsort(worths, kind="stable")] = np.arange(len(worths))
    return ranks * FIFTHS // len(worths)


def measure_past(
    columns: Mapping[str, np.ndarray], metric: Metric, fifths: np.ndarray
) -> SegmentPast | None:
    """Measure one metric of the members of a segment.

    Args:
        columns: (n,) numbers by name, as of METRICS; all NaN where the shop does not
            know them.
        metric: which.
        fifths: (n,) strata.

    Returns:
        None where the shop does not know the values, nobody differs, or all together
        come to nothing or less, of which a lift is no share.

    Examples:
        >>> spend = np.arange(100.0)
        >>> columns = {"revenue_amount": spend, "prior_revenue_amount": spend + 1}
        >>> past = measure_past(columns, METRICS["revenue"], fifths_of(spend))
        >>> past.mean, past.positive_share, round(past.variance_reduction, 2)
        (49.5, 0.99, 1.0)
    """
    values = columns[metric.value]
    if np.isnan(values).any():
        return None
    values = (values > 0).astype(float) if metric.is_share else values.astype(float)
    positive = float((values > 0).mean())
    mean, own = float(values.mean()), values
    if metric.denominator:
        below = columns[metric.denominator].astype(float)
        if not below.sum() > 0:
            return None
        mean = float(values.sum() / below.sum())
        own = (values - mean * below) / below.mean()
    before = np.zeros(len(own))
    if metric.covariate:
        known = columns[metric.covariate]
        before = np.minimum(known, np.quantile(known, CAP_SHARE))
    sums = {"all": sums_of_one_arm(fifths, own, before)}
    slope = covariate_slope(sums) if held_out_gain(sums) >= LEAST_GAIN else 0.0
    residuals = own - slope * (before - before.mean())
    left = _within(fifths, residuals)
    if not (left > 0 and mean > 0):
        return None
    return SegmentPast(
        mean,
        float(own.std(ddof=1)),
        _within(fifths, own),
        left,
        positive,
        residuals,
    )


def _within(strata: np.ndarray, values: np.ndarray) -> float:
    """Standard deviation within strata, which count by their customers."""
    sums = sums_of_one_arm(strata, values, np.zeros(len(values)))
    squares = sums.value_squares - sums.value_sum**2 / sums.customers
    variances = np.maximum(squares, 0.0) / np.maximum(sums.customers - 1, 1)
    return float(np.sqrt(sums.customers @ variances / sums.customers.sum()))
