"""Publishes again and again, killed one step later each time, until one is done.

A program for test_publish.py: ``python kill_every_step.py folder from-nothing|again``.
A step is a line of the package `warehouse` or a file operation of Python's below it.
Each time starts from the same folder: an empty one, or one with two builds and what
killed ones have left. After each kill, what is published must be whole, and the build
before or the new one. It prints how many kills left the build before, and how many the
new one.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
from trajectories.warehouse.exports import DATABASE, Mart
from trajectories.warehouse.manifest import MANIFEST
from trajectories.warehouse.publish import BUILDS, LINK, SITE, publish
from trajectories.warehouse.verify import verify

from trajectories import warehouse

PACKAGE = str(Path(warehouse.__file__).parent)
FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir"}
MARTS = [
    Mart("marts", "fct_customer_months", ("customer_id",), "month"),
    Mart("audit", "rpt_claims", ("claim_id",)),
]


def die_at(step: int) -> None:
    """Let this process be killed when it has made so many steps."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            count()
        return trace

    sys.addaudithook(lambda event, _: count() if event in FILE_EVENTS else None)
    sys.settrace(trace)


def draw(folder: Path) -> None:
    """Write a page that names the marts beside it, as dashboards does."""
    (folder / SITE).mkdir()
    manifest = (folder / MANIFEST).read_text()
    sha256 = manifest.split('"sha256": "')[1]
    (folder / SITE / "index.html").write_text(f"Marts {sha256[:12]}.")


def publish_build(folder: Path, number: int, step: int) -> None:
    """Publish a build that holds its number; be killed at a step."""
    work = duckdb.connect()
    work.execute("create schema marts; create schema audit")
    work.execute(f"create table audit.rpt_claims as select {number} as claim_id")
    work.execute(f"""
        create table marts.fct_customer_months as
        select i as customer_id, make_date(2017, 1 + i % 2, 1) as month, {number} as n
        from range(9) t(i)
        """)
    die_at(step)
    publish(work, folder, MARTS, f"build-{number}", draw=draw)
    sys.settrace(None)


def run(folder: Path, number: int, step: int) -> bool:
    """Publish in a child process; return whether it was killed."""
    child = os.fork()
    if not child:
        publish_build(folder, number, step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(status)
    assert status in (0, -signal.SIGKILL), f"Publishing ended with {status}."
    return status != 0


def published_number(folder: Path) -> int | None:
    """Check what is published; return which build it is."""
    has_pages = (folder / SITE / "index.html").exists()
    assert (folder / LINK).exists() == has_pages, "Marts and pages differ."
    if not has_pages:
        return None
    assert "2 marts, 10 rows, 3 Parquet files" in verify(folder / LINK)
    with duckdb.connect(str(folder / LINK / DATABASE), read_only=True) as reader:
        (number,) = reader.execute("from audit.rpt_claims").fetchone() or (None,)
    return number


def state(folder: Path) -> str:
    """Hash names, links and bytes: what a folder holds, to the last bit."""
    hashed = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        hashed.update(f"{path.relative_to(folder)}\n".encode())
        if path.is_symlink():
            hashed.update(f"-> {os.readlink(path)}\n".encode())
        elif path.is_file():
            hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def prepare(folder: Path, start: str) -> int | None:
    """Make the folder that every kill starts from; return what is published in it."""
    folder.mkdir(parents=True)
    if start == "from-nothing":
        return None
    for number in (1, 2):
        assert not run(folder, number, 0)
    builds = folder / BUILDS
    shutil.copytree(builds / "build-1", builds / "build-killed.part")
    shutil.copytree(builds / "build-2", builds / "build-unlinked")
    return 2


def main(folder: Path, start: str) -> None:
    """Kill at every step; print how often each build was left."""
    prepared, tried = folder / "prepared", folder / "tried"
    before = prepare(prepared, start)
    left = {before: 0, 3: 0}
    # Most steps change no file: what was checked once need not be checked again.
    checked: dict[str, int | None] = {}
    for step in itertools.count(1):
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(prepared, tried, symlinks=True)
        killed = run(tried, 3, step)
        found = state(tried)
        if found not in checked:
            checked[found] = published_number(tried)
        now = checked[found]
        assert now in left, f"Killed at step {step}, build {now} is published."
        if not killed:
            break
        left[now] += 1
        if step % 10 == 0:
            assert not run(tried, 4, 0)
            assert published_number(tried) == 4
            assert len(list((tried / BUILDS).iterdir())) <= 2
    assert now == 3
    print(f"{left[before]} kills left the build before, {left[3]} the new one")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
