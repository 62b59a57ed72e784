"""The manifest of a published build: what was read, with what, and what came out."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from trajectories.warehouse.exports import (
    DATABASE,
    PublishedMart,
    describe_file,
    file_hash,
)

MANIFEST = "manifest.json"
OF_A_BUILD = {"build_id", "sha256", "database", "marts"}


def write_manifest(
    folder: Path, head: Mapping[str, Any], marts: Iterable[PublishedMart]
) -> None:
    """Write manifest.json into the folder of a build that holds its marts."""
    content = {
        **head,
        "duckdb_version": duckdb.__version__,
        "database": asdict(describe_file(folder, DATABASE)),
        "marts": [asdict(mart) for mart in marts],
    }
    text = json.dumps(content, indent=2, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def is_build(folder: Path) -> bool:
    """Tell whether a folder carries the manifest of a build of this project."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.keys() >= OF_A_BUILD


def without_folders(location: str) -> str:
    """Take the folders out of a path, or of the paths in an expression."""
    return re.sub(r"""[^'"]*[/\\]""", "", location.rstrip("/\\"))


def describe_input(
    location: str, files: Mapping[str, Iterable[Path]], seeds: Mapping[str, str]
) -> dict[str, Any]:
    """Tell, for the manifest, what a build has read, with a hash over its content.

    `files` are those of each table; without any, `seeds` (name -> checksum) tell the
    sample shop. Without either there is no hash: what a relation held isn't known.
    Folders are not told: they say whose machine it was, and on which day.
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
    text = "\n".join(hashed).encode()
    return {
        "location": without_folders(location),
        "files": read,
        "sha256": hashlib.sha256(text).hexdigest() if hashed else None,
    }


def code_version(folder: Path) -> str | None:
    """Return the git commit of a folder, with '-dirty' for changed files, or None."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(folder: Path, *words: str) -> str:
    """Ask git, which takes no lock for it: a killed build would leave the lock."""
    asked = subprocess.run(
        ["git", "--no-optional-locks", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return asked.stdout.strip()


def project_version() -> str | None:
    """Return the installed version of this project, or None when it isn't installed."""
    try:
        return importlib.metadata.version("customer-trajectories")
    except importlib.metadata.PackageNotFoundError:
        return None
