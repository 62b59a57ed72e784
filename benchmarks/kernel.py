"""DTW cells a second, against what the processor could do at most.

``python -m benchmarks kernel`` measures the limit in the same run: the arithmetic of a
cell (a difference, two minima, a product and a sum) on numbers that stay in registers
and wait for nothing but themselves.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

import numpy as np
from numba import njit

from benchmarks.data_sets.shoppers import DAYS, daily_spend
from benchmarks.goals import Goal, finish, page, table
from trajectories.engine.lanes import least, load, store

CUSTOMERS, PATHS, TSLEARN_CUSTOMERS, REPEATS = 20_000, 64, 1_000, 9
THREADS = (1, 2)
CHAINS, LANES, ROUNDS = 12, 16, 4_000_000
GOAL = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kernel")
    parser.add_argument("--share", type=float, default=1.0, help="of all sizes")
    options = parser.parse_args(arguments)
    text = report(measure(options.share))
    return finish("kernel", text, options.share == 1.0)


def measure(share: float) -> dict[str, dict[int, float]]:
    """Cells a second of each way of counting them, by number of threads."""
    X, _ = daily_spend(max(int(CUSTOMERS * share), PATHS))
    few = X[: max(int(TSLEARN_CUSTOMERS * share), 8)]
    rounds = int(ROUNDS * share)
    return {
        "limit": {t: arithmetic_limit(t, rounds) for t in THREADS},
        "no band": {t: our_cells(X, None, t) for t in THREADS},
        "band 5 %": {t: our_cells(X, 5, t) for t in THREADS},
        "tslearn": {t: tslearn_cells(few, t) for t in THREADS},
    }


def arithmetic_limit(threads: int, rounds: int = ROUNDS) -> float:
    """Cells a second of the bare arithmetic, with so many threads side by side."""
    states = np.full((threads, CHAINS * LANES), 0.25, np.float32)
    centre = np.full(LANES, 0.5, np.float32)
    cells_only(states[0], centre, 1)  # compiles

    def run() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda state: cells_only(state, centre, rounds), states))

    return threads * CHAINS * LANES * rounds / _median_seconds(run)


@njit(nogil=True)
def cells_only(state, centre, rounds):  # pragma: no cover
    """Twelve independent chains of cells, in registers.

    Each cell takes its three neighbours from the round before. Values stay between
    0 and 0.5 when they start there.
    """
    c = load(centre, 0)
    s0, s1, s2, s3 = load(state, 0), load(state, 16), load(state, 32), load(state, 48)
    s4, s5 = load(state, 64), load(state, 80)
    s6, s7 = load(state, 96), load(state, 112)
    s8, s9 = load(state, 128), load(state, 144)
    s10, s11 = load(state, 160), load(state, 176)
    for _ in range(rounds):
        s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 = (
            _cell(s0, s1, s2, c),
            _cell(s1, s2, s3, c),
            _cell(s2, s3, s4, c),
            _cell(s3, s4, s5, c),
            _cell(s4, s5, s6, c),
            _cell(s5, s6, s7, c),
            _cell(s6, s7, s8, c),
            _cell(s7, s8, s9, c),
            _cell(s8, s9, s10, c),
            _cell(s9, s10, s11, c),
            _cell(s10, s11, s0, c),
            _cell(s11, s0, s1, c),
        )
    # What is not used would not be computed.
    store(state, 0, s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11)


@njit(nogil=True, forceinline=True)
def _cell(a, b, c, centre):  # pragma: no cover
    difference = a - centre
    return least(least(a, b), c) + difference * difference


def our_cells(X: np.ndarray, radius: int | None, threads: int) -> float:
    """Cells a second of a whole pass of this project, float32, to ``PATHS`` paths."""
    from trajectories.engine.spaces import DtwSpace

    steps = X.shape[1]
    space = DtwSpace(X, steps if radius is None else radius, threads, np.float32)
    space.to_paths(X[:1])  # compiles
    seconds = _median_seconds(lambda: space.to_paths(X[:PATHS]))
    return len(X) * PATHS * cells_of_pair(steps, radius) / seconds


def tslearn_cells(X: np.ndarray, threads: int) -> float:
    """Cells a second of tslearn's ``cdist_dtw``, to eight paths."""
    from tslearn.metrics import cdist_dtw

    series, paths = X.astype(float), X[:8].astype(float)
    cdist_dtw(series[:8], paths, n_jobs=threads)  # compiles
    seconds = _median_seconds(lambda: cdist_dtw(series, paths, n_jobs=threads))
    return len(X) * 8 * cells_of_pair(X.shape[1], None) / seconds


def cells_of_pair(steps: int, radius: int | None) -> int:
    """Cells of two series of ``steps``, inside the band if there is one."""
    if radius is None:
        return steps * steps
    i, j = np.indices((steps, steps))
    return int((np.abs(i - j) <= radius).sum())


def _median_seconds(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        begun = perf_counter()
        run()
        seconds.append(perf_counter() - begun)
    return median(seconds)


def report(rates: dict[str, dict[int, float]]) -> str:
    """Put what was measured into Markdown."""
    limit = rates["limit"]
    shares = {t: rates["no band"][t] / limit[t] for t in THREADS}
    goal = Goal(
        "kernel",
        "half of the measured processor limit or better",
        "; ".join(
            f"{share:.0%} with {t} thread{'s' if t > 1 else ''}"
            for t, share in shares.items()
        ),
        min(shares.values()) >= GOAL,
    )
    titles = {
        "limit": "the processor's limit: arithmetic of cells alone, float32",
        "no band": f"a pass over all series to {PATHS} paths, float32, no band",
        "band 5 %": "the same, band 5 % (cells inside the band)",
        "tslearn": "tslearn's cdist_dtw, float64, no band",
    }
    rows = [
        [
            title,
            *(f"{rates[name][t] / 1e9:.3f}" for t in THREADS),
            *(f"{rates[name][t] / limit[t]:.0%}" for t in THREADS),
        ]
        for name, title in titles.items()
    ]
    header = ["billion cells a second", "1 thread", "2 threads"]
    header += ["share of limit, 1", "share of limit, 2"]
    notes = (
        f"Series of {DAYS} steps; medians of {REPEATS}. A cell is one difference, two"
        " minima, one product and one sum, fused where the processor can; the limit"
        f" does them in {CHAINS} independent chains of {LANES} numbers in registers."
        " A pass is all there is to distances: laying series into lanes, sweeping,"
        " writing results."
    )
    title = "Cells of dynamic time warping a second"
    return page("kernel", title, [goal], table(header, rows), notes)
