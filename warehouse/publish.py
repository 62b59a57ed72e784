"""Publishes a build: whole or not at all, and never in the way of a reader.

A build is written into a folder of its own, `.published/<build id>.part`, beside the
ones before it: marts, manifest and pages. When it is complete it is renamed to
`.published/<build id>`, and the link `published` is replaced by one that points to it.
Replacing a link is one step for the file system: a reader who opens `published/...`
gets the old build or the new one, whatever kills this process at whatever moment. A
reader who has the old file open keeps it. `site` is a link to `published/site`, so that
marts and pages change in the same step. The build before is kept, older ones are
removed.

Nothing of others is replaced or removed: a link must lead to a build, a folder must
carry the manifest of one, or be a folder of pages.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.exports import (
    Mart,
    PublishedMart,
    PublishError,
    overall_hash,
    write_marts,
)
from trajectories.warehouse.manifest import is_build, write_manifest

LINK = "published"
SITE = "site"
BUILDS = ".published"
UNFINISHED = ".part"
# What dashboards writes into each page.
DRAWN = '<meta name="generator" content="customer_trajectories">'


@dataclass(frozen=True)
class Publication:
    """What was published: the build's id, its folder, marts and overall hash."""

    build_id: str
    folder: Path
    marts: tuple[PublishedMart, ...]
    sha256: str


def publish(
    connection: duckdb.DuckDBPyConnection,
    build_folder: Path,
    marts: Iterable[Mart],
    build_id: str,
    about: Mapping[str, Any] | None = None,
    draw: Callable[[Path], None] | None = None,
    before_swap: Callable[[Path], None] | None = None,
) -> Publication:
    """Write marts into a new build and make it the published one.

    Args:
        connection: the work database; its tables are read, nothing in it is changed.
        build_folder: folder that holds, or will hold, `published` and `site`.
        marts: the tables, in any order.
        build_id: names the build; must be new.
        about: more for manifest.json: what was read, with which versions.
        draw: called with the folder that holds marts and manifest; puts the pages into
            `site` in it.
        before_swap: called with the complete folder, which is on the disk, before it
            becomes the published one.

    Raises:
        PublishError, duckdb.Error, OSError: when something can't be read or written,
            something of others is in the way, or another build is being published to
            the same folder: what was published before stays.
    """
    check_places(build_folder)
    builds = build_folder / BUILDS
    builds.mkdir(parents=True, exist_ok=True)
    with _alone(builds):
        _remove_leftovers(build_folder)
        unfinished = builds / f"{build_id}{UNFINISHED}"
        unfinished.mkdir()
        try:
            written = write_marts(connection, unfinished, marts)
            publication = Publication(
                build_id, builds / build_id, written, overall_hash(written)
            )
            head = {
                "build_id": build_id,
                **(about or {}),
                "published_at": datetime.now(UTC).isoformat(),
                "sha256": publication.sha256,
            }
            write_manifest(unfinished, head, written)
            if draw is not None:
                draw(unfinished)
            _flush(unfinished, *unfinished.rglob("*"))
            if before_swap is not None:
                before_swap(unfinished)
            check_places(build_folder)
            unfinished.rename(publication.folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _flush(builds)
        before = _swap(build_folder, build_id)
        _flush(build_folder)
        kept = {build_id, before}
        _remove(entry for entry in builds.iterdir() if entry.name not in kept)
    return publication


def check_places(build_folder: Path) -> None:
    """See that what a build replaces in its folder is a build's own.

    Raises:
        PublishError: when `published` or `site` is a file, a folder or a link of
            somebody else.
    """
    builds = Path(os.path.abspath(build_folder / BUILDS))
    for path, is_own_folder in (
        (build_folder / LINK, is_build),
        (build_folder / SITE, _is_drawn),
    ):
        if path.is_symlink():
            target = Path(os.path.abspath(path.parent / os.readlink(path)))
            is_own = (
                builds in target.parents
                or target == build_folder.absolute() / LINK / SITE
            )
            found = f"a link to {os.readlink(path)}"
        elif path.is_dir():
            is_own = is_own_folder(path) or not any(path.iterdir())
            found = "a folder that no build has made"
        else:
            is_own, found = not path.exists(), "a file"
        if not is_own:
            raise PublishError(
                f"{path} is {found}, and isn't replaced: a build would put a link to "
                "what it publishes there. Move it away, or build into another folder "
                "(TRAJECTORIES_BUILD)"
            )


def _is_drawn(folder: Path) -> bool:
    """Tell whether a folder holds pages of this project."""
    try:
        return DRAWN in (folder / "index.html").read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return False


@contextmanager
def _alone(builds: Path) -> Iterator[None]:
    """Hold the folder of builds, so that no other process publishes into it."""
    handle = os.open(builds, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PublishError(
                "another build is being published there at this moment"
            ) from error
        yield
    finally:
        os.close(handle)


def _flush(*paths: Path) -> None:
    """Make sure that files and folders are on the disk."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _swap(build_folder: Path, build_id: str) -> str:
    """Point the links at a build, in one step; return the id of the one before.

    The link of the pages leads through the other one, and so changes with it.
    """
    link, builds = build_folder / LINK, build_folder / BUILDS
    if (builds / build_id / SITE).is_dir():
        aside = builds / f"{SITE}-{build_id}{UNFINISHED}"
        _link(build_folder / SITE, Path(LINK) / SITE, aside)
    before = Path(os.readlink(link)).name if link.is_symlink() else f"before-{build_id}"
    _link(link, Path(BUILDS) / build_id, builds / before)
    return before


def _link(link: Path, target: Path, aside: Path) -> None:
    """Point a link at a folder, in one step; a plain folder in its place goes aside."""
    if link.is_symlink() and Path(os.readlink(link)) == target:
        return
    if link.exists() and not link.is_symlink():
        link.rename(aside)
    coming = aside.parent / _coming(link.name)
    coming.unlink(missing_ok=True)
    coming.symlink_to(target, target_is_directory=True)
    os.replace(coming, link)


def _coming(link: str) -> str:
    """Name a link that is about to take the place of another."""
    return f"{link}-link"


def _remove_leftovers(build_folder: Path) -> None:
    """Remove what killed builds have left: all but what is published and one before."""
    published, builds = (build_folder / LINK).resolve(), build_folder / BUILDS
    others = {path for path in builds.iterdir() if path.resolve() != published}
    whole = {path for path in others if path.suffix != UNFINISHED and is_build(path)}
    before = max(whole, key=lambda path: path.stat().st_mtime, default=None)
    _remove(others - {before})


def _remove(paths: Iterable[Path]) -> None:
    """Remove builds, whole or begun; what can't be removed is left to the next build.

    A build that is being removed is known as such: its manifest may go first.
    """
    for path in list(paths):
        with suppress(OSError):
            if path.is_symlink():
                if path.name in map(_coming, (LINK, SITE)):
                    path.unlink()
            elif path.suffix == UNFINISHED:
                shutil.rmtree(path, ignore_errors=True)
            elif is_build(path):
                going = path.rename(path.with_name(f"{path.name}{UNFINISHED}"))
                shutil.rmtree(going, ignore_errors=True)
