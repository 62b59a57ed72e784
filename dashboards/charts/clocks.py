"""Clocks: how long customers are silent, beside their usual gaps between orders."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme

SILENCE, USUAL = (
    theme.Mark("#7fb2d6"),
    theme.Mark(theme.CONTRAST, marker="diamond"),
)


def figure(customers: pd.DataFrame, labels: list[str]) -> theme.Figure:
    """Draw a bar of silence for each customer, the first on top.

    Args:
        customers: rows with silence_days, usual_gap_days and value_at_risk_amount.
        labels: how each is named.
    """
    silent = customers["silence_days"].astype(float)
    # What is at risk stands in a column of its own, right of the longest bar.
    end = round(1.25 * max([*silent.dropna(), 1]))
    gaps = formats.rounded(customers["usual_gap_days"].astype(float), 1)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "Days silent",
            "y": labels,
            "x": formats.rounded(silent, 0),
            "marker": SILENCE.bar,
            "hovertemplate": "%{y}: silent for %{x:,} days<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Usual gap (days)",
            "y": labels,
            "x": gaps,
            "marker": {**USUAL.point, "size": 9},
            "hovertemplate": "%{y}: usually %{x:,} days<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "text",
            "name": "At risk",
            "y": labels,
            "x": [end] * len(labels),
            "text": [formats.amount(it) for it in customers["value_at_risk_amount"]],
            "textposition": "middle left",
            "hoverinfo": "skip",
            "meta": False,
        },
    ]
    return theme.figure(
        traces,
        x="Days",
        y="Customer",
        height=96 + 20 * len(labels),
        annotations=[
            theme.beside_bars(0, "▮ silent for", theme.ACCENT),
            theme.beside_bars(90, "◆ usual gap", USUAL.colour),
            {**theme.above(1, "at risk"), "xref": "x domain", "xanchor": "right"},
        ],
        margin=theme.ROOM_ABOVE,
        xaxis={"range": [0, end], "showgrid": True},
        yaxis=theme.DOWNWARDS,
    )
