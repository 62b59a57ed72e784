"""Next months: how many customers each segment will have, and how sure that is."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Page,
    Section,
    State,
    legend,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "outlook.html", "Next months"
TODAY, EXPECTED, KEPT = (
    theme.Mark("#b4bec9"),
    theme.MEASURED,
    theme.Mark(theme.CONTRAST, marker="diamond-open"),
)
OTHER_TESTS = ("order", "homogeneity")


def build(shop: Shop) -> Page:
    """Build the page of the coming months."""
    marts = shop.marts
    segments = Segments(marts)
    expected = _latest(marts, segments)
    names = segmentations.ordered(marts, expected["segmentation"])
    if not names:
        return Page(FILE, TITLE, "Nothing can be said of next month yet.", [])
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "How many customers each segment will have in the coming months, where"
            " the way customers move has told sizes better than leaving them as they"
            " are. Where it has not, today's sizes stand."
        ),
        banners=segmentations.structure_banner(marts),
        controls=[segmentations.control(names)],
        sections=[
            Section(
                "Expected sizes",
                [_sizes(marts, expected, segments, names)],
                is_wide=True,
            ),
            Section(
                "How far to trust them",
                [_record(marts, names)],
                "The chain moves customers on, month after month, as they moved in the"
                " last months, and lets newcomers in. It is published where it told"
                " earlier months better than leaving sizes the same as now.",
                is_wide=True,
            ),
        ],
    )


def _latest(marts: PublishedMarts, segments: Segments) -> pd.DataFrame:
    """Keep what is expected from the latest month on, of segments in use."""
    expected = marts.read("marts.fct_segment_expectations")
    expected = expected.dropna(subset=["published_customers", "horizon_months"])
    newest = expected.groupby("segmentation")["origin_month"].transform("max")
    used = expected["segment_id"].map(segments.is_in_use).astype(bool)
    return expected[(expected["origin_month"] == newest) & used]


def _sizes(
    marts: PublishedMarts, expected: pd.DataFrame, segments: Segments, names: list[str]
) -> Chart:
    states = {}
    for name in names:
        rows = expected[expected["segmentation"] == name]
        few = rows["published_customers"].between(
            0, marts.smallest_cell, inclusive="neither"
        )
        few |= segmentations.of_hidden_size(marts, rows, "origin_month")
        small = rows.loc[few, "segment_id"]
        shown = rows[~rows["segment_id"].isin(small)]
        states[(name,)] = _sizes_state(shown, segments)
    return Chart("sizes", states, ("segmentation",), columns=2)


def _sizes_state(rows: pd.DataFrame, segments: Segments) -> State:
    if rows.empty:
        return State("The segments are too small to be shown.")
    rows = rows.sort_values("segment_id", key=lambda ids: ids.map(segments.place))
    widest = rows[
        ["same_as_now_customers", "published_customers", "upper_80_customers"]
    ]
    highest = 1.05 * widest.astype(float).max().max()
    horizons = list(rows.groupby("horizon_months"))
    figures = [_sizes_figure(part, segments, highest) for _, part in horizons]
    captions = [
        f"In {_months(horizon)}, {formats.month(part['month'].iloc[0])}:"
        + f" {_shown(_is_chain(part))}"
        for horizon, part in horizons
    ]
    today = f"today ({formats.month(rows['origin_month'].iloc[0])})"
    entries = [(today, TODAY, "bar")]
    if _is_chain(rows):
        entries.append(("as the chain expects, with 80 % band", EXPECTED, "point"))
    if not rows["is_published"].eq(True).all():
        entries.append(("same as now, with 80 % band", KEPT, "point"))
    key = legend(entries)
    untested = rows.loc[~rows["is_band_tested"].eq(True), "horizon_months"]
    note = ""
    if len(untested):
        listed = formats.listing(_months(months) for months in sorted(set(untested)))
        note = f"At {listed} too little is known to test the band: it is too narrow."
    young = [
        identity
        for identity, origin in rows[["segment_id", "origin_month"]]
        .drop_duplicates()
        .itertuples(index=False)
        if segments.starts(identity) == origin
    ]
    if young and _is_chain(rows):
        listed = formats.listing(segments.name(identity) for identity in young)
        note += (
            f" New in {formats.month(rows['origin_month'].iloc[0])}: {listed}. Nobody"
            " has been seen leaving them yet, so the chain moves their customers as it"
            " moves customers in general: read these numbers with doubt."
        )
    return State(_largest_change(rows, segments), figures, captions, key, note)


def _months(horizon: float) -> str:
    return formats.counted(int(horizon), "month")


def _is_chain(rows: pd.DataFrame) -> bool:
    return bool(rows["is_published"].eq(True).any())


def _largest_change(rows: pd.DataFrame, segments: Segments) -> str:
    rows = rows[rows["is_published"].eq(True)]
    if rows.empty:
        return "Sizes are best told by leaving them as they are"
    first = rows[rows["horizon_months"] == rows["horizon_months"].min()]
    change = first["published_customers"] - first["same_as_now_customers"]
    row = first.loc[change.astype(float).abs().idxmax()]
    return (
        f"Largest change in {_months(row['horizon_months'])}:"
        f" {segments.name(row['segment_id'])}, from"
        f" {formats.count(row['same_as_now_customers'])} customers to about"
        f" {formats.count(row['published_customers'])} (80 % band"
        f" {formats.count(row['lower_80_customers'])} to"
        f" {formats.count(row['upper_80_customers'])})"
    )


def _sizes_figure(
    rows: pd.DataFrame, segments: Segments, highest: float
) -> theme.Figure:
    labels = [formats.wrapped(segments.name(i)) for i in rows["segment_id"]]
    mark = EXPECTED if _is_chain(rows) else KEPT
    values = rows["published_customers"].astype(float)
    beyond = rows["upper_80_customers"].astype(float) - values
    below = values - rows["lower_80_customers"].astype(float)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "Today",
            "y": labels,
            "x": [
                None if formats.is_missing(now) else int(now)
                for now in rows["same_as_now_customers"]
            ],
            "marker": TODAY.bar,
            "hovertemplate": "%{y}: %{x:,} customers today<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Expected",
            "y": labels,
            "x": formats.rounded(values, 0),
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": formats.rounded(beyond, 0),
                "arrayminus": formats.rounded(below, 0),
                "thickness": 1.5,
                "width": 4,
                "color": mark.colour,
            },
            "marker": {**mark.point, "size": 9},
            "hovertemplate": "%{y}: about %{x:,} customers<extra></extra>",
        },
    ]
    return theme.figure(
        traces,
        x="Customers",
        height=100 + 40 * len(rows),
        xaxis={"range": [0, highest], "showgrid": True},
        yaxis=theme.DOWNWARDS,
    )


def _record(marts: PublishedMarts, names: list[str]) -> Fragment:
    """Set the record of the chain beside that of leaving sizes as they are."""
    tests = marts.read("marts.rpt_transition_tests")
    states = {
        (name,): _recorded(tests[tests["segmentation"] == name]) for name in names
    }
    return Fragment("record", states, ("segmentation",))


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
    headers = [
        "Ahead",
        "Shown",
        "Months tried",
        "Off by, chain",
        "Off by, same as now",
        "Inside the 80 % band",
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
    return table(caption, headers, body, 2, is_stacked=True) + Markup("").join(
        paragraphs
    )


def _shown(is_published: bool | None) -> str:
    is_chain = not formats.is_missing(is_published) and bool(is_published)
    return "the chain" if is_chain else "same as now"
