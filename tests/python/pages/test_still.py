"""Still pictures of charts: as Plotly draws them, before Plotly is there."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import dashboards_fixtures as made_up
import pytest
from trajectories.dashboards import build_site, site
from trajectories.dashboards.looks import still, theme

FILES = [module.FILE for module in site.PAGES]
PICTURE = re.compile(r"<svg class=\"still .*?</svg>", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pages")
    published = made_up.write_published(target / "made-up.duckdb", made_up.frames())
    build_site(published, target / "site")
    return target / "site"


def desk(figure: theme.Figure, width: int = 600) -> ElementTree.Element:
    """The picture for a desk, as XML."""
    return ElementTree.fromstring(PICTURE.findall(still.drawn(figure, "one", width))[0])


def paths(picture: ElementTree.Element, style: str) -> list[list[tuple[float, float]]]:
    """The points of all paths in a style, but not those of curves."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", it.get("d"))]
        for it in picture.iter("path")
        if style in it.get("style", "")
    ]


def places(picture: ElementTree.Element, colour: str) -> list[tuple[float, float]]:
    """Where markers of a colour stand."""
    return [
        (float(it.get("x")), float(it.get("y")))
        for it in picture.iter("use")
        if f"fill: {colour}" in it.get("style", "")
    ]


def texts(picture: ElementTree.Element) -> dict[str, tuple[float, float]]:
    return {
        it.text: (float(it.get("x")), float(it.get("y")))
        for it in picture.iter("text")
        if it.get("x")
    }


def bars(values: list[float], **settings: object) -> dict:
    names = [f"number {place}" for place in range(len(values))]
    mark = theme.mark(1).bar
    given = {"type": "bar", "orientation": "h", "x": values, "y": names, "marker": mark}
    return given | settings


def lines(y: list[float | None], **settings: object) -> dict:
    months = [f"2017-{month:02}-01" for month in range(1, len(y) + 1)]
    mark = theme.mark(1)
    look = {"mode": "lines+markers", "line": mark.line, "marker": mark.point}
    return {"type": "scatter", "x": months, "y": y, **look, **settings}


@pytest.mark.parametrize("file", FILES)
def test_the_first_chart_of_every_page_is_seen_without_the_library(
    folder: Path, file: str
):
    text = (folder / file).read_text("utf-8")
    holders = re.findall(r'<div class="plot" role="img".*?</div>', text, re.DOTALL)
    assert holders
    for holder in holders:
        kinds = re.findall(r'<svg class="still (\w+)"', holder)
        assert kinds == ["desk", "phone"]
        room = re.search(r"min-height: (\d+)px", holder)[1]
        assert re.findall(r'<svg [^>]* height="(\d+)"', holder) == [room] * 2
        assert re.search('aria-label="[^"]+"', holder)
    pictures = "".join(PICTURE.findall(text))
    assert len(pictures) < 130_000
    for never in ("<script", "<style", "xlink", "xmlns", "//", " on"):
        assert never not in re.sub(r">[^<]*<", "><", pictures)
    names = re.findall(r'\bid="([^"]*)"', text)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', pictures)) <= set(names)


def test_a_picture_is_the_same_bytes_again():
    figure = theme.figure([lines([1, 2, 3])], y="Amount", xaxis=dict(theme.MONTHS))
    assert still.drawn(figure, "one", 600) == still.drawn(figure, "one", 600)
    assert still.drawn(figure, "one", 600) != still.drawn(figure, "two", 600)


def test_bars_are_as_long_as_their_values_and_the_first_is_on_top():
    values = [10, 40, 25]
    figure = theme.figure(
        [bars(values)], x="Customers", yaxis=dict(theme.DOWNWARDS), height=200
    )
    found = paths(desk(figure), "fill: #0072b2")
    lengths = [max(x for x, _ in it) - min(x for x, _ in it) for it in found]
    assert [round(it / lengths[0], 2) for it in lengths] == [1.0, 4.0, 2.5]
    assert [it[0][1] for it in found] == sorted(it[0][1] for it in found)


def test_bars_of_two_traces_stand_beside_each_other():
    other = bars([10, 40], marker=theme.mark(2).bar)
    figure = theme.figure([bars([20, 30]), other], height=200)
    picture = desk(figure)
    first = paths(picture, "fill: #0072b2")[0]
    (hatch,) = {
        it.get("style") for it in picture.iter("path") if "url(#" in it.get("style", "")
    }
    second = paths(picture, hatch)[0]
    assert min(y for _, y in first) == pytest.approx(max(y for _, y in second), abs=0.2)
    pattern = next(picture.iter("pattern"))
    assert theme.COLOURS[1] in ElementTree.tostring(pattern, "unicode")


def test_lines_go_through_their_values_and_stop_where_one_is_missing():
    y = [10, 20, None, 40, 10]
    figure = theme.figure([lines(y)], y="Amount", xaxis=dict(theme.MONTHS))
    picture = desk(figure)
    marks = places(picture, "#0072b2")
    assert len(marks) == 4
    assert all(one[0] < other[0] for one, other in pairwise(marks))
    zero, twenty = (texts(picture)[it][1] for it in ("0", "20"))
    ten = (zero - twenty) / 2
    heights = [round((marks[0][1] - it[1]) / ten, 1) for it in marks]
    assert heights == [0, 1, 3, 0]
    (line,) = paths(picture, "stroke: #0072b2; stroke-width: 2")
    assert [x for x, _ in line] == pytest.approx([x for x, _ in marks], abs=0.11)
    assert {"Jan", "2017"} <= texts(picture).keys()


