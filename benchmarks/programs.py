"""Clusterers under test, run one at a time in a process of their own.

``python -m benchmarks.programs TASK.json`` is called by ``benchmarks.children``, with
this project's Python or with that of the peers' environment; so nothing but numpy
is imported before the program is known. What is timed is the fit alone: not the
start of Python, nor reading the series, nor compiling, which a fit of a few series
does before.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

WARM_UP_SERIES = 48


def trajectories(X: np.ndarray, task: dict) -> dict:
    """This project's ``TrajectoryKMeans``."""
    from trajectories.clustering import TrajectoryKMeans

    model = TrajectoryKMeans(
        task["clusters"],
        metric=task.get("metric", "dtw"),
        window=task["radius"],
        n_init=task.get("restarts", 1),
        random_state=task["seed"],
        n_jobs=task["threads"],
        **task.get("settings", {}),
    ).fit(X)
    return {
        "labels": model.labels_,
        "iterations": model.n_iter_,
        "inertia": model.inertia_,
    }


def tslearn(X: np.ndarray, task: dict) -> dict:
    """The package tslearn's k-means with DTW barycentres."""
    from tslearn.clustering import TimeSeriesKMeans

    band = None
    if task["radius"] is not None:
        band = {
            "global_constraint": "sakoe_chiba",
            "sakoe_chiba_radius": task["radius"],
        }
    model = TimeSeriesKMeans(
        task["clusters"],
        metric="dtw",
        metric_params=band,
        n_init=task.get("restarts", 1),
        random_state=task["seed"],
        n_jobs=task["threads"],
        **task.get("settings", {}),
    ).fit(X)
    return {"labels": model.labels_, "iterations": model.n_iter_}


def aeon_kasba(X: np.ndarray, task: dict) -> dict:
    """The package aeon's KASBA, as it comes (MSM; one thread is all it knows)."""
    from aeon.clustering import KASBA

    model = KASBA(
        n_clusters=task["clusters"],
        distance_params=_aeon_band(X, task),
        random_state=task["seed"],
    ).fit(X.transpose(0, 2, 1).astype(float))
    return {"labels": model.labels_, "iterations": model.n_iter_}


def aeon_kmeans(X: np.ndarray, task: dict) -> dict:
    """The package aeon's k-means with DTW barycentres, ten iterations."""
    from aeon.clustering import TimeSeriesKMeans

    model = TimeSeriesKMeans(
        n_clusters=task["clusters"],
        distance="dtw",
        init="kmeans++",
        averaging_method="ba",
        n_init=1,
        max_iter=10,
        distance_params=_aeon_band(X, task),
        random_state=task["seed"],
        n_jobs=task["threads"],
    ).fit(X.transpose(0, 2, 1).astype(float))
    return {"labels": model.labels_, "iterations": model.n_iter_}


def dtaidistance(X: np.ndarray, task: dict) -> dict:
    """The package dtaidistance's k-means, in C, with processes side by side."""
    from dtaidistance.clustering.kmeans import KMeans

    np.random.seed(task["seed"])  # it draws from there
    options = {"use_c": True}
    if task["radius"] is not None:
        options["window"] = task["radius"] + 1  # |i - j| < window
    model = KMeans(task["clusters"], dists_options=options, show_progress=False)
    members, iterations = model.fit(X[:, :, 0].astype(float), use_parallel=True)
    labels = np.empty(len(X), int)
    for cluster, rows in members.items():
        labels[list(rows)] = cluster
    return {"labels": labels, "iterations": iterations}


PROGRAMS = {
    program.__name__: program
    for program in (trajectories, tslearn, aeon_kasba, aeon_kmeans, dtaidistance)
}


def _aeon_band(X: np.ndarray, task: dict) -> dict:
    """The band as the share of the steps that aeon wants."""
    return {} if task["radius"] is None else {"window": task["radius"] / X.shape[1]}


def peak_bytes() -> int:
    """Peak of this process's resident memory since it started."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: after a fork it remembers the parent's peak.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(arguments: list[str]) -> int:
    """Run the task, and write what came out beside it."""
    path = Path(arguments[0])
    task = json.loads(path.read_text(encoding="utf-8"))
    program = PROGRAMS[task["program"]]
    X = np.load(task["series"])[: task["customers"]]
    program(X[: max(WARM_UP_SERIES, 2 * task["clusters"])], task)
    begun = time.perf_counter()
    found = program(X, task)
    found["seconds"] = time.perf_counter() - begun
    np.savez(path.with_suffix(".npz"), peak_bytes=peak_bytes(), **found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
