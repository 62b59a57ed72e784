"""What becomes of an input's rows: the project's own SQL, without a run of dbt.

dbt compiles the models of the cleaning once; they run on a database in memory, so that
hundreds of inputs fit the suite. `test_cleaned.py` holds that the outcome is that of
`dbt build`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import duckdb
import prebuilt
import pytest
from made_once import forget_unused, made_once
from real_builds import PROJECT, SHARED_DATA, run_build
from trajectories.warehouse.inputs import INPUT_SCHEMA, TABLES, InputError, InputReader

# What is looked at, with all that it needs; and the tests that end a build.
MODELS = ("fct_orders", "fct_rejected_rows", "rpt_input_reconciliations")
ENDINGS = (
    "assert_input_rows_are_accounted_for",
    "assert_inputs_do_not_contradict_themselves",
    "assert_rejected_rows_are_few",
    "assert_there_are_orders",
)
# The variables of all tests that set some: each set of them is compiled once.
OTHERWISE = {
    "accepted_order_statuses": ["approved", "completed", "SENT-out"],
    "date_order": "DMY",
    "decimal_separator": "Comma",
    "latest_order_date": "2023-12-31",
    "time_zone": "America/New_York",
}
ROW = "transaction_id,customer_id,transaction_date,list_price\n1,1,2017-01-31,1\n"


@dataclass(frozen=True)
class Cleaned:
    """An input as the cleaning left it; `stops` are the sentences that end a build."""

    tables: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    stops: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The rows of fct_orders, by order_id."""
        return self.tables["orders"]

    @property
    def revenue(self) -> float:
        """What all orders brought, less what came back."""
        return round(sum(order["amount"] for order in self.orders), 2)

    @property
    def returned(self) -> float:
        """What came back."""
        return round(sum(order["returned_amount"] for order in self.orders), 2)

    @property
    def days(self) -> list[str]:
        """The days of the orders, sorted."""
        return sorted(str(order["order_date"]) for order in self.orders)

    @property
    def customers(self) -> set[str]:
        """Who has orders."""
        return {order["customer_id"] for order in self.orders}

    @property
    def findings(self) -> set[str]:
        """The codes of what was found."""
        return {row["finding_code"] for row in self.tables["findings"]}

    @property
    def said(self) -> str:
        """All that a person is told."""
        sentences = [row["sentence"] for row in self.tables.get("findings", [])]
        return "\n".join(dict.fromkeys([*self.stops, *self.notes, *sentences]))

    def reasons(self, table: str = "transactions") -> dict[str, int]:
        """Rows not accepted of one input table, by reason."""
        counts: dict[str, int] = {}
        for row in self.tables["rejected"]:
            if row["input_table"] == table:
                code = row["reason_code"]
                counts[code] = counts.get(code, 0) + 1
        return counts

    def read_rows(self, table: str = "transactions") -> int:
        """Rows read of one input table."""
        (row,) = (row for row in self.tables["inputs"] if row["input_table"] == table)
        return row["read_rows"]


def clean(source: Path | str, **variables: object) -> Cleaned:
    """Read and clean an input, a folder, a file or a mapping, as `dbt build` does.

    Args:
        source: what TRAJECTORIES_INPUT names.
        variables: dbt's, where they are not the project's. Each set of them is
            compiled once, which takes seconds.
    """
    with TemporaryDirectory() as scratch, duckdb.connect() as database:
        database.execute("attach ':memory:' as work")
        database.execute("use work")
        # Planning is what few rows take long for.
        database.execute("set threads = 1; pragma disable_optimizer")
        reader = InputReader(lambda: Path(scratch), database.cursor)
        try:
            _load(database, reader, str(source), str(variables.get("time_zone", "")))
        except InputError as error:
            return Cleaned(stops=(str(error),), notes=tuple(reader.notes))
        compiled = _compiled(json.dumps(variables, sort_keys=True))
        for statement in compiled["statements"]:
            database.execute(statement)
        failed = [
            name
            for name, query in compiled["endings"].items()
            if database.execute(query).fetchall()
        ]
        tables = {
            name: _rows(database, query)
            for name, query in {
                "orders": "from marts.fct_orders order by order_id, customer_id",
                "rejected": "from marts.fct_rejected_rows",
                "inputs": "from marts.rpt_input_reconciliations",
                "typed": "from staging.stg_retail__transactions",
                "findings": "from intermediate.int_input_findings",
                "demographics": (
                    "from intermediate.int_customer_demographics_checked"
                    " where reason_code is null order by customer_id"
                ),
                "addresses": (
                    "from intermediate.int_customer_addresses_checked"
                    " where reason_code is null order by customer_id"
                ),
                "sessions": (
                    "from intermediate.int_web_sessions_checked"
                    " where reason_code is null"
                ),
            }.items()
        }
        sentences = [
            row["sentence"] for row in tables["findings"] if row["severity"] == "stop"
        ]
        return Cleaned(tables, (*failed, *sentences), tuple(reader.notes))


