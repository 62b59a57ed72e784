"""The pages say what the marts say, to people only, and hide what is small."""

import ast
import hashlib
import html
import json
import math
import re
import shutil
from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

import dashboards_fixtures as made_up
import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape
from pages_read import page_data, raw_data, text_of
from plotly.offline import get_plotlyjs_version
from scipy.stats import chi2_contingency
from trajectories.dashboards import __main__ as command
from trajectories.dashboards import build_site, looks, site
from trajectories.dashboards.charts import backtests, planted, radars, streams, verdicts
from trajectories.dashboards.charts.lifelines import EVENTS
from trajectories.dashboards.charts.matrices import OUTSIDE_MARK
from trajectories.dashboards.charts.revenue import FEWER_DIGITS, heights
from trajectories.dashboards.charts.sizes import KEPT, TODAY
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import MOST_WORDS, fitting
from trajectories.dashboards.marts import mixes, profiles, segmentations, small_cells
from trajectories.dashboards.marts.published import PublishedMarts, UnreadableMartsError
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.pages import (
    departures,
    forecast,
    movement,
    outlook,
    overview,
    quality,
    segments,
    trajectories,
)
from trajectories.dashboards.pages import stability as stability_page
from trajectories.dashboards.sections.forecast import MASE, NO_PROPHET, UNCALIBRATED
from trajectories.dashboards.sections.movement import seen_on
from trajectories.warehouse.publish import DRAWN

from trajectories import disclosure
from trajectories.forecasting.methods import METHODS, Method, forecast_of, namings
from trajectories.trials import choice

FILES = {module.FILE for module in site.PAGES}
Marts = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    return made_up.write_published(folder / "trajectories.duckdb", made_up.frames())


@pytest.fixture(scope="module")
def pages(published: Path) -> dict[str, object]:
    return built(published)


@pytest.fixture(scope="module")
def folder(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "site"
    build_site(published, target)
    return target


class Observed(PublishedMarts):
    """Published marts that note which of them were read."""

    asked: set[str]

    def read(self, mart: str) -> pd.DataFrame:
        self.asked.add(mart)
        return super().read(mart)

    def count(self, mart: str, *columns: object) -> pd.DataFrame:
        self.asked.add(mart)
        return super().count(mart, *columns)


def built(
    published: Path, smallest_cell: int = 5, only: Collection[str] = FILES
) -> dict[str, object]:
    with PublishedMarts(published, smallest_cell) as marts:
        modules = [module for module in site.PAGES if module.FILE in only]
        shop = Shop(marts)
        return {module.FILE: module.build(shop) for module in modules}


class Unchanged:
    """A shop as it is made: frames, pages, and the marts that each page reads."""

    def __init__(self, made: Callable[[], Marts]) -> None:
        self.scratch = TemporaryDirectory()
        self.path = Path(self.scratch.name) / "unchanged.duckdb"
        self.frames = made()
        self.pages: dict[str, object] = {}
        self.read: dict[str, set[str]] = {}
        with Observed(made_up.write_published(self.path, self.frames)) as marts:
            for module in site.PAGES:
                marts.asked = self.read[module.FILE] = set()
                self.pages[module.FILE] = module.build(Shop(marts))


unchanged = cache(Unchanged)


def redrawn(
    path: Path, marts: Marts, made: Callable[[], Marts] = made_up.frames
) -> dict[str, object]:
    """Build the pages of a shop of which some marts were changed.

    Pages that read none of these are as they were.
    """
    whole = unchanged(made)
    changed = {
        name: marts.get(name)
        for name, frame in whole.frames.items()
        if marts.get(name) is not frame and not frame.equals(marts.get(name))
    }
    shutil.copy(whole.path, path)
    with duckdb.connect(str(path)) as connection:
        for name in changed:
            connection.execute(f"drop table {name}")
    there = {name: frame for name, frame in changed.items() if frame is not None}
    made_up.write_published(path, there)
    anew = {file for file, read in whole.read.items() if read & {*changed}}
    return whole.pages | built(path, only=anew)


def block(page: object, name: str) -> object:
    return next(found for found in page.blocks if found.name == name)


def shown(pages: dict, name: str, segmentation: str, candidate: str, k: int) -> object:
    """The state of a block of the trajectories page for one trial."""
    found = block(pages[trajectories.FILE], name)
    return found.states[made_up.state(segmentation, candidate, k)]


def marks(state: object, text: str) -> list[dict]:
    """What is written so in the first figure of a state."""
    written = state.figures[0]["layout"]["annotations"]
    return [mark for mark in written if mark["text"] == text]


def cells(table: str) -> list[list[str]]:
    """The rows of a table, as text."""
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def variant(tmp_path: Path, **settings: bool) -> dict[str, object]:
    return redrawn(tmp_path / "other.duckdb", made_up.frames(**settings))


# -- The site as files ---------------------------------------------------------


def test_build_site_writes_every_file_it_returns(published: Path, tmp_path: Path):
    written = build_site(published, tmp_path / "site")
    assert {path.name for path in written} == FILES | {
        "site.css",
        "site.js",
        "tables.js",
        "plotly.js",
    }
    assert set(written) == set((tmp_path / "site").iterdir())


def test_the_library_is_the_one_that_figures_are_checked_with(folder: Path):
    about = json.loads(Path(looks.__file__).with_name("plotly.json").read_text())
    library = (folder / "plotly.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == about["sha256"]
    assert about["version"] == get_plotlyjs_version()
    head = library[:300].decode()
    assert f"v{about['version']}" in head
    assert "MIT license" in head


def test_two_builds_are_the_same_bytes(published: Path, folder: Path, tmp_path: Path):
    for path in build_site(published, tmp_path / "again"):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_a_failed_build_leaves_the_old_site(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    old = tmp_path / "site"
    old.mkdir()
    (old / "index.html").write_text(site.GENERATOR)

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(site.shutil, "copyfile", fail)
    with pytest.raises(OSError, match="disk full"):
        build_site(published, old)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (old / "index.html").read_text() == site.GENERATOR


@pytest.mark.parametrize("name", ["index.html", "notes.txt", None])
def test_a_folder_of_others_is_not_replaced(
    published: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str | None,
):
    mine = tmp_path / "public_html"
    if name:
        mine.mkdir()
    (mine / name if name else mine).write_text("<title>My own pages</title>")
    assert command.main([str(published), str(mine)]) == 1
    said = capsys.readouterr()
    assert f"written to {mine}, but what is there is no folder of pages" in said.err
    assert len(said.err.splitlines()) == 1
    assert (mine / name if name else mine).read_text() == "<title>My own pages</title>"
    assert [path.name for path in tmp_path.iterdir()] == ["public_html"]


def test_pages_are_known_by_what_stands_in_them(folder: Path):
    assert DRAWN == site.GENERATOR
    for page in folder.glob("*.html"):
        assert page.read_text(encoding="utf-8").count(site.GENERATOR) == 1


def test_an_old_site_is_replaced_whole(published: Path, tmp_path: Path):
    old = tmp_path / "site"
    old.mkdir()
    (old / "index.html").write_text(site.GENERATOR)
    (old / "left-over.html").write_text("old")
    build_site(published, old)
    assert not (old / "left-over.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_our_files_name_no_other_host(folder: Path):
    for path in folder.iterdir():
        if path.name != "plotly.js":
            text = text_of(path) if path.suffix == ".html" else path.read_text("utf-8")
            assert not re.search(r"(?:https?:)?//\w", text), path


def test_pages_stay_small(folder: Path):
    for name in FILES:
        assert (folder / name).stat().st_size < 400_000


def test_every_figure_is_valid_plotly(folder: Path):
    figures = [
        figure
        for name in FILES
        for part in page_data(folder / name)["blocks"].values()
        for state in part["states"].values()
        for figure in state.get("figures", [])
    ]
    assert len(figures) > 100
    for figure in figures:
        go.Figure(figure)


def test_every_chart_has_a_title_and_axes_have_units(pages: dict):
    for page in pages.values():
        for part in page.blocks:
            for state in part.states.values() if part.is_chart else []:
                assert state.title
                for figure in state.figures:
                    if figure["data"][0]["type"] in ("scatter", "bar", "heatmap"):
                        axes = [figure["layout"].get(a, {}) for a in ("xaxis", "yaxis")]
                        is_hidden = all(axis.get("visible") is False for axis in axes)
                        assert is_hidden or any("title" in axis for axis in axes)


@pytest.mark.parametrize("file", sorted(FILES))
def test_titles_are_short_and_subtitles_say_what_is_drawn(pages: dict, file: str):
    drawn = [
        state
        for part in pages[file].blocks
        if part.is_chart
        for state in part.states.values()
        if state.figures
    ]
    assert drawn
    for state in drawn:
        assert len(state.title.split()) <= MOST_WORDS, state.title
        assert state.subtitle, state.title


@pytest.mark.parametrize("file", sorted(FILES))
def test_all_that_is_drawn_has_a_name_and_needs_no_more_than_axes(
    pages: dict, file: str
):
    figures = [
        figure
        for part in pages[file].blocks
        if part.is_chart
        for state in part.states.values()
        for figure in state.figures
    ]
    traces = [trace for figure in figures for trace in figure["data"]]
    assert {trace["type"] for trace in traces} <= {"scatter", "bar", "heatmap"}
    told = [trace for trace in traces if trace.get("meta") is not False]
    assert all(trace["type"] == "heatmap" or trace["name"] for trace in told)
    assert all(
        any(trace.get("meta") is not False for trace in figure["data"])
        for figure in figures
    )


def test_a_title_that_is_too_long_is_told_in_fewer_words():
    long = " ".join(["word"] * (MOST_WORDS + 1))
    assert fitting(f"{long} more", long, "short") == "short"
    assert fitting("short enough", "short") == "short enough"
    assert fitting(long, long) == long


# -- Colours and shapes --------------------------------------------------------


def _contrast_to_white(colour: str) -> float:
    """The contrast that WCAG 2.1 defines, of a colour to white."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    weighed = zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    return 1.05 / (sum(weight * part for weight, part in weighed) + 0.05)


def test_marks_can_be_told_from_white():
    marks = [*theme.STAGE_MARKS.values(), theme.MEASURED, theme.EXPECTED, theme.BESIDE]
    marks += [TODAY, KEPT, OUTSIDE_MARK, *(mark for _, mark in EVENTS.values())]
    colours = {*theme.COLOURS, *(mark.colour for mark in marks)}
    assert _contrast_to_white("#000000") == pytest.approx(21)
    assert {it for it in colours if _contrast_to_white(it) < 3} == set()
    assert len({mark.colour for mark in theme.STAGE_MARKS.values()}) == 3


# Machado, Oliveira and Fernandes 2009, deuteranopia, in linear RGB.
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
RGB_TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


def _seen(colour: str, eyes: np.ndarray) -> np.ndarray:
    """A colour in CIELAB, as it is seen by some kind of eyes."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    white = np.array([0.95047, 1, 1.08883])
    xyz = np.array(RGB_TO_XYZ) @ np.clip(eyes @ linear, 0, 1) / white
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", [np.eye(3), np.array(DEUTERANOPIA)])
def test_colours_of_segments_are_apart_for_all_eyes(eyes: np.ndarray):
    seen = [_seen(colour, eyes) for colour in theme.COLOURS]
    distances = [np.linalg.norm(one - other) for one, other in combinations(seen, 2)]
    assert min(distances) > 14


def test_colours_of_segments_are_for_segments_only():
    marks = [mark for _, mark in EVENTS.values()]
    assert not {mark.colour for mark in marks} & (set(theme.COLOURS) - {theme.INK})
    assert len({mark.marker for mark in marks}) == len(EVENTS)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 5)),
        st.integers(1, 5000),
        min_size=1,
    ),
    st.integers(14, 60),
)
def test_streams_are_as_wide_as_their_customers_and_lie_beside_each_other(
    customers: dict[tuple[int, int], int], room: int
):
    sides = [sorted({ends[side] for ends in customers}) for side in (0, 1)]
    sizes = {
        (sides[0].index(start), sides[1].index(end)): count
        for (start, end), count in customers.items()
    }
    laid = streams.laid_out(sizes, tuple([room] * len(side) for side in sides))
    unit = streams.PLACE_HEIGHT * max(map(len, sides)) / sum(sizes.values())
    for side, spans in enumerate((laid.lefts, laid.rights)):
        middles = [(top + bottom) / 2 for top, bottom in spans]
        for (_, bottom), (top, _) in pairwise(spans):
            assert top - bottom >= streams.APART - 1e-6
        # Labels, which stand at the middles, do not touch either.
        assert all(below - above >= room for above, below in pairwise(middles))
        assert spans[0][0] >= 0
        assert spans[-1][1] <= laid.height + 1e-6
        for place, (top, bottom) in enumerate(spans):
            parts = sorted(
                (ends[1 - side], ribbon[side])
                for ends, ribbon in laid.ribbons.items()
                if ends[side] == place
            )
            # The streams of a place fill it, in the order of their other ends.
            edges = [top]
            for _, (upper, lower) in parts:
                assert upper == pytest.approx(edges[-1])
                edges.append(lower)
            assert edges[-1] == pytest.approx(bottom)
    for ends, ribbon in laid.ribbons.items():
        for top, bottom in ribbon:
            assert bottom - top == pytest.approx(unit * sizes[ends])


