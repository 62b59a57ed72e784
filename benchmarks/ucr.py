"""Agreement with the classes of UCR data sets, beside tslearn's DTW k-means.

``python -m benchmarks ucr`` takes the sets that ship inside the packages aeon and
tslearn, training and test cases together, z-normalises each series, and clusters them
into as many groups as there are classes.
"""

import argparse
import subprocess
import sys
from time import perf_counter

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks.children import ChildError, peers_python
from benchmarks.dbt_builds import BENCH, PROJECT
from benchmarks.goals import Goal, finish, page, table
from benchmarks.programs import PROGRAMS

AEON = (
    "ACSF1",
    "ArrowHead",
    "BasicMotions",
    "GunPoint",
    "ItalyPowerDemand",
    "OSULeaf",
)
TRACE = "Trace"
SEEDS, THREADS = 5, 2
# Longer series are averaged down to fewer steps, the same for all: tslearn would take
# hours on the 1,460 steps of ACSF1 and the 427 of OSULeaf.
MOST_STEPS = 300
TSLEARN = "tslearn: DTW barycentres, ten iterations"
OURS = "ours: DTW"
# What is tried: program, metric, band as a share of the steps, starts.
TRIED = {
    TSLEARN: ("tslearn", "dtw", None, 1),
    OURS: ("trajectories", "dtw", None, 1),
    "ours: DTW, band 5 %": ("trajectories", "dtw", 0.05, 1),
    "ours: DTW, band 5 %, ten starts": ("trajectories", "dtw", 0.05, 10),
    "ours: Euclid": ("trajectories", "euclidean", None, 1),
    "ours: MSM": ("trajectories", "msm", None, 1),
}


def main(arguments: list[str] | None = None) -> int:
    """Cluster all sets with all seeds, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ucr")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    names = (*AEON, TRACE)
    parser.add_argument("--sets", nargs="+", choices=names, default=names)
    options = parser.parse_args(arguments)
    try:
        sets = load(options.sets)
    except ChildError as problem:
        print(problem, file=sys.stderr)
        return 1
    found = {
        name: {tried: agreement(X, classes, tried, options.seeds) for tried in TRIED}
        for name, (X, classes) in sets.items()
    }
    is_full = options.seeds == SEEDS and tuple(options.sets) == names
    return finish("ucr", report(sets, found, options.seeds), is_full)


def load(names: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Load sets as z-normalised series, (cases, steps, features), and classes.

    Raises:
        ChildError: when aeon does not give its sets.
    """
    path = BENCH / "shipped.npz"
    command = [peers_python(), "-m", "benchmarks.shipped", path, *AEON]
    if subprocess.run(command, cwd=PROJECT).returncode:
        raise ChildError("aeon's data sets were not read; see what it says above.")
    sets = {}
    with np.load(path) as shipped:
        for name in names:
            if name == TRACE:
                X, classes = _trace()
            else:
                X, classes = shipped[name], shipped[f"{name} classes"]
            sets[name] = normalise(shorten(X)), classes
    return sets


def _trace() -> tuple[np.ndarray, np.ndarray]:
    from tslearn.datasets import CachedDatasets

    X, classes, X_test, classes_test = CachedDatasets().load_dataset(TRACE)
    return np.concatenate([X, X_test]), np.concatenate([classes, classes_test])


def shorten(X: np.ndarray) -> np.ndarray:
    """Average neighbouring steps until at most ``MOST_STEPS`` are left."""
    every = -(-X.shape[1] // MOST_STEPS)
    steps = X.shape[1] // every
    return X[:, : steps * every].reshape(len(X), steps, every, -1).mean(axis=2)


def normalise(X: np.ndarray) -> np.ndarray:
    """Give each feature of each series mean 0 and standard deviation 1."""
    spread = X.std(axis=1, keepdims=True)
    return (X - X.mean(axis=1, keepdims=True)) / np.where(spread > 1e-12, spread, 1.0)


def agreement(
    X: np.ndarray, classes: np.ndarray, tried: str, seeds: int
) -> tuple[float, float]:
    """Mean adjusted Rand index over seeds, and the seconds of one fit."""
    program, metric, band, starts = TRIED[tried]
    task = {
        "clusters": len(np.unique(classes)),
        "metric": metric,
        "radius": None if band is None else int(np.ceil(band * X.shape[1])),
        "restarts": starts,
        "threads": THREADS,
        "settings": {"max_iter": 10} if program == "tslearn" else {},
    }
    begun = perf_counter()
    scores = [
        adjusted_rand_score(
            classes, PROGRAMS[program](X, {**task, "seed": s})["labels"]
        )
        for s in range(seeds)
    ]
    seconds = (perf_counter() - begun) / seeds
    print(f"{tried}: {np.mean(scores):.3f}, {seconds:.1f} s", file=sys.stderr)
    return float(np.mean(scores)), seconds


def report(sets: dict, found: dict[str, dict], seeds: int) -> str:
    """Put what was measured into Markdown."""
    means = {
        tried: np.mean([of_set[tried][0] for of_set in found.values()])
        for tried in TRIED
    }
    taken = {
        tried: sum(of_set[tried][1] for of_set in found.values()) for tried in TRIED
    }
    best = max(means, key=means.get)
    goal = Goal(
        f"{len(found)} UCR sets shipped inside aeon and tslearn",
        f"mean adjusted Rand over {SEEDS} seeds no lower than tslearn's DTW barycentre"
        " k-means on the same data",
        f"{means[OURS]:.3f} against {means[TSLEARN]:.3f}; the best, {best!r},"
        f" {means[best]:.3f}",
        means[OURS] >= means[TSLEARN],
    )
    rows = [
        [
            name,
            " x ".join(map(str, sets[name][0].shape)),
            len(np.unique(sets[name][1])),
            *(f"{of_set[tried][0]:.3f}" for tried in TRIED),
        ]
        for name, of_set in found.items()
    ]
    rows.append(["**mean**", "", "", *(f"**{means[tried]:.3f}**" for tried in TRIED)])
    rows.append(
        ["seconds of one fit each", "", "", *(f"{t:.1f}" for t in taken.values())]
    )
    notes = (
        f"Adjusted Rand index against the classes, mean of {seeds} seeds. Training and"
        " test cases together, every series z-normalised, one start unless it says"
        f" otherwise. Series of over {MOST_STEPS} steps (ACSF1, OSULeaf) are averaged"
        " down to fewer steps, for all alike."
    )
    title = "Agreement with the classes of UCR data sets"
    header = ["set", "cases x steps x features", "classes", *TRIED]
    return page("ucr", title, [goal], table(header, rows), notes)
