"""The Dagster example: it loads, builds, publishes, and tries again where it helps."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import environments
import pytest
from real_builds import PROJECT

pytestmark = [pytest.mark.long, pytest.mark.night]

SESSION = PROJECT / "tests" / "python" / "dagster_session.py"


@pytest.fixture(scope="module")
def session(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What came of a good night and a bad one, in a build folder of its own."""
    folder = tmp_path_factory.mktemp("dagster")
    python = environments.environment("dagster", with_project=True)
    # By the name that the project was parsed with, so that dbt need not parse anew.
    (folder / "build").mkdir()
    (project / "build").unlink(missing_ok=True)
    (project / "build").symlink_to(folder / "build")
    changed = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "TRAJECTORIES_BUILD": "build",
        "TRAJECTORIES_INPUT": "",
        "TRAJECTORIES_RETRY_SECONDS": "0",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # Unit tests are of the code: the build of the sample runs them.
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
    }
    ran = subprocess.run(
        [python, SESSION, project / "examples" / "dagster", folder / "answers.json"],
        cwd=folder,
        env={**os.environ, **changed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    found = json.loads((folder / "answers.json").read_text())
    dbt = json.loads((folder / "build" / "dagster" / "manifest.json").read_text())
    return {**found, "nodes": list(dbt["nodes"].values())}


def test_every_model_seed_and_snapshot_is_an_asset(session: dict) -> None:
    names = {
        node["name"]
        for node in session["nodes"]
        if node["resource_type"] in ("model", "seed", "snapshot")
    }
    assert {asset.split("/")[-1] for asset in session["assets"]} == names | {
        "published"
    }


def test_tests_are_checks(session: dict) -> None:
    of_columns = [n for n in session["nodes"] if n.get("attached_node")]
    assert session["checks"] >= len(of_columns) > 0
    assert session["night"]["checks"] >= len(of_columns)
    assert session["night"]["failed_checks"] == 0


def test_a_night_builds_and_publishes_everything(session: dict) -> None:
    assert session["schedule"] == ["nightly_build", "0 3 * * *"]
    assert session["night"]["success"]
    assert session["night"]["attempts"] == 1
    assert session["night"]["materialized"] == session["assets"]
    assert json.loads(session["manifest"])["marts"]


def test_a_bad_night_is_tried_again_and_leaves_what_was_published(
    session: dict,
) -> None:
    night = session["bad_night"]
    assert not night["success"]
    assert night["attempts"] == 3
    assert "no/such/folder' doesn't exist" in night["failures"][-1]
    assert not [asset for asset in night["materialized"] if asset == "published"]
    assert session["manifest_after"] == session["manifest"]


def test_only_what_may_pass_is_tried_again(session: dict) -> None:
    assert session["failures"]["errors"]["is_tried_again"] is not False
    assert session["failures"]["a test"]["is_tried_again"] is False


def test_all_that_failed_is_told(session: dict) -> None:
    """The first error may be one that refers to the reason of another."""
    said = session["failures"]["errors"]["said"]
    assert said == "2 errors and 0 failed tests: as for b\nno b"
