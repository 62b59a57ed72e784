"""What was published stays readable as it was, whatever is published later."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from real_builds import WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, run_build

COUNTED = """
    select segmentation, month, segment_id, persona, count(*) as customers
    from marts.fct_customer_segments group by all order by all
"""
SNAPSHOTS = (
    *("snap_segments", "snap_segment_changes", "snap_segment_profiles"),
    "publications",
)
PUBLICATIONS = "select * from snapshots.publications order by published_at"
# Not the analysis's own day, so that the variable is seen to arrive.
ALWAYS = "9998-12-31"


def compiled_analysis(built: Build) -> str:
    """Compile the analysis of what was ever published: dbt parses anew for it."""
    compiled = run_build(
        built.folder,
        *("--select", "segments_as_published"),
        project=built.project,
        target=built.folder / "target",
        verb="compile",
        variables={"published_before": ALWAYS},
    )
    assert compiled.returncode == 0, compiled.output[-3000:]
    path = "compiled/customer_trajectories/analyses/segments_as_published.sql"
    return (compiled.target / path).read_text(encoding="utf-8")


def as_published(built: Build, analysis: str, before: str) -> pd.DataFrame:
    """What the analysis says, run on the work database."""
    sql = analysis.replace(ALWAYS, before)
    return built.work(f"select * from ({sql}) order by all")


@pytest.mark.long
@pytest.mark.night
def test_two_new_maps_leave_the_names_that_were_published(
    project: Path, tmp_path: Path
) -> None:
    published, ends = [], ("2017-10-31", "2017-11-30", "2017-12-31")
    for end in ends:
        asked = {"as_of_date": end, "refit": True, "name_personas_anyway": True}
        built = run_build(
            tmp_path / "build", *WITHOUT_UNIT_TESTS, project=project, variables=asked
        )
        assert built.returncode == 0, built.output[-3000:]
        published.append(built.query(COUNTED))
    maps = built.query(
        "select segmentation, count(in_force_from) as maps"
        " from marts.dim_model_versions group by all"
    )
    assert (maps["maps"] >= 3).all()

    last = published[-1]
    for end, then in zip(ends, published, strict=True):
        known = last[last["month"] <= pd.Timestamp(end)].reset_index(drop=True)
        pd.testing.assert_frame_equal(known, then)
    # What they are called today is not what they were called.
    today = built.query("select segment_id, persona from marts.dim_segments")
    renamed = last.merge(today, on="segment_id", suffixes=("", "_today"))
    assert (renamed["persona"] != renamed["persona_today"]).any()

    analysis = compiled_analysis(built)
    times = built.work(PUBLICATIONS)["published_at"]
    assert len(times) == len(published)
    for time, then in zip(times, published, strict=True):
        after = str(time + pd.Timedelta(seconds=1))
        pd.testing.assert_frame_equal(as_published(built, analysis, after), then)


@pytest.mark.long
@pytest.mark.night
def test_a_report_can_be_made_as_it_was_published(
    small_copy: Build,
) -> None:
    folder, project = small_copy.folder, small_copy.project
    analysis = compiled_analysis(small_copy)
    assert analysis.count(ALWAYS) == 1

    first = small_copy.query(COUNTED)
    (published,) = small_copy.work(PUBLICATIONS)["published_at"]

    # A build that fails after its snapshots leaves no publication.
    changed = {"transition_months": 1}
    failed = run_build(
        folder,
        *("--select", "int_segment_memberships+"),
        *("--exclude", "int_revenue_projections+"),
        *WITHOUT_TESTS,
        project=project,
        variables=changed,
    )
    assert failed.returncode == 0, failed.output[-3000:]
    assert "Nothing was published" in failed.output
    assert len(failed.work(PUBLICATIONS)) == 1
    pd.testing.assert_frame_equal(as_published(failed, analysis, ALWAYS), first)

    later = run_build(folder, *WITHOUT_UNIT_TESTS, project=project, variables=changed)
    assert later.returncode == 0, later.output[-3000:]
    second = later.query(COUNTED)
    assert not second.equals(first)
    assert len(later.work(PUBLICATIONS)) == 2
    after = str(published + pd.Timedelta(seconds=1))
    pd.testing.assert_frame_equal(as_published(later, analysis, after), first)
    pd.testing.assert_frame_equal(as_published(later, analysis, ALWAYS), second)

    # An empty build has nothing to tell, whatever its variables.
    kept = [later.work(f"from snapshots.{name} order by all") for name in SNAPSHOTS]
    nothing = (*WITHOUT_TESTS, "--empty")
    empty = run_build(folder, *nothing, project=project, variables=changed)
    assert empty.returncode == 0, empty.output[-3000:]
    assert empty.work("select count(*) as n from marts.dim_segments")["n"][0] == 0
    for name, before in zip(SNAPSHOTS, kept, strict=True):
        found = empty.work(f"from snapshots.{name} order by all")
        pd.testing.assert_frame_equal(found, before)
    assert empty.query(COUNTED).equals(second)
