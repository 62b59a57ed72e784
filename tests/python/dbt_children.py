"""Runs dbt as a person's command does, in children of a process that has imported it.

A program for real_builds.py: a line of its standard input is a JSON list of working
folder, environment, file for the output, and arguments of dbt. Each command runs in a
fork that knows nothing of the commands before; its exit status is answered in a line.
"""

from __future__ import annotations

import atexit
import json
import os
import sys

# What takes seconds to import, besides dbt itself. None of them starts a thread.
IMPORTED = (
    *(
        "dbt.cli.main",
        "dbt.task.build",
        "dbt.adapters.duckdb",
        "dbt.adapters.duckdb.impl",
    ),
    *("pandas", "pyarrow.parquet", "numba", "scipy.stats", "sklearn.cluster"),
    *(
        "prophet",
        "statsforecast",
        "trajectories.trials.fitting",
        "trajectories.forecasting",
    ),
    *("trajectories.dashboards", "trajectories.warehouse.delivery"),
)


def run(folder: str, environment: dict, output: str, arguments: list[str]) -> int:
    """Run dbt in this process; return its exit status."""
    given = os.environ.get("PYTHONPATH", "")
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor, to in ((0, os.open(os.devnull, os.O_RDONLY)), (1, file), (2, file)):
        os.dup2(to, descriptor)
    path = environment.get("PYTHONPATH", "")
    if path != given:
        sys.path[:0] = path.split(os.pathsep)
    sys.argv = ["dbt", *arguments]
    from dbt.cli.main import cli

    try:
        cli()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main() -> None:
    """Import, then run a child for each line."""
    for name in IMPORTED:
        __import__(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                status = run(*json.loads(line))
                # What was registered to run at the end; destructors of C++ would miss
                # the threads that stayed with the parent.
                atexit._run_exitfuncs()
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
