"""dbt's documentation beside the pages: linked where it is, opened in a browser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import dashboards_fixtures as made_up
import prebuilt
import pytest
from environments import BROWSER_ARGUMENTS, missing
from playwright.sync_api import Page, sync_playwright
from real_builds import Build, run_build
from trajectories.dashboards import build_site
from trajectories.dashboards.__main__ import main
from trajectories.dashboards.site import DOCUMENTATION, GENERATOR

LINK = "How every table is made"
MART = "model.customer_trajectories.fct_segment_profiles"
LINEAGE = f"#!/model/{MART}?g_v=1&g_i=%2Bfct_segment_profiles%2B"
# The names of what the graph of a table shows; Cytoscape keeps them at its element.
DRAWN = """() => [...document.querySelectorAll('#cy')]
    .filter((element) => element._cyreg)
    .flatMap((element) => element._cyreg.cy.nodes(':visible')
        .map((node) => node.data('label')))"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    return made_up.write_published(folder / "trajectories.duckdb", made_up.frames())


def links(page: Path) -> list[str]:
    return re.findall(r'(?:src|href)="(?!data:)([^"#]+)', page.read_text("utf-8"))


def test_pages_link_to_the_documentation_that_lies_beside_them(
    published: Path, tmp_path: Path
) -> None:
    made = tmp_path / "static_index.html"
    made.write_text("<title>documentation</title>")
    site = tmp_path / "site"
    written = build_site(published, site, documentation=made)
    assert site / DOCUMENTATION in written
    assert (site / DOCUMENTATION).read_bytes() == made.read_bytes()
    for page in site.glob("*.html"):
        assert DOCUMENTATION in links(page), page.name
        assert all((site / link).is_file() for link in links(page)), page.name


def test_pages_without_documentation_have_no_link_to_it(
    published: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    (site / "docs").mkdir(parents=True)
    (site / "index.html").write_text(GENERATOR)
    build_site(published, site)
    assert not (site / "docs").exists()
    for page in site.glob("*.html"):
        assert LINK not in page.read_text("utf-8")
        assert all((site / link).is_file() for link in links(page)), page.name


def test_documentation_that_is_not_there_leaves_the_pages(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old")
    nowhere = tmp_path / "static_index.html"
    arguments = [str(published), str(tmp_path / "site")]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--documentation", str(nowhere)])
    assert ended.value.code != 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"Read {nowhere} for the documentation, found no such file" in said
    assert "dbt docs generate --static" in said
    assert (tmp_path / "site" / "index.html").read_text() == "old"


@pytest.fixture(scope="module")
def site(small: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop's pages with its documentation, as `make docs` makes them."""
    folder = tmp_path_factory.mktemp("documentation")
    project = prebuilt.copy_project(small, folder / "project")
    built = prebuilt.copy_build(small, folder / "build", project)
    ran = run_build(built.folder, "--static", project=project, verb="docs generate")
    assert ran.returncode == 0, ran.output[-3000:]
    documentation = built.target / "static_index.html"
    build_site(small.published, folder / "site", documentation=documentation)
    return folder / "site"


@pytest.fixture
def page() -> Page:
    """A browser window without a network; whatever it asks for is kept in `asked`."""
    path = shutil.which("chromium")
    if path is None:
        missing("Chromium was not found: install it with `apt-get install chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=BROWSER_ARGUMENTS
        )
        yield browser.new_context(offline=True).new_page()
        browser.close()


@pytest.mark.long
@pytest.mark.night
def test_the_lineage_of_a_mart_opens_from_a_page(site: Path, page: Page) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "segments.html").as_uri())
    page.get_by_role("link", name=LINK).click()
    page.get_by_role("heading", name="Customer trajectories").wait_for(timeout=120_000)
    assert page.url.startswith((site / DOCUMENTATION).as_uri())
    page.goto("about:blank")
    page.goto((site / DOCUMENTATION).as_uri() + LINEAGE)
    page.wait_for_function(f"() => ({DRAWN})().length > 10", timeout=120_000)
    drawn = set(page.evaluate(DRAWN))
    assert {"raw_transactions", "int_segment_memberships"} <= drawn, (
        "what it is made of"
    )
    assert {"Segments", "segment_profiles", "Share of revenue by segment"} <= drawn
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob", "about"}