def test_a_stream_can_be_pointed_at_where_it_is():
    names = (["A", "B"], ["A", "B"])
    marks = tuple([theme.mark(1), theme.mark(2)] for _ in names)
    drawn = streams.figure({(0, 1): 40, (1, 0): 40, (1, 1): 20}, names, marks)
    (trace,) = drawn["data"]
    assert trace["name"] == "Customers"
    assert trace["text"][0] == "A to B: 40 customers"
    # Two that cross in the middle are pointed at beside it.
    places = list(zip(trace["x"], trace["y"], strict=True))
    assert len(set(places)) == 3
    assert (trace["x"][2], trace["x"][0] + trace["x"][1]) == (50, 100)
    paths = [it for it in drawn["layout"]["shapes"] if it["type"] == "path"]
    assert [path["path"].count("Z") for path in paths] == [1, 2]
    # What a still picture reads of paths, too.
    assert set(re.findall("[A-Za-z]", "".join(it["path"] for it in paths))) == {*"MLCZ"}
    assert {mark["text"] for mark in drawn["layout"]["annotations"]} == {"A", "B"}


def _links(text: str) -> list[tuple[str, dict[str, str]]]:
    """The pages and states that a text links to."""
    found = []
    for address in re.findall(r'href="([^"]+)"', text):
        file, _, state = html.unescape(address).partition("#")
        found.append((file, dict(parse_qsl(state))))
    return found


def test_every_link_leads_to_what_there_is(pages: dict):
    seen = set()
    for page in pages.values():
        texts = [page.sentence, *page.banners]
        texts += [section.introduction for section in page.sections]
        for part in page.blocks:
            for state in part.states.values():
                texts.append(state.note if part.is_chart else state)
        for file, state in (link for text in texts for link in _links(str(text))):
            assert file in pages, file
            offered = [
                dict(zip(choices.names, values, strict=False)).items()
                for choices in pages[file].choices
                for values in choices.available
            ]
            assert not state or any(state.items() <= each for each in offered), state
            seen.add((page.file, file))
    assert {
        (overview.FILE, trajectories.FILE),
        (segments.FILE, movement.FILE),
        (segments.FILE, forecast.FILE),
        (trajectories.FILE, trajectories.FILE),
        (movement.FILE, segments.FILE),
        (movement.FILE, departures.FILE),
        (stability_page.FILE, movement.FILE),
        (outlook.FILE, movement.FILE),
        (forecast.FILE, outlook.FILE),
        (forecast.FILE, segments.FILE),
    } <= seen


# -- Text from data ------------------------------------------------------------


def test_text_from_data_cannot_become_markup(folder: Path):
    seen = 0
    for name in FILES:
        text = (folder / name).read_text("utf-8")
        # Only our own elements end: one for the data, two for scripts.
        assert text.count("</script>") == 3
        # What the script of the pages puts in as markup.
        states = [
            state
            for part in page_data(folder / name)["blocks"].values()
            for state in part["states"].values()
        ]
        text += "".join(
            state.get(part, "")
            for state in states
            for part in ("html", "note", "legend")
        )
        assert "<script>alert" not in text
        assert "<b>NSW" not in text
        seen += str(escape(made_up.NASTY)) in text
    assert seen >= 2


def test_text_in_charts_is_escaped_for_plotly(pages: dict):
    state = _sankey(pages, "lifecycle", made_up.LAST)
    (trace,) = state.figures[0]["data"]
    written = [mark["text"] for mark in state.figures[0]["layout"]["annotations"]]
    nasty = html.escape(made_up.NASTY, quote=False)
    (_, froms), (_, tos), _ = trace["meta"]["columns"]
    for labels in (written, trace["text"], froms, tos):
        # Labels go on in the next line, also within a word.
        together = "".join(labels).replace("<br>", "").replace(" ", "")
        assert nasty.replace(" ", "") in together
        assert "<" not in together


def test_wrapped_text_is_escaped_line_by_line():
    assert formats.wrapped("<b> one two", 6) == "&lt;b&gt;<br>one<br>two"


def test_words_are_not_cut_and_nothing_is_not_minus_nothing():
    assert formats.wrapped("Telecommunications", 16) == "Telecommunications"
    assert formats.share(-0.0001) == "0.0 %"


def test_an_upright_title_longer_than_its_axis_goes_on_in_the_next_line():
    drawn = theme.figure([], y="Revenue per customer (amount) per month")
    title = drawn["layout"]["yaxis"]["title"]["text"]
    assert title == "Revenue per customer (amount)<br>per month"


def test_axes_of_shop_months_and_findings_say_what_they_hold(pages):
    titles = [
        block(pages[overview.FILE], f"monthly-{name}")
        .states[()]
        .figures[0]["layout"]["yaxis"]["title"]["text"]
        for name in ("revenue-amount", "customers", "orders")
    ]
    assert titles[1:] == ["Customers per month", "Orders per month"]
    assert titles[0].startswith("Revenue (")
    found = block(pages[quality.FILE], "findings").states[()]
    assert '<th scope="col">Kind</th>' in found
    assert '<th scope="col" class="number">Rows</th>' in found


def test_no_customer_level_text_reaches_a_page(folder: Path):
    for name in FILES:
        text = text_of(folder / name)
        assert "secret" not in text
        assert "Jane Doe" not in text


def test_amounts_of_a_chart_are_rounded_as_they_are_written():
    assert formats.amounts([1234.56, -1234.56, 999.126, 0, None, float("inf")]) == [
        1235,
        -1235,
        999.13,
        0,
        None,
        None,
    ]
    assert [formats.signed(value, 3) for value in (-0.0404, 0.01, -0.0001, None)] == [
        "-0.040",
        "+0.010",
        "0.000",
        formats.NOTHING,
    ]


def test_amounts_are_written_with_three_digits_and_the_currency():
    values = (456_781, 999_600, 4_080_000, -1234.5, 86.04, 0, None)
    bare = ["457,000", "1.00 m", "4.08 m", "-1,230", "86.0", "0", formats.NOTHING]
    assert [_spaced(formats.amount(value)) for value in values] == bare
    with formats.amounts_in("A$"):
        assert formats.amount(-1234.5) == "-A$1,230"
        assert formats.feature("spend_amount") == "Spend (A$)"
        with formats.amounts_in("EUR"):
            assert _spaced(formats.amount(4_080_000)) == "4.08 m EUR"
        assert formats.amount(None) == formats.NOTHING
    assert formats.feature("spend_amount") == "Spend (amount)"
    whole = [formats.whole_amount(value) for value in (456_781.4, 86.04, None)]
    assert whole == ["456,781", "86.04", formats.NOTHING]


def _spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("currency", "said", "revenue"),
    [
        (None, "the currency of the input, which names none", "130,000"),
        ("A$", "A$", "A$130,000"),
        ("<b>", "the currency of the input, which names none", "130,000"),
    ],
)
def test_pages_say_once_what_amounts_are_in(
    currency: str | None, said: str, revenue: str, tmp_path: Path
):
    marts = made_up.frames()
    months = marts["marts.fct_shop_months"]
    marts["marts.fct_shop_months"] = months.assign(currency=currency)
    published = made_up.write_published(tmp_path / "trajectories.duckdb", marts)
    for page in build_site(published, tmp_path / "site")[: len(FILES)]:
        assert text_of(page).count(f"Amounts are in {said}.") == 1, page.name
    assert f">{revenue}<" in text_of(tmp_path / "site" / "index.html")


# -- Small cells ---------------------------------------------------------------


def test_a_segment_of_three_customers_shows_no_numbers(folder: Path, pages: dict):
    texts = [text_of(folder / name) for name in FILES]
    assert not any("777.77" in text for text in texts)
    assert "fewer than 5" in text_of(folder / segments.FILE)
    radars = block(pages[segments.FILE], "radars").states["lifecycle",]
    assert "At-Risk Sleepers" not in radars.captions
    assert len(radars.figures) == 3
    offered = {values[2] for values in pages[forecast.FILE].bar.available}
    assert "lifecycle-3" not in offered
    assert "lifecycle-2" in offered


def test_small_cells_are_shown_when_asked_for(published: Path):
    shown = built(published, smallest_cell=1)
    assert len(block(shown[segments.FILE], "radars").states["lifecycle",].figures) == 4
    profile = block(shown[segments.FILE], "profile").states["lifecycle",]
    assert "777.77" in profile
    assert "fewer than" not in profile


def test_months_with_too_few_customers_are_gaps(pages: dict):
    revenue = block(pages[overview.FILE], "monthly-revenue-amount").states[()]
    values = revenue.figures[0]["data"][0]["y"]
    assert [place for place, value in enumerate(values) if value is None] == [3]
    state = block(pages[forecast.FILE], "forecast").states[
        "cohort", "lifecycle", "lifecycle-1", "published"
    ]
    history = next(t for t in state.figures[0]["data"] if t["name"] == "Revenue")
    assert history["y"][0] is None
    assert history["y"][1] == made_up.revenue("lifecycle-1", made_up.MONTHS[1])


def test_small_paths_are_not_drawn(pages: dict):
    sankey = _sankey(pages, "lifecycle", made_up.LAST)
    assert min(_streams(sankey).values()) >= 5
    assert "could be computed" in sankey.note
    heatmap = block(pages[movement.FILE], "heatmap").states[
        "lifecycle", made_up.LAST, "all"
    ]
    cells = [
        cell for row in heatmap.figures[0]["data"][0]["customdata"] for cell in row
    ]
    assert min(cell for cell in cells if cell is not None) >= 5
    assert None in cells


def test_a_small_group_of_a_trial_is_not_drawn(pages: dict):
    paths = shown(pages, "paths", "lifecycle", "warped", 8)
    names = [trace["name"] for trace in paths.figures[0]["data"]]
    # Group 8 has three customers: with the total, all others would tell them.
    assert names == [f"Group {number}" for number in range(2, 8)]
    assert "Group 1 and Group 8: not shown." in paths.note
    blades = shown(pages, "blades", "lifecycle", "warped", 8)
    assert [trace["name"] for trace in blades.figures[0]["data"]] == names


def test_the_share_of_a_small_group_is_not_told(pages: dict, published: Path):
    trials = block(pages[trajectories.FILE], "trials")
    key = made_up.state("lifecycle", "plain", 6)[:2]
    body = cells(trials.states[key])[1:]
    assert [row[0] for row in body] == ["2", "3", "4", "5", "6"]
    assert [row[-1] for row in body] == ["10.0 %"] * 4 + ["fewer than 5 customers"]
    page = built(published, smallest_cell=1)[trajectories.FILE]
    assert cells(block(page, "trials").states[key])[-1][-1] == "5.0 %"


def test_small_parts_of_a_mix_are_not_named(pages: dict):
    state = block(pages[segments.FILE], "mix-state").states["lifecycle", "lifecycle-1"]
    assert state.figures[0]["data"][0]["customdata"] == [240, 156]
    assert "QLD" not in json.dumps([state.figures, state.title, state.note])
    assert "could be computed" in state.note


# -- What the pages say --------------------------------------------------------


def test_headlines_are_the_last_complete_month_against_the_one_before(pages: dict):
    text = block(pages[overview.FILE], "headlines").states[()]
    shop = made_up.frames()["marts.fct_shop_months"].set_index("month")
    last, before = shop.loc["2017-12-01"], shop.loc["2017-11-01"]
    assert formats.amount(last["revenue_amount"]) in text
    assert f"{last['orders']:,.0f}" in text
    relative = 100 * (last["orders"] / before["orders"] - 1)
    direction = "up" if relative > 0 else "down"
    assert f"{direction} {abs(relative):.1f} % on November 2017" in text
    assert "January 2018" not in text


