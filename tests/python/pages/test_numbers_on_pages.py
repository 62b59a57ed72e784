"""Every number on every page is what SQL says of the published marts."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dashboards_fixtures as made_up
import duckdb
import page_numbers
import page_words
import pandas as pd
import pytest
from environments import BROWSER_ARGUMENTS
from page_questions import QUESTIONS, WITHOUT_NUMBERS
from playwright.sync_api import Page, sync_playwright
from trajectories.dashboards import build_site


@dataclass(frozen=True)
class Shop:
    """What is on the pages of a shop, by page and block, and its marts."""

    site: Path
    blocks: dict[str, dict]
    marts: duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    """A window in which tables are made and nothing is drawn."""
    path = shutil.which("chromium")
    if path is None and not os.environ.get("CI"):
        pytest.skip("The tables under the charts are made in Chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=BROWSER_ARGUMENTS
        )
        yield browser.new_page()
        browser.close()


@pytest.fixture(
    scope="module",
    params=["made up", pytest.param("sample", marks=pytest.mark.long)],
)
def shop(
    request: pytest.FixtureRequest,
    window: Page,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    if request.param == "sample":
        sample = request.getfixturevalue("sample")
        return shown(window, sample.published, sample.folder / "site")
    folder = tmp_path_factory.mktemp("made-up")
    published = made_up.write_published(
        folder / "trajectories.duckdb", made_up.frames()
    )
    build_site(published, folder / "site")
    return shown(window, published, folder / "site")


def shown(window: Page, published: Path, site: Path) -> Shop:
    blocks = page_numbers.read(window, site)
    return Shop(site, blocks, page_numbers.marts(published))


def charts(shop: Shop) -> list[str]:
    """The blocks that draw something in some state."""
    return [
        name
        for name, block in shop.blocks.items()
        if any(state.get("tables") for state in block["states"].values())
    ]


def differences(shop: Shop, name: str) -> list[str]:
    """Say where the tables of a block differ from the marts."""
    block, question = shop.blocks[name], QUESTIONS[name]
    return page_numbers.differences(
        page_numbers.told(block, question),
        page_numbers.asked(shop.marts, block, question),
        question,
    )


def test_numbers_of_a_text_are_told_from_days_ids_and_levels() -> None:
    said = (
        "A$457,000 of 4.08\u00a0m on 31 December 2017, -12.3 % of Group 3 (rhythm-10);"
        " 95 % interval 0.213 to 1.5, fewer than 5 customers, 1,001 orders"
    )
    told = {token.value: token.off for token in page_words.tokens(said)}
    assert list(told) == [457_000, 4.08e6, 12.3, 0.213, 1.5, 1001]
    assert list(told.values()) == pytest.approx(
        [505, 5050, 0.0505, 5e-4, 0.05, 0.5], 0.02
    )


def test_every_chart_has_a_question(shop: Shop) -> None:
    asked = {*QUESTIONS, *WITHOUT_NUMBERS}
    assert not set(charts(shop)) - asked, "charts without a question in page_questions"


def test_what_has_no_question_has_no_number_in_its_table(shop: Shop) -> None:
    for name in WITHOUT_NUMBERS:
        for state in shop.blocks.get(name, {"states": {}})["states"].values():
            for table in state.get("tables", ()):
                rows = [] if isinstance(table, str) else table["rows"]
                told = {cell for row in rows for cell in row if cell is not None}
                assert all(isinstance(cell, str) for cell in told), name


def test_tables_of_charts_are_what_the_marts_say(shop: Shop) -> None:
    for name in charts(shop):
        if name not in WITHOUT_NUMBERS:
            found = differences(shop, name)
            assert not found, f"{name}: {len(found)} differ, such as {found[:5]}"


def lacking(shop: Shop, name: str) -> tuple[int, list[str]]:
    return page_words.lacking(shop.marts, name, shop.blocks[name])


def test_numbers_in_words_are_in_the_marts(shop: Shop) -> None:
    seen: dict[str, int] = {}
    for name in shop.blocks:
        count, found = lacking(shop, name)
        assert not found, f"{name}: {len(found)} not held, such as {found[:5]}"
        page = name.partition(".")[0]
        seen[page] = seen.get(page, 0) + count
    assert all(seen.values()), f"pages without a number: {seen}"


def test_numbers_around_the_blocks_are_in_the_marts(shop: Shop) -> None:
    for path in sorted(shop.site.glob("*.html")):
        page = path.read_text("utf-8")
        assert not page_words.lacking_around(shop.marts, page), path.name
        assert not page_words.empty_sections(page), path.name


def one_segmentation() -> dict[str, pd.DataFrame]:
    return {
        name: frame[frame["segmentation"].isin(["value", "total"])]
        if "segmentation" in frame
        else frame
        for name, frame in made_up.frames().items()
    }


@pytest.mark.parametrize(
    "frames",
    [
        one_segmentation,
        lambda: made_up.frames(structure=False),
        lambda: {name: frame.iloc[:0] for name, frame in made_up.frames().items()},
    ],
    ids=["one segmentation", "no segments here", "nothing"],
)
def test_pages_of_other_shops_hold_no_other_number(
    frames: Callable[[], dict[str, pd.DataFrame]], tmp_path: Path
) -> None:
    published = made_up.write_published(tmp_path / "trajectories.duckdb", frames())
    build_site(published, tmp_path / "site")
    assert not page_words.lacking_on_pages(published, tmp_path / "site")


def test_a_number_that_the_marts_do_not_say_is_found(shop: Shop) -> None:
    block = shop.blocks["segments.sizes"]
    row = next(
        row
        for state in block["states"].values()
        for table in state.get("tables", ())
        for row in table["rows"]
    )
    assert not differences(shop, "segments.sizes")
    row[1] += 0.02
    assert len(differences(shop, "segments.sizes")) == 1
    row[1] -= 0.02
    row[1], row[2] = row[2], row[1]
    assert differences(shop, "segments.sizes")
    row[1], row[2] = row[2], row[1]


def test_a_number_in_words_that_the_marts_do_not_say_is_found(shop: Shop) -> None:
    state = next(iter(shop.blocks["quality.rows"]["states"].values()))
    title = state["title"]
    assert not lacking(shop, "quality.rows")[1]
    state["title"] = f"{title}, and 17"
    assert len(lacking(shop, "quality.rows")[1]) == 1
    state["title"] = title
    state = next(iter(shop.blocks["quality.reconciliation"]["states"].values()))
    html = state["html"]
    state["html"] = html.replace("</td>", "1</td>", 1)
    assert len(lacking(shop, "quality.reconciliation")[1]) == 1
    state["html"] = html
