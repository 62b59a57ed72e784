"""A heatmap from segment to segment: who went where."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts.segmentations import Segments

ENTERED, LEFT = "(entered)", "(left)"
OUTSIDE_NAMES = {ENTERED: "Entered", LEFT: "Left"}
OUTSIDE_MARK = theme.Mark("#5f6b7a")


def name(segments: Segments, identity: str) -> str:
    """Name a segment, or the outside."""
    return OUTSIDE_NAMES.get(identity) or segments.name(identity)


def ordered(nodes: set[str], segments: Segments) -> list[str]:
    """Sort segments in their usual order; entered and left come last."""
    return sorted(
        nodes, key=lambda node: (node in OUTSIDE_NAMES, segments.place(node), node)
    )


def figure(
    shares: pd.DataFrame,
    customers: pd.DataFrame,
    before: Segments,
    after: Segments,
    x: str,
    y: str,
) -> theme.Figure:
    """Draw shares of rows as a heatmap; columns carry the numbers of the rows.

    Args:
        shares: per cent of each row that went to each column, segments before
            as index (all columns but those left are rows too), segments after
            as columns; null where it may not be told.
        customers: customers of the same cells; null where they may not be told.
        before, after: the names of rows and of columns.
        x: title of the columns.
        y: title of the rows.
    """
    starts, ends = list(shares.index), list(shares.columns)
    columns = [formats.plain(name(after, node)) for node in ends]
    lines = [formats.plain(name(before, node)) for node in starts]
    texts = [
        [_text(count, share) for count, share in zip(*row, strict=True)]
        for row in zip(customers.to_numpy(), shares.to_numpy(), strict=True)
    ]
    trace = {
        "type": "heatmap",
        "x": columns,
        "y": lines,
        "z": [formats.rounded(row, 1) for row in shares.to_numpy()],
        "text": texts,
        "customdata": [formats.rounded(row, 0) for row in customers.to_numpy()],
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "colorscale": theme.SCALE,
        "zmin": 0,
        "zmax": 100,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "%{y} to %{x}: %{z} %, %{customdata:,} customers"
        "<extra></extra>",
    }
    return theme.figure(
        [trace],
        x=x,
        y=y,
        height=110 + 42 * len(starts),
        xaxis={
            "side": "top",
            "ticks": "",
            "type": "category",
            "tickvals": columns,
            "ticktext": [_short_label(node, starts) for node in ends],
            "tickangle": 0,
        },
        yaxis={
            **theme.DOWNWARDS,
            "tickvals": lines,
            "ticktext": [_long_label(node, starts, before) for node in starts],
        },
    )


def _short_label(node: str, nodes: list[str]) -> str:
    """Head a column: the number of its row, which leaves room on a phone."""
    return OUTSIDE_NAMES.get(node) or str(nodes.index(node) + 1)


def _long_label(node: str, nodes: list[str], segments: Segments) -> str:
    """Head a row: number and name."""
    if node in OUTSIDE_NAMES:
        return OUTSIDE_NAMES[node]
    return formats.wrapped(f"{nodes.index(node) + 1} {segments.name(node)}")


def _text(count: float, share: float) -> str:
    if formats.is_missing(share) or count == 0:
        return ""
    return f"{share:.0f}" if share >= 1 else "&lt;1"