def test_pages_of_the_sample_say_that_it_is_made_up_and_how_right_they_are(
    tmp_path: Path,
):
    marts = made_up.frames()
    folder = tmp_path / "sample"
    build_site(made_up.write_published(tmp_path / "sample.duckdb", marts), folder)
    for path in folder.glob("*.html"):
        assert planted.MADE_UP in text_of(path), path.name
    pages = redrawn(tmp_path / "again.duckdb", marts)
    rows = cells(block(pages[overview.FILE], "planted").states[()])
    (rhythm,) = (row for row in rows if row[0] == "Rhythm")
    assert rhythm == ["Rhythm", "0.80", "0.48", "1,874", "80.1 %", "62.3 %", "0.9 %"]
    marts["audit.rpt_planted_kinds"] = marts["audit.rpt_planted_kinds"].iloc[:0]
    folder = tmp_path / "own"
    build_site(made_up.write_published(tmp_path / "own.duckdb", marts), folder)
    for path in folder.glob("*.html"):
        assert "made-up" not in text_of(path), path.name


def test_without_the_month_before_nothing_is_compared(tmp_path: Path):
    marts = made_up.frames()
    shop = marts["marts.fct_shop_months"]
    marts["marts.fct_shop_months"] = shop[shop["month"] != "2017-11-01"]
    pages = redrawn(tmp_path / "gap.duckdb", marts)
    assert "no comparison" in block(pages[overview.FILE], "headlines").states[()]


def test_claims_carry_their_verdict(pages: dict):
    fragments = [b for b in pages[overview.FILE].blocks if b.name.startswith("claims-")]
    text = "".join(fragment.states[()] for fragment in fragments)
    for verdict in ("✓ holds", "✗ fails", "○ cannot be told"):
        assert verdict in text
    assert "0.480 to 0.520" in text


def test_claims_are_counted_and_stand_under_their_count(pages: dict):
    (section,) = (it for it in pages[overview.FILE].sections if it.heading == "Claims")
    verdicts = made_up.frames()["audit.rpt_claims"]["verdict"].value_counts()
    (count,) = section.blocks
    assert _text(count.states[()]) == (
        f"{verdicts['holds']} of {verdicts.sum()} checks hold, {verdicts['fails']}"
        f" fail, and of {verdicts['cannot be told']} it cannot be told."
    )
    assert all(part.name.startswith("claims-") for part in section.proof)
    assert section.proof


def test_lines_are_named_at_their_ends_where_they_are_few(pages: dict):
    customers = block(pages[overview.FILE], "monthly-customers").states[()]
    silhouettes = shown(pages, "silhouette-by-k", "lifecycle", "plain", 4)
    paths = shown(pages, "paths", "lifecycle", "warped", 4)
    for state, names in (
        (customers, {"With an order", "New of them"}),
        (silhouettes, {"Measured", "Orders<br>shuffled"}),
        (paths, {f"Group {n} (25.0 %)" for n in range(1, 5)}),
    ):
        layout = state.figures[0]["layout"]
        assert names <= {mark["text"] for mark in layout["annotations"]}
        assert "range" in layout["xaxis"]
        assert not state.legend
    assert shown(pages, "paths", "lifecycle", "smooth", 8).legend == ""


def test_claims_are_quoted_where_they_belong(pages: dict):
    structure = block(pages[trajectories.FILE], "claim-structure").states
    assert ("lifecycle",) in structure
    assert (
        "Measured 0.500 (0.480 to 0.520) against 0.220 (0.220 by chance)."
        in structure["lifecycle",]
    )
    coverage = block(pages[forecast.FILE], "certificate").states
    assert "○ cannot be told" in coverage["cohort", "total", "published"]
    assert "○" not in coverage["stock", "total", "published"]
    stability = block(pages[stability_page.FILE], "stability").states
    assert stability["value",].figures[0]["layout"]["shapes"][0]["y0"] == 0.8


def test_no_structure_is_said_on_top_and_names_are_withheld(tmp_path: Path):
    pages = variant(tmp_path, structure=False)
    for file in (overview.FILE, segments.FILE, trajectories.FILE):
        assert "No segments here</h2>" in pages[file].banners[0]
        assert len(pages[file].banners) == 1
    cards = block(pages[segments.FILE], "playbook").states["lifecycle",]
    assert "Group 1" in cards
    assert "no name earned" in cards
    assert "No name earned: no better than shuffled customers." in cards
    assert "Loyal Champions" not in cards
    measured = '<a href="trajectories.html#segmentation=lifecycle">lifecycle</a>'
    assert measured in pages[file].banners[0]
    assert "silhouette" not in pages[file].banners[0]
    nulls = shown(pages, "nulls", "lifecycle", "warped", 3)
    assert nulls.title.startswith("5 of 5 shuffled shops form groups")


def test_one_customer_who_makes_a_segment_is_told_of_but_not_in_small_ones(
    tmp_path: Path,
):
    frames = made_up.frames()
    profiles = frames["marts.fct_segment_profiles"]
    whales = {"lifecycle-1": 0.997, "lifecycle-2": 0.5, "lifecycle-3": 0.9}
    share = profiles["segment_id"].map(whales)
    frames["marts.fct_segment_profiles"] = profiles.assign(
        largest_customer_share=share, is_outweighed=share > 0.5
    )
    published = made_up.write_published(tmp_path / "trajectories.duckdb", frames)
    for smallest_cell, told in (
        (5, {"lifecycle-1"}),
        (1, {"lifecycle-1", "lifecycle-3"}),
    ):
        with PublishedMarts(published, smallest_cell) as marts:
            page = segments.build(Shop(marts))
            named = segmentations.Segments(marts)
            names = {identity: named.name(identity) for identity in whales}
        (banner,) = [text for text in page.banners if "One customer makes" in text]
        listed = banner.partition(": one customer")[0]
        assert "of lifecycle (99 %)" in listed
        assert {i for i in whales if str(escape(names[i])) in listed} == told


def test_a_small_segment_shows_no_evidence(pages: dict, published: Path):
    cards = block(pages[segments.FILE], "playbook").states["lifecycle",]
    every = block(built(published, 1)[segments.FILE], "playbook").states["lifecycle",]
    told = str(escape(made_up.frames()["marts.dim_segments"]["persona_evidence"][0]))
    assert (every.count(told), cards.count(told)) == (4, 3)


def test_revenue_below_zero_has_no_shares_and_no_change(tmp_path: Path):
    frames = made_up.frames()
    shop = frames["marts.fct_shop_months"].sort_values("month")
    last = shop[shop["is_complete"]].index[-1]
    shop.loc[last, ["revenue_amount", "revenue_per_customer_amount"]] = -20664.33
    frames["marts.fct_shop_months"] = shop
    profiles = frames["marts.fct_segment_profiles"].assign(revenue_share=None)
    frames["marts.fct_segment_profiles"] = profiles.astype({"revenue_share": float})
    pages = redrawn(tmp_path / "trajectories.duckdb", frames)
    headlines = block(pages[overview.FILE], "headlines").states[()]
    assert "-20,700" in headlines
    assert headlines.count("no comparison") == 2
    sizes = block(pages[segments.FILE], "sizes").states["lifecycle",]
    assert sizes.title.endswith(" of customers")
    assert sizes.note == "Revenue has no shares, for it is not above zero everywhere."
    assert formats.change(0, 10) == "down 100.0 %"
    assert formats.change(10, -10) == formats.change(10, 0) == "no comparison"


def test_structure_needs_no_banner(pages: dict):
    assert not any(page.banners for page in pages.values())
    nulls = shown(pages, "nulls", "lifecycle", "warped", 3)
    assert nulls.title.startswith("None of 5 shuffled shops")


def test_names_without_evidence_carry_a_warning(tmp_path: Path):
    banners = variant(tmp_path, structure=False, named=True)[segments.FILE].banners
    assert any("Names without evidence" in banner for banner in banners)
    assert any("Loyal Champions" in banner for banner in banners)


def test_structure_in_one_segmentation_only_names_the_other(tmp_path: Path):
    marts = made_up.frames()
    trials = marts["marts.fct_segmentation_trials"]
    trials["has_structure"] = trials["segmentation"] != "value"
    marts["audit.rpt_claims"] = made_up.with_structure(
        marts["audit.rpt_claims"], trials
    )
    pages = redrawn(tmp_path / "half.duckdb", marts)
    assert "No segments here in value</h2>" in pages[overview.FILE].banners[0]


def test_the_number_to_watch_is_told_by_month_unless_it_is_of_few(pages: dict):
    text = str(block(pages[segments.FILE], "playbook").states["value",])
    told = re.findall(r"Spend per order: ([^<]*)", text)
    assert len(told) == sum(size >= 5 for size in made_up.SIZES.values())
    assert all(each.count("81.25") == 3 for each in told)
    assert "Retention" not in text


def test_pages_open_with_the_segmentation_of_the_first_place(tmp_path: Path):
    marts = made_up.frames()
    trials = marts["marts.fct_segmentation_trials"]
    trials["segmentation_place"] = trials["segmentation"].map(
        {"value": 1, "lifecycle": 2}
    )
    pages = redrawn(tmp_path / "value_first.duckdb", marts)
    found = {
        file: [value for value, _ in control.options]
        for file, page in pages.items()
        for choices in page.choices
        for control in choices.controls
        for control in page.bar.controls
        if control.name == "segmentation" and file != forecast.FILE
    }
    both = {file: names for file, names in found.items() if len(names) > 1}
    assert len(both) > 1
    assert all(names == ["value", "lifecycle"] for names in both.values()), both


def test_paths_are_the_centroids_in_original_units(pages: dict):
    for candidate in made_up.CANDIDATES["lifecycle"]:
        state = shown(pages, "paths", "lifecycle", candidate, 4)
        assert len(state.figures) == 4
        for place, figure in enumerate(state.figures):
            for cluster, trace in enumerate(figure["data"], start=1):
                assert trace["y"] == [
                    made_up.centre(candidate, 4, cluster, step, place)
                    for step in range(1, 13)
                ]


def test_paths_of_one_feature_stand_side_by_side(tmp_path: Path):
    marts = made_up.frames()
    centroids = marts["marts.fct_trial_centroids"]
    is_other = (centroids["segmentation"] == "lifecycle") & (
        centroids["feature"] != "monetary_amount"
    )
    marts["marts.fct_trial_centroids"] = centroids[~is_other]
    pages = redrawn(tmp_path / "one.duckdb", marts)
    state = shown(pages, "paths", "lifecycle", "warped", 4)
    assert state.captions == [f"Group {number} (25.0 %)" for number in range(1, 5)]
    assert [figure["data"][0]["name"] for figure in state.figures] == ["Mean"] * 4
    assert (
        len({str(figure["layout"]["yaxis"]["range"]) for figure in state.figures}) == 1
    )


# -- The evidence --------------------------------------------------------------


def test_the_verdict_is_a_sentence_with_its_numbers_behind(pages: dict):
    text = block(pages[trajectories.FILE], "verdict").states["lifecycle",]
    sentence = re.search(r'<p class="judgement">(.*?)</p>', text).group(1)
    assert sentence == (
        "3 groups of customers that can be believed: they stand apart more than groups"
        " of shuffled orders do, and customers drawn anew fall into almost the same"
        " groups."
    )
    explained = made_up.explained("warped", 3)
    assert (
        f"They explain {100 * explained['predictive_r2']:.1f} % of who spends how much"
        " in the next 90 days, against"
        f" {100 * explained['rfm_predictive_r2']:.1f} % for as many RFM groups."
    ) in text
    assert f"Chosen: {made_up.WORDS['lifecycle', 'warped']}, k = 3." in text
    details = text[text.index("<details>") :]
    assert {row[0]: row[1:] for row in cells(details)} == {
        "Measure": ["Here", "Against"],
        "Silhouette (-1 to 1)": [
            "0.500",
            "95 % interval 0.480 to 0.530; shuffled 0.200",
        ],
        "Silhouette gained beyond chance": [
            "0.375 (p 0.040)",
            "at least 0.02, p at most 0.05",
        ],
        "Half-years carry over, unlike shuffled ones": [
            "0.345 (p 0.048)",
            "or at least 0.1, p at most 0.05",
        ],
        "Sampled customers": ["60", "at least 30"],
        "Agreement of refits (adjusted Rand, 1 = same)": ["0.85", "at least 0.5"],
        "Smallest group (share of the sample)": [
            "10.0 %",
            "at least 2.0 % and 5 customers",
        ],
        "Explained spend of the next 90 days (R²)": [
            "16.0 %",
            "at least 2.0 %; RFM groups 3.3 %",
        ],
        "Explained ordering in the next 90 days (R²)": ["11.5 %", "RFM groups 0.2 %"],
    }


