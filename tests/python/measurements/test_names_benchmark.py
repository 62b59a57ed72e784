"""What the benchmark of names counts as right and wrong, and what it says."""

import pandas as pd
import pytest
from macros_alone import macros
from trajectories.sample_shop.kinds import KINDS as SAMPLE_KINDS

from benchmarks.data_sets.other_shop import KINDS
from benchmarks.names import HEADER, PLANTED, doubled, judged, lettered, report


def test_every_kind_has_planted_traits_that_there_are():
    assert {*KINDS, *(kind.name for kind in SAMPLE_KINDS)} == set(PLANTED)
    known = {trait["name"] for trait in macros("customer_traits")["customer_traits"]()}
    assert {trait for planted in PLANTED.values() for trait in planted.split()} <= known


def test_a_name_is_right_when_all_that_it_claims_was_planted():
    active = pd.DataFrame(
        [
            ("Even", "regular, even"),
            ("Even", "regular, growing"),
            ("Even", None),
            ("Growth", "growing"),
        ],
        columns=["kind", "claimed_traits"],
    )
    assert list(judged(active)) == ["right", "wrong", "none", "right"]


def test_names_that_are_alike_are_counted():
    assert doubled(["Calm", "Calm", "Keen"]) == 2
    assert lettered(["Calm A", "Calm B", "Calm, quiet", "B2B Customers"]) == 2


@pytest.mark.parametrize(("right", "met"), [(0.8, "yes"), (0.79, "no")])
def test_a_goal_that_is_missed_is_called_missed(right, met):
    customers = pd.DataFrame(columns=["kind", "persona", "verdict"])
    row = {**dict.fromkeys(HEADER, 0), "right name": right, "customers": customers}
    text = report([row], [("shuffled", 0)])
    assert f"| 0.80 | {right:.2f} | {met} |" in text
