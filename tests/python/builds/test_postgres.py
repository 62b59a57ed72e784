"""PostgreSQL in and out, against a real server: loads, the published schema, faults."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from postgres_server import Server, extension_folder, postgres_server
from real_builds import CLEANING, PROJECT, WITHOUT_UNIT_TESTS, Build, run_build
from trajectories.warehouse import postgres_marts
from trajectories.warehouse.delivery import DeliveryError, deliver
from trajectories.warehouse.exports import DATABASE, Mart, columns_of, content_hash
from trajectories.warehouse.inputs import (
    INPUT_SCHEMA,
    TABLES,
    InputError,
    InputReader,
    find_source,
)
from trajectories.warehouse.manifest import MANIFEST
from trajectories.warehouse.postgres import PostgresError, connect_server
from trajectories.warehouse.postgres_marts import Destination, Words, replace_schema
from trajectories.warehouse.publish import publish

MAPPING = """
transactions:
  postgres: public.orders
  columns:
    transaction_id: id
    customer_id: customer
    transaction_date: ordered_on
    list_price: price * pieces
"""
COPIED_ROWS = "select * from raw_files.transactions__copied order by all"
INCREMENTAL = MAPPING.replace(
    "  columns", "  changed_at: changed\n  key: id\n  look_back_days: 2\n  columns"
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with postgres_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def shop(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server with an empty database, to which the environment leads."""
    folder = extension_folder()
    if folder not in sys.path:
        monkeypatch.syspath_prepend(folder)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    again = "drop database {0} with (force);\ncreate database {0}"
    server.execute(again.format(server.database), PGDATABASE="postgres")
    return server


@pytest.fixture
def orders(shop: Server) -> Server:
    """The shop with 1,000 orders of 100 days."""
    shop.execute("""
        create table orders (
            id bigint primary key, customer text, ordered_on date,
            price numeric(10, 2), pieces integer, changed timestamptz
        );
        insert into orders
        select i, 'c' || i % 50, date '2024-01-01' + i / 10, i + 0.25, 1 + i % 3,
            timestamptz '2024-01-01 12:00+00' + i / 10 * interval '1 day'
        from generate_series(0, 999) as i
        """)
    return shop


