"""Two views of the same months: revenue continued, and customers times spend."""

from collections.abc import Iterable

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import revenue
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Section,
    State,
    fitting,
    legend,
    link,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import outlook

SERIES, TRANSITIONS = theme.MEASURED, theme.Mark(theme.CONTRAST, marker="diamond-open")
CONTROLS = ("segmentation",)
INTRODUCTION = (
    "The revenue of whoever is in a segment can be told in two ways: continued from its"
    " own months, as above, or as the customers who are expected in it times what each"
    " of them spent in the last months. How far apart the two lie depends on the way of"
    " looking, which no band holds. A third view is the sum of what today's customers"
    " are worth: without newcomers, so it stands beside the forecast of the same"
    " customers alone."
)


def section(shop: Shop, names: list[str]) -> Section | None:
    """Set the two views of each segmentation side by side; without any, nothing."""
    segments = shop.segments
    frame = shop.read("marts.fct_forecast_views").dropna(
        subset=["segmentation", "segment_id", "horizon_months"]
    )
    frame = _without_small(frame, shop)
    frame = frame[frame["segment_id"].map(segments.is_in_use).astype(bool)]
    if frame.empty:
        return None
    frame = frame.sort_values(
        ["horizon_months", "segment_id"],
        key=lambda column: (
            column.map(segments.place) if column.name == "segment_id" else column
        ),
    )
    newest = frame.groupby("segmentation")["origin_month"].transform("max")
    latest = revenue.rows_by(frame[frame["origin_month"] == newest], ["segmentation"])
    past = revenue.rows_by(frame.dropna(subset=["actual_amount"]), ["segmentation"])
    states = {
        (name,): state
        for name in names
        if (state := _state(shop, name, latest.get((name,), [])))
    }
    records = {
        (name,): _record(past.get((name,), []), latest.get((name,), []), segments)
        for name in names
    }
    return Section(
        "Two views of the same months",
        [Chart("views", states, CONTROLS, columns=3)],
        INTRODUCTION,
        is_wide=True,
        proof=[Fragment("views-record", records, CONTROLS)],
    )


def _without_small(views: pd.DataFrame, shop: Shop) -> pd.DataFrame:
    """Leave out what is said of few customers, or came from few."""
    hidden = segmentations.of_hidden_size(shop.marts, views)
    hidden |= segmentations.of_hidden_size(shop.marts, views, "origin_month")
    expected = views["expected_customers"].astype(float)
    hidden |= expected.between(0, shop.smallest_cell, inclusive="neither")
    return views[~hidden]


def _state(shop: Shop, name: str, rows: list) -> State | None:
    told = [
        row
        for row in rows
        if not formats.is_missing(row.series_amount)
        and not formats.is_missing(row.expected_amount)
    ]
    if not told:
        return None
    highest = 1.05 * max(max(row.series_amount, row.expected_amount) for row in told)
    figures, captions = [], []
    for horizon in sorted({row.horizon_months for row in told}):
        shown = [row for row in told if row.horizon_months == horizon]
        figures.append(_figure(shown, shop.segments, highest))
        captions.append(f"In {_ahead(horizon)}, {formats.month(shown[0].month)}")
    entries = [
        ("revenue continued", SERIES, "point"),
        ("expected customers times spend", TRANSITIONS, "point"),
    ]
    subtitle = (
        f"Revenue of the month ({formats.unit()}) of whoever is in each segment, told"
        " in two ways"
    )
    return State(
        _furthest(told, shop.segments),
        figures,
        captions,
        legend(entries),
        note=_sizes(shop, name),
        subtitle=subtitle,
    )


def _sizes(shop: Shop, name: str) -> Markup:
    """Link to the sizes that are expected, where there are any."""
    section = shop.once(outlook.expected_sizes)
    if not section or (name,) not in section.choices.available:
        return Markup("")
    text = "How many customers are expected"
    return link(text, "outlook.html", segmentation=name) + "."


def _ahead(horizon: float) -> str:
    return formats.counted(int(horizon), "month")


def _furthest(rows: list, segments: Segments) -> str:
    row = max(rows, key=lambda row: abs(row.series_amount - row.expected_amount))
    if formats.is_missing(row.disagreement_share):
        return "Both views expect no revenue"
    name = segments.name(row.segment_id)
    amounts = (
        f"{formats.amount(row.series_amount)} and {formats.amount(row.expected_amount)}"
    )
    month = formats.month(row.month)
    return fitting(
        f"The two ways differ most for {name}, in {month}: {amounts}",
        f"The two ways differ most for {name}: {amounts}",
    )


def _figure(rows: list, segments: Segments, highest: float) -> theme.Figure:
    labels = [formats.wrapped(segments.name(row.segment_id)) for row in rows]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "y": labels,
            "x": formats.amounts(getattr(row, column) for row in rows),
            "marker": {**mark.point, "size": 9},
            "hovertemplate": f"%{{y}}, {name.lower()}: %{{x:,}}<extra></extra>",
        }
        for name, column, mark in (
            ("Continued", "series_amount", SERIES),
            ("Customers times spend", "expected_amount", TRANSITIONS),
        )
    ]
    return theme.figure(
        traces,
        x=f"Revenue in the month ({formats.unit()})",
        height=100 + 40 * len(rows),
        # A little room at zero, for marks and labels not to touch.
        xaxis={
            "range": [round(-0.02 * highest, 2), round(highest, 2)],
            "showgrid": True,
            "nticks": 4,
            "tickangle": 0,
        },
        yaxis={"autorange": "reversed", "type": "category", "ticks": ""},
        y="Segment",
    )


