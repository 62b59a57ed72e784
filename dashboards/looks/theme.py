"""One look for all charts: colours, dashes, markers and the Plotly template.

Groups differ in colour (after Okabe and Ito 2008, safe for colour-blind readers), in
dash, in marker and in pattern, so that a greyscale print still tells them apart.
"""

import html
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

INK = "#1f2933"
MUTED = "#52606d"
FAINT = "#e4e7eb"
ACCENT = "#0b5a8f"
CONTRAST = "#c2410c"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

# From white to dark blue: lightness alone carries the value.
SCALE = [[0, "#f4f8fb"], [0.25, "#c6dcec"], [0.5, "#7fb2d6"], [1, "#0b3d66"]]

# After Okabe and Ito, darkened where a mark would have less than 3:1 on white, and
# then apart for each kind of eyes (CIE76 in simulated deuteranopia: 14 or more).
COLOURS = (
    "#0072b2",
    "#b84e00",
    "#009e73",
    "#7b3f8c",
    "#b98b00",
    "#3a9bd4",
    "#333333",
    "#cc79a7",
)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5,2", "2,6")
MARKERS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "x",
    "star",
    "hexagon",
)
PATTERNS = ("", "/", ".", "x", "\\", "-", "+", "|")


@dataclass(frozen=True)
class Mark:
    """How one group is drawn wherever it appears."""

    colour: str
    dash: str = "solid"
    marker: str = "circle"
    pattern: str = ""

    @property
    def line(self) -> dict:
        """Plotly's line settings."""
        return {"color": self.colour, "dash": self.dash, "width": 2}

    @property
    def point(self) -> dict:
        """Plotly's marker settings for lines and dots."""
        return {"color": self.colour, "symbol": self.marker, "size": 6}

    @property
    def bar(self) -> dict:
        """Plotly's marker settings for bars."""
        edge = {"color": "white", "width": 1}
        pattern = {
            "shape": self.pattern,
            "bgcolor": self.colour,
            "fgcolor": "white",
            "fgopacity": 0.6,
            "size": 7,
        }
        return {"color": self.colour, "line": edge, "pattern": pattern}


STAGE_MARKS = {
    "new": Mark("#7d8a97", "dot", "circle-open", "."),
    "lapsed": Mark("#5f6b7a", "dash", "square-open", "/"),
    "sparse": Mark("#948b80", "dashdot", "diamond-open", "x"),
}


def mark(number: int) -> Mark:
    """Give group `number` (1, 2, ...) its colour, dash, marker and pattern.

    From the ninth on colours come again, each with the next dash and marker.
    """
    turn, index = divmod(int(number) - 1, len(COLOURS))
    other = (index + turn) % len(COLOURS)
    return Mark(COLOURS[index], DASHES[other], MARKERS[other], PATTERNS[other])


MEASURED = Mark(ACCENT, "solid", "circle")
EXPECTED = Mark(CONTRAST, "dash", "diamond-open", "/")
BESIDE = Mark(MUTED, "dot", "square-open", ".")


