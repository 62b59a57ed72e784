"""Runs clusterers in child processes, with a time limit; see ``programs``."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from benchmarks.dbt_builds import BENCH, PROJECT

PEERS = BENCH / "peers"
REQUIREMENTS = Path(__file__).with_name("peers.txt")


class ChildError(Exception):
    """A child process that failed, in a sentence."""


@dataclass(frozen=True)
class Fit:
    """One fit: its wall seconds, peak resident memory, labels, iterations, inertia."""

    seconds: float
    peak_bytes: int
    labels: np.ndarray
    iterations: int
    inertia: float = nan


def peers_python() -> Path:
    """Return the Python of the peers' environment, which is made when missing.

    aeon 1.6 asks for older numpy, numba and pandas than this project is locked to;
    so the peers live apart, in build/bench/peers, at the versions of peers.txt.

    Raises:
        ChildError: when the environment can't be made.
    """
    python, ready = PEERS / "bin" / "python", PEERS / "ready"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return python
    venv.create(PEERS, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]
    if subprocess.run(install).returncode:
        raise ChildError(
            f"The peers were not installed into {PEERS}. See what pip says above."
        )
    ready.write_text(wanted, encoding="utf-8")
    return python


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a child that may use so many threads."""
    names = ("NUMBA", "OMP", "OPENBLAS", "MKL")
    return os.environ | {f"{name}_NUM_THREADS": str(threads) for name in names}


def fit(task: dict, python: Path | str = sys.executable, limit: float = 3600) -> Fit:
    """Fit one program in a child process.

    Args:
        task: program (a name in ``programs.PROGRAMS``), series (.npy file), customers
            (the first so many), clusters, radius (of the band in steps, or None),
            seed, threads; and, where the program takes them, metric, restarts,
            settings.
        python: which Python runs it.
        limit: seconds after which it is ended.

    Raises:
        TimeoutError: when the limit is reached.
        ChildError: when the program fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.json"
        path.write_text(json.dumps(task, default=str), encoding="utf-8")
        child = subprocess.Popen(
            [python, "-m", "benchmarks.programs", path],
            cwd=PROJECT,
            env=environment(task["threads"]),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            raise TimeoutError(
                f"{task['program']} was ended after {limit:.0f} s."
            ) from None
        finally:
            if child.poll() is None:  # with the workers that it started
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        if status:
            raise ChildError(
                f"{task['program']} on {task['customers']:,} series ended with status"
                f" {status}; see what it says above."
            )
        with np.load(path.with_suffix(".npz")) as found:
            return Fit(
                float(found["seconds"]),
                int(found["peak_bytes"]),
                found["labels"],
                int(found["iterations"]),
                float(found["inertia"]) if "inertia" in found else nan,
            )