def test_the_verdict_says_what_is_missing(tmp_path: Path):
    page = variant(tmp_path, structure=False)[trajectories.FILE]
    text = block(page, "verdict").states["lifecycle",]
    assert (
        '"judgement">No segments here: shuffled orders look the same. The 3 groups'
        " below only cut the customers into parts.</p>"
    ) in text
    assert "can be believed" not in text
    assert f"Nearest: {made_up.WORDS['lifecycle', 'warped']}, k = 3." in text


def test_the_verdict_does_not_claim_more_than_was_shown(tmp_path: Path):
    """Structure by persistence alone says nothing of how groups stand apart."""
    marts = made_up.frames()
    marts["marts.fct_segmentation_trials"]["is_separated"] = False
    pages = redrawn(tmp_path / "persistent.duckdb", marts)
    text = block(pages[trajectories.FILE], "verdict").states["lifecycle",]
    assert "what customers do in one half-year carries over into the next" in text
    assert "they stand apart" in text
    assert "more than groups of shuffled orders is not shown" in text


def test_nothing_is_said_where_nothing_was_tested(tmp_path: Path):
    marts = made_up.frames()
    marts["marts.fct_segmentation_trials"]["has_structure"] = None
    pages = redrawn(tmp_path / "untested.duckdb", marts)
    text = block(pages[trajectories.FILE], "verdict").states["value",]
    assert "Whether these 3 groups are real was not tested." in text


def test_every_candidate_is_offered_in_words_the_chosen_one_first(pages: dict):
    bar = pages[trajectories.FILE].bar
    _, candidate, k = bar.controls
    assert [value for value, _ in candidate.options] == [
        made_up.WORDS["lifecycle", "warped"],
        made_up.WORDS["lifecycle", "plain"],
        made_up.WORDS["lifecycle", "smooth"],
        made_up.WORDS["value", "plain"],
    ]
    assert (candidate.initial, k.initial) == (made_up.WORDS["lifecycle", "warped"], "3")
    assert len(bar.available) == 7 + 7 + 5 + 5
    # Each candidate starts from its best trial: chosen, or of the highest score.
    assert bar.preferred == [
        made_up.state("lifecycle", "warped", 3),
        made_up.state("lifecycle", "smooth", 8),
        made_up.state("lifecycle", "plain", 3),
        made_up.state("value", "plain", 3),
    ]


def test_candidates_are_told_apart_by_all_that_makes_them():
    trial = {"period": "day", "representation": "smoothed_order_rhythm"}
    trial |= {"smoothing_steps": 1.0, "metric": "dtw", "band": None, "steps": 90}
    trial |= {"is_recipe": False}
    words = {
        "Rhythm of orders smoothed over 1 day, any shift in time (DTW)": {},
        "Rhythm of orders smoothed over 2 days, any shift in time (DTW)": {
            "smoothing_steps": 2.0
        },
        "Rhythm of orders smoothed over 1 day, shifts of up to 3 days (DTW)": {
            "band": 3
        },
        "Rhythm of orders smoothed over 1 day, day by day (Euclidean)": {
            "metric": "euclidean"
        },
        "Own way smoothed over 1 day, any shift in time (DTW)": {
            "representation": "own_way"
        },
    }
    for said, changes in words.items():
        assert segmentations.candidate(pd.Series(trial | changes)) == said


def test_the_elbow_is_the_one_that_was_measured(pages: dict):
    state = shown(pages, "elbow", "lifecycle", "plain", 6)
    assert (
        state.title == "More groups gain little after k = 4, the elbow of the inertia"
    )
    inertia, ring = state.figures[0]["data"]
    assert inertia["x"] == list(range(2, 7))
    assert inertia["y"] == [made_up.inertia("plain", k) for k in range(2, 7)]
    assert (ring["x"], ring["y"]) == ([6], [made_up.inertia("plain", 6)])
    lines = state.figures[0]["layout"]["shapes"]
    assert [line["x0"] for line in lines] == [made_up.ELBOW_K]
    assert [mark["x"] for mark in marks(state, "elbow")] == [made_up.ELBOW_K]


def test_without_an_elbow_none_is_marked(tmp_path: Path):
    marts = made_up.frames()
    marts["marts.fct_segmentation_trials"]["is_elbow"] = False
    pages = redrawn(tmp_path / "straight.duckdb", marts)
    state = shown(pages, "elbow", "value", "plain", 3)
    assert state.title == "Inertia falls without an elbow"
    assert "shapes" not in state.figures[0]["layout"]


def test_the_chosen_k_is_marked_where_it_was_chosen(pages: dict):
    drawn = {
        "silhouette-by-k": made_up.silhouette("lifecycle", "warped", 3),
        "elbow": made_up.inertia("warped", 3),
    }
    for name, height in drawn.items():
        state = shown(pages, name, "lifecycle", "warped", 5)
        (arrow,) = marks(state, "chosen")
        assert (arrow["x"], arrow["y"]) == (3, height)
        assert "The rule chose k = 3." in state.note
        state = shown(pages, name, "lifecycle", "plain", 5)
        assert marks(state, "chosen") == []
        assert "The rule did not choose this candidate." in state.note


def test_silhouette_by_k_names_the_best_and_rings_the_slider(pages: dict):
    state = shown(pages, "silhouette-by-k", "lifecycle", "warped", 6)
    assert state.title == (
        "Groups stand apart most at k = 3: silhouette 0.500, in shuffled shops 0.200"
    )
    measured, shuffled, ring = state.figures[0]["data"]
    ks = list(range(2, 9))
    assert measured["x"] == shuffled["x"] == ks
    values = [made_up.silhouette("lifecycle", "warped", k) for k in ks]
    assert measured["y"] == values
    assert set(measured["error_y"]["array"]) == {0.03}
    assert set(measured["error_y"]["arrayminus"]) == {0.02}
    assert shuffled["y"] == [0.2] * 7
    assert shuffled["line"]["dash"] == "dash"
    assert (ring["x"], ring["y"]) == ([6], [values[4]])


def test_blades_are_the_silhouettes_sorted_within_groups(pages: dict):
    state = shown(pages, "blades", "value", "plain", 2)
    first, second = state.figures[0]["data"]
    assert first["x"] == sorted(made_up.blade(2, 1))
    assert second["x"] == sorted(made_up.blade(2, 2))
    assert min(second["y"]) > max(first["y"])
    assert [t["marker"]["color"] for t in (first, second)] == list(theme.COLOURS[:2])


def test_the_null_distribution_is_that_of_the_shuffled_shops(pages: dict):
    state = shown(pages, "nulls", "lifecycle", "plain", 2)
    (dots,) = state.figures[0]["data"]
    assert dots["x"] == [made_up.shuffled(n) for n in range(1, 6)]
    (line,) = state.figures[0]["layout"]["shapes"]
    assert line["x0"] == line["x1"] == made_up.silhouette("lifecycle", "plain", 2)
    assert state.title == (
        "None of 5 shuffled shops forms groups that stand apart this much"
        " (silhouette 0.270)"
    )
    assert "p = 0.040: of shops without segments, about 4 in 100" in state.note
    one = shown(pages, "nulls", "lifecycle", "plain", 6)
    reached = made_up.silhouette("lifecycle", "plain", 6)
    assert sum(made_up.shuffled(n) >= reached for n in range(1, 6)) == 4
    assert one.title.startswith("4 of 5 shuffled shops form groups")
    missing = shown(pages, "nulls", "lifecycle", "smooth", 3)
    assert missing.title == "Orders were not shuffled over customers for this trial."
    assert missing.figures == []


def test_prediction_sets_groups_beside_as_many_rfm_groups(pages: dict):
    state = shown(pages, "prediction", "lifecycle", "plain", 5)
    columns = [
        ("predictive_r2", "rfm_predictive_r2"),
        ("activity_r2", "rfm_activity_r2"),
    ]
    for figure, pair in zip(state.figures, columns, strict=True):
        for trace, column in zip(figure["data"], pair, strict=True):
            assert trace["x"] == list(range(2, 7))
            assert trace["y"] == pytest.approx(
                [100 * made_up.explained("plain", k)[column] for k in range(2, 7)]
            )
        assert figure["layout"]["annotations"][0]["x"] == 5
    assert state.title == (
        "These 5 groups explain 10.0 % of later spend, RFM groups 5.5 %"
    )
    assert "orders at all: 2.5 % against 1.0 %." in state.note
    assert "1.5 % of spend more than RFM alone" in state.note


def test_candidates_are_listed_with_what_became_of_them(pages: dict):
    table = block(pages[trajectories.FILE], "candidates").states["lifecycle",]
    _, first, second, third = cells(table)
    assert first == [
        made_up.WORDS["lifecycle", "warped"],
        "Chosen ●",
        "3",
        "0.500",
        "0.375",
        "16.0 %",
        "0.85",
        "10.0 %",
    ]
    assert second[:3] == [
        made_up.WORDS["lifecycle", "smooth"],
        "Not chosen: score 0.370 against score 0.428",
        "8",
    ]
    assert third[0] == made_up.WORDS["lifecycle", "plain"]
    assert 'class="stacked"' in table
    assert 'data-label="Outcome"' in table


def test_the_best_k_of_a_candidate_is_one_that_the_evidence_carries(tmp_path: Path):
    marts = made_up.frames()
    trials = marts["marts.fct_segmentation_trials"]
    is_best = (trials["representation"] == "smoothed") & (trials["k"] == 8)
    trials.loc[is_best, "has_structure"] = False
    pages = redrawn(tmp_path / "dropped.duckdb", marts)
    table = block(pages[trajectories.FILE], "candidates").states["lifecycle",]
    assert cells(table)[2][2] == "7"


def test_outcomes_without_structure_name_the_step(tmp_path: Path):
    page = variant(tmp_path, structure=False)[trajectories.FILE]
    table = block(page, "candidates").states["lifecycle",]
    outcomes = [row[1] for row in cells(table)[1:]]
    assert outcomes[0] == "Nearest, but shuffled orders look the same"
    assert set(outcomes[1:]) == {"Dropped: shuffled orders look the same."}


def test_the_radar_average_weighs_customers_and_orders():
    rows = pd.DataFrame(
        {
            "customers": [1, 3],
            "orders": [10, 30],
            "mean_length_days": [0.0, 4.0],
            "mean_recency_days": [8.0, 0.0],
            "mean_frequency_orders": [2.0, 2.0],
            "mean_monetary_amount": [None, 5.0],
            "average_order_amount": [40.0, 80.0],
        }
    )
    assert profiles.averages(rows).to_dict() == {
        "mean_length_days": 3.0,
        "mean_recency_days": 2.0,
        "mean_frequency_orders": 2.0,
        "mean_monetary_amount": 5.0,
        "average_order_amount": 70.0,
    }


def _spokes(trace: dict) -> list[float]:
    """How far from the middle a radar goes on each of its spokes."""
    return [
        round(math.hypot(x, y), 3) for x, y in zip(trace["x"], trace["y"], strict=True)
    ]


def test_a_ratio_of_ten_is_drawn_at_ten():
    powers = radars.scale([10, 0.3, None])
    assert powers == range(-2, 5)
    ratios = [10, 0.3, 1, 0, None]
    names = ["a", "b", "c", "d", "e"]
    figure = radars.figure(names, ratios, powers, theme.mark(1), [])
    *_, average, segment = figure["data"]
    # The inner ring, a quarter, is one from the middle; rings double.
    assert set(_spokes(average)) == {3}
    tenfold, third, same, nothing = (
        math.hypot(segment["x"][place], segment["y"][place]) for place in range(4)
    )
    assert tenfold == pytest.approx(3 + math.log2(10), abs=1e-3)
    assert third == pytest.approx(3 + math.log2(0.3), abs=1e-3)
    assert (same, nothing) == (pytest.approx(3, abs=1e-3), 0)
    assert (segment["x"][4], segment["fill"]) == (None, "none")
    assert tenfold < figure["layout"]["yaxis"]["range"][1]
    said = {mark["text"] for mark in figure["layout"]["annotations"]}
    assert {"1/4", "1", "4", "16"} <= said


