"""Channels in which customers change: shares of segments, beside those of chance."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts.segmentations import Segments

NAMES = {
    "timing": "Silence",
    "rate": "How often",
    "spend": "How much",
    "mix": "What they buy",
}
# Of 100 who have not changed, so many do what is rare for them (p of 0.05 or less).
BY_CHANCE = 5


def of_100(rows: pd.DataFrame, counted: str) -> pd.Series:
    """Give customers of 100 tested."""
    return 100 * rows[counted].astype(float) / rows["tested_customers"].astype(float)


def figure(rows: pd.DataFrame, segments: Segments, highest: float) -> theme.Figure:
    """Draw one channel of one month, one row a segment.

    Args:
        rows: in the order of segments.
        segments: names of the month.
        highest: end of the axis, the same for all channels.
    """
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": "Changed (of 100)",
        "y": [formats.wrapped(segments.name(i), 20) for i in rows["segment_id"]],
        "x": formats.rounded(of_100(rows, "unusual_customers"), 1),
        "marker": theme.MEASURED.bar,
        "hovertemplate": "%{y}: %{x} of 100<extra></extra>",
    }
    return theme.figure(
        [trace],
        x="Of 100 tested",
        y="Segment",
        height=84 + 22 * len(rows),
        lines=[theme.upright(BY_CHANCE)],
        xaxis={"range": [0, round(highest, 2)], "showgrid": True, "nticks": 4},
        yaxis=theme.DOWNWARDS,
    )
