"""Charts as still pictures: SVG that is seen before the library of the pages is there.

Draws the part of Plotly that the charts use (lines, markers, bands, intervals, bars,
heat maps, shapes, annotations) in the look of `theme.template`, by matplotlib, which
is imported when the first picture is drawn.
"""

import html
import io
import math
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from markupsafe import Markup
from trajectories.dashboards.looks import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PHONE = 358  # pixels that a chart has on a phone
SYMBOLS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "cross": "P",
    "x": "X",
    "star": "*",
    "hexagon": "h",
}
# Plotly's dashes, in pixels of a line that is two wide.
DASHES = {
    "dash": (0, (9, 9)),
    "dot": (0, (3, 3)),
    "dashdot": (0, (9, 3, 3, 3)),
    "longdash": (0, (15, 15)),
    "longdashdot": (0, (15, 5, 5, 5)),
}
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_SETTINGS = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",  # comes with matplotlib: measures alike everywhere
    "font.size": 12,
    "text.color": theme.INK,
    "hatch.linewidth": 1,
    "lines.scale_dashes": False,
}


def drawn(figure: theme.Figure, name: str, width: int) -> Markup:
    """Draw a figure once for a desk, `width` pixels wide, and once for a phone.

    The style of the pages shows one of them. What they say stands around them, so
    they are hidden from screen readers. `name` is unique on its page.
    """
    return Markup("").join(
        _picture(figure, f"{name}-{kind}", kind, pixels)
        for kind, pixels in (("desk", width), ("phone", PHONE))
    )


def _picture(figure: theme.Figure, name: str, kind: str, width: int) -> Markup:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    layout = figure["layout"]
    height = layout["height"]
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Letters that the font lacks are measured amiss, and drawn by the browser.
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_SETTINGS, "svg.hashsalt": name})
        # At 72 dots an inch a point is a pixel.
        picture = Figure((width / 72, height / 72), dpi=72)
        canvas = FigureCanvasSVG(picture)
        picture.patch.set_visible(False)
        axes = picture.add_axes((0.1, 0.1, 0.8, 0.8), frameon=False)
        _Chart(axes, figure["data"], layout).draw(width, height)
        for text in picture.findobj(Text):
            if "\n" in text.get_text():
                text.set_gid(text.get_ha())
        file = io.StringIO()
        canvas.print_svg(file, metadata=dict.fromkeys(("Date", "Creator", "Type")))
    return _inline(file.getvalue(), kind, width, height)


def _inline(text: str, kind: str, width: int, height: int) -> Markup:
    """Make a part of a page of an SVG file: short, and without names of hosts."""
    drawn = ElementTree.fromstring(text)
    _clean(drawn)
    inner = "".join(ElementTree.tostring(it, "unicode") for it in drawn)
    return Markup(
        f'<svg class="still {kind}" viewBox="0 0 {width} {height}" height="{height}"'
        f' aria-hidden="true" focusable="false">{inner}</svg>'
    )


def _clean(element: ElementTree.Element) -> None:
    """Leave what is needed inside a page, with places to a tenth of a pixel."""
    align = _ALIGNMENTS.get(element.get("id"))
    kept: list[ElementTree.Element] = []
    for child in element:
        child.tag = child.tag.partition("}")[2]
        child.tail = None
        if child.tag in ("metadata", "style"):
            continue
        if align:
            _align(child, *align)
        if child.tag == "pattern":
            _repeat_dots(child)
        _clean(child)
        is_bare = child.tag == "g" and not child.attrib
        kept += [*child] if is_bare else [child]
    element[:] = [it for it in kept if it.tag != "defs" or len(it)]
    if element.tag in ("g", "defs"):
        element.text = None
        element.attrib.pop("id", None)
    for name, value in list(element.attrib.items()):
        if name.endswith("href"):
            del element.attrib[name]
            element.set("href", value)
        elif name == "style":
            parts = [it for it in value.split("; ") if not _is_known(it, element.tag)]
            element.set(name, "; ".join(parts))
        elif name == "transform" and value.startswith("rotate(-0 "):
            del element.attrib[name]
        elif name in ("d", "x", "y", "width", "height", "transform"):
            short = _DECIMALS.sub(_tenth, value)
            element.set(name, " ".join(short.split()))
    if element.get("style") == "":
        del element.attrib["style"]


