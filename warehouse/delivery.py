"""What happens when every node of a build has passed: publish, draw, record, report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.exports import CSV, DATABASE, PARQUET, Mart, PublishError
from trajectories.warehouse.inputs.server_tables import ServerCopy, describe_copies
from trajectories.warehouse.manifest import (
    MANIFEST,
    code_version,
    describe_input,
    project_version,
)
from trajectories.warehouse.postgres import PostgresError
from trajectories.warehouse.postgres_marts import Destination, Words, replace_schema
from trajectories.warehouse.publish import LINK, SITE, Publication, publish
from trajectories.warehouse.quoting import identifier
from trajectories.warehouse.summary import summarise

# Without rows in them a build says nothing: it must not replace one that does.
KEY_MARTS = {
    "fct_orders": "no order was accepted",
    "fct_customer_months": "the orders complete no month yet",
}


class DeliveryError(Exception):
    """A build that passed but couldn't be published, in a sentence."""


def deliver(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    request: Mapping[str, Any],
    input_files: Mapping[str, tuple[Path, ...]],
    say: Callable[[str], None],
    copies: Mapping[str, ServerCopy] | None = None,
) -> Publication:
    """Publish a build with its pages, and say what was found and where it lies.

    Args:
        connection: the work database.
        build_folder: folder that holds `published` and `site`.
        request: what the macro publish_build hands over: build_id, created_at,
            dbt_version, input, seeds, marts (with the columns that are `left_out`) and
            nodes; postgres_schema and postgres_reader where the marts are published to
            a PostgreSQL server, too; publications, the table of the work database that
            tells which builds were published.
        input_files: the files that were read, by input table.
        say: prints one line.
        copies: what was copied from a PostgreSQL server, by input table.

    Raises:
        DeliveryError: when there is nothing to publish, the pages can't be drawn or the
            build can't be published: what was published before stays.
    """
    published = build_folder / LINK
    try:
        _refuse_nothing(connection, request)
        _record(connection, published, request)
        publication = _publish(
            connection, build_folder, request, input_files, copies or {}
        )
    except PostgresError as error:
        raise DeliveryError(
            f"{error}. What was published before stays, there and in {published}."
        ) from error
    except PublishError as error:
        raise DeliveryError(
            f"The build couldn't be published to {published}: {error}. What was "
            "published before stays."
        ) from error
    except (duckdb.Error, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DeliveryError(
            f"The build couldn't be published to {published}: {reason}. What was "
            "published before stays. Check the disk's space and rights, and build "
            "again."
        ) from error
    try:
        _record(connection, published, request)
    except duckdb.Error as error:
        raise DeliveryError(
            f"The build is published, but {request['publications']} of the work "
            f"database doesn't say so yet: {error}. The next build writes it down."
        ) from error
    for line in summarise(published / DATABASE, request["nodes"]):
        say(line)
    for line in _about_persons(published / DATABASE, publication):
        say(line)
    say(f"Published {len(publication.marts)} marts; hash of all: {publication.sha256}")
    say(f"Marts: {published / DATABASE}")
    say(f"       {published / PARQUET}, hashes in {published / MANIFEST}")
    for file in sorted((published / CSV).glob("*.csv")):
        say(f"       {file}, for campaign tools")
    if request.get("postgres_schema"):
        say(f"       schema {request['postgres_schema']} of the PostgreSQL server")
    if (published / SITE).is_dir():
        say(f"Pages: {build_folder / SITE / 'index.html'}")
    return publication


def _refuse_nothing(
    connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]
) -> None:
    """See that the marts that all others are made of have rows."""
    for mart in request["marts"]:
        if mart["name"] in KEY_MARTS:
            lies = mart.get("relation") or identifier(mart["schema"], mart["name"])
            if not connection.execute(f"select 1 from {lies} limit 1").fetchall():
                raise DeliveryError(
                    f"Nothing was published, for {mart['name']} has no rows: "
                    f"{KEY_MARTS[mart['name']]}. What was published before stays."
                )


