"""The small shop, built on Spark, gives the marts that DuckDB gives.

Three engines that speak Spark: Sail (Rust, no Java), Spark in this machine's Java, and
a Spark Connect server. Every public mart is compared: the same keys; the same texts,
dates and truth values; numbers equal to the tolerance of their kind. Spark in this
machine's Java interprets each question, the server compiles it: both ways are asked.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from environments import missing
from real_builds import WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, run_build
from spark_servers import (
    INTERPRETED,
    SHORT_QUESTIONS,
    connect_server,
    sail_server,
)

# Relative, or absolute below one. SQL adds decimals exactly and divides doubles.
SQL_TOLERANCE = 1e-9
# Fits see numbers that are equal to the last digit, and sums of doubles that are not
# added up in one order: forecasts and what is read off fits.
MODEL_TOLERANCE = 1e-6
MODELLED = (
    "fct_forecast_backtests",
    "fct_forecast_views",
    "fct_revenue_forecasts",
    "rpt_forecast_accuracy",
    "rpt_claims",
    "fct_segmentation_trials",
    "fct_trial_centroids",
    "fct_trial_nulls",
    "fct_segment_centroids",
    "fct_silhouettes",
    "fct_segment_departures",
    "fct_departure_features",
    "fct_segment_events",
    "fct_segment_expectations",
    "fct_segment_transitions",
    "rpt_segment_stability",
    "fct_segment_stabilities",
    "rpt_transition_tests",
    "fct_move_probabilities",
    "rpt_move_accuracy",
    "fct_segment_discords",
    "dim_value_models",
    "fct_customer_values",
    "fct_segment_values",
    "fct_value_at_risk",
    "fct_value_backtests",
    "rpt_value_accuracy",
    "fct_behaviour_changes",
)
# What is left out of a build on each engine.
TESTED = {
    "sail": (),
    "local": (*WITHOUT_UNIT_TESTS, "--exclude", "test_type:generic"),
    "connect": WITHOUT_TESTS,
}
# Names of a build, not of what is in it.
OF_A_BUILD = {"dim_model_versions": ("library_versions",)}

pytestmark = pytest.mark.long


@contextmanager
def local(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """Spark in this process's Java: how to get there, and where its tables lie."""
    if shutil.which("java") is None:
        missing("Java is not on the PATH; install a JDK 17 to test Spark itself.")
    yield {"SPARK_MASTER": "local[2]", **INTERPRETED}, folder / "spark" / "warehouse"


@contextmanager
def connect(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """A Spark Connect server."""
    if shutil.which("java") is None:
        missing("Java is not on the PATH; install a JDK 17 to test Spark Connect.")
    with connect_server(folder / "server") as address:
        yield {"SPARK_REMOTE": address}, folder / "server" / "warehouse"


@contextmanager
def sail(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """A Sail server."""
    with sail_server(folder / "server") as address:
        yield {"SPARK_REMOTE": address}, folder / "server" / "spark-warehouse"


IN_JAVA = [pytest.param(engine, marks=pytest.mark.night) for engine in (local, connect)]


@pytest.fixture(scope="module", params=[sail, *IN_JAVA], ids=lambda e: e.__name__)
def built(
    request: pytest.FixtureRequest,
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Build, Path]]:
    """A whole build on an engine, and the folder of its tables.

    All tests run on the fastest engine. In Java a test takes seconds: those that are
    files of their own are asked there, of the others each kind was seen on Sail, and
    what was tested in a local session is not tested again over the wire.
    """
    if importlib.util.find_spec("pyspark") is None:
        missing("pyspark is not installed; run pip install '.[spark]' to test Spark.")
    folder = tmp_path_factory.mktemp(request.param.__name__)
    with request.param(folder) as (variables, warehouse):
        build = run_build(
            folder,
            "--target",
            "spark",
            *TESTED[request.param.__name__],
            project=project,
            target=folder / "target",
            environment={**SHORT_QUESTIONS, **variables},
        )
        yield build, warehouse


def test_every_node_passes(built: tuple[Build, Path]) -> None:
    """Models and contracts, unit tests and data tests."""
    build, _ = built
    assert build.returncode == 0, build.output[-6000:]
    assert "ERROR=0 SKIP=0" in build.output


def test_marts_are_those_of_duckdb(built: tuple[Build, Path], small: Build) -> None:
    """Every public mart, row by row."""
    build, warehouse = built
    assert build.returncode == 0, "The build failed; see the test before."
    differences = []
    with duckdb.connect(str(small.published), read_only=True) as connection:
        marts = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('marts', 'audit') order by 2"
        ).fetchall()
        assert len(marts) >= 24
        for schema, mart in marts:
            # Spark names a folder by schema and table, Sail by table and a number.
            folders = {
                *warehouse.glob(f"{schema}.db/{mart}"),
                *warehouse.glob(f"{mart}-*"),
            }
            if not folders:
                # A table without rows has no files on Sail.
                (rows,) = connection.execute(
                    f"select count(*) from {schema}.{mart}"
                ).fetchone()
                differences += [f"{mart}: is not there"] if rows else []
                continue
            newest = max(folders, key=lambda folder: folder.stat().st_mtime)
            differences += compare(connection, f"{schema}.{mart}", mart, newest)
    assert not differences, "\n".join(differences)


def compare(
    connection: duckdb.DuckDBPyConnection, ours: str, mart: str, folder: Path
) -> list[str]:
    """Say in sentences where a mart and the Parquet files of another differ."""
    connection.execute(
        "create or replace temp view theirs as "
        f"select * from read_parquet('{folder}/**/*.parquet')"
    )
    columns = [
        name
        for name, *_ in connection.execute(f"describe {ours}").fetchall()
        if name not in OF_A_BUILD.get(mart, ())
    ]
    types = {
        table: dict(
            connection.execute(f"select * from (describe {table})")
            .df()
            .iloc[:, :2]
            .values
        )
        for table in (ours, "theirs")
    }
    found = [
        f"{mart}.{name}: {types[ours][name]} here, {types['theirs'].get(name)} there"
        for name in columns
        if types["theirs"].get(name) != types[ours][name]
    ]
    key, tolerance = columns[0], MODEL_TOLERANCE if mart in MODELLED else SQL_TOLERANCE
    only = connection.execute(
        f"select count(*) from {ours} as a full join theirs as b "
        f"on a.{key} = b.{key} where a.{key} is null or b.{key} is null"
    ).fetchone()[0]
    if only:
        found.append(f"{mart}: {only} keys on one side only")
    # A model's own band is read off random samples, in which the last digit of a
    # parameter can turn a draw: those columns are compared by their nulls only.
    for name in columns[1:]:
        is_drawn = name.startswith("own_")
        is_double = types[ours][name] == "DOUBLE"
        differs = (
            f"{not is_drawn} and "
            f"abs(a.{name} - b.{name}) > {tolerance} * greatest(abs(a.{name}), 1) "
            f"or (a.{name} is null) <> (b.{name} is null)"
            if is_double
            else f"a.{name} is distinct from b.{name}"
        )
        count, here, there = connection.execute(
            f"select count(*), any_value(a.{name}), any_value(b.{name}) "
            f"from {ours} as a join theirs as b on a.{key} = b.{key} where {differs}"
        ).fetchone()
        if count:
            found.append(
                f"{mart}.{name}: {count} rows differ, such as {here!r} and {there!r}"
            )
    return found
