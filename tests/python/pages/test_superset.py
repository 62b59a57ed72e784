"""The Superset dashboard reads the marts there are, imports, and answers right."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import duckdb
import environments
import pandas as pd
import pytest
import yaml
from postgres_server import Server, postgres_server
from real_builds import PROJECT, Build

SUPERSET = PROJECT / "dashboards" / "superset"
SEGMENTATION = "rhythm"
DOC_BLOCK = re.compile(r"{% docs (\w+) %}\n(.*?){% enddocs %}", re.DOTALL)
DOC = re.compile(r"{{ doc\('(\w+)'\) }}")
READER, READER_PASSWORD = "bi", "s p@ce:and/slash"
# Of Superset: how it draws a column.
NUMBER, TEXT, TIME, BOOLEAN = range(4)
KINDS = {
    "BIGINT": NUMBER,
    "DOUBLE PRECISION": NUMBER,
    "VARCHAR": TEXT,
    "DATE": TIME,
    "BOOLEAN": BOOLEAN,
}

specification = importlib.util.spec_from_file_location("bundle", SUPERSET / "bundle.py")
bundle = importlib.util.module_from_spec(specification)
specification.loader.exec_module(bundle)


def files(folder: str) -> dict[str, dict]:
    found = sorted((SUPERSET / "export" / folder).glob("*.yaml"))
    return {path.stem: yaml.safe_load(path.read_text()) for path in found}


AUDIT = ("rpt_claims", "rpt_planted_kinds")
DATASETS, CHARTS = files("datasets"), files("charts")
DASHBOARD = files("dashboards")["customer_trajectories"]
(FILTER,) = DASHBOARD["metadata"]["native_filter_configuration"]


def contracts() -> dict[str, dict]:
    """Return the public marts by name, as their contracts say."""
    blocks = {
        name: text
        for path in (PROJECT / "models" / "docs").glob("*.md")
        for name, text in DOC_BLOCK.findall(path.read_text())
    }
    models = []
    for path in sorted((PROJECT / "models" / "marts").rglob("*.yml")):
        models += yaml.safe_load(path.read_text())["models"]
    for column in (column for model in models for column in model["columns"]):
        if block := DOC.fullmatch(column["description"]):
            column["description"] = blocks[block[1]]
    return {model["name"]: model for model in models}


@pytest.fixture(scope="module")
def empty_marts() -> duckdb.DuckDBPyConnection:
    """A database with all marts of the contracts, without rows."""
    connection = duckdb.connect()
    connection.execute("create schema marts; create schema audit")
    for name, model in contracts().items():
        schema = "audit" if name in AUDIT else "marts"
        columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
        connection.execute(f"create table {schema}.{name} ({columns})")
    return connection


@pytest.mark.parametrize("name", DATASETS)
def test_columns_are_those_of_the_marts(
    name: str, empty_marts: duckdb.DuckDBPyConnection
) -> None:
    dataset = DATASETS[name]
    read = dataset["sql"] or f"from {dataset['schema']}.{name}"
    found = empty_marts.execute(f"describe {read}").fetchall()
    given = {c["column_name"]: c["type"] for c in dataset["columns"]}
    assert given == {
        column: "DOUBLE PRECISION" if kind == "DOUBLE" else kind
        for column, kind, *_ in found
    }
    for metric in dataset["metrics"]:
        measured = f"select {metric['expression']} from ({read})"
        assert empty_marts.execute(f"describe {measured}").fetchall()


@pytest.mark.parametrize("name", DATASETS)
def test_columns_are_described_as_in_the_marts(name: str) -> None:
    dataset, marts = DATASETS[name], contracts()
    read = [name] if name in marts else [m for m in marts if m in dataset["sql"]]
    described = [
        (column["name"], " ".join(column["description"].split()))
        for mart in read
        for column in marts[mart]["columns"]
    ]
    known = {column for column, _ in described}
    for column in dataset["columns"]:
        assert column["description"]
        assert column["verbose_name"]
        if column["column_name"] in known:
            assert (column["column_name"], column["description"]) in described


@pytest.mark.parametrize("name", CHARTS)
def test_charts_ask_for_what_their_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    (dataset,) = (d for d in DATASETS.values() if d["uuid"] == chart["dataset_uuid"])
    (query,) = bundle.query_context(chart["params"])["queries"]
    columns = {column["column_name"] for column in dataset["columns"]}
    asked = [c if isinstance(c, str) else c["label"] for c in query["columns"]]
    assert asked
    assert {*asked, *(column for column, _ in query["orderby"])} <= columns
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    assert set(query.get("metrics", [])) <= metrics


@pytest.mark.parametrize("name", CHARTS)
def test_charts_of_segments_leave_out_what_is_hidden(name: str) -> None:
    (query,) = bundle.query_context(CHARTS[name]["params"])["queries"]
    asked = [c if isinstance(c, str) else c["label"] for c in query["columns"]]
    if any(re.fullmatch("(.*_)?segment", column) for column in asked):
        assert re.search(r"\bis_(path_)?shown\b", query["extras"]["where"])


def test_the_dashboard_shows_every_chart_and_filters_those_that_it_can() -> None:
    placed = {
        child["meta"]["uuid"]: child["meta"]
        for child in DASHBOARD["position"].values()
        if isinstance(child, dict) and child["type"] == "CHART"
    }
    assert {chart["uuid"] for chart in CHARTS.values()} == set(placed)
    (target,) = FILTER["targets"]
    filtered = {
        dataset["uuid"]
        for dataset in DATASETS.values()
        if target["column"]["name"] in {c["column_name"] for c in dataset["columns"]}
    }
    assert target["datasetUuid"] in filtered
    for chart in CHARTS.values():
        place = placed[chart["uuid"]]
        assert place["sliceName"] == chart["slice_name"]
        if place["chartId"] not in FILTER["scope"]["excluded"]:
            assert chart["dataset_uuid"] in filtered, chart["slice_name"]


def test_no_password_is_written() -> None:
    variables = {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGDATABASE": "my shop",
        "PGUSER": "bi@shop",
        "PGPASSWORD": "secret",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/etc/ssl/shop ca.pem",
    }
    address = "db.example:5433/my%20shop?sslmode=verify-full"
    address += "&sslrootcert=%2Fetc%2Fssl%2Fshop+ca.pem"
    start = "postgresql+psycopg2://bi%40shop"
    assert bundle.postgresql_uri(variables) == f"{start}@{address}"
    assert bundle.postgresql_uri(variables, ask=True) == f"{start}:XXXXXXXXXX@{address}"
    assert bundle.postgresql_uri({}) == "postgresql+psycopg2:///"


def test_postgresql_has_all_marts_in_one_schema() -> None:
    made = bundle.contents("postgresql", "postgresql+psycopg2:///", 'mart"s')
    assert "databases/duckdb.yaml" not in made
    for name in DATASETS:
        dataset = yaml.safe_load(made[f"datasets/{name}.yaml"])
        assert dataset["schema"] == 'mart"s'
        assert "marts." not in (dataset["sql"] or "")
        assert not dataset["sql"] or '"mart""s".dim_segments' in dataset["sql"]


# What each chart must show, asked of the published file: once as a person would who
# has only the marts.
SEGMENT = """
    select segment_id, case when segment_number is null then persona
        else segment_number || ' ' || persona end as segment
    from marts.dim_segments
