"""What a segmentation may ask of its series, and how the two become settings."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml
from macros_alone import CompilerError, macros
from real_builds import PROJECT

from trajectories.series.orders import BUILDERS
from trajectories.trials.settings import Settings

VARIABLES = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
CANDIDATES = [{"representation": "population", "metric": "euclidean"}]


def known(segmentations: dict, series: dict | None = None) -> dict[str, Any]:
    """The macros, with these variables beside the project's own."""
    values = {**VARIABLES, "segmentations": segmentations}
    values["series"] = {**VARIABLES["series"], **(series or {})}
    return macros(
        "check_segmentations",
        "segmentation_settings",
        "path_stage",
        "personas",
        "customer_traits",
        var=deepcopy(values).__getitem__,
    )


def settings(declared: dict | None = None, /, **given: object) -> dict:
    """What becomes of a segmentation."""
    own = {"candidates": CANDIDATES, **given}
    return known({"own": own}, declared)["segmentation_settings"]()["own"]


def test_every_segmentation_of_the_project_is_one_of_python() -> None:
    found = known(VARIABLES["segmentations"])["segmentation_settings"]()
    assert set(found) == set(VARIABLES["segmentations"])
    for name, given in found.items():
        made = Settings(**given)
        assert made.series == VARIABLES["segmentations"][name]["series"]
        assert made.compared.kind == made.series in BUILDERS
        assert made.steps == (1 if made.is_static else made.window)


def test_a_segmentation_takes_what_it_does_not_say_from_its_series() -> None:
    found = settings(series="rfm")
    assert found["features"] == VARIABLES["series"]["rfm"]["features"]
    assert (found["series"], found["window"]) == ("rfm", 12)
    assert found["numbered_by"] == "monetary_amount"
    wide = settings(series="daily_spend", window=180)
    assert (wide["series"], wide["kind"]) == ("daily_spend_180_days", "daily_spend")
    some = settings(series="rfm", window=6, features=["frequency_orders"])
    assert (some["series"], some["window"]) == ("rfm_6_months", 6)
    assert some["numbered_by"] == "frequency_orders"
    assert some["series_features"] == VARIABLES["series"]["rfm"]["features"]
    turned = ["monetary_amount", "recency_days"]
    assert settings(series="rfm", features=turned)["numbered_by"] == "monetary_amount"


def test_windows_are_those_of_any_segmentation_and_of_what_is_always_measured() -> None:
    given = {
        "a": {"series": "rfm", "window": 6},
        "b": {"series": "rfm"},
        "c": {"series": "daily_spend", "window": 365},
    }
    it = known(given)
    assert it["series_windows"]("rfm") == [6, 12]
    assert it["series_windows"]("behaviour") == [12]
    assert it["windows_of"]("month") == [6, 12]
    assert it["windows_of"]("day") == [90, 365]
    assert list(it["series_settings"]()) == [
        *("rfm_6_months", "rfm", "daily_spend_365_days"),
    ]
    assert it["recent_days"](it["series_settings"]()["daily_spend_365_days"]) == 365
    assert "length_days < 364" in it["path_stage"](
        it["series_settings"]()["daily_spend_365_days"]
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"series": "rfm", "features": ["recency_days", "mood"]},
            "The segmentation own compares the feature mood, but its series, rfm, has"
            " recency_days, frequency_orders, monetary_amount.",
        ),
        (
            {"series": "rfm", "window": 25},
            "The segmentation own has the window 25, but the window of its series,"
            " rfm, is a whole number of months, from 3 to 24.",
        ),
        ({"series": "rfm", "window": 2}, "has the window 2"),
        ({"series": "rfm", "window": True}, "has the window True"),
        ({"series": "rfm", "window": 6.5}, "has the window 6.5"),
        ({"series": "daily_spend", "window": 29}, "of days, from 30 to 365"),
        ({"series": "daily_spend", "window": 366}, "has the window 366"),
        ({"series": "rfms"}, "compares the series rfms, but those that are declared"),
        ({}, "compares the series"),
        ({"series": "rfm", "features": []}, "has the features nothing"),
        ({"series": "rfm", "features": "mood"}, "has the features mood"),
        (
            {"series": "rfm", "features": ["recency_days", "recency_days"]},
            "Give a list of names, each once",
        ),
        ({"series": "rfm", "period": "month"}, "the setting period, but"),
        (
            {
                "series": "rfm",
                "features": ["recency_days"],
                "numbered_by": "monetary_amount",
            },
            "is numbered by monetary_amount, but it compares recency_days.",
        ),
        ({"series": "rfm", "personas": "heroes"}, "by the rules heroes, but"),
    ],
)
def test_sentence_for_what_the_series_does_not_have(given: dict, said: str) -> None:
    with pytest.raises(CompilerError) as ended:
        settings(**given)
    assert said in str(ended.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"period": "week"}, "The series own has the period week. Say month or day."),
        ({"window": 30}, "The series own has the window 30"),
        ({"window": None}, "The series own has the window None"),
        ({"features": None}, "The series own has the features nothing"),
        ({"numbered_by": "mood"}, "is numbered by mood, but it has the features"),
        ({"period": "day", "window": 90}, "has days as its period and is static"),
        ({"length": 3}, "has the setting length, but"),
    ],
)
def test_sentence_for_a_series_that_cannot_be_meant(changes: dict, said: str) -> None:
    declared = {**VARIABLES["series"]["rfm"], **changes}
    with pytest.raises(CompilerError) as ended:
        settings({"own": declared}, series="own")
    assert said in str(ended.value)


def test_sentence_for_a_name_that_tables_cannot_have() -> None:
    with pytest.raises(CompilerError, match="The segmentation New York has a name"):
        known({"New York": {"series": "rfm"}})["segmentation_settings"]()
