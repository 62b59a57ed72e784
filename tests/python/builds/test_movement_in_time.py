"""A month after the other, or all at once: what is said of them is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from movement_builds import Warehouse, ask, differences, long_shop, segmentations

pytestmark = [pytest.mark.long, pytest.mark.night]

MONTHS = [f"2017-{month:02d}" for month in range(7, 13)]


@pytest.fixture(scope="module")
def warehouse(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    quick = segmentations(("rhythm", "value"), k_max=3, sample_customers=200)
    folder = tmp_path_factory.mktemp("time")
    return Warehouse(folder, project, {"segmentations": quick})


@pytest.fixture(scope="module")
def replayed(warehouse: Warehouse) -> dict[str, Path]:
    """Builds in one warehouse, each with the orders of one month more."""
    orders, kept = long_shop(), {}
    for month in MONTHS:
        known = orders[orders["transaction_date"] <= f"{month}-31"]
        last = kept.get(MONTHS[MONTHS.index(month) - 1])
        kept[month] = warehouse.build(month, known, start=last)
    return kept


def test_months_one_by_one_are_one_full_build(warehouse, replayed):
    whole = warehouse.build("whole", long_shop())
    last = replayed[MONTHS[-1]]
    versions = ask(last, "select * from marts.dim_model_versions")
    assert len(versions) > versions["segmentation"].nunique(), "no refit was replayed"
    assert (versions["fitted_to"] >= f"{MONTHS[1]}-01").any()
    assert differences(last, whole) == {}
    trials = {"int_segmentation_trials": "is_new"}
    assert differences(last, whole, trials, None, trials, "intermediate") == {}


def test_orders_after_the_last_day_asked_for_are_as_if_there_were_none(
    warehouse, replayed
):
    asked = warehouse.build("asked", long_shop(), as_of_date="2017-10-31")
    assert differences(asked, replayed["2017-10"]) == {}
