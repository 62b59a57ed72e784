"""Builds that several tests read, made once; and which worker runs what, and when."""

from __future__ import annotations

import os
from pathlib import Path

import prebuilt
import pytest
from real_builds import Build
from xdist.scheduler import LoadScopeScheduling

# statsforecast keeps what it compiles, which is seconds of every process.
os.environ.setdefault("NIXTLA_NUMBA_CACHE", "1")

# Files whose tests share no fixture that is dear: each of them is a group by itself.
FREE = {
    "test_own_data.py",
    "test_postgres.py",
    "test_publish.py",
    "test_sparksession.py",
}


# Groups that take minutes, in their order. While one worker builds the small shop for
# the first of them, and then the sample, the other has what needs neither.
DEAR = (
    "test_spark_parity.py[sail]",
    "test_sparksession.py",
    "test_end_to_end.py",
    "test_spark_parity.py",
    "test_movement_in_time.py",
    "test_dagster_example.py",
)


def group(nodeid: str) -> str:
    """Return what runs on one worker: a file, a test of a free file, or an engine."""
    file, _, test = nodeid.partition("::")
    name = Path(file).name
    if name == "test_spark_parity.py":
        return f"{file}[{test.partition('[')[2]}"
    return nodeid if name in FREE else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long tests first, the dearest before all, so that workers end together.

    What reads a shared warehouse is long, for it may be who builds it.
    """
    for item in items:
        if {"small", "sample"}.intersection(item.fixturenames):
            item.add_marker("long")

    def place(item: pytest.Item) -> int:
        if item.get_closest_marker("long") is None:
            return len(DEAR) + 1
        mine = group(item.nodeid)
        return next((i for i, dear in enumerate(DEAR) if dear in mine), len(DEAR))

    items.sort(key=place)


class Groups(LoadScopeScheduling):
    """Gives workers groups of tests, in their order, as they become free."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Groups:
    """Let xdist's workers take groups."""
    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.fixture(scope="session")
def sample() -> Build:
    """The whole build of the sample shop, for tests that read it."""
    return prebuilt.sample()


@pytest.fixture(scope="session")
def small() -> Build:
    """The build of the small shop, for tests that read it."""
    return prebuilt.small()


@pytest.fixture
def small_copy(small: Build, tmp_path: Path) -> Build:
    """A copy of the small shop's build and project, to be built again."""
    project = prebuilt.copy_project(small, tmp_path / "project")
    return prebuilt.copy_build(small, tmp_path / "build", project)


@pytest.fixture(scope="session")
def project(small: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop's project, parsed, for builds with its settings."""
    return prebuilt.copy_project(small, tmp_path_factory.mktemp("small") / "project")
