"""Segments: who they are, how they differ from the average, what to do."""

import math
from collections.abc import Callable

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Control,
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

FILE, TITLE = "segments.html", "Segments"

AXES = {
    "mean_length_days": "Length",
    "mean_recency_days": "Recency",
    "mean_frequency_orders": "Frequency",
    "mean_monetary_amount": "Monetary",
    "average_order_amount": "Average<br>order",
}
# The radar ends at a quarter and at four times the average.
FARTHEST = 4.0

PLAYS = {
    "recommended_action": "Do",
    "action_to_avoid": "Don't",
    "offer": "Offer",
    "channel": "Channel",
    "owner": "Who acts",
}

# Of the number to watch, the last so many are told.
MONTHS_WATCHED = 6

# What the marts call a value that the input does not have.
UNKNOWN = "Unknown"
# Values that are hidden, together.
OTHERS = "all others"


def build(shop: Shop) -> Page:
    """Build the segments page."""
    marts = shop.marts
    segments = Segments(marts)
    profiles = _latest(marts.read("marts.fct_segment_profiles"))
    names = segmentations.ordered(marts, profiles["segmentation"])
    if not names:
        return Page(FILE, TITLE, "No customers have been told apart yet.", [])
    mixes = marts.read("marts.fct_segment_mixes")
    keys = [
        (name, identity)
        for name in names
        for identity in _sorted(profiles, segments, name)["segment_id"]
    ]
    follows = Control(
        "segment",
        "Segment (for: Who they are)",
        "select",
        [(identity, segments.name(identity)) for _, identity in keys],
        keys[0][1],
    )
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            f"Segments in {formats.month(profiles['month'].max())}, the latest month,"
            " in original units. Frequency and monetary are per customer over the"
            " twelve months up to it."
        ),
        banners=segmentations.structure_banner(marts)
        + _named_banner(segments)
        + _outweighed_banner(profiles, segments),
        controls=[segmentations.control(names), follows],
        sections=[
            Section("Sizes", [_sizes(profiles, segments, names)], is_wide=True),
            Section(
                "Against the average customer",
                [_radars(profiles, segments, names)],
                "Every axis has the same scale: the segment's mean divided by the mean"
                " of all customers, from a quarter to four times it, doubling at each"
                " ring. The dashed line is the average customer.",
                is_wide=True,
            ),
            Section(
                "What to do", [_cards(marts, profiles, segments, names)], is_wide=True
            ),
            Section(
                "Profile",
                [_profile(profiles, segments, names)],
                formats.hidden(marts.smallest_cell),
                is_wide=True,
            ),
            Section(
                "Who they are",
                [
                    _mix(marts, mixes, segments, keys, dimension)
                    for dimension in _dimensions(mixes)
                ],
            ),
        ],
        available=keys,
    )


def _latest(profiles: pd.DataFrame) -> pd.DataFrame:
    """Keep the last month of each segmentation, and segments with customers."""
    last = profiles.groupby("segmentation")["month"].transform("max")
    return profiles[(profiles["month"] == last) & (profiles["customers"] > 0)]


def _sorted(profiles: pd.DataFrame, segments: Segments, name: str) -> pd.DataFrame:
    rows = profiles[profiles["segmentation"] == name]
    return rows.sort_values("segment_id", key=lambda ids: ids.map(segments.place))


def _named_banner(segments: Segments) -> list[Markup]:
    named = [
        identity
        for identity in segments.in_use["segment_id"]
        if segments.is_named_all_the_same(identity)
    ]
    if not named:
        return []
    names = formats.listing(segments.name(identity) for identity in named)
    text = (
        f"{names}: the evidence does not carry these names. A setting asked for them"
        " all the same; read them as suggestions, not as findings."
    )
    heading = "Names without evidence"
    return [part("banner", heading=heading, text=text, kind="warning")]


def _outweighed_banner(profiles: pd.DataFrame, segments: Segments) -> list[Markup]:
    """Say which segments one customer makes; of hidden ones nothing is said."""
    told = profiles[profiles["is_outweighed"].eq(True) & profiles["is_shown"]]
    if told.empty:
        return []
    # Whole per cent, never rounded up: 99.7 % is not all.
    parts = formats.listing(
        f"{segments.name(row.segment_id)} of {row.segmentation}"
        f" ({math.floor(100 * row.largest_customer_share)} %)"
        for row in told.itertuples()
    )
    text = (
        f"{parts}: one customer outweighs all others together; in brackets is her"
        " part of what they spent or gave back in twelve months. Means, shares of"
        " revenue and the average customer are mostly hers; medians are not, and"
        " names were given without her."
    )
    heading = "One customer makes most of a segment"
    return [part("banner", heading=heading, text=text, kind="warning")]


