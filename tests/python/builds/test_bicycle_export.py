"""The cleaned bicycle export, in which there is nothing to see: that is said."""

from __future__ import annotations

import pytest
from real_builds import SHARED_DATA, WITHOUT_UNIT_TESTS, Build, needs_data, run_build

pytestmark = [pytest.mark.long, pytest.mark.night]


@pytest.fixture(scope="module")
def sprocket(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The cleaned bicycle export, dropped in as a folder, built whole: all trials."""
    built = run_build(
        tmp_path_factory.mktemp("sprocket"),
        *WITHOUT_UNIT_TESTS,
        source=SHARED_DATA / "sprocket",
    )
    assert built.returncode == 0, built.output[-6000:]
    return built


@needs_data("sprocket")
def test_sprocket_has_its_totals(sprocket: Build) -> None:
    orders = sprocket.query(
        "select count(*), count(distinct customer_id), round(sum(amount), 2) "
        "from marts.fct_orders"
    )
    assert orders.iloc[0].to_list() == [19_625, 3_493, 21_739_495.29]
    assert sprocket.reconciled()["is_balanced"].all()
    assert sprocket.reasons() == {"cancelled_or_unknown_status": 178}


@needs_data("sprocket")
def test_sprocket_has_no_segments_and_says_so(sprocket: Build) -> None:
    trials = sprocket.query(
        "select * from marts.fct_segmentation_trials where is_chosen"
    )
    assert set(trials["segmentation"]) == {"lifecycle", "rhythm", "value", "behaviour"}
    assert not trials["has_structure"].any()
    assert trials["reason"].str.contains("No segments here").all()
    assert sprocket.said.count("no segments here") == 4
    segments = sprocket.query("select * from marts.dim_segments where stage = 'active'")
    assert not segments["is_persona_earned"].any()
    assert segments["persona"].str.fullmatch(r"Group \d").all()
    assert segments["persona_evidence"].str.contains("No name earned").all()
    page = sprocket.overview
    assert "No segments here" in page
    assert "They carry no names" in page
    for name in ("Loyal Champions", "At-Risk Sleepers", "B2B Customers"):
        assert name not in page
