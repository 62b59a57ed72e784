"""Draws all pages into a folder that readers see whole or not at all."""

import ctypes
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
from trajectories.dashboards import looks
from trajectories.dashboards.charts import planted
from trajectories.dashboards.looks import formats, still
from trajectories.dashboards.looks.template import Page, render
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.pages import (
    act,
    departures,
    forecast,
    movement,
    outlook,
    overview,
    quality,
    segments,
    stability,
    trajectories,
    value,
)

PAGES = (
    overview,
    segments,
    trajectories,
    movement,
    stability,
    departures,
    value,
    outlook,
    forecast,
    act,
    quality,
)
# plotly.js is the bundle that plotly.json names, as it was published.
ASSETS = ("site.css", "site.js", "tables.js", "plotly.js")
# Stands in each page (page.html), and tells a folder of pages from others.
GENERATOR = '<meta name="generator" content="customer_trajectories">'
DOCUMENTATION = "docs/index.html"


class OccupiedFolderError(Exception):
    """A folder for the pages that holds what is somebody else's, in a sentence."""


def build_site(
    published: Path,
    site: Path,
    smallest_cell: int = 5,
    documentation: Path | None = None,
    customer_ids: bool = True,
) -> list[Path]:
    """Draw every page from the published marts.

    The pages are written into a folder beside `site` and swapped in at the end,
    so that a reader never finds half a site and a failure leaves the old one.

    Args:
        published: the published DuckDB file (read-only).
        site: folder to write; one that holds pages is replaced.
        smallest_cell: numbers of fewer customers are not shown; 1 shows all.
        documentation: dbt's documentation as one file (`dbt docs generate
            --static`), to lay beside the pages and link from them; none, no link.
        customer_ids: whether lists of single customers name them by their ids.

    Returns:
        The paths of all files written, the pages first.

    Raises:
        UnreadableMartsError: `published` is missing, is no DuckDB file, or lacks what
            a page shows.
        OccupiedFolderError: `site` is something else than a folder of pages.
    """
    published, site = Path(published), Path(site)
    _check_folder(site)
    # Pages walk over rows, for which Arrow's strings would be unpacked one by one.
    strings = pd.option_context("mode.string_storage", "python")
    with strings, PublishedMarts(published, smallest_cell, customer_ids) as marts:
        shop = Shop(marts)
        with marts.naming_missing_columns("every page"):
            currency = shop.currency
        with formats.amounts_in(currency):
            pages = [_drawn(module, shop) for module in PAGES]
        period = f"{_period(marts)} {_amounts(currency)}{_marts(published)}"
    navigation = [(module.FILE, module.TITLE) for module in PAGES]

    link = DOCUMENTATION if documentation else ""

    def write(folder: Path) -> list[str]:
        names = [page.file for page in pages]
        for page in pages:
            text = render(page, navigation, period, link, still.drawn)
            _write_text(folder / page.file, text)
        for name in ASSETS:
            shutil.copyfile(Path(looks.__file__).with_name(name), folder / name)
        if documentation:
            (folder / link).parent.mkdir()
            shutil.copyfile(documentation, folder / link)
        return [*names, *ASSETS, *([link] if link else [])]

    return [site / name for name in _swap_in(site, write)]


def _drawn(module: ModuleType, shop: Shop) -> Page:
    with shop.marts.naming_missing_columns(module.FILE):
        return module.build(shop)


def _check_folder(site: Path) -> None:
    """See that a folder is empty, not there, or one of pages that were drawn before."""
    front = site / PAGES[0].FILE
    if site.is_dir():
        is_own = not any(site.iterdir()) or (
            front.is_file() and GENERATOR in front.read_text("utf-8", errors="replace")
        )
    else:
        is_own = not site.exists()
    if not is_own:
        raise OccupiedFolderError(
            f"The pages were to be written to {site}, but what is there is no folder of"
            " pages, and isn't replaced: give another folder, or move it away."
        )


def _swap_in(site: Path, write: Callable[[Path], list[str]]) -> list[str]:
    """Let `write` fill a sibling folder, then put it in the place of `site`."""
    site = site.resolve()
    coming = site.with_name(f".{site.name}-coming")
    shutil.rmtree(coming, ignore_errors=True)
    coming.mkdir(parents=True)
    try:
        names = write(coming)
        if site.exists():
            _exchange(coming, site)
        else:
            coming.rename(site)
    finally:
        shutil.rmtree(coming, ignore_errors=True)
    return names


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change their names, in one step where the system can (Linux)."""
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None or rename(
        here, os.fsencode(one), here, os.fsencode(other), exchange
    ):
        between = one.with_name(f"{one.name}-between")
        other.rename(between)
        one.rename(other)
        between.rename(one)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _period(marts: PublishedMarts) -> str:
    """Say which months the site shows, and whether the shop is made up."""
    months = marts.read("marts.fct_shop_months")
    months = months[months["is_complete"].eq(True)]
    if months.empty:
        return "There is no complete month yet."
    first, last = months["month"].min(), months["month"].max()
    made_up = f"{planted.MADE_UP} " if planted.is_made_up(marts) else ""
    return (
        f"{made_up}Complete months from {formats.month(first)} to"
        f" {formats.month(last)}."
    )


def _amounts(currency: str) -> str:
    """Say once what amounts are in."""
    named = currency or "the currency of the input, which names none"
    return f"Amounts are in {named}."


def _marts(published: Path) -> str:
    """Name the marts that are shown, as the manifest beside them does."""
    manifest = published.with_name("manifest.json")
    if not manifest.is_file():
        return ""
    sha256 = json.loads(manifest.read_text(encoding="utf-8"))["sha256"]
    return f" Marts {sha256[:12]}."
