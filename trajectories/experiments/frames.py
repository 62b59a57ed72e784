"""A test read out of a data frame of its customers, without a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trajectories.experiments.checks import (
    WITHHELD_P,
    balance_p_value,
    sample_ratio_p_value,
)
from trajectories.experiments.comparisons import (
    NOTHING,
    ArmComparison,
    ArmCustomers,
    compare_arms,
)
from trajectories.experiments.families import adjusted_by_holm
from trajectories.experiments.sums import (
    ArmSums,
    arms_of_rows,
    joined_strata,
    sum_customers,
)

#: Covariates are cut off at this quantile, lest a few customers carry the slope.
CAP_SHARE = 0.99


def read_out(
    customers: pd.DataFrame,
    arm: str,
    control: str,
    value: str,
    *,
    denominator: str | None = None,
    covariates: Sequence[str] = (),
    stratum: str | None = None,
    shares: Mapping[str, float] | None = None,
    test: str | None = None,
    cap_share: float = CAP_SHARE,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every arm of a finished test with control.

    Args:
        customers: one row per assigned customer, whatever became of her.
        arm: column with the name of her arm.
        control: name of the control arm.
        value: column of numbers; a missing one is an error.
        denominator: column of numbers that values are divided by, sum by sum, such as
            orders; left out: a mean by customer.
        covariates: columns known before the assignment. Texts count by each of their
            values; a missing number is 0, beside a column that says it is missing.
        stratum: column with the stratum that the assignment was made within.
        shares: share of each arm as planned; left out: sizes are not checked.
        test: welch or permutation; left out: by the rule of `test_of_design`.
        cap_share: quantile at which covariates are cut off; 1 for not at all.
        seed: of permutations.

    Returns:
        One row per arm and estimator: sizes, means, difference, relative lift, their
        95 % intervals, p-value, the same corrected for the arms (Holm), share of the
        variance that covariates take off. Where sizes or covariates differ between
        arms with p < 0.001, there is no number, but a reason.

    Raises:
        ValueError: a column or the control arm is missing, or a value.

    Examples:
        >>> frame = pd.DataFrame({"arm": ["a"] * 50 + ["b"] * 50,
        ...                       "spend": [1.0, 2.0] * 25 + [1.0, 4.0] * 25})
        >>> row = read_out(frame, arm="arm", control="a", value="spend").iloc[0]
        >>> float(row["difference"]), round(float(row["relative_lift"]), 3)
        (1.0, 0.667)
    """
    named = [arm, value, denominator, stratum, *covariates]
    absent = [name for name in named if name and name not in customers.columns]
    if absent:
        raise ValueError(
            f"The frame has no column {absent[0]!r}; it has"
            f" {', '.join(map(str, customers.columns))}. Name one of these."
        )
    arms = customers[arm].astype(str).to_numpy()
    if control not in arms:
        raise ValueError(
            f"No customer is in the control arm {control!r}; arms are"
            f" {', '.join(sorted(set(arms)))}. Name one of these."
        )
    strata = np.full(len(arms), "all")
    if stratum:
        strata = customers[stratum].astype(str).to_numpy()
    values = _numbers(customers, value)
    below = _numbers(customers, denominator) if denominator else np.ones(len(arms))
    index, sums = np.zeros(len(arms)), []
    for column in covariate_columns(customers, covariates, cap_share).T:
        sums.append(_arms(arms, strata, column, column, None))
    if covariates and not denominator:
        table = covariate_columns(customers, covariates, cap_share)
        index = covariate_index(table, values, arms, strata)
    of_ratio = below if denominator else None
    found = compare_arms(
        _arms(arms, strata, values, index, of_ratio),
        control,
        test,
        ArmCustomers(arms, strata, values, index, below),
        seed,
    )
    withheld = _withheld(arms, shares, sums)
    return _frame(found, arms, control, withheld)


def covariate_columns(
    customers: pd.DataFrame, names: Sequence[str], cap_share: float = CAP_SHARE
) -> np.ndarray:
    """Make numbers of covariates: cut off, missing ones said, texts counted out.

    Returns:
        (n, columns); none that is the same for all.

    Examples:
        >>> frame = pd.DataFrame({"spend": [1.0, None], "zone": ["a", "b"]})
        >>> covariate_columns(frame, ["spend", "zone"]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]
    """
    columns = [np.zeros((len(customers), 0))]
    for name in names:
        column = customers[name]
        if not pd.api.types.is_numeric_dtype(column):
            columns.append(pd.get_dummies(column, drop_first=True).to_numpy(float))
            continue
        numbers = column.to_numpy(float)
        is_missing = np.isnan(numbers)
        known = numbers[~is_missing]
        top = np.quantile(known, cap_share) if len(known) else 0.0
        # Of a column that hardly anybody has, the quantile is 0.
        if cap_share < 1 and top > np.min(known, initial=np.inf):
            numbers = np.minimum(numbers, top)
        columns += [np.where(is_missing, 0.0, numbers)[:, None], is_missing[:, None]]
    table = np.hstack(columns).astype(float)
    return table[:, np.ptp(table, axis=0) > 0] if len(table) else table


