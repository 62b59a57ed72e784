"""Months replayed one at a time: the same as all at once, and what a month takes.

``python -m benchmarks replay [--customers 100000] [--steps 3]`` builds the sample shop
at twelve month ends in one warehouse, and once at the last of them in another, and
compares all marts of the segmentations. Then it builds a large shop up to some months
before its end, and adds these one by one.
"""

import argparse
import hashlib
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
from tqdm import tqdm
from trajectories.sample_shop import ShopSettings

from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, Node, run_models
from benchmarks.goals import Goal, finish, page, table

CUSTOMERS, STEPS = 100_000, 3
LAST = f"{ShopSettings().end_date}"
ROOMS = tuple(f"models/marts/{x}" for x in ("segmentation", "movement", "departures"))
MOVEMENT = tuple(f"+path:{room}" for room in ROOMS)
MARTS = tuple(
    sorted(path.stem for room in ROOMS for path in (PROJECT / room).glob("*.sql"))
)
# The models that place customers and follow them; the others read and measure orders.
PLACING = ("int_customer_assignments", "int_customer_paths", "int_segment", "int_model")
FOLLOWING = ("fct_segment", "dim_segments", "fct_customer_segments", "rpt_", "int_mig")


@dataclass(frozen=True)
class Step:
    """One month's build: wall and processor seconds, and its models."""

    seconds: float
    processor_seconds: float
    nodes: tuple[Node, ...]


def main(arguments: list[str] | None = None) -> int:
    """Replay, compare, measure, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks replay")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--months", type=int, default=12, help="of the sample")
    options = parser.parse_args(arguments)
    try:
        differing = replay_sample(options.months) if options.months else None
        steps = measure_steps(options.customers, options.steps)
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = report(differing, options, steps)
    full = (options.customers, options.steps, options.months)
    return finish("replay", text, full == (CUSTOMERS, STEPS, 12))


def replay_sample(months: int) -> list[str]:
    """Build the sample month by month, and at once; return the marts that differ."""
    replayed, at_once = BENCH / "replay_sample", BENCH / "replay_at_once"
    for folder in (replayed, at_once):
        (folder / "work.duckdb").unlink(missing_ok=True)
    for end in tqdm(month_ends(months), desc="months", disable=None):
        step(replayed, end, None)
    step(at_once, LAST, None)
    return [mart for mart in MARTS if digest(replayed, mart) != digest(at_once, mart)]


def measure_steps(customers: int, steps: int) -> list[Step]:
    """Build a large shop up to some months before its end, then each of them."""
    folder = BENCH / f"replay_{customers}"
    shop = folder / "shop"
    # The generator writes the truth last: with it the shop is complete.
    if not (shop / "truth" / "dirt.csv").exists():
        words = ["--customers", str(customers), "--format", "parquet", "--out", shop]
        subprocess.run([sys.executable, "-m", "sample_shop", *words], cwd=PROJECT)
    (folder / "work.duckdb").unlink(missing_ok=True)
    first, *later = month_ends(steps + 1)
    step(folder, first, shop)
    return [step(folder, end, shop) for end in tqdm(later, desc="steps", disable=None)]


def month_ends(months: int) -> list[str]:
    """The last so many month ends of the sample shop, as ISO dates."""
    ends = pd.date_range(end=LAST, periods=months, freq="ME")
    return [f"{end:%Y-%m-%d}" for end in ends]


def step(folder: Path, end: str, shop: Path | None) -> Step:
    """Build the marts of the segmentations as of a day, without tests."""
    used, began = _processor_seconds(), time.monotonic()
    nodes = run_models(folder, MOVEMENT, {"as_of_date": end}, shop)
    return Step(time.monotonic() - began, _processor_seconds() - used, nodes)


def digest(folder: Path, mart: str) -> str:
    """Hash the rows of a mart, in any order."""
    with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as tables:
        rows = tables.execute(f"select * from marts.{mart} order by all").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def report(differing: list[str] | None, options, steps: list[Step]) -> str:
    """Put what was measured into Markdown."""
    slowest = max(step.seconds for step in steps)
    goals = [
        Goal(
            f"a month more of {options.customers:,} customers, from files to marts",
            "under 60 s",
            f"{slowest:.0f} s at most of {len(steps)}",
            slowest < 60,
        )
    ]
    if differing is not None:
        goals.insert(
            0,
            Goal(
                f"the sample's last {options.months} months one by one, and at once",
                f"the same hash of all {len(MARTS)} marts of the segmentations",
                "differ: " + ", ".join(differing) if differing else "the same",
                not differing,
            ),
        )
    rows = [
        [
            month,
            f"{step.seconds:.0f}",
            f"{step.processor_seconds:.0f}",
            f"{_seconds_of(step, PLACING + FOLLOWING):.0f}",
            f"{_seconds_of(step, ('int_segmentation_trials',)):.0f}",
        ]
        for month, step in zip(month_ends(len(steps)), steps, strict=True)
    ]
    header = (
        *("month added", "wall seconds", "processor seconds"),
        *("of them placing and following, summed over models", "checking the map"),
    )
    nodes = sorted(steps[-1].nodes, key=lambda node: -node.seconds)[:15]
    slow = table(["model", "seconds"], [[n.name, f"{n.seconds:.1f}"] for n in nodes])
    return page(
        "replay",
        "Months replayed",
        goals,
        "A step reads and cleans all files, measures all customers, places and follows"
        " them, checks the map against a trial refit, and makes the marts of the"
        " segmentations; without tests, forecast and publishing. The last month of the"
        " sample shop is one in which all maps are reviewed.",
        table(header, rows),
        slow,
    )


def _seconds_of(step: Step, names: tuple[str, ...]) -> float:
    own = [node.seconds for node in step.nodes if node.name.startswith(names)]
    return sum(own)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
