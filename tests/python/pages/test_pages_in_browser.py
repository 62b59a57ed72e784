"""The pages in a real browser: from disk, without a network, on desk and phone."""

import csv
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import dashboards_fixtures as made_up
import pytest
from environments import BROWSER_ARGUMENTS
from playwright.sync_api import Browser, Page, expect, sync_playwright
from real_builds import PROJECT, Build
from trajectories.dashboards import build_site
from trajectories.dashboards.charts.revenue import FEWER_DIGITS, heights
from trajectories.dashboards.site import PAGES

ROOT = PROJECT
AXE = PROJECT / "tests" / "python" / "axe.min.js"
FILES = [module.FILE for module in PAGES]
WIDTHS = {"desk": (1280, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        sentence = (
            "The pages are tested in Chromium, which was not found:"
            " install it with `apt-get install chromium`."
        )
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=BROWSER_ARGUMENTS
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pages")
    published = made_up.write_published(target / "made-up.duckdb", made_up.frames())
    build_site(published, target / "site")
    return target / "site"


# Looks at charts, all or those of one block, until they are drawn: pages draw what is
# looked at, and a script may not be made of a text there.
LOOK = """async (block) => {
  document.querySelectorAll('details.proof').forEach((fold) => { fold.open = true; });
  const charts = document.querySelectorAll(block ? `#${block}` : 'figure');
  const isDrawn = (chart) => !chart.dataset.waits
    && [...chart.querySelectorAll('.plot')].every((plot) => plot.calcdata);
  for (const chart of [...charts].filter((each) => each.offsetParent)) {
    chart.scrollIntoView();
    for (let turn = 0; turn < 400 && !isDrawn(chart); turn += 1) {
      await new Promise((done) => setTimeout(done, 25));
    }
    if (!isDrawn(chart)) throw new Error(`${chart.id} is not drawn`);
  }
  window.scrollTo(0, 0);
}"""


class Reader:
    """One browser window that has no network and forgives nothing."""

    def __init__(self, browser: Browser, width: int, height: int) -> None:
        self.complaints: list[str] = []
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True
        )
        self.page: Page = context.new_page()
        self.page.on(
            "console", lambda said: self.complaints.append(f"says {said.text}")
        )
        self.page.on(
            "pageerror", lambda error: self.complaints.append(f"fails {error}")
        )
        self.page.on("dialog", self._close)
        self.page.on("request", self._watch)

    def _close(self, dialog: object) -> None:
        self.complaints.append(f"opens a dialog: {dialog.message}")
        dialog.dismiss()

    def _watch(self, request: object) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.complaints.append(f"asks for {request.url}")

    def open(self, folder: Path, file: str, state: str = "") -> None:
        """Open a page in a state ("#segment=...") and look at every chart of it."""
        self.page.goto((folder / file).as_uri() + state)
        self.look()

    def look(self, block: str = "") -> None:
        """Look at every chart of the page, or at one, until it is drawn."""
        self.page.evaluate(LOOK, block)

    def data(self, block: str, place: int = 0) -> list[dict]:
        """The data that Plotly drew in one of the plots of a chart."""
        self.look(block)
        return self.page.evaluate(
            """([block, place]) =>
              document.querySelectorAll(`#${block} .plot`)[place].data""",
            [block, place],
        )

    def drawn_y(self, block: str, place: int = 0) -> list[list[float]]:
        """What Plotly computed from it, trace by trace (not what it was given)."""
        self.look(block)
        return self.page.evaluate(
            """([block, place]) => {
              const plot = document.querySelectorAll(`#${block} .plot`)[place];
              return plot.calcdata.map((trace) => trace.map((point) => point.y));
            }""",
            [block, place],
        )

    def caption(self, block: str) -> str:
        return self.page.locator(f"#{block} figcaption").inner_text()

    def slide_to(self, k: int) -> None:
        """Move the slider with the keyboard, as a reader without a mouse would."""
        slider = self.page.get_by_label("Number of groups (k)")
        slider.focus()
        self.page.keyboard.press("Home")
        for _ in range(k - 2):
            self.page.keyboard.press("ArrowRight")


@pytest.fixture
def reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Reader]:
    width, height = WIDTHS[getattr(request, "param", "desk")]
    opened = Reader(browser, width, height)
    yield opened
    opened.page.context.close()
    assert opened.complaints == []


