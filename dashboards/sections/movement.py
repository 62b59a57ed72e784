"""Movement: who went where in a month, why, and what it was worth."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import flows, matrices, money, redraws
from trajectories.dashboards.charts.flows import Paths
from trajectories.dashboards.charts.matrices import ENTERED, LEFT
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    fitting,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links

CONTROLS = money.CONTROLS
# More months than this would make the page heavy; the marts have them all.
MOST_MONTHS = 24
ALL = "all"
CAUSES = {
    "behaved differently": ["behaved differently"],
    "map redrawn": ["map redrawn"],
    "entered or left": ["entered", "settled", "lapsed", "returned"],
}
NEW_MAP = (
    "Its segments were drawn anew, on data up to {fitted}. Customers whom only the new"
    " map moved have not behaved differently: the cause tells them apart."
)

Groups = dict[tuple[str, str, str], Paths]


def who_went_where(shop: Shop) -> Section | None:
    """Draw the paths of a month as streams, and as shares of where they began."""
    groups = shop.once(_groups)
    if not groups:
        return None
    return Section(
        "Who went where",
        [
            _new_maps(shop, groups),
            redraws.listed(groups, shop.segments, shop.smallest_cell),
            _streams(shop, groups),
            _shares(shop, groups),
        ],
        is_wide=True,
        proof=[_seen_on(shop, groups)],
        choices=shop.once(_choices),
    )


def money_by_path(shop: Shop) -> Section | None:
    """List the paths that gained and lost most revenue in a month."""
    groups = shop.once(_groups)
    if not groups:
        return None
    return Section(
        "Money by path",
        money.blocks(groups, shop.segments),
        "The paths whose revenue changed most, ten each way at most: revenue of their"
        " customers in the month less that of the month before, with its 95 %"
        " interval. Where that includes 0, the change may be chance.",
        is_wide=True,
        choices=shop.once(_choices),
    )


def _choices(shop: Shop) -> Choices:
    """Offer the latest month first, with every cause together."""
    groups = shop.once(_groups)
    names = segmentations.ordered(shop.marts, {name for name, *_ in groups})
    keys = sorted(groups, key=lambda values: [ALL, *CAUSES].index(values[2]))
    keys.sort(key=lambda values: values[1], reverse=True)
    keys.sort(key=lambda values: names.index(values[0]))
    months = sorted({month for _, month, _ in keys}, reverse=True)
    month = Control(
        "month",
        "Month",
        "select",
        [(month, formats.month(month)) for month in months],
        keys[0][1],
    )
    cause = Control(
        "cause",
        "Cause",
        "radio",
        [(cause, formats.words(cause)) for cause in [ALL, *CAUSES]],
        ALL,
    )
    return Choices([segmentations.control(names), month, cause], keys)


def _groups(shop: Shop) -> Groups:
    """Sort the paths of the latest months by segmentation, month and cause."""
    groups, stays = {}, _stay_shares(shop)
    for (name, month), found in _paths(shop).groupby(["segmentation", "month"]):
        rows = list(found.itertuples())
        groups[name, month, ALL] = Paths(rows, rows, "", stays.get((name, month)))
        for cause, kinds in CAUSES.items():
            of_cause = [row for row in rows if row.cause in kinds]
            if of_cause:
                groups[name, month, cause] = Paths(of_cause, rows, cause)
    return groups


def _paths(shop: Shop) -> pd.DataFrame:
    """Read the paths of the latest months: one row per path and cause."""
    paths = shop.read("marts.fct_segment_migrations")
    paths = paths[paths["customers"] > 0]
    paths["from_segment_id"] = paths["from_segment_id"].fillna(ENTERED)
    paths["to_segment_id"] = paths["to_segment_id"].fillna(LEFT)
    paths["month"] = [formats.month_key(month) for month in paths["month"]]
    return paths[paths["month"].isin(sorted(set(paths["month"]))[-MOST_MONTHS:])]


def _stay_shares(shop: Shop) -> dict[tuple[str, str], float]:
    """Read who stayed, where it may be told: whole per cent, as everywhere."""
    stability = shop.read("marts.rpt_segment_stability")
    told = stability[stability["is_stay_shown"].eq(True)].dropna(subset=["stay_share"])
    return {
        (row.segmentation, formats.month_key(row.month)): round(row.stay_share, 2)
        for row in told.itertuples()
    }


# -- Streams ---------------------------------------------------------------------


def _streams(shop: Shop, groups: Groups) -> Chart:
    states = {values: _streams_state(paths, shop) for values, paths in groups.items()}
    return Chart("sankey", states, CONTROLS)


def _streams_state(paths: Paths, shop: Shop) -> State:
    hidden = formats.hidden(shop.smallest_cell) if shop.smallest_cell > 1 else ""
    title, rest = _finding(paths, shop.segments)
    return State(
        title,
        [flows.figure(paths, shop.segments)] if paths.shown else [],
        note=links.joined(rest, hidden, *_more(paths, shop)),
        subtitle=(
            f"Customers by segment in {paths.name_before} (left) and {paths.name}"
            " (right)"
        ),
    )


def _finding(paths: Paths, segments: Segments) -> tuple[str, str]:
    """Say how many stayed, or why they moved, and the largest move; and the rest.

    What has no room in a title is said in a note.
    """
    why = formats.words(paths.cause) or _stayed(paths)
    if not paths.largest:
        return why or "No path can be shown", ""
    largest = _told(paths, segments)
    if not why:
        return f"Largest move: {largest}", ""
    title = fitting(f"{why}; largest move: {largest}", why)
    return title, f"Largest move: {largest}." if title == why else ""


def _told(paths: Paths, segments: Segments) -> str:
    """Name the largest move, with its customers."""
    start, end = paths.largest
    before, after = paths.ends(segments)
    return (
        f"{matrices.name(before, start)} to {matrices.name(after, end)}"
        f" ({formats.count(paths.moved[start, end])})"
    )


def _stayed(paths: Paths) -> str:
    """Say who stayed: like for like, on the map of the month before."""
    if formats.is_missing(paths.stay_share):
        return ""
    text = f"{formats.share(paths.stay_share, 0)} stayed"
    return f"{text} on the map of before" if paths.is_redrawn else text


def _more(paths: Paths, shop: Shop) -> list[Markup]:
    """Link to who is where the largest move went, and to why customers left."""
    found, name = [], paths.month[0].segmentation
    if paths.largest:
        _, end = paths.largest
        _, after = paths.ends(shop.segments)
        text = f"Who is in {matrices.name(after, end)}"
        found.append(links.to_segment(shop, text, name, end))
    if paths.month[0].month == max(month for _, month, _ in shop.once(_groups)):
        found.append(links.to_departures(shop, "Why customers left:", name))
    return [each + "." for each in found if each]


# -- Shares ----------------------------------------------------------------------


def _shares(shop: Shop, groups: Groups) -> Chart:
    profiles = shop.read("marts.fct_segment_profiles")
    profiles = profiles[~profiles["is_shown"]]
    hidden = set(zip(profiles["segment_id"], profiles["month"], strict=True))
    states = {
        values: _shares_state(paths, shop, hidden) for values, paths in groups.items()
    }
    return Chart("heatmap", states, CONTROLS)


def _shares_state(paths: Paths, shop: Shop, hidden: set[tuple]) -> State:
    """Draw a month; where a size is hidden, its shares beside counts would tell it."""
    shown, totals = _crossed(paths, shop.segments, hidden)
    title = (
        f"Share of each segment that moved: {paths.cause}"
        if paths.cause
        else _steadiest(shown, totals, paths, shop.segments)
    )
    note = ""
    if shop.smallest_cell > 1:
        note = f"Blank: nobody, or hidden. {formats.hidden(shop.smallest_cell)}"
    if shown.empty:
        return State(title, note=note)
    drawn = matrices.figure(
        100 * shown.div(totals, axis=0),
        shown,
        *paths.ends(shop.segments),
        f"{paths.name} (by row number)",
        f"Segment in {paths.name_before}",
    )
    subtitle = (
        f"Per cent of all customers of each segment in {paths.name_before} (row), by"
        f" where they were in {paths.name} (column)"
    )
    return State(title, [drawn], note=note, subtitle=subtitle)


def _crossed(
    paths: Paths, segments: Segments, hidden: set[tuple]
) -> tuple[pd.DataFrame, pd.Series]:
    """Set segments before against segments after; and all customers of each before."""
    ends = matrices.ordered({end for _, end in paths.shown}, segments)
    # Every numbered column has its row, also when nobody was there before.
    starts = {start for start, _ in paths.shown} | {*ends}
    starts = matrices.ordered(starts - {LEFT}, segments)
    shown = pd.DataFrame(
        [[paths.shown.get((start, end)) for end in ends] for start in starts],
        index=starts,
        columns=ends,
        dtype=float,
    )
    before = pd.Timestamp(paths.month[0].month) - pd.DateOffset(months=1)
    totals = [
        float("nan") if (start, before) in hidden else paths.totals.get(start, 0)
        for start in starts
    ]
    return shown, pd.Series(totals, starts, dtype=float)


def _steadiest(
    shown: pd.DataFrame, totals: pd.Series, paths: Paths, segments: Segments
) -> str:
    """Say which segment keeps the largest and which the smallest share.

    Of a month with a new map nothing is said: who is elsewhere on it has not moved.
    """
    if paths.is_redrawn:
        return f"From the segments of before to those of the new map, {paths.name}"
    segments = segments.at(paths.month[0].month)
    kept = {
        identity: shown.loc[identity, identity] / totals[identity]
        for identity in shown.index
        if identity in shown.columns
        and not formats.is_missing(shown.loc[identity, identity] / totals[identity])
    }
    if not kept:
        return "Share of each segment that went to each segment"
    most, least = max(kept, key=kept.get), min(kept, key=kept.get)
    text = f"Most stayed in {segments.name(most)} ({formats.share(kept[most])})"
    if most == least:
        return text
    fewest = f"fewest in {segments.name(least)} ({formats.share(kept[least])})"
    return fitting(f"{text}, {fewest}", text)


# -- Maps ------------------------------------------------------------------------


def _new_maps(shop: Shop, groups: Groups) -> Fragment:
    """Say in which months the segments were drawn anew."""
    states = {
        (name, month): _new_map(_drawn(shop, name, month), month)
        for name, month, _ in groups
    }
    return Fragment("map", states, CONTROLS[:2])


def _seen_on(shop: Shop, groups: Groups) -> Fragment:
    """Say which map each month was seen on."""
    states = {
        (name, month): part("paragraph", text=seen_on(_drawn(shop, name, month), month))
        for name, month, _ in groups
        if len(_drawn(shop, name, month))
    }
    return Fragment("seen-on", states, CONTROLS[:2])


def _drawn(shop: Shop, name: str, month: str) -> pd.DataFrame:
    """Read the maps of a segmentation up to a month, the one in force then last."""
    versions = shop.read("marts.dim_model_versions").dropna(subset=["in_force_from"])
    own = versions["segmentation"] == name
    drawn = versions[own & (versions["in_force_from"] <= pd.Timestamp(month))]
    return drawn.sort_values("in_force_from")


def _new_map(drawn: pd.DataFrame, month: str) -> Markup:
    if len(drawn) < 2 or drawn.iloc[-1]["in_force_from"] != pd.Timestamp(month):
        return Markup("")
    text = NEW_MAP.format(fitted=formats.day(drawn.iloc[-1]["fitted_to"]))
    heading = f"{formats.month(month)} has a new map"
    return part("banner", heading=heading, text=text, kind="warning")


def seen_on(drawn: pd.DataFrame, month: str) -> str:
    """Say when the map of a month was drawn: before it, or in hindsight."""
    fitted = drawn.iloc[-1]["fitted_to"]
    if fitted >= pd.Timestamp(month) + pd.DateOffset(months=1):
        return (
            f"Seen in hindsight: the map of {formats.month(month)} was drawn later,"
            f" on data up to {formats.day(fitted)}."
        )
    return f"On the map that was drawn on data up to {formats.day(fitted)}."
