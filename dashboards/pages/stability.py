"""Stability: do customers stay, does the map stay, what became of each segment."""

from collections.abc import Iterable

import pandas as pd
from trajectories.dashboards.charts import claims, lifelines
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, Page, Section, State, legend
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "stability.html", "Stability"

STAYING = {
    "stay_share": ("stayed in their segment, with 95 % interval", theme.MEASURED),
    "nearest_stay_share": (
        "would have stayed, were each customer always in the nearest segment",
        theme.mark(3),
    ),
    "chance_stay_share": ("would stay by chance", theme.EXPECTED),
}
REFITTING = {
    "ari_refit": (
        "a refit on the month agrees with the map (ARI), with 95 % interval",
        theme.MEASURED,
    )
}


def build(shop: Shop) -> Page:
    """Build the stability page."""
    marts = shop.marts
    segments = Segments(marts)
    stability = marts.read("marts.rpt_segment_stability")
    events = marts.read("marts.fct_segment_events")
    names = segmentations.ordered(
        marts, {*stability["segmentation"], *events["segmentation"]}
    )
    if not names:
        return Page(FILE, TITLE, "Stability has not been measured yet.", [])
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "Two things that must not be mixed up: whether customers stay in their"
            " segments, and whether the segments themselves stay what they are."
        ),
        banners=segmentations.structure_banner(marts),
        controls=[segmentations.control(names)],
        sections=[
            Section(
                "Do customers stay?",
                [claims.quoted(marts, "stability", names), _staying(marts, names)],
                is_wide=True,
            ),
            Section(
                "Does the map stay?",
                [claims.quoted(marts, "agreement", names), _refitting(marts, names)],
                is_wide=True,
            ),
            Section(
                "Life lines", lifelines.blocks(marts, segments, names), is_wide=True
            ),
        ],
    )


def _months(marts: PublishedMarts, name: str) -> pd.DataFrame:
    """Read the months of a segmentation that have enough customers."""
    stability = marts.read("marts.rpt_segment_stability")
    small = (stability["customers"] < marts.smallest_cell).fillna(False)
    rows = stability[(stability["segmentation"] == name) & ~small]
    return rows.sort_values("month")