def check_page(reader: Reader, folder: Path, file: str) -> None:
    """Every chart of a page is drawn, and nothing sticks out sideways."""
    reader.open(folder, file)
    seen = reader.page.evaluate(
        """() => ({
          language: document.documentElement.lang,
          headings: document.querySelectorAll('h1').length,
          across: document.documentElement.scrollWidth - window.innerWidth,
          untitled: [...document.querySelectorAll('figure:not([hidden])')].filter(
            (f) => f.querySelector('figcaption').textContent.trim() === '').length,
          empty: [...document.querySelectorAll('.plot')].filter(
            (d) => d.calcdata.length === 0 || d.clientWidth < 150).length,
          wide: [...document.querySelectorAll('.plot svg.main-svg')].filter(
            (s) => s.getBoundingClientRect().right > window.innerWidth + 1).length,
          misfits: [...document.querySelectorAll('.plot')].filter(
            (d) => Math.abs(d.querySelector('.main-svg').getBoundingClientRect().width
              - d.getBoundingClientRect().width) > 1).length,
          unlabelled: [...document.querySelectorAll('input, select')].filter(
            (c) => c.labels.length === 0).length,
        })"""
    )
    assert seen == {
        "language": "en",
        "headings": 1,
        "across": 0,
        "untitled": 0,
        "empty": 0,
        "wide": 0,
        "misfits": 0,
        "unlabelled": 0,
    }


@pytest.mark.parametrize("reader", WIDTHS, indirect=True)
@pytest.mark.parametrize("file", FILES)
def test_every_page_opens_from_disk(reader: Reader, folder: Path, file: str):
    check_page(reader, folder, file)


def test_text_from_data_is_shown_as_text(reader: Reader, folder: Path):
    reader.open(folder, "segments.html")
    cards = reader.page.locator("#playbook h3").all_inner_texts()
    assert made_up.NASTY in cards
    reader.open(folder, "movement.html")
    labels = reader.page.locator("#sankey .annotation-text").all_text_contents()
    squeezed = [label.replace(" ", "") for label in labels]
    assert any(made_up.NASTY.replace(" ", "") in label for label in squeezed)
    assert reader.page.locator("main script, main b").count() == 0


