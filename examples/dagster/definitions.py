"""Dagster runs the project: every model an asset, one whole build a night.

`dagster dev -f examples/dagster/definitions.py`; see the README beside this.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    Backoff,
    Definitions,
    Failure,
    MaterializeResult,
    RetryPolicy,
    ScheduleDefinition,
    asset,
    define_asset_job,
)
from dagster_dbt import DbtCliInvocation, DbtCliResource, DbtProject, dbt_assets

PROJECT = Path(__file__).resolve().parents[2]
BUILD = PROJECT / os.environ.get("TRAJECTORIES_BUILD", "build")

# A file that is not there yet, a server that is down, a work database that another
# build holds: after 5 minutes, then after 10 more. Seconds.
RETRIES = RetryPolicy(
    max_retries=2,
    delay=float(os.environ.get("TRAJECTORIES_RETRY_SECONDS", "300")),
    backoff=Backoff.EXPONENTIAL,
)

project = DbtProject(PROJECT, target_path=BUILD / "dagster")
if not project.manifest_path.exists():
    project.preparer.prepare(project)
project.prepare_if_dev()


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    retry_policy=RETRIES,
    pool="work_database",
)
def models(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Run `dbt build`; what was published before stays unless all of it passes."""
    folder = project.target_path / f"{context.run_id}-{context.retry_number}"
    build = dbt.cli(
        ["build"], context=context, target_path=folder, raise_on_error=False
    )
    yield from build.stream()
    if not build.is_successful():
        raise failure(build)


def failure(build: DbtCliInvocation) -> Failure:
    """Say what failed, and whether to try again: not after a test of data or code.

    A test that failed fails again on the same data; any other error may pass.
    """
    results = build.target_path / "run_results.json"
    ran = json.loads(results.read_text())["results"] if results.exists() else []
    errors = [result for result in ran if result["status"] == "error"]
    tests = [result for result in ran if result["status"] == "fail"]
    # All of them: which comes first is a race, and one may refer to another.
    said = "\n".join(dict.fromkeys(result["message"] for result in errors + tests))
    return Failure(
        f"{len(errors)} errors and {len(tests)} failed tests: {said or 'see dbt.log'}",
        metadata={"log": str(build.target_path / "dbt.log")},
        allow_retries=not tests,
    )


@asset(deps=[models], group_name="published")
def published(context: AssetExecutionContext) -> MaterializeResult:
    """What readers are served: the build, and how many rows each mart has."""
    manifest = json.loads((BUILD / "published" / "manifest.json").read_text())
    rows = {f"{m['schema']}.{m['name']}": m["rows"] for m in manifest["marts"]}
    about = {name: manifest[name] for name in ("build_id", "created_at", "sha256")}
    return MaterializeResult(metadata={**about, "rows": rows})


nightly = define_asset_job(
    "nightly_build",
    selection=AssetSelection.all(),
    description="One whole dbt build; only a whole one is published.",
)

definitions = Definitions(
    assets=[models, published],
    jobs=[nightly],
    schedules=[
        ScheduleDefinition(
            job=nightly, cron_schedule="0 3 * * *", execution_timezone="UTC"
        )
    ],
    resources={"dbt": DbtCliResource(project_dir=project)},
)
