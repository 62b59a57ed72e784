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
    """
    publication = publish(
        connection,
        build_folder,
        [
            Mart(mart["schema"], mart["name"], tuple(mart["key"]))
            for mart in request["marts"]
        ],
        request["build_id"],
        {
            "created_at": request["created_at"],
            "project_version": project_version(),
            "code_version": code_version(Path(__file__).parent),
            "dbt_version": request["dbt_version"],
            "input": describe_input(request["input"], input_files, request["seeds"]),
        },
    )
    published = build_folder / LINK
    site = build_folder / SITE
    has_pages = importlib.util.find_spec("dashboards") is not None
    if has_pages:
        from dashboards import build_site

        build_site(published / DATABASE, site)
    for line in summarise(published / DATABASE, request["nodes"]):
        say(line)
    say(f"Published {len(publication.marts)} marts; hash of all: {publication.sha256}")
    say(f"Marts: {published / DATABASE}")
    say(f"       {published / 'parquet'}, hashes in {published / MANIFEST}")
    if has_pages:
        say(f"Pages: {site / 'index.html'}")
    return publication
