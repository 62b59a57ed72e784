"""What happens when every node of a build has passed: publish, draw, report."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.exports import DATABASE, PARQUET, Mart, PublishError
from warehouse.inputs.server_tables import ServerCopy, describe_copies
from warehouse.manifest import MANIFEST, code_version, describe_input, project_version
from warehouse.postgres import PostgresError
from warehouse.postgres_marts import Destination, Words, replace_schema
from warehouse.publish import LINK, SITE, Publication, publish
from warehouse.summary import summarise


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

    Parameters
    ----------
    connection
        The work database.
    build_folder
        Folder that holds `published` and `site`.
    request
        What the macro publish_build hands over: build_id, created_at, dbt_version,
        input, seeds, marts and nodes; postgres_schema and postgres_reader where the
        marts are published to a PostgreSQL server, too.
    input_files
        The files that were read, by input table.
    say
        Prints one line.
    copies
        What was copied from a PostgreSQL server, by input table.

    Raises
    ------
    DeliveryError
        When the pages can't be drawn or the build can't be published: what was
        published before stays.
    """
    published = build_folder / LINK
    try:
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
    for line in summarise(published / DATABASE, request["nodes"]):
        say(line)
    say(f"Published {len(publication.marts)} marts; hash of all: {publication.sha256}")
    say(f"Marts: {published / DATABASE}")
    say(f"       {published / PARQUET}, hashes in {published / MANIFEST}")
    if request.get("postgres_schema"):
        say(f"       schema {request['postgres_schema']} of the PostgreSQL server")
    if (published / SITE).is_dir():
        say(f"Pages: {build_folder / SITE / 'index.html'}")
    return publication


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
    return publish(
        connection,
        build_folder,
        marts,
        request["build_id"],
        about,
        draw=lambda folder: _draw_pages(folder, smallest_cell),
        before_swap=lambda folder: _publish_to_postgres(folder, request),
    )


def _publish_to_postgres(folder: Path, request: Mapping[str, Any]) -> None:
    """Publish a build to a PostgreSQL server as well, when asked to."""
    if not request.get("postgres_schema"):
        return
    words = {
        mart["name"]: Words(mart["description"], mart["columns"])
        for mart in request["marts"]
    }
    destination = Destination(request["postgres_schema"], request["postgres_reader"])
    replace_schema(folder, destination, words)


def _draw_pages(folder: Path, smallest_cell: int) -> None:
    """Draw the pages into a build, where the package that draws them is installed."""
    if importlib.util.find_spec("dashboards") is None:
        return
    from dashboards import build_site

    try:
        build_site(folder / DATABASE, folder / SITE, smallest_cell)
    except Exception as error:
        raise DeliveryError(
            f"Every test has passed, but the pages couldn't be drawn: "
            f"{type(error).__name__}: {error}. Nothing was published; what was "
            "published before stays."
        ) from error