def _repeat_dots(pattern: ElementTree.Element) -> None:
    """Let a hatch of dots repeat one: matplotlib writes 144 circles of curves."""
    fill, dots = pattern
    if "C" in dots.get("d", ""):
        pattern.set("width", "6")
        pattern.set("height", "6")
        fill.set("width", "7")
        fill.set("height", "7")
        dots.set("d", "M 2.4 3 a .6 .6 0 1 0 1.2 0 a .6 .6 0 1 0 -1.2 0")


def _is_known(part: str, tag: str) -> bool:
    """Tell what the style of the pages says of text, or what is used of itself."""
    if tag == "text":
        is_font = part == "font-size: 12px" or part.startswith("font-family")
        return is_font or part == f"fill: {theme.INK}"
    return tag == "use" and part.startswith("stroke")


_DECIMALS = re.compile(r"-?\d+\.\d+")


def _tenth(number: re.Match) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


# How several lines of text stand to each other, and the same as SVG says it.
_ALIGNMENTS = {"center": (0.5, "middle"), "right": (1.0, "end")}


def _align(line: ElementTree.Element, share: float, anchor: str) -> None:
    """Place one of several lines of text by its middle or end.

    matplotlib places it by its start, which is right in its own font alone.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    place = re.fullmatch(r"translate\(([\d.-]+) ([\d.-]+)\)", line.get("transform"))
    if not place:
        return
    size = float(re.search(r"font-size: ([\d.]+)", line.get("style"))[1])
    font = FontProperties(family=_SETTINGS["font.family"], size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(line.text, font, False)
    del line.attrib["transform"]
    line.set("x", f"{float(place[1]) + share * width:.1f}")
    line.set("y", place[2])
    line.set("style", f"{line.get('style')}; text-anchor: {anchor}")


def _plain(text: object) -> str:
    """Read the text of a figure: Plotly takes <br>, bold and entities in it."""
    lines = _NO_TEXT.sub("", str(text).replace("<br>", "\n"))
    return html.unescape(re.sub(r"</?(?:b|i|sup|sub|span)\b[^>]*>", "", lines))


# What no XML may hold.
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _colour(colour: str | None) -> Any:
    """Read a colour of Plotly: rgba(0,114,178,0.3) is not one of matplotlib."""
    if colour is None:
        return "none"
    numbers = re.match(r"rgba?\((.*)\)", colour)
    if not numbers:
        return colour
    *rgb, opacity = [float(it) for it in (numbers[1] + ",1").split(",")][:4]
    return (*(it / 255 for it in rgb), opacity)


def _dash(name: str | None) -> Any:
    if name in (None, "solid"):
        return "-"
    return DASHES.get(name) or (0, [float(it) for it in name.split(",")])


def _merged(*settings: dict) -> dict:
    """Lay settings over each other, as Plotly lays a layout over its template."""
    merged: dict = {}
    for each in settings:
        for name, value in each.items():
            both = isinstance(value, dict) and isinstance(merged.get(name), dict)
            merged[name] = _merged(merged[name], value) if both else value
    return merged


class _Scale:
    """One axis: where values lie, how far it reaches, and its ticks."""

    def __init__(self, settings: dict, values: Iterable[Any], letter: str) -> None:
        self.settings, self.letter = settings, letter
        values = [it for it in values if it is not None]
        texts = any(isinstance(it, str) for it in values)
        self.kind = settings.get("type", "category" if texts else "linear")
        names = [*settings.get("categoryarray", ()), *values]
        self.names = list(dict.fromkeys(names)) if self.kind == "category" else []
        self._places = {name: place for place, name in enumerate(self.names)}
        self.ends: list[tuple[float, float]] = []  # low and high, of what is drawn
        self.is_padded = letter == "y"

    def place(self, value: Any) -> float:
        """Say where a value lies, in the numbers of the axis."""
        if value is None:
            return math.nan
        if self.kind == "category" and value in self._places:
            return self._places[value]
        if self.kind == "date" and isinstance(value, str):
            return float(np.datetime64(value[:10], "D").astype(int))
        return float(value)

    def places(self, values: Iterable[Any]) -> np.ndarray:
        """Say where values lie."""
        return np.array([self.place(it) for it in values], float)

    def reach(self, places: np.ndarray) -> None:
        """Let the axis reach as far as what is drawn there."""
        known = places[np.isfinite(places)]
        if len(known):
            self.ends.append((known.min(), known.max()))

    def range(self) -> tuple[float, float]:
        """Say from where to where the axis goes, as Plotly would."""
        given = self.settings.get("range")
        low, high = self._natural()
        if given:
            low, high = (
                natural if it is None else self._given(it)
                for it, natural in zip(given, (low, high), strict=True)
            )
            low, high = _apart(low, high)
        if self.settings.get("autorange") == "reversed":
            low, high = high, low
        return low, high

    def _given(self, end: Any) -> float:
        return 10 ** float(end) if self.kind == "log" else self.place(end)

    def _natural(self) -> tuple[float, float]:
        if self.kind == "category":
            return -0.5, len(self.names) - 0.5
        low = min((low for low, _ in self.ends), default=0.0)
        high = max((high for _, high in self.ends), default=1.0)
        if self.kind == "log":
            return low / 1.2, high * 1.2
        to_zero = self.kind == "linear" and self.settings.get("rangemode") == "tozero"
        if to_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        low, high = _apart(low, high)
        room = (high - low) / 18 if self.is_padded else 0.0
        return (
            low if to_zero and low == 0 else low - room,
            high if to_zero and high == 0 else high + room,
        )

    def ticks(self, pixels: float) -> tuple[list[float], list[str]]:
        """Place and name the ticks of an axis so many pixels long."""
        settings = self.settings
        if "tickvals" in settings:
            values = settings["tickvals"]
            names = settings.get("ticktext") or [self._named(it) for it in values]
            return [self.place(it) for it in values], [_plain(it) for it in names]
        low, high = sorted(self.range())
        if self.kind == "category":
            return [*range(len(self.names))], [_plain(it) for it in self.names]
        least = 40 if self.letter == "y" else 80
        most = settings.get("nticks", min(max(pixels / least, 4), 9) + 1)
        if self.kind == "date":
            return self._months(low, high, most)
        if self.kind == "log":
            powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
            values = [10.0**power for power in powers]
        else:
            step = settings.get("dtick") or _step((high - low) / most)
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            values = [step * it for it in range(first, last + 1)]
        return values, [self._named(it) for it in values]

    def _named(self, value: Any) -> str:
        suffix = self.settings.get("ticksuffix", "")
        number = f"{value:,.10g}" if isinstance(value, int | float) else _plain(value)
        return f"{number}{suffix}"

    def _months(
        self, low: float, high: float, most: float
    ) -> tuple[list[float], list[str]]:
        rough = (high - low) / 30.4375 / most
        step = next((it for it in _MONTH_STEPS if it >= rough), _MONTH_STEPS[-1])
        first, last = (np.datetime64(int(it), "D") for it in (low, high))
        months = np.arange(first.astype("M8[M]"), last.astype("M8[M]") + 1)
        days = months.astype("M8[D]").astype(int)
        shown = (months.astype(int) % step == 0) & (low <= days) & (days <= high)
        dates = [it.item() for it in months[shown].astype("M8[D]")]
        return days[shown].tolist(), [f"{it:%b\n%Y}" for it in dates]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Give an axis some length where all that it shows is in one place."""
    if low != high:
        return low, high
    return (0.0, 1.0) if low == 0 else (low - 1, high + 1)