def test_radars_reach_as_far_as_the_segments_do(tmp_path: Path):
    marts = made_up.frames()
    profile = marts["marts.fct_segment_profiles"]
    is_champion = profile["segment_id"] == "value-1"
    profile.loc[is_champion, "mean_monetary_amount"] = 1e6
    pages = redrawn(tmp_path / "far.duckdb", marts)
    state = block(pages[segments.FILE], "radars").states["value",]
    for figure in state.figures:
        *decoration, segment = figure["data"]
        assert all(trace["meta"] is False for trace in decoration)
        assert {trace["type"] for trace in figure["data"]} == {"scatter"}
        headers, columns = zip(*segment["meta"]["columns"], strict=True)
        assert headers == ("Measure", "Segment", "All customers", "Ratio")
        measures, own, every, ratios = columns
        place = measures.index("Days since last order")
        assert ratios[place] == pytest.approx(own[place] / every[place], abs=0.02)
        outer = figure["layout"]["yaxis"]["range"][1]
        assert max(it for it in _spokes(segment)) < outer


def test_there_is_one_baseline_and_every_chart_names_it(pages: dict):
    page = pages[segments.FILE]
    rows = made_up.frames()["marts.fct_segment_profiles"]
    is_last = (rows["month"] == made_up.LAST) & (rows["segmentation"] == "value")
    rows = rows[is_last]
    mean = (rows["mean_recency_days"] * rows["customers"]).sum()
    mean /= rows["customers"].sum()
    baseline = "all customers who are in a segment in December 2017"
    for name in ("sizes", "radars", "mix-state"):
        for state in block(page, name).states.values():
            assert baseline in state.subtitle
    for figure in block(page, "radars").states["value",].figures:
        columns = dict(figure["data"][-1]["meta"]["columns"])
        assert columns["All customers"][1] == pytest.approx(mean, abs=0.005)
    every = sum(made_up.SIZES.values())
    bars, dots = block(page, "mix-state").states["value", "value-1"].figures[0]["data"]
    in_state = {number: 0.6 if number == 1 else 0.2 for number in made_up.SIZES}
    of_all = sum(
        round(in_state[number] * customers)
        for number, customers in made_up.SIZES.items()
    )
    assert dots["x"][0] == pytest.approx(100 * of_all / every, abs=0.005)
    assert bars["x"][0] == 60


def test_a_mix_like_that_of_all_customers_is_a_sentence(pages: dict):
    page = pages[segments.FILE]
    key = ("value", "value-2")
    said = _text(block(page, "alike").states[key])
    assert said.startswith("Wealth segment of ")
    assert "all customers who are in a segment in December 2017, as far as" in said
    assert "tate" not in said
    assert not block(page, "mix-wealth-segment").states
    drawn = block(page, "mix-state").states[key]
    assert drawn.title == "State: VIC 79.0 %, against 57.7 % of all customers"
    # Nothing of the three customers is told, not even a verdict.
    hidden = _text(block(page, "alike").states["value", "value-3"])
    assert hidden == f"Who At-Risk Sleepers are: {formats.hidden(5)}"
    assert ("value", "value-3") not in block(page, "mix-state").states


def test_chance_decides_what_differs_as_the_chi_square_test_does():
    for part, size, all_parts, total in [
        (30, 100, 250, 1000),
        (7, 50, 20, 400),
        (60, 61, 500, 1000),
    ]:
        others = [all_parts - part, total - size - all_parts + part]
        expected = chi2_contingency([[part, size - part], others]).pvalue
        assert mixes.p_value(part, size, all_parts, total) == pytest.approx(expected)
    assert mixes.p_value(10, 10, 10, 10) is None


def test_hidden_parts_of_a_mix_decide_nothing(published: Path):
    with PublishedMarts(published, 5) as marts:
        told = mixes.told(Shop(marts))
    hidden = told[~told["is_shown"]]
    assert len(hidden)
    assert hidden["p_value"].isna().all()
    assert not hidden["differs"].any()


def test_many_parts_make_a_difference_less_sure(tmp_path: Path):
    """What one part alone would show, one of a hundred does not."""
    marts = made_up.frames()
    marts["marts.fct_segment_mixes"] = pd.DataFrame(
        {
            "segmentation": "value",
            "segment_id": f"value-{number}",
            "dimension": "state",
            "dimension_value": f"{place:03}",
            "customers": 8 if (number, place) == (1, 0) else 20,
            "customer_share": 0.01,
            "is_shown": True,
        }
        for number in (1, 2)
        for place in range(100)
    )
    with PublishedMarts(
        made_up.write_published(tmp_path / "many.duckdb", marts), 5
    ) as read:
        told = mixes.told(Shop(read))
    assert told["p_value"].min() < mixes.LARGEST_P_VALUE
    assert not told["differs"].any()


def test_segments_that_share_a_persona_are_numbered(tmp_path: Path):
    marts = made_up.frames()
    marts["marts.dim_segments"].loc[
        lambda rows: rows["stage"] == "active", "persona"
    ] = "Steady Supporters"
    pages = redrawn(tmp_path / "same.duckdb", marts)
    (control,) = pages[segments.FILE].sections[-1].beside
    labels = dict(control.options)
    assert labels["lifecycle-1"] == "Steady Supporters (1)"
    assert labels["lifecycle-2"] == "Steady Supporters (2)"


def test_a_living_segment_keeps_its_name_beside_a_retired_one(tmp_path: Path):
    frames = made_up.frames()
    known = frames["marts.dim_segments"].set_index("segment_id")
    name = known.loc["value-1", "persona"]
    known.loc[made_up.RETIRED, "persona"] = name
    frames["marts.dim_segments"] = known.reset_index()
    published = made_up.write_published(tmp_path / "alike.duckdb", frames)
    with PublishedMarts(published) as marts:
        named = segmentations.Segments(marts)
    assert named.name("value-1") == name
    assert named.name(made_up.RETIRED) == f"{name} (9)"


def _sankey(pages: dict, name: str, month: str, cause: str = "all") -> object:
    return block(pages[movement.FILE], "sankey").states[name, month, cause]


def _streams(state: object) -> dict[tuple[str, str], int]:
    """The customers of each stream, by its ends, as the table of the chart has them."""
    (trace,) = state.figures[0]["data"]
    columns = dict(trace["meta"]["columns"])
    ends = zip(columns["From"], columns["To"], strict=True)
    return dict(zip(ends, columns["Customers"], strict=True))


def test_the_sankey_and_heatmap_are_the_migrations(pages: dict):
    month = made_up.MONTHS[-2]
    drawn = _streams(_sankey(pages, "value", month))
    champions = "Loyal Champions"
    assert drawn[champions, champions] == made_up.migrating(month, 1, 1)
    assert drawn["New customers", champions] == made_up.migrating(month, 4, 1)
    assert drawn["Entered", champions] == 12
    heatmap = block(pages[movement.FILE], "heatmap").states["value", month, "all"]
    row = [made_up.migrating(month, 1, end) for end in made_up.SIZES]
    expected = [100 * row[0] / sum(row), 100 * row[1] / sum(row), None]
    shares = heatmap.figures[0]["data"][0]["z"][0]
    assert shares[:2] == pytest.approx(expected[:2], abs=0.05)
    assert shares[2] is None


def test_the_title_names_who_stayed_and_the_largest_move(pages: dict):
    month = made_up.LAST
    title = _sankey(pages, "lifecycle", month).title
    move = f"New customers to {made_up.NASTY}"
    customers = made_up.migrating(month, 4, 2)
    assert title == f"72 % stayed; largest move: {move} ({customers})"


def test_who_stayed_is_one_number_on_every_page(tmp_path: Path):
    """Like for like also in a month with a new map, which is told of by itself."""
    marts = made_up.frames()
    stability = marts["marts.rpt_segment_stability"]
    is_last = stability["month"] == made_up.LAST
    stability.loc[is_last, "stay_share"] = 0.5437
    pages = redrawn(tmp_path / "stayed.duckdb", marts)
    alone = block(pages[stability_page.FILE], "stability").states["lifecycle",].title
    assert alone == "December 2017: 54 % stayed, 40 % would by chance"
    title = _sankey(pages, "lifecycle", made_up.LAST).title
    assert title.startswith("54 % stayed; ")
    assert block(pages[movement.FILE], "redraw").states["lifecycle", made_up.LAST] == ""
    # "value" has a new map.
    title = _sankey(pages, "value", made_up.LAST).title
    assert title.startswith("54 % stayed on the map of before")
    assert "Former Favourites" not in title
    state = block(pages[stability_page.FILE], "stability").states["value",]
    assert "54 % stayed on the map of before" in state.title
    table = cells(block(pages[movement.FILE], "redraw").states["value", made_up.LAST])
    assert table[0] == ["Was in", "Is in", "Customers"]
    redrawn_row = ["Former Favourites", made_up.NASTY, str(made_up.REDRAWN)]
    assert redrawn_row in table
    stays = ["Loyal Champions", "Loyal Champions", "400"]
    assert stays in table
    assert len(table) == 5
    heatmap = block(pages[movement.FILE], "heatmap").states[
        "value", made_up.LAST, "all"
    ]
    assert "tayed" not in heatmap.title


def test_no_verdict_on_a_map_that_was_replaced_goes_without_saying_so(pages: dict):
    page = pages[stability_page.FILE]
    told = "But December 2017 has a new map, of 3 segments in the place of 4"
    for name in ("stability", "refits"):
        assert told in block(page, name).states["value",].note
    assert (
        "agrees with the map of before" in block(page, "refits").states["value",].title
    )
    assert "new map" not in block(page, "stability").states["lifecycle",].note


def test_a_month_is_told_in_the_names_that_it_had(tmp_path: Path):
    marts = made_up.frames()
    profiles, then = marts["marts.fct_segment_profiles"], "Once Beloved"
    is_before = profiles["month"] == made_up.MONTHS[-2]
    is_second = profiles["segment_id"].isin(["value-1", "lifecycle-1"])
    profiles.loc[is_before & is_second, "persona"] = then
    pages = redrawn(tmp_path / "then.duckdb", marts)
    ends = _streams(_sankey(pages, "lifecycle", made_up.LAST))
    froms, tos = {start for start, _ in ends}, {end for _, end in ends}
    assert then in froms - tos
    assert "Loyal Champions" in tos - froms
    before = _streams(_sankey(pages, "lifecycle", made_up.MONTHS[-2]))
    assert then in {end for _, end in before}
    left = block(pages[departures.FILE], "who-left").states["value", "value-1"]
    assert f"customers left {then} in December 2017" in left
    assert "From December 2017 on it is called Loyal Champions" in left
    lines = block(pages[stability_page.FILE], "lifelines").states["value",]
    dots = {t["name"]: t for t in lines.figures[0]["data"] if t["mode"] == "markers"}
    assert dots["split"]["text"] == [f"split off from {then}"]


def test_causes_are_added_up(tmp_path: Path):
    marts = made_up.frames()
    moves = marts["marts.fct_segment_migrations"]
    moved = moves.assign(cause="map redrawn")
    marts["marts.fct_segment_migrations"] = pd.concat([moves, moved])
    pages = redrawn(tmp_path / "causes.duckdb", marts)
    sankey = _sankey(pages, "value", made_up.LAST)
    twice = 2 * made_up.migrating(made_up.LAST, 1, 1)
    assert twice in _streams(sankey).values()


def test_causes_are_drawn_apart(pages: dict):
    month = made_up.LAST
    redrawn = _sankey(pages, "value", month, "map redrawn")
    assert list(_streams(redrawn).values()) == [made_up.REDRAWN]
    assert redrawn.title.startswith("Map redrawn; largest move: Former Favourites to ")
    assert f"({made_up.REDRAWN})" in redrawn.title
    entered = _sankey(pages, "value", month, "entered or left")
    assert list(_streams(entered).values()) == [12] * 4
    behaved = _sankey(pages, "value", month, "behaved differently")
    moved = {made_up.migrating(month, a, b) for a, b in [(1, 2), (2, 4), (4, 1)]}
    drawn = set(_streams(behaved).values())
    assert moved <= drawn
    assert made_up.migrating(month, 1, 1) not in drawn
    # The heatmap keeps the share of all customers of a row, whatever the cause.
    states = block(pages[movement.FILE], "heatmap").states
    row = [made_up.migrating(month, 1, end) for end in made_up.SIZES]
    share = states["value", month, "behaved differently"].figures[0]["data"][0]["z"]
    assert share[0][1] == pytest.approx(100 * row[1] / sum(row), abs=0.05)
    assert ("lifecycle", month, "map redrawn") not in pages[movement.FILE].bar.available


