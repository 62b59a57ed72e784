"""Runs the Dagster example in its environment; see test_dagster_example.

`python dagster_session.py EXAMPLE ANSWERS` with TRAJECTORIES_BUILD set: loads the
definitions from the folder EXAMPLE, runs the nightly job on the sample shop, then on an
input that doesn't exist, and writes what came of it to ANSWERS, a JSON file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster


def run_nightly(definitions: dagster.Definitions) -> dict[str, Any]:
    """Run the job in this process; return its end, attempts, assets and checks."""
    instance = dagster.DagsterInstance.ephemeral()
    job = definitions.resolve_job_def("nightly_build")
    ran = job.execute_in_process(instance=instance, raise_on_error=False)
    events = [event.event_type_value for event in ran.all_events]
    made = {
        e.asset_key.to_user_string() for e in ran.get_asset_materialization_events()
    }
    checks = ran.get_asset_check_evaluations()
    failures = [e for e in ran.all_node_events if e.is_step_failure]
    return {
        "success": ran.success,
        "attempts": 1 + events.count("STEP_UP_FOR_RETRY"),
        "materialized": sorted(made),
        "checks": len(checks),
        "failed_checks": sum(not check.passed for check in checks),
        "failures": [
            e.step_failure_data.user_failure_data.description for e in failures
        ],
    }


def failure_of(module: Any, folder: Path, *results: str) -> dict[str, Any]:
    """Say what is told of a build with these results, `status: message`."""
    ran = [
        dict(zip(("status", "message"), it.split(": "), strict=True)) for it in results
    ]
    (folder / "run_results.json").write_text(json.dumps({"results": ran}))
    failure = module.failure(SimpleNamespace(target_path=folder))
    return {"said": failure.description, "is_tried_again": failure.allow_retries}


def main(example: Path, answers: Path) -> None:
    """Do it all, and write it down."""
    sys.path.insert(0, str(example))
    import definitions as module

    graph = module.definitions.resolve_asset_graph()
    (schedule,) = module.definitions.schedules
    found = {
        "assets": sorted(key.to_user_string() for key in graph.get_all_asset_keys()),
        "checks": len(graph.asset_check_keys),
        "schedule": [schedule.job_name, schedule.cron_schedule],
        "night": run_nightly(module.definitions),
        "failures": {
            "errors": failure_of(
                module, answers.parent, "error: as for b", "error: no b", "skipped: c"
            ),
            "a test": failure_of(module, answers.parent, "fail: 3 rows", "error: no b"),
        },
    }
    published = module.BUILD / "published" / "manifest.json"
    found["manifest"] = published.read_text()
    os.environ["TRAJECTORIES_INPUT"] = "no/such/folder"
    found["bad_night"] = run_nightly(module.definitions)
    found["manifest_after"] = published.read_text()
    answers.write_text(json.dumps(found))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
