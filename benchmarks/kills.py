"""Kills of real builds at random moments, while readers poll what is published.

``python -m benchmarks kills`` builds the sample shop with two settings in turn, so that
every build differs from the one before. Two builds run to their end first: what they
published are the only states that a reader may ever see. Then each build is killed,
with all its processes (SIGKILL): a third anywhere, a third while the marts are written
and the pages drawn, a third around the swap. At the end, one build runs to its end.

With ``--postgres`` the builds publish to a schema as well, on the server that libpq's
environment variables name (PGHOST ...; see docs/postgres.md), and psql polls it.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import duckdb
from trajectories.warehouse.exports import (
    DATABASE,
    columns_of,
    content_hash,
    parquet_relation,
)
from trajectories.warehouse.manifest import MANIFEST
from trajectories.warehouse.publish import BUILDS, LINK, SITE, UNFINISHED
from trajectories.warehouse.quoting import identifier
from trajectories.warehouse.verify import VerificationError, verify

from benchmarks.dbt_builds import BENCH, BuildError, dbt
from benchmarks.goals import Goal, finish, page, table

KILLS = 30
SETTINGS = ({}, {"earliest_order_date": "2016-03-01"})
MOMENTS = ("anywhere", "while marts and pages are written", "around the swap")
AFTER_SWAP_SECONDS = 0.1
SMALL_ROWS = 5_000
SCHEMA = "marts"
SCHEMA_READER = "PostgreSQL schema, in one transaction"
PAUSE_SECONDS = 0.5
MOST_FAILURES = 10


def main(arguments: list[str] | None = None) -> int:
    """Build, kill, read all the while; print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--postgres", action="store_true", help="a schema as well")
    parser.add_argument("--source", type=Path, help="another shop than the sample")
    options = parser.parse_args(arguments)
    generator = random.Random(options.seed)
    try:
        test = KillTest(BENCH / "kills", generator, options.postgres, options.source)
        test.run(options.kills)
    except (BuildError, VerificationError) as problem:
        print(problem, file=sys.stderr)
        return 1
    failures = [failure for read in test.readings for failure in read.failures]
    print(*failures, sep="\n", file=sys.stderr)
    is_full = len(test.kills) >= KILLS and options.source is None
    finish("kills", report(test), is_full)
    return 1 if failures else 0


# -- What was published, and what a reader finds ---------------------------------------


@dataclass(frozen=True)
class State:
    """A build that was published whole: its hash and those of its marts.

    `schema` is what `hash_schema` says of it, where there is a schema.
    """

    sha256: str
    marts: dict[str, dict]
    schema: str = ""

    @classmethod
    def of(cls, published: Path, has_schema: bool = False) -> "State":
        """Read the manifest of a published folder."""
        manifest = json.loads((published / MANIFEST).read_text(encoding="utf-8"))
        named = {f"{mart['schema']}.{mart['name']}": mart for mart in manifest["marts"]}
        return cls(manifest["sha256"], named, hash_schema(named) if has_schema else "")


@dataclass
class Readings:
    """What one reader found: reads by the hash of the state, and failures in words."""

    reader: str
    seen: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class UnknownStateError(Exception):
    """A reader found what no build has published."""


def read_database(build: Path, states: list[State], number: int) -> str:
    """Open the DuckDB file through the link, as a dashboard does; hash its marts."""
    path = str(build / LINK / DATABASE)
    with duckdb.connect(path, read_only=True) as connection:
        return hash_marts(connection, lambda mart: mart, states, number)


def read_parquet(build: Path, states: list[State], number: int) -> str:
    """Follow the link once, then read Parquet files, months as a column."""
    folder = (build / LINK).resolve()
    path = str(folder / DATABASE)
    with duckdb.connect(path, read_only=True) as connection:
        files = lambda mart: parquet_relation(folder, mart.split(".")[1])  # noqa: E731
        return hash_marts(connection, files, states, number)


def read_pages(build: Path, states: list[State], number: int) -> str:
    """Read a page and the manifest of one build, and a page by its usual address."""
    folder = (build / LINK).resolve()
    sha256 = State.of(folder).sha256
    page = (folder / SITE / "index.html").read_text(encoding="utf-8")
    if f"Marts {sha256[:12]}." not in page:
        raise UnknownStateError(f"The page in {folder} shows other marts.")
    page = (build / SITE / "index.html").read_text(encoding="utf-8")
    if not any(f"Marts {state.sha256[:12]}." in page for state in states):
        raise UnknownStateError("The page in site shows marts of no known build.")
    return sha256