def test_a_month_says_which_map_it_is_seen_on(pages: dict):
    said = block(pages[movement.FILE], "map").states
    assert "December 2017 has a new map" in said["value", made_up.LAST]
    assert said["lifecycle", made_up.LAST] == ""
    seen = block(pages[movement.FILE], "seen-on").states
    assert "drawn on data up to 31 December 2016" in seen["lifecycle", made_up.LAST]
    sentence = seen_on(_first_versions().iloc[:1], "2016-05-01")
    assert "Seen in hindsight: the map of May 2016 was drawn later" in sentence


def _first_versions() -> pd.DataFrame:
    versions = made_up.frames()["marts.dim_model_versions"]
    dates = ["fitted_to", "in_force_from", "in_force_to"]
    versions = versions[versions["segmentation"] == "value"]
    return versions.astype(dict.fromkeys(dates, "datetime64[us]"))


def test_money_lists_the_ten_largest_paths_with_their_intervals(pages: dict):
    month = made_up.LAST
    moves = made_up.frames()["marts.fct_segment_migrations"]
    moves = moves[(moves["segmentation"] == "value") & (moves["month"] == month)]
    for name, rank in (("gains", "gain_rank"), ("losses", "loss_rank")):
        listed = cells(block(pages[movement.FILE], name).states["value", month, "all"])
        expected = moves[moves[rank].notna() & (moves["customers"] >= 5)]
        expected = expected.sort_values(rank).head(10)
        assert [row[2] for row in listed[1:]] == [
            str(customers) for customers in expected["customers"]
        ]
        assert [row[1] for row in listed[1:]] == list(expected["cause"])
        first = expected.iloc[0]
        low, high = first["revenue_change_low_amount"], first.revenue_change_high_amount
        assert listed[1][4] == " to ".join(map(formats.whole_amount, (low, high)))


def test_stability_sets_the_margin_and_the_refits_apart(pages: dict):
    page = pages[stability_page.FILE]
    state = block(page, "stability").states["value",]
    stayed, nearest, chance = state.figures[0]["data"]
    assert (stayed["y"][0], nearest["y"][0], chance["y"][0]) == (0.7, 0.65, 0.4)
    assert stayed["error_y"]["array"][0] == pytest.approx(0.03)
    assert stayed["error_y"]["arrayminus"][0] == pytest.approx(0.02)
    assert "this keeps 5.0 % of customers in place" in state.note
    assert "a new map (December 2017)" in state.note
    refits = block(page, "refits").states["value",]
    assert refits.figures[0]["data"][0]["y"][0] == 0.6
    assert refits.figures[0]["layout"]["shapes"][0]["y0"] == 0.8
    assert refits.subtitle.endswith("the thin line is what is asked for, 0.80")
    assert refits.note == (
        "But December 2017 has a new map, of 3 segments in the place of 4: the number"
        " is about the map of before."
    )
    # No month of the other one was fitted again.
    assert set(block(page, "refits").states) == {("value",)}


def test_life_lines_run_from_birth_to_retirement(pages: dict):
    page = pages[stability_page.FILE]
    state = block(page, "lifelines").states["value",]
    lines = {t["name"]: t["x"] for t in state.figures[0]["data"] if "hoverinfo" in t}
    assert lines["9 Former<br>Favourites"] == [made_up.MONTHS[0], made_up.MONTHS[-2]]
    assert lines["1 Loyal<br>Champions"] == [made_up.MONTHS[0], made_up.LAST]
    assert state.title == "3 segments in use today, 1 retired"
    assert "drawn later, on data up to 31 December 2016" in state.note
    dots = {t["name"]: t for t in state.figures[0]["data"] if t["mode"] == "markers"}
    assert dots["split"]["text"] == ["split off from Loyal Champions"]
    said = dots["survived"]["text"][0]
    assert "survived (overlap 0.77)" in said
    assert "renamed from &lt;/script&gt;" in said
    listed = cells(block(page, "events").states["value",])
    merged = next(row for row in listed if row[2].startswith("merged"))
    assert merged[:2] == ["Former Favourites (value-9)", "November 2017"]
    assert merged[2].startswith("merged into")
    assert len(merged) == 3


def test_expected_sizes_are_those_from_the_latest_month(pages: dict):
    state = block(pages[outlook.FILE], "sizes").states["value",]
    for figure, horizon in zip(state.figures, (1, 3, 6), strict=True):
        today, coming = figure["data"]
        # Segment 3 has three customers.
        assert today["x"] == [made_up.SIZES[number] for number in (1, 2, 4)]
        assert coming["x"] == [made_up.expected(n, horizon) for n in (1, 2, 4)]
        assert coming["error_x"]["array"] == [3, 3, 3]
        assert coming["error_x"]["arrayminus"] == [2, 2, 2]
    assert [caption.split(": ")[1] for caption in state.captions] == [
        "the chain",
        "the chain",
        "same as now",
    ]
    assert "At 6 months too little is known" in state.note
    record = block(pages[outlook.FILE], "record").states["value",]
    assert "1 month ahead: The backtest of value says 1." in record
    listed = cells(record)
    assert [row[1] for row in listed[2:]] == ["the chain", "same as now"]
    assert listed[1] == [
        "1 month",
        "the chain",
        "15",
        "7.3 %",
        "9.5 %",
        "81.0 %",
    ]


def test_departures_on_paths_that_are_shown_are_counted(pages: dict):
    page = pages[departures.FILE]
    key = ("value", "value-1")
    sentence = block(page, "who-left").states[key]
    assert "17 customers left Loyal Champions in December 2017: 17 behaved" in sentence
    assert "of the last twelve months: 1,700." in sentence
    keeping = block(page, "keeping").states[key]
    # Three would have been kept by two orders: with the total, five would tell them.
    assert keeping.figures[0]["data"][0]["x"] == [9]
    assert keeping.title == "What would have kept them"
    assert "could be computed" in keeping.note
    assert "From December 2017 on it is called Loyal Champions" in sentence
    # Two left lifecycle-1, on a path that is hidden.
    assert set(block(page, "who-left").states) == {key}


def test_retired_segments_stand_on_no_other_page(folder: Path):
    seen = {name for name in FILES if "Former Favourites" in text_of(folder / name)}
    assert seen == {movement.FILE, stability_page.FILE}


def test_groups_of_a_chosen_trial_carry_the_names_of_their_segments(tmp_path: Path):
    marts = made_up.frames()
    centres = marts["marts.fct_trial_centroids"]
    chosen = centres["segmentation_trial_id"] == "lifecycle-warped-3"
    numbers = {1: 2, 2: 1, 3: 3}
    marts["marts.fct_trial_centroids"] = centres.assign(
        segment_id=[
            f"lifecycle-{numbers[number]}" if is_chosen else None
            for number, is_chosen in zip(centres["cluster_number"], chosen, strict=True)
        ]
    )
    pages = redrawn(tmp_path / "numbers.duckdb", marts)
    state = shown(pages, "paths", "lifecycle", "warped", 3)
    paths = {path["name"]: path for path in state.figures[0]["data"]}
    nasty = html.escape(made_up.NASTY, quote=False)
    assert list(paths) == ["Loyal Champions", nasty, "At-Risk Sleepers"]
    assert paths[nasty]["y"][0] == made_up.centre("warped", 3, 1, 1, 0)
    assert paths[nasty]["line"] == theme.mark(2).line
    written = [it["text"] for it in state.figures[0]["layout"]["annotations"]]
    assert "Loyal Champions<br>(33.3 %)" in written
    assert "Group" not in state.title
    blades = shown(pages, "blades", "lifecycle", "warped", 3).figures[0]["data"]
    assert [blade["name"] for blade in blades] == list(paths)
    assert blades[1]["x"] == sorted(made_up.blade(3, 1))
    other = shown(pages, "paths", "lifecycle", "warped", 4).figures[0]["data"]
    assert [path["name"] for path in other] == [f"Group {n}" for n in range(1, 5)]
    assert other[0]["y"][0] == made_up.centre("warped", 4, 1, 1, 0)


def test_what_is_shown_but_not_in_use_says_so(pages: dict):
    states = block(pages[trajectories.FILE], "in-use").states
    used = made_up.state("lifecycle", "warped", 3)
    assert used not in states
    near = str(states[made_up.state("lifecycle", "warped", 5)])
    assert "Shown: k = 5, not in use." in near
    assert ">In use: k = 3</a>" in near
    far = str(states[made_up.state("lifecycle", "plain", 3)])
    assert f">In use: {made_up.WORDS['lifecycle', 'warped']}, k = 3</a>" in far
    ((file, state),) = _links(far)
    assert (file, state) == (
        trajectories.FILE,
        dict(zip(("segmentation", "candidate", "k"), used, strict=True)),
    )


def test_nine_segments_differ_in_their_marks():
    marks = {theme.mark(number) for number in range(1, 65)}
    assert len(marks) == 64


def _forecast_state(pages: dict, name: str, *values: str) -> object:
    return block(pages[forecast.FILE], name).states[values]


def _trace(figure: dict, mode: str) -> dict | None:
    """The thick line ("lines+markers"), the thin one ("lines") or the dots."""
    found = [t for t in figure["data"] if t["mode"] == mode and "fill" not in t]
    return found[0] if found else None


def label(model: str) -> str:
    """What pages call a forecast model."""
    return namings()[model].label


