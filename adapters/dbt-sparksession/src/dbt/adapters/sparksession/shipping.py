"""Python packages on their way to the executors."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

LEFT_BEHIND = ("__pycache__",)
EPOCH = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """A package that cannot be shipped, for a reason said in a sentence."""


def folder_of(package: str) -> Path:
    """Return the folder of an importable package, without importing it.

    Raises:
        PackageError: when it cannot be imported, or is not a folder.
    """
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise PackageError(
            f"The profile's `packages` name {package}, which cannot be imported as a "
            f"package here; install it where dbt is installed, or correct the name."
        )
    return Path(folders[0])


def ship(package: str, add: Callable[[str], None]) -> None:
    """Zip a package and hand the zip's path to `add`.

    The name holds a hash of the content, so that a server that keeps files of
    earlier sessions never takes an old one for a new one.
    """
    folder = folder_of(package)
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not set(path.parts) & set(LEFT_BEHIND)
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    # Executors fetch it from here whenever they start, so it stays until the end.
    folder_of_zip = tempfile.mkdtemp(prefix="dbt-sparksession-")
    atexit.register(shutil.rmtree, folder_of_zip, ignore_errors=True)
    target = Path(folder_of_zip, f"{package}-{digest.hexdigest()[:16]}.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            name = Path(package, path.relative_to(folder)).as_posix()
            archive.writestr(zipfile.ZipInfo(name, EPOCH), path.read_bytes())
    add(str(target))
