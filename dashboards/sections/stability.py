"""Stability: do customers stay, and do the segments stay what they are."""

from collections.abc import Iterable, Mapping

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import claims, lifelines
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Fragment,
    Section,
    State,
    fitting,
    legend,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links

CONTROLS = ("segmentation",)
# Colours of segments are for segments only.
NEAREST = theme.Mark(theme.MUTED, "dot", "square-open")
STAYING = {
    "stay_share": ("Stayed", theme.MEASURED),
    "nearest_stay_share": ("Nearest segment", NEAREST),
    "chance_stay_share": ("By chance", theme.EXPECTED),
}
REFITTING = {"ari_refit": ("Agreement of a refit", theme.MEASURED)}
Measures = Mapping[str, tuple[str, theme.Mark]]


def do_customers_stay(shop: Shop) -> Section | None:
    """Draw who stayed in each month, beside what chance would leave in place."""
    names = shop.once(_names)
    if not names:
        return None
    return Section(
        "Do customers stay?",
        [_staying(shop, names)],
        is_wide=True,
        proof=[claims.quoted(shop.marts, "stability", names)],
        choices=_choices(names),
    )


def do_segments_stay(shop: Shop) -> Section | None:
    """Draw what became of each segment; how far refits agree stands behind it."""
    names = shop.once(_names)
    if not names:
        return None
    events = shop.read("marts.fct_segment_events").sort_values("month")
    versions = shop.read("marts.dim_model_versions").sort_values("fit_number")
    lives, listed, maps = {}, {}, {}
    for name in names:
        rows = events[events["segmentation"] == name]
        fits = versions[versions["segmentation"] == name]
        lives[(name,)] = _lives(shop, name, rows, fits)
        listed[(name,)] = lifelines.listed(shop.segments, rows)
        maps[(name,)] = lifelines.maps(fits)
    return Section(
        "Do the segments stay what they are?",
        [Chart("lifelines", lives, CONTROLS)],
        is_wide=True,
        proof=[
            Fragment("events", listed, CONTROLS),
            claims.quoted(shop.marts, "agreement", names),
            _refitting(shop, names),
            Fragment("maps", maps, CONTROLS),
        ],
        choices=_choices(names),
    )


def _names(shop: Shop) -> list[str]:
    """List the segmentations of which anything was measured, or to which happened."""
    stability = shop.read("marts.rpt_segment_stability")
    events = shop.read("marts.fct_segment_events")
    named = {*stability["segmentation"], *events["segmentation"]}
    return segmentations.ordered(shop.marts, named)


def _choices(names: list[str]) -> Choices:
    return Choices([segmentations.control(names)], [(name,) for name in names])


def _months(shop: Shop, name: str) -> pd.DataFrame:
    """Read the months of a segmentation that have enough customers."""
    stability = shop.read("marts.rpt_segment_stability")
    small = (stability["customers"] < shop.smallest_cell).fillna(False)
    rows = stability[(stability["segmentation"] == name) & ~small]
    return rows.sort_values("month")


# -- Who stayed ------------------------------------------------------------------


def _staying(shop: Shop, names: list[str]) -> Chart:
    states = {(name,): _staying_state(shop, name) for name in names}
    return Chart("stability", states, CONTROLS)


