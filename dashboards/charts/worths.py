"""Worth of segments: what is expected of each with its band, beside what is at risk."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts.segmentations import Segments

AT_RISK = theme.Mark("#d99a7c", pattern="/")


def figure(rows: pd.DataFrame, segments: Segments) -> theme.Figure:
    """Draw one month, one row of fct_segment_values a segment.

    Args:
        rows: in the order of segments.
        segments: names of the month.
    """
    labels = [formats.wrapped(segments.name(i), 24) for i in rows["segment_id"]]
    worth = pd.Series(formats.amounts(rows["value_12m_amount"].astype(float)))
    low, high = (
        pd.Series(formats.amounts(rows[f"{end}_80_value_12m_amount"].astype(float)))
        for end in ("lower", "upper")
    )
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "At risk",
            "y": labels,
            "x": formats.amounts(rows["value_at_risk_amount"].astype(float)),
            "marker": AT_RISK.bar,
            "hovertemplate": "%{y}: %{x:,} at risk<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Worth",
            "y": labels,
            "x": worth.tolist(),
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": formats.rounded(high - worth),
                "arrayminus": formats.rounded(worth - low),
                "thickness": 1.5,
                "width": 4,
                "color": theme.ACCENT,
            },
            "marker": {**theme.MEASURED.point, "size": 9},
            "hovertemplate": "%{y}: worth %{x:,}<extra></extra>",
        },
    ]
    return theme.figure(
        traces,
        x=f"Twelve months ({formats.unit()})",
        y="Segment",
        height=96 + 22 * len(labels),
        annotations=[
            theme.beside_bars(0, "● worth, with its band", theme.ACCENT),
            theme.beside_bars(160, "▮ at risk", theme.CONTRAST),
        ],
        margin=theme.ROOM_ABOVE,
        xaxis={**theme.FROM_ZERO, "nticks": 3, "tickangle": 0},
        yaxis=theme.DOWNWARDS,
    )
