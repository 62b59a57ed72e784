"""PostgreSQL in and out, against a real server: loads, the published schema, faults."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from postgres_server import Server, extension_folder, postgres_server

from warehouse.inputs import INPUT_SCHEMA, InputError, InputReader

MAPPING = """
transactions:
  postgres: public.orders
  columns:
    transaction_id: id
    customer_id: customer
    transaction_date: ordered_on
    list_price: price * pieces
"""
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
        """Read as one build does; return the rows without their numbers, sorted."""
        self.reader = InputReader(lambda: Path(), self.work.cursor)
        rows = self.reader.read(str(self.mapping), table, full_load).read_all()
        return sorted(
            tuple(row.values()) for row in rows.drop_columns("_source_row").to_pylist()
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
            *("7", "00000000-0000-0000-0000-000000000001", "2024-02-01 04:30:00"),
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
def test_a_connection_lost_in_mid_load_leaves_the_rows_of_before(
    orders: Server, tmp_path: Path, full_load: bool
) -> None:
    shop = Shop(tmp_path, INCREMENTAL)
    before = shop.read()
    copied = "select * from raw_files.transactions__copied order by all"
    rows = shop.work.execute(copied).fetchall()
    # The row numbered 300,000 ends the connection over which it is read.
    orders.execute("""
        insert into orders select i, 'n', '2024-04-10', 1, 1, now()
        from generate_series(1000, 400000) as i;
        alter table orders rename to kept;
        create view orders as select
            id + case when id = 300000 and pg_terminate_backend(pg_backend_pid())
                then 1 else 0 end as id,
            customer, ordered_on, price, pieces, changed
        from kept;
        """)
    said = sentence(shop, orders, full_load=full_load)
    assert "couldn't be read to its end: " in said
    assert "What was loaded before stays" in said
    assert shop.work.execute(copied).fetchall() == rows
    orders.execute("drop view orders; alter table kept rename to orders")
    orders.execute("delete from orders where id > 999")
    assert shop.read(full_load) == before


def test_sentence_for_a_missing_extension(
    orders: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.postgres.PACKAGE", "duckdb_extension_not_there")
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
