"""Playbooks of today's segments, each with the test that it asks for."""

from trajectories.dashboards.charts import liftmaps
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, Section, part
from trajectories.dashboards.marts import experiments, profiles
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links
from trajectories.dashboards.sections.profiles import CONTROLS, choices

MART = "marts.rpt_experiment_proposals"
INTRODUCTION = (
    "What a playbook says is a guess until a test has answered. Beside each stands the"
    " test that would: some customers, drawn by lot, get what all others get."
)

UNKNOWN = "Not known: too few customers or past weeks tell this metric"


def proposals(shop: Shop) -> Section | None:
    """Show a card for each segment that has a playbook."""
    found, proposed = shop.once(profiles.by_segmentation), shop.once(by_segment)
    states = {
        (name,): part(
            "cards",
            segments=[
                _card(shop, row, proposed[row.segment_id])
                for row in rows.itertuples()
                if row.segment_id in proposed
            ],
        )
        for name, rows in found.items()
        if set(rows["segment_id"]) & set(proposed)
    }
    if not states:
        return None
    offered = shop.once(choices)
    cards = Fragment("proposals", states, CONTROLS)
    return Section(
        "What to do, and how to know", [cards], INTRODUCTION, True, choices=offered
    )


def by_segment(shop: Shop) -> dict[str, object]:
    """Find the proposed test of each segment that is in use."""
    rows = shop.read(MART).dropna(subset=["segment_id", "hypothesis"])
    in_use = set(shop.segments.in_use["segment_id"])
    return {
        row.segment_id: row for row in rows.itertuples() if row.segment_id in in_use
    }


def compared(proposed: object) -> str:
    """Name the arms of a proposal."""
    arms = [proposed.first_arm, proposed.second_arm]
    named = [str(arm) for arm in arms if not formats.is_missing(arm)]
    return f"{'; '.join(named)}; against {proposed.control_arm} (control)"


def chance_to_find(shop: Shop, proposed: object) -> str:
    """Say whether the proposed test could find anything, as it was measured."""
    design = experiments.nearest_design(
        shop, proposed.segment_id, proposed.primary_metric
    )
    if design is None:
        return f"{UNKNOWN}."
    seen = (
        f"a lift of {formats.share(design.mde_share, 0)} or more would be seen in"
        f" {formats.counted(int(design.weeks), 'week')}"
    )
    if design.verdict == liftmaps.TESTABLE:
        return f"Yes: {seen}."
    if design.verdict == liftmaps.NOT_TESTABLE:
        return f"No: only {seen}."
    return f"Hardly: only {seen}. Better: {design.verdict}."


def _card(shop: Shop, row: object, proposed: object) -> dict:
    segments = shop.segments
    known = segments.row(row.segment_id)
    size = formats.HIDDEN
    if row.is_shown:
        size = f"{formats.count(row.customers)} customers"
    planned = proposed.planned_experiment
    plays = [
        ("Do", known.recommended_action),
        ("Test", proposed.hypothesis),
        ("Can it be told?", chance_to_find(shop, proposed) if row.is_shown else None),
        ("In the plan", None if formats.is_missing(planned) else f"{planned}."),
    ]
    link = links.to_segment(shop, "Who they are", row.segmentation, row.segment_id)
    return {
        "name": segments.name(row.segment_id),
        "mark": segments.mark(row.segment_id),
        "size": size,
        "is_unearned": segments.has_no_name(row.segment_id),
        "evidence": "",
        "plays": [(name, text) for name, text in plays if not formats.is_missing(text)],
        "links": [link] if link else [],
    }
