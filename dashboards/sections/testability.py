"""Which segments can be tested on what: the smallest lift that would be seen."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import liftmaps
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    part,
    table,
)
from trajectories.dashboards.marts import experiments, segmentations
from trajectories.dashboards.marts.shop import Shop

CONTROLS = ("segmentation", "control", "weeks")
WHY_HEADERS = ["Segment and metric", "Verdict", "What was measured"]
MEASURED_HEADERS = [
    "Segment and metric",
    "Still there on average",
    "Spread that the year before explains",
    "Lifts found where nothing was done",
    "Best weeks",
    "Smallest control",
]

Key = tuple[str, str, str]


def testable(shop: Shop) -> Section | None:
    """Draw the smallest lift that would be seen, and say why for each cell."""
    groups = shop.once(_groups)
    if not groups:
        return None
    choices = _choices(shop, groups)
    states, why, measured = {}, {}, {}
    for values, rows in groups.items():
        names = {one: _name(shop, one) for one in rows["segment_id"]}
        states[values] = _state(rows, names)
        why[values] = part(
            "folded", summary="What each cell says, in words", content=_why(rows, names)
        )
        measured[values] = _measured(rows, names)
    return Section(
        "What can be tested at all",
        [Chart("testability", states, CONTROLS), Fragment("why", why, CONTROLS)],
        is_wide=True,
        proof=[Fragment("designs", measured, CONTROLS)],
        choices=choices,
        own=CONTROLS[1:],
    )


def _groups(shop: Shop) -> dict[Key, pd.DataFrame]:
    """Sort designs by segmentation, control and weeks; all customers beside each."""
    rows = shop.once(experiments.designs).dropna(subset=["weeks", "control_share"])
    rows = rows[rows["metric"].isin(liftmaps.SHORT)]
    everybody = rows[rows["segment_id"] == experiments.ALL]
    segments = rows[rows["segment_id"] != experiments.ALL]
    segments = segments[segments["segment_id"].isin(shop.segments.in_use["segment_id"])]
    places = {name: place for place, name in enumerate(liftmaps.SHORT)}
    found = {}
    for (name, share, weeks), own in segments.groupby(
        ["segmentation", "control_share", "weeks"]
    ):
        beside = everybody[
            everybody["control_share"].eq(share) & everybody["weeks"].eq(weeks)
        ]
        own = own.assign(
            place=own["segment_id"].map(shop.segments.place),
            metric_place=own["metric"].map(places),
        ).sort_values(["place", "metric_place"])
        beside = beside.assign(metric_place=beside["metric"].map(places)).sort_values(
            "metric_place"
        )
        key = str(name), f"{share:g}", str(int(weeks))
        found[key] = pd.concat([own, beside], ignore_index=True)
    return found


def _name(shop: Shop, segment_id: str) -> str:
    return experiments.whom(shop, segment_id)


def _choices(shop: Shop, groups: dict[Key, pd.DataFrame]) -> Choices:
    """Offer the largest control and the weeks with most to test first."""
    names = segmentations.ordered(shop.marts, {name for name, _, _ in groups})
    controls = sorted({share for _, share, _ in groups}, key=float, reverse=True)
    weeks = sorted({each for _, _, each in groups}, key=int)
    best = max(
        weeks,
        key=lambda each: sum(
            _testable(rows)
            for (_, share, own), rows in groups.items()
            if own == each and share == controls[0]
        ),
    )
    control = Control(
        "control",
        "Left as they are (control)",
        "radio",
        [(each, formats.share(float(each), 0)) for each in controls],
        controls[0],
    )
    options = [(each, formats.counted(int(each), "week")) for each in weeks]
    duration = Control("weeks", "For", "radio", options, best)
    keys = sorted(
        groups, key=lambda key: (names.index(key[0]), -float(key[1]), int(key[2]))
    )
    first = [key for key in keys if key[1:] == (controls[0], best)]
    return Choices([segmentations.control(names), control, duration], keys, first)


def _testable(rows: pd.DataFrame) -> int:
    return int(rows["verdict"].eq(liftmaps.TESTABLE).sum())


def _state(rows: pd.DataFrame, names: dict[str, str]) -> State:
    first = rows.iloc[0]
    share = formats.share(first["control_share"], 0)
    weeks = formats.counted(int(first["weeks"]), "week")
    found, lift = _testable(rows), formats.share(first["expected_lift_share"], 0)
    title = f"A lift of {lift} would be seen in {found} of {len(rows)} cases"
    if not found:
        title = f"No segment would show a lift of {lift} in {weeks}"
    return State(
        title,
        [liftmaps.figure(rows, names)],
        subtitle=(
            "Smallest lift (per cent) that four of five tests would find, by segment"
            f" and metric, with {share} of customers as control over {weeks}; measured"
            " on the shop's own last weeks"
        ),
        note=(
            f"✓: a lift of {lift} would be seen. Darker is better: a smaller lift is"
            " enough. Whoever leaves the segment during the test is counted as not"
            " reached. Where a cell is empty, the design found lifts where nothing was"
            " done, or the shop's data do not tell the metric. Segments that are not"
            " listed are too young or too small to be measured."
        ),
    )


def _label(row: object, names: dict[str, str]) -> str:
    return f"{names[row.segment_id]}: {experiments.metric(row.metric)}"


def _why(rows: pd.DataFrame, names: dict[str, str]) -> Markup:
    body = [
        [_label(row, names), formats.words(row.verdict), row.why]
        for row in rows.itertuples()
    ]
    caption = "Each segment and metric: can it be tested, and why"
    return table(caption, WHY_HEADERS, body, len(WHY_HEADERS), is_stacked=True)


def _measured(rows: pd.DataFrame, names: dict[str, str]) -> Markup:
    body = [
        [
            _label(row, names),
            formats.share(row.presence_share, 0),
            formats.share(row.variance_reduction_share, 0),
            formats.share(row.aa_false_positive_share),
            formats.count(row.best_weeks),
            formats.count(row.smallest_control_customers),
        ]
        for row in rows.itertuples()
    ]
    content = table("What the map rests on", MEASURED_HEADERS, body, is_stacked=True)
    text = (
        "Lifts found where nothing was done: customers were dealt to two arms again and"
        " again on weeks that are over, and so many of these tests found a lift that is"
        " none; one in twenty is meant. Designs that find more are not offered; those"
        " that are read by permutation are exact, and not tried. The smallest control"
        " finds the expected lift in four of five tests when everybody else is treated."
    )
    return part("explained", content=content, text=text)
