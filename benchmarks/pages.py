"""The pages of the sample in a browser: time to the first chart, sheets, kB, faults.

``python -m benchmarks pages [published.duckdb] [--repeats 5]`` draws the pages of what
is published and opens each in Chromium: with a processor slowed down four times, until
its first chart is on the screen; printed, in sheets of A4; with the tables of its
charts opened; and with axe-core, as wide as a desk and as a phone.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from playwright.sync_api import Browser, Page, sync_playwright
from trajectories.dashboards import build_site
from trajectories.dashboards.site import PAGES

from benchmarks.dbt_builds import PROJECT
from benchmarks.goals import Goal, finish, page, table

PUBLISHED = PROJECT / "build" / "published" / "trajectories.duckdb"
AXE = PROJECT / "tests" / "python" / "axe.min.js"
REPEATS, SLOWER = 5, 4
WIDTHS = {1280: 900, 390: 844}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Notes when the first chart is on the screen: the frame after it has a size.
WATCH = """
(() => {
  const seen = () => [...document.querySelectorAll(".plot svg")].some(
    (it) => it.getBoundingClientRect().height > 0);
  const look = () => seen()
    ? requestAnimationFrame(() => { window.firstChart = performance.now(); })
    : requestAnimationFrame(look);
  look();
})();
"""
# Opens every fold, and counts charts and those whose table has rows and a CSV.
TABLES = """
() => {
  const charts = [...document.querySelectorAll("figure:not([hidden]):not(.empty)")];
  charts.forEach((it) => { it.querySelector("details.table").open = true; });
  return new Promise((done) => setTimeout(() => done([charts.length, charts.filter(
    (it) => it.querySelector("details.table tbody tr td")
      && it.querySelector("details.table a[download$='.csv']")).length]), 200));
}
"""


def main(arguments: list[str] | None = None) -> int:
    """Draw, open, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pages")
    parser.add_argument("published", nargs="?", type=Path, default=PUBLISHED)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args(arguments)
    path = shutil.which("chromium")
    if path is None or not options.published.is_file():
        print("Chromium and published marts are needed (make build).", file=sys.stderr)
        return 1
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder) / "site"
        begun = perf_counter()
        build_site(options.published, site)
        seconds = perf_counter() - begun
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        found = {
            module.FILE: measure(browser, site / module.FILE, options.repeats)
            for module in PAGES
        }
        browser.close()
    text = report(found, seconds, options.repeats)
    return finish("pages", text, options.repeats == REPEATS)


def measure(browser: Browser, file: Path, repeats: int) -> dict:
    """Measure one page.

    Returns:
        milliseconds, sheets, kilobytes, charts, tables and violations.
    """
    times = [first_chart(browser, file) for _ in range(repeats)]
    violations = 0
    for width in WIDTHS:
        with opened(browser, file, width) as shown:
            shown.evaluate(TABLES)
            violations += len(faults(shown))
    with opened(browser, file, 1280) as shown:
        charts, tables = shown.evaluate(TABLES)
        sheets = len(
            re.findall(rb"/Type ?/Page\b", shown.pdf(prefer_css_page_size=True))
        )
    return {
        "milliseconds": median(times),
        "sheets": sheets,
        "kilobytes": file.stat().st_size / 1000,
        "charts": charts,
        "tables": tables,
        "violations": violations,
    }


@contextmanager
def opened(browser: Browser, file: Path, width: int) -> Iterator[Page]:
    """Open a page and wait until all its charts are drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]}, offline=True
    )
    shown = context.new_page()
    shown.goto(file.as_uri())
    shown.wait_for_function("() => window.Plotly")
    for _ in range(40):
        waiting = shown.locator("figure[data-waits='yes']:visible")
        if not waiting.count():
            break
        waiting.first.scroll_into_view_if_needed()
        shown.wait_for_timeout(50)
    yield shown
    context.close()


def first_chart(browser: Browser, file: Path) -> float:
    """Say after how many milliseconds the first chart is seen, slowed down."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    context.add_init_script(WATCH)
    shown = context.new_page()
    context.new_cdp_session(shown).send(
        "Emulation.setCPUThrottlingRate", {"rate": SLOWER}
    )
    shown.goto(file.as_uri(), wait_until="commit")
    shown.wait_for_function("() => window.firstChart", timeout=60_000)
    milliseconds = shown.evaluate("window.firstChart")
    context.close()
    return milliseconds


def faults(shown: Page) -> list[str]:
    """Name what axe finds amiss on a page."""
    shown.evaluate(AXE.read_text(encoding="utf-8"))
    return shown.evaluate(
        """async () => (await axe.run()).violations.map(
          (it) => `${it.id}: ${it.nodes.map((node) => node.target).join(", ")}`)"""
    )


def report(found: dict[str, dict], seconds: float, repeats: int) -> str:
    """Put what was measured into Markdown."""

    def total(name: str) -> int:
        return sum(it[name] for it in found.values())

    slowest = max(it["milliseconds"] for it in found.values())
    heaviest = max(it["kilobytes"] for it in found.values())
    goals = [
        Goal(
            f"pages: first chart on the screen, processor {SLOWER} times slower",
            "1 s on every page",
            f"at most {slowest / 1000:.2f} s (median of {repeats})",
            slowest <= 1000,
        ),
        Goal("pages: sheets of A4", "25", f"{total('sheets')}", total("sheets") <= 25),
        Goal(
            "pages: kB of each, beside the library",
            "400",
            f"at most {heaviest:.0f}",
            heaviest <= 400,
        ),
        Goal(
            "pages: charts with their values as table and CSV, as first shown",
            "all",
            f"{total('tables')} of {total('charts')}",
            total("tables") == total("charts"),
        ),
        Goal(
            f"pages: violations that axe finds, {' and '.join(map(str, WIDTHS))} px",
            "0",
            f"{total('violations')}",
            total("violations") == 0,
        ),
    ]
    rows = [
        (
            file,
            f"{it['milliseconds']:.0f}",
            it["sheets"],
            f"{it['kilobytes']:.0f}",
            f"{it['tables']} of {it['charts']}",
            it["violations"],
        )
        for file, it in found.items()
    ]
    header = ("page", "first chart, ms", "sheets", "kB", "with table", "violations")
    notes = f"All pages were drawn in {seconds:.1f} s."
    return page("pages", "The pages in a browser", goals, table(header, rows), notes)