def test_bands_and_intervals_reach_as_far_as_they_say():
    months = ["2017-01-01", "2017-02-01"]
    band = {
        "type": "scatter",
        "x": [*months, *reversed(months)],
        "y": [30, 40, 20, 10],
        "fill": "toself",
        "fillcolor": theme.fade("#0b5a8f", 0.25),
        "line": {"width": 0.5, "color": "rgba(11,90,143,0.6)"},
        "mode": "lines",
    }
    error = {"array": [10, 20], "arrayminus": [5, 5], "color": "#c2410c"}
    figure = theme.figure(
        [band, lines([20, 20], error_y=error)], y="Amount", xaxis=dict(theme.MONTHS)
    )
    picture = desk(figure)
    zero, twenty = (texts(picture)[it][1] for it in ("0", "20"))
    unit = (zero - twenty) / 20
    (around,) = paths(picture, "fill-opacity: 0.25")
    low = max(y for _, y in around)
    assert [round((low - y) / unit) for _, y in around[:4]] == [20, 30, 10, 0]
    ends = [
        abs(one[1] - other[1]) / unit
        for one, other in paths(picture, "stroke: #c2410c")
        if one[0] == other[0]  # not the caps
    ]
    assert ends == pytest.approx([15, 25], abs=0.2)


def test_shapes_lie_where_they_are_told():
    data, chart = theme.level(50), theme.upright(2)
    curve = {
        "type": "path",
        "path": "M 1,0 C 2,0 2,100 3,100 L 3,50 C 2,50 2,0 1,0 Z",
        "fillcolor": "rgba(0,114,178,0.3)",
        "line": {"width": 0},
    }
    trace = {"type": "scatter", "x": [1, 3], "y": [0, 100], "mode": "markers"}
    figure = theme.figure([trace], lines=[data, chart, curve])
    picture = desk(figure)
    (level,) = paths(picture, f"stroke: {theme.MUTED}")
    assert level[0][1] == level[1][1]
    (upright,) = paths(picture, f"stroke: {theme.CONTRAST}")
    assert upright[0][0] == upright[1][0]
    (filled,) = (
        it.get("d")
        for it in picture.iter("path")
        if "fill-opacity: 0.3" in it.get("style", "")
    )
    assert re.findall("[MLCz]", filled) == ["M", "C", "L", "C", "z"]
    start = [float(it) for it in re.match(r"M (\S+) (\S+)", filled).groups()]
    assert start[0] < upright[0][0]
    assert start[1] > level[0][1]


def test_logarithms_are_as_far_apart_as_their_powers():
    trace = {"type": "scatter", "x": [1, 2, 3], "y": [1, 10, 100], "mode": "markers"}
    trace["marker"] = {"color": "#0072b2", "size": 6}
    figure = theme.figure([trace], yaxis={"type": "log", "range": [-1, 2]})
    first, second, third = (y for _, y in places(desk(figure), "#0072b2"))
    assert first - second == pytest.approx(second - third, abs=0.2)


def test_heat_maps_write_on_their_cells():
    trace = {
        "type": "heatmap",
        "x": ["left", "right"],
        "y": ["up", "down"],
        "z": [[0, 100], [None, 50]],
        "text": [["none", "all"], ["", "half"]],
        "zmin": 0,
        "zmax": 100,
        "colorscale": theme.SCALE,
    }
    picture = desk(theme.figure([trace], yaxis=dict(theme.DOWNWARDS)))
    written = texts(picture)
    assert written["none"][0] < written["all"][0] == written["half"][0]
    assert written["none"][1] == written["all"][1] < written["half"][1]
    assert len(paths(picture, "stroke: #ffffff")) == 3


@pytest.mark.parametrize(
    "name",
    [made_up.NASTY, "$x^2$ & \\frac", "a\x00b\ud800", "顧客 👍", '" onload="x()'],
)
def test_text_is_shown_as_text(name: str):
    trace = bars([1, 2]) | {"y": [name.replace("<", "&lt;"), "other<br>one"]}
    for text in PICTURE.findall(still.drawn(theme.figure([trace]), "one", 600)):
        picture = ElementTree.fromstring(text)
        seen = "".join(picture.itertext())
        assert re.sub("[\x00\ud800]", "", name) in seen
        assert {it.tag for it in picture.iter()} <= {
            *("svg", "g", "defs", "path", "use", "text", "pattern", "rect", "clipPath")
        }
        assert not any(
            key.startswith("on") for it in picture.iter() for key in it.attrib
        )


def test_nothing_is_wider_than_its_picture():
    trace = bars([1_000_000, 2_000_000]) | {"y": ["a very long name of one", "short"]}
    picture = desk(theme.figure([trace], x="Amount"), 360)
    assert all(0 < x < 360 for x, _ in texts(picture).values())


def test_a_hatch_of_dots_is_small():
    marker = {"color": "#0072b2", "pattern": {"shape": ".", "size": 7}}
    dotted, plain = (
        still.drawn(theme.figure([bars([1, 2], marker=it)], height=200), "x", 500)
        for it in (marker, {"color": "#0072b2"})
    )
    assert dotted.count("<pattern") > 0
    assert len(dotted) < 2 * len(plain)


@pytest.mark.parametrize("ends", [[0, 0], [3, 3], [0, None]])
def test_an_axis_on_which_all_is_in_one_place_has_some_length(ends: list):
    figure = theme.figure([bars([0, 0])], xaxis={"range": ends}, yaxis={"range": ends})
    assert PICTURE.findall(still.drawn(figure, "one", 500))
