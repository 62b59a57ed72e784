"""What is installed has one name, `trajectories`, and so has each of its modules."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import sysconfig
import tomllib
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
import yaml
from environments import missing
from real_builds import PROJECT
from trajectories.warehouse.engines import SparkEngine

# Folders that are installed under another name.
RENAMED = ("dashboards", "sample_shop", "warehouse")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict:
    """What setup.py tells setuptools."""
    said: dict = {}
    setuptools = SimpleNamespace(setup=lambda **given: said.update(given))
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    monkeypatch.chdir(PROJECT)
    runpy.run_path("setup.py")
    return said


def settings(folder: Path) -> dict:
    """What a pyproject.toml tells setuptools."""
    read = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    return read["tool"]["setuptools"]


def test_nothing_but_trajectories_is_installed(told: dict) -> None:
    assert told.keys() == {"package_dir", "packages"}
    assert settings(PROJECT).keys() == {"package-data"}
    assert {name.split(".")[0] for name in told["packages"]} == {"trajectories"}


def test_the_adapter_is_in_its_own_wheel_alone() -> None:
    found = settings(PROJECT / "adapters" / "dbt-sparksession")["packages"]["find"]
    assert {name.split(".")[0] for name in found["include"]} == {"dbt"}


def test_nothing_of_a_folder_is_left_out(told: dict) -> None:
    folders, packed = told["package_dir"], {}
    for package in told["packages"]:
        name = max((it for it in folders if package.startswith(it)), key=len)
        inner = package.removeprefix(name).replace(".", "/")
        packed[PROJECT / f"{folders[name]}{inner}"] = package
    patterns = settings(PROJECT)["package-data"]
    left_out = {
        str(path.relative_to(PROJECT))
        for folder in folders.values()
        for path in (PROJECT / folder).rglob("*")
        if path.is_file()
        and not {"__pycache__", "superset"} & set(path.parts)
        and not any(
            path.match(pattern)
            for pattern in ("*.py", *patterns.get(packed.get(path.parent), ()))
            if path.parent in packed
        )
    }
    assert left_out == set()


FOUND = """
import sys
from importlib.util import find_spec

print(*(name for name in sys.argv[1:] if find_spec(name)))
"""


def test_other_projects_find_the_folders_under_trajectories_alone(
    tmp_path: Path,
) -> None:
    inside = [f"trajectories.{name}" for name in RENAMED]
    found = subprocess.run(
        [sys.executable, "-c", FOUND, *RENAMED, *inside],
        cwd=tmp_path,
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == inside


def test_nothing_is_imported_by_the_name_of_its_folder() -> None:
    imported = re.compile(rf"^\W*(?:from|import) ({'|'.join(RENAMED)})\b", re.MULTILINE)
    skipped = {"build", ".venv", "dbt_packages", "target"}
    found = {
        str(path.relative_to(PROJECT)): lines
        for path in PROJECT.rglob("*.py")
        if not skipped & set(path.relative_to(PROJECT).parts)
        and (lines := imported.findall(path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize("folder", RENAMED)
def test_a_command_of_the_projects_folder_imports_nothing_twice(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `python -m dashboards`, which is `python -m trajectories.dashboards`."""
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.setattr(sys, "argv", [folder, "--help"])
    try:
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(folder, run_name="__main__")
        of_the_folder = {name for name in sys.modules if name.split(".")[0] == folder}
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == folder]:
            del sys.modules[name]
    assert ended.value.code == 0
    assert of_the_folder == {folder}
    assert f"usage: python -m {folder} " in capsys.readouterr().out


# A function as a Python model hands it over: its own module can't be imported.
MODEL = """
from trajectories.months import month_number

def numbered(table):
    return table.append_column("number", [month_number(table["day"].to_numpy())])
"""
# Without -I and -S, Python would find the project here, or where it is installed.
EXECUTOR = """
import pickle, sys
from importlib.util import find_spec

sys.path += sys.argv[1:]
import trajectories

assert trajectories.__file__.startswith(sys.argv[1]), trajectories.__file__
assert not find_spec("trajectories.warehouse")
apply, batch = pickle.loads(sys.stdin.buffer.read())
print(*(answer["number"].to_pylist() for answer in apply([batch])))
"""


def test_executors_need_no_more_than_the_profile_ships() -> None:
    if not (find_spec("pyspark") and find_spec("dbt.adapters.sparksession")):
        missing("The Spark adapter is not installed; run: pip install -e '.[spark]'")
    from dbt.adapters.sparksession.shipping import ship
    from pyspark import cloudpickle

    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text("utf-8"))
    shipped: list[str] = []
    for package in profiles["customer_trajectories"]["outputs"]["spark"]["packages"]:
        ship(package, shipped.append)
    scope = {"__name__": "dbt model numbered"}
    exec(MODEL, scope)
    relation = SimpleNamespace(mapInArrow=lambda apply, schema: apply)
    schema = pa.schema([("number", pa.int64())])
    apply = SparkEngine(None).map_rows(relation, scope["numbered"], schema)
    batch = pa.record_batch({"day": [datetime(2017, 3, 9)]})
    paths = [*shipped, sysconfig.get_path("purelib")]
    ran = subprocess.run(
        [sys.executable, "-IS", "-c", EXECUTOR, *paths],
        input=cloudpickle.dumps((apply, batch)),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.split() == [b"[%d]" % (2017 * 12 + 2)]
