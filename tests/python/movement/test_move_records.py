"""Own trends are published where they are better, beyond chance, and not else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from trajectories.movement.move_records import (
    FEWEST_OUTCOMES,
    OWN_TREND,
    RECORD_SCHEMA,
    SEGMENT_ROW,
    judge_moves,
)
from trajectories.movement.transitions import estimate_transitions, follow_chains
from trajectories.movement.transitions.histories import PATH_COLUMNS


def losses(
    gain: float, noise: float, customers: int = 5, parts: int = 256, months: int = 3
) -> pa.Table:
    """Parts of customers whose losses by own trend are lower by a gain, and noise."""
    drawn = np.random.default_rng(4).normal(gain, noise, (months, parts))
    rows = [
        {
            "segmentation": "value",
            "horizon_months": 3,
            "customer_part": f"{part:02x}",
            "month": date(2017, month + 1, 1),
            "customers": customers,
            "segment_log_loss": customers * 1.0,
            "own_log_loss": customers * (1 - drawn[month, part]),
            "segment_square_loss": customers * 0.5,
            "own_square_loss": customers * 0.4,
            "said_worse_customers": customers * 0.3,
            "came_worse_customers": 1,
        }
        for part in range(parts)
        for month in range(months)
    ]
    return pa.Table.from_pylist(rows)


def judged(rows: pa.Table) -> dict:
    (row,) = judge_moves(rows, seed=1).to_pylist()
    return row


def test_a_gain_beyond_chance_is_published():
    row = judged(losses(0.1, 0.2))
    assert row["model"] == OWN_TREND
    assert row["is_published"]
    assert 0 < row["gain_low"] < row["gain"] < row["gain_high"]
    assert (row["origins"], row["customers"]) == (3, 3840)
    assert "Her own trend is published" in row["decision"]


@pytest.mark.parametrize("gain", [0.0, -0.1])
def test_no_gain_leaves_the_row_of_her_segment(gain):
    row = judged(losses(gain, 0.5))
    assert row["model"] == SEGMENT_ROW
    assert not row["is_published"]
    assert "beyond chance" in row["decision"]


def test_few_outcomes_tell_nothing():
    row = judged(losses(0.5, 0.0, customers=1, parts=FEWEST_OUTCOMES // 3))
    assert row["model"] == SEGMENT_ROW
    assert "99 outcomes of 3 months" in row["decision"]
    row = judged(losses(0.5, 0.0, months=2))
    assert row["model"] == SEGMENT_ROW
    assert "2,560 outcomes of 2 months" in row["decision"]


def test_months_of_a_customer_are_redrawn_together():
    """Two months that say the same are no more evidence than one."""
    rows = losses(0.02, 0.3)
    one = rows.filter(pa.compute.equal(rows["month"], date(2017, 1, 1)))
    twice = pa.concat_tables(
        [one, one.set_column(3, "month", pa.array([date(2017, 2, 1)] * one.num_rows))]
    )
    once, both = judged(one), judged(twice)
    assert once["gain_low"] == pytest.approx(both["gain_low"])
    assert once["gain_high"] == pytest.approx(both["gain_high"])


def test_no_losses_are_a_typed_empty_table():
    assert judge_moves(losses(0, 0).slice(0, 0), 1).equals(RECORD_SCHEMA.empty_table())


def test_rows_ahead_are_those_of_the_estimates_and_know_no_later_month():
    paths = [("a", "a", 8), ("a", "b", 2), ("b", "b", 5), ("b", "a", 1)]
    rows = [
        ("value", date(2017, month, 1), None, before, after, after, customers * month)
        for month in range(1, 10)
        for before, after, customers in paths
    ]
    counts = pa.table([*zip(*rows, strict=True)], names=PATH_COLUMNS)
    steps = follow_chains(counts, 12, [1, 3]).to_pandas()
    latest = steps[
        (steps["month"] == date(2017, 9, 1)) & (steps["horizon_months"] == 1)
    ]
    said = estimate_transitions(counts, 12).to_pandas()
    said = said[said["from_segment_id"].notna()]
    assert latest["probability"].to_numpy() == pytest.approx(said["probability"])
    one = latest["probability"].to_numpy().reshape(2, 2)
    three = steps[
        (steps["month"] == date(2017, 9, 1)) & (steps["horizon_months"] == 3)
    ]["probability"].to_numpy()
    assert three == pytest.approx(np.linalg.matrix_power(one, 3).ravel())
    known = counts.filter(pa.compute.less(counts["month"], date(2017, 7, 1)))
    before = follow_chains(known, 12, [1, 3]).to_pandas()
    assert before.equals(
        steps[steps["month"] < date(2017, 7, 1)].reset_index(drop=True)
    )