SAID_AND_CAME = ("series_amount", "expected_amount", "actual_amount")
PAST_HEADERS = [
    "Ahead",
    "Months tried",
    "Off by, continued",
    "Off by, customers times spend",
    "Nearer",
]
HEADERS = [
    "Segment",
    "Month",
    "Continued",
    "Expected customers",
    "Spend of each",
    "Customers times spend",
    "Disagreement (model risk)",
]


def _record(past: list, latest: list, segments: Segments) -> Markup:
    """Say how each view did in the past, and give the numbers of today's."""
    if not latest:
        return Markup("")
    caption = (
        "Tried out on earlier months: absolute errors of all segments, as a share of"
        " what came"
    )
    body = [
        _tried(horizon, [row for row in past if row.horizon_months == horizon])
        for horizon in sorted({row.horizon_months for row in past})
    ]
    said = part("paragraph", text="Neither view has been tried on earlier months yet.")
    if body:
        said = table(caption, PAST_HEADERS, body, is_stacked=True)
    said += _worth(past, latest)
    numbers = table(
        f"Expected from {formats.month(latest[0].origin_month)} on",
        HEADERS,
        [_listed(row, segments) for row in latest],
        numbers_from=2,
        is_stacked=True,
    )
    return said + part(
        "folded",
        summary="The numbers of both views",
        content=numbers + _worth_now(latest, segments),
    )


WORTH_PAST_HEADERS = [
    *PAST_HEADERS[:2],
    "Off by, same customers continued",
    "Off by, sum of their values",
    "Nearer",
]
WORTH_HEADERS = ["Segment", "Month", "Same customers continued", "Sum of their values"]


def _worth(past: list, latest: list) -> Markup:
    """Say how the sum of values did on the same customers, or why there is none."""
    past = [row for row in past if _has_worth(row)]
    if not any(_has_worth(row) for row in latest):
        reasons = sorted({row.values_reason for row in latest if row.values_reason})
        text = f"No sum of what today's customers are worth: {' '.join(reasons)}"
        return part("paragraph", text=text) if reasons else Markup("")
    body = [
        _tried(
            horizon,
            [row for row in past if row.horizon_months == horizon],
            ("cohort_amount", "values_amount", "cohort_actual_amount"),
            ("continued", "sum of values"),
        )
        for horizon in sorted({row.horizon_months for row in past})
    ]
    caption = (
        "Of the customers of the month alone, newcomers excluded: a twelfth of the sum"
        " of their values, tried out on earlier months"
    )
    if not body:
        return Markup("")
    return table(caption, WORTH_PAST_HEADERS, body, is_stacked=True)


def _worth_now(latest: list, segments: Segments) -> Markup:
    rows = [
        [
            segments.name(row.segment_id),
            formats.month(row.month),
            formats.whole_amount(row.cohort_amount),
            formats.whole_amount(row.values_amount),
        ]
        for row in latest
        if not formats.is_missing(row.values_amount)
    ]
    if not rows:
        return Markup("")
    return table(
        "Of today's customers alone, newcomers excluded",
        WORTH_HEADERS,
        rows,
        numbers_from=2,
        is_stacked=True,
    )


def _has_worth(row: object) -> bool:
    return not any(
        formats.is_missing(value) for value in (row.cohort_amount, row.values_amount)
    )


def _tried(
    horizon: float,
    rows: list,
    columns: tuple[str, str, str] = SAID_AND_CAME,
    names: tuple[str, str] = ("continued", "customers times spend"),
) -> list[str]:
    """Say how far two columns were off a third."""
    rows = [
        row
        for row in rows
        if not any(formats.is_missing(getattr(row, column)) for column in columns)
    ]
    first, second = (_off(rows, column, columns[2]) for column in columns[:2])
    return [
        _ahead(horizon),
        formats.count(len({row.origin_month for row in rows})),
        formats.share(first),
        formats.share(second),
        _nearer(first, second, names),
    ]


def _off(rows: Iterable, column: str, outcome: str) -> float | None:
    came = sum(abs(getattr(row, outcome)) for row in rows)
    error = sum(abs(getattr(row, column) - getattr(row, outcome)) for row in rows)
    return error / came if came else None


def _nearer(first: float | None, second: float | None, names: tuple[str, str]) -> str:
    if first is None or second is None:
        return formats.NOTHING
    if formats.share(first) == formats.share(second):
        return "both"
    return names[0] if first < second else names[1]


def _listed(row: object, segments: Segments) -> list[str]:
    return [
        segments.name(row.segment_id),
        formats.month(row.month),
        formats.whole_amount(row.series_amount),
        formats.count(row.expected_customers),
        formats.whole_amount(row.spend_amount),
        formats.whole_amount(row.expected_amount),
        formats.share(row.disagreement_share),
    ]
