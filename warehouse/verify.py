"""Checks a published build against its manifest: files, rows, content and pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.exports import (
    CSV,
    DATABASE,
    PARQUET,
    PublishedMart,
    columns_of,
    content_hash,
    describe_file,
    overall_hash,
    parquet_relation,
)
from trajectories.warehouse.manifest import MANIFEST
from trajectories.warehouse.publish import SITE
from trajectories.warehouse.quoting import identifier

SHOWN = 5


class VerificationError(Exception):
    """A published folder that isn't what its manifest says, in a sentence."""


def verify(published: Path) -> str:
    """Check a published folder; return a line that says what it holds.

    The link is followed once, so that a build that is published meanwhile does not
    mix with the one that is checked.

    Raises:
        VerificationError: when there is no manifest, or something differs from it.
    """
    folder = published.resolve()
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        differences = [*_file_differences(folder, manifest)]
        differences += [] if differences else _content_differences(folder, manifest)
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        raise VerificationError(
            f"{published} can't be checked: {type(error).__name__}: {error}. It should "
            f"be the folder that a build publishes, with {MANIFEST} in it; 'dbt build' "
            "publishes it anew."
        ) from error
    if differences:
        more = len(differences) - SHOWN
        raise VerificationError(
            f"{published} is not what its {MANIFEST} says: "
            f"{'; '.join(differences[:SHOWN])}{f'; and {more} more' * (more > 0)}. "
            "'dbt build' publishes it anew."
        )
    marts = manifest["marts"]
    files = [file["path"] for mart in marts for file in mart["files"]]
    return (
        f"{published} holds build {manifest['build_id']}, as its manifest says: "
        f"{len(marts)} marts, {sum(mart['rows'] for mart in marts):,} rows, "
        f"{sum(file.startswith(PARQUET) for file in files)} Parquet files; "
        f"hash of all: {manifest['sha256']}"
    )


def _file_differences(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Say which files are missing, changed, or not told of."""
    told = [manifest["database"]]
    told += [file for mart in manifest["marts"] for file in mart["files"]]
    for file in told:
        path = file["path"]
        if not (folder / path).is_file():
            yield f"{path} is missing"
        elif vars(describe_file(folder, path)) != file:
            yield f"{path} has other bytes"
    known = {file["path"] for file in told}
    written = [*(folder / PARQUET).rglob("*.parquet"), *(folder / CSV).rglob("*.csv")]
    for path in sorted(written):
        if (name := path.relative_to(folder).as_posix()) not in known:
            yield f"{name} is not in it"
    for page in sorted((folder / SITE).glob("*.html")):
        if f"Marts {manifest['sha256'][:12]}." not in page.read_text(encoding="utf-8"):
            yield f"{SITE}/{page.name} shows other marts"


def _content_differences(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Say which marts have other rows, in the DuckDB file or in Parquet."""
    marts = [PublishedMart(**mart) for mart in manifest["marts"]]
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        for mart in marts:
            table = identifier(mart.schema, mart.name)
            columns = columns_of(connection, table)
            for relation in (table, parquet_relation(folder, mart.name)):
                rows = connection.execute(f"select count(*) from {relation}").fetchone()
                found = content_hash(connection, relation, columns, mart.order_by)
                if rows != (mart.rows,) or found != mart.sha256:
                    kind = "DuckDB" if relation == table else "Parquet"
                    yield f"{mart.schema}.{mart.name} has other rows in {kind}"
    if overall_hash(marts) != manifest["sha256"]:
        yield "the hash over all marts is another one"
