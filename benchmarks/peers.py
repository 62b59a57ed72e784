"""Time and agreement against aeon and dtaidistance, with a band of 5 %.

``python -m benchmarks peers`` runs every clusterer in a process of its own on the
same file. A peer that does not finish within ``--limit`` seconds is measured at the
largest size at which it does, and extrapolated from there in proportion to the number
of series, which is kind to it.
"""

import argparse
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks import children
from benchmarks.data_sets import shoppers
from benchmarks.dbt_builds import BENCH
from benchmarks.goals import Goal, finish, page, table
from benchmarks.programs import PROGRAMS

CUSTOMERS, CLUSTERS, THREADS, REPEATS, LIMIT = 20_000, 8, 2, 3, 300.0
BAND = 0.05
PEERS = {
    "aeon_kasba": "aeon KASBA (MSM; one thread is all it knows)",
    "aeon_kmeans": "aeon TimeSeriesKMeans (DTW, ba, 10 iterations)",
    "dtaidistance": "dtaidistance KMeans (C, 10 iterations)",
}
# Four short runs on some of the customers; the best one goes on with all.
RESTARTS = 4
SHORT_STARTS = {"init_iter": 3, "init_size": 1_000, "max_iter": 6}
GOAL = 50.0
# A run longer than this is not repeated.
LONG_SECONDS = 60.0


@dataclass(frozen=True)
class Measured:
    """What one clusterer took and found, at the size at which it finished."""

    customers: int
    seconds: list[float]
    agreement: float
    iterations: int
    peak_bytes: int

    def at(self, customers: int) -> float:
        """Median seconds, in proportion for another number of series."""
        return median(self.seconds) * customers / self.customers


def main(arguments: list[str] | None = None) -> int:
    """Run all, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds of one fit")
    names = tuple(PEERS)
    parser.add_argument("--against", nargs="+", choices=names, default=names)
    options = parser.parse_args(arguments)
    path, kinds = shoppers.save(BENCH, options.customers)
    size = options.customers, options.repeats, options.limit
    try:
        ours = measure("trajectories", path, kinds, *size)
        found = {name: measure(name, path, kinds, *size) for name in options.against}
        if not (ours and any(found.values())):
            raise children.ChildError(
                f"Nothing to compare finished within {options.limit:.0f} s. Give a"
                " longer --limit."
            )
    except children.ChildError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = report(options.customers, options.limit, ours, found)
    is_full = options.customers == CUSTOMERS and tuple(options.against) == names
    return finish("peers", text, is_full and options.repeats == REPEATS)


def measure(
    program: str,
    path: Path,
    kinds: np.ndarray,
    customers: int,
    repeats: int,
    limit: float,
) -> Measured | None:
    """Fit at growing sizes up to ``customers``, as far as the limit allows.

    Returns:
        What the largest size gave that finished; None when none did.
    """
    ours = PROGRAMS[program] is PROGRAMS["trajectories"]
    python = sys.executable if ours else children.peers_python()
    task = {
        "program": program,
        "series": path,
        "clusters": CLUSTERS,
        "radius": ceil(BAND * shoppers.DAYS),
        "threads": THREADS,
        "restarts": RESTARTS if ours else 1,
        "settings": SHORT_STARTS if ours else {},
    }
    kept = None
    for size in sizes(customers):
        if kept and kept.at(size) > limit:
            break
        fits = []
        while len(fits) < repeats and not (fits and fits[0].seconds > LONG_SECONDS):
            run = {**task, "customers": size, "seed": len(fits)}
            try:
                fits.append(children.fit(run, python, limit))
            except TimeoutError:
                return kept
            if size < customers:
                break
        kept = Measured(
            size,
            [fit.seconds for fit in fits],
            median(adjusted_rand_score(kinds[:size], fit.labels) for fit in fits),
            fits[0].iterations,
            max(fit.peak_bytes for fit in fits),
        )
    return kept


def sizes(customers: int) -> list[int]:
    """Sizes from a twentieth to all, each about four times the one before."""
    return sorted({max(customers // part, 2 * CLUSTERS) for part in (20, 5, 2, 1)})


def report(
    customers: int, limit: float, ours: Measured, found: dict[str, Measured | None]
) -> str:
    """Put what was measured into Markdown."""
    finished = {name: peer for name, peer in found.items() if peer}
    seconds = {name: peer.at(customers) for name, peer in finished.items()}
    fastest = min(seconds, key=seconds.get)
    ratio = seconds[fastest] / ours.at(customers)
    best = max(peer.agreement for peer in finished.values())
    best_name = max(finished, key=lambda name: finished[name].agreement)
    goal = Goal(
        f"fit, {customers:,} x {shoppers.DAYS}, k = {CLUSTERS}, band 5 %, against"
        " aeon's KASBA and aeon's and dtaidistance's k-means where they finish",
        f"{GOAL:.0f} times faster than the fastest of them, adjusted Rand no lower",
        f"{ratio:.0f} times {fastest}; adjusted Rand {ours.agreement:.3f}, theirs at"
        f" most {best:.3f} ({best_name})",
        ratio >= GOAL and ours.agreement >= best,
    )
    rows = [_row("this project's TrajectoryKMeans (DTW)", ours, customers, ours)]
    for name, title in PEERS.items():
        if name in finished:
            rows.append(_row(title, finished[name], customers, ours))
        elif name in found:
            rows.append((title, *["-"] * 4, f"none within {limit:.0f} s", "-"))
    header = [
        "clusterer",
        "series",
        "seconds",
        "iterations",
        "peak MiB",
        "adjusted Rand",
        f"times ours at {customers:,}",
    ]
    notes = (
        f"The same file of {customers:,} made-up customers of eight known kinds"
        f" (benchmarks/data_sets/shoppers.py), {THREADS} threads, each in its own"
        " process; the time is that of the fit, compiled before. Peers start once, as"
        f" they come; ours takes {RESTARTS} short runs on 1,000 customers and goes on"
        " with the best for six iterations on all. Medians of"
        f" {len(ours.seconds)} seeds, of one where a run takes over"
        f" {LONG_SECONDS:.0f} s. A peer that would not finish within {limit:.0f} s is"
        " shown at the largest size at which it did, and extrapolated in proportion."
        " Peak memory is that of the process without the workers that it starts."
    )
    title = "DTW k-means against aeon and dtaidistance"
    return page("peers", title, [goal], table(header, rows), notes)


def _row(title: str, peer: Measured, customers: int, ours: Measured) -> tuple:
    ratio = peer.at(customers) / ours.at(customers)
    return (
        title,
        f"{peer.customers:,}",
        f"{median(peer.seconds):.2f}",
        peer.iterations,
        f"{peer.peak_bytes / 2**20:,.0f}",
        f"{peer.agreement:.3f}",
        f"{ratio:.1f}" + ("" if peer.customers == customers else " (extrapolated)"),
    )
