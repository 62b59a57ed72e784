"""The examples of docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import trajectories
from trajectories import warehouse

MODULES = [
    module.name
    for package in (trajectories, warehouse)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0
