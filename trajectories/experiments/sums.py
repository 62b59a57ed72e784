"""Sums of an experiment's customers by arm and stratum, of which all is read.

A read-out needs no customer: counts, sums, squares and products of an arm's strata say
all that means, variances and one covariate can tell. SQL makes them where the data
lie; :func:`sum_customers` makes the same of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

#: Customers of a stratum and arm, at least: else it is read together with others.
FEWEST_CUSTOMERS = 2


@dataclass(frozen=True)
class ArmSums:
    """Sums of one arm, each (strata,).

    Attributes:
        customers: how many were assigned.
        value_sum: what they did.
        value_squares: squares of it.
        covariate_sum: what was known of them before.
        covariate_squares: squares of it.
        product_sum: products of both.
        denominator_sum: of a ratio of sums, what is divided by; else the customers.
        denominator_squares: squares of it; else the customers.
        value_denominator_sum: products of both; else the values.
        positive_customers: whose value is above 0.
    """

    customers: np.ndarray
    value_sum: np.ndarray
    value_squares: np.ndarray
    covariate_sum: np.ndarray
    covariate_squares: np.ndarray
    product_sum: np.ndarray
    denominator_sum: np.ndarray
    denominator_squares: np.ndarray
    value_denominator_sum: np.ndarray
    positive_customers: np.ndarray

    def is_ratio(self) -> bool:
        """Whether sums are divided by others than the number of customers."""
        return not np.array_equal(self.denominator_sum, self.customers)

    def poured(self, places: np.ndarray) -> ArmSums:
        """Add strata up: each goes to the place of the result that is named for it."""
        size = int(places.max()) + 1
        return ArmSums(
            *(np.bincount(places, getattr(self, name), size) for name in SUM_COLUMNS)
        )


SUM_COLUMNS = tuple(field.name for field in fields(ArmSums))
#: Of a mean, a customer is the denominator.
_OF_MEANS = {
    "denominator_sum": "customers",
    "denominator_squares": "customers",
    "value_denominator_sum": "value_sum",
}


def arms_of_rows(rows: Sequence[Mapping]) -> dict[str, ArmSums]:
    """Gather the rows of one experiment, metric and week.

    Args:
        rows: one per arm and stratum, with SUM_COLUMNS; sums of a covariate or of a
            denominator that are missing or null are those of none.

    Returns:
        By arm; a stratum that an arm has nobody of is 0 there.

    Examples:
        >>> row = {"arm": "a", "stratum": "1", "customers": 2, "value_sum": 3.0,
        ...        "value_squares": 5.0, "positive_customers": 2}
        >>> arms_of_rows([row])["a"].denominator_sum.tolist()
        [2.0]
    """
    strata = {
        name: place for place, name in enumerate(sorted({r["stratum"] for r in rows}))
    }
    found: dict[str, dict[str, np.ndarray]] = {}
    for row in rows:
        own = found.setdefault(
            row["arm"], {name: np.zeros(len(strata)) for name in SUM_COLUMNS}
        )
        for name in SUM_COLUMNS:
            value = row.get(name)
            if value is None:
                value = row[_OF_MEANS[name]] if name in _OF_MEANS else 0.0
            own[name][strata[row["stratum"]]] += float(value)
    return {arm: ArmSums(**own) for arm, own in sorted(found.items())}


def sum_customers(
    arms: np.ndarray,
    strata: np.ndarray,
    values: np.ndarray,
    covariates: np.ndarray | None = None,
    denominators: np.ndarray | None = None,
) -> pa.Table:
    """Sum customers as SQL does.

    Args:
        arms: (n,) names.
        strata: (n,) names.
        values: (n,) numbers.
        covariates: (n,) known before the test; None: none.
        denominators: (n,) of a ratio of sums; None: a mean.

    Returns:
        One row per arm and stratum: arm, stratum and SUM_COLUMNS.

    Examples:
        >>> table = sum_customers(np.array(["a", "a"]), np.array(["1", "1"]),
        ...                       np.array([1.0, 2.0]))
        >>> table["value_squares"].to_pylist(), table["denominator_sum"].to_pylist()
        ([5.0], [2.0])
    """
    x = np.zeros(len(values)) if covariates is None else covariates
    d = np.ones(len(values)) if denominators is None else denominators
    one = np.ones(len(values))
    numbers = (one, values, values**2, x, x**2, x * values, d, d**2, d * values)
    table = pa.table(
        {
            "arm": pa.array(arms, pa.string()),
            "stratum": pa.array(strata, pa.string()),
            **dict(zip(SUM_COLUMNS, (*numbers, values > 0), strict=True)),
        }
    )
    summed = table.group_by(["arm", "stratum"]).aggregate(
        [(name, "sum") for name in SUM_COLUMNS]
    )
    names = [
        name.removesuffix("_sum") if name not in SUM_COLUMNS else name
        for name in summed.column_names
    ]
    return summed.rename_columns(names)


def sums_of_one_arm(
    strata: np.ndarray, values: np.ndarray, covariates: np.ndarray
) -> ArmSums:
    """Sum customers who are all of one arm.

    Args:
        strata: (n,) whole numbers from 0.
        values: (n,).
        covariates: (n,).

    Examples:
        >>> arm = sums_of_one_arm(np.array([0, 0, 1]), np.arange(3.0), np.ones(3))
        >>> arm.value_sum.tolist(), arm.customers.tolist()
        ([1.0, 2.0], [2.0, 1.0])
    """
    one = np.ones(len(values))
    squares = (values**2, covariates, covariates**2, covariates * values)
    numbers = (one, values, *squares, one, one, values, values > 0)
    return ArmSums(*(np.bincount(strata, number) for number in numbers))


def joined_strata(arms: Mapping[str, ArmSums]) -> dict[str, ArmSums]:
    """Read strata together of which an arm has too few customers for a variance.

    Small ones become one, and where that is still too small, it goes into the next
    one; so the fewest strata are lost, and nobody is.

    Args:
        arms: of one experiment, with the same strata.

    Examples:
        >>> sums = {"value_sum": 1.0, "value_squares": 1.0, "positive_customers": 1}
        >>> rows = [sums | {"arm": arm, "stratum": stratum, "customers": size}
        ...         for arm in "ab" for stratum, size in (("1", 9), ("2", 1), ("3", 5))]
        >>> joined_strata(arms_of_rows(rows))["a"].customers.tolist()
        [9.0, 6.0]
    """
    fewest = np.min([arm.customers for arm in arms.values()], axis=0)
    order = np.argsort(fewest, kind="stable")
    places, left = np.empty(len(fewest), dtype=int), fewest[order] < FEWEST_CUSTOMERS
    together = order[left]
    kept = order[~left]
    while len(together) and len(kept):
        own = [arm.customers[together].sum() for arm in arms.values()]
        if min(own) >= FEWEST_CUSTOMERS:
            break
        together, kept = np.append(together, kept[0]), kept[1:]
    groups = [*([one] for one in sorted(kept)), *([together] if len(together) else [])]
    for place, group in enumerate(groups):
        places[group] = place
    return {name: arm.poured(places) for name, arm in arms.items()}


def without_covariate(arm: ArmSums) -> ArmSums:
    """Forget what was known before."""
    nothing = np.zeros_like(arm.customers)
    return replace(
        arm, covariate_sum=nothing, covariate_squares=nothing, product_sum=nothing
    )
