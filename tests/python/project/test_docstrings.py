"""The examples of docstrings hold, and what is public has one."""

import ast
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from real_builds import PROJECT

import trajectories
from trajectories import clustering, metrics, warehouse

#: What is installed under the package, but knows dbt, files or pages.
NOT_THE_ENGINE = ("warehouse", "dashboards", "sample_shop")
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


def is_of_the_engine(module: str) -> bool:
    """Whether a module is of the package that people use without dbt."""
    package, _, room = module.partition(".")
    return package == "trajectories" and not room.startswith(NOT_THE_ENGINE)


def public_objects() -> Iterator[object]:
    """What rooms export, what dbt's models import, and the estimator and distances."""
    for name in filter(is_of_the_engine, MODULES):
        module = importlib.import_module(name)
        if hasattr(module, "__path__"):
            yield from (getattr(module, it) for it in getattr(module, "__all__", ()))
    for path in (PROJECT / "python_models").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and is_of_the_engine(node.module):
                module = importlib.import_module(node.module)
                yield from (getattr(module, alias.name) for alias in node.names)
    for module in (clustering, metrics):
        own = (it for name, it in vars(module).items() if not name.startswith("_"))
        yield from (
            it for it in own if getattr(it, "__module__", "") == module.__name__
        )


def test_what_is_public_has_an_example() -> None:
    lacking = {
        f"{it.__module__}.{it.__name__}"
        for it in public_objects()
        if (inspect.isclass(it) or inspect.isfunction(it))
        and ">>>" not in (inspect.getdoc(it) or "")
    }
    assert not lacking
