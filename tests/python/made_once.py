"""Folders that are made once, however many processes and test suites want them."""

from __future__ import annotations

import fcntl
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import TextIO

MARK = "made-from"
# The locks of what this process uses, by folder: kept until it ends.
_USED: dict[Path, TextIO] = {}


def made_once(folder: Path, made_from: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that is made by whoever wants it first; others wait meanwhile.

    Args:
        folder: where it lies.
        made_from: a text that stands for all that goes into it. A folder that was made
            from another one is stale, and is made anew.
        make: fills the folder, which isn't there then.

    A mark is written last, so that what a killed process has left is no folder. Locks
    are flock's, which end with their process: an exclusive one while the folder is
    made, then a shared one, so that nobody takes away what this process uses. Whoever
    finds another at work looks again: who waited for an exclusive one would wait for
    as long as the other uses what it has made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder not in _USED:
        _USED[folder] = _open_lock(folder)
    busy = _USED[folder]
    mark = folder / MARK
    while True:
        fcntl.flock(busy, fcntl.LOCK_SH)
        if mark.exists() and mark.read_text() == made_from:
            return folder
        try:
            fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(random.uniform(0.1, 0.5))
            continue
        if mark.exists() and mark.read_text() == made_from:
            continue
        try:
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            mark.write_text(made_from)
        except BaseException:
            fcntl.flock(busy, fcntl.LOCK_UN)
            raise


def forget_unused(folders: list[Path]) -> None:
    """Remove folders that were made once, but for those that a process uses."""
    for folder in folders:
        with _open_lock(folder) as busy:
            try:
                fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(folder)


def _open_lock(folder: Path) -> TextIO:
    return folder.with_name(f"{folder.name}.busy").open("w")
