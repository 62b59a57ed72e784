"""Publishing: whole or not at all, reproducible, never in the way of a reader."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as dataset
import pyarrow.parquet as pq
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials, PluginConfig
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError
from real_builds import PROJECT
from trajectories.warehouse import __main__ as command
from trajectories.warehouse import delivery
from trajectories.warehouse.delivery import DeliveryError, deliver
from trajectories.warehouse.exports import (
    DATABASE,
    Mart,
    PublishError,
    describe_file,
    overall_hash,
)
from trajectories.warehouse.inputs import TABLES, InputError, input_name
from trajectories.warehouse.manifest import MANIFEST, describe_input
from trajectories.warehouse.plugin import INPUT_SCHEMA, Plugin
from trajectories.warehouse.publish import BUILDS, DRAWN, LINK, SITE, publish
from trajectories.warehouse.summary import summarise, time_lines
from trajectories.warehouse.verify import verify

KILLS = PROJECT / "tests" / "python" / "kill_every_step.py"
MARTS = [
    Mart("marts", "fct_orders", ("order_id",), "order_date"),
    Mart("marts", "fct_customer_months", ("customer_id", "month"), "month"),
    Mart("marts", "dim_customers"),
    Mart("audit", "rpt_claims", ("claim_id",)),
]


@pytest.fixture
def work(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(tmp_path / "work.duckdb"))
    fill(connection, 1)
    return connection


def fill(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Make the marts; the rows lie in a random order."""
    connection.execute("create schema if not exists marts")
    connection.execute("create schema if not exists audit")
    connection.execute(f"""
        create or replace table marts.fct_orders as
        select md5(i::varchar) as order_id, i * {version} as amount, [i, i + 1] as pair,
            date '2017-01-01' + (i % 90)::integer as order_date
        from range(50000) t(i) order by random()
        """)
    connection.execute("""
        create or replace table marts.fct_customer_months as
        select i as customer_id, month::date as month, i / 8.0::double as amount,
            case i % 3 when 1 then '' when 2 then 'a "quoted", text' end as note
        from range(1000) t(i), generate_series(
            date '2017-01-01', date '2017-04-01', interval 1 month
        ) u(month)
        order by random()
        """)
    connection.execute(f"""
        create or replace table marts.dim_customers as
        select i % 7 as same, i as customer_id, '{version}' as version
        from range(1000) t(i) order by random()
        """)
    connection.execute(
        f"create or replace table audit.rpt_claims as select 'c' as claim_id, "
        f"{version} as measured_value"
    )


def version_of(build_folder: Path) -> int:
    path = build_folder / LINK / DATABASE
    with duckdb.connect(str(path), read_only=True) as reader:
        row = reader.execute("select measured_value from audit.rpt_claims").fetchone()
    assert row is not None
    return int(row[0])


def assert_whole(build_folder: Path, version: int) -> None:
    """Check the published build against its manifest."""
    assert "4 marts, 55,001 rows, 9 Parquet files" in verify(build_folder / LINK)
    assert version_of(build_folder) == version


