"""Publishes marts: whole or not at all, and never in the way of a reader.

A build is written into a folder of its own, `.published/<build id>.part`, beside the
ones before it. When it is complete it is renamed to `.published/<build id>`, and the
link `published` is replaced by one that points to it. Replacing a link is one step for
the file system: a reader who opens `published/...` gets the old build or the new one,
whatever kills this process at whatever moment. A reader who has the old file open keeps
it. The build before is kept, older ones are removed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

LINK = "published"
BUILDS = ".published"
DATABASE = "trajectories.duckdb"
MANIFEST = "manifest.json"
ALIAS = "publication"
UNFINISHED = ".part"


@dataclass(frozen=True)
class Mart:
    """A table to publish: where it lies, and the columns that order its rows."""

    schema: str
    name: str
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedMart:
    """A published table: its rows, its Parquet file and that file's SHA-256."""

    schema: str
    name: str
    rows: int
    parquet: str
    sha256: str


@dataclass(frozen=True)
class Publication:
    """What was published: the build's id, its folder, marts and overall hash."""

    build_id: str
    folder: Path
    marts: tuple[PublishedMart, ...]
    sha256: str


def _identifier(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def overall_hash(marts: Iterable[PublishedMart]) -> str:
    """Return one SHA-256 over all marts' names, rows and hashes, in order of name."""
    lines = sorted(
        f"{mart.schema}.{mart.name} {mart.rows} {mart.sha256}" for mart in marts
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def publish(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    marts: Iterable[Mart],
    build_id: str,
    about: Mapping[str, Any] | None = None,
    before_swap: Callable[[Path], None] | None = None,
) -> Publication:
    """Write marts into a new build and make it the published one.

    Parameters
    ----------
    connection
        The work database; its tables are read, nothing in it is changed.
    build_folder
        Folder that holds, or will hold, `published`.
    marts
        The tables, in any order.
    build_id
        Names the build; must be new.
    about
        More for manifest.json: what was read, with which versions.
    before_swap
        Called with the complete folder before it becomes the published one.

    Raises
    ------
    duckdb.Error, OSError
        When something can't be read or written: what was published before stays.
    """
    builds = build_folder / BUILDS
    builds.mkdir(parents=True, exist_ok=True)
    _remove(builds.glob(f"*{UNFINISHED}"))
    unfinished = builds / f"{build_id}{UNFINISHED}"
    unfinished.mkdir()
    try:
        written = _write_marts(connection, unfinished, sorted(marts, key=_by_name))
        publication = Publication(
            build_id, builds / build_id, written, overall_hash(written)
        )
        _write_manifest(unfinished / MANIFEST, publication, about or {})
        _flush(unfinished)
        if before_swap is not None:
            before_swap(unfinished)
        unfinished.rename(publication.folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    before = _swap(build_folder, build_id)
    kept = {build_id, before}
    _remove(entry for entry in builds.iterdir() if entry.name not in kept)
    return publication


def _by_name(mart: Mart) -> tuple[str, str]:
    return mart.schema, mart.name


def _write_marts(
    connection: duckdb.DuckDBPyConnection, folder: Path, marts: list[Mart]
) -> tuple[PublishedMart, ...]:
    """Copy marts into a database file and Parquet files, rows in order of their key."""
    work = connection.execute("select current_database()").fetchone()
    database = str(folder / DATABASE).replace("'", "''")
    connection.execute(f"attach '{database}' as {ALIAS}")
    try:
        written = tuple(
            _write_mart(connection, str(work[0]) if work else "", folder, mart)
            for mart in marts
        )
        connection.execute(f"checkpoint {ALIAS}")
    finally:
        connection.execute(f"detach {ALIAS}")
    return written


def _write_mart(
    connection: duckdb.DuckDBPyConnection, work: str, folder: Path, mart: Mart
) -> PublishedMart:
    source = _identifier(work, mart.schema, mart.name)
    target = _identifier(ALIAS, mart.schema, mart.name)
    order = ", ".join(_identifier(name) for name in mart.key) or "all"
    connection.execute(f"create schema if not exists {_identifier(ALIAS, mart.schema)}")
    connection.execute(
        f"create table {target} as select * from {source} order by {order}"
    )
    parquet = Path("parquet") / mart.name / f"{mart.name}.parquet"
    path = folder / parquet
    path.parent.mkdir(parents=True)
    escaped = str(path).replace("'", "''")
    connection.execute(
        f"copy {target} to '{escaped}' (format parquet, compression zstd)"
    )
    counted = connection.execute(f"select count(*) from {target}").fetchone()
    rows = int(counted[0]) if counted else 0
    return PublishedMart(mart.schema, mart.name, rows, str(parquet), file_hash(path))


def _write_manifest(
    path: Path, publication: Publication, about: Mapping[str, Any]
) -> None:
    content = {
        "build_id": publication.build_id,
        **about,
        "duckdb_version": duckdb.__version__,
        "sha256": publication.sha256,
        "marts": [asdict(mart) for mart in publication.marts],
    }
    path.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


def _flush(folder: Path) -> None:
    """Make sure that files and folders are on the disk before they are shown."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _swap(build_folder: Path, build_id: str) -> str | None:
    """Point the link at a build, in one step; return the id of the one before."""
    link = build_folder / LINK
    before = None
    if link.is_symlink():
        before = Path(os.readlink(link)).name
    elif link.exists():
        before = f"before-{build_id}"
        link.rename(build_folder / BUILDS / before)
    new_link = build_folder / BUILDS / f"{LINK}-{build_id}"
    new_link.symlink_to(Path(BUILDS) / build_id, target_is_directory=True)
    os.replace(new_link, link)
    return before


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def describe_input(
    location: str, files: Mapping[str, Iterable[Path]], seeds: Mapping[str, str]
) -> dict[str, Any]:
    """Tell, for the manifest, what a build has read, with a hash over its content.

    `files` are those of each table; without any, `seeds` (name -> checksum) tell the
    sample shop.
    """
    read = [
        {
            "table": table,
            "name": path.name,
            "bytes": path.stat().st_size,
            "sha256": file_hash(path),
        }
        for table in sorted(files)
        for path in files[table]
    ]
    hashed = [f"{entry['table']} {entry['sha256']}" for entry in read] or [
        f"{name} {seeds[name]}" for name in sorted(seeds)
    ]
    return {
        "location": location,
        "files": read,
        "sha256": hashlib.sha256("\n".join(hashed).encode()).hexdigest(),
    }


def code_version(folder: Path) -> str | None:
    """Return the git commit of a folder, with '-dirty' for changed files, or None."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip() or None


def project_version() -> str | None:
    """Return the installed version of this project, or None when it isn't installed."""
    try:
        return importlib.metadata.version("customer-trajectories")
    except importlib.metadata.PackageNotFoundError:
        return None
