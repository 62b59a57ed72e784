"""The models of experiments on made-up tables: the project's own SQL, without dbt.

dbt compiles them once; they run on a database in memory. `given` are tables that they
read, by the name of the model; columns that are left out are null, and so are tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import prebuilt
from made_once import forget_unused, made_once
from real_builds import run_build

ROOMS = ("path:models/intermediate/experiments", "path:models/marts/experiments")
LAST_DAY = pd.Timestamp("2017-12-31")
# What nothing is assigned without; tests say what else there is.
CALENDAR = {
    "int_as_of_dates": pd.DataFrame(
        {"as_of_date": [LAST_DAY], "last_month": [pd.Timestamp("2017-12-01")]}
    ),
    "int_months": pd.DataFrame(
        {
            "month": pd.date_range("2016-01-01", "2017-12-01", freq="MS"),
            "month_end_date": pd.date_range("2016-01-31", "2017-12-31", freq="ME"),
        }
    ),
}


def run_rooms(
    given: Mapping[str, pd.DataFrame], *, threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """Run all models of experiments; return the database that holds them."""
    database = duckdb.connect(config={"threads": threads})
    database.execute("attach ':memory:' as work")
    database.execute("use work")
    compiled = _compiled()
    tables = {**CALENDAR, **given}
    if unknown := set(tables) - set(compiled["inputs"]):
        raise KeyError(f"No model of experiments reads {', '.join(sorted(unknown))}.")
    for name, known in compiled["inputs"].items():
        columns = ", ".join(f'"{it}" {kind}' for it, kind in known["columns"].items())
        database.execute(f"create schema if not exists {known['schema']}")
        database.execute(f"create table {known['relation']} ({columns})")
        if name in tables:
            frame = tables[name]
            database.register("frame", frame)
            database.execute(f"insert into {known['relation']} by name from frame")
            database.unregister("frame")
    for statement in compiled["statements"]:
        database.execute(statement)
    return database


def plan(*names: str, **settings: Any) -> pd.DataFrame:
    """A plan of tests: of revenue, four weeks from the day after the last."""
    row = {
        "primary_metric": "revenue",
        "planned_weeks": 4,
        "planned_looks": 1,
        "start_date": LAST_DAY + pd.Timedelta(days=1),
        **settings,
    }
    return pd.DataFrame([{"experiment": name, **row} for name in names])


def arms(experiments: pd.DataFrame, **shares: float) -> pd.DataFrame:
    """Arms of each test, the first one the control; half and half when none is told."""
    shares = shares or {"standard": 0.5, "new": 0.5}
    return pd.DataFrame(
        [
            {"experiment": name, "arm": arm, "share": share, "is_control": place == 0}
            for name in experiments["experiment"]
            for place, (arm, share) in enumerate(shares.items())
        ]
    )


def customers(number: int, month: str = "2017-12-01") -> dict[str, pd.DataFrame]:
    """Customers of one segmentation: c0000, ...; every tenth is new."""
    ids = [f"c{n:05d}" for n in range(number)]
    first = pd.Timestamp(month)
    return {
        "int_segment_memberships": pd.DataFrame(
            {
                "segmentation": "value",
                "customer_id": ids,
                "segment_id": [f"value-{1 + n % 3}" for n in range(number)],
                "segment_number": [1 + n % 3 for n in range(number)],
                "month": first,
            }
        ),
        "int_trial_centroids": pd.DataFrame(
            {"segment_id": ["value-1", "value-2", "value-3"], "is_chosen": True}
        ),
        "int_customer_months_measured": pd.DataFrame(
            {
                "customer_id": ids,
                "recency_days": 10,
                "length_days": [30 if n % 10 == 0 else 400 for n in range(number)],
                "month": first,
            }
        ),
        "int_customer_values_joined": pd.DataFrame(
            {
                "customer_id": ids,
                "value_12m_amount": [float((n * 7919) % 1000) for n in range(number)],
                "month": first,
            }
        ),
    }


@cache
def _compiled() -> dict[str, Any]:
    """The models as SQL statements, in order, and the tables that they read."""
    made_from = prebuilt.fingerprint()
    folder = prebuilt.WAREHOUSES / f"experiments-{made_from[:16]}"
    known = set(prebuilt.WAREHOUSES.glob("experiments-*/"))
    forget_unused(sorted(known - {folder}))
    made_once(folder, made_from, _compile)
    return json.loads((folder / "compiled.json").read_text())


def _compile(folder: Path) -> None:
    folder.mkdir()
    compiled = run_build(folder / "build", "--select", *ROOMS, verb="compile")
    assert compiled.returncode == 0, compiled.output[-4000:]
    manifest = json.loads((compiled.target / "manifest.json").read_text())
    nodes = manifest["nodes"]
    ours = {
        key: node
        for key, node in nodes.items()
        if node["resource_type"] == "model"
        and any(node["original_file_path"].startswith(it[5:] + "/") for it in ROOMS)
    }
    statements: dict[str, list[str]] = {}
    inputs: dict[str, Any] = {}

    def need(key: str) -> None:
        node = nodes[key]
        if key in statements or node["name"] in inputs:
            return
        if key not in ours:
            types = {it["name"]: it["data_type"] for it in node["columns"].values()}
            inputs[node["name"]] = {
                "schema": node["schema"],
                "relation": node["relation_name"],
                "columns": types,
            }
            return
        for parent in node["depends_on"]["nodes"]:
            need(parent)
        statements[key] = [
            f"create schema if not exists {node['schema']}",
            f"create table {node['relation_name']} as {node['compiled_code']}",
        ]

    for key in ours:
        need(key)
    (folder / "compiled.json").write_text(
        json.dumps(
            {
                "statements": [it for both in statements.values() for it in both],
                "inputs": inputs,
            }
        )
    )