def _sizes(profiles: pd.DataFrame, segments: Segments, names: list[str]) -> Chart:
    states = {}
    for name in names:
        rows = _sorted(profiles, segments, name)
        rows = rows[rows["is_shown"]]
        if rows.empty:
            states[(name,)] = State("The segments are too small to be shown.")
            continue
        labels = [formats.wrapped(segments.name(i)) for i in rows["segment_id"]]
        traces = [
            _share_bar(labels, rows["customer_share"], "Customers", theme.MEASURED),
            _share_bar(labels, rows["revenue_share"], "Revenue", theme.EXPECTED),
        ]
        top = rows.loc[rows["revenue_share"].fillna(-1).idxmax()]
        revenue = f"{formats.share(top['revenue_share'])} of the month's revenue"
        if rows["revenue_share"].isna().all():
            top = rows.loc[rows["customers"].astype(float).idxmax()]
            revenue = "no shares of revenue, which is not above zero everywhere"
        title = (
            f"{segments.name(top['segment_id'])}:"
            f" {formats.share(top['customer_share'])} of customers, {revenue}"
        )
        drawn = theme.figure(
            traces,
            x=f"Per cent of all in {formats.month(rows['month'].iloc[0])}",
            height=90 + 46 * len(rows),
            barmode="group",
            bargap=0.3,
            xaxis=theme.FROM_ZERO,
            yaxis=theme.DOWNWARDS,
        )
        key = legend(
            [
                ("share of customers", theme.MEASURED, "bar"),
                ("share of revenue", theme.EXPECTED, "bar"),
            ]
        )
        states[(name,)] = State(title, [drawn], legend=key)
    return Chart("sizes", states, ("segmentation",))


def _share_bar(
    labels: list[str], shares: pd.Series, name: str, mark: theme.Mark
) -> dict:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": labels,
        "x": formats.rounded(100 * shares.astype(float)),
        "marker": mark.bar,
        "hovertemplate": f"%{{y}}: %{{x:.1f}} % ({name.lower()})<extra></extra>",
    }


def averages(rows: pd.DataFrame) -> pd.Series:
    """Average the profile over all customers of one segmentation and month.

    Args:
        rows: one row per segment, with customers and the columns of `AXES`.

    Returns:
        One value per column: the customer-weighted mean; the average order is
        weighted by orders, so that it is revenue divided by orders.
    """
    weights = dict.fromkeys(AXES, rows["customers"])
    weights["average_order_amount"] = rows["orders"]
    values = {}
    for column, weight in weights.items():
        known = rows[column].notna() & weight.notna()
        total = weight[known].sum()
        values[column] = (
            (rows.loc[known, column] * weight[known]).sum() / total if total else None
        )
    return pd.Series(values, dtype=float)


def _radars(profiles: pd.DataFrame, segments: Segments, names: list[str]) -> Chart:
    states = {}
    for name in names:
        rows = _sorted(profiles, segments, name)
        average = averages(rows)
        shown = rows[rows["is_shown"]]
        figures = [
            _radar(row, average, segments.mark(row["segment_id"]))
            for _, row in shown.iterrows()
        ]
        captions = [segments.name(identity) for identity in shown["segment_id"]]
        states[(name,)] = State(_farthest(shown, average, segments), figures, captions)
    return Chart("radars", states, ("segmentation",), columns=4)


def _ratio(value: float | None, average: float) -> float | None:
    """Divide by the average; None where there is none."""
    if formats.is_missing(value) or formats.is_missing(average) or average <= 0:
        return None
    return value / average


def _within_scale(ratio: float | None) -> float | None:
    """Keep a ratio between 1/FARTHEST and FARTHEST."""
    return None if ratio is None else min(max(ratio, 1 / FARTHEST), FARTHEST)