def needs_case(name: str) -> Path:
    """Return the folder of a shared case; skip, visibly, where it isn't there."""
    folder = SHARED_DATA.parent / "cases" / name
    if not folder.exists():
        pytest.skip(f"the case {name} isn't in {folder.parent.name}")
    return folder


def _load(
    database: duckdb.DuckDBPyConnection, reader: InputReader, source: str, zone: str
) -> None:
    database.execute(f"create schema {INPUT_SCHEMA}")
    for table in TABLES:
        rows = reader.read(source, table, time_zone=zone)
        database.register("rows", rows)
        database.execute(f"create table {INPUT_SCHEMA}.{table} as select * from rows")
        database.unregister("rows")


def _rows(database: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    return database.execute(query).to_arrow_table().to_pylist()


@cache
def _compiled(variables: str) -> dict[str, Any]:
    """Compile the models of the cleaning: SQL statements in order, and tests by name.

    Kept beside the prebuilt warehouses until the code changes.
    """
    made_from = prebuilt.fingerprint()
    start = f"cleaning-{made_from[:16]}"
    folder = prebuilt.WAREHOUSES / f"{start}-{crc32(variables.encode()):08x}"
    known = set(prebuilt.WAREHOUSES.glob("cleaning-*/"))
    forget_unused(sorted(it for it in known if not it.name.startswith(start)))
    made_once(folder, made_from, lambda it: _compile(it, variables))
    return json.loads((folder / "compiled.json").read_text())


def _compile(folder: Path, variables: str) -> None:
    folder.mkdir()
    data = folder / "data"
    data.mkdir()
    (data / "transactions.csv").write_text(ROW)
    compiled = run_build(
        folder / "build",
        "--select",
        *(f"+{model}" for model in MODELS),
        "+int_input_findings",
        *ENDINGS,
        source=data,
        variables=json.loads(variables),
        verb="compile",
    )
    assert compiled.returncode == 0, compiled.output[-4000:]
    manifest = json.loads((compiled.target / "manifest.json").read_text())
    nodes = manifest["nodes"]
    names = {node["name"]: key for key, node in nodes.items()}
    chosen: dict[str, None] = {}

    def need(key: str) -> None:
        node = nodes.get(key)
        if node is None or key in chosen:
            return
        for parent in node["depends_on"].get("nodes", ()):
            need(parent)
        chosen[key] = None

    for ending in (*MODELS, *ENDINGS):
        need(names[ending])
    statements, endings = [], {}
    for key in chosen:
        node = nodes[key]
        if node["resource_type"] == "seed":
            path = PROJECT / node["original_file_path"]
            types = node["config"]["column_types"]
            body = f"from read_csv('{path}', header = true, types = {_types(types)})"
        else:
            body = node["compiled_code"]
        if node["resource_type"] == "test":
            endings[node["name"]] = body
            continue
        # Views, too, are made tables: each use of a view would plan it again.
        statements.append(f"create schema if not exists {node['schema']}")
        statements.append(f"create table {node['relation_name']} as {body}")
    (folder / "compiled.json").write_text(
        json.dumps({"statements": statements, "endings": endings})
    )


def _types(types: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    return "{" + pairs + "}"