def _staying(marts: PublishedMarts, names: list[str]) -> Chart:
    states = {}
    for name in names:
        rows = _shown(_months(marts, name)).dropna(subset=["stay_share"])
        if rows.empty:
            states[(name,)] = State("Too few months or customers to say who stayed.")
            continue
        last = rows.iloc[-1]
        drawn_anew = _new_maps(marts, name)
        like = " on the map of the month before" if last["month"] in drawn_anew else ""
        title = (
            f"{formats.month(last['month'])}: {formats.share(last['stay_share'], 0)}"
            f" stayed in their segment{like},"
            f" {formats.share(last['chance_stay_share'], 0)} would by chance"
        )
        stable = last["stable_stay_share"]
        redrawn = _redrawn(marts, name, last["month"])
        note = f"{_threshold(stable)}{redrawn} {_effect(rows, drawn_anew)}"
        states[(name,)] = _lines(rows, STAYING, title, note, stable, drawn_anew)
    return Chart("stability", states, ("segmentation",))


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep what may be told of who stayed: whole per cent, from enough customers."""
    columns = [
        *STAYING,
        *(f"stay_share_{end}" for end in ("low", "high")),
    ]
    shown = rows[columns].astype(float).round(2)
    return rows.assign(**shown)[rows["is_stay_shown"]]


def _new_maps(marts: PublishedMarts, name: str) -> list[pd.Timestamp]:
    """List the months in which a segmentation had a new map, but for the first."""
    return list(_maps(marts, name)["in_force_from"])[1:]


def _maps(marts: PublishedMarts, name: str) -> pd.DataFrame:
    """Read the maps that were in force, in their order."""
    versions = marts.read("marts.dim_model_versions").dropna(subset=["in_force_from"])
    own = versions[versions["segmentation"] == name]
    return own.sort_values("in_force_from", ignore_index=True)


def _redrawn(marts: PublishedMarts, name: str, month: pd.Timestamp) -> str:
    """Say of a month with a new map that its number is about the map of before."""
    if month not in _new_maps(marts, name):
        return ""
    versions = _maps(marts, name)
    drawn = versions[versions["in_force_from"] <= month]
    before, now = drawn["k"].astype(int).iloc[-2:]
    return (
        f" But {formats.month(month)} has a new map, of"
        f" {formats.counted(now, 'segment')} in the place of {before}: the number is"
        " about the map of before. Who is where on the new one is on the page"
        " Movement."
    )


def _effect(rows: pd.DataFrame, new_maps: list[pd.Timestamp]) -> str:
    """Say what the margin does that a customer must pass to change her segment."""
    same_map = rows[~rows["month"].isin(new_maps)]
    kept = (same_map["stay_share"] - same_map["nearest_stay_share"]).dropna()
    text = ""
    if len(kept):
        text = (
            "A customer changes her segment only once another one is clearly nearer;"
            f" this keeps {formats.share(kept.mean())} of customers in place, on"
            " average over the months."
        )
    if new_maps:
        months = formats.listing(formats.month(month) for month in new_maps)
        text += (
            f" Dashed: a new map ({months}). Who stayed is counted on the map of the"
            " month before, the nearest segment on two maps."
        )
    return text


def _threshold(line: float) -> str:
    """Say where the line is; whether it is passed is claimed above the chart."""
    return f"The thin line is at {line:.2f}."


def _refitting(marts: PublishedMarts, names: list[str]) -> Chart:
    states = {}
    for name in names:
        rows = _months(marts, name).dropna(subset=["ari_refit"])
        if rows.empty:
            states[(name,)] = State("No month was fitted again yet.")
            continue
        last = rows.iloc[-1]
        drawn_anew = _new_maps(marts, name)
        which = "of before" if last["month"] in drawn_anew else "in force"
        title = (
            f"A refit on {formats.month(last['month'])} agrees with the map {which}"
            f" at {last['ari_refit']:.2f} (1: the same segments, 0: as by chance)"
        )
        agreeing = last["stable_refit_agreement"]
        note = _threshold(agreeing) + _redrawn(marts, name, last["month"])
        states[(name,)] = _lines(rows, REFITTING, title, note, agreeing, drawn_anew)
    return Chart("refits", states, ("segmentation",))


def _lines(
    rows: pd.DataFrame,
    measures: dict[str, tuple[str, theme.Mark]],
    title: str,
    note: str,
    line: float,
    new_maps: Iterable[pd.Timestamp] = (),
) -> State:
    """Draw measures by month, with their intervals, a threshold and new maps."""
    x = [formats.month_key(month) for month in rows["month"]]
    drawn = {
        column: entry
        for column, entry in measures.items()
        if rows[column].notna().any()
    }
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": formats.words(label),
            "x": x,
            "y": formats.rounded(rows[column].astype(float), 3),
            "error_y": _interval(rows, column),
            "line": mark.line,
            "marker": mark.point,
            "hovertemplate": "%{x}: %{y:.3f}<extra></extra>",
        }
        for column, (label, mark) in drawn.items()
    ]
    lowest = min(0, rows[list(drawn)].astype(float).min().min())
    figure = theme.figure(
        traces,
        y="Per month (0 to 1)",
        height=300,
        lines=[
            theme.level(line),
            *(theme.upright(formats.month_key(month)) for month in new_maps),
        ],
        xaxis=theme.MONTHS,
        yaxis={"range": [lowest - 0.02, 1.02]},
    )
    key = legend((label, mark, "line") for label, mark in drawn.values())
    return State(title, [figure], legend=key, note=note)


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