def fade(colour: str, opacity: float) -> str:
    """Make a hexadecimal colour see-through: #0072b2 to rgba(0,114,178,0.3)."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


# A Plotly figure as plain data and layout. Plotly's own Python classes would
# check each one again while the pages are drawn (some ten seconds); the tests
# check them instead.
Figure = dict


def figure(
    traces: list[dict],
    x: str | None = None,
    y: str | None = None,
    height: int = 300,
    lines: Iterable[dict] = (),
    **layout: object,
) -> Figure:
    """Make a figure in the house style; axis titles carry unit and period.

    Args:
        traces: Plotly traces.
        x: title of the horizontal axis.
        y: title of the vertical axis.
        height: in pixels; the width follows the page.
        lines: straight lines across the chart (`upright`, `level`).
        layout: further Plotly layout settings.
    """
    layout["height"] = height
    if y is not None:
        room = int(max(height - AXIS_HEIGHT, 1) / LETTER_WIDTH)
        y = "<br>".join(textwrap.wrap(y, room, break_long_words=False))
    for axis, title in (("xaxis", x), ("yaxis", y)):
        if title is not None:
            layout[axis] = {**layout.get(axis, {}), "title": {"text": title}}
    if lines:
        layout["shapes"] = list(lines)
    return {"data": traces, "layout": layout}


def upright(x: float, colour: str = CONTRAST, dash: str = "dash") -> dict:
    """Draw an upright line across the chart at `x`."""
    ends = {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain"}
    return {"type": "line", **ends, "line": {"color": colour, "dash": dash}}


def level(y: float, colour: str = MUTED) -> dict:
    """Draw a thin level line across the chart at `y`."""
    ends = {"y0": y, "y1": y, "x0": 0, "x1": 1, "xref": "x domain"}
    return {"type": "line", **ends, "line": {"color": colour, "width": 1}}


def upright_band(start: float | str, end: float | str, colour: str = MUTED) -> dict:
    """Shade the chart from `start` to `end`, behind everything else."""
    ends = {"x0": start, "x1": end, "y0": 0, "y1": 1, "yref": "y domain"}
    look = {"fillcolor": fade(colour, 0.12), "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", **ends, **look}


def arrow(x: float, y: float, text: str, aside: int = 26) -> dict:
    """Point at (x, y) from above and from a side, and say what is there."""
    to = {"x": x, "y": y, "text": text, "ax": aside, "ay": -30, "standoff": 9}
    return {**to, "showarrow": True, "arrowcolor": MUTED, "arrowwidth": 1.2}


def above(x: float, text: str) -> dict:
    """Write on top of the chart what is at `x`; the chart needs `ROOM_ABOVE`."""
    place = {"x": x, "y": 1, "yref": "y domain", "yanchor": "bottom"}
    return {**place, "text": text, "showarrow": False}


def beside_bars(shift: int, text: str, colour: str) -> dict:
    """Say above lying bars, `shift` pixels from the left, what is drawn in a colour."""
    return {
        **above(0, text),
        "xref": "x domain",
        "xanchor": "left",
        "xshift": shift,
        "font": {"color": colour, "size": 12},
    }


ROOM_ABOVE = {"l": 8, "r": 12, "t": 26, "b": 8}


# So many lines of a chart are named at their ends; more get a legend.
MOST_NAMED = 7
LINE_HEIGHT, LETTER_WIDTH, AXIS_HEIGHT = 14, 7.4, 64


def names_at_ends(
    traces: list[dict], height: int = 300, low: float = 0.0, width: int = 18
) -> dict:
    """Name lines at their ends, instead of in a legend.

    Args:
        traces: lines with a name, over the same horizontal axis.
        height: of the figure, in pixels.
        low: where the vertical axis begins.
        width: letters after which a name goes on in the next line.

    Returns:
        Layout: annotations in the colours of the lines, moved apart where they would
        lie on each other, and the margin that they need.
    """
    ends = []
    for trace in traces:
        known = [
            (x, y) for x, y in zip(trace["x"], trace["y"], strict=True) if y is not None
        ]
        if known:
            lines = textwrap.wrap(trace["name"], width)
            ends.append([*known[-1], lines, trace["line"]["color"]])
    if not ends:
        return {}
    highest = max(y for trace in traces for y in trace["y"] if y is not None)
    step = (highest - low) / max(height - AXIS_HEIGHT, 1) * LINE_HEIGHT
    ends.sort(key=lambda end: end[1])
    for below, end in pairwise(ends):
        apart = step * (len(below[2]) + len(end[2])) / 2
        end[1] = max(end[1], below[1] + apart)
    longest = max(len(line) for _, _, lines, _ in ends for line in lines)
    return {
        "annotations": [
            {
                "x": x,
                "y": y,
                "text": "<br>".join(html.escape(line, quote=False) for line in lines),
                "font": {"color": colour, "size": 12},
                "align": "left",
                "xanchor": "left",
                "xshift": 8,
                "showarrow": False,
            }
            for x, y, lines, colour in ends
        ],
        "margin": {"l": 8, "r": 16 + round(LETTER_WIDTH * longest), "t": 12, "b": 8},
    }


def within(traces: list[dict]) -> dict:
    """End a horizontal axis of numbers where its lines do, not with their names."""
    places = [x for trace in traces for x in trace["x"]]
    return {"range": [min(places) - 0.5, max(places) + 0.5]}


def template() -> dict:
    """Build the Plotly template shared by all charts (sent once per page)."""
    axis = {
        "automargin": True,
        "gridcolor": FAINT,
        "linecolor": "#9aa5b1",
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "#9aa5b1",
        "zeroline": False,
        "title": {"standoff": 10, "font": {"size": 12, "color": MUTED}},
        "fixedrange": True,
        "tickformat": ",.10~g",
    }
    layout = {
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
        "showlegend": False,
        "hoverlabel": {
            "bgcolor": "white",
            "bordercolor": "#9aa5b1",
            "font": {"color": INK, "family": FONT},
            "align": "left",
        },
        "xaxis": {**axis, "showgrid": False},
        "yaxis": {**axis, "rangemode": "tozero"},
        "separators": ".,",
        "colorway": list(COLOURS),
    }
    return {"layout": layout}


MONTHS = {"tickformat": "%b<br>%Y", "hoverformat": "%B %Y", "type": "date"}
# An axis of names, the first on top, and the one of their numbers.
DOWNWARDS = {
    "autorange": "reversed",
    "type": "category",
    "ticks": "",
    "showgrid": False,
}
FROM_ZERO = {"showgrid": True, "rangemode": "tozero"}
