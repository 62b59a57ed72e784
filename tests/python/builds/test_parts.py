"""A build of a part passes in a fresh folder, with the tests whose tables it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_builds import WITHOUT_UNIT_TESTS, Build, run_build

pytestmark = pytest.mark.long


def part(tmp_path: Path, project: Path, *selected: str) -> Build:
    """Build a part into a folder that has nothing; it must pass."""
    built = run_build(tmp_path / "build", *selected, project=project)
    assert built.returncode == 0, built.output[-4000:]
    assert "Nothing was published: this was a build of a part" in built.said
    assert not (built.folder / "published").exists()
    return built


def ran(built: Build, kind: str) -> set[str]:
    """The names of what a build ran, of one kind."""
    results = json.loads((built.target / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[2]
        for result in results
        if result["unique_id"].startswith(f"{kind}.")
    }


@pytest.mark.night
def test_staging_alone(tmp_path: Path, project: Path) -> None:
    built = part(tmp_path, project, "--select", "+path:models/staging")
    assert "stg_retail__transactions" in ran(built, "model")
    assert "fct_orders" not in ran(built, "model")


@pytest.mark.night
def test_accepted_orders(tmp_path: Path, project: Path) -> None:
    built = part(tmp_path, project, "--select", "+fct_orders")
    assert "assert_there_are_orders" in ran(built, "test")
    assert not {name for name in ran(built, "test") if "dim_customers" in name}


@pytest.mark.night
def test_one_mart_of_segmentation_and_then_another(
    tmp_path: Path, project: Path
) -> None:
    for mart in ("+fct_customer_months", "+fct_customer_days"):
        built = part(tmp_path, project, "--select", mart, *WITHOUT_UNIT_TESTS)
    assert "fct_customer_days" in ran(built, "model")
    # Its other table is not an ancestor, and not selected.
    assert "assert_daily_spend_adds_up_to_orders" not in ran(built, "test")


@pytest.mark.night
def test_all_segments_by_a_selector_of_the_project(
    tmp_path: Path, project: Path
) -> None:
    built = part(tmp_path, project, "--selector", "segments")
    assert "dim_segments" in ran(built, "model")
    assert not [name for name in ran(built, "test") if "forecast" in name]


def test_a_whole_build_runs_every_test(small: Build) -> None:
    manifest = json.loads((small.target / "manifest.json").read_text())
    tests = {
        unique_id.split(".")[2]
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "test"
    }
    assert len(tests) > 200
    assert tests == ran(small, "test")
