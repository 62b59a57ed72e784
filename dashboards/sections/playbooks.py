"""Playbooks: what each segment is known for, and what to do about it."""

from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, Section, link, part
from trajectories.dashboards.marts import profiles
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections.profiles import CONTROLS, choices

PLAYS = {
    "recommended_action": "Do",
    "action_to_avoid": "Don't",
    "offer": "Offer",
    "channel": "Channel",
    "owner": "Who acts",
}
# Of the number to watch, the last so many are told.
MONTHS_WATCHED = 6
EVIDENCE = (
    "What a name rests on was measured when the name was given. In brackets stand all"
    " clustered customers of that month: without who was new, sparse or lapsed."
)


def playbooks(shop: Shop) -> Section | None:
    """Show a card for each segment."""
    found = shop.once(profiles.by_segmentation)
    if not found:
        return None
    states = {
        (name,): part("cards", segments=[_card(row, shop) for row in rows.itertuples()])
        for name, rows in found.items()
    }
    cards = Fragment("playbook", states, CONTROLS)
    offered = shop.once(choices)
    return Section("What to do", [cards], EVIDENCE, is_wide=True, choices=offered)


def _watched(shop: Shop) -> dict[str, str]:
    """Tell the number to watch of each segment, over its last months."""
    numbers = shop.read("marts.fct_segment_kpis")
    numbers = numbers[numbers["is_kpi_of_playbook"].eq(True) & numbers["is_shown"]]
    found = {}
    for identity, rows in numbers.sort_values("month").groupby("segment_id"):
        kpi = rows["kpi"].iloc[0]
        told = [
            f"{formats.month(row.month)} {_kpi_value(kpi, row.kpi_value)}"
            for row in rows.tail(MONTHS_WATCHED).itertuples()
        ]
        found[identity] = f"{formats.words(kpi)}: {', '.join(told)}"
    return found


def _kpi_value(kpi: str, value: float) -> str:
    return formats.share(value) if kpi == "retention" else formats.decimal(value, 2)


def _moving(shop: Shop) -> set[str]:
    """List the segmentations of which the page Movement tells."""
    return set(shop.read("marts.fct_segment_migrations")["segmentation"])


def _forecast(shop: Shop) -> set[str]:
    """List the segments of which the page Forecast tells, if they may be shown."""
    identities = set(shop.read("marts.fct_revenue_forecasts")["segment_id"].dropna())
    return {each for each in identities if shop.segments.is_in_use(each)}


def _links(row: object, shop: Shop) -> list[Markup]:
    """Link to what is told of a segment elsewhere."""
    links = []
    if row.segmentation in shop.once(_moving):
        text = "Who came and went"
        links.append(link(text, "movement.html", segmentation=row.segmentation))
    if row.is_shown and row.segment_id in shop.once(_forecast):
        state = {"segmentation": row.segmentation, "segment": row.segment_id}
        links.append(link("What it will spend", "forecast.html", **state))
    return links


def _card(row: object, shop: Shop) -> dict:
    segments, watched = shop.segments, shop.once(_watched)
    known = segments.row(row.segment_id)
    size, evidence = formats.HIDDEN, None if known is None else known.persona_evidence
    if row.is_shown:
        share = formats.share(row.customer_share)
        size = f"{formats.count(row.customers)} customers, {share}"
    else:
        evidence = None
    plays = [
        (label, getattr(known, column))
        for column, label in PLAYS.items()
        if known is not None
        and not formats.is_missing(getattr(known, column))
        and str(getattr(known, column)).strip()
    ]
    if row.segment_id in watched:
        plays.append(("Watch", watched[row.segment_id]))
    return {
        "name": segments.name(row.segment_id),
        "mark": segments.mark(row.segment_id),
        "size": size,
        "is_unearned": segments.has_no_name(row.segment_id),
        "evidence": "" if formats.is_missing(evidence) else evidence,
        "plays": plays,
        "links": _links(row, shop),
    }
