"""Experiments per segment: what can be tested, what a test found, what it was worth."""

from trajectories.experiments.frames import read_out
from trajectories.experiments.reports import read_experiments
from trajectories.experiments.returns import measure_returns
from trajectories.experiments.soundness import check_experiments
from trajectories.experiments.testability import map_testability

__all__ = [
    "check_experiments",
    "map_testability",
    "measure_returns",
    "read_experiments",
    "read_out",
]
