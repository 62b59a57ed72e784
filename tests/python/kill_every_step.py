"""Publishes again and again, killed one step later each time, until one is done.

A program for test_publish.py: ``python kill_every_step.py folder from-nothing|again``.
A step is a line of the package `warehouse` or a file operation of Python's below it.
After each kill, what is published must be whole, and the build before or the new one.
It prints how many kills left the build before, and how many the new one.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb

import warehouse
from warehouse.exports import DATABASE, Mart
from warehouse.manifest import MANIFEST
from warehouse.publish import BUILDS, LINK, SITE, publish
from warehouse.verify import verify

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


def main(folder: Path, start: str) -> None:
    """Kill at every step; print how often each build was left."""
    before, old, new, step = None, 0, 0, 0
    while True:
        step += 1
        if start == "from-nothing":
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            before = None
        number = 1 if start == "from-nothing" else step
        killed = run(folder, number, step)
        now = published_number(folder)
        assert now in (before, number), f"Step {step}: build {now} was published."
        if not killed:
            break
        old, new = old + (now == before), new + (now == number)
        before = now
    assert now == number
    left = {entry.name for entry in (folder / BUILDS).iterdir()}
    assert f"build-{number}" in left
    assert len(left) <= 2, left
    print(f"{old} kills left the build before, {new} the new one")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
