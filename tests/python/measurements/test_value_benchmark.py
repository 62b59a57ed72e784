"""What the benchmark of customer value sees, and when."""

from __future__ import annotations

import numpy as np
import pandas as pd
from real_builds import needs_data

from benchmarks.value import CASES, PUBLISHED, goals_of, look, oracle_table
from trajectories.value.measures import area_under_curve
from trajectories.value.scores import RANK_SUM, RECENCY


@needs_data("cdnow")
def test_cdnow_is_seen_from_its_day_and_judged_by_earlier_ones() -> None:
    case = CASES[0]
    record, place = look(case)
    day = (pd.Timestamp(case.cut) - pd.Timestamp("1970-01-01")).days
    assert record.origins[place].end == day
    assert len(record.origins[place].customers) == 2357
    for past in (
        record.trained(place, case.horizon),
        record.evidence(place, case.horizon),
    ):
        ends = [record.origins[one].end for one in past.origins]
        assert ends
        assert max(ends) + past.horizon <= day
    orders, spent = record.origins[place].outcomes[case.horizon]
    assert orders.sum() == 1882
    scores = record.ranked(place, case.horizon)
    came = orders > 0
    assert np.round(area_under_curve(came, scores[RECENCY]), 3) == 0.771
    assert np.round(area_under_curve(came, scores[RANK_SUM]), 3) == 0.779
    goals = goals_of(case, record, place)
    assert [goal.is_met for goal in goals].count(True) >= 2
    assert all(goal.what.startswith("CDNOW, 39 weeks (2,357") for goal in goals)
    table = oracle_table(record.purchases(place))
    assert all(f"| {name}, published |" in table for name in PUBLISHED)
    assert spent.sum() > 0
