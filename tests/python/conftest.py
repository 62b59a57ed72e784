"""Builds that several tests read, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_builds import Build, run_build


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A target folder that builds of parts share, so that one of them parses."""
    return tmp_path_factory.mktemp("parsed")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The whole build of the sample shop, once for all tests that read it."""
    built = run_build(tmp_path_factory.mktemp("sample"))
    assert built.returncode == 0, built.output[-6000:]
    return built