class Shop:
    """A work database, and a mapping by which a server's tables are read into it."""

    def __init__(self, folder: Path, mapping: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.mapping = folder / "shop.yml"
        self.mapping.write_text(mapping)
        self.work = duckdb.connect(str(folder / "work.duckdb"))
        self.work.execute(f"create schema if not exists {INPUT_SCHEMA}")

    def read(self, full_load: bool = False, table: str = "transactions") -> list[tuple]:
        """Read as one build does; return the rows, sorted.

        Of the columns, those that the mapping names (without: that hold something),
        and `_unreadable`.
        """
        self.reader = InputReader(lambda: Path(), self.work.cursor)
        rows = self.reader.read(str(self.mapping), table, full_load).read_all()
        source = find_source(str(self.mapping), TABLES[table])
        named = [
            name
            for name in TABLES[table].columns
            if (
                name in source.columns if source.columns else rows[name].null_count == 0
            )
        ]
        return sorted(
            tuple(row.values())
            for row in rows.select([*named, "_unreadable"]).to_pylist()
        )

    @property
    def loaded(self) -> int:
        """The rows of transactions that the last build has loaded."""
        return self.reader.copies["transactions"].loaded_rows


# -- In: what is read -----------------------------------------------------------------


def test_typed_columns_become_text_that_loses_nothing(
    shop: Server, tmp_path: Path
) -> None:
    shop.execute("""
        create type size as enum ('small', 'big');
        create table orders as select
            7::smallint as id, uuid '00000000-0000-0000-0000-000000000001' as customer,
            timestamptz '2024-01-31 23:30:00-05' as ordered_on, 0.10::numeric(12, 4) as
            price, 3 as pieces, 'it''s "ä" \\ ' as brand, 'big'::size as size,
            '{"a": 1}'::jsonb as details, null::text as nothing, true as returned,
            1e-7::float8 as cost;
        """)
    more = (
        "    brand: brand\n    product_size: size\n    product_id: details->>'a'\n"
        "    payment_method: nothing\n    is_return: returned\n"
        "    standard_cost: cost\n"
    )
    shop = Shop(tmp_path, MAPPING + more)
    rows = shop.read()
    assert rows == [
        (
            *("7", "00000000-0000-0000-0000-000000000001", "2024-02-01 04:30:00+00"),
            *("0.3000", "1", 'it\'s "ä" \\ ', "big", "0.0000001", None, "true", None),
        )
    ]
    assert shop.reader.copies["transactions"].rows == 1


def test_columns_are_taken_by_name_without_a_mapping(
    shop: Server, tmp_path: Path
) -> None:
    shop.execute("""
        create schema "Old Shop";
        create view "Old Shop"."Web Orders" as select
            1 as "Transaction ID", 2 as customer_id, 3 as transactiondate,
            4 as list_price, 'x' as secret
        """)
    mapping = "transactions: {postgres: Old Shop.Web Orders}"
    shop = Shop(tmp_path, mapping)
    assert shop.read() == [("1", "2", "3", "4", None)]
    copied = shop.work.execute("select * from raw_files.transactions__copied")
    assert "secret" not in [column[0] for column in copied.description or []]


def test_one_row_per_customer_is_the_same_in_any_order(
    shop: Server, tmp_path: Path
) -> None:
    mapping = MAPPING + (
        "\ncustomer_addresses:\n  postgres: people\n  one_row_per: customer_id\n"
        "  columns: {customer_id: customer, country: country}\n"
    )
    shop.execute(
        "create table orders as select 1 as id, 1 as customer, "
        "date '2024-01-01' as ordered_on, 1 as price, 1 as pieces"
    )
    found = []
    for order in ("asc", "desc"):
        shop.execute(f"""
            drop table if exists people;
            create table people as select * from (values
                ('a', 'x'), ('a', 'y'), ('a', 'z'), ('b', 'x'), ('b', 'y'), ('b', 'y')
            ) t(customer, country) order by country {order}
            """)
        found.append(Shop(tmp_path / order, mapping).read(table="customer_addresses"))
    assert found[0] == found[1] == [("a", "x", None), ("b", "y", None)]


# -- In: only what is new -------------------------------------------------------------


CHANGES = {
    "rows added": "insert into orders select i, 'new', '2024-04-10', 1, 1, "
    "'2024-04-10 12:00+00' from generate_series(1000, 1004) as i",
    "rows of before corrected": "update orders set price = 9, "
    "changed = '2024-04-10 13:00+00' where id in (3, 500)",
    "rows corrected within the look-back": "update orders set price = 8 where id = 995",
    "rows deleted within the look-back": "delete from orders where id in (994, 990)",
    "a row without a time": "insert into orders values "
    "(2000, 'c1', '2024-01-01', 1, 1, null)",
    "that row corrected": "update orders set price = 5 where changed is null",
    "a row dated in the future": "insert into orders values "
    "(3000, 'c1', '2024-04-10', 1, 1, '2999-01-01')",
    "a row that comes after it": "insert into orders values "
    "(3001, 'c1', '2024-04-10', 1, 1, now())",
    "the future corrected": "update orders set changed = now() where id = 3000",
    "nothing": "select 1",
}


def test_loading_what_is_new_gives_what_loading_everything_gives(
    orders: Server, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    shop.read()
    assert shop.loaded == 1000
    for number, (name, statement) in enumerate(CHANGES.items()):
        orders.execute(statement)
        rows = shop.read()
        assert shop.loaded < 60, name
        assert rows == Shop(tmp_path / str(number), INCREMENTAL).read(), name


def test_random_histories_end_alike(orders: Server, tmp_path: Path) -> None:
    """Whatever is added, corrected and deleted within the look-back."""
    chance = random.Random(5)
    shop = Shop(tmp_path, INCREMENTAL)
    shop.read()
    for day in range(100, 112):
        at = f"timestamptz '2024-01-01 12:00+00' + {day} * interval '1 day'"
        recent = f"changed >= {at} - interval '47 hours'"
        for _ in range(chance.randrange(1, 5)):
            number = chance.randrange(10_000)
            late = f"{at} - {chance.randrange(47)} * interval '1 hour'"
            orders.execute(
                chance.choice(
                    [
                        f"insert into orders values ({number}, 'n', '2024-02-01', "
                        f"{number}, 1, {late}) on conflict do nothing",
                        f"update orders set price = {number}, changed = {at} "
                        f"where id % 97 = {number % 97}",
                        f"update orders set pieces = pieces + 1 where {recent}",
                        f"delete from orders where {recent} and id % 3 = {number % 3}",
                    ]
                )
            )
        assert shop.read() == Shop(tmp_path / str(day), INCREMENTAL).read(), day


def test_everything_is_loaded_when_asked_for_or_when_it_must_be(
    orders: Server, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    shop.read()
    orders.execute("delete from orders where id = 1")
    assert len(shop.read()) == 1000
    assert shop.loaded < 60
    assert len(shop.read(full_load=True)) == shop.loaded == 999
    shop.mapping.write_text(INCREMENTAL + "    brand: price || 'x'\n")
    assert shop.read()[0][4] == "0.25x"
    assert shop.loaded < 60
    shop.mapping.write_text(INCREMENTAL.replace("pieces", "(pieces / 1)"))
    shop.read()
    assert shop.loaded < 60
    shop.mapping.write_text(MAPPING)
    shop.read()
    assert shop.loaded == 999
    orders.execute("alter table orders alter price type double precision")
    shop.mapping.write_text(INCREMENTAL)
    shop.read()
    assert shop.loaded == 999


def test_a_build_loads_a_table_once(orders: Server, tmp_path: Path) -> None:
    shop = Shop(tmp_path, MAPPING)
    shop.read()
    orders.execute("delete from orders where id > 10")
    again = shop.reader.read(str(shop.mapping), "transactions").read_all()
    assert len(again) == 1000
    assert len(shop.read()) == 11


# -- In: what goes wrong --------------------------------------------------------------


def sentence(shop: Shop, server: Server, **arguments: Any) -> str:
    with pytest.raises(InputError) as raised:
        shop.read(**arguments)
    said = str(raised.value)
    assert server.password not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PGPASSWORD", "wrong", 'password authentication failed for user "builder"'),
        ("PGPORT", "1", "port 1 failed: Connection refused"),
        ("PGDATABASE", "nothing", 'database "nothing" does not exist'),
        ("PGSSLMODE", "disable", "no encryption"),
        ("PGSSLROOTCERT", "/dev/null", "certificate"),
    ],
)
def test_sentence_for_a_server_that_cannot_be_reached(
    orders: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    expected: str,
) -> None:
    monkeypatch.setenv(variable, value)
    said = sentence(Shop(tmp_path, MAPPING), orders)
    assert said.startswith("The PostgreSQL server can't be reached: ")
    assert expected in said
    assert "PGPASSWORD" in said


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_every_tls_mode_is_taken(
    orders: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("PGSSLMODE", mode)
    assert len(Shop(tmp_path, MAPPING).read()) == 1000


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("alter table orders rename to sales", "no table 'public.orders'"),
        ("alter table orders rename price to amount", "has no column 'price'"),
        ("truncate orders", "of the PostgreSQL server has no rows"),
        ("alter table orders rename changed to updated", "names the column 'changed'"),
        (
            "alter table orders alter changed type text",
            "can't be 'changed_at': it is varchar",
        ),
        (
            "alter table orders drop constraint orders_pkey; "
            "insert into orders select * from orders where id = 7",
            "'key' of public.orders (id) doesn't tell its rows apart: 7 is there",
        ),
        (
            "alter table orders alter price type text using 'cheap'",
            "holds text: 'cheap'",
        ),
    ],
)
def test_sentence_for_a_table_that_cannot_be_used(
    orders: Server, tmp_path: Path, statement: str, expected: str
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    shop.read()
    orders.execute(statement)
    assert expected in sentence(shop, orders, full_load=True)


@pytest.mark.parametrize("full_load", [True, False])
def test_a_load_that_fails_at_its_end_leaves_the_rows_of_before(
    orders: Server, tmp_path: Path, full_load: bool
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    shop.read()
    rows = shop.work.execute(COPIED_ROWS).fetchall()
    orders.execute("""
        alter table orders drop constraint orders_pkey;
        insert into orders select * from orders where id = 999
        """)
    assert "999 is there more than once" in sentence(shop, orders, full_load=full_load)
    assert shop.work.execute(COPIED_ROWS).fetchall() == rows


# The row numbered 300,000 ends the connection over which it is read.
CUT = """
    insert into orders select i, 'n', '2024-04-10', 1, 1, now()
    from generate_series(1001, 400000) as i;
    alter table orders rename to kept;
    create view orders as select
        id + case when id = 300000 and pg_terminate_backend(pg_backend_pid())
            then 1 else 0 end as id,
        customer, ordered_on, price, pieces, changed
    from kept
    """


@pytest.mark.parametrize("full_load", [True, False])
def test_a_connection_lost_in_mid_load_leaves_the_rows_of_before(
    orders: Server, tmp_path: Path, full_load: bool
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    before = shop.read()
    rows = shop.work.execute(COPIED_ROWS).fetchall()
    orders.execute(CUT)
    said = sentence(shop, orders, full_load=full_load)
    assert re.search("to its end: [^.]*(SSL|closed|terminat)", said)
    assert "Traceback" not in said
    assert "What was loaded before stays" in said
    assert shop.work.execute(COPIED_ROWS).fetchall() == rows
    orders.execute("drop view orders; alter table kept rename to orders")
    orders.execute("delete from orders where id > 999")
    assert shop.read(full_load) == before


def test_sentence_for_a_missing_extension(
    orders: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "trajectories.warehouse.postgres.PACKAGE", "duckdb_extension_not_there"
    )
    said = sentence(Shop(tmp_path, MAPPING), orders)
    assert "isn't installed" in said
    assert "pip install '.[postgres]'" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{postgres: a, path: b}", "(one of them, not both)"),
        ("{postgres: a, path: b, relation: c}", "(one of them, not all)"),
        ("{path: a, changed_at: b, key: c}", "'changed_at', which only a table of"),
        ("{relation: a, look_back_days: 3}", "'look_back_days', which only a table"),
        ("{postgres: a, changed_at: b}", "'changed_at' alone"),
        ("{postgres: a, key: [b, c]}", "'key' alone"),
        ("{postgres: a, look_back_days: -1}", "'look_back_days: -1', but it must be"),
        ("{postgres: a, look_back_days: soon}", "'look_back_days: soon', but"),
        ("{postgres: '${NOT_SET_ANYWHERE}'}", "no such environment variable"),
    ],
)
def test_sentences_for_mappings(tmp_path: Path, content: str, expected: str) -> None:
    shop = Shop(tmp_path, f"transactions: {content}")
    with pytest.raises(InputError) as raised:
        shop.read()
    assert expected in str(raised.value)


# -- Out: what is published -----------------------------------------------------------


KINDS = """
    select
        'key ' || i as order_id, 'c' || i % 7 as customer_id, {version} as version,
        i::bigint as items, i / 3 as amount, i % 2 = 0 as is_online,
        date '2024-01-01' + i::integer as order_date,
        timestamp '2024-01-01 12:34:56.789' + to_hours(i::integer) as ordered_at,
        case when i % 5 > 0 then 'it''s "ä" \\ ' || chr(10) || i end as note
    from range({rows}) t(i) order by random()
    """
WORDS = {"fct_orders": Words("The shop's orders.", {"amount": "In \\ 'units'."})}
MARTS = [
    Mart("marts", "fct_orders", ("order_id",), "order_date"),
    Mart("audit", "rpt_claims", ("claim_id",)),
]
HERE = Destination("marts", "bi")


def built(
    folder: Path,
    version: int,
    rows: int = 500,
    kinds: str = KINDS,
    marts: Sequence[Mart] = MARTS,
) -> Path:
    """Publish a build of two marts to files; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as work:
        work.execute("set TimeZone = 'UTC'; create schema marts; create schema audit")
        orders = kinds.format(version=version, rows=rows)
        work.execute(f"create table marts.fct_orders as {orders}")
        work.execute(
            "create table audit.rpt_claims as select i::varchar as claim_id, "
            f"{version} as measured_value from range(3) t(i)"
        )
        about = {"created_at": "2024-05-06T07:08:09+00:00"}
        return publish(work, folder, marts, f"build-{version}", about).folder


@pytest.fixture
def reader(shop: Server) -> Iterator[dict[str, str]]:
    """A role that may read; gives the variables by which it connects."""
    password = "only reading"
    shop.execute(f"create role bi login password '{password}'")
    yield {"PGUSER": "bi", "PGPASSWORD": password}
    shop.execute("drop owned by bi cascade; drop role bi")


def versions(server: Server, schema: str = "marts", **role: str) -> set[str]:
    """Read the version that each mart of a schema, and its publication, tells."""
    found = server.execute(
        "begin isolation level repeatable read; "
        f"select distinct version from {schema}.fct_orders "
        f"union all select distinct measured_value from {schema}.rpt_claims "
        f"union all select distinct right(build_id, 1)::int from {schema}.publication; "
        "commit",
        **role,
    )
    return set(found.splitlines())


def schemas(server: Server) -> str:
    return server.execute(
        "select string_agg(nspname, ' ' order by nspname) from pg_namespace "
        "where nspname not like 'pg%' and nspname != 'information_schema'"
    )


def test_the_schema_holds_what_the_file_holds(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    folder = built(tmp_path, 1)
    replace_schema(folder, HERE, WORDS)
    types = shop.execute(
        "select string_agg(column_name || ' ' || data_type, ', ' order by "
        "ordinal_position) from information_schema.columns "
        "where table_schema = 'marts' and table_name = 'fct_orders'"
    )
    assert types == (
        "order_id text, customer_id text, version integer, items bigint, "
        "amount double precision, is_online boolean, order_date date, "
        "ordered_at timestamp without time zone, note text"
    )
    indexes = shop.execute(
        "select indexdef from pg_indexes where tablename = 'fct_orders' order by 1"
    )
    assert "INDEX fct_orders_customer_id_idx ON marts.fct_orders" in indexes
    assert "UNIQUE INDEX fct_orders_pkey" in indexes
    assert shop.execute(
        "select obj_description('marts.fct_orders'::regclass), "
        "col_description('marts.fct_orders'::regclass, 5)"
    ) == ("The shop's orders.|In \\ 'units'.")
    manifest = json.loads((folder / MANIFEST).read_text())
    told = shop.execute(
        "select mart, rows, sha256, build_id, created_at at time zone 'UTC' "
        "from marts.publication order by mart desc",
        **reader,
    )
    assert told.splitlines() == [
        f"{mart['name']}|{mart['rows']}|{mart['sha256']}|build-1|2024-05-06 07:08:09"
        for mart in manifest["marts"]
    ]
    file = duckdb.connect(str(folder / DATABASE), read_only=True)
    with connect_server() as connection:
        for mart in MARTS:
            query = f"select * from {{}}.{mart.name} order by all"
            there = connection.execute(query.format("server.marts")).fetchall()
            assert there == file.execute(query.format(mart.schema)).fetchall()
    assert versions(shop, **reader) == {"1"}
    for forbidden in ("delete from marts.fct_orders", "create table marts.a (b int)"):
        with pytest.raises(RuntimeError, match="permission denied"):
            shop.execute(forbidden, **reader)


def test_a_mart_is_granted_to_roles_of_its_own(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    claims = "select count(*) from marts.rpt_claims"
    orders = "select count(*) from marts.fct_orders"
    build_of = "select count(*) from marts.publication"
    own = {"rpt_claims": Words(readers=("bi",))}
    replace_schema(built(tmp_path, 1), Destination("marts"), own)
    assert [shop.execute(query, **reader) for query in (claims, build_of)] == ["3", "2"]
    with pytest.raises(RuntimeError, match="permission denied"):
        shop.execute(orders, **reader)
    replace_schema(built(tmp_path, 2), HERE, {"fct_orders": Words(readers=("bi",))})
    assert [shop.execute(query, **reader) for query in (claims, orders)] == ["3", "500"]
    with pytest.raises(PostgresError, match='role "nobody" does not exist'):
        replace_schema(
            built(tmp_path, 3), HERE, {"rpt_claims": Words(readers=("nobody",))}
        )
    assert versions(shop, **reader) == {"2"}


def test_personal_columns_are_null_on_the_server_too(
    shop: Server, tmp_path: Path
) -> None:
    marts = [replace(MARTS[0], left_out=("note", "ordered_at")), MARTS[1]]
    replace_schema(built(tmp_path, 1, marts=marts), Destination("marts"), WORDS)
    counted = "select count(note), count(ordered_at), count(*) from marts.fct_orders"
    assert shop.execute(counted) == "0|0|500"
    assert "timestamp" in shop.execute(
        "select data_type from information_schema.columns "
        "where table_schema = 'marts' and column_name = 'ordered_at'"
    )


def test_a_build_replaces_the_one_before(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    replace_schema(built(tmp_path, 1), HERE, {})
    assert schemas(shop) == "marts public"
    other = KINDS.replace("i / 3 as amount", "i / 3 as amount, i::varchar as more")
    replace_schema(built(tmp_path, 2, kinds=other), HERE, {})
    assert schemas(shop) == "marts public"
    assert versions(shop, **reader) == {"2"}
    assert shop.execute("select max(more) from marts.fct_orders", **reader) == "99"
    replace_schema(built(tmp_path, 3, rows=0), Destination("marts"), {})
    assert shop.execute("select count(*) from marts.fct_orders") == "0"
    with pytest.raises(RuntimeError, match="permission denied"):
        versions(shop, **reader)


def test_views_elsewhere_follow_the_marts(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    replace_schema(built(tmp_path, 1), HERE, {})
    shop.execute("""
        create schema reports;
        create view reports."Per customer" with (security_barrier = true) as
        select customer_id, max(version) as version
        from marts.fct_orders inner join marts.rpt_claims on claim_id != order_id
        group by 1;
        create view reports.newest as select max(version) from reports."Per customer";
        grant usage on schema reports to bi; grant select on reports.newest to bi;
        """)
    replace_schema(built(tmp_path, 2), HERE, {})
    assert shop.execute("select * from reports.newest", **reader) == "2"
    assert schemas(shop) == "marts public reports"
    assert "barrier" in shop.execute(
        "select reloptions from pg_class where relname = 'Per customer'"
    )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("create table marts.own (a int)", "there is own, which would be lost"),
        ("create view marts.own as select 1", "there is own, which would be lost"),
        (
            "create materialized view kept as select * from marts.fct_orders",
            "materialized view",
        ),
        (
            "create table notes (id text references marts.fct_orders)",
            "constraint notes_id_fkey on table notes",
        ),
        (
            "create function marts.own() returns int language sql as 'select 1'",
            "function marts.own()",
        ),
        (
            "create function newest(one marts.fct_orders) returns int "
            "language sql as 'select 1'",
            "function newest(marts.fct_orders)",
        ),
        ("create type marts.own as enum ('a')", "type marts.own"),
        ("create domain marts.own as text", "type marts.own"),
        ("create sequence marts.own", "there is own, which would be lost"),
        (
            "create policy own on marts.fct_orders using (true)",
            "policy own on table marts.fct_orders",
        ),
        (
            "create function seen() returns trigger language plpgsql as "
            "'begin return new; end'; create trigger own before insert on "
            "marts.fct_orders for each row execute function seen()",
            "trigger own on table marts.fct_orders",
        ),
    ],
)
def test_nothing_of_others_is_lost(
    shop: Server, tmp_path: Path, statement: str, expected: str
) -> None:
    replace_schema(built(tmp_path, 1), Destination("marts"), {})
    shop.execute(statement)
    with pytest.raises(PostgresError) as raised:
        replace_schema(built(tmp_path, 2), Destination("marts"), {})
    assert expected in str(raised.value)
    assert versions(shop) == {"1"}


@pytest.mark.parametrize("ending", ["", "__next", "__before"])
def test_a_schema_of_others_is_not_touched(
    shop: Server, tmp_path: Path, ending: str
) -> None:
    shop.execute(f"create schema marts{ending}; create table marts{ending}.a (b int)")
    with pytest.raises(PostgresError, match="this project hasn't made"):
        replace_schema(built(tmp_path, 1), Destination("marts"), {})
    assert shop.execute(f"select count(*) from marts{ending}.a") == "0"


# -- Out: readers and kills -----------------------------------------------------------


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_reader_sees_one_build_until_its_transaction_ends(
    shop: Server, reader: dict[str, str], tmp_path: Path, isolation: str
) -> None:
    replace_schema(built(tmp_path, 1), HERE, {})
    folder = built(tmp_path, 2)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(
            shop.execute,
            f"begin isolation level {isolation}; "
            "select 'one', max(version) from marts.fct_orders; select pg_sleep(4); "
            "select 'other', max(measured_value) from marts.rpt_claims; commit;",
            **reader,
        )
        time.sleep(1)
        replace_schema(folder, HERE, {})
        assert reading.done()
        assert {"one|1", "other|1"} <= set(reading.result().splitlines())
    assert versions(shop, **reader) == {"2"}


def test_a_reader_who_stays_is_named(
    shop: Server,
    reader: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trajectories.warehouse.postgres_marts.PATIENCE_SECONDS", 1.0)
    replace_schema(built(tmp_path, 1), HERE, {})
    folder = built(tmp_path, 2)
    with ThreadPoolExecutor() as pool:
        staying = pool.submit(
            shop.execute,
            "begin; select max(version) from marts.fct_orders; select pg_sleep(60)",
            **reader,
        )
        time.sleep(1)
        with pytest.raises(PostgresError, match=r"processes: \d+ of bi\)"):
            replace_schema(folder, HERE, {})
        assert versions(shop) == {"1"}
        end = "select pg_terminate_backend(pid) from pg_stat_activity "
        shop.execute(end + "where usename = 'bi'")
        with pytest.raises(RuntimeError):
            staying.result()
    replace_schema(folder, HERE, {})
    assert versions(shop) == {"2"}


def test_readers_never_see_a_mixture_or_nothing(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    folders = [built(tmp_path / str(number), number) for number in range(1, 7)]
    replace_schema(folders[0], HERE, {})
    seen: list[set[str]] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.is_set():
            seen.append(versions(shop, **reader))

    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(poll) for _ in range(2)]
        for folder in folders[1:]:
            replace_schema(folder, HERE, {})
        stop.set()
        for each in polls:
            each.result()
    assert all(len(found) == 1 for found in seen)
    assert len({str(found) for found in seen}) > 2


KILLED = """
import os, signal, sys
from pathlib import Path
from trajectories.warehouse import postgres_marts
from trajectories.warehouse.delivery import DeliveryError, deliver
from trajectories.warehouse.postgres_marts import Destination, replace_schema

left = int(sys.argv[2])

def count(function):
    def counted(*arguments):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return counted

for name in ("ask", "tell", "_audit", "_drop"):
    setattr(postgres_marts, name, count(getattr(postgres_marts, name)))
replace_schema(Path(sys.argv[1]), Destination("marts", "bi"), {})
"""


@pytest.mark.long
def test_a_kill_at_any_statement_leaves_a_whole_schema(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    folders = {version: built(tmp_path / str(version), version) for version in (1, 2)}
    replace_schema(folders[1], HERE, {})
    shown, statement, killed = "1", 0, True
    while killed:
        statement += 1
        coming = "2" if shown == "1" else "1"
        command = [sys.executable, "-c", KILLED, folders[int(coming)], str(statement)]
        ran = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": f"{PROJECT}:{extension_folder()}"},
            check=False,
        )
        killed = ran.returncode == -signal.SIGKILL
        assert killed or ran.returncode == 0
        found = versions(shop, **reader)
        assert found in ({shown}, {coming}), statement
        (shown,) = found
    assert statement > 15
    assert shown == coming
    assert schemas(shop) == "marts public"


# -- Out: what goes wrong -------------------------------------------------------------


def test_rows_that_the_server_changed_are_not_published(
    shop: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Destination("marts")
    replace_schema(built(tmp_path, 1), here, {})
    write = postgres_marts._index_sql

    def change(schema: str, mart: str, columns: list[str]) -> str:
        changed = f"update {schema}.{mart} set {columns[-1]} = null; "
        return changed + write(schema, mart, columns)

    monkeypatch.setattr("trajectories.warehouse.postgres_marts._index_sql", change)
    with pytest.raises(PostgresError, match="gives other rows of rpt_claims"):
        replace_schema(built(tmp_path, 2), here, {})
    assert versions(shop) == {"1"}


def test_two_builds_at_once(
    shop: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "trajectories.warehouse.postgres_marts.BUILDS_PATIENCE_SECONDS", 0.0
    )
    here = Destination("marts")
    first, second = built(tmp_path / "1", 1), built(tmp_path / "2", 2)
    audit = postgres_marts._audit

    def publish_another(*arguments: Any) -> None:
        monkeypatch.setattr("trajectories.warehouse.postgres_marts._audit", audit)
        with pytest.raises(PostgresError, match="Another build is publishing to the"):
            replace_schema(second, here, {})
        replace_schema(second, Destination("other"), {})

    monkeypatch.setattr("trajectories.warehouse.postgres_marts._audit", publish_another)
    replace_schema(first, here, {})
    assert versions(shop) == {"1"}
    assert versions(shop, "other") == {"2"}


def test_a_role_that_is_not_there_and_a_right_that_is_missing(
    shop: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_schema(built(tmp_path, 1), Destination("marts"), {})
    folder = built(tmp_path, 2)
    with pytest.raises(PostgresError, match=r'role "nobody" does not exist$'):
        replace_schema(folder, Destination("marts", "nobody"), {})
    shop.execute("create role weak login password 'weak'")
    monkeypatch.setenv("PGUSER", "weak")
    monkeypatch.setenv("PGPASSWORD", "weak")
    with pytest.raises(PostgresError, match=r"permission denied for database shop$"):
        replace_schema(folder, Destination("other"), {})
    with pytest.raises(PostgresError, match="permission denied"):
        replace_schema(folder, Destination("marts"), {})
    shop.execute("drop role weak")
    assert versions(shop) == {"1"}
    assert schemas(shop) == "marts public"


def test_a_connection_lost_while_publishing_changes_nothing(
    shop: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Destination("marts")
    replace_schema(built(tmp_path, 1), here, {})
    folder = built(tmp_path, 2)

    def cut(*_: Any) -> str:
        shop.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid != pg_backend_pid() and usename = current_user"
        )
        return ""

    for part in ("_audit", "_index_sql", "_views"):
        with monkeypatch.context() as patched:
            patched.setattr(f"trajectories.warehouse.postgres_marts.{part}", cut)
            with pytest.raises(PostgresError) as raised:
                replace_schema(folder, here, {})
        assert "\n" not in str(raised.value)
        assert versions(shop) == {"1"}
    replace_schema(folder, here, {})
    assert versions(shop) == {"2"}


@pytest.mark.parametrize("name", ["Marts", "my marts", "a;b", "a" * 31, "1a"])
def test_a_schema_has_a_plain_name(name: str) -> None:
    with pytest.raises(PostgresError, match="at most 30 small letters"):
        Destination(name)


def test_a_delivery_publishes_to_both_places_or_to_none(
    shop: Server, reader: dict[str, str], tmp_path: Path
) -> None:
    work = duckdb.connect(str(tmp_path / "work.duckdb"))
    work.execute("create schema marts; create table marts.fct_orders as select 1 as id")
    request = {
        "build_id": "one",
        "created_at": "2024-05-06T07:08:09+00:00",
        "dbt_version": "1.11",
        "input": "shop",
        "seeds": {},
        "marts": [
            {
                **{"schema": "marts", "name": "fct_orders", "key": ["id"]},
                **{"description": "Orders.", "columns": {"id": "The key."}},
            }
        ],
        "nodes": [],
        "postgres_schema": "marts",
        "postgres_reader": "bi",
    }
    said: list[str] = []

    def send(**changes: str) -> None:
        deliver(work, tmp_path, {**request, **changes}, {}, said.append)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("trajectories.dashboards.build_site", lambda *_, **__: None)
        send()
        assert "       schema marts of the PostgreSQL server" in said
        there = "select build_id from marts.publication"
        assert shop.execute(there, **reader) == "one"
        published = tmp_path / "published" / MANIFEST
        before = published.read_text()
        for changes in ({"postgres_reader": "nobody"}, {"postgres_schema": "public"}):
            with pytest.raises(DeliveryError, match="before stays, there and in "):
                send(build_id="two", **changes)
            assert shop.execute(there, **reader) == "one"
            assert published.read_text() == before


# -- Whole builds ---------------------------------------------------------------------


TRIED = ("--select", "base_retail__transactions")


def build(folder: Path, project: Path, *arguments: str, **settings: Any) -> Build:
    """Build as a person does whose environment leads to the server."""
    given = os.environ.get("PYTHONPATH", "")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", extension_folder() + os.pathsep + given)
        return run_build(folder, *arguments, project=project, **settings)


@pytest.mark.long
def test_builds_load_what_is_new_and_keep_it_when_one_fails(
    orders: Server, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = tmp_path / "shop.yml"
    mapping.write_text(INCREMENTAL)
    folder = tmp_path / "b"
    first = build(folder, project, *CLEANING, source=mapping)
    assert first.returncode == 0, first.output[-4000:]
    assert "transactions: 1,000 of 1,000 rows loaded from public.orders" in first.said
    assert first.reconciled().loc["transactions", "accepted_rows"] == 1000
    orders.execute("update orders set price = 1, changed = now() where id < 3")
    second = build(folder, project, *TRIED, source=mapping)
    assert re.search(
        r"transactions: 33 of 1,000 rows loaded .* from 2024-04-07", second.said
    )
    before = second.work(COPIED_ROWS)
    orders.execute("insert into orders values (1000, 'c', now(), 1, 1, now())")
    faults = [
        ({"PGPASSWORD": "wrong word"}, "", "password authentication failed"),
        ({"PGPORT": "1"}, "", "Connection refused"),
        ({}, "alter table orders rename price to amount", "has no column 'price'"),
        ({}, "alter table orders rename amount to price; " + CUT, "to its end: "),
        ({}, "drop view orders", "no table 'public.orders'"),
    ]
    for changed, statement, expected in faults:
        orders.execute(statement)
        with monkeypatch.context() as patched:
            for name, value in changed.items():
                patched.setenv(name, value)
            failed = build(folder, project, *TRIED, source=mapping)
        assert failed.returncode == 1
        assert expected in failed.said
        for secret in (orders.password, "wrong word"):
            assert secret not in failed.output
        assert "Traceback" not in failed.output
        assert failed.work(COPIED_ROWS).equals(before)
    orders.execute(
        "delete from kept where id > 1000; alter table kept rename to orders"
    )
    everything = {"full_load": True}
    third = build(folder, project, *TRIED, source=mapping, variables=everything)
    assert "1,001 of 1,001 rows loaded" in third.said


@pytest.mark.long
def test_variables_name_tables_of_an_attached_server(
    shop: Server, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.execute(
        "create schema sales; create table sales.orders as select i as transaction_id, "
        "i % 9 as customer_id, date '2024-01-01' + i as transaction_date, "
        "1.5 as list_price from generate_series(1, 99) as i"
    )
    live = {"transactions_relation": "shop.sales.orders"}
    target = ("--target", "postgres")
    folder = tmp_path / "b"
    made = build(folder, project, *CLEANING, *target, variables=live)
    assert made.returncode == 0, made.output[-4000:]
    assert made.reconciled().loc["transactions", "accepted_rows"] == 99
    monkeypatch.setenv("PGPASSWORD", "wrong word")
    failed = build(folder, project, *TRIED, *target, variables=live)
    assert failed.returncode != 0
    assert "The PostgreSQL server can't be reached" in failed.said
    assert "wrong word" not in failed.output


@pytest.fixture
def loaded(shop: Server, project: Path) -> Server:
    """A server that holds the small shop, as inputs/postgres.yml reads it."""
    with connect_server(read_only=False) as server:
        for path in sorted((project / "seeds" / "sample").glob("raw_*.csv")):
            table = path.stem.removeprefix("raw_")
            server.execute(
                f"create table server.public.{table} as select *, "
                "row_number() over () as id, timestamptz '2018-01-01' as updated_at "
                f"from read_csv('{path}', all_varchar = true)"
            )
    return shop


@pytest.mark.long
@pytest.mark.night
def test_the_small_shop_in_and_out(
    loaded: Server,
    reader: dict[str, str],
    small: Build,
    tmp_path: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = build(
        tmp_path / "b",
        project,
        *WITHOUT_UNIT_TESTS,
        source="inputs/postgres.yml",
        variables={
            "postgres_schema": "marts",
            "postgres_reader": "bi",
            # As auto takes it of the sample shop.
            "shop_kind": "bicycles",
        },
    )
    assert made.returncode == 0, made.output[-6000:]
    assert "schema marts of the PostgreSQL server" in made.said
    marts = {mart["name"]: mart["sha256"] for mart in made.manifest["marts"]}
    from_seeds = {mart["name"]: mart["sha256"] for mart in small.manifest["marts"]}
    differing = {name for name in marts if marts[name] != from_seeds[name]}
    # A model version's column `input` tells where its data came from, and of what
    # came from a server nobody knows that it was planted.
    planted = {"rpt_planted_kinds", "rpt_change_detection"}
    # The sample's tests are beside its orders, which are all that the server has.
    tests = {
        name
        for name in marts
        if re.search("experiment|campaign", name) and name != "rpt_experiment_findings"
    }
    assert differing == {"dim_model_versions", *planted, *tests}
    for name, value in reader.items():
        monkeypatch.setenv(name, value)
    with connect_server() as server:
        for mart in made.manifest["marts"]:
            table = f"server.marts.{mart['name']}"
            columns = columns_of(server, table)
            found = content_hash(server, table, columns, mart["order_by"])
            assert found == mart["sha256"], mart["name"]
    tables = {table["table"]: table for table in made.manifest["input"]["tables"]}
    assert tables["transactions"]["name"] == "public.transactions"
