"""What happens when every node of a build has passed: publish, draw, report."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.publish import (
    DATABASE,
    LINK,
    MANIFEST,
    Mart,
    Publication,
    code_version,
    describe_input,
    project_version,
    publish,
)
from warehouse.summary import summarise

SITE = "site"


class DeliveryError(Exception):
    """A build that passed but couldn't be published or drawn, in a sentence."""


def deliver(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    request: Mapping[str, Any],
    input_files: Mapping[str, tuple[Path, ...]],
    say: Callable[[str], None],
) -> Publication:
    """Publish a build, draw the pages, and say what was found and where it lies.

    Parameters
    ----------
    connection
        The work database.
    build_folder
        Folder that holds `published` and `site`.
    request
        What the macro publish_build hands over: build_id, created_at, dbt_version,
        input, seeds, marts and nodes.
    input_files
        The files that were read, by input table.
    say
        Prints one line.

    Raises
    ------
    DeliveryError
        When the build can't be published, or the pages can't be drawn.
    """
    try:
        publication = _publish(connection, build_folder, request, input_files)
    except (duckdb.Error, OSError) as error:
        raise DeliveryError(
            f"The build couldn't be published to {build_folder / LINK}: {error}. What "
            "was published before stays. Check the disk's space and rights, and build "
            "again."
        ) from error
    published = build_folder / LINK
    site = build_folder / SITE
    has_pages = importlib.util.find_spec("dashboards") is not None
    if has_pages:
        smallest_cell = int(request.get("smallest_cell", 5))
        _draw_pages(published / DATABASE, site, smallest_cell)
    for line in summarise(published / DATABASE, request["nodes"]):
        say(line)
    say(f"Published {len(publication.marts)} marts; hash of all: {publication.sha256}")
    say(f"Marts: {published / DATABASE}")
    say(f"       {published / 'parquet'}, hashes in {published / MANIFEST}")
    if has_pages:
        say(f"Pages: {site / 'index.html'}")
    return publication


def _publish(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    request: Mapping[str, Any],
    input_files: Mapping[str, tuple[Path, ...]],
) -> Publication:
    marts = [
        Mart(mart["schema"], mart["name"], tuple(mart["key"]))
        for mart in request["marts"]
    ]
    about = {
        "created_at": request["created_at"],
        "project_version": project_version(),
        "code_version": code_version(Path(__file__).parent),
        "dbt_version": request["dbt_version"],
        "input": describe_input(request["input"], input_files, request["seeds"]),
    }
    return publish(connection, build_folder, marts, request["build_id"], about)


def _draw_pages(database: Path, site: Path, smallest_cell: int) -> None:
    from dashboards import build_site

    try:
        build_site(database, site, smallest_cell)
    except Exception as error:
        raise DeliveryError(
            f"The marts were published ({database}), but the pages couldn't be drawn: "
            f"{type(error).__name__}: {error}. The pages of the build before stay. "
            "Draw them again with 'python -m dashboards'."
        ) from error
