"""The rule of the choice, step by step."""

import math

import pytest

from trajectories.trials.choice import THRESHOLDS, choose, gain, score


def trial(k=4, **changes) -> dict:
    """A trial that passes every step, with the changes given."""
    return {
        "k": k,
        "representation": "population",
        "smoothing_steps": None,
        "metric": "euclidean",
        "band": None,
        "sampled_customers": 600,
        "silhouette": 0.40,
        "silhouette_low": 0.38,
        "silhouette_high": 0.42,
        "null_silhouette": 0.20,
        "null_p_value": 0.048,
        "persistence_gap": 0.3,
        "persistence_p_value": 1.0,
        "bootstrap_ari": 0.9,
        "smallest_share": 0.1,
        "predictive_r2": 0.2,
        "rfm_predictive_r2": 0.15,
        **changes,
    }


def chosen(rows: list[dict], by: str = "evidence") -> dict:
    choose(rows, by)
    (found,) = [row for row in rows if row["is_chosen"]]
    return found


@pytest.mark.parametrize(
    ("changes", "holds", "because"),
    [
        ({}, True, "Chosen"),
        ({"null_p_value": 0.2, "persistence_p_value": 0.04}, True, "Chosen"),
        ({"predictive_r2": float("nan")}, True, "Chosen"),
        ({"predictive_r2": None}, True, "Chosen"),
        ({"null_p_value": 0.06}, False, "shuffled orders look the same"),
        ({"null_p_value": float("nan")}, False, "shuffled orders look the same"),
        ({"null_silhouette": 0.39}, False, "shuffled orders look the same"),
        (
            {"null_p_value": 0.2, "persistence_p_value": 0.04, "persistence_gap": 0.09},
            False,
            "shuffled orders look the same",
        ),
        ({"sampled_customers": 29}, False, "29 customers are too few"),
        ({"bootstrap_ari": 0.49}, False, "resampled customers give other groups"),
        ({"bootstrap_ari": float("nan")}, False, "resampled customers"),
        ({"smallest_share": 0.01}, False, "a group is tiny"),
        (
            {"smallest_share": 0.04, "sampled_customers": 100},
            False,
            "a group is tiny",
        ),
        ({"smallest_share": 0.05, "sampled_customers": 100}, True, "Chosen"),
        ({"predictive_r2": 0.01}, False, "say nothing about later spend"),
    ],
)
def test_each_step_decides(changes, holds, because):
    row = chosen([trial(**changes)])
    assert row["has_structure"] is holds
    assert because in row["reason"]
    assert holds or row["reason"].startswith("No segments here: ")


@pytest.mark.parametrize(
    "failing",
    [
        {"null_p_value": 0.5},
        {"bootstrap_ari": 0.2},
        {"smallest_share": 0.001},
        {"predictive_r2": 0.0},
    ],
)
def test_a_dropped_trial_never_wins(failing):
    dropped = trial(2, silhouette=0.9, **failing)
    found = chosen([dropped, trial(5)])
    assert found["k"] == 5
    assert not dropped["has_structure"]
    assert dropped["reason"].startswith("Dropped: ")


def test_without_any_left_the_one_that_got_farthest_stands_in():
    rows = [
        trial(2, silhouette=0.9, null_p_value=1.0),
        trial(3, bootstrap_ari=0.1),
        trial(4, predictive_r2=0.0),
        trial(5, predictive_r2=0.0, silhouette=0.3),
    ]
    found = chosen(rows)
    assert found["k"] == 4
    assert not any(row["has_structure"] for row in rows)
    assert found["reason"].startswith("No segments here: ")
    assert sum("No segments here" in row["reason"] for row in rows) == 1


def test_one_who_stands_far_out_makes_no_stand_in():
    """A customer a thousand times as big as all others is the clearest group."""
    rows = [
        trial(2, silhouette=0.9, smallest_share=1 / 600),
        trial(3, silhouette=0.3, null_p_value=1.0),
        trial(4, silhouette=0.2, null_p_value=1.0),
    ]
    assert chosen(rows)["k"] == 3
    assert not any(row["has_structure"] for row in rows)
    assert chosen(rows[:1])["k"] == 2


