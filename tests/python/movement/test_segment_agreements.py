"""Months beside the months before, and the money of moves: measured and bounded."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from trajectories.movement.migration_intervals import (
    BLOCK_CUSTOMERS,
    INTERVAL_SCHEMA,
    bound_changes,
    summed_interval,
)
from trajectories.movement.segment_agreements import (
    AGREEMENT_SCHEMA,
    measure_agreements,
)
from trajectories.segments.agreement import generator_of

JANUARY, FEBRUARY = date(2017, 1, 1), date(2017, 2, 1)


def cells_table(*rows):
    names = ["segmentation", "month", "previous_segment_id", "segment_id", "customers"]
    kinds = [pa.string(), pa.date32(), pa.string(), pa.string(), pa.int64()]
    schema = pa.schema(zip(names, kinds, strict=True))
    return pa.Table.from_pylist(
        [dict(zip(names, r, strict=True)) for r in rows], schema
    )


def measured(table):
    """The rows by segmentation, month, measure and segment."""
    assert table.schema == AGREEMENT_SCHEMA
    return {
        (row["segmentation"], row["month"], row["measure"], row["segment_id"]): (
            row["value"],
            row["low"],
            row["high"],
        )
        for row in table.to_pylist()
    }


def test_one_month_by_hand():
    """3 and 2 stay of 8; c is new: it has no customers before."""
    rows = [("a", "a", 3), ("a", "b", 1), ("b", "b", 2), ("b", "c", 2)]
    cells = cells_table(*[("rhythm", JANUARY, *row) for row in rows])
    found = measured(measure_agreements(cells, seed=1))
    key = ("rhythm", JANUARY)
    share, low, high = found[*key, "stay_share", None]
    assert share == 5 / 8
    assert 0 < low < share < high < 1
    chance = found[*key, "chance_stay_share", None]
    assert chance == ((4 * 3 + 4 * 3) / 64, None, None)
    before = [row[0] for row in rows for _ in range(row[2])]
    after = [row[1] for row in rows for _ in range(row[2])]
    ari = found[*key, "ari_frozen", None]
    assert ari[0] == pytest.approx(adjusted_rand_score(before, after))
    shared = {name: found[*key, "jaccard_frozen", name][0] for name in "abc"}
    assert shared == {"a": 3 / 4, "b": 2 / 5, "c": 0}
    assert len(found) == 6


def test_a_month_looks_at_itself_alone():
    january = [("rhythm", JANUARY, "a", "a", 9), ("rhythm", JANUARY, "a", "b", 4)]
    others = [("rhythm", FEBRUARY, "b", "a", 9), ("value", JANUARY, "a", "b", 5)]
    alone = measured(measure_agreements(cells_table(*january), seed=1))
    beside = measured(measure_agreements(cells_table(*others, *january[::-1]), seed=1))
    assert alone.items() <= beside.items()
    other_seed = measured(measure_agreements(cells_table(*january), seed=2))
    assert other_seed != alone
    assert [v[0] for v in other_seed.values()] == [v[0] for v in alone.values()]


def test_hard_cases_of_months():
    assert measure_agreements(cells_table(), seed=1).num_rows == 0
    assert measure_agreements(cells_table(), seed=1).schema == AGREEMENT_SCHEMA
    one = measured(measure_agreements(cells_table(("v", JANUARY, "a", "a", 1)), 1))
    assert one["v", JANUARY, "stay_share", None] == (1, 1, 1)
    assert one["v", JANUARY, "chance_stay_share", None] == (1, None, None)
    assert one["v", JANUARY, "ari_frozen", None] == (1, None, None)
    assert one["v", JANUARY, "jaccard_frozen", "a"] == (1, 1, 1)
    moved = measured(measure_agreements(cells_table(("v", JANUARY, "a", "b", 6)), 1))
    assert moved["v", JANUARY, "stay_share", None] == (0, 0, 0)
    assert moved["v", JANUARY, "jaccard_frozen", "b"] == (0, 0, 0)


def paths_table(paths):
    return pa.table(
        {
            "segment_migration_id": pa.array(list(paths), pa.string()),
            "revenue_changes": pa.array(list(paths.values()), pa.list_(pa.float64())),
        }
    )


def bounds_of(paths):
    table = bound_changes(paths_table(paths), seed=1)
    assert table.schema == INTERVAL_SCHEMA
    return {
        row.pop("segment_migration_id"): [*row.values()] for row in table.to_pylist()
    }


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
        max_size=5,
    )
)
@settings(deadline=None)
def test_bounds_hold_the_sum_and_depend_on_the_path_alone(paths):
    found = bounds_of(paths)
    assert list(found) == list(paths)
    for key, changes in paths.items():
        low, high = found[key]
        assert low <= np.sum(changes) <= high
        assert bounds_of({key: changes}) == {key: found[key]}


def test_a_sliced_table_gives_the_same():
    """Arrow slices keep the offsets of the whole."""
    paths = {"a": [1.0, 2.0], "b": [-5.0, 3.0, 4.0], "c": [7.0]}
    part = bound_changes(paths_table(paths).slice(1, 1), seed=1).to_pylist()
    assert list(part[0].values())[1:] == bounds_of(paths)["b"]


def test_intervals_of_sums_hold_the_expected_sum():
    """Each of 2,000 customers takes the path by a chance of 5 %, and then gains."""
    source = np.random.default_rng(0)
    held = []
    for number in range(300):
        takes = source.random(2000) < 0.05
        changes = source.gamma(2.0, 50.0, size=takes.sum()) - 40
        low, high = summed_interval(changes, generator_of(1, str(number)))
        held.append(low <= 2000 * 0.05 * 60 <= high)
    assert 0.9 <= np.mean(held) <= 0.98


def test_the_number_of_customers_varies_too():
    """Equal changes have a spread: root of n, as Poisson's law has it."""
    low, high = summed_interval(np.full(400, 10.0), generator_of(1, "a"), draws=4000)
    assert (high - low) / (2 * 1.96 * 10 * 20) == pytest.approx(1, abs=0.1)


def test_blocks_are_parts_of_one_sum():
    changes = np.ones(2 * BLOCK_CUSTOMERS + 1)
    low, high = summed_interval(changes, generator_of(1, "a"))
    assert low < len(changes) < high
    assert (high - low) / (2 * 1.96 * np.sqrt(len(changes))) == pytest.approx(
        1, abs=0.2
    )


def test_no_paths_give_a_typed_empty_table():
    assert bounds_of({}) == {}
    assert summed_interval(np.zeros(0), generator_of(1, "a")) == (0, 0)