def _text(fragment: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", fragment))).strip()


def test_forecast_shows_the_published_model_and_prophet_beside_it(pages: dict):
    horizons = range(1, 7)
    for definition in made_up.DEFINITIONS:
        for shown, model, beside in (
            ("published", "seasonal_naive", "prophet"),
            ("prophet", "prophet", "seasonal_naive"),
        ):
            state = _forecast_state(
                pages, "forecast", definition, "total", "total", shown
            )
            for mode, name in (("lines+markers", model), ("lines", beside)):
                line = _trace(state.figures[0], mode)
                assert line["name"] == label(name)
                assert line["y"] == heights(
                    made_up.forecast("total", name, h, definition) for h in horizons
                )


def test_a_further_forecast_model_is_named_and_explained(tmp_path, monkeypatch):
    method = Method(
        name="median of the seasons",
        description="Every month is the median of its kind.",
        forecast=lambda amounts, horizon: forecast_of(amounts[:horizon]),
    )
    monkeypatch.setitem(METHODS, "seasonal_median", method)
    marts = made_up.frames()
    for mart in ("fct_revenue_forecasts", "fct_forecast_backtests"):
        frame = marts[f"marts.{mart}"].replace("seasonal_naive", "seasonal_median")
        marts[f"marts.{mart}"] = frame
    accuracy = marts["marts.rpt_forecast_accuracy"]
    accuracy["model"] = accuracy["model"].replace("seasonal_naive", "seasonal_median")
    found = built(made_up.write_published(tmp_path / "median.duckdb", marts))
    values = ("cohort", "total", "total", "seasonal_median")
    state = _forecast_state(found, "forecast", *values)
    assert _trace(state.figures[0], "lines+markers")["name"] == method.label
    (model,) = found[forecast.FILE].sections[0].beside
    assert ("seasonal_median", method.label) in model.options
    text = _text(block(found[forecast.FILE], "accuracy").states["cohort", "total"])
    assert f"{method.label} ●" in text
    assert f"{method.label}: {method.description}" in text


def test_prophet_stands_not_beside_prophet(tmp_path: Path):
    marts = made_up.frames()
    forecasts = marts["marts.fct_revenue_forecasts"]
    daily = {"seasonal_naive": "prophet_daily"}
    marts["marts.fct_revenue_forecasts"] = forecasts.replace({"model": daily})
    pages = redrawn(tmp_path / "daily.duckdb", marts)
    state = _forecast_state(pages, "forecast", "stock", "total", "total", "published")
    assert _trace(state.figures[0], "lines+markers")["name"] == "Prophet on days"
    assert _trace(state.figures[0], "lines") is None
    forecasts["is_published"] = forecasts["model"] == "prophet"
    marts["marts.fct_revenue_forecasts"] = forecasts
    pages = redrawn(tmp_path / "prophet.duckdb", marts)
    key = ("cohort", "total", "total")
    state = _forecast_state(pages, "forecast", *key, "published")
    assert _trace(state.figures[0], "lines") is None
    said = _forecast_state(pages, "decision", *key)
    assert said.count("<li>") == 1
    assert ": prophet." in said
    other = _forecast_state(pages, "forecast", *key, "seasonal_naive")
    assert _trace(other.figures[0], "lines")["name"] == "Prophet on months"


def test_history_and_sentence_belong_to_the_definition(pages: dict):
    for definition, newcomers in (("cohort", "not in it"), ("stock", "are in it")):
        state = _forecast_state(
            pages, "forecast", definition, "value", "value-1", "published"
        )
        assert _trace(state.figures[0], "markers")["y"][1:] == [
            made_up.revenue("value-1", month, definition)
            for month in made_up.MONTHS[1:]
        ]
        assert state.title.startswith("Today's members of Loyal Champions") == (
            definition == "cohort"
        )
        for name in ("value", "total"):
            said = _text(_forecast_state(pages, "definition", definition, name))
            assert "Newcomers" in said or "Customers who come later" in said
            assert newcomers in said
    said = _text(_forecast_state(pages, "definition", "cohort", "value"))
    assert "at the end of December 2017" in said


def test_bands_run_up_the_upper_and_back_along_the_lower_bound(pages: dict):
    state = _forecast_state(pages, "forecast", "cohort", "total", "total", "published")
    wide, narrow = state.figures[0]["data"][:2]
    first = made_up.forecast("total", "seasonal_naive", 1)
    assert (wide["name"], narrow["name"]) == ("95 % band", "80 % band")
    for band, margin in ((wide, 200), (narrow, 100)):
        ends = heights([first + margin, first - margin], FEWER_DIGITS)
        assert [band["y"][0], band["y"][-1]] == ends


def test_the_decision_is_told_with_the_record_of_prophet(pages: dict):
    said = _text(_forecast_state(pages, "decision", "cohort", "value", "value-2"))
    assert said == (
        "Published: Last year repeated. Enough is known of value-2."
        f" The record of {made_up.NASTY}: seasonal_naive."
        f" The record of {made_up.NASTY}: prophet."
        f" {MASE}"
    )


def test_a_refusal_is_told_with_its_reason(pages: dict):
    page = pages[forecast.FILE]
    available = page.sections[0].choices.available
    offered = [values for values in available if values[:3] == made_up.REFUSED]
    assert offered == [(*made_up.REFUSED, "published")]
    state = _forecast_state(pages, "forecast", *offered[0])
    assert state.figures == []
    assert state.title.endswith(f"no forecast is published. {made_up.REFUSAL}")
    assert _text(_forecast_state(pages, "decision", *made_up.REFUSED)) == (
        made_up.REFUSAL
    )


def test_a_young_series_says_that_prophet_and_the_past_are_missing(pages: dict):
    key = ("stock", "lifecycle", made_up.YOUNG)
    assert NO_PROPHET in _text(_forecast_state(pages, "decision", *key))
    state = _forecast_state(pages, "forecast", *key, "published")
    assert _trace(state.figures[0], "lines") is None
    assert "prophet" not in {
        values[3]
        for values in pages[forecast.FILE].sections[0].choices.available
        if values[:3] == key
    }
    past = _forecast_state(pages, "backtests", *key, "published")
    assert past.figures == []
    assert "has come due yet" in past.title


def _few_digits(amounts: Iterable[float]) -> list[float]:
    """Amounts as small charts have them: a reader is shown three digits."""
    return [float(f"{amount:.3g}") for amount in amounts]


def test_backtests_are_the_newest_whose_months_have_come(pages: dict):
    key = ("value", "value-2", "published")
    state = _forecast_state(pages, "backtests", "stock", *key)
    assert state.captions == [
        "Known until January 2017: Last year repeated, in hindsight",
        "Known until February 2017: Last year repeated",
        "Known until March 2017: Last year repeated",
        "Known until April 2017: Last year repeated",
        "Known until May 2017: Last year repeated",
        "Known until June 2017: Prophet on months",
    ]
    assert "In hindsight: the segments of that month were found later" in state.note
    first, *_, last = state.figures
    for figure in (first, last):
        assert _trace(figure, "lines+markers")["y"] == _few_digits(
            made_up.forecast("value-2", "published", h, "stock") for h in range(1, 7)
        )
    assert _trace(last, "markers")["y"] == _few_digits(
        made_up.revenue("value-2", month, "stock") for month in made_up.MONTHS[18:24]
    )
    assert _trace(first, "lines")["y"] == _few_digits(
        made_up.forecast("value-2", "prophet", h, "stock") for h in range(1, 7)
    )
    # From there, Prophet was published itself.
    assert _trace(last, "lines") is None
    total = _forecast_state(pages, "backtests", "stock", "total", "total", "prophet")
    assert total.captions[0] == "Known until January 2017"


def test_many_series_show_fewer_origins_each():
    assert [backtests.most_origins(n) for n in (1, 833, 834, 1700, 9999)] == [
        6,
        6,
        5,
        2,
        1,
    ]


def test_the_title_of_backtests_is_the_error_of_all_origins(pages: dict):
    state = _forecast_state(pages, "backtests", "cohort", "total", "total", "published")
    rows = made_up.frames()["marts.fct_forecast_backtests"]
    rows = rows[(rows["definition"] == "cohort") & (rows["model"] == "published")]
    rows = rows[rows["segment_id"] == "total"]
    off = (rows["forecast_amount"] - rows["actual_amount"]).abs().sum()
    share = formats.share(off / rows["actual_amount"].sum())
    assert state.title == (
        f"What was published was off by {share} of revenue in 51 past months"
    )
    assert state.subtitle.startswith("Today's customers: revenue per month (amount)")


def test_what_few_customers_spent_is_not_in_backtests(pages: dict):
    few = pd.Timestamp(made_up.FEW_AT)
    for definition in made_up.DEFINITIONS:
        key = ("lifecycle", made_up.FEW, "prophet")
        state = _forecast_state(pages, "backtests", definition, *key)
        # Few were in the segment in May 2017: neither an origin, nor shown as come.
        assert f"Known until {formats.month(few)}" not in state.captions
        figure = state.figures[state.captions.index("Known until April 2017")]
        came = _trace(figure, "markers")
        assert came["x"][0] == made_up.FEW_AT
        assert (came["y"][0] is None) == (definition == "stock")
        assert ("fewer than 5 customers" in state.note) == (definition == "stock")


def test_the_certificate_is_the_measured_coverage(pages: dict):
    said = _text(_forecast_state(pages, "certificate", "stock", "value", "published"))
    assert said == (
        "Of 8 backtested months, 79.0 % fell inside the 80 % band (promise 80 %)."
        " 94.0 % fell inside the 95 % band (promise 95 %)."
    )
    key = ("cohort", "total", "published")
    verdict = _text(_forecast_state(pages, "certificate", *key))
    assert verdict == f"○ cannot be told {said}"


def test_the_record_under_a_chart_is_that_of_its_model(tmp_path: Path):
    marts = made_up.frames()
    accuracy = marts["marts.rpt_forecast_accuracy"]
    is_prophet = accuracy["model"] == "prophet"
    accuracy.loc[is_prophet, "coverage_80"] = 0.431
    pages = redrawn(tmp_path / "prophet.duckdb", marts)
    key = ("cohort", "value", "prophet")
    said = _text(_forecast_state(pages, "certificate", *key))
    assert said.startswith("Of 8 backtested months of Prophet on months, 43.1 % fell")
    # Claims are made of what was published only.
    assert "holds" not in said
    assert "43.1 %" not in _text(
        _forecast_state(pages, "certificate", "cohort", "value", "published")
    )


def test_both_bands_have_a_verdict(tmp_path: Path):
    marts = made_up.frames()
    claims = marts["audit.rpt_claims"]
    claims.loc[:1, "claim_id"] = ["coverage-stock-value", "coverage95-stock-value"]
    claims.loc[:1, "verdict"] = ["holds", "fails"]
    pages = redrawn(tmp_path / "bands.duckdb", marts)
    key = ("stock", "value", "published")
    said = _text(_forecast_state(pages, "certificate", *key))
    assert said.startswith("✓ holds Of 8")
    assert "✗ fails 94.0 % fell inside the 95 % band" in said


def test_errors_are_set_beside_those_of_the_same_months(tmp_path: Path):
    marts = made_up.frames()
    accuracy = marts["marts.rpt_forecast_accuracy"]
    accuracy["published_mase"] = accuracy["mase"] + 0.111
    pages = redrawn(tmp_path / "months.duckdb", marts)
    listed = cells(_forecast_state(pages, "accuracy", "cohort", "value"))
    place = listed[0].index("Of what was published, same months")
    assert listed[3][place - 1 : place + 1] == ["1.250", "1.361"]


def test_a_higher_score_that_was_not_chosen_says_why(tmp_path: Path):
    marts = made_up.frames()
    trials = marts["marts.fct_segmentation_trials"]
    is_other = (trials["representation"] == "smoothed") & (trials["k"] == 8)
    trials.loc[is_other, "score"] = 0.435
    pages = redrawn(tmp_path / "tie.duckdb", marts)
    table = cells(block(pages[trajectories.FILE], "candidates").states["lifecycle",])
    (said,) = [row[1] for row in table if "0.435" in row[1]]
    assert "against" not in said
    assert "too close" in said


def test_a_structure_that_cannot_be_told_is_neither_believed_nor_denied(
    tmp_path: Path,
):
    marts = made_up.frames()
    marts["audit.rpt_claims"].loc[0, ["claim_id", "verdict"]] = [
        "structure-lifecycle",
        "cannot be told",
    ]
    pages = redrawn(tmp_path / "open.duckdb", marts)
    text = block(pages[trajectories.FILE], "verdict").states["lifecycle",]
    assert "Whether these 3 groups are segments cannot be told" in text
    assert "can be believed" not in text
    findings = block(pages[overview.FILE], "findings").states[()]
    assert "cannot be told" in findings


def test_verdicts_are_those_of_claims(tmp_path: Path):
    """A page says of a question what is claimed, whatever other columns say."""
    marts = made_up.frames()
    stability = marts["marts.rpt_segment_stability"]
    stability[["customers_verdict", "map_verdict"]] = "stable"
    pages = redrawn(tmp_path / "verdicts.duckdb", marts)
    page = pages[stability_page.FILE]
    assert "✗ fails" in block(page, "claim-stability").states["value",]
    for name in ("stability", "refits"):
        for state in block(page, name).states.values():
            assert "stable" not in (state.note or "")


def test_a_p_that_no_shuffle_reached_is_named_by_their_number():
    assert formats.p_value(1 / 21, 20) == "fewer than 1 in 21"
    assert formats.p_value(2 / 21, 20) == "0.095"
    assert formats.p_value(1 / 21, None) == "0.048"
    assert formats.p_value(None, 20) == formats.NOTHING


def test_bands_that_nothing_has_calibrated_are_called_a_guess(pages: dict):
    key = ("cohort", "value", made_up.UNCALIBRATED, "published")
    assert UNCALIBRATED in _forecast_state(pages, "forecast", *key).note
    key = ("cohort", "value", "value-2", "published")
    assert UNCALIBRATED not in _forecast_state(pages, "forecast", *key).note


def test_accuracy_lists_all_models_the_published_first(pages: dict):
    fragment = _forecast_state(pages, "accuracy", "cohort", "value")
    errors = cells(fragment)
    bands = cells(_forecast_state(pages, "bands", "cohort", "value"))
    for listed in (errors, bands):
        assert [row[0] for row in listed[1:]] == [
            "What was published",
            "Last year repeated ●",
            "Prophet on months",
        ]
    assert errors[3][1:] == ["12", "1.250", "0.920", "+0.310", "0.020", "0.120"]
    assert bands[3][1:] == ["79.0 %", "94.0 %", "4.50", "6.50", "43.0 %", "7.50"]
    assert "Left out: 3 months seen in hindsight" in fragment
    assert "<li>seasonal_naive stays.</li>" in fragment
    total = _forecast_state(pages, "accuracy", "cohort", "total")
    assert "hindsight" not in total


def test_claims_stand_beside_the_accuracy_that_they_are_made_of(tmp_path: Path):
    marts = made_up.frames()
    claims = marts["audit.rpt_claims"]
    claims.loc[0, "claim_id"] = "prophet-stock-value"
    pages = redrawn(tmp_path / "claims.duckdb", marts)
    said = _text(_forecast_state(pages, "accuracy", "stock", "value"))
    assert said.startswith("✓ holds Segments are real")
    other = _text(_forecast_state(pages, "accuracy", "cohort", "value"))
    assert "✓" not in other


def test_two_views_are_set_side_by_side(pages: dict):
    state = block(pages[forecast.FILE], "views").states["value",]
    # The segment of three customers is not shown.
    for figure, horizon in zip(state.figures, (1, 3, 6), strict=True):
        continued, moved = figure["data"]
        told = [made_up.viewed(number, horizon) for number in (1, 2, 4)]
        assert continued["x"] == [amounts[0] for amounts in told]
        assert moved["x"] == [amounts[1] for amounts in told]
    assert state.captions[0] == "In 1 month, January 2018"
    assert state.title == (
        "The two ways differ most for New customers, in January 2018: 4,000 and 4,880"
    )
    record = cells(block(pages[forecast.FILE], "views-record").states["value",])
    # Where 1,100 came, the first view said 1,001, the second 1,220.
    assert record[1] == ["1 month", "2", "9.1 %", "10.9 %", "continued"]
    assert ["Loyal Champions", "January 2018", "1,001", "400", "3.05"] in [
        row[:5] for row in record
    ]
    # The third view is of the same customers: 1,000 came, 990 and 900 were said.
    assert ["1 month", "2", "1.0 %", "10.0 %", "continued"] in record
    assert ["Loyal Champions", "January 2018", "990.00", "900.00"] in record
    other = block(pages[forecast.FILE], "views-record").states["lifecycle",]
    assert "worth: Not known." in _text(other)
    # Of all customers together there is one view only.
    assert ("total",) not in block(pages[forecast.FILE], "views").states


def test_what_states_have_in_common_is_written_once(folder: Path):
    data = raw_data(folder / forecast.FILE)
    states = data["blocks"]["backtests"]["states"].values()
    figures = [figure for state in states for figure in state["figures"]]
    for figure in figures:
        assert set(figure) == {"data", "layout"}
        assert set(figure["data"]) == set(figure["layout"]) == {"~"}
    assert len(data["shared"]) < len(figures) / 2


def test_quality_lists_what_the_data_left_open(pages: dict):
    findings = block(pages[quality.FILE], "findings").states[()]
    assert "Unknown status" in findings
    assert "1,200" in findings


def test_quality_counts_rows_by_reason(pages: dict):
    page = pages[quality.FILE]
    bars = block(page, "rejections").states[()].figures[0]["data"][0]
    assert bars["x"] == [600, 300]
    assert block(page, "rejections").states[()].title == (
        "Most rows not accepted: null customer, 600 of 900"
    )
    table = block(page, "reconciliation").states[()]
    assert "20,000" in table
    assert "✓ yes" in table


# -- What the marts say, and nobody else ---------------------------------------


def test_pages_import_nothing_of_what_computes():
    """Nor do they take text apart (re): what they show is a column.

    Still pictures alone read what is drawn already.
    """
    imported, apart = set(), set()
    for path in Path(site.__file__).parent.rglob("*.py"):
        if "superset" in path.parts:
            continue
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{name.name}" for name in node.names}
        imported |= names
        if "re" in {name.split(".")[0] for name in names}:
            apart.add(path.name)
    ours = {name for name in imported if name.split(".")[0] == "trajectories"}
    pages = {name for name in ours if name.startswith("trajectories.dashboards.")}
    assert pages
    assert ours - pages == set()
    assert apart == {"still.py"}


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=9), st.integers(1, 12))
def test_pages_hide_what_the_marts_would(counts: list[int], smallest_cell: int):
    hidden = small_cells.rest_of(counts, smallest_cell)
    assert hidden.tolist() == disclosure.rest_of(counts, smallest_cell).tolist()


