"""Time and memory of fits on 10,000 to 1,000,000 customers.

``python -m benchmarks growth`` runs each fit in a process of its own, which reads the
series from a file; its memory counts from the process's start to its end.
"""

import argparse
import sys
from math import ceil, log
from pathlib import Path
from statistics import median

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks import children
from benchmarks.data_sets import shoppers
from benchmarks.dbt_builds import BENCH
from benchmarks.goals import Goal, finish, page, table

CLUSTERS, THREADS, ITERATIONS = 8, 2, 5
RADIUS = ceil(0.05 * shoppers.DAYS)
SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
MIDDLE_SECONDS, MIDDLE_BYTES = 60.0, 1.5e9
LARGE_SECONDS, LARGE_BYTES = 90.0, 3e9
EXPONENT = 1.05
# The smallest size is over so quickly that its median over more runs is taken.
SMALL_RUNS = 5
SAMPLE_CUSTOMERS = 20_000
SHORT = {"settings": {"init_iter": 5}}
SAMPLE = {"settings": {"init_size": SAMPLE_CUSTOMERS, "tol": 1e-4}}


def main(arguments: list[str] | None = None) -> int:
    """Fit at all sizes, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth")
    parser.add_argument("--share", type=float, default=1.0, help="of all sizes")
    options = parser.parse_args(arguments)
    sizes = [max(int(size * options.share), 100) for size in (SMALL, MIDDLE, LARGE)]
    try:
        text = report(sizes, measure(sizes))
    except children.ChildError as problem:
        print(problem, file=sys.stderr)
        return 1
    return finish("growth", text, options.share == 1.0)


def measure(sizes: list[int]) -> dict[str, list[tuple[children.Fit, float]]]:
    """Run the fits; each with its adjusted Rand index against the known kinds."""
    small, middle, large = sizes
    files = {size: shoppers.save(BENCH, size) for size in sizes}
    # A tolerance below zero keeps the number of iterations the same at all sizes.
    same = {"radius": RADIUS, "settings": {"max_iter": ITERATIONS, "tol": -1.0}}
    runs = {
        "middle": [_fit(files[middle], {"radius": None, "restarts": 3})],
        "large": [_fit(files[large], {"radius": RADIUS})],
        "middle short": [_fit(files[middle], SHORT | {"radius": None, "restarts": 3})],
        "large sample": [_fit(files[large], SAMPLE | {"radius": RADIUS})],
    }
    for name, size, repeats in (
        ("same small", small, SMALL_RUNS),
        ("same middle", middle, 1),
        ("same large", large, 1),
    ):
        runs[name] = [_fit(files[size], same) for _ in range(repeats)]
    return runs


def _fit(file: tuple[Path, np.ndarray], settings: dict) -> tuple[children.Fit, float]:
    path, kinds = file
    task = {
        "program": "trajectories",
        "series": path,
        "customers": len(kinds),
        "clusters": CLUSTERS,
        "seed": 0,
        "threads": THREADS,
        **settings,
    }
    fit = children.fit(task)
    return fit, adjusted_rand_score(kinds, fit.labels)


def report(sizes: list[int], runs: dict[str, list]) -> str:
    """Put what was measured into Markdown."""
    small, middle, large = sizes
    seconds = {
        name: median(fit.seconds for fit, _ in fits) for name, fits in runs.items()
    }
    exponent = log(seconds["same large"] / seconds["same small"]) / log(large / small)
    goals = [
        _bounded(
            f"{middle:,} x {shoppers.DAYS}: fit on all, k = {CLUSTERS}, no band, three"
            " restarts",
            runs["middle"][0][0],
            MIDDLE_SECONDS,
            MIDDLE_BYTES,
        ),
        _bounded(
            f"{large:,} x {shoppers.DAYS}: fit on all, k = {CLUSTERS}, band 5 %",
            runs["large"][0][0],
            LARGE_SECONDS,
            LARGE_BYTES,
        ),
        Goal(
            f"cost from {small:,} to {large:,} series",
            f"exponent at most {EXPONENT}",
            f"{exponent:.3f}",
            exponent <= EXPONENT,
        ),
    ]
    what = {
        "middle": (middle, "no band, three restarts"),
        "middle short": (middle, "no band, three restarts, short runs"),
        "large": (large, "band 5 %"),
        "large sample": (large, f"band 5 %, start on {SAMPLE_CUSTOMERS:,}"),
        "same small": (small, f"band 5 %, {ITERATIONS} iterations"),
        "same middle": (middle, f"band 5 %, {ITERATIONS} iterations"),
        "same large": (large, f"band 5 %, {ITERATIONS} iterations"),
    }
    rows = [
        (
            f"{size:,}",
            how,
            f"{seconds[name]:.2f}",
            f"{max(fit.peak_bytes for fit, _ in runs[name]) / 1e9:.2f}",
            runs[name][0][0].iterations,
            f"{runs[name][0][0].inertia:.4f}",
            f"{runs[name][0][1]:.3f}",
        )
        for name, (size, how) in what.items()
    ]
    header = [
        "series",
        "how",
        "seconds",
        "peak GB",
        "iterations",
        "inertia",
        "adjusted Rand",
    ]
    notes = (
        f"`TrajectoryKMeans`, k = {CLUSTERS}, {THREADS} threads, on made-up customers"
        " of eight known kinds. Seconds of the fit, compiled before; peak resident"
        " memory of the whole process with Python, the packages and the series."
        f" {small:,}: median of {SMALL_RUNS} runs. Short runs: the best of three starts"
        " after five iterations goes on alone (`init_iter=5`). Start on a sample"
        f" (`init_size`): one start runs on {SAMPLE_CUSTOMERS:,} customers, then on all"
        " until an iteration gains less than 0.0001 (`tol`)."
    )
    title = "Time and memory of a fit, as customers grow"
    return page("growth", title, goals, table(header, rows), notes)


def _bounded(what: str, fit: children.Fit, seconds: float, memory: float) -> Goal:
    return Goal(
        what,
        f"under {seconds:.0f} s and {memory / 1e9:g} GB",
        f"{fit.seconds:.1f} s, {fit.peak_bytes / 1e9:.2f} GB",
        fit.seconds < seconds and fit.peak_bytes < memory,
    )
