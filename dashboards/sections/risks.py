"""Whose loss costs most: the customers with most at risk, and their silence."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import clocks
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Section,
    State,
    fitting,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links, values

MART = "marts.fct_value_at_risk"
MOST = 8
# Whole months in which who is late is thought to be going, not gone.
LATE_MONTHS = 3
CLOCKS = {
    "on_time": "on time",
    "due": "due",
    "late": "late",
    "silent": "silent",
    "unknown": "no gap of her own yet",
}
HEADERS = ["Place", "Customer", "At risk", "An offer costs at most", "Clock", "Why"]


def who_is_at_risk(shop: Shop) -> Section | None:
    """List the customers with most at risk, and draw how long they are silent."""
    customers = shop.once(scored)
    is_few = segmentations.is_small(len(customers), shop.smallest_cell)
    if shop.once(values.ranking) is None or customers.empty or is_few:
        return None
    first = customers.head(MOST)
    places = [int(place) for place in first["risk_rank"]]
    ids = shop.marts.ids(MART, "risk_rank", places)
    return Section(
        "Whose loss costs most",
        [
            Chart("silences", {(): _silences(customers, first, ids)}),
            Fragment("at-risk", {(): _list(first, ids)}),
        ],
        is_wide=True,
    )


def scored(shop: Shop) -> pd.DataFrame:
    """Read the customers of the latest month, those with most at risk first."""
    customers = shop.read(MART).dropna(subset=["risk_rank", "value_at_risk_amount"])
    return customers.sort_values("risk_rank", ignore_index=True)


def _silences(customers: pd.DataFrame, first: pd.DataFrame, ids: dict) -> State:
    month = formats.month(first["month"].iloc[0])
    at_risk = formats.amount(first["value_at_risk_amount"].sum())
    whole = formats.amount(customers["value_at_risk_amount"].sum())
    who = "The first customer stands" if len(first) == 1 else "The first stand"
    if len(first) > 1:
        who = f"The {formats.count(len(first))} first stand"
    title = f"{who} for {at_risk} of {whole} at risk"
    return State(
        fitting(title, "Who has most at risk"),
        [clocks.figure(first, _labels(first, ids))],
        subtitle=(
            f"Days without an order at the end of {month}, and what is at risk"
            f" ({formats.unit()}), of those with most; beside it the usual gap between"
            " orders"
        ),
        note=links.joined(
            "The usual gap is her own, drawn to that of all customers where she has few"
            " orders. Silence says when to act, not whom first: the place goes by what"
            " is lost.",
            _gone(first),
        ),
    )


def _gone(first: pd.DataFrame) -> str:
    """Count those whom no offer may reach: late or silent for a quarter already."""
    quarter = first["month"].iloc[0] - pd.DateOffset(months=LATE_MONTHS)
    gone = int(first["at_risk_since_month"].le(quarter).sum())
    if not gone:
        return ""
    are = "is" if gone == 1 else "are"
    return (
        f"{formats.count(gone)} of these {formats.count(len(first))} {are} late for"
        f" {LATE_MONTHS} months and more, so rather gone than going."
    )


def _labels(first: pd.DataFrame, ids: dict) -> list[str]:
    """Name each customer by her place, and her id where that may be told."""
    return [
        f"{place}. {formats.plain(ids[place])}" if place in ids else f"Place {place}"
        for place in first["risk_rank"].astype(int)
    ]


def _list(first: pd.DataFrame, ids: dict) -> Markup:
    """List the customers, with what an offer may cost; without ids by place alone."""
    without = [] if ids else ["Customer"]
    if first["break_even_discount_amount"].isna().all():
        without.append("An offer costs at most")
    rows = [_row(row, ids.get(int(row.risk_rank), "")) for row in first.itertuples()]
    shown = [place for place, name in enumerate(HEADERS) if name not in without]
    caption = f"The customers with most at risk ({formats.unit()})"
    listing = table(
        caption,
        [HEADERS[place] for place in shown],
        [[row[place] for place in shown] for row in rows],
        numbers_from=len(HEADERS),
        is_stacked=True,
    )
    explained = part("explained", content=listing, text=_note(first, ids))
    return part("folded", summary="Why, and what an offer may cost", content=explained)


def _row(row: object, customer: str) -> list[str]:
    return [
        formats.count(row.risk_rank),
        customer,
        formats.whole_amount(row.value_at_risk_amount),
        formats.whole_amount(row.break_even_discount_amount),
        CLOCKS.get(row.clock_state, formats.words(row.clock_state)),
        row.why,
    ]


def _note(first: pd.DataFrame, ids: dict) -> str:
    of = "the margin in it" if first["is_of_margin"].eq(True).all() else "all of it"
    found = "" if ids else " Who is at a place stands there: risk_rank."
    return (
        "At risk is what she would spend in twelve months if she stayed, times the"
        f" chance that she does not order within 90 days. An offer may cost at most"
        f" {of}, if it made her stay for sure. The whole list: the mart"
        f" fct_value_at_risk.{found}"
    )