def _record(
    connection: duckdb.DuckDBPyConnection, published: Path, request: Mapping[str, Any]
) -> None:
    """Write down what is published, unless that is known.

    Before a build is published, this finds the one before that was killed after it had
    replaced the link and before it was written down. Its time is that of its manifest:
    after its snapshots and before those of any later build.
    """
    path, table = published / MANIFEST, request.get("publications")
    if not table or not path.is_file():
        return
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if "published_at" not in manifest:
        return
    at = datetime.fromisoformat(manifest["published_at"]).astimezone(UTC)
    schema = table.rpartition(".")[0]
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(
        f"create table if not exists {table} (build_id varchar, published_at timestamp)"
    )
    connection.execute(
        f"insert into {table} select $1, $2 "
        f"where $1 not in (select build_id from {table})",
        [manifest["build_id"], at.replace(tzinfo=None)],
    )


def _about_persons(database: Path, publication: Publication) -> Iterator[str]:
    """Say what is left out of the marts, and what is in them all the same."""
    left_out = [
        f"{', '.join(mart.left_out)} of {mart.name}"
        for mart in publication.marts
        if mart.left_out
    ]
    if left_out:
        yield (
            f"Personal data are null in what is published: {'; '.join(left_out)}. To "
            "publish them, set the variable publish_personal_data to true "
            "(docs/personal_data.md)"
        )
    with duckdb.connect(str(database), read_only=True) as reader:
        found = reader.execute(
            "select table_schema, table_name from information_schema.columns "
            "where table_name = 'dim_customers' and column_name = 'customer_id'"
        ).fetchall()
        for relation in found:
            (are_addresses,) = reader.execute(
                "select avg((customer_id::varchar like '%_@_%')::integer) > 0.5 "
                f"from {identifier(*relation)}"
            ).fetchone() or (False,)
            if are_addresses:
                yield (
                    "The customer ids are mail addresses, and ids are published in "
                    "every mart. A mapping file takes pseudonyms instead: "
                    "customer_id: md5(lower(trim(Email))), in every table alike "
                    "(docs/personal_data.md)"
                )


def _publish(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    request: Mapping[str, Any],
    input_files: Mapping[str, tuple[Path, ...]],
    copies: Mapping[str, ServerCopy],
) -> Publication:
    marts = [
        Mart(
            mart["schema"],
            mart["name"],
            tuple(mart["key"]),
            mart.get("partitioned_by", ""),
            mart.get("relation", ""),
            tuple(mart.get("left_out", ())),
            bool(mart.get("is_csv")),
        )
        for mart in request["marts"]
    ]
    about = {
        "created_at": request["created_at"],
        "project_version": project_version(),
        "code_version": code_version(Path(__file__).parent),
        "dbt_version": request["dbt_version"],
        "input": describe_copies(
            describe_input(request["input"], input_files, request["seeds"]), copies
        ),
    }
    smallest_cell = int(request.get("smallest_cell", 5))
    customer_ids = bool(request.get("customer_ids_on_pages", True))
    return publish(
        connection,
        build_folder,
        marts,
        request["build_id"],
        about,
        draw=lambda folder: _draw_pages(folder, smallest_cell, customer_ids),
        before_swap=lambda folder: _publish_to_postgres(folder, request),
    )


def _publish_to_postgres(folder: Path, request: Mapping[str, Any]) -> None:
    """Publish a build to a PostgreSQL server as well, when asked to."""
    if not request.get("postgres_schema"):
        return
    words = {
        mart["name"]: Words(
            mart["description"], mart["columns"], tuple(mart.get("readers", ()))
        )
        for mart in request["marts"]
    }
    destination = Destination(request["postgres_schema"], request["postgres_reader"])
    replace_schema(folder, destination, words)


def _draw_pages(folder: Path, smallest_cell: int, customer_ids: bool) -> None:
    """Draw the pages into a build."""
    from trajectories.dashboards import build_site

    try:
        build_site(
            folder / DATABASE, folder / SITE, smallest_cell, customer_ids=customer_ids
        )
    except Exception as error:
        raise DeliveryError(
            f"Every test has passed, but the pages couldn't be drawn: "
            f"{type(error).__name__}: {error}. Nothing was published; what was "
            "published before stays."
        ) from error
