"""Intervals of the revenue that moves with customers: a pure function of rows."""

import numpy as np
import pyarrow as pa

from trajectories.segments.agreement import estimate, generator_of

BLOCK_CUSTOMERS = 10_000

INTERVAL_SCHEMA = pa.schema(
    {
        "segment_migration_id": pa.string(),
        "revenue_change_low_amount": pa.float64(),
        "revenue_change_high_amount": pa.float64(),
    }
)


def bound_changes(paths: pa.Table, seed: int, draws: int = 200) -> pa.Table:
    """Bound the summed change of revenue of each path between segments.

    Args:
        paths: columns segment_migration_id and revenue_changes, the list of its
            customers' changes, in the shop's currency. Any part of the paths, for
            none looks at another.
        seed: with a path's key it draws the customers.
        draws: number of redrawn shops.

    Returns:
        One row per path, in the order of the paths, with the 95 % interval of
        :func:`summed_interval`.

    Examples:
        >>> paths = {"segment_migration_id": ["a-b"], "revenue_changes": [[5.0, -2.0]]}
        >>> bound_changes(pa.table(paths), seed=1)["revenue_change_low_amount"][0]
        <pyarrow.DoubleScalar: -6.0>
    """
    keys = paths["segment_migration_id"].to_pylist()
    changes = paths["revenue_changes"].combine_chunks()
    starts, values = changes.offsets.to_numpy(), changes.values.to_numpy()
    bounds = np.empty((len(keys), 2))
    for place, key in enumerate(keys):
        own = values[starts[place] : starts[place + 1]]
        bounds[place] = summed_interval(own, generator_of(seed, key), draws)
    return pa.table([pa.array(keys, pa.string()), *bounds.T], schema=INTERVAL_SCHEMA)


def summed_interval(
    changes: np.ndarray, generator: np.random.Generator, draws: int = 200
) -> tuple[float, float]:
    """95 % bootstrap interval of a sum over customers who were free not to come.

    The shop's customers are redrawn, so that each of these comes as often as Poisson's
    law with mean 1 says (Hanley and MacGibbon 2006, "Creating non-parametric bootstrap
    samples using Poisson frequencies"): the number of customers varies as well.

    Args:
        changes: (customers,) in the shop's currency.
        generator: redraws the customers.
        draws: number of redrawn shops.

    Returns:
        Lower and upper bound, with the sum between them. Memory grows with blocks of
        10,000 customers, not with their number.
    """
    totals = np.zeros(draws)
    for start in range(0, len(changes), BLOCK_CUSTOMERS):
        block = changes[start : start + BLOCK_CUSTOMERS]
        times = generator.poisson(1.0, size=(draws, len(block)))
        totals += (times * block).sum(axis=1)
    _, low, high = estimate(changes.sum(), totals)
    return low, high
