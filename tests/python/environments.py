"""Environments of their own, for tools whose versions do not go with the project's."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_once import made_once

PROJECT = Path(__file__).resolve().parents[2]
BROWSER_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ENVIRONMENTS = PROJECT / "build" / "environments"


def missing(reason: str) -> None:
    """Skip a test that lacks something, in a sentence; in CI nothing may lack."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def environment(name: str, with_project: bool = False) -> Path:
    """Return the Python of an environment, made once from requirements/<name>.lock.

    Args:
        name: of the lock file and of the folder in build/environments.
        with_project: install the project into it, too, without its dependencies.

    It is made anew when the lock file has changed, or what is installed of the project.
    """
    lock = PROJECT / "requirements" / f"{name}.lock"

    def make(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
        # A lock holds dependencies, or the project's environment does. Most modules
        # are never imported, and need not be compiled.
        pip += ["install", "--quiet", "--no-deps", "--no-compile"]
        venv = [sys.executable, "-m", "venv", "--without-pip", folder]
        subprocess.run(venv, check=True)
        locked = ["--require-hashes", "--requirement", lock]
        subprocess.run([*pip, *locked], check=True)
        if with_project:
            subprocess.run([*pip, "--editable", PROJECT], check=True)

    given = [lock, *([PROJECT / "setup.py"] if with_project else [])]
    read = b"".join(path.read_bytes() for path in given)
    wanted = hashlib.sha256(read).hexdigest()
    return made_once(ENVIRONMENTS / name, wanted, make) / "bin" / "python"
