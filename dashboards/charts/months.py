"""Lines over months."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme


def line(months: pd.Series, values: pd.Series, name: str, mark: theme.Mark) -> dict:
    """Draw one line over months."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [formats.month_key(month) for month in months],
        "y": formats.rounded(values),
        "name": name,
        "line": mark.line,
        "marker": {**mark.point, "size": 5},
    }


def figure(lines: list[dict], y: str, height: int = 260) -> theme.Figure:
    """Draw lines over months; several are named at their ends."""
    names, axis = {}, theme.MONTHS
    if len(lines) > 1:
        names = theme.names_at_ends(lines, height)
        # The axis ends where the lines do, not with their names.
        first, last = (pd.Timestamp(lines[0]["x"][end]) for end in (0, -1))
        room = pd.DateOffset(days=15)
        ends = [formats.month_key(first - room), formats.month_key(last + room)]
        axis = {**axis, "range": ends}
    return theme.figure(lines, x="Month", y=y, height=height, xaxis=axis, **names)
