"""Makes the file that Superset imports: the export beside this, with its database.

`python dashboards/superset/bundle.py` writes build/superset.zip for the published
DuckDB file; with `--postgresql`, for the PostgreSQL schema that the variables of libpq
(PGHOST, PGPORT, PGDATABASE, PGUSER, PGSSLMODE, PGSSLROOTCERT) lead to. No password is
written. Needs PyYAML.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

EXPORT = Path(__file__).parent / "export"
# What Superset writes where a password is to be asked for.
PASSWORD_MASK = "XXXXXXXXXX"
# Schemas of the published file; PostgreSQL has all marts in one.
SCHEMAS = re.compile(r"\b(marts|audit)\.")


def published_file(environment: Mapping[str, str]) -> Path:
    """Return the published database of the build folder (TRAJECTORIES_BUILD)."""
    build = Path(environment.get("TRAJECTORIES_BUILD", "build"))
    return build.absolute() / "published" / "trajectories.duckdb"


def duckdb_uri(path: Path) -> str:
    """Return the address of a DuckDB file; it is opened for reading only."""
    return f"duckdb:///{quote(str(path))}"


def postgresql_uri(environment: Mapping[str, str], ask: bool = False) -> str:
    """Return the address of a PostgreSQL database, without a password.

    Args:
        environment: libpq's variables; what is missing is left to libpq.
        ask: let the import form ask for the password, which Superset then keeps
            encrypted. Otherwise libpq finds it where Superset runs: PGPASSWORD or
            a password file.
    """
    user = quote(environment.get("PGUSER", ""), safe="")
    password = f":{PASSWORD_MASK}" if ask else ""
    host = environment.get("PGHOST", "")
    port = environment.get("PGPORT", "")
    place = f"{host}:{port}" if port else host
    address = f"{user}{password}@{place}" if user else place
    settings = {
        name: environment[variable]
        for name, variable in (
            ("sslmode", "PGSSLMODE"),
            ("sslrootcert", "PGSSLROOTCERT"),
        )
        if environment.get(variable)
    }
    uri = f"postgresql+psycopg2://{address}/{quote(environment.get('PGDATABASE', ''))}"
    return f"{uri}?{urlencode(settings)}" if settings else uri


def contents(database: str, uri: str, schema: str = "") -> dict[str, str]:
    """Return the files of the bundle by their names, as Superset takes them.

    Args:
        database: `duckdb` or `postgresql`, a file in export/databases.
        uri: its address.
        schema: the one that holds all marts; empty: each mart's own.
    """
    files = {
        str(path.relative_to(EXPORT)): yaml.safe_load(path.read_text("utf-8"))
        for path in sorted(EXPORT.rglob("*.yaml"))
        if path.parent.name != "databases" or path.stem == database
    }
    served = files[f"databases/{database}.yaml"]
    served["sqlalchemy_uri"] = uri
    for name, file in files.items():
        if name.startswith("datasets/"):
            file["database_uuid"] = served["uuid"]
            _move(file, schema)
        elif name.startswith("charts/"):
            file["query_context"] = json.dumps(query_context(file["params"]))
    return {name: yaml.safe_dump(file) for name, file in files.items()}


def _move(dataset: dict[str, Any], schema: str) -> None:
    """Let a dataset read all marts from one schema."""
    if schema:
        dataset["schema"] = schema
        quoted = '"' + schema.replace('"', '""') + '".'
        dataset["sql"] = dataset["sql"] and SCHEMAS.sub(quoted, dataset["sql"])


def query_context(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query that a chart asks, for alerts, reports and the API.

    The pages of Superset make it anew from the settings of the chart (`params`).
    """
    query: dict[str, Any] = {
        "columns": list(params.get("all_columns", [])) or _dimensions(params),
        "orderby": [json.loads(order) for order in params.get("order_by_cols", [])],
        "filters": [],
        "extras": {
            clause.lower(): _joined(params["adhoc_filters"], clause)
            for clause in ("WHERE", "HAVING")
        },
        "row_limit": params.get("row_limit", 10000),
    }
    if params.get("query_mode") != "raw":
        query["metrics"] = params.get("metrics") or [params["metric"]]
    return {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": dict(params),
        "result_format": "json",
        "result_type": "full",
    }


def _dimensions(params: Mapping[str, Any]) -> list[Any]:
    axis: Any = params["x_axis"]
    if "time_grain_sqla" in params:
        axis = {
            "label": axis,
            "sqlExpression": axis,
            "expressionType": "SQL",
            "columnType": "BASE_AXIS",
            "timeGrain": params["time_grain_sqla"],
        }
    groups = params.get("groupby", [])
    return [axis, *([groups] if isinstance(groups, str) else groups)]


def _joined(filters: list[dict[str, str]], clause: str) -> str:
    expressions = [f["sqlExpression"] for f in filters if f["clause"] == clause]
    return " AND ".join(f"({expression})" for expression in expressions)


def write(path: Path, files: Mapping[str, str]) -> None:
    """Write the bundle, a zip file with one folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(f"customer_trajectories/{name}", content)


def main() -> None:
    """Write the bundle for the database that arguments and environment name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgresql", action="store_true", help="not the file")
    parser.add_argument("--schema", default="marts", help="of PostgreSQL")
    parser.add_argument(
        "--ask-password", action="store_true", help="when Superset imports"
    )
    parser.add_argument("--out", type=Path, default=Path("build/superset.zip"))
    given = parser.parse_args()
    if given.postgresql:
        uri = postgresql_uri(os.environ, given.ask_password)
        files = contents("postgresql", uri, given.schema)
    else:
        uri = duckdb_uri(published_file(os.environ))
        files = contents("duckdb", uri)
    write(given.out, files)
    print(f"{given.out} holds {len(files)} files; marts are read from {uri}")


if __name__ == "__main__":
    main()