def read_schema(build: Path, states: list[State], number: int) -> str:
    """Read the small marts of the PostgreSQL schema in one transaction."""
    found = hash_schema(states[0].marts)
    for state in states:
        if state.schema == found:
            return state.sha256
    raise UnknownStateError("The PostgreSQL schema holds marts of no known build.")


READERS = {
    "DuckDB file, opened through the link": read_database,
    "Parquet by month, link followed once": read_parquet,
    "manifest and pages": read_pages,
    SCHEMA_READER: read_schema,
}


def hash_marts(
    connection: duckdb.DuckDBPyConnection,
    relation: Callable[[str], str],
    states: list[State],
    number: int,
) -> str:
    """Hash all small marts and one large one; return the only state they fit."""
    # Readers leave most of the processors to the build.
    connection.execute("set threads = 1; set enable_progress_bar = false")
    large = [
        name for name, mart in states[0].marts.items() if mart["rows"] > SMALL_ROWS
    ]
    left_out = {name for i, name in enumerate(large) if i != number % len(large)}
    fitting = list(states)
    for name, mart in states[0].marts.items():
        if name not in left_out:
            columns = columns_of(connection, identifier(*name.split(".")))
            found = content_hash(connection, relation(name), columns, mart["order_by"])
            fitting = [s for s in fitting if s.marts[name]["sha256"] == found]
    if len(fitting) != 1:
        raise UnknownStateError(
            f"The marts fit {len(fitting)} of {len(states)} builds."
        )
    return fitting[0].sha256


