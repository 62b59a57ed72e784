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
from real_builds import run_child
from spark_servers import (
    INTERPRETED,
    SHORT_QUESTIONS,
    connect_server,
    sail_server,
    standalone_cluster,
)

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
    # Of a schema that is not there when others are built.
    "models/aside.sql": """
        {{ config(schema='aside') }}
        select 1 as one
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
            {{ 'nullif(name, name)' if var('broken', false) else 'name' }} as name,
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
    "models/in_pieces.py": """
        import pyarrow as pa


        def model(dbt, session):
            dbt.config(materialized="table")
            piece = pa.table({"n": [1, 2, 3]})
            return pa.concat_tables([piece, piece.slice(0, 0), piece])
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


# Runs dbt commands one after the other in one process: one start of Spark for all.
RUNNER = """
import json, sys
from dbt.cli.main import dbtRunner

for command in json.loads(sys.argv[1]):
    done = dbtRunner().invoke(["--no-use-colors", *command])
    if not done.success:
        sys.exit(f"dbt {command} failed: {done.exception or ''}")
    if command[0] == "show":
        table = done.result.results[0].agate_table
        rows = [dict(zip(table.column_names, row)) for row in table.rows]
        print("SHOWN " + json.dumps(rows, default=str))
"""


@dataclass(frozen=True)
class Project:
    """A folder with the small project, and the profile that it is built with."""

    folder: Path
    profile: dict

    def dbt(self, *commands: list[str]) -> list[list[dict]]:
        """Run dbt commands in one process; return the rows of each `show`."""
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, json.dumps(commands)],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-9000:] + done.stderr[-3000:]
        lines = done.stdout.splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("SHOWN ")]

    def sentence(self, *command: str, **environment: str) -> str:
        """Return what a failing dbt prints, without line breaks."""
        output = self.folder.with_name("said.txt")
        given = (self.folder, self._environment(**environment), output)
        assert run_child(*given, ["--no-use-colors", *command]), output.read_text()
        return re.sub(r"\s+(\d\d:\d\d:\d\d\s+)?", " ", output.read_text())

    def _environment(self, **variables: str) -> dict[str, str]:
        """Write the profile; return the environment in which dbt finds it."""
        outputs = {"default": {**self.profile, "type": "sparksession"}}
        profiles = {"small": {"target": "default", "outputs": outputs}}
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
        paths = {"PYTHONPATH": str(self.folder / "python")}
        return {**os.environ, **SHORT_QUESTIONS, **paths, **variables}


def show(sql: str) -> list[str]:
    return ["show", "--inline", sql, "--limit", "99"]


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


@pytest.fixture(autouse=True)
def _spark_is_installed() -> None:
    if not (find_spec("pyspark") and find_spec("dbt.adapters.sparksession")):
        missing("The Spark adapter is not installed; run: pip install -e '.[spark]'")


@pytest.fixture
def _java() -> None:
    if not shutil.which("java"):
        missing("Java is not installed; run: apt-get install openjdk-17-jre-headless")


def check_the_whole(project: Project) -> None:
    """Build in two processes, and look at every table."""
    hooked = {"sql": "create table small.hooked (one int) using parquet"}
    project.dbt(["run-operation", "prepare", "--args", json.dumps(hooked)], ["build"])
    people, runs, days, parts, pandas, pieces, hooks = project.dbt(
        ["build"],
        show("select * from {{ ref('people') }} order by id"),
        show("select * from {{ ref('runs_counted') }} order by run"),
        show("select * from {{ ref('days_added') }} order by run"),
        show("select * from {{ ref('parts_overwritten') }} order by part"),
        show("select * from {{ ref('from_pandas') }} order by id"),
        show("select count(*) as n from {{ ref('in_pieces') }}"),
        show("select count(*) as n from small.hooked"),
        ["docs", "generate"],
        ["build", "--full-refresh", "--select", "days_added", "parts_overwritten"],
        ["build", "--empty", "--exclude", "runs_counted+"],
        ["run-operation", "drop_all"],
    )
    assert [row["name"] for row in people] == ["O'Neil", "Zoë 漢字", "two\nlines"]
    assert [row["code"] for row in people] == ["007", "0070", None]
    assert people[0]["note"] == 'a, "b" \\n'
    assert people[2]["note"] == "%s {{ x }}"
    nulls = {name for name, value in people[1].items() if value is None}
    assert nulls == {"born", "score", "is_here", "note"}
    assert [float(people[row]["score"]) for row in (0, 2)] == [1.5, 0.1]
    assert people[0]["is_here"] is True
    assert [int(row["run"]) for row in runs] == [1, 2]
    doubles = [(int(row["run"]), int(row["twice"])) for row in days]
    assert doubles == [(1, 2), (2, 4)]
    kept = [(row["part"], int(row["value"])) for row in parts]
    assert kept == [("kept", 2), ("old", 11)]
    assert (pandas[1]["name"], pandas[1]["score"]) == ("Zoë 漢字", None)
    # Also what comes after a piece without rows.
    assert int(pieces[0]["n"]) == 6
    assert int(hooks[0]["n"]) == 2
    check_types(json.loads((project.folder / "target" / "catalog.json").read_text()))
    strays = ["spark-warehouse", "metastore_db", "derby.log", "artifacts"]
    assert [name for name in strays if (project.folder / name).exists()] == []


