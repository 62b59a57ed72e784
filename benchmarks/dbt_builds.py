"""Runs ``dbt build`` as a child process and measures its time and memory."""

import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BENCH = PROJECT / "build" / "bench"
RESULTS = PROJECT / "benchmarks" / "results"
SAMPLE_SECONDS = 0.5
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
PARTS = ("SQL models", "clustering and forecasting models", "unit tests", "data tests")


class BuildError(Exception):
    """A build that failed, in a sentence."""


@dataclass(frozen=True)
class Node:
    """One model or test of a build: its name, part of the build and seconds."""

    name: str
    part: str
    seconds: float


@dataclass(frozen=True)
class MeasuredBuild:
    """What a build took.

    Attributes:
        seconds: wall time of the whole process.
        memory_bytes: peak of the resident memory of the process and its children.
        nodes: models and tests, in the order in which they ended.
        parts: wall seconds in which at least one node of each part ran; parts may
            run side by side, so that the sum may exceed the total.
        running_seconds: wall seconds from the first node's start to the last
            node's end.
        closing_seconds: wall seconds from there to the end of the process:
            publishing, pages, report.
        sha256: the hash over all marts that the build printed.
        folder: where the build lies.
    """

    seconds: float
    memory_bytes: int
    nodes: tuple[Node, ...]
    parts: dict[str, float]
    running_seconds: float
    closing_seconds: float
    sha256: str
    folder: Path


def run_build(
    folder: Path,
    source: Path | None = None,
    variables: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    is_first: bool = True,
) -> MeasuredBuild:
    """Run the real ``dbt build`` into ``folder`` and measure it.

    Args:
        folder: becomes the build folder; dbt's target and the output (build.log) lie
            in it.
        source: folder with the input files; None builds the sample shop.
        variables: settings that differ from dbt_project.yml.
        environment: variables of the process that differ from this one's.
        is_first: whether the tables of an earlier build are removed before: with
            them, its model versions go on scoring.

    Raises:
        BuildError: when the build fails; the sentence names the log.
    """
    log, target = folder / "build.log", folder / "target"
    for tables in folder.glob("work.duckdb*") if is_first else ():
        tables.unlink()
    words = ["--vars", json.dumps(variables)] if variables else []
    began = time.time()
    with dbt(folder, source, "build", *words, environment=environment) as child:
        peak = PeakMemory(child.pid)
        _, waited, usage = os.wait4(child.pid, 0)
        ended = time.time()
    status = child.returncode = os.waitstatus_to_exitcode(waited)
    memory = max(peak.stop(), usage.ru_maxrss * _MAXRSS_BYTES)
    if status:
        raise BuildError(f"dbt build ended with status {status}; read {log}.")
    found = re.search(r"hash of all: ([0-9a-f]{64})", log.read_text())
    nodes, spans = read_nodes(target)
    starts, ends = zip(*(span for part in spans.values() for span in part), strict=True)
    return MeasuredBuild(
        seconds=ended - began,
        memory_bytes=memory,
        nodes=nodes,
        parts={part: covered_seconds(spans[part]) for part in PARTS},
        running_seconds=max(ends) - min(starts),
        closing_seconds=ended - max(ends),
        sha256=found[1] if found else "",
        folder=folder,
    )


def run_models(
    folder: Path,
    select: str,
    variables: Mapping[str, object],
    source: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Node, ...]:
    """Run some models, without tests and publishing; return what ran.

    Args:
        folder: as for :func:`run_build`; work.duckdb in it holds the tables.
        select: which models, in dbt's syntax.
        variables: settings that differ from dbt_project.yml.
        source: a folder with the input files or a mapping file; None: the sample.
        environment: variables of the process that differ from this one's.

    Raises:
        BuildError: when a model fails; the sentence names the log.
    """
    words = ["--select", select, "--vars", json.dumps(variables)]
    # "build" also loads the seeds that are selected; "run" would not.
    words += ["--resource-type", "model", "--resource-type", "seed"]
    with dbt(folder, source, "build", *words, environment=environment) as child:
        status = child.wait()
    if status:
        raise BuildError(
            f"dbt build of {select} ended with status {status}; read"
            f" {folder / 'build.log'}."
        )
    return read_nodes(folder / "target")[0]


@contextmanager
def dbt(
    folder: Path,
    source: Path | None,
    *words: str,
    apart: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen]:
    """Start dbt into a build folder of its own, which also gets what it prints.

    With `apart` it leads a process group, so that it can be killed with its children.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "TRAJECTORIES_BUILD": str(folder),
        "TRAJECTORIES_INPUT": str(source or ""),
        **(environment or {}),
    }
    program = Path(sys.executable).with_name("dbt")
    command = [program, "--no-use-colors", *words, "--target-path", folder / "target"]
    with (folder / "build.log").open("w") as output:
        yield subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=apart,
        )


def covered_seconds(spans: list[tuple[float, float]]) -> float:
    """Return the seconds that at least one of the spans (start, end) covers."""
    covered, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(end - max(start, until), 0.0)
        until = max(until, end)
    return covered


def read_nodes(target: Path) -> tuple[tuple[Node, ...], dict[str, list]]:
    """Read what dbt ran, and from when to when (seconds since 1970) by part."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    manifest = json.loads((target / "manifest.json").read_text())
    nodes, spans = [], defaultdict(list)
    for result in results:
        kind = result["unique_id"].split(".")[0]
        if kind not in ("model", "test", "unit_test"):
            continue
        name, part = result["unique_id"].split(".")[2], f"{kind.replace('_', ' ')}s"
        if kind == "test":
            part = "data tests"
        elif kind == "model":
            language = manifest["nodes"][result["unique_id"]]["language"]
            is_sql = language == "sql"
            part = "SQL models" if is_sql else "clustering and forecasting models"
        nodes.append(Node(name, part, result["execution_time"]))
        spans[part] += [
            (_seconds(timing["started_at"]), _seconds(timing["completed_at"]))
            for timing in result["timing"]
            if timing["name"] == "execute" and timing["completed_at"]
        ]
    return tuple(nodes), spans


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class PeakMemory:
    """Samples the resident memory of a process and its children in a thread.

    By default all of them together; with `pool` max, the largest of them.

    Where there is no /proc it stays 0; the system's own count of the largest
    process, which the caller knows, then has to do.
    """

    def __init__(
        self, process: int, pool: Callable[[Iterable[int]], int] = sum
    ) -> None:
        """Start to sample a process."""
        self._process, self._pool, self._peak = process, pool, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the peak in bytes."""
        self._done.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            memory = self._pool(map(_resident_bytes, _family(self._process)))
            self._peak = max(self._peak, memory)


def _family(process: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield process
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = thread.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _resident_bytes(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()
