"""What the sample's experiments find, beside what was planted."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest
from real_builds import Build

pytestmark = pytest.mark.long


def ask(build: Build, question: str) -> pd.DataFrame:
    path = build.folder / "published" / "trajectories.duckdb"
    with duckdb.connect(str(path), read_only=True) as marts:
        return marts.execute(question).df()


def test_decisions_are_what_was_planted(sample: Build) -> None:
    """Larger baskets by early access, none by rewards and sales, a lost arm."""
    found = ask(
        sample,
        "select readouts.experiment, arm, decision, relative_lift_lower as low,"
        " relative_lift_upper as high"
        " from marts.rpt_experiment_readouts as readouts"
        " inner join marts.dim_experiments as experiments using (experiment)"
        " where is_primary and is_planned_look and status = 'finished'"
        " and week = planned_weeks",
    )
    decisions = found.groupby("experiment")["decision"].unique().map(list).to_dict()
    assert decisions == {
        "Early access": ["better"],
        "Tiered reward and flash sale": ["cannot be told"],
        "Recommendations": ["withheld"],
    }
    early = found[found["experiment"] == "Early access"].iloc[0]
    assert early["low"] < 0.3 < early["high"]
    rewards = found[found["experiment"] == "Tiered reward and flash sale"]
    assert (rewards["low"] < 0).all()
    assert (rewards["high"] > 0).all()


def test_a_running_experiment_has_no_winner(sample: Build) -> None:
    found = ask(
        sample,
        "select decision from marts.rpt_experiment_readouts"
        " inner join marts.dim_experiments using (experiment)"
        " where status = 'running' and not is_planned_look",
    )
    assert found["decision"].isna().all()


def test_every_living_segment_that_is_large_enough_is_on_the_map(sample: Build) -> None:
    found = ask(
        sample,
        "select segment_id, weeks, count(*) as designs from marts.rpt_testability"
        # Of a margin below zero no lift is a share: such weeks have no row.
        " where metric <> 'margin' group by 1, 2",
    )
    assert {"all"} < set(found["segment_id"])
    expected = found["weeks"].map({4: 5, 13: 6, 26: 6}) * 3
    assert (found["designs"] == expected).all()
    verdicts = ask(
        sample,
        "select distinct split_part(verdict, ' with', 1) as verdict"
        " from marts.rpt_testability",
    )
    assert {"testable", "not testable"} <= set(verdicts["verdict"])
