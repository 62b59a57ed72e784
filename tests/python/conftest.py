"""Builds that several tests read, made once."""

from __future__ import annotations

from pathlib import Path

import prebuilt
import pytest
from real_builds import Build


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
