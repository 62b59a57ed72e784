"""Next months: how many customers each segment will have, and how sure that is."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import sizes
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Fragment,
    Section,
    State,
    fitting,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links

CONTROLS = ("segmentation",)
OTHER_TESTS = ("order", "homogeneity")
CHAIN = (
    "The chain moves customers on, month after month, as they moved in the last months,"
    " and lets newcomers in. It is published where it told earlier months better than"
    " leaving sizes the same as now."
)
HEADERS = [
    "Ahead",
    "Shown",
    "Months tried",
    "Off by, chain",
    "Off by, same as now",
    "Inside the 80 % band",
]


def expected_sizes(shop: Shop) -> Section | None:
    """Draw today's sizes, and what is expected of them."""
    expected = _latest(shop)
    names = segmentations.ordered(shop.marts, expected["segmentation"])
    if not names:
        return None
    states = {
        (name,): _state(shop, name, expected[expected["segmentation"] == name])
        for name in names
    }
    return Section(
        "Expected sizes",
        [Chart("sizes", states, CONTROLS, columns=3)],
        is_wide=True,
        proof=[_record(shop, names)],
        choices=Choices([segmentations.control(names)], [(name,) for name in names]),
    )


def _latest(shop: Shop) -> pd.DataFrame:
    """Keep what is expected from the latest month on, of segments in use."""
    expected = shop.read("marts.fct_segment_expectations")
    expected = expected.dropna(subset=["published_customers", "horizon_months"])
    newest = expected.groupby("segmentation")["origin_month"].transform("max")
    used = expected["segment_id"].map(shop.segments.is_in_use).astype(bool)
    return expected[(expected["origin_month"] == newest) & used]


def _state(shop: Shop, name: str, rows: pd.DataFrame) -> State:
    """Draw a segmentation, without segments that are small now or then."""
    few = rows["published_customers"].between(
        0, shop.smallest_cell, inclusive="neither"
    )
    few |= segmentations.of_hidden_size(shop.marts, rows, "origin_month")
    rows = rows[~rows["segment_id"].isin(rows.loc[few, "segment_id"])]
    if rows.empty:
        return State("The segments are too small to be shown.")
    segments = shop.segments
    rows = rows.sort_values("segment_id", key=lambda ids: ids.map(segments.place))
    widest = rows[
        ["same_as_now_customers", "published_customers", "upper_80_customers"]
    ]
    highest = 1.05 * widest.astype(float).max().max()
    horizons = list(rows.groupby("horizon_months"))
    moved = links.to_movement(shop, "How customers moved so far", name)
    return State(
        _largest_change(rows, segments),
        [sizes.figure(part, segments, highest) for _, part in horizons],
        [
            f"In {_months(horizon)}, {formats.month(part['month'].iloc[0])}:"
            f" {_shown(sizes.is_chain(part))}"
            for horizon, part in horizons
        ],
        note=links.joined(_untested(rows), _young(rows, segments), moved),
        subtitle=(
            f"Customers by segment: {formats.month(rows['origin_month'].iloc[0])}"
            " (today), and expected, with 80 % bands"
        ),
    )


def _untested(rows: pd.DataFrame) -> str:
    untested = rows.loc[~rows["is_band_tested"].eq(True), "horizon_months"]
    if untested.empty:
        return ""
    listed = formats.listing(_months(months) for months in sorted(set(untested)))
    return f"At {listed} too little is known to test the band: it is too narrow."


def _young(rows: pd.DataFrame, segments: Segments) -> str:
    """Warn of segments that began in the month from which the chain starts."""
    origins = rows[["segment_id", "origin_month"]].drop_duplicates()
    young = [
        identity
        for identity, origin in origins.itertuples(index=False)
        if segments.starts(identity) == origin
    ]
    if not young or not sizes.is_chain(rows):
        return ""
    listed = formats.listing(segments.name(identity) for identity in young)
    return (
        f"New in {formats.month(rows['origin_month'].iloc[0])}: {listed}. Nobody"
        " has been seen leaving them yet, so the chain moves their customers as it"
        " moves customers in general: read these numbers with doubt."
    )


def _months(horizon: float) -> str:
    return formats.counted(int(horizon), "month")


def _largest_change(rows: pd.DataFrame, segments: Segments) -> str:
    rows = rows[rows["is_published"].eq(True)]
    if rows.empty:
        return "We cannot say better than today's shares"
    first = rows[rows["horizon_months"] == rows["horizon_months"].min()]
    change = first["published_customers"] - first["same_as_now_customers"]
    row = first.loc[change.astype(float).abs().idxmax()]
    change = (
        f"{segments.name(row['segment_id'])}, from"
        f" {formats.count(row['same_as_now_customers'])} customers to about"
        f" {formats.count(row['published_customers'])}"
    )
    return fitting(
        f"Largest change in {_months(row['horizon_months'])}: {change}",
        f"Largest change: {change}",
    )


def _record(shop: Shop, names: list[str]) -> Fragment:
    """Set the record of the chain beside that of leaving sizes as they are."""
    tests = shop.read("marts.rpt_transition_tests")
    states = {
        (name,): part("paragraph", text=CHAIN)
        + _recorded(tests[tests["segmentation"] == name])
        for name in names
    }
    return Fragment("record", states, CONTROLS)


def _recorded(tests: pd.DataFrame) -> Markup:
    backtests = tests[tests["test"] == "backtest"].dropna(subset=["horizon_months"])
    backtests = backtests.sort_values("horizon_months")
    if backtests.empty:
        text = "It has not been tried out on earlier months yet."
        return part("paragraph", text=text)
    body = [
        [
            _months(row.horizon_months),
            _shown(row.is_published),
            formats.count(row.months),
            formats.share(row.chain_error_share),
            formats.share(row.same_as_now_error_share),
            formats.share(row.coverage_80_share),
        ]
        for row in backtests.itertuples()
    ]
    caption = (
        "Tried out on earlier months: absolute errors of all segments, as a share of"
        " customers"
    )
    sentences = [
        f"{_months(row.horizon_months)} ahead: {row.verdict}"
        for row in backtests.dropna(subset=["verdict"]).itertuples()
    ]
    others = tests[tests["test"].isin(OTHER_TESTS)].dropna(subset=["verdict"])
    sentences += [" ".join(others["verdict"])]
    paragraphs = [part("paragraph", text=text) for text in sentences if text]
    return table(caption, HEADERS, body, 2, is_stacked=True) + Markup("").join(
        paragraphs
    )


def _shown(is_published: bool | None) -> str:
    is_chain = not formats.is_missing(is_published) and bool(is_published)
    return "the chain" if is_chain else "same as now"
