"""Time of a build of the sample shop: the first, a second, a month more; by part.

``python -m benchmarks builds [--repeats 3]`` builds the sample shop as anybody would,
over and over, on a machine that should do nothing else: from nothing with kernels that
are not compiled yet, from nothing with compiled ones, once more with nothing new, the
same as a night does it (examples/README.md), and as of one month and then of the next.
Then all trials of one map are run again.
"""

import argparse
import shutil
import sys
from collections.abc import Iterable
from datetime import timedelta
from statistics import median

from trajectories.sample_shop import ShopSettings

from benchmarks.dbt_builds import (
    BENCH,
    BuildError,
    MeasuredBuild,
    run_build,
    run_models,
)
from benchmarks.goals import Goal, finish, page, table
from benchmarks.scale import part_rows

REPEATS = 3
TRIALS = "int_segmentation_trials"
LAST = ShopSettings().end_date
MONTH_BEFORE = LAST.replace(day=1) - timedelta(days=1)
SLOWEST = 12
# What is built, and within how many seconds.
BUILDS = {
    "first build, kernels not compiled": 90.0,
    "first build, compiled kernels": 70.0,
    "second build, nothing new": 35.0,
    "the same without unit tests": 35.0,
    "a month more": 50.0,
}
TRIALS_SECONDS = 12.0


def main(arguments: list[str] | None = None) -> int:
    """Build, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks builds")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args(arguments)
    try:
        rounds = [build_all() for _ in range(options.repeats)]
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    builds = {name: [found[0][name] for found in rounds] for name in BUILDS}
    text = report(builds, [found[1] for found in rounds])
    return finish("builds", text, options.repeats == REPEATS)


def build_all() -> tuple[dict[str, MeasuredBuild], float]:
    """Make every build once; return them, and the seconds of one map's trials."""
    folder, kernels = BENCH / "build_sample", BENCH / "kernels"
    shutil.rmtree(kernels, ignore_errors=True)
    compiled = {"NUMBA_CACHE_DIR": str(kernels)}
    cold = run_build(folder, environment=compiled)
    warm = run_build(folder, environment=compiled)
    again = run_build(folder, environment=compiled, is_first=False)
    without = {**compiled, "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
    night = run_build(folder, environment=without, is_first=False)
    nodes = run_models(folder, TRIALS, {"refit": True}, environment=compiled)
    seconds = next(node.seconds for node in nodes if node.name == TRIALS)
    run_build(folder, environment=compiled, variables={"as_of_date": f"{MONTH_BEFORE}"})
    month = {"variables": {"as_of_date": f"{LAST}"}, "is_first": False}
    more = run_build(folder, environment=compiled, **month)
    made = (cold, warm, again, night, more)
    return dict(zip(BUILDS, made, strict=True)), seconds


def report(builds: dict[str, list[MeasuredBuild]], trials: list[float]) -> str:
    """Put what was measured into Markdown.

    Args:
        builds: all measurements of each of ``BUILDS``.
        trials: seconds of all trials of one map.
    """
    goals = [
        _goal(f"sample, {name}", limit, [build.seconds for build in builds[name]])
        for name, limit in BUILDS.items()
    ]
    goals.append(
        _goal("sample, all trials of four segmentations", TRIALS_SECONDS, trials)
    )
    middle = {name: _middle(builds[name]) for name in BUILDS}
    shares = [dict(part_rows(build)) for build in middle.values()]
    rows = [[part, *(f"{share[part]:.1f}" for share in shares)] for part in shares[0]]
    memory = [f"{build.memory_bytes / 2**30:.2f}" for build in middle.values()]
    parts = table(["seconds", *middle], [*rows, ["GiB at most", *memory]])
    notes = (
        "Each build is one `dbt build` with all its tests, published, pages drawn, of"
        f" which the one with the median time of {len(trials)} is taken apart. Parts"
        " run two at a time, so that they overlap. Trials are the seconds of the model"
        " that makes them for one month: reading series, fitting every candidate for"
        " every k, and all evidence for each (resamples, shuffles, predictions)."
    )
    slowest = [
        f"The slowest of the {name}:\n\n{_slowest(middle[name])}"
        for name in list(BUILDS)[1:3]
    ]
    return page("builds", "Builds of the sample shop", goals, parts, notes, *slowest)


def _goal(what: str, limit: float, seconds: list[float]) -> Goal:
    taken = median(seconds)
    measured = f"{taken:.1f} s (median of {len(seconds)})"
    return Goal(what, f"{limit:.0f} s", measured, taken <= limit)


def _middle(builds: Iterable[MeasuredBuild]) -> MeasuredBuild:
    ordered = sorted(builds, key=lambda build: build.seconds)
    return ordered[(len(ordered) - 1) // 2]


def _slowest(build: MeasuredBuild) -> str:
    nodes = sorted(build.nodes, key=lambda node: -node.seconds)[:SLOWEST]
    rows = [[node.name, node.part, f"{node.seconds:.1f}"] for node in nodes]
    return table(["node", "part", "seconds"], rows)
