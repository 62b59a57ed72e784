"""Rows of the input as bars: what became of them, and why some were turned away."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme

PARTS = {
    "accepted_rows": ("accepted", theme.MEASURED),
    "merged_duplicates": ("merged duplicates", theme.Mark("#9fb3c2", pattern="-")),
    "rejected_rows": ("rejected", theme.EXPECTED),
}


def outcomes(inputs: pd.DataFrame) -> theme.Figure:
    """Stack what became of the rows of each input."""
    labels = [formats.wrapped(formats.words(name)) for name in inputs["input_table"]]
    traces = [
        {
            **_bar(labels, inputs[column], formats.words(label), mark.bar),
            "hovertemplate": f"%{{y}}: %{{x:,}} {label}<extra></extra>",
        }
        for column, (label, mark) in PARTS.items()
    ]
    return _figure(traces, "Input", 120 + 44 * len(inputs), barmode="stack")


def reasons(rows: pd.DataFrame) -> theme.Figure:
    """Draw how many rows were turned away for each reason."""
    labels = [
        formats.wrapped(
            f"{formats.words(row.reason_code)} ({formats.words(row.input_table)})"
        )
        for row in rows.itertuples()
    ]
    colour = {"color": theme.CONTRAST}
    trace = {
        **_bar(labels, rows["rejected_rows"], "Not accepted", colour),
        "text": [formats.count(count) for count in rows["rejected_rows"]],
        "textposition": "auto",
        "textangle": 0,
        "hovertemplate": "%{y}: %{x:,} rows<extra></extra>",
    }
    return _figure([trace], "Reason (input)", 90 + 46 * len(rows))


def _bar(labels: list[str], counts: pd.Series, name: str, marker: dict) -> dict:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": labels,
        "x": [0 if formats.is_missing(n) else int(n) for n in counts],
        "marker": marker,
    }


def _figure(traces: list[dict], y: str, height: int, **layout: object) -> theme.Figure:
    return theme.figure(
        traces,
        x="Rows",
        y=y,
        height=height,
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
        **layout,
    )