def test_silhouettes_are_compared_beyond_their_own_chance():
    """A cumulative share always looks well separated, shuffled or not."""
    flattered = trial(4, representation="cumulative_share", silhouette=0.6)
    flattered["null_silhouette"] = 0.55
    honest = trial(4)
    assert gain(honest) > gain(flattered)
    assert chosen([flattered, honest]) is honest


def test_prediction_weighs():
    blind, seeing = trial(4, predictive_r2=0.05), trial(5, predictive_r2=0.3)
    assert score(seeing) - score(blind) == pytest.approx(0.25 / 3)
    assert chosen([blind, seeing]) is seeing
    assert "score" in blind["reason"]


def test_ties_go_to_the_stable_then_to_fewer_groups():
    rows = [trial(3, silhouette=0.394), trial(4), trial(5, silhouette=0.401)]
    assert chosen(rows)["k"] == 3
    rows = [trial(3, silhouette=0.38), trial(4), trial(5, silhouette=0.401)]
    assert chosen(rows)["k"] == 4
    rows = [trial(3, bootstrap_ari=0.87), trial(4), trial(5, bootstrap_ari=0.89)]
    assert chosen(rows)["k"] == 4
    rows = [trial(3, bootstrap_ari=float("nan")), trial(4, bootstrap_ari=float("nan"))]
    assert chosen(rows)["k"] == 3


def test_a_better_number_that_is_not_chosen_says_why():
    rows = [
        trial(3, silhouette=0.402, bootstrap_ari=0.8),
        trial(4, silhouette=0.400, bootstrap_ari=0.9),
        trial(5, silhouette=0.404, bootstrap_ari=0.9),
    ]
    choose(rows)
    steadiest, fewest = "steadier (stability 0.90 against 0.80).", "fewer groups."
    assert [row["is_chosen"] for row in rows] == [False, True, False]
    assert rows[0]["reason"].endswith(f", which is alike and {steadiest}")
    assert rows[2]["reason"].endswith(f", which is alike and has {fewest}")
    choose(
        rows := [trial(4, silhouette=0.400), trial(5, silhouette=0.404)], "silhouette"
    )
    assert rows[1]["reason"].endswith(f", which is alike and has {fewest}")


def test_silhouette_alone_looks_at_the_first_candidate():
    rows = [
        trial(2, silhouette=0.40, predictive_r2=0.0),
        trial(3, silhouette=0.404),
        trial(4, silhouette=0.30, predictive_r2=0.9),
        trial(4, silhouette=0.90, metric="dtw", band=1),
    ]
    found = chosen(rows, "silhouette")
    assert found["k"] == 2
    assert not found["has_structure"]
    rows.append(trial(5, silhouette=0.42))
    assert chosen(rows, "silhouette")["k"] == 5


def test_what_was_not_measured_is_said_so():
    unknown = dict.fromkeys(("predictive_r2", "null_p_value"), float("nan"))
    unknown["rfm_predictive_r2"] = None
    rows = [trial(3, **unknown), trial(4, **unknown, smallest_share=0.001)]
    choose(rows)
    for row in rows:
        assert "(p not measured)" in row["reason"]
        assert (
            "spend not measured, of RFM quintiles in as many groups not measured"
            in (row["reason"])
        )
        assert "nan" not in row["reason"]


def test_every_trial_has_a_reason_with_its_numbers():
    rows = [trial(k, silhouette=0.3 + 0.01 * k) for k in range(2, 8)]
    rows.append(trial(8, bootstrap_ari=0.1))
    choose(rows)
    for row in rows:
        assert row["reason"].endswith(".")
        assert any(digit in row["reason"] for digit in "0123456789")
    choose([])


