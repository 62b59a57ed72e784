"""Without the optional package the mart of discords is there, empty, and says why."""

from __future__ import annotations

import duckdb
import pytest
from real_builds import Build

from trajectories.movement.discords import NOT_INSTALLED, has_stumpy

pytestmark = pytest.mark.long


def test_the_mart_is_empty_and_typed_and_its_reason_is_read(small: Build) -> None:
    if has_stumpy():
        pytest.skip("stumpy is installed: test_discords.py tests what is found.")
    with duckdb.connect(str(small.published), read_only=True) as connection:
        found = connection.execute("from marts.fct_segment_discords")
        types = {name: str(kind) for name, kind, *_ in found.description}
        assert found.fetchall() == []
        reasons = connection.execute(
            "select distinct reason, is_searched from marts.rpt_discord_searches"
        ).fetchall()
    assert types["start_date"] == "DATE"
    assert types["p_value"] == "DOUBLE"
    assert types["is_unusual"] == "BOOLEAN"
    assert reasons == [(NOT_INSTALLED, False)]
