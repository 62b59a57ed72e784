"""What a test has found, week by week: a difference with its bands, and the looks."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import legend

FOUND = theme.MEASURED
LOOK = theme.Mark(theme.CONTRAST, "solid", "diamond")
ALWAYS = theme.Mark(theme.MUTED)
BANDS = {
    # Name, columns, mark and opacity; the wider one lies below.
    "Whenever one looks": ("anytime_lower", "anytime_upper", ALWAYS, 0.15),
    "At this week alone": ("difference_lower", "difference_upper", FOUND, 0.25),
}


def figure(rows: pd.DataFrame, scale: float, y: str) -> theme.Figure:
    """Draw one arm beside control.

    Args:
        rows: of rpt_experiment_readouts, one a week, in their order.
        scale: what differences are multiplied by.
        y: title of the vertical axis.
    """
    rows = rows.dropna(subset=["difference"])
    told = rows.assign(
        **{
            name: formats.rounded(rows[name].astype(float) * scale)
            for name in (
                *("difference", "difference_lower", "difference_upper"),
                *("anytime_lower", "anytime_upper"),
            )
        }
    )
    bands = [
        _band(known, name, low, high, mark, opacity)
        for name, (low, high, mark, opacity) in BANDS.items()
        if not (known := told.dropna(subset=[low, high])).empty
    ]
    looks = told[told["is_planned_look"].eq(True)]
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "Difference",
            "x": [int(week) for week in told["week"]],
            "y": told["difference"].tolist(),
            "line": FOUND.line,
            "marker": {**FOUND.point, "size": 4},
            "hovertemplate": "Week %{x}: %{y}<extra></extra>",
        }
    ]
    if not looks.empty:
        lines.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Planned look",
                "x": [int(week) for week in looks["week"]],
                "y": looks["difference"].tolist(),
                "marker": {**LOOK.point, "size": 12},
                "hovertemplate": "Planned look, week %{x}: %{y}<extra></extra>",
            }
        )
    return theme.figure(
        [*bands, *lines],
        x="Weeks since the start",
        y=y,
        height=320,
        lines=[theme.level(0, theme.INK)],
        xaxis={**theme.within(lines), "dtick": max(1, len(told) // 8)},
        yaxis={"rangemode": "normal"},
    )


def _band(
    rows: pd.DataFrame,
    name: str,
    low: str,
    high: str,
    mark: theme.Mark,
    opacity: float,
) -> dict:
    """Run along the upper bound, and back along the lower one."""
    weeks = [int(week) for week in rows["week"]]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [*weeks, *reversed(weeks)],
        "y": [*rows[high], *reversed(rows[low].tolist())],
        "fill": "toself",
        "fillcolor": theme.fade(mark.colour, opacity),
        "line": {"width": 0.5, "color": theme.fade(mark.colour, 0.6)},
        "hoverinfo": "skip",
    }


def key(rows: pd.DataFrame) -> Markup:
    """Explain what is drawn, without what is not."""
    entries = [("difference", FOUND, "line")]
    if rows["is_planned_look"].eq(True).any():
        entries.append(("planned look", LOOK, "point"))
    entries.append(("95 % interval of this week alone", FOUND, "band"))
    if rows["anytime_lower"].notna().any():
        entries.append(("95 % interval that holds whenever one looks", ALWAYS, "band"))
    return legend(entries)