def hash_schema(marts: dict[str, dict]) -> str:
    """Hash the small marts of the PostgreSQL schema in one transaction, by psql."""
    names = [name for name, mart in marts.items() if mart["rows"] <= SMALL_ROWS]
    hashes = [
        f"select '{name}', md5(string_agg(mart::text, ',' order by mart::text))"
        f" from {SCHEMA}.{name.split('.')[1]} as mart;"
        for name in names
    ]
    asked = subprocess.run(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"],
        input=f"begin; {' '.join(hashes)} commit;",
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise UnknownStateError(asked.stderr)
    return asked.stdout


def keep_reading(reader: str, build: Path, states: list[State], stop: Path) -> Readings:
    """Read until there is a file `stop`, too much has failed, or the parent is gone."""
    readings, parent = Readings(reader), os.getppid()
    for number in itertools.count():
        if stop.exists() or os.getppid() != parent:
            break
        if len(readings.failures) >= MOST_FAILURES:
            break
        try:
            readings.seen[READERS[reader](build, states, number)] += 1
        except Exception as error:
            readings.failures.append(f"{reader}: {type(error).__name__}: {error}")
        time.sleep(PAUSE_SECONDS if number % 2 else 0)
    return readings


# -- The kills -------------------------------------------------------------------------


class KillTest:
    """Builds in a folder, one after the other, most of them killed."""

    def __init__(
        self,
        build: Path,
        generator: random.Random,
        has_schema: bool = False,
        source: Path | None = None,
    ) -> None:
        """Start from an empty folder; publish to a PostgreSQL schema when asked to."""
        self.build, self._random, self.has_schema = build, generator, has_schema
        self._source = source
        self.kills: list[tuple[str, str]] = []
        self.readings: list[Readings] = []
        self.published = 0
        self._settings = itertools.cycle(SETTINGS)
        shutil.rmtree(build, ignore_errors=True)

    def run(self, kills: int) -> None:
        """Make two builds, kill so many, and make one more."""
        states = []
        for _ in SETTINGS:
            self._finish_build()
            states.append(State.of(self.build / LINK, self.has_schema))
        stop = self.build / "stop"
        readers = [name for name in READERS if self.has_schema or name != SCHEMA_READER]
        with ProcessPoolExecutor(len(readers), get_context("spawn")) as pool:
            asked: list[Future[Readings]] = [
                pool.submit(keep_reading, reader, self.build, states, stop)
                for reader in readers
            ]
            try:
                while len(self.kills) < kills and not any(f.done() for f in asked):
                    self._kill_build(MOMENTS[len(self.kills) % len(MOMENTS)])
                self._finish_build()
            finally:
                stop.touch()
            self.readings = [future.result() for future in asked]

    def _finish_build(self) -> None:
        """Let a build run to its end; remember how long it took, and its publishing."""
        began = time.monotonic()
        with self._start() as child:
            self._wait_for(child, self._unfinished)
            self.building = time.monotonic() - began
            self._wait_for(child, self._drawn)
            drawn = time.monotonic()
            self._wait_for(child, lambda: not self._unfinished())
            self.swapping = time.monotonic() - drawn
            status = child.wait()
        self.publishing = time.monotonic() - began - self.building
        if status:
            raise BuildError(f"dbt build failed; read {self.build / 'build.log'}.")
        self.published += 1
        left = {path.name for path in (self.build / BUILDS).iterdir()}
        if len(left) > 2:
            raise BuildError(f"A build has left {left} in {self.build / BUILDS}.")
        print(f"complete: {verify(self.build / LINK)}", flush=True)

    def _kill_build(self, moment: str) -> None:
        """Kill a build at a random moment; check what is published then."""
        before, began = (self.build / LINK).resolve(), time.monotonic()
        with self._start() as child:
            if moment == "anywhere":
                wait = self._random.uniform(0, self.building)
            elif moment == "around the swap":
                self._wait_for(child, self._drawn)
                wait = self._random.uniform(0, self.swapping)
                if self._random.random() < 0.5:
                    self._wait_for(child, lambda: not self._unfinished())
                    wait = self._random.uniform(0, AFTER_SWAP_SECONDS)
            else:
                self._wait_for(child, self._unfinished)
                self.building = time.monotonic() - began
                wait = self._random.uniform(0, self.publishing)
            until = time.monotonic() + wait
            while child.poll() is None and time.monotonic() < until:
                time.sleep(0.001)
            alive = child.poll() is None
            if alive:
                os.killpg(child.pid, signal.SIGKILL)
        where = self._where(before)
        verify(self.build / LINK)
        self.published += where == "after the swap"
        if alive:
            self.kills.append((moment, where))
        print(
            f"{len(self.kills)}. {moment}: {where if alive else 'too late'}", flush=True
        )

    def _start(self) -> AbstractContextManager[subprocess.Popen]:
        """Start a build with the other settings; what is there is not of it."""
        builds = self.build / BUILDS
        self._left = (
            {path.name for path in builds.iterdir()} if builds.exists() else set()
        )
        schema = {"postgres_schema": SCHEMA} if self.has_schema else {}
        variables = ["--vars", json.dumps(next(self._settings) | schema)]
        without = ["--exclude-resource-type", "unit_test"]
        return dbt(self.build, self._source, "build", *without, *variables, apart=True)

    def _wait_for(self, child: subprocess.Popen, there: Callable[[], bool]) -> None:
        while child.poll() is None and not there():
            time.sleep(0.001)

    def _unfinished(self) -> bool:
        """Tell whether the marts of a build are being written."""
        return any(self._parts())

    def _drawn(self) -> bool:
        """Tell whether the pages of a build are drawn."""
        return any((part / SITE).exists() for part in self._parts())

    def _parts(self) -> Iterator[Path]:
        parts = (self.build / BUILDS).glob(f"*{UNFINISHED}")
        return (part for part in parts if part.name not in self._left)

    def _where(self, before: Path) -> str:
        """Say how far a build had come when it was killed."""
        if (self.build / LINK).resolve() != before:
            return "after the swap"
        if self._drawn():
            return "pages drawn, before the swap"
        if self._unfinished():
            return "while marts and pages are written"
        complete = {path.name for path in (self.build / BUILDS).iterdir()} - self._left
        return "within the swap" if complete else "before publishing"


def report(test: KillTest) -> str:
    """Put what was counted into Markdown."""
    reads = sum(read.seen.total() + len(read.failures) for read in test.readings)
    failures = sum(len(read.failures) for read in test.readings)
    goal = Goal(
        f"{len(test.kills)} random kills of a build, readers polling all the while",
        "no read fails or finds a mixture",
        f"{failures} of {reads:,} reads",
        failures == 0 and all(read.seen for read in test.readings),
    )
    hits = Counter(test.kills)
    kills = table(
        ("killed", "was then", "kills"),
        [(*what, count) for what, count in sorted(hits.items())],
    )
    readers = table(
        ("reader", "reads", "of one setting, of the other", "failed or mixed"),
        [
            (
                read.reader,
                f"{read.seen.total() + len(read.failures):,}",
                ", ".join(f"{count:,}" for _, count in sorted(read.seen.items())),
                len(read.failures),
            )
            for read in test.readings
        ],
    )
    notes = (
        f"{test.published} builds were published, two before the first kill and one"
        " after the last. After each kill all files, rows and pages of what was"
        " published were checked against the manifest (`python -m warehouse verify`);"
        " the next build started from what the killed one had left. Readers hash all"
        f" marts with at most {SMALL_ROWS:,} rows and one larger one in turn, and may"
        " only find the hashes of one of the two states that were published whole."
        " Every line and every file operation of the publishing step is killed in"
        " `tests/python/publishing/test_publish.py`."
    )
    title = "Kills at random moments, while readers poll"
    return page("kills", title, [goal], kills, readers, notes)