def _radar(row: pd.Series, average: pd.Series, mark: theme.Mark) -> theme.Figure:
    ratios = [_within_scale(_ratio(row[column], average[column])) for column in AXES]
    angles = list(AXES.values())
    closed = [*angles, angles[0]]
    texts = [
        f"{label.replace('<br>', ' ')}: {formats.decimal(row[column], 1)}"
        f" (average {formats.decimal(average[column], 1)})"
        for column, label in AXES.items()
    ]
    traces = [
        {
            "type": "scatterpolar",
            "mode": "lines",
            "name": "Average customer",
            "r": [1] * len(closed),
            "theta": closed,
            "line": {"color": theme.INK, "dash": "dash", "width": 1.5},
            "hoverinfo": "skip",
        },
        {
            "type": "scatterpolar",
            "mode": "lines+markers",
            "name": "Segment",
            "r": formats.rounded([*ratios, ratios[0]], 3),
            "theta": closed,
            "fill": "toself",
            "fillcolor": theme.fade(mark.colour, 0.2),
            "line": {"color": mark.colour, "width": 2},
            "marker": mark.point,
            "text": [*texts, texts[0]],
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]
    polar = {
        "bgcolor": "white",
        "radialaxis": {
            "type": "log",
            "range": [-0.72, 0.62],
            "tickvals": [0.25, 0.5, 1, 2, 4],
            "ticktext": ["¼", "½", "1", "2", "4"],
            "tickfont": {"size": 9, "color": theme.MUTED},
            "gridcolor": theme.FAINT,
            "angle": 54,
            "tickangle": 54,
            "showline": False,
        },
        "angularaxis": {
            "gridcolor": theme.FAINT,
            "linecolor": theme.FAINT,
            "direction": "clockwise",
            "rotation": 90,
            "tickfont": {"size": 11},
        },
    }
    margin = {"l": 56, "r": 56, "t": 24, "b": 14}
    return theme.figure(traces, height=230, polar=polar, margin=margin)


def _farthest(rows: pd.DataFrame, average: pd.Series, segments: Segments) -> str:
    """Say which segment lies farthest from the average, and on which axis."""
    found = []
    for _, row in rows.iterrows():
        for column, label in AXES.items():
            ratio = _ratio(row[column], average[column])
            if ratio is not None and ratio > 0:
                distance = max(ratio, 1 / ratio)
                found.append((distance, row["segment_id"], column, label))
    if not found:
        return "The segments have no profile yet."
    _, identity, column, label = max(found, key=lambda entry: entry[0])
    value = rows.set_index("segment_id").loc[identity, column]
    unit = column.rsplit("_", 1)[-1]
    unit = "" if unit == "amount" else f" {unit}"
    label = label.lower().replace("<br>", " ")
    return (
        f"Farthest from the average: {segments.name(identity)}, {label}"
        f" {formats.decimal(value, 1)}{unit} (all customers"
        f" {formats.decimal(average[column], 1)}{unit})"
    )


def _cards(
    marts: PublishedMarts, profiles: pd.DataFrame, segments: Segments, names: list[str]
) -> Fragment:
    states, watched = {}, _watched(marts)
    for name in names:
        rows = _sorted(profiles, segments, name)
        cards = [_card(row, segments, watched) for row in rows.itertuples()]
        states[(name,)] = part("cards", segments=cards)
    return Fragment("playbook", states, ("segmentation",))


def _watched(marts: PublishedMarts) -> dict[str, str]:
    """Tell the number to watch of each segment, over its last months."""
    numbers = marts.read("marts.fct_segment_kpis")
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


def _card(row: object, segments: Segments, watched: dict[str, str]) -> dict:
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
    }


PROFILE = {
    "customers": ("Customers", formats.count),
    "customer_share": ("Share of customers", formats.share),
    "revenue_amount": ("Revenue of the month (amount)", formats.amount),
    "revenue_share": ("Share of revenue", formats.share),
    "orders": ("Orders of the month", formats.count),
    "average_order_amount": ("Average order (amount)", formats.amount),
    "mean_length_days": ("Length (days, mean)", formats.count),
    "mean_recency_days": ("Recency (days, mean)", formats.count),
    "median_recency_days": ("Recency (days, median)", formats.count),
    "mean_frequency_orders": ("Frequency (orders in 12 months, mean)", formats.decimal),
    "mean_monetary_amount": ("Monetary (amount in 12 months, mean)", formats.amount),
    "median_monetary_amount": (
        "Monetary (amount in 12 months, median)",
        formats.amount,
    ),
}