def _step(rough: float) -> float:
    """Round a distance of ticks up to 2, 5 or 10 times a power of ten."""
    base = 10.0 ** math.floor(math.log10(rough))
    return base * next(it for it in (2, 5, 10) if it >= rough / base - 1e-9)


class _Chart:
    """A figure on matplotlib's axes."""

    def __init__(self, axes: "Axes", traces: list[dict], layout: dict) -> None:
        self.axes, self.traces = axes, traces
        self.layout = _merged(theme.template()["layout"], layout)
        self.x, self.y = (
            _Scale(
                self.layout[f"{letter}axis"],
                [it for trace in traces for it in trace.get(letter, ())],
                letter,
            )
            for letter in "xy"
        )

    def draw(self, width: int, height: int) -> None:
        """Draw everything, then give it its place among the margins."""
        bars = [it for it in self.traces if it.get("type") == "bar"]
        bottoms: dict[tuple[str, float], float] = {}
        for trace in self.traces:
            kind = trace.get("type", "scatter")
            if kind == "bar":
                self._bars(trace, bars, bottoms)
            elif kind == "heatmap":
                self._heat(trace)
            elif kind == "scatter":
                self._lines(trace)
        for shape in self.layout.get("shapes", ()):
            self._shape(shape)
        for note in self.layout.get("annotations", ()):
            self._note(note)
        self._frame(width, height)

    # -- Traces ---------------------------------------------------------------------

    def _lines(self, trace: dict) -> None:
        x, y = self.x.places(trace["x"]), self.y.places(trace["y"])
        self.x.reach(x)
        self.y.reach(y)
        line, mode = trace.get("line", {}), trace.get("mode", "lines")
        look = {
            "color": _colour(line.get("color")),
            "linewidth": line.get("width", 2),
            "linestyle": _dash(line.get("dash")),
        }
        if trace.get("fill") == "toself":
            fill = {"facecolor": _colour(trace.get("fillcolor")), "zorder": 2}
            edge = {"edgecolor": look["color"], "linewidth": look["linewidth"]}
            self.axes.fill(x, y, **fill, **edge)
        elif "lines" in mode:
            self.axes.plot(x, y, **look, zorder=3)
        self._intervals(trace, x, y)
        if "markers" in mode:
            self.x.is_padded = True
            self._markers(x, y, trace.get("marker", {}), look["color"])
        if "text" in mode:
            for at, text in zip(
                zip(x, y, strict=True), trace.get("text", ()), strict=False
            ):
                self._text(at, text, trace.get("textposition", "middle center"))

    def _text(
        self,
        at: tuple[float, float],
        text: str,
        position: str,
        colour: str = theme.INK,
    ) -> None:
        up, across = position.split()
        moved = {"top": 6, "bottom": -6}.get(up, 0)
        sideways = {"left": -6, "right": 6}.get(across, 0)
        self.axes.annotate(
            _plain(text),
            at,
            (sideways, moved),
            textcoords="offset points",
            color=colour,
            ha={"left": "right", "right": "left"}.get(across, "center"),
            va={"top": "bottom", "bottom": "top"}.get(up, "center"),
            annotation_clip=False,
        )

    def _markers(self, x: np.ndarray, y: np.ndarray, marker: dict, own: Any) -> None:
        def each(value: Any) -> Sequence[Any]:
            return value if isinstance(value, list) else [value] * len(x)

        looks: dict[tuple, list[int]] = {}
        for place, look in enumerate(
            zip(
                each(marker.get("symbol", "circle")),
                each(marker.get("size", 6)),
                each(marker.get("color")),
                strict=True,
            )
        ):
            looks.setdefault(look, []).append(place)
        line = marker.get("line", {})
        for (symbol, size, colour), places in looks.items():
            shown = own if colour is None else _colour(colour)
            is_open = symbol.endswith("-open")
            edge = _colour(line["color"]) if "color" in line else shown
            kind = symbol.removesuffix("-open")
            self.axes.plot(
                x[places],
                y[places],
                linestyle="none",
                marker=SYMBOLS[kind],
                markersize=size * (1.3 if kind == "star" else 1),
                markerfacecolor="none" if is_open else shown,
                markeredgecolor=edge,
                markeredgewidth=line.get("width", 1 if is_open else 0),
                alpha=marker.get("opacity"),
                zorder=4,
                clip_on=False,
            )

    def _intervals(self, trace: dict, x: np.ndarray, y: np.ndarray) -> None:
        for scale, middle in ((self.x, x), (self.y, y)):
            error = trace.get(f"error_{scale.letter}")
            if not error or error.get("visible") is False:
                continue
            above = _numbers(error["array"])
            below = _numbers(error.get("arrayminus", error["array"]))
            scale.reach(middle + above)
            scale.reach(middle - below)
            self.axes.errorbar(
                x,
                y,
                **{f"{scale.letter}err": np.nan_to_num([below, above])},
                fmt="none",
                ecolor=_colour(error.get("color", trace.get("line", {}).get("color"))),
                elinewidth=error.get("thickness", 2),
                capthick=error.get("thickness", 2),
                capsize=error.get("width", 4),
                zorder=3.5,
            )

    def _bars(
        self, trace: dict, bars: list[dict], bottoms: dict[tuple[str, float], float]
    ) -> None:
        lies = trace.get("orientation") == "h"
        along, across = (self.x, self.y) if lies else (self.y, self.x)
        values = along.places(trace[along.letter])
        middles = across.places(trace[across.letter])
        step = float(np.diff(np.unique(middles)).min()) if len(set(middles)) > 1 else 1
        room = step * (1 - self.layout.get("bargap", 0.2))
        mode = self.layout.get("barmode", "group")
        count = len(bars) if mode == "group" else 1
        width = trace.get("width", room / count)
        if count > 1:
            middles = middles + (bars.index(trace) - (count - 1) / 2) * width
        stacked = [0.0] * len(values)
        if mode in ("stack", "relative"):
            for place, (middle, value) in enumerate(zip(middles, values, strict=True)):
                key = ("up" if value >= 0 else "down", float(middle))
                stacked[place] = bottoms.get(key, 0.0)
                bottoms[key] = stacked[place] + np.nan_to_num(value)
        bottom = np.array(stacked) + _numbers(trace.get("base", stacked)) * (
            "base" in trace
        )
        along.reach(np.append(bottom + values, bottom))
        along.is_padded = True
        along.settings.setdefault("rangemode", "tozero")
        if across.kind != "category":
            across.is_padded = False
            across.reach(np.append(middles - width / 2, middles + width / 2))
        draw = self.axes.barh if lies else self.axes.bar
        drawn_bars = draw(middles, values, width, bottom, zorder=2)
        self._paint(drawn_bars.patches, trace.get("marker", {}))
        self._on_bars(trace, middles, bottom + values, lies)

    def _on_bars(
        self, trace: dict, middles: np.ndarray, ends: np.ndarray, lies: bool
    ) -> None:
        """Write on bars: inside, in white, where they are long enough."""
        if "text" not in trace or trace.get("textposition") == "none":
            return
        longest = max(np.nanmax(np.abs(ends)), 1e-9)
        for middle, end, text in zip(middles, ends, trace["text"], strict=False):
            is_inside = trace.get("textposition") != "outside" and end > longest / 5
            at, position = (middle, end), "bottom center" if is_inside else "top center"
            if lies:
                at, position = (
                    (end, middle),
                    f"middle {'left' if is_inside else 'right'}",
                )
            self._text(at, text, position, "white" if is_inside else theme.INK)

    def _paint(self, patches: Sequence[Any], marker: dict) -> None:
        def of(value: Any, place: int) -> Any:
            return value[place] if isinstance(value, list) else value

        pattern, line = marker.get("pattern", {}), marker.get("line", {})
        for place, patch in enumerate(patches):
            patch.set_facecolor(_colour(of(marker.get("color", theme.ACCENT), place)))
            patch.set_alpha(of(marker.get("opacity"), place))
            patch.set_edgecolor(_colour(line.get("color")))
            patch.set_linewidth(line.get("width", 0))
            shape = of(pattern.get("shape", ""), place)
            if shape:
                patch.set_hatch(2 * shape)
                patch.set_hatchcolor((1, 1, 1, pattern.get("fgopacity", 0.6)))

    def _heat(self, trace: dict) -> None:
        from matplotlib.colors import LinearSegmentedColormap
        from matplotlib.patches import Rectangle

        scale = [(stop, colour) for stop, colour in trace["colorscale"]]
        colours = LinearSegmentedColormap.from_list("scale", scale)
        low, high = trace["zmin"], trace["zmax"]
        for name, y, line in zip(
            trace["y"], self.y.places(trace["y"]), trace["z"], strict=True
        ):
            row = trace["y"].index(name)
            for column, (x, value) in enumerate(
                zip(self.x.places(trace["x"]), line, strict=True)
            ):
                if value is None:
                    continue
                red, green, blue, _ = colour = colours((value - low) / (high - low))
                look = {"facecolor": colour, "edgecolor": "white", "linewidth": 2}
                self.axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **look))
                light = 0.299 * red + 0.587 * green + 0.114 * blue
                self.axes.text(
                    x,
                    y,
                    _plain(trace["text"][row][column] if "text" in trace else ""),
                    ha="center",
                    va="center",
                    size=trace.get("textfont", {}).get("size", 12),
                    color=theme.INK if light > 0.5 else "white",
                )

    # -- Shapes and annotations -----------------------------------------------------

    def _shape(self, shape: dict) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        codes, points = self._outline(shape)
        line = shape.get("line", {})
        is_closed = shape["type"] == "rect" or Path.CLOSEPOLY in codes
        patch = PathPatch(
            Path(points, codes),
            facecolor=_colour(shape.get("fillcolor")) if is_closed else "none",
            edgecolor=_colour(line.get("color")),
            linewidth=line.get("width", 2),
            linestyle=_dash(line.get("dash")),
            alpha=shape.get("opacity"),
            transform=self._coordinates(shape),
            zorder=1 if shape.get("layer") == "below" else 5,
        )
        self.axes.add_artist(patch)

    def _outline(self, shape: dict) -> tuple[list[int], list[tuple[float, float]]]:
        """Give the codes and points of a shape's path."""
        from matplotlib.path import Path

        x = float if "domain" in shape.get("xref", "x") else self.x.place
        y = float if "domain" in shape.get("yref", "y") else self.y.place
        if shape["type"] != "path":
            x0, x1, y0, y1 = (
                put(shape[end])
                for put, end in ((x, "x0"), (x, "x1"), (y, "y0"), (y, "y1"))
            )
            if shape["type"] == "line":
                return [Path.MOVETO, Path.LINETO], [(x0, y0), (x1, y1)]
            corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
            return [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], corners
        steps = dict.fromkeys("LHV", Path.LINETO)
        steps |= {"M": Path.MOVETO, "C": Path.CURVE4}
        codes: list[int] = []
        points: list[tuple[float, float]] = []
        for letter, rest in re.findall(r"([MLHVCZ])([^MLHVCZ]*)", shape["path"]):
            numbers = [float(it) for it in re.findall(r"[-+.\deE]+", rest)]
            if letter in "HV":
                across, up = points[-1]
                numbers = [*numbers, up] if letter == "H" else [across, *numbers]
            pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
            codes += [steps[letter]] * len(pairs) if pairs else [Path.CLOSEPOLY]
            points += pairs or [points[-1]]
        return codes, points

    def _coordinates(self, part: dict) -> Any:
        from matplotlib.transforms import blended_transform_factory

        x, y = (
            self.axes.transData
            if part.get(f"{letter}ref", letter) == letter
            else self.axes.transAxes
            for letter in "xy"
        )
        return blended_transform_factory(x, y)

    def _note(self, note: dict) -> None:
        font = note.get("font", {})
        has_arrow = note.get("showarrow", True)
        shift = (note.get("xshift", 0), note.get("yshift", 0))
        if has_arrow:
            shift = (note.get("ax", 0), -note.get("ay", -30))
        x, y = (
            note[name]
            if note.get(f"{name}ref", name) != name
            else scale.place(note[name])
            for name, scale in (("x", self.x), ("y", self.y))
        )
        arrow = {
            "arrowstyle": "->",
            "color": _colour(note.get("arrowcolor")),
            "lw": 1.2,
        }
        self.axes.annotate(
            _plain(note["text"]),
            (x, y),
            shift,
            xycoords=self._coordinates(note),
            textcoords="offset points",
            ha={"left": "left", "right": "right"}.get(note.get("xanchor"), "center"),
            va={"top": "top", "bottom": "bottom"}.get(note.get("yanchor"), "center"),
            color=_colour(font.get("color", theme.INK)),
            size=font.get("size", 12),
            arrowprops=arrow | {"shrinkB": 9} if has_arrow else None,
            annotation_clip=False,
        )

    # -- Axes -----------------------------------------------------------------------

    def _frame(self, width: int, height: int) -> None:
        """Draw the axes, as wide as their margins and names leave room for."""
        axes, margin = self.axes, self.layout["margin"]
        axes.set_xlim(self.x.range())
        axes.set_ylim(self.y.range())
        for scale in (self.x, self.y):
            if scale.kind == "log":
                getattr(axes, f"set_{scale.letter}scale")("log")
                getattr(axes, f"{scale.letter}axis").minorticks_off()
        top_ticks = self.x.settings.get("side") == "top"
        room = {it: float(margin[it]) for it in "lrtb"}
        for _ in range(2):  # names of ticks depend on room, and room on names
            inner = (
                max(width - room["l"] - room["r"], 20.0),
                max(height - room["t"] - room["b"], 20.0),
            )
            left, bottom = room["l"] / width, room["b"] / height
            axes.set_position((left, bottom, inner[0] / width, inner[1] / height))
            self._axis(self.x, inner[0])
            self._axis(self.y, inner[1])
            for side, pixels in self._needed(top_ticks).items():
                room[side] = max(margin[side], pixels + 2)
        axes.set_position(
            (
                room["l"] / width,
                room["b"] / height,
                max(width - room["l"] - room["r"], 20) / width,
                max(height - room["t"] - room["b"], 20) / height,
            )
        )

    def _needed(self, top_ticks: bool) -> dict[str, float]:
        """Measure, in pixels, how far the names of the axes reach beyond the chart."""
        renderer = self.axes.figure._get_renderer()
        chart = self.axes.get_window_extent(renderer)
        boxes = [
            box
            for axis in (self.axes.xaxis, self.axes.yaxis)
            if (box := axis.get_tightbbox(renderer)) is not None
        ]
        needed = {
            "l": max((chart.x0 - it.x0 for it in boxes), default=0.0),
            "r": max((it.x1 - chart.x1 for it in boxes), default=0.0),
        }
        if top_ticks:
            return needed | {"t": max((it.y1 - chart.y1 for it in boxes), default=0.0)}
        return needed | {"b": max((chart.y0 - it.y0 for it in boxes), default=0.0)}

    def _axis(self, scale: _Scale, pixels: float) -> None:
        settings, letter = scale.settings, scale.letter
        axis = getattr(self.axes, f"{letter}axis")
        if settings.get("visible") is False:
            axis.set_visible(False)
            return
        places, names = scale.ticks(pixels)
        size = settings.get("tickfont", {}).get("size", 12)
        is_named = settings.get("showticklabels", True)
        axis.set_ticks(places, names if is_named else [""] * len(names))
        side = {"top": "top", "right": "right"}.get(settings.get("side"))
        marked = settings.get("ticks") == "outside"
        axis.set_tick_params(
            length=settings.get("ticklen", 4) if marked else 0,
            color=settings["tickcolor"],
            labelcolor=theme.INK,
            labelsize=size,
            pad=3,
        )
        if side == "top":
            axis.tick_top()
            axis.set_label_position("top")
        shown = settings.get("showgrid", True)
        axis.grid(False)
        if shown:
            axis.grid(True, color=settings["gridcolor"], linewidth=1)
        self.axes.set_axisbelow(True)
        title = settings.get("title", {})
        axis.set_label_text(
            _plain(title.get("text", "")),
            color=title["font"]["color"],
            size=title["font"]["size"],
        )
        axis.labelpad = title.get("standoff", 10) - 4


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([math.nan if it is None else it for it in values], float)
