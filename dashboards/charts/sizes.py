"""Sizes of segments: today's as bars, and those that are expected as points."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts.segmentations import Segments

TODAY, EXPECTED, KEPT = (
    theme.Mark("#7d8a97"),
    theme.MEASURED,
    theme.Mark(theme.CONTRAST, marker="diamond-open"),
)


def is_chain(rows: pd.DataFrame) -> bool:
    """Say whether any row is what the chain expects, not today's size kept."""
    return bool(rows["is_published"].eq(True).any())


def figure(rows: pd.DataFrame, segments: Segments, highest: float) -> theme.Figure:
    """Draw one horizon, one row of fct_segment_expectations a segment.

    Args:
        rows: of one horizon, in the order of segments.
        segments: names.
        highest: end of the axis of customers.
    """
    labels = [formats.wrapped(segments.name(i)) for i in rows["segment_id"]]
    mark = EXPECTED if is_chain(rows) else KEPT
    name, sign = "Expected, at today's shares", "◇ at today's shares"
    if mark is EXPECTED:
        name, sign = "Expected", "● expected"
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
            "name": name,
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
        height=120 + 40 * len(rows),
        annotations=[
            theme.beside_bars(0, "▮ today", TODAY.colour),
            theme.beside_bars(70, sign, mark.colour),
        ],
        margin=theme.ROOM_ABOVE,
        xaxis={"range": [0, highest], "showgrid": True},
        yaxis={**theme.DOWNWARDS, "title": {"text": "Segment"}},
    )
