"""The work database: what is said when it can't, or mustn't, be written to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError
from real_builds import Build, run_build
from trajectories.warehouse.inputs import INPUT_SCHEMA
from trajectories.warehouse.plugin import Plugin
from trajectories.warehouse.work_database import (
    WRITTEN,
    WorkDatabaseError,
    check_work_database,
)

HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "build" / "work.duckdb"
    check_work_database(path, {})
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema {INPUT_SCHEMA}; create schema marts")
        connection.execute(
            "create table marts.a as select md5(i::varchar) as b "
            "from range(100000) t(i)"
        )
    return path


def sentence(path: Path) -> str:
    with pytest.raises(WorkDatabaseError) as raised:
        check_work_database(path, {"autoinstall_known_extensions": False})
    said = str(raised.value)
    assert "\n" not in said
    assert str(path) in said
    return said


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def spoil(start: int, length: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(b"\x5a" * length)

    return write


@pytest.mark.parametrize(
    "damage",
    [
        cut(0.001),
        cut(0),
        spoil(0, 4096),
        spoil(4096, 8192),
        lambda path: path.write_text("order,day\n1,2\n" * 1000),
        lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(4096)),
    ],
)
def test_a_damaged_one_is_to_be_moved_away(
    work: Path, damage: Callable[[Path], None]
) -> None:
    damage(work)
    before = work.read_bytes()
    said = sentence(work)
    assert "damaged, or no database of DuckDB" in said
    assert "move it away, with work.duckdb.wal beside it" in said
    assert "get new ids, and the snapshots" in said
    assert "wait for the other build" not in said
    assert work.read_bytes() == before


@contextmanager
def held(path: Path) -> Iterator[None]:
    command = [sys.executable, "-c", HOLD, str(path)]
    other = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    try:
        yield
    finally:
        other.communicate()


def test_one_in_use_is_to_be_waited_for(work: Path) -> None:
    with held(work):
        said = sentence(work)
    assert "wait for the other build" in said
    assert "damaged" not in said
    check_work_database(work, {})


def test_a_folder_in_its_place_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "work.duckdb").mkdir()
    said = sentence(tmp_path / "work.duckdb")
    assert "Check that it is a file" in said
    assert "damaged" not in said


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            "create schema marts; create table marts.fct_orders as select 1 as a",
            "marts.fct_orders",
        ),
        (
            "create schema staging; create view staging.stg_retail__b as select 1 as a",
            "staging.stg_retail__b",
        ),
        (
            "create schema marts; create table marts.dim_a (i int); create table "
            "marts.fct_b (i int); create table marts.rpt_c (i int); create schema "
            "snapshots; create table snapshots.publications (i int)",
            "marts.dim_a, marts.fct_b, marts.rpt_c and 1 more.",
        ),
    ],
)
def test_tables_of_others_are_not_overwritten(
    tmp_path: Path, statements: str, expected: str
) -> None:
    path = tmp_path / "work.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(statements)
    before = path.read_bytes()
    said = sentence(path)
    assert expected in said
    assert "Nothing in it was touched." in said
    assert path.read_bytes() == before
    given = DuckDBCredentials(path=str(path), schema="main")
    with pytest.raises(DbtRuntimeError, match="tables that no build has made"):
        Plugin("warehouse", {}, given).update_connection_config(given, {})
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema {INPUT_SCHEMA}")
    check_work_database(path, {})


def test_tables_elsewhere_in_it_may_be_read(tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema shop; create table shop.orders (a int)")
        connection.execute("create schema raw; create table raw.orders (a int)")
        connection.execute("create schema marts; create table marts.orders (a int)")
    check_work_database(path, {})


@pytest.mark.long
def test_a_seed_of_an_older_version_is_made_anew(tmp_path: Path, project: Path) -> None:
    def seed() -> Build:
        only = ("--select", "input_findings")
        return run_build(tmp_path / "build", *only, project=project, verb="seed")

    assert seed().returncode == 0
    with duckdb.connect(str(tmp_path / "build" / "work.duckdb")) as connection:
        (name,) = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_name = 'input_findings'"
        ).fetchone()
        connection.execute(f"alter table {name} drop column severity_of_few")
    again = seed()
    assert again.returncode == 0, again.output
    found = again.work(f"select severity_of_few from {name}")
    assert "warning" in set(found["severity_of_few"])


def test_every_table_of_a_build_would_be_seen(small: Build) -> None:
    written = small.work(
        "select table_schema || '.' || table_name as name from "
        "information_schema.tables where table_schema not in ('raw_files', 'reference')"
    )["name"]
    assert len(written) > 100
    assert not [name for name in written if not re.search(WRITTEN, name)]