@pytest.mark.parametrize("reader", WIDTHS, indirect=True)
def test_the_slider_changes_every_chart_of_a_trial(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    for k in (made_up.CHOSEN_K, 5, 2, 7):
        reader.slide_to(k)
        assert reader.page.locator("output").inner_text() == str(k)
        for place in range(4):
            assert reader.drawn_y("paths", place) == [
                [
                    made_up.centre("warped", k, cluster, step, place)
                    for step in range(1, 13)
                ]
                for cluster in range(1, k + 1)
            ]
        ring = reader.data("silhouette-by-k")[2]
        assert ring["x"] == [k]
        assert ring["y"] == [made_up.silhouette("lifecycle", "warped", k)]
        assert reader.data("elbow")[1]["y"] == [made_up.inertia("warped", k)]
        assert len(reader.data("blades")) == k
        assert f"silhouette {ring['y'][0]:.3f}" in reader.caption("nulls")
        explained = 100 * made_up.explained("warped", k)["predictive_r2"]
        assert f"These {k} groups explain {explained:.1f} %" in reader.caption(
            "prediction"
        )


def test_the_slider_reaches_eight_and_no_further(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    reader.slide_to(8)
    reader.page.keyboard.press("ArrowRight")
    assert reader.page.locator("output").inner_text() == "8"
    # The eighth group is too small to be drawn; another one hides its size.
    assert len(reader.data("paths")) == 6


def test_the_candidate_switches_every_chart(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    assert reader.drawn_y("paths")[0][0] == made_up.centre("warped", 3, 1, 1, 0)
    reader.slide_to(8)
    switch = reader.page.get_by_label("Seen and compared by")
    switch.select_option(made_up.WORDS["lifecycle", "plain"])
    # A candidate starts from its best number of groups and has its own range.
    assert reader.page.locator("output").inner_text() == str(made_up.CHOSEN_K)
    assert reader.drawn_y("paths")[0][0] == made_up.centre("plain", 3, 1, 1, 0)
    assert reader.drawn_y("silhouette-by-k")[0] == [
        made_up.silhouette("lifecycle", "plain", k) for k in range(2, 7)
    ]
    assert reader.drawn_y("prediction", 1)[0] == [
        round(100 * made_up.explained("plain", k)["activity_r2"], 2)
        for k in range(2, 7)
    ]
    reader.slide_to(8)
    assert reader.page.locator("output").inner_text() == "6"
    switch.select_option(made_up.WORDS["lifecycle", "smooth"])
    assert reader.caption("nulls").startswith("Orders were not shuffled")
    assert reader.page.locator("#nulls .plot").count() == 0
    assert reader.page.locator("output").inner_text() == "8"


def test_the_segmentation_switch_goes_there_and_back(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    before = reader.drawn_y("paths")
    reader.slide_to(8)
    reader.page.get_by_label("Value", exact=True).check()
    # A segmentation starts from its chosen trial, and offers its own candidates.
    assert reader.page.locator("output").inner_text() == str(made_up.CHOSEN_K)
    switch = reader.page.get_by_label("Seen and compared by")
    assert switch.input_value() == made_up.WORDS["value", "plain"]
    assert switch.locator("option:not([hidden])").count() == 1
    assert reader.page.locator("#paths .plot").count() == len(made_up.STATIC_FEATURES)
    values = [trace["x"] for trace in reader.data("paths")]
    assert values == [[made_up.centre("plain", 3, c, 1, 0)] for c in (1, 2, 3)]
    assert len(reader.data("picture")) == 3
    reader.page.get_by_label("Lifecycle").check()
    assert switch.input_value() == made_up.WORDS["lifecycle", "warped"]
    assert reader.drawn_y("paths") == before


def test_an_address_that_names_a_segmentation_shows_what_is_in_use(
    reader: Reader, folder: Path
):
    reader.open(
        folder, "trajectories.html", "#segmentation=lifecycle&candidate=gone&k=7"
    )
    assert reader.page.locator("output").inner_text() == str(made_up.CHOSEN_K)
    assert reader.page.locator("#in-use").is_hidden()
    reader.slide_to(5)
    said = reader.page.locator("#in-use")
    assert "Shown: k = 5, not in use." in said.inner_text()
    said.get_by_role("link").click()
    expect(reader.page.locator("output")).to_have_text(str(made_up.CHOSEN_K))
    assert said.is_hidden()


def test_the_numbers_open_and_stay_readable(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    row = reader.page.get_by_text("Agreement of refits (adjusted Rand")
    assert not row.is_visible()
    reader.page.get_by_text("The numbers behind it").click()
    assert row.is_visible()


@pytest.mark.parametrize("reader", ["phone"], indirect=True)
def test_candidates_need_no_scrolling_on_a_phone(reader: Reader, folder: Path):
    reader.open(folder, "trajectories.html")
    reader.page.get_by_text("The numbers behind it").click()
    for name in ("candidates", "verdict"):
        inside, room = reader.page.locator(f"#{name} .scroll").evaluate(
            "(e) => [e.scrollWidth, e.clientWidth]"
        )
        assert inside == room


def _streams(reader: Reader) -> list[int]:
    """The customers of each stream, as the table of the chart has them."""
    (trace,) = reader.data("sankey")
    return dict(trace["meta"]["columns"])["Customers"]


def test_the_month_changes_the_sankey_and_the_heatmap(reader: Reader, folder: Path):
    reader.open(folder, "movement.html")
    for month in (made_up.MONTHS[-3], made_up.LAST):
        reader.page.get_by_label("Month", exact=True).select_option(month)
        streams = _streams(reader)
        expected = {
            made_up.migrating(month, start, end)
            for start in made_up.SIZES
            for end in made_up.SIZES
        } | {12}
        assert set(streams) == {value for value in expected if value >= 5}
        row = [made_up.migrating(month, 1, end) for end in made_up.SIZES]
        first = reader.data("heatmap")[0]["z"][0]
        assert first[0] == pytest.approx(100 * row[0] / sum(row), abs=0.05)


def test_the_cause_changes_the_sankey_and_greys_out_what_did_not_happen(
    reader: Reader, folder: Path
):
    reader.open(folder, "movement.html")
    redrawn = reader.page.get_by_label("Map redrawn")
    assert redrawn.is_disabled()
    reader.page.get_by_label("Value", exact=True).check()
    redrawn.check()
    assert _streams(reader) == [made_up.REDRAWN]
    assert "has a new map" in reader.page.locator("#map").inner_text()
    reader.page.get_by_label("Month", exact=True).select_option(made_up.MONTHS[-2])
    # Nothing was redrawn then: back to every cause.
    assert reader.page.get_by_label("All", exact=True).is_checked()
    reader.page.get_by_label("Entered or left").check()
    assert _streams(reader) == [12] * 4


def test_the_segmentation_switches_stability_and_the_next_months(
    reader: Reader, folder: Path
):
    reader.open(folder, "stability.html")
    assert reader.page.locator("#refits .plot").count() == 0
    reader.page.get_by_label("Value", exact=True).check()
    assert reader.data("refits")[0]["y"][0] == 0.6
    assert "merged into" in reader.page.locator("#events").inner_text()
    reader.open(folder, "outlook.html")
    reader.page.get_by_label("Value", exact=True).check()
    coming = reader.data("sizes", 1)[1]
    assert coming["x"] == [made_up.expected(number, 3) for number in (1, 2, 4)]


def test_every_control_changes_the_forecast(reader: Reader, folder: Path):
    reader.open(folder, "forecast.html")
    page = reader.page
    horizons = range(1, 7)

    def shown(mode: str, block: str = "forecast", place: int = 0) -> list[float]:
        traces = [t for t in reader.data(block, place) if "fill" not in t]
        return next(t["y"] for t in traces if t["mode"] == mode)

    def told(segment: str, model: str, definition: str) -> list[float]:
        return heights(
            made_up.forecast(segment, model, h, definition) for h in horizons
        )

    assert shown("lines+markers") == told("total", "seasonal_naive", "cohort")
    assert shown("lines") == told("total", "prophet", "cohort")
    assert "Customers who come later are not in it" in page.inner_text("#definition")
    page.get_by_label("Value", exact=True).check()
    page.get_by_label("Segment", exact=True).select_option("value-2")
    page.get_by_label("Model", exact=True).select_option("prophet")
    page.get_by_label("Whoever is in the segment", exact=True).check()
    # A change of definition keeps segment and model.
    assert shown("lines+markers") == told("value-2", "prophet", "stock")
    assert "Newcomers and customers who move in are in it" in page.inner_text(
        "#definition"
    )
    assert page.locator("#backtests .plot").count() == 6
    assert shown("lines+markers", "backtests", 5) == heights(
        told("value-2", "prophet", "stock"), FEWER_DIGITS
    )
    came = [made_up.revenue("value-2", it, "stock") for it in made_up.MONTHS[18:24]]
    assert shown("markers", "backtests", 5) == heights(came, FEWER_DIGITS)
    assert page.locator("#views .plot").count() == 3
    # A series that is not forecast says why, and offers no model.
    page.get_by_label("Segment", exact=True).select_option("value-4")
    assert made_up.REFUSAL in reader.caption("forecast")
    offered = page.locator("#control-model option:not([hidden])")
    assert offered.all_inner_texts() == ["Published model"]
    # Back to all customers: they are the only segment to choose.
    page.get_by_label("All customers", exact=True).first.check()
    page.get_by_label("Today's members", exact=True).check()
    assert page.get_by_label("Segment", exact=True).input_value() == "total"
    assert shown("lines+markers") == told("total", "seasonal_naive", "cohort")


def _table(reader: Reader, block: str) -> list[list[str]]:
    """The table of a chart as a reader sees it who opens it."""
    fold = reader.page.locator(f"#{block} details.table")
    fold.locator("summary").click()
    fold.locator("td").first.wait_for()
    rows = fold.locator("tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_charts_have_their_numbers_as_a_table(reader: Reader, folder: Path):
    reader.open(folder, "movement.html")
    headers, *rows = _table(reader, "sankey")
    assert headers == ["From", "To", "Customers"]
    assert [int(row[2]) for row in rows] == _streams(reader)
    reader.open(folder, "stability.html")
    headers, *rows = _table(reader, "lifelines")
    assert headers == ["Segment", "First month", "Last month", "What happened"]
    assert rows[0][0] == "1 Loyal Champions"
    reader.open(folder, "forecast.html")
    headers, *rows = _table(reader, "forecast")
    bands = [f"{level} % band, {end}" for level in (95, 80) for end in ("low", "high")]
    assert headers == ["Month", *bands, "Revenue", *headers[6:]]
    # Months come in their order, though the bands of those to come are drawn first.
    assert rows[0][0] == "January 2016"
    assert rows[-1][0] == "June 2018"
    assert (rows[0][1], rows[-1][5]) == ("", "")


@pytest.mark.parametrize("reader", ["phone"], indirect=True)
def test_accuracy_needs_no_scrolling_on_a_phone(reader: Reader, folder: Path):
    reader.open(folder, "forecast.html")
    reader.page.get_by_label("Value", exact=True).check()
    reader.page.get_by_text("The numbers of both views").click()
    for place in reader.page.locator(".scroll").all():
        inside, room = place.evaluate("(e) => [e.scrollWidth, e.clientWidth]")
        assert inside == room


def test_the_segment_select_offers_only_what_belongs(reader: Reader, folder: Path):
    reader.open(folder, "segments.html")
    offered = "[...document.querySelectorAll('select option')]" + (
        ".filter((o) => !o.disabled).map((o) => o.value)"
    )
    assert reader.page.evaluate(offered) == [f"lifecycle-{n}" for n in made_up.SIZES]
    reader.page.get_by_label("Value", exact=True).check()
    assert reader.page.evaluate(offered) == [f"value-{n}" for n in made_up.SIZES]
    reader.page.locator("select").select_option("value-4")
    assert reader.data("mix-state")[0]["customdata"] == [77, 19]


def test_pages_of_marts_without_rows_open_too(reader: Reader, tmp_path: Path):
    marts = {name: frame.iloc[:0] for name, frame in made_up.frames().items()}
    published = made_up.write_published(tmp_path / "none.duckdb", marts)
    build_site(published, tmp_path / "site")
    for file in FILES:
        check_page(reader, tmp_path / "site", file)


@pytest.mark.long
@pytest.mark.parametrize("reader", WIDTHS, indirect=True)
def test_pages_of_the_sample_open(reader: Reader, sample: Build):
    for file in FILES:
        check_page(reader, sample.folder / "site", file)


# -- The frame -------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_axe_finds_nothing_on_desk_and_phone(browser: Browser, folder: Path, file: str):
    for width, height in ((1280, 900), (390, 844)):
        reader = Reader(browser, width, height)
        reader.open(folder, file)
        reader.page.evaluate(
            """() => document.querySelectorAll("details").forEach(
              (fold) => { fold.open = true; })"""
        )
        reader.page.evaluate(AXE.read_text("utf-8"))
        found = reader.page.evaluate(
            """async () => (await axe.run()).violations.map(
              (it) => [it.id, ...it.nodes.map((node) => node.target.join(" "))])"""
        )
        reader.page.context.close()
        assert found == []


@pytest.mark.parametrize("reader", ["phone"], indirect=True)
def test_two_radars_stand_side_by_side_on_a_phone(reader: Reader, folder: Path):
    reader.open(folder, "segments.html")
    boxes, cut = reader.page.evaluate(
        """() => {
          const plots = [...document.querySelectorAll("#radars .plot")];
          const box = (it) => it.getBoundingClientRect();
          const isCut = (plot) => [...plot.querySelectorAll(".annotation-text")]
            .some((it) => box(it).left < box(plot).left - 1
              || box(it).right > box(plot).right + 1);
          return [plots.slice(0, 2).map((it) => [box(it).left, box(it).top]),
            plots.filter(isCut).length];
        }"""
    )
    (left, top), (right, beside) = boxes
    assert right > left
    assert beside == top
    assert cut == 0


@pytest.mark.parametrize("reader", WIDTHS, indirect=True)
@pytest.mark.parametrize("file", ["index.html", "stability.html", "outlook.html"])
def test_the_still_picture_gives_way_in_its_place(
    reader: Reader, folder: Path, file: str
):
    reader.page.route("**/plotly.js", lambda route: route.abort())
    reader.page.goto((folder / file).as_uri())
    reader.page.wait_for_timeout(300)
    figure = reader.page.locator("figure[data-still]")
    assert figure.locator(".still:visible").count() >= 1
    before = figure.locator(".plot").first.bounding_box()
    reader.complaints.clear()  # of the library that did not come
    reader.page.unroute("**/plotly.js")
    reader.open(folder, file)
    assert figure.locator(".still").count() == 0
    assert figure.locator(".plot").first.bounding_box() == before


def test_a_still_picture_of_another_state_is_not_shown(reader: Reader, folder: Path):
    reader.page.route("**/plotly.js", lambda route: route.abort())
    reader.page.goto((folder / "stability.html").as_uri() + "#segmentation=value")
    reader.page.wait_for_timeout(300)
    reader.complaints.clear()
    assert reader.page.get_by_label("Value", exact=True).is_checked()
    assert reader.page.locator("#stability .still").count() == 0


def test_the_address_holds_the_state_from_page_to_page(reader: Reader, folder: Path):
    reader.open(folder, "segments.html", "#segmentation=value&segment=value-2")
    page = reader.page
    assert page.get_by_label("Value", exact=True).is_checked()
    assert page.locator("select").first.input_value() == "value-2"
    page.locator("select").first.select_option("value-4")
    assert "segmentation=value&segment=value-4" in page.url
    page.get_by_label("Lifecycle", exact=True).check()
    assert "segmentation=lifecycle" in page.url
    page.get_by_role("link", name="Stability").click()
    assert "stability.html#segmentation=lifecycle" in page.url
    page.go_back()
    assert "segments.html" in page.url
    # A segment that is not there falls back on one that is.
    reader.open(folder, "segments.html", "#segmentation=value&segment=value-99")
    assert page.get_by_label("Value", exact=True).is_checked()
    assert page.locator("select").first.input_value().startswith("value-")
    assert "value-99" not in page.url


def test_a_link_to_a_place_of_the_page_keeps_the_state(reader: Reader, folder: Path):
    reader.open(folder, "stability.html", "#segmentation=value")
    reader.page.locator("a.skip").press("Enter")
    expect(reader.page).to_have_url(re.compile("#segmentation=value"))
    reader.page.reload()
    expect(reader.page.get_by_label("Value", exact=True)).to_be_checked()


def test_a_browser_that_cannot_unpack_the_data_is_told_so(reader: Reader, folder: Path):
    reader.page.add_init_script("delete window.DecompressionStream")
    reader.page.goto((folder / "stability.html").as_uri())
    expect(reader.page.locator("#said")).to_contain_text("need a browser of 2023")
    assert reader.page.locator("#stability .still:visible").count() == 1
    assert reader.complaints == []


def test_an_open_table_of_a_chart_that_goes_holds_nothing_up(
    reader: Reader, tmp_path: Path
):
    marts = made_up.frames()
    views = marts["marts.fct_forecast_views"]
    marts["marts.fct_forecast_views"] = views[views["segmentation"] == "value"]
    build_site(
        made_up.write_published(tmp_path / "made-up.duckdb", marts), tmp_path / "site"
    )
    reader.open(tmp_path / "site", "forecast.html", "#segmentation=value")
    page = reader.page
    page.locator("#views details.table summary").click()
    page.locator("#views details.table tbody tr").first.wait_for()
    page.get_by_label("Lifecycle", exact=True).check()
    assert page.locator("#views").is_hidden()
    assert "segmentation=lifecycle" in page.url
    assert reader.complaints == []


def test_a_spreadsheet_computes_no_name(reader: Reader, tmp_path: Path):
    marts = made_up.frames()
    mixes = marts["marts.fct_segment_mixes"]
    names = dict(zip(mixes["dimension_value"].unique(), "=+-@", strict=False))
    named = {it: f'{sign}HYPERLINK("x")' for it, sign in names.items()}
    mixes["dimension_value"] = mixes["dimension_value"].replace(named)
    build_site(
        made_up.write_published(tmp_path / "made-up.duckdb", marts), tmp_path / "site"
    )
    reader.open(tmp_path / "site", "segments.html")
    chart = reader.page.locator('figure[id^="mix-"]:visible').first
    chart.locator("details.table summary").click()
    with reader.page.expect_download() as download:
        chart.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(download.value.path().open("r", encoding="utf-8")))
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@")]


def test_the_table_of_a_chart_holds_what_is_drawn(reader: Reader, folder: Path):
    reader.open(folder, "stability.html")
    drawn = reader.data("stability")[0]
    page = reader.page
    page.locator("#stability details.table summary").click()
    page.locator("#stability details.table tbody tr").first.wait_for()
    rows = page.locator("#stability details.table tbody tr").count()
    assert rows == len(drawn["x"])
    with page.expect_download() as found:
        page.locator("#stability details.table a").click()
    assert found.value.suggested_filename.endswith(".csv")
    lines = Path(found.value.path()).read_text("utf-8").splitlines()
    header, *values = csv.reader(lines)
    place = header.index(drawn["name"])
    assert [float(row[place]) for row in values] == drawn["y"]


@pytest.mark.parametrize("file", FILES)
def test_one_line_is_live(folder: Path, file: str):
    text = (folder / file).read_text("utf-8")
    assert re.findall(r'<(\w+)[^>]* aria-live="polite"', text) == ["p"]


def test_the_focus_ring_stands_out(reader: Reader, folder: Path):
    reader.open(folder, "index.html")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Tab")
    colour = reader.page.evaluate(
        "() => getComputedStyle(document.activeElement).outlineColor"
    )
    parts = [int(it) / 255 for it in re.findall(r"\d+", colour)[:3]]
    linear = [
        it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts
    ]
    luminance = sum(
        share * it for share, it in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
    assert 1.05 / (luminance + 0.05) >= 3


def test_paper_is_told_the_state_and_shows_every_chart(reader: Reader, folder: Path):
    page = reader.page
    page.goto((folder / "stability.html").as_uri())
    page.wait_for_function("() => window.Plotly")
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    seen = page.evaluate(
        """() => ({
          said: document.getElementById("said").innerText,
          hidden: ["nav", ".controls", "details.table"].filter((it) =>
            [...document.querySelectorAll(it)].some((e) => e.offsetParent !== null)),
          closed: document.querySelectorAll("details:not(.table):not([open])").length,
          waiting: document.querySelectorAll(
            "figure:not([hidden])[data-waits=yes]").length,
          misfits: [...document.querySelectorAll(".plot")].filter((it) =>
            it.offsetParent && Math.abs(it.querySelector(".main-svg").clientWidth
              - it.clientWidth) > 1).length,
        })"""
    )
    assert seen == {
        "said": "Lifecycle",
        "hidden": [],
        "closed": 0,
        "waiting": 0,
        "misfits": 0,
    }
    page.emulate_media(media="screen")
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll(".plot")].filter((it) =>
          it.offsetParent && Math.abs(it.querySelector(".main-svg").clientWidth
            - it.clientWidth) > 1).length"""
        )
        == 0
    )
