"""The Spark adapter with a small project of its own, on Sail, Spark and a cluster."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from environments import missing
from spark_servers import sail_server

FILES = {
    "dbt_project.yml": """
        name: small
        version: 1.0.0
        config-version: 2
        profile: small
        flags: { send_anonymous_usage_stats: false }
        """,
    "macros/helpers.sql": """
        {% macro prepare(sql) %}
            {% do adapter.create_schema(api.Relation.create(schema=target.schema)) %}
            {% do run_query(sql) %}
        {% endmacro %}

        {% macro drop_all() %}
            {% do adapter.drop_schema(api.Relation.create(schema=target.schema)) %}
        {% endmacro %}
        """,
    "seeds/people.csv": """
        id,name,born,score,is_here,note,code
        1,O'Neil,1990-01-31,1.5,true,"a, ""b"" \\n",007
        2,Zoë 漢字,,,,,0070
        3,"two
        lines",2001-12-24,0.1,false,%s {{ x }},
        """,
    "seeds/people.yml": """
        seeds:
          - name: people
            config: { column_types: { code: string, id: bigint } }
        """,
    "models/people_seen.sql": """
        {{ config(materialized='view') }}
        select id, name, score from {{ ref('people') }}
        """,
    "models/people_held.sql": """
        {{ config(
            materialized='table',
            contract={'enforced': true},
            post_hook="insert into {{ target.schema }}.hooked select 1 as one"
        ) }}
        select
            id,
            score,
            name,
            cast(born as date) as born,
            coalesce(is_here, false) as is_here,
            cast('2020-02-29 23:59:59' as timestamp) as seen_at
        from {{ ref('people') }}
        """,
    "models/models.yml": """
        models:
          - name: people_held
            columns:
              - name: id
                data_type: bigint
                constraints: [{ type: not_null }]
                data_tests: [unique, not_null]
              - { name: score, data_type: double }
              - { name: name, data_type: string, constraints: [{ type: not_null }] }
              - { name: born, data_type: date }
              - { name: is_here, data_type: boolean }
              - { name: seen_at, data_type: timestamp }
        unit_tests:
          - name: test_people_seen
            model: people_seen
            given:
              - input: ref('people')
                rows: [{ id: 5, name: "It's", score: 0.5 }, { id: 6, name: null }]
            expect:
              rows:
                - { id: 5, name: "It's", score: 0.5 }
                - { id: 6, name: null, score: null }
        """,
    "models/runs_counted.py": """
        import pyarrow as pa


        def model(dbt, session):
            dbt.config(materialized="table")
            name = str(dbt.this)
            known = session.table(name) if session.catalog.tableExists(name) else None
            if known is not None:
                run = known.agg({"run": "max"}).collect()[0][0] + 1
                now = session.createDataFrame([(run, [0.5, None])], known.schema)
                return known.union(now)
            schema = {"run": pa.int32(), "path": pa.list_(pa.float64())}
            return pa.table({"run": [1], "path": [[1.0]]}, pa.schema(schema))
        """,
    "models/nothing_typed.py": """
        import datetime
        import pyarrow as pa


        def model(dbt, session):
            dbt.config(materialized="table")
            kinds = {
                "n": pa.int64(), "f": pa.float32(), "l": pa.list_(pa.list_(pa.int32())),
                "d": pa.date32(), "t": pa.timestamp("us"), "s": pa.string(),
                "b": pa.bool_(), "x": pa.decimal128(12, 3), "nothing": pa.null(),
            }
            return pa.schema(kinds).empty_table()
        """,
    "models/from_pandas.py": """
        def model(dbt, session):
            dbt.config(materialized="table")
            people = dbt.ref("people_held").toPandas().sort_values("id")
            session.sql("use schema default")
            return people[["id", "name", "score"]]
        """,
    "models/days_added.py": """
        def doubled(batches):
            import helpers
            import pyarrow as pa

            for batch in batches:
                yield pa.record_batch(
                    [batch["run"], helpers.double(batch["run"])], ["run", "twice"]
                )


        def model(dbt, session):
            dbt.config(materialized="incremental", incremental_strategy="append")
            runs = dbt.ref("runs_counted").select("run")
            if dbt.is_incremental:
                known = session.table(str(dbt.this)).select("run")
                runs = runs.subtract(known)
            return runs.mapInArrow(doubled, "run int, twice int")
        """,
    "models/parts_overwritten.py": """
        def model(dbt, session):
            dbt.config(
                materialized="incremental",
                incremental_strategy="insert_overwrite",
                partition_by="part",
            )
            if not dbt.is_incremental:
                return session.sql(
                    "select * from values (1, 'old'), (2, 'kept') as t (value, part)"
                )
            mine = session.table(str(dbt.this)).filter("part = 'old'")
            return mine.selectExpr("value + 10 as value", "part")
        """,
}
HELPERS = "import pyarrow.compute as pc\n\n\ndef double(a):\n    return pc.add(a, a)\n"


@dataclass(frozen=True)
class Project:
    """A folder with the small project, and the profile that it is built with."""

    folder: Path
    profile: dict

    def dbt(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run dbt, and return what it printed and its exit status."""
        outputs = {"default": {**self.profile, "type": "sparksession"}}
        profiles = {"small": {"target": "default", "outputs": outputs}}
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
        return subprocess.run(
            [Path(sys.executable).parent / "dbt", "--no-use-colors", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder / "python"),
                **environment,
            },
            capture_output=True,
            text=True,
        )

    def show(self, sql: str) -> list[dict]:
        """Return the rows of a query, as dbt shows them."""
        shown = self.dbt(
            "--quiet", "show", "--inline", sql, "--output", "json", "--limit", "99"
        )
        assert shown.returncode == 0, shown.stdout + shown.stderr
        return json.loads(shown.stdout[shown.stdout.index("{") :])["show"]

    def sentence(self, *arguments: str, **environment: str) -> str:
        """Return what a failing dbt prints, without line breaks."""
        failed = self.dbt(*arguments, **environment)
        assert failed.returncode != 0, failed.stdout
        return re.sub(r"\s+", " ", failed.stdout + failed.stderr)


