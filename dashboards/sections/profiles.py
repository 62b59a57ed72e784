"""Profiles: how large segments are, and how they differ from all customers."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import radars, shares
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Fragment,
    Section,
    State,
    legend,
    table,
)
from trajectories.dashboards.marts import profiles, segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop

CONTROLS = ("segmentation",)
COLUMNS = {
    "customers": ("Customers", formats.count),
    "customer_share": ("Share of customers", formats.share),
    "revenue_amount": ("Revenue of the month ({unit})", formats.whole_amount),
    "revenue_share": ("Share of revenue", formats.share),
    "orders": ("Orders of the month", formats.count),
    "average_order_amount": ("Average order ({unit})", formats.whole_amount),
    "mean_length_days": ("Length (days, mean)", formats.count),
    "mean_recency_days": ("Recency (days, mean)", formats.count),
    "median_recency_days": ("Recency (days, median)", formats.count),
    "mean_frequency_orders": ("Frequency (orders in 12 months, mean)", formats.decimal),
    "mean_monetary_amount": (
        "Monetary ({unit} in 12 months, mean)",
        formats.whole_amount,
    ),
    "median_monetary_amount": (
        "Monetary ({unit} in 12 months, median)",
        formats.whole_amount,
    ),
}


def sizes(shop: Shop) -> Section | None:
    """Draw the share of customers and of revenue of each segment."""
    found = shop.once(profiles.by_segmentation)
    states = {(name,): _sizes(rows, shop.segments) for name, rows in found.items()}
    return _section(shop, "Sizes", Chart("sizes", states, CONTROLS))


def against_all(shop: Shop) -> Section | None:
    """Draw how many times the average of all customers a segment measures."""
    found = shop.once(profiles.by_segmentation)
    states = {(name,): _radars(rows, shop.segments) for name, rows in found.items()}
    sentence = (
        "The dashed line is the average of all customers: a segment that bulges over it"
        " has more. Rings say how many times as much."
    )
    chart = Chart("radars", states, CONTROLS, columns=3)
    return _section(shop, "Against all customers", chart, sentence)


def profile(shop: Shop) -> Section | None:
    """List what is known of each segment, in original units."""
    states = {
        (name,): _profile(rows, shop.segments)
        for name, rows in shop.once(profiles.by_segmentation).items()
    }
    sentence = formats.hidden(shop.smallest_cell)
    return _section(shop, "Profile", Fragment("profile", states, CONTROLS), sentence)


def choices(shop: Shop) -> Choices:
    """Offer the segmentations that have segments in the latest month."""
    names = list(shop.once(profiles.by_segmentation))
    return Choices([segmentations.control(names)], [(name,) for name in names])


def _section(
    shop: Shop, heading: str, block: Chart | Fragment, sentence: str = ""
) -> Section | None:
    if not block.states:
        return None
    offered = shop.once(choices)
    return Section(heading, [block], sentence, is_wide=True, choices=offered)


def _sizes(rows: pd.DataFrame, segments: Segments) -> State:
    rows = rows[rows["is_shown"]]
    if rows.empty:
        return State("The segments are too small to be shown.")
    labels = [formats.wrapped(segments.name(i)) for i in rows["segment_id"]]
    traces = [
        shares.bars(labels, rows["customer_share"], "Customers", theme.MEASURED),
        shares.bars(labels, rows["revenue_share"], "Revenue", theme.EXPECTED),
    ]
    month, note = rows["month"].iloc[0], ""
    top = rows.loc[rows["revenue_share"].fillna(-1).idxmax()]
    revenue = f", {formats.share(top['revenue_share'])} of the month's revenue"
    if rows["revenue_share"].isna().all():
        top = rows.loc[rows["customers"].astype(float).idxmax()]
        revenue = ""
        note = "Revenue has no shares, for it is not above zero everywhere."
    title = (
        f"{segments.name(top['segment_id'])}:"
        f" {formats.share(top['customer_share'])} of customers{revenue}"
    )
    drawn = shares.figure(
        traces,
        f"Per cent, {formats.month(month)}",
        "Segment",
        90 + 46 * len(rows),
        barmode="group",
        bargap=0.3,
    )
    key = legend(
        [
            ("share of customers", theme.MEASURED, "bar"),
            ("share of revenue", theme.EXPECTED, "bar"),
        ]
    )
    subtitle = f"Per cent of {profiles.all_customers(month)}, and of their revenue then"
    return State(title, [drawn], legend=key, note=note, subtitle=subtitle)


def _radars(rows: pd.DataFrame, segments: Segments) -> State:
    average = profiles.averages(rows)
    shown = rows[rows["is_shown"]]
    ratios = [profiles.ratios(row, average) for _, row in shown.iterrows()]
    powers = radars.scale([ratio for each in ratios for ratio in each])
    figures = [
        radars.figure(
            list(profiles.MEASURES.values()),
            each,
            powers,
            segments.mark(row["segment_id"]),
            _radar_table(row, each, average),
        )
        for (_, row), each in zip(shown.iterrows(), ratios, strict=True)
    ]
    captions = [segments.name(identity) for identity in shown["segment_id"]]
    baseline = profiles.all_customers(rows["month"].iloc[0])
    return State(
        _farthest(captions, ratios),
        figures,
        captions,
        subtitle=f"Mean per customer divided by that of {baseline}, log scale",
    )


def _radar_table(
    row: pd.Series, ratios: list[float | None], average: pd.Series
) -> list[list[object]]:
    measures = list(profiles.MEASURES)
    return [
        ["Measure", list(profiles.MEASURES.values())],
        ["Segment", formats.rounded(row[measures])],
        ["All customers", formats.rounded(average[measures])],
        ["Ratio", formats.rounded(ratios)],
    ]


def _farthest(names: list[str], ratios: list[list[float | None]]) -> str:
    """Say which segment lies farthest from the average, and on which measure."""
    found = [
        (max(ratio, 1 / ratio), ratio, name, label)
        for name, each in zip(names, ratios, strict=True)
        for ratio, label in zip(each, profiles.MEASURES.values(), strict=True)
        if ratio is not None and ratio > 0
    ]
    if not found:
        return "The segments have no profile yet."
    _, ratio, name, label = max(found, key=lambda entry: entry[0])
    label = label[:1].lower() + label[1:]
    return f"{name}: {label} {formats.decimal(ratio)} times the average"


def _profile(rows: pd.DataFrame, segments: Segments) -> Markup:
    headers = ["Segment", *[formats.with_unit(label) for label, _ in COLUMNS.values()]]
    body = []
    for _, row in rows.iterrows():
        cells = [write(row[column]) for column, (_, write) in COLUMNS.items()]
        if not row["is_shown"]:
            cells = [formats.HIDDEN] + [formats.NOTHING] * (len(COLUMNS) - 1)
        body.append([segments.name(row["segment_id"]), *cells])
    name, month = rows["segmentation"].iloc[0], rows["month"].iloc[0]
    caption = f"{formats.words(name)} segments in {formats.month(month)}"
    return table(caption, headers, body)
