"""Real builds for the tests of the whole line: the command a person would type."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from made_once import MARK
from pages_read import text_of

PROJECT = Path(__file__).resolve().parents[2]
CHILDREN = Path(__file__).with_name("dbt_children.py")
SHARED_DATA = Path(
    os.environ.get("TRAJECTORIES_SHARED_DATA", PROJECT.parent / "shared" / "data")
)
# What the cleaning of an input takes, without the segmentations.
CLEANING = (
    "--select",
    "+fct_orders",
    "+fct_rejected_rows",
    "+rpt_input_reconciliations",
    "assert_input_rows_are_accounted_for",
    "assert_rejected_rows_are_few",
    "assert_there_are_orders",
    "--exclude-resource-type",
    "unit_test",
)


# Unit tests are of the code, whatever the shop: the build of the sample runs them.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
# No test of any kind: for what asks something else of the models.
WITHOUT_TESTS = ("--exclude-resource-types", "unit_test", "test")
# Forecasts are repeated from few earlier months: each costs a fit per segment.
FEW_ORIGINS = {"forecast_origins": 2}


def with_few_trials(segmentation: Mapping, **few: int) -> dict:
    """Settings of a segmentation with few trials, of few customers.

    A candidate with numbers of clusters of its own is tried for one alone, k_max.
    """
    own = {"k_min": few["k_max"], "k_max": few["k_max"], "sample_customers": 60}
    candidates = [
        {**candidate, **own} if own.keys() & candidate.keys() else candidate
        for candidate in segmentation["candidates"]
    ]
    return {**segmentation, **few, "candidates": candidates}


@dataclass(frozen=True)
class Build:
    """One run of `dbt build`: its folder, exit status and what it printed.

    `project` is what was built, `target` dbt's target folder.
    """

    folder: Path
    returncode: int
    output: str
    project: Path
    target: Path

    @property
    def published(self) -> Path:
        """The published database."""
        return self.folder / "published" / "trajectories.duckdb"

    @property
    def manifest(self) -> dict:
        """What was published, as the manifest tells it."""
        return json.loads((self.folder / "published" / "manifest.json").read_text())

    @property
    def said(self) -> str:
        """What was printed, with line breaks and dbt's clock taken out."""
        return re.sub(r"\s+(\d\d:\d\d:\d\d\s+)?", " ", self.output)

    @property
    def overview(self) -> str:
        """The first page, as it was drawn."""
        return text_of(self.folder / "site" / "index.html")

    def query(self, sql: str, database: Path | None = None) -> pd.DataFrame:
        """Ask the published marts, as a reader would."""
        path = str(database or self.published)
        with duckdb.connect(path, read_only=True) as connection:
            return connection.execute(sql).df()

    def work(self, sql: str) -> pd.DataFrame:
        """Ask the work database, for builds of a part, which publish nothing."""
        return self.query(sql, self.folder / "work.duckdb")

    def value(self, sql: str) -> object:
        """Ask the published marts for one value."""
        return self.query(sql).iloc[0, 0]

    def reconciled(self) -> pd.DataFrame:
        """Read, accepted, rejected and merged rows of each input table."""
        return self.work(
            "select * from marts.rpt_input_reconciliations order by input_table"
        ).set_index("input_table")

    def reasons(self, table: str = "transactions") -> dict[str, int]:
        """Rows not accepted of one input table, by reason."""
        counted = self.work(
            "select reason_code, count(*) as rows from marts.fct_rejected_rows "
            f"where input_table = '{table}' group by 1 order by 1"
        )
        return dict(zip(counted["reason_code"], counted["rows"], strict=True))


def run_build(
    folder: Path,
    *arguments: str,
    source: Path | str = "",
    project: Path = PROJECT,
    target: Path | None = None,
    variables: dict[str, object] | None = None,
    verb: str = "build",
    environment: dict[str, str] | None = None,
) -> Build:
    """Run `dbt build` as the Makefile does, into a build folder of its own.

    Args:
        folder: the build folder.
        arguments: of dbt.
        source: input, where it is not the project's sample.
        project: what is built. A copy knows the folder as its `build`, a link: dbt
            parses anew where the name of its database has changed.
        target: dbt's target folder.
        variables: dbt's; without any, the project's own is built from FEW_ORIGINS.
        verb: of dbt.
        environment: more of it.
    """
    if (folder.parent / MARK).exists():
        raise ValueError(f"{folder} is shared by all tests: build into a copy of it.")
    folder.mkdir(parents=True, exist_ok=True)
    location = str(folder)
    if project == PROJECT:
        target = target or folder / "target"
        variables = FEW_ORIGINS if variables is None else variables
    else:
        target, location = target or project / "target", "build"
        if "--target" not in arguments:
            # Workers share the processor: a second thread would wait for the first.
            arguments = ("--threads", "1", *arguments)
        (project / location).unlink(missing_ok=True)
        (project / location).symlink_to(folder)
    paths = ("--target-path", str(target), "--log-path", str(folder / "logs"))
    arguments = ("--no-use-colors", *verb.split(), *paths, *arguments)
    if variables:
        arguments += ("--vars", json.dumps(variables))
    environment = {
        **os.environ,
        **(environment or {}),
        "TRAJECTORIES_BUILD": location,
        "TRAJECTORIES_INPUT": str(source),
        "TRAJECTORIES_SHARED_DATA": str(SHARED_DATA),
        "DBT_PROFILES_DIR": str(project),
        "DBT_PROJECT_DIR": str(project),
    }
    run = _run_program if project == PROJECT else run_child
    said = folder / "said.txt"
    status = run(project, environment, said, arguments)
    return Build(folder, status, said.read_text(), project, target)


def _run_program(
    folder: Path, environment: dict[str, str], said: Path, arguments: Sequence[str]
) -> int:
    program = Path(sys.executable).with_name("dbt")
    with said.open("w") as output:
        return subprocess.run(
            [program, *arguments],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def run_child(
    folder: Path, environment: dict[str, str], said: Path, arguments: Sequence[str]
) -> int:
    """Run dbt as `_run_program` does, in a fork that need not import it."""
    parent = _parent()
    request = [str(folder), environment, str(said), list(arguments)]
    parent.stdin.write(json.dumps(request) + "\n")
    parent.stdin.flush()
    answer = parent.stdout.readline()
    if not answer:
        raise RuntimeError(f"The process that runs dbt has ended: {parent.wait()}.")
    return int(answer)


@cache
def _parent() -> subprocess.Popen[str]:
    """Start the process whose children run dbt; it ends with this one."""
    return subprocess.Popen(
        [sys.executable, CHILDREN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def needs_data(name: str) -> pytest.MarkDecorator:
    """Skip, visibly, where a well-known data set isn't there."""
    return pytest.mark.skipif(
        not (SHARED_DATA / name).exists(),
        reason=f"{name} isn't in {SHARED_DATA.name} (TRAJECTORIES_SHARED_DATA)",
    )