"""
SEGMENT_OF_MONTH = """
    select segment_id, month, case when segment_number is null
        then profiles.persona else segment_number || ' ' || profiles.persona end
        as segment
    from marts.fct_segment_profiles as profiles
    inner join marts.dim_segments using (segment_id)
"""
LATEST = "(select max(month) from marts.{} where segmentation = $segmentation)"
TRIALS = "marts.fct_segmentation_trials"
MONTHLY = (
    "select epoch_ms(month) as month, {} from marts.fct_shop_months"
    " where is_complete and is_shown"
)
EXPECTED = {
    "Revenue of the last complete month": MONTHLY.format("revenue_amount as revenue"),
    "Customers of the last complete month": MONTHLY.format("customers"),
    "Revenue by month": MONTHLY.format("revenue_amount as revenue"),
    "Customers and orders by month": MONTHLY.format("customers, new_customers, orders"),
    "Segments by size and revenue share": f"""
        select segment, customer_share, revenue_share
        from marts.fct_segment_profiles inner join ({SEGMENT}) using (segment_id)
        where segmentation = $segmentation and is_shown
            and month = {LATEST.format("fct_segment_profiles")}
    """,
    "Segment profiles": f"""
        select segment, customers, revenue_amount, average_order_amount,
            mean_recency_days, mean_frequency_orders, mean_monetary_amount,
            recommended_action
        from marts.fct_segment_profiles inner join ({SEGMENT}) using (segment_id)
            inner join marts.dim_segments using (segment_id, segmentation)
        where segmentation = $segmentation and is_shown
            and month = {LATEST.format("fct_segment_profiles")}
    """,
    "Revenue by segment and month": f"""
        select epoch_ms(month) as month, segment, revenue_amount as revenue
        from marts.fct_segment_profiles
        inner join ({SEGMENT_OF_MONTH}) using (segment_id, month)
        where segmentation = $segmentation and is_shown
    """,
    "Who went where": f"""
        select coalesce(a.segment, 'Left') as to_segment,
            coalesce(b.segment, 'Entered') as from_segment,
            sum(from_share) as from_share
        from marts.fct_segment_migrations
        left join ({SEGMENT_OF_MONTH}) as b on from_segment_id = b.segment_id
            and fct_segment_migrations.month = b.month + interval 1 month
        left join ({SEGMENT_OF_MONTH}) as a on to_segment_id = a.segment_id
            and fct_segment_migrations.month = a.month
        where segmentation = $segmentation and is_path_shown
            and fct_segment_migrations.month = {LATEST.format("fct_segment_migrations")}
        group by all
    """,
    "Share of customers who stayed, and by chance": """
        select epoch_ms(month) as month, round(stay_share, 2) as stay_share,
            round(chance_stay_share, 2) as chance_stay_share
        from marts.rpt_segment_stability
        where segmentation = $segmentation and is_stay_shown
    """,
    "Revenue and forecast of the whole shop": """
        select epoch_ms(month) as month, revenue_amount as revenue,
            forecast_amount as revenue__yhat, lower_80_amount as revenue__yhat_lower,
            upper_80_amount as revenue__yhat_upper
        from (
            from marts.fct_segment_revenue_months
            where segmentation = 'total' and definition = 'stock'
        )
        full join (
            from marts.fct_revenue_forecasts
            where segmentation = 'total' and definition = 'stock' and is_published
        ) using (month)
    """,
    "Forecast by segment": f"""
        select epoch_ms(month) as month, segment, forecast_amount as revenue__yhat
        from marts.fct_revenue_forecasts inner join ({SEGMENT}) using (segment_id)
        where segmentation = $segmentation and definition = 'cohort' and is_published
            and segment_id not in (
                select segment_id from marts.fct_segment_profiles
                where not is_shown and month = (
                    select max(month) from marts.fct_segment_profiles as latest
                    where latest.segment_id = fct_segment_profiles.segment_id
                )
            )
    """,
    "Forecast accuracy": """
        select definition, segmentation, model, is_winner, backtests, mase, smape,
            coverage_80, coverage_95
        from marts.rpt_forecast_accuracy
    """,
    "Silhouette by number of segments": f"""
        select k, representation, metric, max(silhouette) as silhouette,
            max(null_silhouette) as null_silhouette
        from {TRIALS} where segmentation = $segmentation group by all
    """,
    "Model quality": f"""
        select segmentation, representation, metric, k, silhouette, null_silhouette,
            null_p_value, bootstrap_ari, predictive_r2, has_structure
        from {TRIALS} where is_chosen
    """,
    "Claims": """
        select claim, segmentation, verdict, measured_value, lower, upper, threshold,
            chance_value, meaning
        from audit.rpt_claims
    """,
    "Data quality": """
        select input_table, read_rows, accepted_rows, rejected_rows, merged_duplicates,
            repaired_values, rejected_share
        from marts.rpt_input_reconciliations
    """,
}


def in_order(rows: list[dict] | pd.DataFrame) -> pd.DataFrame:
    """Return rows with numbers as numbers, in the order of what is not a fraction."""
    frame = pd.DataFrame(rows)
    frame = frame[sorted(frame.columns)]
    for column in frame:
        if frame[column].map(lambda value: isinstance(value, bool)).all():
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
        if numbers.notna().equals(frame[column].notna()):
            frame[column] = numbers
        else:
            frame[column] = frame[column].fillna("").astype(str)
    order = sorted(
        frame.columns, key=lambda column: (frame[column].dtype == float, column)
    )
    return frame.sort_values(order, ignore_index=True)


def copy_marts(published: Path, server: Server, folder: Path) -> None:
    """Copy what the dashboard reads into one schema of the server, for one reader."""
    kinds = {"DOUBLE": "double precision", "VARCHAR": "text"}
    script = [f"create role {READER} login password '{READER_PASSWORD}';"]
    script += ["create schema marts;"]
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name, table_name "
            "from information_schema.tables where table_name similar to "
            "'dim_segments|fct_(segment|shop|revenue).*|rpt_.*'"
        ).fetchall()
        for table, name in tables:
            described = connection.execute(f"describe {table}").fetchall()
            columns = ", ".join(
                f"{c} {kinds.get(kind, kind)}" for c, kind, *_ in described
            )
            script.append(f"create table marts.{name} ({columns});")
            script.append(f"copy marts.{name} from stdin (format csv, header);")
            rows = folder / f"{name}.csv"
            connection.execute(f"copy {table} to '{rows}' (header, force_quote *)")
            script.append(rows.read_text() + "\\.")
    script.append(f"grant usage on schema marts to {READER};")
    script.append(f"grant select on all tables in schema marts to {READER};")
    server.execute("\n".join(script))


def ask_superset(home: Path, files: dict[str, str], passwords: dict[str, str]) -> dict:
    """Import a bundle into a new Superset in `home`; return what its charts show."""
    home.mkdir()
    bundle.write(home / "bundle.zip", files)
    plan = {
        "home": str(home),
        "bundle": str(home / "bundle.zip"),
        "passwords": passwords,
        "segmentation": SEGMENTATION,
        "answers": str(home / "answers.json"),
    }
    (home / "plan.json").write_text(json.dumps(plan))
    ran = subprocess.run(
        [
            environments.environment("superset"),
            PROJECT / "tests" / "python" / "superset_session.py",
            home / "plan.json",
        ],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    return json.loads((home / "answers.json").read_text())


@pytest.fixture(scope="module")
def file_answers(small: Build, tmp_path_factory: pytest.TempPathFactory) -> dict:
    files = bundle.contents("duckdb", bundle.duckdb_uri(small.published))
    home = tmp_path_factory.mktemp("superset")
    return ask_superset(home / "file", files, {})


@pytest.fixture(scope="module")
def postgresql_answers(small: Build, tmp_path_factory: pytest.TempPathFactory) -> dict:
    home = tmp_path_factory.mktemp("superset")
    with postgres_server(home) as server:
        copy_marts(small.published, server, home)
        uri = bundle.postgresql_uri({**server.environment, "PGUSER": READER}, ask=True)
        files = bundle.contents("postgresql", uri, "marts")
        passwords = {"databases/postgresql.yaml": READER_PASSWORD}
        return ask_superset(home / "postgresql", files, passwords)


@pytest.mark.long
@pytest.mark.night
@pytest.mark.parametrize("name", EXPECTED)
def test_charts_show_what_the_marts_say(
    small: Build, file_answers: dict, name: str
) -> None:
    sql = EXPECTED[name]
    given = {"segmentation": SEGMENTATION} if "$segmentation" in sql else {}
    with duckdb.connect(str(small.published), read_only=True) as connection:
        expected = in_order(connection.execute(sql, given).df())
    shown = in_order(file_answers["charts"][name]["shown"])
    pd.testing.assert_frame_equal(shown, expected, rtol=1e-9, check_dtype=False)


@pytest.mark.long
@pytest.mark.night
def test_every_chart_is_compared(file_answers: dict) -> None:
    assert set(EXPECTED) == {chart["slice_name"] for chart in CHARTS.values()}
    assert set(EXPECTED) == set(file_answers["charts"])


@pytest.mark.long
@pytest.mark.night
@pytest.mark.parametrize("name", EXPECTED)
def test_both_databases_give_the_same_answers(
    file_answers: dict, postgresql_answers: dict, name: str
) -> None:
    for kind, rows in file_answers["charts"][name].items():
        others = in_order(postgresql_answers["charts"][name][kind])
        assert rows
        pd.testing.assert_frame_equal(in_order(rows), others, rtol=1e-9)


@pytest.mark.long
@pytest.mark.night
def test_superset_knows_what_columns_are(
    file_answers: dict, postgresql_answers: dict
) -> None:
    wanted = {
        name: {c["column_name"]: KINDS[c["type"]] for c in dataset["columns"]}
        for name, dataset in DATASETS.items()
    }
    assert file_answers["datasets"] == wanted
    assert postgresql_answers["datasets"] == wanted
