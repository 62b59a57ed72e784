"""Radars: the measures of a segment as multiples of an average, on a log scale.

They are drawn with lines alone, on hidden axes of equal scale.
"""

import math

from trajectories.dashboards.looks import formats, theme

# There are rings at least from a half to twice the average.
NEAREST, LETTERS = 1, 12
# More rings than this would be too close to each other to be numbered.
MOST_RINGS = 5


def scale(ratios: list[float | None]) -> range:
    """List the powers of two between which all ratios fit in.

    Examples:
        >>> scale([0.9, 1.1, None])
        range(-1, 2)
        >>> scale([0.1, 10])
        range(-4, 5)
    """
    known = [math.log2(ratio) for ratio in ratios if ratio is not None and ratio > 0]
    lowest = min([-NEAREST, *(math.floor(power) for power in known)])
    highest = max([NEAREST, *(math.ceil(power) for power in known)])
    return range(lowest, highest + 1)


def figure(
    labels: list[str],
    ratios: list[float | None],
    powers: range,
    mark: theme.Mark,
    columns: list[list[object]],
) -> theme.Figure:
    """Draw one radar.

    Args:
        labels: names of the measures, clockwise from the top.
        ratios: one per measure, the segment divided by the average; none is a gap,
            and what is not above zero lies in the middle.
        powers: the same for all radars that are compared (`scale`).
        mark: look of the segment.
        columns: the table of the chart, pairs of header and values.
    """
    angles = [2 * math.pi * place / len(labels) for place in range(len(labels))]
    edge = len(powers)
    decoration = {"type": "scatter", "mode": "lines", "meta": False}
    thin = {
        **decoration,
        "hoverinfo": "skip",
        "line": {"color": theme.FAINT, "width": 1},
    }
    lines = [
        {**thin, "name": "ring", **_closed([_radius(2.0**power, powers)], angles)}
        for power in _rings(powers)
    ]
    lines += [
        {**thin, "name": "spoke", "x": [0, x], "y": [0, y]}
        for x, y in (_point(edge, angle) for angle in angles)
    ]
    average = {
        **decoration,
        "name": "All customers",
        **_closed([_radius(1, powers)], angles),
        "hoverinfo": "skip",
        "line": {"color": theme.INK, "dash": "dash", "width": 1.5},
    }
    radii = [None if it is None else _radius(it, powers) for it in ratios]
    segment = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Segment",
        **_closed(radii, angles),
        "fill": "toself" if None not in radii else "none",
        "fillcolor": theme.fade(mark.colour, 0.2),
        "line": {"color": mark.colour, "width": 2},
        "marker": mark.point,
        "text": [_said(label, it) for label, it in zip(labels, ratios, strict=True)]
        + [_said(labels[0], ratios[0])],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"columns": columns},
    }
    room = {"visible": False, "fixedrange": True, "title": {"text": "Ratio"}}
    return theme.figure(
        [*lines, average, segment],
        height=230,
        xaxis={**room, "range": [-1.8 * edge, 1.8 * edge]},
        yaxis={**room, "range": [-1.15 * edge, 1.4 * edge], "scaleanchor": "x"},
        annotations=[*_names(labels, angles, edge), *_numbers(powers)],
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
    )


def _rings(powers: range) -> list[int]:
    """List the powers that get a ring; that of the average is one of them."""
    every = -(-len(powers) // MOST_RINGS)
    return [power for power in powers if power % every == 0]


def _radius(ratio: float, powers: range) -> float:
    """Place a ratio between the middle and the outer ring; the inner ring is at 1."""
    if ratio <= 0:
        return 0.0
    return max(math.log2(ratio) - powers[0] + 1, 0.0)


def _point(radius: float, angle: float) -> tuple[float, float]:
    return (
        round(radius * math.sin(angle), 4) + 0.0,
        round(radius * math.cos(angle), 4) + 0.0,
    )


def _closed(radii: list[float | None], angles: list[float]) -> dict:
    """Draw around the middle and back to the start; one radius is one for all."""
    if len(radii) == 1:
        radii = radii * len(angles)
    points = [
        (None, None) if radius is None else _point(radius, angle)
        for radius, angle in zip(radii, angles, strict=True)
    ]
    points.append(points[0])
    return {"x": [x for x, _ in points], "y": [y for _, y in points]}


def _said(label: str, ratio: float | None) -> str:
    return f"{label}: {formats.decimal(ratio)} times that of all customers"


def _names(labels: list[str], angles: list[float], edge: int) -> list[dict]:
    """Write each measure outside its spoke."""
    written = []
    for label, angle in zip(labels, angles, strict=True):
        x, y = _point(1.08 * edge, angle)
        side = "center" if abs(x) < 0.1 * edge else ("left" if x > 0 else "right")
        written.append(
            {
                "x": x,
                "y": y,
                "text": formats.wrapped(label, LETTERS),
                "xanchor": side,
                "yanchor": "bottom" if side == "center" else "middle",
                "align": side,
                "font": {"size": 10},
                "showarrow": False,
            }
        )
    return written


def _numbers(powers: range) -> list[dict]:
    """Write beside the upper spoke at what multiple a ring lies."""
    return [
        {
            "x": 0,
            "y": _radius(2.0**power, powers),
            "text": f"{2**power}" if power >= 0 else f"1/{2**-power}",
            "xanchor": "left",
            "xshift": 2,
            "font": {"size": 9, "color": theme.MUTED},
            "showarrow": False,
        }
        for power in _rings(powers)
    ]
