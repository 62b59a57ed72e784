"""Warehouses that tests share: built once, kept until code, input or machine change.

`sample` is the whole build of the sample shop: for what needs its 4,000 customers.
`small` is that of a small shop with the same kinds of customers and of dirt, and few
trials: for everything that asks whether the line runs.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import llvmlite.binding
import yaml
from made_once import forget_unused, made_once
from real_builds import (
    FEW_ORIGINS,
    PROJECT,
    WITHOUT_UNIT_TESTS,
    Build,
    run_build,
    with_few_trials,
)
from trajectories.sample_shop import ShopSettings, generate_shop
from trajectories.sample_shop.export import write_shop, write_truth

WAREHOUSES = PROJECT / "build" / "test" / "warehouses"
SMALL_SHOP = ShopSettings(customers=400, months=16, end_date=date(2017, 12, 31))
FEW_TRIALS = {"k_max": 4, "sample_customers": 200, "bootstrap_refits": 3}
# What a build is made of: a small project is a copy of it with another sample.
PARTS = (
    *("analyses", "examples", "inputs", "macros", "models", "python_models"),
    *("seeds", "snapshots", "tests"),
    *("dbt_project.yml", "profiles.yml", "selectors.yml"),
)
PACKAGES = ("adapters", "dashboards", "sample_shop", "trajectories", "warehouse")
MAKERS = ("dbt_children.py", "prebuilt.py", "real_builds.py")
NO_PART = shutil.ignore_patterns("python", "fixtures", "__pycache__", "dbt_packages")


@cache
def fingerprint(project: Path = PROJECT) -> str:
    """Return a hash of all that a warehouse depends on: code, data, libraries, machine.

    A processor rounds sums its own way, so that numbers of another one are others.
    """
    hashed = hashlib.sha256()
    for path in sorted(_sources(project)):
        hashed.update(f"{path.relative_to(project)} {path.stat().st_size}\n".encode())
        hashed.update(path.read_bytes())
    libraries = sorted(f"{it.name} {it.version}" for it in distributions())
    processor = llvmlite.binding.get_host_cpu_name()
    for fact in (*libraries, platform.machine(), processor, platform.python_version()):
        hashed.update(f"{fact}\n".encode())
    return hashed.hexdigest()


def _sources(project: Path) -> Iterator[Path]:
    tests = project / "tests" / "python"
    for name in (*PARTS, *PACKAGES):
        for path in (project / name, *(project / name).rglob("*")):
            is_code = "__pycache__" not in path.parts and tests not in path.parents
            if is_code and path.is_file():
                yield path
    yield from (tests / name for name in MAKERS if (tests / name).exists())


def sample() -> Build:
    """The sample shop, built whole and tested whole, with the project's settings."""
    return _prebuilt("sample", lambda folder: PROJECT)


def small() -> Build:
    """The small shop, built as the sample of a project of its own."""
    return _prebuilt("small", _write_small_project, *WITHOUT_UNIT_TESTS)


def _prebuilt(name: str, project_in: Callable[[Path], Path], *arguments: str) -> Build:
    folder = WAREHOUSES / f"{name}-{fingerprint()[:16]}"

    def make(folder: Path) -> None:
        folder.mkdir()
        built = run_build(
            folder / "build", *arguments, project=project_in(folder), variables={}
        )
        assert built.returncode == 0, built.output[-6000:]

    forget_unused(sorted(set(WAREHOUSES.glob(f"{name}-*/")) - {folder}))
    made_once(folder, fingerprint(), make)
    build, project = folder / "build", folder / "project"
    where = (project, project / "target")
    if not project.exists():
        where = (PROJECT, build / "target")
    return Build(build, 0, (build / "said.txt").read_text(), *where)


def _write_small_project(folder: Path) -> Path:
    """Write a copy of the project with the small shop as its sample, and few trials."""
    project = folder / "project"
    for name in PARTS:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, project / name, ignore=NO_PART)
        else:
            shutil.copy(PROJECT / name, project)
    shop, seeds = generate_shop(SMALL_SHOP), project / "seeds" / "sample"
    write_shop(shop, seeds, prefix="raw_")
    write_truth(shop, seeds / "raw_planted_kinds.csv", project / "dirt.csv")
    settings = yaml.safe_load((project / "dbt_project.yml").read_text())
    settings["vars"] |= FEW_ORIGINS
    for segmentation in settings["vars"]["segmentations"].values():
        segmentation |= with_few_trials(segmentation, **FEW_TRIALS)
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return project


def copy_project(built: Build, folder: Path) -> Path:
    """Copy the project of a prebuilt warehouse, parsed as it is, without its build."""
    leave_out = shutil.ignore_patterns("build", "logs")
    return shutil.copytree(built.project, folder, ignore=leave_out)


def copy_build(built: Build, folder: Path, project: Path) -> Build:
    """Copy a prebuilt warehouse, to be built again by a copy of its project."""
    leave_out = shutil.ignore_patterns("target", "logs")
    shutil.copytree(built.folder, folder, symlinks=True, ignore=leave_out)
    return replace(built, folder=folder, project=project, target=project / "target")