def covariate_index(
    covariates: np.ndarray, values: np.ndarray, arms: np.ndarray, strata: np.ndarray
) -> np.ndarray:
    """Say each customer's value by what was known of her, one rule for all arms.

    Least squares within arms and strata: as covariates in a regression beside the arm.

    Args:
        covariates: (n, columns).
        values: (n,).
        arms: (n,) names.
        strata: (n,) names.

    Examples:
        >>> known = np.array([[1.0], [2.0], [5.0], [6.0]])
        >>> arms, strata = np.array(["a", "a", "b", "b"]), np.array(["all"] * 4)
        >>> index = covariate_index(known, known[:, 0] * 2 + 1, arms, strata)
        >>> index.round(6).tolist()
        [2.0, 4.0, 10.0, 12.0]
    """
    cells = pd.Series(values).groupby([arms, strata])
    own = values - cells.transform("mean").to_numpy()
    means = pd.DataFrame(covariates).groupby([arms, strata]).transform("mean")
    within = covariates - means.to_numpy()
    return covariates @ np.linalg.lstsq(within, own, rcond=None)[0]


def _numbers(customers: pd.DataFrame, name: str) -> np.ndarray:
    column = pd.to_numeric(customers[name], errors="coerce").to_numpy(float)
    missing = int(np.isnan(column).sum())
    if missing:
        raise ValueError(
            f"{missing:,} of {len(column):,} customers have no number in {name!r}. Give"
            " everybody who was assigned one, 0 for who did nothing: leaving her out"
            " would compare other people."
        )
    return column


def _arms(
    arms: np.ndarray,
    strata: np.ndarray,
    values: np.ndarray,
    covariates: np.ndarray,
    denominators: np.ndarray | None,
) -> dict[str, ArmSums]:
    summed = sum_customers(arms, strata, values, covariates, denominators)
    return arms_of_rows(summed.to_pylist())


def _withheld(
    arms: np.ndarray,
    shares: Mapping[str, float] | None,
    covariates: Sequence[Mapping[str, ArmSums]],
) -> str:
    if shares is not None:
        names = sorted(shares)
        sizes = [int((arms == name).sum()) for name in names]
        p_value = sample_ratio_p_value(sizes, [shares[name] for name in names])
        if p_value < WITHHELD_P:
            said = ", ".join(
                f"{name} {size:,} instead of {shares[name]:.1%}"
                for name, size in zip(names, sizes, strict=True)
            )
            return (
                f"Withheld: sizes of arms are not as planned ({said}; p ="
                f" {p_value:.1g}). Somebody was lost in one arm: find out whom."
            )
    p_values = [balance_p_value(joined_strata(own)) for own in covariates]
    known = np.array([one for one in p_values if not np.isnan(one)])
    if len(known) and known.min() * len(known) < WITHHELD_P:
        return (
            "Withheld: a covariate differs between arms beyond chance (p ="
            f" {known.min() * len(known):.1g}). It was measured after the assignment,"
            " or the assignment was not random."
        )
    return ""


def _frame(
    found: Sequence[ArmComparison], arms: np.ndarray, control: str, withheld: str
) -> pd.DataFrame:
    rows = []
    for one in found:
        told = NOTHING if withheld else one.difference
        bounds = (told.lift_low, told.lift_high)
        is_told = not np.isnan(told.value)
        rows.append(
            {
                "estimator": one.estimator,
                "arm": one.arm,
                "control_arm": control,
                "customers": int((arms == one.arm).sum()),
                "control_customers": int((arms == control).sum()),
                "mean": told.treated,
                "control_mean": told.control,
                "difference": told.value,
                "difference_lower": told.low,
                "difference_upper": told.high,
                "relative_lift": told.lift,
                "relative_lift_lower": told.lift_low,
                "relative_lift_upper": told.lift_high,
                "is_unbounded": is_told and bool(np.isnan(bounds).any()),
                "p_value": told.p_value,
                "adjusted_p_value": np.nan,
                "variance_reduction_share": one.variance_reduction,
                "test": one.test,
                "reason": withheld or one.reason,
            }
        )
    frame = pd.DataFrame(rows)
    for _, own in frame.groupby("estimator"):
        p_values = own["p_value"].to_numpy(float)
        frame.loc[own.index, "adjusted_p_value"] = adjusted_by_holm(p_values)
    return frame
