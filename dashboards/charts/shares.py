"""Shares of customers as bars, beside those that they are held against."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme


def bars(
    labels: list[str],
    shares: pd.Series,
    name: str,
    mark: theme.Mark,
    customers: list[int] | None = None,
) -> dict:
    """Draw shares as lying bars, in per cent; `customers` are told on touch."""
    count = "" if customers is None else ", %{customdata:,} customers"
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": formats.plain(name),
        "y": labels,
        "x": formats.rounded(100 * shares.astype(float)),
        "marker": mark.bar,
        "hovertemplate": f"%{{y}}: %{{x:.1f}} %{count} (%{{fullData.name}})"
        "<extra></extra>",
    }
    return trace if customers is None else trace | {"customdata": customers}


def dots(labels: list[str], shares: pd.Series, name: str, mark: theme.Mark) -> dict:
    """Draw shares as dots over bars, in per cent."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": formats.plain(name),
        "y": labels,
        "x": formats.rounded(100 * shares.astype(float)),
        "marker": {**mark.point, "size": 11, "line": {"width": 2}},
        "hovertemplate": "%{y}: %{x:.1f} % (%{fullData.name})<extra></extra>",
    }


def figure(
    traces: list[dict], x: str, y: str, height: int, **layout: object
) -> theme.Figure:
    """Draw shares of names, the first on top."""
    return theme.figure(
        traces,
        x=x,
        y=y,
        height=height,
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
        **layout,
    )