def small_project(folder: Path, profile: dict) -> Project:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [re.sub("^ {8}", "", line) for line in text.strip("\n").split("\n")]
        path.write_text("\n".join(lines).rstrip() + "\n")
    (folder / "python" / "helpers").mkdir(parents=True, exist_ok=True)
    (folder / "python" / "helpers" / "__init__.py").write_text(HELPERS)
    config = {"spark.sql.shuffle.partitions": 2}
    given = {"schema": "small", "threads": 3, "packages": ["helpers"], "config": config}
    return Project(folder, {**given, **profile})


@pytest.fixture(scope="module", autouse=True)
def _spark_is_installed() -> None:
    if not (find_spec("pyspark") and find_spec("dbt.adapters.sparksession")):
        missing("The Spark adapter is not installed; run: pip install -e '.[spark]'")


@pytest.fixture
def _java() -> None:
    if not shutil.which("java"):
        missing("Java is not installed; run: apt-get install openjdk-17-jre-headless")


def check_the_whole(project: Project) -> None:
    """Build twice, and look at every table."""
    hooked = "create table if not exists small.hooked (one int) using parquet"
    made = project.dbt(
        "run-operation", "prepare", "--args", json.dumps({"sql": hooked})
    )
    assert made.returncode == 0, made.stdout + made.stderr
    for _ in range(2):
        built = project.dbt("build")
        assert built.returncode == 0, built.stdout + built.stderr
    assert [path.name for path in project.folder.glob("*derby*")] == []
    assert not (project.folder / "spark-warehouse").exists()
    people = project.show("select * from {{ ref('people') }} order by id")
    assert [row["name"] for row in people] == ["O'Neil", "Zoë 漢字", "two\nlines"]
    assert [row["code"] for row in people] == ["007", "0070", None]
    assert people[0]["note"] == 'a, "b" \\n'
    assert people[2]["note"] == "%s {{ x }}"
    nulls = {key: value for key, value in people[1].items() if value is None}
    assert set(nulls) == {"born", "score", "is_here", "note"}
    assert (people[0]["score"], people[2]["score"]) == (1.5, 0.1)
    assert people[0]["is_here"] is True
    runs = project.show("select * from {{ ref('runs_counted') }} order by run")
    assert [row["run"] for row in runs] == [1, 2]
    days = project.show("select * from {{ ref('days_added') }} order by run")
    assert days == [{"run": 1, "twice": 2}, {"run": 2, "twice": 4}]
    parts = project.show("select * from {{ ref('parts_overwritten') }} order by part")
    assert parts == [{"value": 2, "part": "kept"}, {"value": 11, "part": "old"}]
    pandas = project.show("select * from {{ ref('from_pandas') }} order by id")
    assert pandas[1] == {"id": 2, "name": "Zoë 漢字", "score": None}
    assert project.show("select count(*) as n from small.hooked") == [{"n": 2}]
    documented = project.dbt("docs", "generate")
    assert documented.returncode == 0, documented.stdout
    catalog = json.loads((project.folder / "target" / "catalog.json").read_text())
    columns = catalog["nodes"]["model.small.nothing_typed"]["columns"]
    types = [columns[name]["type"] for name in columns]
    assert types[:2] == ["bigint", "float"] or types[:2] == ["long", "float"]
    held = catalog["nodes"]["model.small.people_held"]["columns"]
    assert list(held) == ["id", "score", "name", "born", "is_here", "seen_at"]
    refreshed = project.dbt("build", "--full-refresh")
    assert refreshed.returncode == 0, refreshed.stdout
    assert len(project.show("select * from {{ ref('days_added') }}")) == 3
    empty = project.dbt("build", "--empty", "--exclude", "runs_counted", "days_added")
    assert empty.returncode == 0, empty.stdout
    dropped = project.dbt("run-operation", "drop_all")
    assert dropped.returncode == 0, dropped.stdout


def test_sail(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project", {"remote": "set below"})
    packages = project.folder / "python"
    with sail_server(tmp_path / "server", packages) as address:
        project.profile["remote"] = address
        check_the_whole(project)


@pytest.mark.long
@pytest.mark.usefixtures("_java")
def test_spark_in_this_process(tmp_path: Path) -> None:
    directory = str(tmp_path / "spark")
    local = {"master": "local[2]", "directory": directory}
    check_the_whole(small_project(tmp_path / "project", local))


@pytest.mark.long
@pytest.mark.usefixtures("_java")
def test_connect_server(tmp_path: Path) -> None:
    with connect_server(tmp_path / "server") as address:
        check_the_whole(small_project(tmp_path / "project", {"remote": address}))