def _staying_state(shop: Shop, name: str) -> State:
    rows = _shown(_months(shop, name)).dropna(subset=["stay_share"])
    if rows.empty:
        return State("Too few months or customers to say who stayed.")
    last = rows.iloc[-1]
    month = formats.month(last["month"])
    new_maps = _new_maps(shop, name)
    like = " on the map of before" if last["month"] in new_maps else ""
    stayed = f"{month}: {formats.share(last['stay_share'], 0)} stayed{like}"
    chance = f"{formats.share(last['chance_stay_share'], 0)} would by chance"
    wanted = last["stable_stay_share"]
    subtitle = (
        "Share of customers in the segment of the month before (0 to 1), with its 95 %"
        f" interval, by month; the thin line is what is asked for, {wanted:.2f}"
    )
    note = links.joined(
        _redrawn(shop, name, last["month"]),
        _effect(rows, new_maps),
        _link(shop, f"Who went where in {month}", name, last["month"]),
    )
    title = fitting(f"{stayed}, {chance}", stayed)
    return State(
        title, [_lines(rows, STAYING, wanted, new_maps)], note=note, subtitle=subtitle
    )


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep what may be told of who stayed: whole per cent, from enough customers."""
    columns = [*STAYING, *(f"stay_share_{end}" for end in ("low", "high"))]
    shown = rows[columns].astype(float).round(2)
    return rows.assign(**shown)[rows["is_stay_shown"]]


def _effect(rows: pd.DataFrame, new_maps: list[pd.Timestamp]) -> str:
    """Say what the margin does that a customer must pass to change her segment."""
    same_map = rows[~rows["month"].isin(new_maps)]
    kept = (same_map["stay_share"] - same_map["nearest_stay_share"]).dropna()
    text = ""
    if len(kept):
        text = (
            "A customer changes her segment only once another one is clearly nearer,"
            " not always when it is the nearest; this keeps"
            f" {formats.share(kept.mean())} of customers in place, on average over the"
            " months."
        )
    if new_maps:
        months = formats.listing(formats.month(month) for month in new_maps)
        text += (
            f" Dashed: a new map ({months}). Who stayed is counted on the map of the"
            " month before, the nearest segment on two maps."
        )
    return text


def _link(shop: Shop, text: str, name: str, month: pd.Timestamp) -> Markup:
    found = links.to_movement(shop, text, name, month)
    return found + "." if found else found


# -- Maps ------------------------------------------------------------------------


def _maps(shop: Shop, name: str) -> pd.DataFrame:
    """Read the maps that were in force, in their order."""
    versions = shop.read("marts.dim_model_versions").dropna(subset=["in_force_from"])
    own = versions[versions["segmentation"] == name]
    return own.sort_values("in_force_from", ignore_index=True)


def _new_maps(shop: Shop, name: str) -> list[pd.Timestamp]:
    """List the months in which a segmentation had a new map, but for the first."""
    return list(_maps(shop, name)["in_force_from"])[1:]


def _redrawn(shop: Shop, name: str, month: pd.Timestamp) -> str:
    """Say of a month with a new map that its number is about the map of before."""
    if month not in _new_maps(shop, name):
        return ""
    versions = _maps(shop, name)
    drawn = versions[versions["in_force_from"] <= month]
    before, now = drawn["k"].astype(int).iloc[-2:]
    return (
        f"But {formats.month(month)} has a new map, of"
        f" {formats.counted(now, 'segment')} in the place of {before}: the number is"
        " about the map of before."
    )


def _refitting(shop: Shop, names: list[str]) -> Chart:
    states = {}
    for name in names:
        rows = _months(shop, name).dropna(subset=["ari_refit"])
        if not rows.empty:
            states[(name,)] = _refitting_state(shop, name, rows)
    return Chart("refits", states, CONTROLS)


def _refitting_state(shop: Shop, name: str, rows: pd.DataFrame) -> State:
    last, new_maps = rows.iloc[-1], _new_maps(shop, name)
    which = "of before" if last["month"] in new_maps else "in force"
    wanted = last["stable_refit_agreement"]
    title = (
        f"A refit on {formats.month(last['month'])} agrees with the map {which} at"
        f" {last['ari_refit']:.2f}"
    )
    subtitle = (
        "Adjusted Rand index of a refit on each month and the map (1: the same"
        " segments, 0: as by chance), with its 95 % interval; the thin line is what is"
        f" asked for, {wanted:.2f}"
    )
    drawn = _lines(rows, REFITTING, wanted, new_maps)
    note = _redrawn(shop, name, last["month"])
    return State(title, [drawn], note=note, subtitle=subtitle)


def _lives(
    shop: Shop, name: str, events: pd.DataFrame, versions: pd.DataFrame
) -> State:
    frame = shop.segments.frame
    clusters = frame[
        (frame["segmentation"] == name)
        & ~frame["is_stage"]
        & frame["valid_from"].notna()
    ]
    if clusters.empty:
        return State("No segment has lived through a month yet.")
    last = shop.read("marts.rpt_segment_stability")["month"].max()
    drawn, kinds = lifelines.figure(shop.segments, clusters, events, versions, last)
    used = clusters["valid_to"].isna().sum()
    title = f"{formats.counted(int(used), 'segment')} in use today"
    if used < len(clusters):
        title += f", {len(clusters) - used} retired"
    key = legend((*lifelines.explained(kind, events), "point") for kind in kinds)
    subtitle = (
        "Each segment since it exists, numbered for life, by month, and what became"
        " of it"
    )
    note = lifelines.hindsight(versions)
    return State(title, [drawn], legend=key, note=note, subtitle=subtitle)


# -- Lines -----------------------------------------------------------------------


def _lines(
    rows: pd.DataFrame,
    measures: Measures,
    line: float,
    new_maps: Iterable[pd.Timestamp] = (),
) -> theme.Figure:
    """Draw measures by month, with their intervals, a threshold and new maps."""
    x = [formats.month_key(month) for month in rows["month"]]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": label,
            "x": x,
            "y": formats.rounded(rows[column].astype(float), 3),
            "error_y": _interval(rows, column),
            "line": mark.line,
            "marker": mark.point,
            "hovertemplate": "%{x}: %{y:.3f}<extra></extra>",
        }
        for column, (label, mark) in measures.items()
        if rows[column].notna().any()
    ]
    lowest = min(0, *(y for trace in traces for y in trace["y"] if y is not None))
    names = theme.names_at_ends(traces, low=lowest) if len(traces) > 1 else {}
    return theme.figure(
        traces,
        y="Per month (0 to 1)",
        lines=[
            theme.level(line),
            *(theme.upright(formats.month_key(month)) for month in new_maps),
        ],
        xaxis={**theme.MONTHS, "range": _around(rows["month"])},
        yaxis={"range": [lowest - 0.02, 1.02]},
        **names,
    )


def _around(months: pd.Series) -> list[str]:
    """End the axis of months where its lines do, not with their names."""
    half = pd.Timedelta(days=15)
    ends = months.min() - half, months.max() + half
    return [end.strftime("%Y-%m-%d") for end in ends]


def _interval(rows: pd.DataFrame, column: str) -> dict:
    """Write the 95 % interval of a measure for Plotly; not drawn where unknown."""
    low, high = f"{column}_low", f"{column}_high"
    if low not in rows:
        return {"visible": False}
    values = rows[column].astype(float)
    return {
        "type": "data",
        "symmetric": False,
        "array": formats.rounded(rows[high].astype(float) - values, 3),
        "arrayminus": formats.rounded(values - rows[low].astype(float), 3),
        "thickness": 1,
        "width": 2,
    }
