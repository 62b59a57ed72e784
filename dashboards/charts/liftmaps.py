"""What could be tested: the smallest lift that would be seen, by segment and metric."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme

SHORT = {
    "revenue": "Revenue",
    "margin": "Margin",
    "orders": "Orders",
    "conversion": "Ordered",
    "average_order_amount": "Basket",
    "sessions": "Sessions",
    "retention": "Retention",
}
TESTABLE, NOT_TESTABLE = "testable", "not testable"
# From here on a lift is so large that no campaign has it; the palest colour.
LARGEST = 50


def figure(rows: pd.DataFrame, names: dict[str, str]) -> theme.Figure:
    """Draw one design, a row for each segment and a column for each metric.

    Args:
        rows: of rpt_testability, one a segment and metric, in the order of segments.
        names: of the segments, by id.
    """
    segments = list(dict.fromkeys(rows["segment_id"]))
    metrics = [name for name in SHORT if name in set(rows["metric"])]
    cells = {(row.segment_id, row.metric): row for row in rows.itertuples()}
    grid = [[cells.get((one, name)) for name in metrics] for one in segments]
    trace = {
        "type": "heatmap",
        "x": [SHORT[name] for name in metrics],
        "y": [formats.plain(names[one]) for one in segments],
        "z": [formats.rounded(map(_lift, line), 1) for line in grid],
        "text": [[_text(cell) for cell in line] for line in grid],
        "customdata": [
            [None if cell is None else int(cell.customers) for cell in line]
            for line in grid
        ],
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "colorscale": [[1 - place, colour] for place, colour in reversed(theme.SCALE)],
        "zmin": 0,
        "zmax": LARGEST,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "%{y}, %{x}: %{z} %, %{customdata:,} customers<extra></extra>",
    }
    return theme.figure(
        [trace],
        x="Metric",
        y="Segment",
        height=130 + 38 * len(segments),
        xaxis={
            "side": "top",
            "ticks": "",
            "type": "category",
            "tickvals": [SHORT[name] for name in metrics],
            "ticktext": [SHORT[name] for name in metrics],
            "tickangle": -45,
        },
        yaxis={
            **theme.DOWNWARDS,
            "tickvals": [formats.plain(names[one]) for one in segments],
            "ticktext": [formats.wrapped(names[one], 18) for one in segments],
        },
    )


def _lift(cell: object | None) -> float | None:
    """Give the smallest lift in per cent; none of a design that is not offered."""
    if cell is None or formats.is_missing(cell.mde_share) or not cell.is_offered:
        return None
    return 100 * cell.mde_share


def _text(cell: object | None) -> str:
    lift = _lift(cell)
    if lift is None:
        return ""
    return f"{'✓ ' if cell.verdict == TESTABLE else ''}{lift:.0f}"