def _profile(profiles: pd.DataFrame, segments: Segments, names: list[str]) -> Fragment:
    headers = ["Segment", *[label for label, _ in PROFILE.values()]]
    states = {}
    for name in names:
        rows = _sorted(profiles, segments, name)
        body = []
        for _, row in rows.iterrows():
            cells = [write(row[column]) for column, (_, write) in PROFILE.items()]
            if not row["is_shown"]:
                cells = [formats.HIDDEN] + [formats.NOTHING] * (len(PROFILE) - 1)
            body.append([segments.name(row["segment_id"]), *cells])
        caption = (
            f"{formats.words(name)} segments in {formats.month(rows['month'].iloc[0])}"
        )
        states[(name,)] = table(caption, headers, body)
    return Fragment("profile", states, ("segmentation",))


def _dimensions(mixes: pd.DataFrame) -> list[str]:
    """List wealth and state first, then whatever else the input tells."""
    usual = ["wealth_segment", "state"]
    return usual + sorted(set(mixes["dimension"].dropna()) - set(usual))


def _mix(
    marts: PublishedMarts,
    mixes: pd.DataFrame,
    segments: Segments,
    keys: list[tuple[str, str]],
    dimension: str,
) -> Chart:
    draw = _donut if dimension == "wealth_segment" else _bars
    of_dimension = mixes[mixes["dimension"] == dimension]
    groups = dict(list(of_dimension.groupby(["segmentation", "segment_id"])))
    label = formats.words(dimension)
    states = {}
    for values in keys:
        rows = groups.get(values)
        if rows is None or set(rows["dimension_value"].dropna()) <= {UNKNOWN}:
            states[values] = State(f"{label}: the input names none.")
        else:
            states[values] = _mix_state(marts, rows, segments, label, draw)
    return Chart(
        f"mix-{dimension.replace('_', '-')}", states, ("segmentation", "segment")
    )


def _mix_state(
    marts: PublishedMarts,
    rows: pd.DataFrame,
    segments: Segments,
    label: str,
    draw: Callable[[pd.DataFrame], theme.Figure],
) -> State:
    name = segments.name(rows["segment_id"].iloc[0])
    shown = rows[rows["is_shown"]]
    note = formats.hidden(marts.smallest_cell)
    if shown.empty:
        return State(f"{label} of {name}. {note}")
    shown = shown.sort_values(["customers", "dimension_value"], ascending=[False, True])
    top = shown.iloc[0]
    value = _value_name(top["dimension_value"])
    title = (
        f"{label} of {name}: {value} is the largest part,"
        f" {formats.share(top['customer_share'])} of customers"
    )
    rest = rows.loc[~rows["is_shown"], ["customers", "customer_share"]].sum()
    if rest["customers"] >= marts.smallest_cell:
        shown = pd.concat(
            [shown, pd.DataFrame([{"dimension_value": OTHERS, **rest}])],
            ignore_index=True,
        )
    return State(title, [draw(shown)], note=note if rest["customers"] else "")


def _value_name(value: object) -> str:
    return "not known" if formats.is_missing(value) else str(value)


def _donut(rows: pd.DataFrame) -> theme.Figure:
    marks = [theme.mark(place + 1) for place in range(len(rows))]
    trace = {
        "type": "pie",
        "hole": 0.55,
        "sort": False,
        "direction": "clockwise",
        "labels": [
            formats.wrapped(_value_name(v), 12) for v in rows["dimension_value"]
        ],
        "values": [int(customers) for customers in rows["customers"]],
        "text": [formats.share(share) for share in rows["customer_share"]],
        "texttemplate": "%{label}<br>%{text}",
        "textposition": "outside",
        "marker": theme.surfaces(marks, "colors"),
        "hovertemplate": "%{label}: %{value:,} customers<extra></extra>",
    }
    margin = {"l": 84, "r": 84, "t": 36, "b": 36}
    return theme.figure([trace], height=300, margin=margin)


def _bars(rows: pd.DataFrame) -> theme.Figure:
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [formats.wrapped(_value_name(value)) for value in rows["dimension_value"]],
        "x": formats.rounded(100 * rows["customer_share"].astype(float)),
        "customdata": [int(customers) for customers in rows["customers"]],
        "marker": theme.MEASURED.bar,
        "hovertemplate": "%{y}: %{x:.1f} %, %{customdata:,} customers<extra></extra>",
    }
    return theme.figure(
        [trace],
        x="Per cent of the segment's customers",
        height=100 + 32 * len(rows),
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
    )