def test_a_build_has_everything_at_its_place(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    published = publish(work, tmp_path, MARTS, "one", {"created_at": "today"})
    assert_whole(tmp_path, 1)
    assert (tmp_path / LINK).is_symlink()
    assert not (tmp_path / LINK / f"{DATABASE}.wal").exists()
    manifest = json.loads((tmp_path / LINK / MANIFEST).read_text())
    assert manifest["build_id"] == "one"
    assert manifest["created_at"] == "today"
    assert manifest["sha256"] == published.sha256
    assert [mart["name"] for mart in manifest["marts"]] == [
        "rpt_claims",
        "dim_customers",
        "fct_customer_months",
        "fct_orders",
    ]
    with duckdb.connect(str(tmp_path / LINK / DATABASE), read_only=True) as reader:
        for mart, order in (
            ("fct_orders", "order_date, order_id"),
            ("fct_customer_months", "month, customer_id"),
            ("dim_customers", "all"),
        ):
            rows = reader.execute(f"select * from marts.{mart}").fetchall()
            ordered = f"select * from marts.{mart} order by {order}"
            assert rows == work.execute(ordered).fetchall()
    databases = work.execute(
        "select count(*) from duckdb_databases() where not internal"
    )
    assert databases.fetchone() == (1,)


def test_the_same_rows_give_the_same_bytes(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    first = publish(work, tmp_path, MARTS, "one")
    fill(work, 1)
    work.execute("set threads = 1")
    second = publish(work, tmp_path, reversed(MARTS), "two")
    assert work.execute("select current_setting('threads')").fetchone() == (1,)
    assert first.marts == second.marts
    assert first.sha256 == second.sha256
    work.execute("update marts.fct_orders set amount = 1 where amount = 2")
    third = publish(work, tmp_path, MARTS, "three")
    assert third.sha256 != first.sha256
    assert overall_hash(reversed(third.marts)) == third.sha256


@pytest.mark.long
def test_threads_do_not_change_a_file_of_several_row_groups(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    work.execute("""
        create table marts.large as
        select md5(i::varchar) as large_id, i % 997 * 1.1 as amount,
            date '2017-01-01' + (i % 240)::integer as order_date
        from range(1000000) t(i)
        """)
    published = []
    for threads in (1, 2, 4):
        work.execute(f"set threads = {threads}")
        large = [Mart("marts", "large", ("large_id",), "order_date")]
        published.append(publish(work, tmp_path, large, f"with-{threads}").marts)
    assert published[0] == published[1] == published[2]


# -- Parquet by month ---------------------------------------------------------------


def test_months_are_folders_and_readers_get_the_same_rows_and_types(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    publish(work, tmp_path, MARTS, "one")
    parquet = tmp_path / LINK / "parquet"
    months = {f"month=2017-0{month}-01" for month in (1, 2, 3, 4)}
    assert {path.name for path in (parquet / "fct_customer_months").iterdir()} == months
    for mart in ("fct_customer_months", "fct_orders"):
        folder = parquet / mart
        table = work.table(f"marts.{mart}")
        types = dict(zip(table.columns, table.types, strict=True))
        read = work.sql(f"from read_parquet('{folder}/*/*.parquet')")
        found = dict(zip(read.columns, read.types, strict=True))
        assert found == {**types, "month": "DATE"}
        columns = ", ".join(table.columns)
        expected = table.order("all").fetchall()
        assert read.project(columns).order("all").fetchall() == expected

        by_month = dataset.partitioning(
            pa.schema({"month": pa.date32()}), flavor="hive"
        )
        arrow = pq.read_table(folder, partitioning=by_month)
        assert arrow.schema.field("month").type == pa.date32()
        assert arrow.select(table.columns).schema == table.to_arrow_table().schema
        frame = pd.read_parquet(folder, partitioning=by_month)
        for rows in (arrow, frame):
            read = work.from_arrow(rows) if rows is arrow else work.from_df(rows)
            read = read.project(columns.replace("month", "month::date as month"))
            assert read.order("all").fetchall() == expected
    file = "fct_customer_months/month=2017-01-01/fct_customer_months.parquet"
    assert "month" not in pq.read_schema(parquet / file).names
    order = work.sql(f"from read_parquet('{parquet}/fct_orders/*/*.parquet')")
    assert not order.filter("month <> date_trunc('month', order_date)").fetchall()


def test_a_mart_without_rows_can_still_be_read(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    work.execute("delete from marts.fct_customer_months")
    publish(work, tmp_path, MARTS, "one")
    files = tmp_path / LINK / "parquet/fct_customer_months"
    read = work.sql(f"from '{files}/**/*.parquet'")
    assert read.columns == work.table("marts.fct_customer_months").columns
    assert read.fetchall() == []
    assert "50,000" not in verify(tmp_path / LINK)


def test_rows_without_a_month_are_not_lost(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    work.execute("update marts.fct_orders set order_date = null where amount < 3")
    with pytest.raises(PublishError, match="order_date, which is empty in some rows"):
        publish(work, tmp_path, MARTS, "one")
    assert not (tmp_path / LINK).exists()


# -- The manifest, and what differs from it -------------------------------------------


def test_the_hash_of_a_mart_is_that_of_its_csv(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    quote = '"'
    published = publish(work, tmp_path, MARTS, "one")
    rows = work.execute(
        "from marts.fct_customer_months order by month, customer_id"
    ).fetchall()
    quoted = [
        [
            "" if value is None else f'"{str(value).replace(quote, quote * 2)}"'
            for value in row
        ]
        for row in rows
    ]
    text = "".join(",".join(row) + "\n" for row in quoted)
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert expected in {mart.sha256 for mart in published.marts}


def spoil_a_byte(published: Path) -> None:
    path = published / "parquet/fct_orders/month=2017-02-01/fct_orders.parquet"
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)


def lose_a_file(published: Path) -> None:
    (published / "parquet/dim_customers/dim_customers.parquet").unlink()


def add_a_file(published: Path) -> None:
    months = published / "parquet/fct_orders"
    shutil.copytree(months / "month=2017-02-01", months / "month=2018-02-01")


def change_a_row(published: Path) -> None:
    with duckdb.connect(str(published / DATABASE)) as writer:
        writer.execute("update marts.dim_customers set same = 8 where customer_id = 7")
    tell_of_the_database(published)


def tell_of_the_database(published: Path) -> None:
    manifest = json.loads((published / MANIFEST).read_text())
    manifest["database"] = vars(describe_file(published, DATABASE))
    (published / MANIFEST).write_text(json.dumps(manifest))


def change_the_hash(published: Path) -> None:
    manifest = json.loads((published / MANIFEST).read_text())
    manifest["sha256"] = "0" * 64
    (published / MANIFEST).write_text(json.dumps(manifest))


def draw_another(published: Path) -> None:
    (published / SITE).mkdir()
    (published / SITE / "index.html").write_text("Marts 0123456789ab.")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_a_byte, "month=2017-02-01/fct_orders.parquet has other bytes"),
        (lose_a_file, "parquet/dim_customers/dim_customers.parquet is missing"),
        (add_a_file, "month=2018-02-01/fct_orders.parquet is not in it"),
        (change_a_row, "marts.dim_customers has other rows in DuckDB"),
        (change_the_hash, "the hash over all marts is another one"),
        (draw_another, "site/index.html shows other marts"),
        (lambda published: (published / MANIFEST).unlink(), "can't be checked"),
        (lambda published: (published / MANIFEST).write_text("{"), "can't be checked"),
    ],
)
def test_what_differs_from_the_manifest_is_named(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    sentence: str,
) -> None:
    publish(work, tmp_path, MARTS, "one")
    assert command.main(["verify", str(tmp_path / LINK)]) == 0
    assert "holds build one, as its manifest says" in capsys.readouterr().out
    spoil((tmp_path / LINK).resolve())
    assert command.main(["verify", str(tmp_path / LINK)]) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1
    assert not said.out


# -- Readers, errors, kills -----------------------------------------------------------


def test_a_reader_keeps_the_old_file_and_two_builds_are_kept(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    publish(work, tmp_path, MARTS, "one")
    reader = duckdb.connect(str(tmp_path / LINK / DATABASE), read_only=True)
    query = "select sum(amount) from marts.fct_orders"
    before = reader.execute(query).fetchone()
    for version, build_id in ((2, "two"), (3, "three"), (4, "four")):
        fill(work, version)
        publish(work, tmp_path, MARTS, build_id)
        assert reader.execute(query).fetchone() == before
        assert_whole(tmp_path, version)
    kept = {entry.name for entry in (tmp_path / BUILDS).iterdir()}
    assert kept == {"three", "four"}


def test_an_error_leaves_what_was_published(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    publish(work, tmp_path, MARTS, "one")
    fill(work, 2)
    with pytest.raises(duckdb.CatalogException):
        publish(work, tmp_path, [*MARTS, Mart("marts", "nothing")], "two")
    assert_whole(tmp_path, 1)

    def fail(folder: Path) -> None:
        assert (folder / MANIFEST).exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(work, tmp_path, MARTS, "two", before_swap=fail)
    assert_whole(tmp_path, 1)
    assert {entry.name for entry in (tmp_path / BUILDS).iterdir()} == {"one"}
    publish(work, tmp_path, MARTS, "two")
    assert_whole(tmp_path, 2)


@pytest.mark.long
@pytest.mark.parametrize(
    "start", ["from-nothing", pytest.param("again", marks=pytest.mark.night)]
)
def test_a_kill_at_any_step_leaves_a_whole_build(tmp_path: Path, start: str) -> None:
    """Every line of `warehouse` and every file operation of Python's is a step."""
    killed = subprocess.run(
        [sys.executable, KILLS, tmp_path, start], text=True, stdout=-1, stderr=-2
    )
    assert killed.returncode == 0, killed.stdout
    old, new = map(int, re.findall(r"\d+", killed.stdout))
    assert old > 300
    assert new > 10


# -- Disks and folders that fail ----------------------------------------------------


PUBLISH = """
import resource, sys
from pathlib import Path
import duckdb
from trajectories.warehouse.delivery import DeliveryError, deliver

sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parent)]
from test_publish import request

folder, largest_file = Path(sys.argv[2]), int(sys.argv[3])
connection = duckdb.connect(sys.argv[4])
if largest_file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
try:
    deliver(connection, folder, request("two"), {}, print)
except DeliveryError as error:
    sys.exit(str(error))
"""


def try_to_publish(work: Path, folder: Path, largest_file: int = 0) -> str:
    """Publish in a process of its own, which must fail; return what it says."""
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", PUBLISH, here, folder, str(largest_file), work]
    tried = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert tried.returncode == 1, tried.stdout + tried.stderr
    assert len(tried.stderr.splitlines()) == 1, tried.stderr
    assert f"couldn't be published to {folder / LINK}: " in tried.stderr
    assert "What was published before stays." in tried.stderr
    return tried.stderr


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory, or skip where that isn't allowed."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("Only root, where it may mount, can make a disk that is full.")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def work_file(tmp_path: Path, work: duckdb.DuckDBPyConnection) -> Path:
    work.close()
    return tmp_path / "work.duckdb"


@pytest.mark.parametrize("largest_file", [4_096, 300_000, 2_500_000])
def test_files_that_may_not_grow_end_in_a_sentence(
    tmp_path: Path, work_file: Path, largest_file: int
) -> None:
    folder = tmp_path / "build"
    with duckdb.connect(str(work_file)) as connection:
        publish(connection, folder, MARTS, "one")
    said = try_to_publish(work_file, folder, largest_file)
    assert "Could not write file" in said
    assert "File too large" in said
    assert "DETACH" not in said
    assert_whole(folder, 1)
    assert [path.name for path in (folder / BUILDS).iterdir()] == ["one"]


@pytest.mark.parametrize("left", ["100k", "2m", "4m"])
def test_a_full_disk_ends_in_a_sentence(
    tmp_path: Path, work_file: Path, left: str
) -> None:
    folder = tmp_path / "build"
    with mounted(folder, "size=40m"):
        with duckdb.connect(str(work_file)) as connection:
            publish(connection, folder, MARTS, "one")
        taken = shutil.disk_usage(folder).used
        free = int(left[:-1]) * {"k": 2**10, "m": 2**20}[left[-1]]
        size = f"remount,size={taken + free}"
        subprocess.run(["mount", "-o", size, folder], check=True)
        said = try_to_publish(work_file, folder)
        assert "No space left on device" in said
        assert "DETACH" not in said
        assert_whole(folder, 1)
        assert [path.name for path in (folder / BUILDS).iterdir()] == ["one"]
        subprocess.run(["mount", "-o", "remount,size=40m", folder], check=True)
        with duckdb.connect(str(work_file)) as connection:
            publish(connection, folder, MARTS, "two")
        assert_whole(folder, 1)


def test_a_disk_that_is_read_only_ends_in_a_sentence(
    tmp_path: Path, work_file: Path
) -> None:
    folder = tmp_path / "build"
    with mounted(folder, "size=40m"):
        with duckdb.connect(str(work_file)) as connection:
            publish(connection, folder, MARTS, "one")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert "Read-only file system" in try_to_publish(work_file, folder)
        assert_whole(folder, 1)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_not_published(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "trajectories.dashboards.build_site", lambda *asked, **settings: None
    )
    deliver(work, tmp_path, request(), {}, print)
    work.execute(
        f"update marts.fct_customer_months set amount = '{value}'::double "
        "where customer_id < 2"
    )
    with pytest.raises(DeliveryError) as raised:
        deliver(work, tmp_path, request("two"), {}, print)
    said = str(raised.value)
    assert "marts.fct_customer_months holds no number (NaN or infinity)" in said
    assert "as amount in 8 of 4,000 rows" in said
    assert "before stays" in said
    assert "disk" not in said
    assert_whole(tmp_path, 1)


def test_a_folder_that_is_removed_meanwhile_ends_in_a_sentence(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def remove(published: Path, *_: Any, **__: Any) -> None:
        shutil.rmtree(published.parent)

    publish(work, tmp_path, MARTS, "one")
    monkeypatch.setattr("trajectories.dashboards.build_site", remove)
    with pytest.raises(DeliveryError, match="No such file"):
        deliver(work, tmp_path, request("two"), {}, print)
    assert_whole(tmp_path, 1)
    shutil.rmtree(tmp_path / BUILDS)
    fill(work, 3)
    publish(work, tmp_path, MARTS, "three")
    assert_whole(tmp_path, 3)


def test_one_build_is_published_at_a_time(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    publish(work, tmp_path, MARTS, "one")
    fill(work, 2)

    def publish_another(folder: Path) -> None:
        with pytest.raises(PublishError, match="another build is being published"):
            publish(work.cursor(), tmp_path, MARTS, "two")
        assert folder.is_dir()

    publish(work, tmp_path, MARTS, "three", before_swap=publish_another)
    assert_whole(tmp_path, 2)
    assert os.readlink(tmp_path / LINK) == f"{BUILDS}/three"


def test_what_killed_builds_left_goes_when_the_next_one_starts(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    publish(work, tmp_path, MARTS, "one")
    builds = tmp_path / BUILDS
    for number, name in enumerate(("two", "three", "four.part")):
        shutil.copytree(builds / "one", builds / name)
        os.utime(builds / name, (number, number))
    (builds / f"{LINK}-link").symlink_to("nowhere")

    def look(folder: Path) -> None:
        assert {path.name for path in builds.iterdir()} == {"one", "three", folder.name}

    publish(work, tmp_path, MARTS, "five", before_swap=look)
    assert {path.name for path in builds.iterdir()} == {"one", "five"}


def test_copies_of_a_build_and_of_pages_are_replaced(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    def draw(folder: Path) -> None:
        (folder / SITE).mkdir()
        marts = json.loads((folder / MANIFEST).read_text())["sha256"][:12]
        (folder / SITE / "index.html").write_text(f"{DRAWN} Marts {marts}.")

    publish(work, tmp_path / "there", MARTS, "one", draw=draw)
    for name in (LINK, SITE):
        shutil.copytree(tmp_path / "there" / name, tmp_path / "here" / name)
    publish(work, tmp_path / "here", MARTS, "two", draw=draw)
    assert_whole(tmp_path / "here", 1)
    assert os.readlink(tmp_path / "here" / SITE) == f"{LINK}/{SITE}"
    kept = {path.name for path in (tmp_path / "here" / BUILDS).iterdir()}
    assert kept == {"before-two", "two"}


# -- What is somebody else's ----------------------------------------------------------


def content_of(folder: Path) -> dict[str, str | bytes | None]:
    """Read a folder: where its links lead, what its files hold."""
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(folder.rglob("*"))
    }


OTHERS = [
    ("site/index.html", "<title>My own pages</title>"),
    ("site/nothing.txt", ""),
    ("site", "a file"),
    ("published/orders.csv", "1,2,3"),
    ("published/manifest.json", '{"metadata": {}, "nodes": {}}'),
    ("published/manifest.json", "{"),
    ("published", "a file"),
    ("site", Path("elsewhere")),
    ("published", Path("elsewhere")),
    ("published", Path("nowhere")),
]


@pytest.mark.parametrize(("place", "content"), OTHERS)
@pytest.mark.parametrize("is_first", [True, False])
def test_what_no_build_has_made_is_not_replaced(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    place: str,
    content: str | Path,
    is_first: bool,
) -> None:
    folder = tmp_path / "build"
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "elsewhere" / "mine.txt").write_text("mine")
    if not is_first:
        deliver(work, folder, request("zero"), {}, print)
        (folder / place.split("/")[0]).unlink()
    path = folder / place
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, Path):
        path.symlink_to(content)
    else:
        path.write_text(content)
    before = content_of(folder)
    with pytest.raises(DeliveryError) as raised:
        deliver(work, folder, request("one"), {}, print)
    assert str(folder / place.split("/")[0]) in str(raised.value)
    assert "isn't replaced" in str(raised.value)
    assert "disk" not in str(raised.value)
    assert content_of(folder) == before


def test_what_others_put_beside_the_builds_stays(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    mine = tmp_path / BUILDS / "mine"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    (tmp_path / BUILDS / "todo.txt").write_text("mine")
    (tmp_path / BUILDS / "latest").symlink_to("mine")
    for number in ("one", "two", "three"):
        publish(work, tmp_path, MARTS, number)
    kept = {path.name for path in (tmp_path / BUILDS).iterdir()}
    assert kept == {"mine", "todo.txt", "latest", "two", "three"}
    assert (mine / "notes.txt").read_text() == "mine"


def test_something_that_comes_while_a_build_is_written_is_not_replaced(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    def come(folder: Path) -> None:
        (tmp_path / LINK).mkdir()
        (tmp_path / LINK / "mine.txt").write_text("mine")

    with pytest.raises(PublishError, match="a folder that no build has made"):
        publish(work, tmp_path, MARTS, "one", before_swap=come)
    assert (tmp_path / LINK / "mine.txt").read_text() == "mine"
    assert not list((tmp_path / BUILDS).iterdir())


def test_only_own_leftovers_of_reading_are_cleared(tmp_path: Path) -> None:
    names = ("reading-list", ".trajectories-reading-1")
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    plugin = Plugin("warehouse", {}, credentials(tmp_path, folder=""))
    assert plugin._scratch_folder().parent == tmp_path
    assert [(tmp_path / name).exists() for name in names] == [True, False]


# -- Personal data --------------------------------------------------------------------


def test_personal_columns_are_published_as_nulls(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    work.execute("""
        create or replace table marts.dim_customers as
        select i as customer_id, 'Jane ' || i as "first ""name", '1980-01-01'::date
            as birth_date, i % 2 as same
        from range(1000) t(i)
        """)
    left_out = ('first "name', "birth_date")
    marts = [*MARTS[:2], Mart("marts", "dim_customers", left_out=left_out), MARTS[3]]
    shown = publish(work, tmp_path / "all", MARTS, "one")
    publication = publish(work, tmp_path, marts, "one")
    assert publication.sha256 != shown.sha256
    assert_whole(tmp_path, 1)
    kinds = work.table("marts.dim_customers").types
    relation = f"read_parquet('{tmp_path / LINK}/parquet/dim_customers/*.parquet')"
    work.execute(f"attach '{tmp_path / LINK / DATABASE}' as there (read_only)")
    for table in ("there.marts.dim_customers", relation):
        found = work.sql(f"from {table}")
        assert found.types == kinds
        assert found.aggregate(
            'count("first ""name"), count(birth_date)'
        ).fetchall() == [(0, 0)]
        assert found.aggregate("count(customer_id), sum(same)").fetchall() == [
            (1000, 500)
        ]
    told = json.loads((tmp_path / LINK / MANIFEST).read_text())["marts"]
    assert {mart["name"]: mart["left_out"] for mart in told if mart["left_out"]} == {
        "dim_customers": list(left_out)
    }
    for path in (tmp_path / LINK).resolve().rglob("*"):
        assert path.is_dir() or b"Jane" not in path.read_bytes(), path


def test_a_column_that_orders_a_mart_cannot_be_left_out(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    marts = [Mart("marts", "fct_orders", ("order_id",), left_out=("order_id",))]
    with pytest.raises(PublishError, match="is ordered by order_id, which is personal"):
        publish(work, tmp_path, marts, "one")


@pytest.mark.parametrize(
    ("ids", "is_said"),
    [("'jane.' || i || '@example.com'", True), ("i", False), ("'c@' || i % 9", True)],
)
def test_what_is_left_out_and_ids_that_are_addresses_are_said(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    ids: str,
    is_said: bool,
) -> None:
    work.execute(
        "create or replace table marts.dim_customers as "
        f"select {ids} as customer_id, 'Jane' as name, 'Road' as address "
        "from range(1000) t(i)"
    )
    asking = request()
    asking["marts"][2]["left_out"] = ["name", "address"]
    said: list[str] = []
    deliver(work, tmp_path, asking, {}, said.append)
    (line,) = [line for line in said if "Personal data" in line]
    assert "null in what is published: name, address of dim_customers. " in line
    assert "publish_personal_data" in line
    assert any("ids are mail addresses" in line for line in said) == is_said


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/home/jane/my shop/2026-11-30/", "2026-11-30"),
        ("C:\\Users\\jane\\shop.yml", "shop.yml"),
        ("../../jane/shop.yml", "shop.yml"),
        ("~/shop", "shop"),
        ("data", "data"),
        ("shop.main.orders", "shop.main.orders"),
        (
            "read_csv(['/home/jane/a b.csv', '/home/b.csv'])",
            "read_csv(['a b.csv', 'b.csv'])",
        ),
    ],
)
def test_no_path_of_a_machine_is_published(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    location: str,
    told: str,
) -> None:
    read = tmp_path / "orders.csv"
    read.write_text("a")
    asking = {**request(), "input": location}
    deliver(work, tmp_path / "build", asking, {"transactions": (read,)}, print)
    manifest = json.loads((tmp_path / "build" / LINK / MANIFEST).read_text())
    assert manifest["input"]["location"] == told
    assert (
        paths_in(tmp_path / "build" / LINK, str(tmp_path), "jane", str(PROJECT)) == []
    )


def paths_in(published: Path, *texts: str) -> list[str]:
    """Name the files of a published folder in which one of some texts stands."""
    return [
        path.name
        for path in published.resolve().rglob("*")
        if path.is_file() and any(text.encode() in path.read_bytes() for text in texts)
    ]


# -- What was published, and what must not be -----------------------------------------


def test_a_build_that_was_killed_before_it_was_recorded_is_recorded_by_the_next(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def send(build_id: str) -> None:
        asking = {**request(build_id), "publications": "snapshots.publications"}
        deliver(work, tmp_path, asking, {}, print)

    def recorded() -> list[tuple]:
        return work.execute(
            "from snapshots.publications order by published_at"
        ).fetchall()

    def kill(*_: Any) -> None:
        raise KeyboardInterrupt

    send("one")
    with monkeypatch.context() as patched:
        patched.setattr("trajectories.warehouse.delivery.summarise", kill)
        with pytest.raises(KeyboardInterrupt):
            send("two")
    assert [build_id for build_id, _ in recorded()] == ["one", "two"]
    unpatched, calls = delivery._record, []

    def record_once(*arguments: Any) -> None:
        calls.append(arguments)
        (unpatched if len(calls) == 1 else kill)(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr("trajectories.warehouse.delivery._record", record_once)
        with pytest.raises(KeyboardInterrupt):
            send("three")
    assert os.readlink(tmp_path / LINK) == f"{BUILDS}/three"
    assert [build_id for build_id, _ in recorded()] == ["one", "two"]
    now = work.execute("select now()::timestamptz at time zone 'UTC'").fetchone()
    send("four")
    assert [build_id for build_id, _ in recorded()] == ["one", "two", "three", "four"]
    assert recorded()[2][1] < now[0] < recorded()[3][1]
    send("four-again")
    assert len(recorded()) == 5


@pytest.mark.parametrize(
    ("mart", "reason"),
    [
        ("fct_customer_months", "the orders complete no month yet"),
        ("fct_orders", "no order was accepted"),
    ],
)
def test_an_empty_build_replaces_nothing(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    mart: str,
    reason: str,
) -> None:
    deliver(work, tmp_path, request("one"), {}, print)
    fill(work, 2)
    work.execute(f"delete from marts.{mart}")
    with pytest.raises(DeliveryError) as raised:
        deliver(work, tmp_path, request("two"), {}, print)
    assert f"{mart} has no rows: {reason}. What was published" in str(raised.value)
    assert_whole(tmp_path, 1)


def test_the_input_is_described_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("a")
    first = describe_input("shop", {"transactions": (path,)}, {})
    assert first["files"][0]["name"] == "orders.csv"
    assert first["files"][0]["bytes"] == 1
    path.write_text("b")
    assert describe_input("shop", {"transactions": (path,)}, {}) != first
    sample = describe_input("sample shop", {}, {"raw_orders": "abc"})
    assert sample["sha256"] != describe_input("sample shop", {}, {"raw_orders": "abd"})
    # Nobody has looked at all rows of a relation: a hash would be one of nothing.
    assert describe_input("shop.main.orders", {}, {})["sha256"] is None


def test_a_mart_has_its_name_wherever_the_work_database_has_it(
    tmp_path: Path, work: duckdb.DuckDBPyConnection
) -> None:
    work.execute("create schema dev_marts")
    work.execute("create table dev_marts.t_orders as select 7 as order_id")
    mart = Mart("marts", "fct_orders", relation='"work"."dev_marts"."t_orders"')
    published = publish(work, tmp_path, [mart], "one")
    with duckdb.connect(str(published.folder / DATABASE), read_only=True) as marts:
        assert marts.execute("from marts.fct_orders").fetchall() == [(7,)]
    assert (published.folder / "parquet" / "fct_orders").is_dir()


# -- Delivery and summary -------------------------------------------------------------


def request(build_id: str = "one") -> dict[str, Any]:
    return {
        "build_id": build_id,
        "created_at": "2018-01-01T00:00:00",
        "dbt_version": "1.11",
        "input": "sample shop",
        "smallest_cell": 7,
        "seeds": {},
        "marts": [
            {
                "schema": mart.schema,
                "name": mart.name,
                "key": list(mart.key),
                "partitioned_by": mart.partitioned_by,
            }
            for mart in MARTS
        ],
        "nodes": [
            {"resource_type": "model", "folder": "staging", "seconds": 1.25},
            {"resource_type": "model", "folder": "marts", "seconds": 2},
            {"resource_type": "model", "language": "python", "seconds": 3},
            {"resource_type": "unit_test", "folder": "staging", "seconds": 4},
            {"resource_type": "test", "folder": "staging", "seconds": None},
        ],
    }


@pytest.fixture
def simple_pages(monkeypatch: pytest.MonkeyPatch) -> list[str | int]:
    """Draw one page of one line; return what the pages were to be drawn from."""
    drawn: list[str | int] = []

    def build_site(
        published: Path, site: Path, smallest_cell: int, customer_ids: bool
    ) -> None:
        assert (published.parent / MANIFEST).is_file()
        drawn.extend((published.name, site.name, smallest_cell))
        site.mkdir()
        marts = json.loads((published.parent / MANIFEST).read_text())["sha256"]
        (site / "index.html").write_text(f"Marts {marts[:12]}.")

    monkeypatch.setattr("trajectories.dashboards.build_site", build_site)
    return drawn


def test_a_delivery_publishes_draws_and_says_so(
    tmp_path: Path, work: duckdb.DuckDBPyConnection, simple_pages: list[str | int]
) -> None:
    said: list[str] = []
    publication = deliver(work, tmp_path, request(), {}, said.append)
    assert simple_pages == [DATABASE, SITE, 7]
    assert os.readlink(tmp_path / SITE) == f"{LINK}/{SITE}"
    assert (tmp_path / SITE / "index.html").is_file()
    assert_whole(tmp_path, 1)
    text = "\n".join(said)
    assert publication.sha256 in text
    assert str(tmp_path / LINK / DATABASE) in text
    assert str(tmp_path / "site" / "index.html") in text
    assert "staging 1.2 s, clustering and forecasting 3.0 s, marts 2.0 s" in text


def test_a_failed_delivery_is_a_sentence(
    tmp_path: Path,
    work: duckdb.DuckDBPyConnection,
    simple_pages: list[str | int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = request()
    wrong["marts"][0]["name"] = "fct_nothing"
    with pytest.raises(DeliveryError, match="What was published before stays"):
        deliver(work, tmp_path, wrong, {}, print)
    assert not (tmp_path / LINK).exists()

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no colour")

    deliver(work, tmp_path, request(), {}, print)
    before = (tmp_path / SITE / "index.html").read_text()
    fill(work, 2)
    monkeypatch.setattr("trajectories.dashboards.build_site", fail)
    with pytest.raises(DeliveryError, match="couldn't be drawn: ValueError: no colour"):
        deliver(work, tmp_path, request("two"), {}, print)
    assert_whole(tmp_path, 1)
    assert (tmp_path / SITE / "index.html").read_text() == before


def marts_database(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            create schema marts;
            create table marts.rpt_input_reconciliations as select
                'transactions' as input_table, 20000 as read_rows,
                19000 as accepted_rows, 990 as rejected_rows, 10 as merged_duplicates;
            create table marts.fct_orders as select * from (values
                ('a', date '2017-01-01', 1200.5, false),
                ('a', date '2017-12-31', 34.0, false),
                ('b', date '2017-11-30', -4.25, true)
            ) t(customer_id, order_date, amount, is_return);
            create table marts.fct_segmentation_trials as select * from (values
                ('lifecycle', 4, true, 'Chosen: why.', true),
                ('lifecycle', 3, false, 'Not chosen: why.', false),
                ('value', 2, false, 'Chosen: shuffled orders look the same.', true)
            ) t(segmentation, k, has_structure, reason, is_chosen);
            create table marts.dim_segments as select * from (values
                ('l1', 'lifecycle', 'Loyal Champions'),
                ('l2', 'lifecycle', 'New customers'),
                ('v1', 'value', 'Group 1')
            ) t(segment_id, segmentation, persona);
            create table marts.fct_segment_profiles as select * from (values
                ('lifecycle', 'l1', date '2017-11-01', 9, 1.0, 1.0),
                ('lifecycle', 'l1', date '2017-12-01', 1500, 0.75, 0.9),
                ('lifecycle', 'l2', date '2017-12-01', 500, 0.25, null)
            ) t(segmentation, segment_id, month, customers, customer_share,
                revenue_share);
            create table marts.fct_revenue_forecasts as select
                'stock' as definition, 'total' as segmentation,
                'total' as segment_id, date '2018-01-01' as month, 'prophet' as model,
                1234567.8 as forecast_amount, 1000000.0 as lower_80_amount,
                1500000.0 as upper_80_amount, true as is_published
            """)
    return path


def test_the_summary_says_what_was_found(tmp_path: Path) -> None:
    assert summarise(marts_database(tmp_path / "shop.duckdb")) == [
        "transactions: 20,000 rows read, 19,000 accepted, 990 rejected, 10 merged as "
        "duplicates",
        "2 orders of 1 customers from 2017-01-01 to 2017-12-31, revenue 1,230.25",
        "lifecycle: 4 segments found. Chosen: why.",
        "    Loyal Champions: 1,500 customers (75%), 90% of the latest month's revenue",
        "    New customers: 500 customers (25%), - of the latest month's revenue",
        "value: no segments here. Chosen: shuffled orders look the same.",
        "forecast of the shop's revenue (prophet, 80 % band):",
        "    January 2018: 1,234,568 (1,000,000 to 1,500,000)",
    ]


@pytest.mark.parametrize(
    "mart",
    [
        "rpt_input_reconciliations",
        "fct_orders",
        "fct_segmentation_trials",
        "dim_segments",
        "fct_segment_profiles",
        "fct_revenue_forecasts",
    ],
)
def test_the_summary_leaves_out_what_is_missing(tmp_path: Path, mart: str) -> None:
    path = marts_database(tmp_path / "shop.duckdb")
    whole = summarise(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"drop table marts.{mart}")
    part = summarise(path)
    assert part
    assert len(part) < len(whole)
    assert set(part) <= set(whole)


def test_times_are_added_by_part_of_the_build() -> None:
    assert time_lines([]) == []
    assert time_lines(request()["nodes"]) == [
        "time: staging 1.2 s, clustering and forecasting 3.0 s, marts 2.0 s, "
        "unit tests 4.0 s, tests 0.0 s (some of it side by side)"
    ]


# -- The plugin -----------------------------------------------------------------------


def credentials(path: Path, folder: str = "new", **settings: Any) -> DuckDBCredentials:
    return DuckDBCredentials(
        path=str(path / folder / "work.duckdb"), schema="main", **settings
    )


def test_a_first_run_finds_its_folder_and_the_schema_of_its_sources(
    tmp_path: Path,
) -> None:
    given = credentials(tmp_path)
    plugin = Plugin("warehouse", {}, given)
    plugin.update_connection_config(given, {})
    connection = duckdb.connect(given.path)
    plugin.configure_connection(connection)
    connection.execute(f"create table {INPUT_SCHEMA}.orders (a integer)")
    sources = yaml.safe_load(
        (PROJECT / "models/staging/retail/_retail__sources.yml").read_text()
    )
    assert [source["schema"] for source in sources["sources"]] == [INPUT_SCHEMA]


def test_sources_load_side_by_side_into_a_new_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "orders.csv").write_text(
        "transaction_id,customer_id,transaction_date,list_price\n1,2,3,4\n"
    )

    def load(environment: LocalEnvironment, table: str) -> None:
        config = SourceConfig(
            table, table, INPUT_SCHEMA, None, {"input": str(data)}, []
        )
        environment.load_source("warehouse", config)

    for attempt in range(5):
        plugins = [
            PluginConfig(module="trajectories.warehouse.plugin", alias="warehouse")
        ]
        environment = LocalEnvironment(
            credentials(tmp_path / str(attempt), plugins=plugins)
        )
        held = environment.handle()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda table: load(environment, table), TABLES))  # noqa: B023
        counted = held.cursor().execute(f"from {INPUT_SCHEMA}.transactions").fetchall()
        assert len(counted) == 1
        held.close()


def test_what_is_read_meanwhile_is_said_by_who_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads load two tables; each sentence is said once."""
    said: list[str] = []
    monkeypatch.setattr("trajectories.warehouse.plugin.say", said.append)
    plugin = Plugin("warehouse", {}, credentials(tmp_path))

    class Reader:
        copies: ClassVar[dict[str, str]] = {}
        notes: ClassVar[list[str]] = []

        def read(self, location: str, table: str, *asked: Any) -> None:
            self.copies["transactions"] = "1 of 1 rows loaded."
            self.notes.append("a note") if not self.notes else None

    plugin._reader = Reader()
    for table in ("web_sessions", "transactions"):
        plugin.load(SourceConfig(table, table, INPUT_SCHEMA, None, {"input": "x"}, []))
    assert said == ["Note: a note"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [("name: my shop\n", "my shop"), ("", None), ("name:\n", None)],
)
def test_a_mapping_may_name_its_input(
    tmp_path: Path, content: str, expected: str | None
) -> None:
    mapping = tmp_path / "shop.yml"
    mapping.write_text(f"{content}transactions:\n  path: orders.csv\n")
    (tmp_path / "orders.csv").write_text(
        "transaction_id,customer_id,transaction_date,list_price\n1,2,3,4\n"
    )
    plugin = Plugin("warehouse", {}, credentials(tmp_path, folder=""))

    def load(location: Path, table: str) -> Any:
        asked = {"input": str(location)}
        return plugin.load(SourceConfig(table, table, INPUT_SCHEMA, None, asked, []))

    assert load(mapping, "input_names").to_pylist() == [{"name": expected}]
    assert load(tmp_path, "input_names").to_pylist() == [{"name": None}]
    assert load(mapping, "transactions").read_all().num_rows == 1


def test_a_name_that_is_no_text_ends_in_a_sentence(tmp_path: Path) -> None:
    for name in ("{a: b}", "[a]", "' '", "shop #2"):
        (tmp_path / "shop.yml").write_text(f"name: {name}\n")
        with pytest.raises(InputError, match="but it must be a text"):
            input_name(str(tmp_path / "shop.yml"))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("{{ env_var('SHOP_FILE') }}", "of the environment"),
        ("{{ env_var('SHOP_FOLDER', '') }}/{{ env_var('SHOP_NAME', 'one.yml') }}", "1"),
        ("{{ env_var('NOWHERE') }}", None),
        ("{{ env_var('NOWHERE', 'two.yml' if 1 else '') }}", "2"),
    ],
)
def test_the_input_is_filled_in_from_the_environment(
    written: str, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, own in (("0", "of the environment"), ("one", "'1'"), ("two", "'2'")):
        (tmp_path / f"{file}.yml").write_text(f"name: {own}\n")
    monkeypatch.setenv("SHOP_FILE", "0.yml")
    monkeypatch.setenv("SHOP_FOLDER", ".")
    monkeypatch.delenv("NOWHERE", raising=False)
    assert name_of_input(written, tmp_path) == name


@pytest.mark.parametrize(
    "written", ["{{ var('shop') }}", "{{ shop }}", "{% if", "{{ env_var() }}"]
)
def test_an_input_that_cannot_be_filled_in_ends_in_a_sentence(
    written: str, tmp_path: Path
) -> None:
    with pytest.raises(DbtRuntimeError) as refusal:
        name_of_input(written, tmp_path)
    assert f"The variable input is '{written}', which can't be filled in" in str(
        refusal.value
    )
    assert "{{ env_var('NAME', 'default') }} is known" in str(refusal.value)


def name_of_input(written: str, folder: Path) -> str | None:
    """The name that the plugin reads in the input of a variable."""
    plugin = Plugin("warehouse", {}, credentials(folder))
    source = SourceConfig(
        "input_names", "input_names", "raw", None, {"input": written}, []
    )
    return plugin.load(source)["name"][0].as_py()


# -- The macro, in a small project ----------------------------------------------------


PROJECT_YML = """
name: customer_trajectories
version: 0.1.0
config-version: 2
profile: customer_trajectories
flags: {send_anonymous_usage_stats: false}
vars:
  input: "{{ env_var('TRAJECTORIES_INPUT', '') }}"
  smallest_cell: 7
  customer_ids_on_pages: true
on-run-end: ["{{ publish_build(results) }}"]
models:
  customer_trajectories:
    staging: {+schema: staging, +materialized: view}
    marts:
      +schema: marts
      +access: public
      +materialized: table
      +grants: {select: [bi]}
"""
PROFILES_YML = """
customer_trajectories:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: build/work.duckdb
      threads: 2
      plugins: [{module: trajectories.warehouse.plugin, alias: warehouse}]
"""
SOURCES_YML = """
version: 2
sources:
  - name: files
    schema: raw_files
    config: {meta: {plugin: warehouse, input: "{{ var('input') }}"}}
    tables: [{name: transactions}, {name: customer_addresses}]
"""
MARTS_YML = """
version: 2
models:
  - name: fct_orders
    columns:
      - name: transaction_id
        data_tests: [not_null]
      - name: list_price
        config: {meta: {is_personal: true}}
  - name: dim_people
    config: {contract: {enforced: true}}
    columns:
      - {name: person_id, data_type: integer}
      - name: full_name
        data_type: string
        config: {meta: {is_personal: true}}
"""
MACROS = (
    *("macros/publishing/publish_build.sql", "macros/publishing/deliver_build.sql"),
    *("macros/publishing/personal_columns.sql", "macros/publishing/shown.sql"),
    *("macros/publishing/publications.sql", "macros/engines/apply_grants.sql"),
    "macros/engines/this_package.sql",
)
# As an engine has it that publishes its own tables.
PEOPLE = """
with people as (select 1 as person_id, 'Jane' as full_name),
{{ default__shown('people') }}
select * from shown
"""
ADDRESSES = "select * from {{ source('files', 'customer_addresses') }}"
BASE = "select * from {{ source('files', 'transactions') }}"
ORDERS = "select transaction_id, list_price from {{ ref('base_orders') }}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in {
        "dbt_project.yml": PROJECT_YML,
        "profiles.yml": PROFILES_YML,
        "models/staging/sources.yml": SOURCES_YML,
        "models/staging/base_orders.sql": BASE,
        "models/staging/base_addresses.sql": ADDRESSES,
        "models/marts/fct_orders.sql": ORDERS,
        "models/marts/dim_customers.sql": "select * from {{ ref('base_addresses') }}",
        "models/marts/dim_people.sql": PEOPLE,
        "models/marts/marts.yml": MARTS_YML,
        "models/int_inputs_named.sql": "select '{{ var(\"input\") }}' as input",
        **{name: (PROJECT / name).read_text() for name in MACROS},
        "data/orders.csv": (
            "transaction_id,customer_id,transaction_date,list_price\n1,2,3,4\n"
        ),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


# Its marts are none that pages could be drawn from.
DBT_WITHOUT_PAGES = """
from dbt.cli.main import cli
from trajectories import dashboards

dashboards.build_site = lambda *asked, **settings: None
cli()
"""


def dbt(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DBT_WITHOUT_PAGES, "--no-use-colors", *arguments],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "DBT_PROFILES_DIR": ".",
            "TRAJECTORIES_INPUT": "data",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def said(ran: subprocess.CompletedProcess[str]) -> str:
    """What was printed, with line breaks and dbt's clock taken out."""
    return re.sub(r"\s+(\d\d:\d\d:\d\d\s+)?", " ", ran.stdout)


def asked(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as reader:
        return reader.execute(query).fetchall()


@pytest.mark.long
def test_dbt_publishes_whole_builds_only(project: Path) -> None:
    built = dbt(project, "build")
    assert built.returncode == 0, built.stdout
    assert "Published 3 marts; hash of all: " in built.stdout
    published = project / "build" / LINK
    target = os.readlink(published)
    manifest = json.loads((published / MANIFEST).read_text())
    assert manifest["input"]["location"] == "data"
    assert manifest["input"]["files"][0]["name"] == "orders.csv"
    assert [mart["schema"] for mart in manifest["marts"]] == ["marts"] * 3

    left_out = "null in what is published: full_name of dim_people; list_price of fct"
    assert left_out in said(built)
    assert "Grants" not in built.stdout
    orders = "select list_price from {}.fct_orders"
    people = "from {}.dim_people"
    work = project / "build" / "work.duckdb"
    assert asked(work, orders.format("main_marts")) == [("4",)]
    assert asked(published / DATABASE, orders.format("marts")) == [(None,)]
    assert asked(work, people.format("main_marts")) == [(1, None)]
    (recorded,) = asked(work, "from snapshots.publications")
    assert recorded[0] == manifest["build_id"]

    for arguments, reason in (
        (["build", "--select", "fct_orders"], "a part of the project"),
        (["build", "--exclude-resource-type", "test"], "left out: 0 marts, 1 tests"),
        (["build", "--empty"], None),
    ):
        result = dbt(project, *arguments)
        assert result.returncode == 0, result.stdout
        assert ("Nothing was published" in result.stdout) == bool(reason)
        assert (reason or "") in result.stdout
        assert os.readlink(published) == target

    wanted = dbt(project, "build", "--vars", "publish_personal_data: true")
    assert wanted.returncode == 0, wanted.stdout
    assert "Personal data" not in wanted.stdout
    assert asked(published / DATABASE, orders.format("marts")) == [("4",)]
    assert asked(published / DATABASE, people.format("marts")) == [(1, "Jane")]
    target = os.readlink(published)

    orders = project / "data" / "orders.csv"
    orders.write_text(
        "transaction_id,customer_id,transaction_date,list_price\n,2,3,4\n"
    )
    failed = dbt(project, "build")
    assert failed.returncode == 1
    assert "nodes failed or were skipped (first: not_null" in failed.stdout
    orders.write_text("transaction_id,customer_id,transaction_date\n1,2,3\n")
    failed = dbt(project, "build")
    assert failed.returncode == 1
    assert "orders.csv has no column list_price" in failed.stdout
    assert "Nothing was published" in failed.stdout
    assert os.readlink(published) == target


@pytest.mark.long
def test_a_second_build_into_the_same_folder_ends_in_a_sentence(project: Path) -> None:
    (project / "build").mkdir()
    with duckdb.connect(str(project / "build" / "work.duckdb")):
        refused = dbt(project, "build")
    assert refused.returncode != 0
    assert "work.duckdb can't be opened" in refused.stdout
    assert "wait for the other build" in " ".join(refused.stdout.split())
    assert "Traceback" not in refused.stdout + refused.stderr


@pytest.mark.long
def test_a_site_of_others_ends_a_build_before_it_begins(project: Path) -> None:
    mine = project / "build" / "site" / "index.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("<title>My own pages</title>")
    refused = dbt(project, "build")
    assert refused.returncode != 0
    assert "build/site is a folder that no build has made" in said(refused)
    assert "isn't replaced" in said(refused)
    assert "Nothing was built." in said(refused)
    assert "Traceback" not in refused.stdout + refused.stderr
    assert "START sql" not in refused.stdout
    assert mine.read_text() == "<title>My own pages</title>"
    listed = dbt(project, "show", "--inline", "select 1 as one")
    assert listed.returncode == 0, listed.stdout
