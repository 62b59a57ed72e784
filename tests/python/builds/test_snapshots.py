"""What was published stays readable as it was, whatever is published later."""

from __future__ import annotations

import pandas as pd
import pytest
from real_builds import WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, run_build

COUNTED = """
    select segmentation, month, segment_id, persona, count(*) as customers
    from marts.fct_customer_segments group by all order by all
"""
SNAPSHOTS = ("snap_segments", "snap_segment_changes", "publications")
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


@pytest.mark.long
def test_a_report_can_be_made_as_it_was_published(
    small_copy: Build,
) -> None:
    folder, project = small_copy.folder, small_copy.project
    analysis = compiled_analysis(small_copy)
    assert analysis.count(ALWAYS) == 1

    def as_published(built: Build, before: str) -> pd.DataFrame:
        """What the analysis says, run on the work database."""
        sql = analysis.replace(ALWAYS, before)
        return built.work(f"select * from ({sql}) order by all")

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
    pd.testing.assert_frame_equal(as_published(failed, ALWAYS), first)

    later = run_build(folder, *WITHOUT_UNIT_TESTS, project=project, variables=changed)
    assert later.returncode == 0, later.output[-3000:]
    second = later.query(COUNTED)
    assert not second.equals(first)
    assert len(later.work(PUBLICATIONS)) == 2
    after = str(published + pd.Timedelta(seconds=1))
    pd.testing.assert_frame_equal(as_published(later, after), first)
    pd.testing.assert_frame_equal(as_published(later, ALWAYS), second)

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