OTHER_THRESHOLDS = {
    "least_gain": (0.123, "at least 0.123, p at most 0.05"),
    "largest_p_value": (0.0123, "at least 0.02, p at most 0.0123"),
    "least_persistence_gap": (0.123, "or at least 0.123, p at most 0.05"),
    "least_customers": (123, "at least 123"),
    "least_stability": (0.123, "at least 0.123"),
    "least_share": (0.123, "at least 12.3 % and 5 customers"),
    "least_group": (123, "at least 2.0 % and 123 customers"),
    "least_predictive_r2": (0.123, "at least 12.3 %; RFM groups"),
}


def test_each_threshold_of_the_rule_is_that_of_its_trial(tmp_path: Path):
    assert (
        OTHER_THRESHOLDS.keys() == choice.THRESHOLDS.keys() == made_up.THRESHOLDS.keys()
    )
    trials = made_up.frames()["marts.fct_segmentation_trials"]
    others = ("audit.rpt_claims", "marts.fct_trial_nulls")
    beside = {mart: made_up.frames()[mart] for mart in others}
    for name, (value, said) in OTHER_THRESHOLDS.items():
        changed = trials.assign(**{name: value})
        marts = {**beside, "marts.fct_segmentation_trials": changed}
        with PublishedMarts(
            made_up.write_published(tmp_path / f"{name}.duckdb", marts)
        ) as read:
            text = verdicts.verdict(read, ["lifecycle"]).states["lifecycle",]
        assert said in text, name


def test_lines_of_stability_are_what_its_verdicts_were_held_against(tmp_path: Path):
    marts = dict(unchanged(made_up.frames).frames)
    marts["marts.rpt_segment_stability"] = marts["marts.rpt_segment_stability"].assign(
        stable_stay_share=0.77, stable_refit_agreement=0.66
    )
    marts["marts.fct_segment_events"] = marts["marts.fct_segment_events"].assign(
        event="changed", least_overlap=0.22, surviving_overlap=0.55
    )
    page = redrawn(tmp_path / "asked.duckdb", marts)[stability_page.FILE]
    for name, line in (("stability", 0.77), ("refits", 0.66)):
        state = block(page, name).states["value",]
        assert state.figures[0]["layout"]["shapes"][0]["y0"] == line
        assert f"the thin line is what is asked for, {line}" in state.subtitle
    legend = block(page, "lifelines").states["value",].legend
    assert "changed (overlap of 0.22 to 0.55)" in legend


def test_what_became_of_a_trial_is_told_from_its_columns(tmp_path: Path):
    trials = made_up.frames()["marts.fct_segmentation_trials"]
    told = {"chosen_by": "silhouette", "reason": "Dropped: of no use (k = 3)."}
    marts = dict(unchanged(made_up.frames).frames)
    marts["marts.fct_segmentation_trials"] = trials.assign(**told)
    page = redrawn(tmp_path / "told.duckdb", marts)[trajectories.FILE]
    table = cells(block(page, "candidates").states["lifecycle",])
    assert [row[1] for row in table[1:3]] == [
        "Chosen ●",
        "Not chosen: silhouette 0.400 against silhouette 0.500",
    ]


def test_only_names_are_called_names_without_evidence(tmp_path: Path):
    """A number, an id and all customers together claim nothing of anybody."""
    marts = made_up.frames(structure=False)
    of_all = {"persona": "All active customers", "is_named": False}
    marts["marts.dim_segments"] = marts["marts.dim_segments"].assign(**of_all)
    page = redrawn(tmp_path / "all.duckdb", marts)[segments.FILE]
    assert "Names without evidence" not in "".join(page.banners)
    marts["marts.dim_segments"]["is_named"] = True
    page = redrawn(tmp_path / "named.duckdb", marts)[segments.FILE]
    assert "Names without evidence" in "".join(page.banners)


# -- What is missing -----------------------------------------------------------


def test_marts_without_rows_give_pages_that_say_so(tmp_path: Path):
    marts = {name: frame.iloc[:0] for name, frame in made_up.frames().items()}
    empty = made_up.write_published(tmp_path / "empty.duckdb", marts)
    build_site(empty, tmp_path / "site")
    sentences = {
        overview.FILE: "There is no complete month yet",
        segments.FILE: "No customers have been told apart yet.",
        trajectories.FILE: "No segmentation has been tried yet.",
        movement.FILE: "No month-to-month movement is known yet.",
        stability_page.FILE: "Stability has not been measured yet.",
        departures.FILE: "Nobody is known to have left",
        outlook.FILE: "Nothing can be said of next month yet.",
        forecast.FILE: "No forecast has been made yet.",
        quality.FILE: "No input has been reconciled yet.",
    }
    for file, sentence in sentences.items():
        assert sentence in text_of(tmp_path / "site" / file)


def _value_only() -> dict[str, pd.DataFrame]:
    """A smaller shop, for tests that draw it many times."""
    marts = made_up.frames()
    for name, frame in marts.items():
        if "segmentation" in frame:
            frame = frame[frame["segmentation"].isin(["value", "total"])]
        if "k" in frame:
            frame = frame[frame["k"] <= 3]
        marts[name] = frame
    return marts


@pytest.mark.parametrize("mart", sorted(made_up.frames()))
def test_each_mart_may_be_empty_but_not_missing(mart: str, tmp_path: Path):
    marts = dict(unchanged(_value_only).frames)
    frame = marts.pop(mart)
    with pytest.raises(UnreadableMartsError, match=f"and {mart} .* no such mart: "):
        redrawn(tmp_path / "missing.duckdb", marts, _value_only)
    marts[mart] = frame.iloc[:0]
    assert redrawn(tmp_path / "empty.duckdb", marts, _value_only)


@pytest.mark.parametrize(
    ("mart", "column"),
    [
        ("marts.fct_segmentation_trials", "gain"),
        ("marts.fct_segmentation_trials", "shortcoming"),
        ("marts.fct_segmentation_trials", "is_elbow"),
        ("marts.dim_segments", "valid_to"),
        ("marts.rpt_segment_stability", "stable_refit_agreement"),
        ("marts.fct_segment_events", "surviving_overlap"),
        ("marts.fct_segment_expectations", "is_band_tested"),
        ("marts.fct_rejected_rows", "reason_code"),
        ("audit.rpt_claims", "reproduce_with"),
    ],
)
def test_a_missing_column_is_named_in_a_sentence(
    mart: str, column: str, tmp_path: Path, capsys: pytest.CaptureFixture
):
    marts = made_up.frames(structure=column != "shortcoming")
    published = made_up.write_published(tmp_path / "older.duckdb", marts)
    with duckdb.connect(str(published)) as connection:
        connection.execute(f"alter table {mart} drop column {column}")
    assert command.main([str(published), str(tmp_path / "site")]) == 1
    said = capsys.readouterr().err
    assert re.search(rf"found no column [^:]*\b{column}\b[^:]*: it was published", said)
    assert "`make build`" in said
    assert not (tmp_path / "site").exists()


def test_a_mistake_in_a_page_is_none_of_the_marts(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(overview, "build", lambda marts: {}["month"])
    with pytest.raises(KeyError, match="month"):
        build_site(published, tmp_path / "site")


def test_all_measures_may_be_null(tmp_path: Path):
    marts = _value_only()
    for name, frame in marts.items():
        measures = frame.select_dtypes(include=["float", "bool", "boolean"]).columns
        nulls = frame.assign(**dict.fromkeys(measures))
        marts[name] = nulls.astype(dict.fromkeys(measures, "float"))
    # Complete months stay, so that their measures are drawn.
    marts["marts.fct_shop_months"]["is_complete"] = True
    build_site(made_up.write_published(tmp_path / "1.duckdb", marts), tmp_path / "site")


def test_a_missing_file_is_one_sentence_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    missing = tmp_path / "nowhere.duckdb"
    assert command.main([str(missing), str(tmp_path / "site")]) == 1
    said = capsys.readouterr().err
    assert str(missing) in said
    assert "make build" in said
    assert not (tmp_path / "site").exists()


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path):
    wrong = tmp_path / "wrong.duckdb"
    wrong.write_text("not a database " * 500)
    with pytest.raises(UnreadableMartsError, match="cannot open it"):
        build_site(wrong, tmp_path / "site")


def test_the_command_reads_the_build_folder_and_smallest_cell_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    made_up.write_published(
        tmp_path / "published" / "trajectories.duckdb", _value_only()
    )
    monkeypatch.setenv("TRAJECTORIES_BUILD", str(tmp_path))
    monkeypatch.setenv("TRAJECTORIES_SMALLEST_CELL", "1")
    assert command.main([]) == 0
    assert str(tmp_path / "site" / "index.html") in capsys.readouterr().out
    assert "777.77" in text_of(tmp_path / "site" / segments.FILE)
    # What has to be hidden with fewer than 300 was not decided when it was built.
    monkeypatch.setenv("TRAJECTORIES_SMALLEST_CELL", "300")
    assert command.main([]) == 1
    assert "build with --vars 'smallest_cell: 300'" in capsys.readouterr().err


def test_the_published_file_is_only_read(published: Path, tmp_path: Path):
    before = published.read_bytes()
    with duckdb.connect(str(published), read_only=True):
        build_site(published, tmp_path / "site")
    assert published.read_bytes() == before
