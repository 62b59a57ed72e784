"""Movement: who went where each month, why, and what it was worth."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import flows, money, redraws
from trajectories.dashboards.charts.matrices import ENTERED, LEFT
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Control,
    Fragment,
    Page,
    Section,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "movement.html", "Movement"
CONTROLS = ("segmentation", "month", "cause")

# More months than this would make the page heavy; the marts have them all.
MOST_MONTHS = 24

ALL = "all"
CAUSES = {
    "behaved differently": ["behaved differently"],
    "map redrawn": ["map redrawn"],
    "entered or left": ["entered", "settled", "lapsed", "returned"],
}


def build(shop: Shop) -> Page:
    """Build the movement page."""
    marts = shop.marts
    segments = Segments(marts)
    paths = _paths(marts)
    if paths.empty:
        return Page(FILE, TITLE, "No month-to-month movement is known yet.", [])
    names = segmentations.ordered(marts, paths["segmentation"])
    groups = _groups(paths, marts)
    keys = sorted(groups, key=lambda values: [ALL, *CAUSES].index(values[2]))
    keys.sort(key=lambda values: values[1], reverse=True)
    keys.sort(key=lambda values: names.index(values[0]))
    months = sorted({month for _, month, _ in keys}, reverse=True)
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "Where the customers of each segment were a month later, and why: they"
            " behaved differently, the map was redrawn, or they entered or left"
            " (first orders, silence, and orders after it)."
        ),
        banners=segmentations.structure_banner(marts),
        controls=[
            segmentations.control(names),
            Control(
                "month",
                "Month",
                "select",
                [(month, formats.month(month)) for month in months],
                keys[0][1],
            ),
            Control(
                "cause",
                "Cause",
                "radio",
                [(cause, formats.words(cause)) for cause in [ALL, *CAUSES]],
                ALL,
            ),
        ],
        sections=[
            Section(
                "Who went where",
                [
                    _maps(marts, keys),
                    redraws.listed(marts, groups, segments),
                    flows.sankey(marts, groups, segments),
                    flows.heatmap(marts, groups, segments),
                ],
                is_wide=True,
            ),
            Section(
                "Money by path",
                money.blocks(marts, groups, segments),
                "The ten most valuable and the ten most costly paths of the month:"
                " revenue of its customers in the month less that of the month"
                " before, with its 95 % interval.",
                is_wide=True,
            ),
        ],
        available=keys,
    )


def _paths(marts: PublishedMarts) -> pd.DataFrame:
    """Read the paths of the latest months: one row per path and cause."""
    paths = marts.read("marts.fct_segment_migrations")
    paths = paths[paths["customers"] > 0]
    paths["from_segment_id"] = paths["from_segment_id"].fillna(ENTERED)
    paths["to_segment_id"] = paths["to_segment_id"].fillna(LEFT)
    paths["month"] = [formats.month_key(month) for month in paths["month"]]
    return paths[paths["month"].isin(sorted(set(paths["month"]))[-MOST_MONTHS:])]


def _groups(
    paths: pd.DataFrame, marts: PublishedMarts
) -> dict[tuple[str, str, str], flows.Paths]:
    """Sort the paths by segmentation, month and cause."""
    groups, stays = {}, _stay_shares(marts)
    for (name, month), found in paths.groupby(["segmentation", "month"]):
        rows = list(found.itertuples())
        stay = stays.get((name, month))
        groups[name, month, ALL] = flows.Paths(rows, rows, "", stay)
        for cause, kinds in CAUSES.items():
            of_cause = [row for row in rows if row.cause in kinds]
            if of_cause:
                groups[name, month, cause] = flows.Paths(of_cause, rows, cause)
    return groups


def _stay_shares(marts: PublishedMarts) -> dict[tuple[str, str], float]:
    """Read who stayed, where it may be told: whole per cent, as everywhere."""
    stability = marts.read("marts.rpt_segment_stability")
    told = stability[stability["is_stay_shown"].eq(True)].dropna(subset=["stay_share"])
    return {
        (row.segmentation, formats.month_key(row.month)): round(row.stay_share, 2)
        for row in told.itertuples()
    }


def _maps(marts: PublishedMarts, keys: list[tuple[str, str, str]]) -> Fragment:
    """Say which map each month was seen on."""
    versions = marts.read("marts.dim_model_versions")
    states = {
        (name, month): seen_on(versions[versions["segmentation"] == name], month)
        for name, month, _ in keys
    }
    return Fragment("map", states, ("segmentation", "month"))


def seen_on(versions: pd.DataFrame, month: str) -> Markup:
    """Say when the map of a month was drawn: then, before, or in hindsight."""
    start = pd.Timestamp(month)
    versions = versions.dropna(subset=["in_force_from"]).sort_values("in_force_from")
    in_force = versions[versions["in_force_from"] <= start]
    if in_force.empty:
        return Markup("")
    version = in_force.iloc[-1]
    fitted = formats.day(version["fitted_to"])
    if len(in_force) > 1 and version["in_force_from"] == start:
        heading = f"{formats.month(start)} has a new map"
        text = (
            f"Its segments were drawn anew, on data up to {fitted}. Customers whom"
            " only the new map moved have not behaved differently: the cause tells"
            " them apart."
        )
        return part("banner", heading=heading, text=text, kind="warning")
    if version["fitted_to"] >= start + pd.DateOffset(months=1):
        text = (
            f"Seen in hindsight: the map of {formats.month(start)} was drawn later,"
            f" on data up to {fitted}."
        )
    else:
        text = f"On the map that was drawn on data up to {fitted}."
    return part("paragraph", text=text)
