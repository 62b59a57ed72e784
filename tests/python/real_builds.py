"""Real builds for the tests of the whole line: the command a person would type."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

PROJECT = Path(__file__).resolve().parents[2]
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
    "--indirect-selection",
    "cautious",
)


# Earlier months from which tests repeat the forecast: each costs a fit per segment.
FEW_ORIGINS = 2


@dataclass(frozen=True)
class Build:
    """One run of `dbt build`: its folder, exit status and what it printed."""

    folder: Path
    returncode: int
    output: str

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
    target: Path | None = None,
    variables: dict[str, object] | None = None,
    verb: str = "build",
    environment: dict[str, str] | None = None,
) -> Build:
    """Run `dbt build` as the Makefile does, into a build folder of its own.

    Forecasts are repeated from FEW_ORIGINS only, unless the variables say otherwise.
    """
    variables = {"forecast_origins": FEW_ORIGINS, **(variables or {})}
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", verb]
    command += ["--target-path", str(target or folder / "target"), *arguments]
    command += ["--log-path", str(folder / "logs")]
    command += ["--vars", json.dumps(variables)]
    environment = {
        **os.environ,
        **(environment or {}),
        "TRAJECTORIES_BUILD": str(folder),
        "TRAJECTORIES_INPUT": str(source),
        "TRAJECTORIES_SHARED_DATA": str(SHARED_DATA),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
    }
    ran = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Build(folder, ran.returncode, ran.stdout)


def needs_data(name: str) -> pytest.MarkDecorator:
    """Skip, visibly, where a well-known data set isn't there."""
    return pytest.mark.skipif(
        not (SHARED_DATA / name).exists(),
        reason=f"{name} isn't in {SHARED_DATA.name} (TRAJECTORIES_SHARED_DATA)",
    )