def check_types(catalog: dict) -> None:
    """The catalog has every column, with the types that models gave."""
    nodes = catalog["nodes"]
    held = list(nodes["model.small.people_held"]["columns"])
    assert held == ["id", "score", "name", "born", "is_here", "seen_at"]
    columns = nodes["model.small.nothing_typed"]["columns"]
    shown = {"long": "bigint", "integer": "int"}
    # Spark shows an array without its entries' type, Sail with it.
    types = {name: columns[name]["type"].split("<")[0] for name in columns}
    assert {name: shown.get(kind, kind) for name, kind in types.items()} == {
        "n": "bigint",
        "f": "float",
        "l": "array",
        "d": "date",
        "t": "timestamp",
        "s": "string",
        "b": "boolean",
        "x": "decimal(12,3)",
        "nothing": "string",
    }


@pytest.mark.long
def test_sail(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project", {"remote": "set below"})
    packages = project.folder / "python"
    with sail_server(tmp_path / "server", packages) as address:
        project.profile["remote"] = address
        check_the_whole(project)


@pytest.mark.long
@pytest.mark.night
def test_contract_and_model_that_fail_leave_the_old_table(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project", {"remote": "set below"})
    folder = project.folder
    built = ["run", "--select", "people_held", "runs_counted"]
    count = "select count(*) as n from {{ ref('%s') }}"
    with sail_server(tmp_path / "server", folder / "python") as address:
        project.profile["remote"] = address
        hooked = {"sql": "create table small.hooked (one int) using parquet"}
        prepare = ["run-operation", "prepare", "--args", json.dumps(hooked)]
        project.dbt(prepare, ["seed"], built)
        model = folder / "models" / "runs_counted.py"
        model.write_text(model.read_text().replace("known.union(now)", "1 / 0"))
        broken = project.sentence(*built, "--vars", "broken: true")
        held, runs = project.dbt(
            show(count % "people_held"), show(count % "runs_counted")
        )
    assert "small.people_held.name is null; its contract forbids it" in broken
    assert "The Python model runs_counted failed: division by zero" in broken
    assert 'File "models/runs_counted.py", line 11, in model' in broken
    assert (int(held[0]["n"]), int(runs[0]["n"])) == (3, 1)


@pytest.mark.long
@pytest.mark.night
@pytest.mark.usefixtures("_java")
def test_spark_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in INTERPRETED.items():
        monkeypatch.setenv(name, value)
    directory = str(tmp_path / "spark")
    local = {"master": "local[2]", "directory": directory}
    check_the_whole(small_project(tmp_path / "project", local))


@pytest.mark.long
@pytest.mark.night
@pytest.mark.usefixtures("_java")
def test_connect_server(tmp_path: Path) -> None:
    with connect_server(tmp_path / "server") as address:
        check_the_whole(small_project(tmp_path / "project", {"remote": address}))


@pytest.mark.long
@pytest.mark.night
@pytest.mark.usefixtures("_java")
def test_standalone_cluster(tmp_path: Path) -> None:
    """Its worker cannot import the package: it is shipped."""
    config = {"spark.pyspark.python": sys.executable, "spark.executor.memory": "600m"}
    with standalone_cluster(tmp_path / "server") as address:
        given = {"master": address, "directory": str(tmp_path / "spark")}
        project = small_project(tmp_path / "project", {**given, "config": config})
        project.dbt(["build", "--select", "runs_counted+"])
        ((row,),) = project.dbt(show("select run, twice from {{ ref('days_added') }}"))
    assert (int(row["run"]), int(row["twice"])) == (1, 2)


# Kills the Java process above it: the executor. It leaves a mark for each time.
KILLED = """
import os
import signal
import time
from pathlib import Path

MARKS = Path({marks!r})


def parent(process):
    stat = Path(f"/proc/{{process}}/stat").read_text()
    return int(stat.rsplit(")", 1)[1].split()[1])


def counted(batches):
    for batch in batches:
        if len(list(MARKS.iterdir())) < {kills}:
            (MARKS / str(time.time_ns())).touch()
            os.kill(parent(parent(os.getpid())), signal.SIGKILL)
        yield batch


def model(dbt, session):
    dbt.config(materialized="table")
    return session.range(20).mapInArrow(counted, "id bigint")
"""


@pytest.mark.long
@pytest.mark.night
@pytest.mark.usefixtures("_java")
def test_an_executor_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """Killed once, the model is whole; killed always, it fails and its table stays."""
    marks = tmp_path / "marks"
    marks.mkdir()
    config = {"spark.pyspark.python": sys.executable, "spark.executor.memory": "600m"}
    with standalone_cluster(tmp_path / "server") as address:
        given = {"master": address, "directory": str(tmp_path / "spark")}
        project = small_project(tmp_path / "project", {**given, "config": config})
        model = project.folder / "models" / "killed.py"
        model.write_text(KILLED.format(marks=str(marks), kills=1))
        run = ["run", "--select", "killed"]
        count = show("select count(*) as n from {{ ref('killed') }}")
        ((row,),) = project.dbt(run, count)
        assert int(row["n"]) == 20
        assert len(list(marks.iterdir())) >= 1
        model.write_text(KILLED.format(marks=str(marks), kills=99))
        said = project.sentence(*run)
        ((row,),) = project.dbt(count)
    assert re.search("The Python model killed failed: .*Job aborted", said), said
    assert int(row["n"]) == 20


ERRORS = [
    (
        {"master": "local[1]"},
        {"JAVA_HOME": "/nowhere"},
        r"Java was not found in JAVA_HOME \(/nowhere\).* install a JDK 17 .*"
        r"or name a Spark Connect server",
    ),
    (
        {"remote": "sc://127.0.0.1:1"},
        {},
        r"Spark Connect server cannot be reached at 127\.0\.0\.1:1 \(.*\); start it",
    ),
    (
        {"master": "spark://127.0.0.1:1"},
        {},
        r"Spark master cannot be reached at 127\.0\.0\.1:1 \(.*\); start it",
    ),
    (
        {"remote": "http://127.0.0.1"},
        {},
        r"remote is http://127\.0\.0\.1, which is no Spark Connect address",
    ),
    (
        {"master": "local[1]", "packages": ["missing_one"]},
        {},
        r"`packages` name missing_one, which cannot be imported",
    ),
    ({}, {}, r"must name either a `master` .* or a `remote`"),
    (
        {"master": "local[1]", "remote": "sc://127.0.0.1"},
        {},
        r"must name either a `master` .* or a `remote`",
    ),
]


@pytest.mark.parametrize(("profile", "variables", "sentence"), ERRORS)
def test_what_is_missing_is_said(
    profile: dict, variables: dict, sentence: str, tmp_path: Path
) -> None:
    project = small_project(tmp_path / "project", profile)
    if (
        "/nowhere" not in variables.values()
        and str(profile.get("master")) != "local[1]"
    ):
        variables = {"JAVA_HOME": java_stand_in(tmp_path)}
    said = project.sentence("run", "--select", "people_seen", **variables)
    assert re.search(sentence, said), said


def java_stand_in(folder: Path) -> str:
    """A JAVA_HOME that looks like one: what is asked next needs no Java."""
    java = folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\nexit 1\n")
    java.chmod(0o755)
    return str(folder / "java")
