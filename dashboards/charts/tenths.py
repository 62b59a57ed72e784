"""Tenths of customers: what was said of each, and what came."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme

PLACE = "Tenth of customers, the first is said highest"
SAID, CAME = theme.Mark("#9fb3c2", pattern="/"), theme.MEASURED


def figures(rows: pd.DataFrame) -> list[theme.Figure]:
    """Draw tenths side by side, and said against came.

    Args:
        rows: target, decile, said_value and came_value, the first tenth first.
    """
    is_share = rows["target"].iloc[0] == "orders"
    values = {
        name: _values(rows[f"{name}_value"].astype(float), is_share)
        for name in ("said", "came")
    }
    unit = "customers of 100" if is_share else formats.unit()
    return [_bars(rows, values, unit), _against(rows, values, unit)]


def _values(values: pd.Series, is_share: bool) -> list[float | None]:
    return formats.rounded(100 * values, 1) if is_share else formats.amounts(values)


def _bars(rows: pd.DataFrame, values: dict, unit: str) -> theme.Figure:
    traces = [
        {
            "type": "bar",
            "name": formats.words(name),
            "x": rows["decile"].astype(int).tolist(),
            "y": values[name],
            "marker": mark.bar,
            "hovertemplate": f"Tenth %{{x}}: {name} %{{y:,}}<extra></extra>",
        }
        for name, mark in (("said", SAID), ("came", CAME))
    ]
    return theme.figure(
        traces,
        x=PLACE,
        y=unit[:1].upper() + unit[1:],
        height=220,
        xaxis={"dtick": 1},
        bargap=0.25,
    )


def _against(rows: pd.DataFrame, values: dict, unit: str) -> theme.Figure:
    """Draw each tenth at what was said and what came."""
    tenth = rows["decile"].astype(int).tolist()
    pairs = zip(values["said"], values["came"], strict=True)
    known = [value for pair in pairs for value in pair if value is not None]
    end = round(1.05 * max([*known, 0.1]), 2)
    same = {
        "type": "scatter",
        "mode": "lines",
        "name": "As said",
        "x": [0, end],
        "y": [0, end],
        "line": {"color": theme.MUTED, "dash": "dot", "width": 1},
        "hoverinfo": "skip",
        "meta": False,
    }
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "Tenth",
        "x": values["said"],
        "y": values["came"],
        "text": [f"Tenth {number}" for number in tenth],
        "marker": {**CAME.point, "size": 9},
        "hovertemplate": "%{text}: said %{x:,}, came %{y:,}<extra></extra>",
        "meta": {
            "columns": [
                [PLACE, tenth],
                ["Said", values["said"]],
                ["Came", values["came"]],
            ]
        },
    }
    return theme.figure(
        [same, points],
        x=f"Said ({unit})",
        y=f"Came ({unit})",
        height=220,
        xaxis={"range": [0, end], "showgrid": True},
        yaxis={"range": [0, end]},
    )
