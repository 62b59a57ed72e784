"""Builds of small shops, one after another in one warehouse, and their differences."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import yaml
from real_builds import PROJECT, WITHOUT_TESTS, run_build, with_few_trials
from trial_shops import day, planted_shop

FIRST_MONTH, LAST_MONTH = "2015-09-01", "2017-12-01"
ROOMS = tuple(f"models/marts/{x}" for x in ("segmentation", "movement", "departures"))
MARTS = tuple(
    sorted(path.stem for room in ROOMS for path in (PROJECT / room).glob("*.sql"))
)
MOVEMENT = (
    *("fct_customer_segments", "fct_segment_migrations", "rpt_segment_stability"),
    *("fct_segment_stabilities", "fct_segment_events", "dim_segments"),
    *("fct_segment_transitions", "fct_segment_expectations", "rpt_transition_tests"),
    *("fct_segment_departures", "fct_departure_features", "fct_segment_profiles"),
    *("fct_segment_changes", "fct_move_probabilities", "rpt_move_accuracy"),
)
SUMS = ("migration", "segment", "transition", "expectation", "departure", "stability")
CHECKS = sorted(
    path.stem
    for path in PROJECT.glob("tests/*/assert_*.sql")
    if any(word in path.stem for word in SUMS) and "forecast" not in path.stem
)
SELECTED = ("--select", *(f"+path:{room}" for room in ROOMS))
MODELS_ONLY = (*SELECTED, *WITHOUT_TESTS)
# The keys of the marts and what adds up; no other test.
WITH_CHECKS = (
    *SELECTED,
    *CHECKS,
    *(f"test_name:unique,path:{room}" for room in ROOMS),
    *("--exclude-resource-types", "unit_test", "--indirect-selection", "empty"),
)


def segmentations(names: Collection[str], **few: int) -> dict:
    """Settings of some segmentations of the project, with few trials."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    settings = project["vars"]["segmentations"]
    return {name: with_few_trials(settings[name], **few) for name in names}


def long_shop(customers: int = 240) -> pd.DataFrame:
    """28 months of three kinds; some come later, some stay away, some change kind."""
    orders, _ = planted_shop(customers, first_day=day(FIRST_MONTH))
    number = orders["customer_id"].astype(int)
    date = orders["order_date"]
    absent = (
        ((number % 5 == 0) & (date < "2016-11-15"))
        | ((number % 7 == 0) & date.between("2017-03-20", "2017-08-20"))
        | ((number % 11 == 0) & (date > "2017-09-30"))
    )
    changed = (number % 4 == 0) & (date > "2017-05-31")
    orders["customer_id"] = orders["customer_id"].where(
        ~changed, ((number + 1) % customers).map("{:05d}".format)
    )
    orders = orders[~absent].reset_index(drop=True)
    return pd.DataFrame(
        {
            "transaction_id": range(1, len(orders) + 1),
            "customer_id": orders["customer_id"],
            "transaction_date": orders["order_date"].dt.strftime("%Y-%m-%d"),
            "list_price": orders["amount"].round(2),
        }
    )


@dataclass(frozen=True)
class Warehouse:
    """One work database and one folder of files, so that dbt parses once.

    Attributes:
        folder: holds all of it, dbt's target folder too.
        project: what is built.
        variables: the vars of all builds.
    """

    folder: Path
    project: Path
    variables: Mapping

    @property
    def source(self) -> Path:
        """The folder of files that is read."""
        return self.folder / "shop"

    def build(
        self,
        name: str,
        orders: pd.DataFrame,
        *arguments: str,
        start: Path | None = None,
        **variables,
    ) -> Path:
        """Build a shop, and keep the database as it is then.

        Args:
            name: of what is kept.
            orders: transactions.csv.
            arguments: of dbt; else only models are built.
            start: a kept database to go on from; else the build starts with none.
            variables: more vars.

        Returns:
            The kept database.
        """
        work = self.folder / "build" / "work.duckdb"
        self.source.mkdir(parents=True, exist_ok=True)
        orders.to_csv(self.source / "transactions.csv", index=False)
        work.unlink(missing_ok=True)
        if start:
            work.parent.mkdir(exist_ok=True)
            shutil.copy(start, work)
        built = run_build(
            work.parent,
            *(arguments or MODELS_ONLY),
            source=self.source,
            project=self.project,
            target=self.folder / "target",
            variables={**self.variables, **variables},
        )
        assert built.returncode == 0, built.output[-6000:]
        kept = self.folder / f"{name}.duckdb"
        shutil.copy(work, kept)
        return kept


def ask(database: Path, question: str) -> pd.DataFrame:
    """Ask a kept database."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(question).df()


def differences(
    one: Path,
    other: Path,
    tables: Collection[str] = MARTS,
    where: Mapping[str, str] | None = None,
    without: Mapping[str, str] | None = None,
    schema: str = "marts",
) -> dict[str, list]:
    """Rows that only one of two databases has, each value to the last bit.

    Args:
        one, other: kept databases.
        tables: that are compared.
        where: condition by table; all rows where there is none.
        without: columns by table that are not compared.
        schema: of the tables.

    Returns:
        Some of the rows, by table; nothing for tables that are the same.
    """
    found = {}
    with duckdb.connect() as connection:
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for table in tables:
            left_out = (without or {}).get(table)
            columns = f"* exclude ({left_out})" if left_out else "*"
            only = (where or {}).get(table, "true")
            rows = [
                f"select {columns} from {name}.{schema}.{table} where {only}"
                for name in ("one", "other")
            ]
            different = [
                row
                for first, second in (rows, rows[::-1])
                for row in connection.execute(
                    f"{first} except all {second} limit 3"
                ).fetchall()
            ]
            if different:
                found[table] = different
    return found
