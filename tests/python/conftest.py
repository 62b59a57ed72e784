"""Builds that several tests read, made once; and which worker runs what, and when."""

from __future__ import annotations

from pathlib import Path

import prebuilt
import pytest
from real_builds import Build


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long tests first, so that workers end together; keep together what shares.

    A worker of xdist takes a group whole (`--dist loadgroup`): the short tests of a
    file, and long ones that share a fixture of their file. Other long tests go to
    whoever is free.
    """

    def is_long(item: pytest.Item) -> bool:
        return item.get_closest_marker("long") is not None

    for item in items:
        shared = _shared_fixtures(item)
        if shared or not is_long(item):
            given = item.callspec.indices if hasattr(item, "callspec") else {}
            parts = [f"{name}{given[name]}" for name in shared if name in given]
            group = "-".join([item.path.stem, *(parts if is_long(item) else [])])
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: not is_long(item))


def _shared_fixtures(item: pytest.Item) -> list[str]:
    """Name the fixtures of an item that are made once for its file."""
    made = item._fixtureinfo.name2fixturedefs
    return sorted(name for name in made if made[name][-1].scope == "module")


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