@pytest.mark.parametrize(
    ("changes", "step", "shortcoming"),
    [
        ({}, None, None),
        ({"null_p_value": 0.06}, "structure", "shuffled orders look the same"),
        (
            {"null_p_value": 0.06, "smallest_share": 0.001},
            "structure",
            "shuffled orders look the same and a group is tiny",
        ),
        ({"smallest_share": 0.001}, "stability", "a group is tiny"),
        (
            {"predictive_r2": 0.0},
            "use",
            "the groups say nothing about later spend",
        ),
    ],
)
def test_what_a_row_says_of_itself_needs_no_reading_of_its_reason(
    changes, step, shortcoming
):
    row = chosen([trial(**changes)])
    assert (row["failed_step"], row["shortcoming"]) == (step, shortcoming)
    assert (shortcoming or "Chosen: ") in row["reason"]
    assert row["gain"] == pytest.approx(0.25)
    assert row["score"] == score(row)
    assert row["chosen_by"] == "evidence"


def test_a_row_says_which_test_of_structure_it_passed():
    persistent = {"null_p_value": 0.2, "persistence_p_value": 0.04}
    rows = [trial(3), trial(4, **persistent), trial(5, null_silhouette=float("nan"))]
    choose(rows)
    assert [row["is_separated"] for row in rows] == [True, False, True]
    assert math.isnan(rows[2]["gain"])
    assert rows[2]["score"] > rows[2]["silhouette"]


# What each threshold is set to, and the trial that just fails it then.
STRICTER = {
    "least_gain": (0.3, {}),
    "largest_p_value": (0.01, {}),
    "least_persistence_gap": (0.4, {"null_p_value": 1, "persistence_p_value": 0.01}),
    "least_customers": (601, {}),
    "least_stability": (0.95, {}),
    "least_share": (0.2, {}),
    "least_group": (61, {}),
    "least_predictive_r2": (0.3, {}),
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_each_threshold_decides_and_stands_beside_what_it_decided(monkeypatch, name):
    value, changes = STRICTER[name]
    assert chosen([trial(**changes)])["has_structure"]
    monkeypatch.setitem(THRESHOLDS, name, value)
    row = chosen([trial(**changes)])
    assert not row["has_structure"]
    assert {name: row[name] for name in THRESHOLDS} == THRESHOLDS


def test_silhouettes_of_two_metrics_are_not_compared():
    """The best of each metric meet in stability, then in R2 of later spend."""
    warped = {"metric": "dtw", "band": 1}
    rows = [
        trial(8, bootstrap_ari=0.96),
        trial(8, silhouette=0.60, bootstrap_ari=0.90, **warped),
        trial(7, silhouette=0.50, bootstrap_ari=0.99, **warped),
    ]
    assert chosen(rows) is rows[0]
    assert "stability 0.90, R2 0.200 against stability 0.96" in rows[1]["reason"]
    assert "Silhouettes of different metrics are not compared" in rows[1]["reason"]
    assert "for k = 8 with dtw" in rows[2]["reason"]
    assert "before the best of other metrics, k = 8 with dtw" in rows[0]["reason"]
    rows[1] |= {"bootstrap_ari": 0.95, "predictive_r2": 0.3}
    assert chosen(rows) is rows[1]


def test_the_usual_recipe_is_shown_and_chosen_only_by_name():
    recipe = {"representation": "own_z_score", "metric": "dtw", "is_recipe": True}
    rows = [trial(5), trial(8, silhouette=0.9, bootstrap_ari=1.0, **recipe)]
    assert chosen(rows) is rows[0]
    assert rows[1]["reason"].startswith("Shown, not weighed: k = 8 with dtw")
    assert rows[1]["has_structure"]
    assert chosen(rows, "recipe") is rows[1]
    assert "is the recipe that the settings ask for" in rows[1]["reason"]
    assert "the settings ask for the recipe" in rows[0]["reason"]
    rows[1]["bootstrap_ari"] = 0.3
    assert chosen(rows, "recipe")["reason"].startswith("No segments here: ")
    assert chosen(rows[:1], "recipe") is rows[0]
    assert chosen(rows[1:]) is rows[1]
