"""The numbers in the words of pages, and where in the marts they stand.

A source gives the values of the block's controls, then numbers and texts. A number in
a sentence is held where a source of its block has it for the state, as it is or as per
cent, in the digits that are told; a row of a table, where one row of a source has all
of its numbers. Numbers of tables under charts are held by their own questions.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from numbers import Number
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import page_sources
from page_numbers import CELL, Numbers, asked, marts
from page_questions import QUESTIONS
from pages_read import blocks

MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November"
    "|December)"
)
# What is no number of the shop: days, ids and numbers of names, scales, and what the
# project itself sets.
STATED = [
    rf"\b(?:\d{{1,2}} )?{MONTH} \d{{4}}\b",
    r"\b\d{4}-\d{2}(?:-\d{2})?\b",
    r"\b[a-z][a-z_]*-\d+(?:-\d+)?(?:-[0-9a-f]{8})?\b",
    r"\bMarts [0-9a-f]{12}\b",
    r"\b(?:Group|Segment) \d+",
    r"\(\d+\)",
    r"\b(?:80|95) % (?:band|interval)|\((?:80|95) %\)|\(promise (?:80|95) %\)",
    r"\b90 days\b|\bin 12 months\b",
    r"-1 to 1\b(?![.,]\d)|\b0 (?:to|and) [12]\b(?![.,]\d)",
    r"\(1: the same segments, 0: as by chance\)|\b1 = same\b",
    r"where 1 is the usual change",
    r"et al\. 2011",
    rf"fewer than {CELL} customers",
    r"\b(?:80|95) and 95 per cent|\b[1-5]\. (?=[a-z])",
]
TOKEN = re.compile(
    r"(?<![\w.])[-+]?\W?(\d[\d,]*(?:\.\d+)?)(\u00a0m\b)?(?:[ \u00a0](%))?"
)
# What is told together: a row of a table, a segment's card, a headline.
ROW = re.compile(r"<tr\b.*?</tr>|<article\b.*?</article>|<div><dt>.*?</div>", re.DOTALL)
FRAGMENT = "<div id=[^>]* data-block="
BLOCK = re.compile(
    rf"<figure\b.*?</figure>|{FRAGMENT}.*?(?=<figure\b|{FRAGMENT}|</section>)",
    re.DOTALL,
)


class Token(NamedTuple):
    """A number of a text: as written, its value, and how far it may be off."""

    written: str
    value: float
    off: float
    is_share: bool


def tokens(text: str) -> list[Token]:
    """List the numbers of a text.

    Of amounts with three digits the zeros behind them say nothing.
    """
    for pattern in STATED:
        text = re.sub(pattern, " ", text)
    found = []
    for match in TOKEN.finditer(text):
        digits, million, share = match.groups()
        scale = 1e6 if million else 1.0
        value = float(digits.replace(",", ""))
        off = 0.505 * 10.0 ** -len(digits.partition(".")[2])
        if "," in digits and "." not in digits:
            whole = digits.replace(",", "")
            zeros = len(whole) - len(whole.rstrip("0"))
            off = 0.505 * 10.0 ** min(zeros, len(whole) - 3)
        found.append(Token(match[0].strip(), value * scale, off * scale, bool(share)))
    return found


def words(markup: str) -> str:
    """The text of markup; what is a cell or a paragraph stands apart."""
    plain = re.sub(r"<svg\b.*?</svg>|<[^>]*>", " ; ", markup, flags=re.DOTALL)
    return html.unescape(plain)


class Held:
    """What one row of a source says, or several together."""

    def __init__(self, values: Iterable[object], told: Iterable[float] = ()) -> None:
        """Take numbers and texts of marts, and numbers as a page draws them.

        A share of 0.1 in the marts is 10 % on a page; what a text or a table says is
        as it is told.
        """
        numbers: list[float] = []
        as_told = list(told)
        for value in _flat(values):
            if isinstance(value, str):
                as_told += [token.value for token in tokens(value)]
            elif isinstance(value, Number):
                numbers.append(float(value))
        self._numbers = np.abs(np.array([*numbers, *as_told], dtype=float))
        shares = [*(100 * number for number in numbers), *as_told]
        self._shares = np.abs(np.array(shares, dtype=float))

    def has(self, token: Token) -> bool:
        """Say whether a number is among them, as far as it is told."""
        known = self._shares if token.is_share else self._numbers
        return bool((np.abs(known - token.value) <= token.off * (1 + 1e-9)).any())


def _flat(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def frame(page: str) -> str:
    """The words of a page outside of its blocks: what stands in all its states."""
    main = re.search(r"<main\b.*</footer>", page, re.DOTALL)[0]
    main = re.sub(r"<script\b.*?</script>|<option\b.*?</option>", " ", main, flags=re.S)
    return words(BLOCK.sub(" ", main))


def lacking(
    connection: duckdb.DuckDBPyConnection, name: str, block: dict
) -> tuple[int, list[str]]:
    """Count the numbers in the words of a block, and list those that nothing holds.

    Args:
        connection: of `marts`.
        name: of the page and the block.
        block: what the page has of it.
    """
    sources = page_sources.of(name)
    assert sources is not None, f"{name} has no sources in page_sources"
    numbers = {}
    if name in QUESTIONS and block["states"]:
        numbers = asked(connection, block, QUESTIONS[name])
    rows = rows_by_state(connection, sources, len(block["controls"]))
    return not_held(block, rows, numbers)


def lacking_around(connection: duckdb.DuckDBPyConnection, page: str) -> list[str]:
    """List the numbers around the blocks of a page that nothing holds."""
    rows = rows_by_state(connection, page_sources.FRAME, 0)
    held = Held(value for row in rows.get((), []) for value in row)
    text = frame(page)
    return [
        _around(text, token.written) for token in tokens(text) if not held.has(token)
    ]


def lacking_on_pages(published: Path, site: Path) -> list[str]:
    """List the numbers in the words of all pages that nothing holds; without a browser.

    A section that is shown shows something.
    """
    connection, found = marts(published), []
    for file, on_page in blocks(site).items():
        page = (site / file).read_text("utf-8")
        found += [f"{file}: {said}" for said in lacking_around(connection, page)]
        found += [f"{file}: an empty section: {it}" for it in empty_sections(page)]
        for name, block in on_page.items():
            whole = f"{Path(file).stem}.{name}"
            found += [f"{whole}: {it}" for it in lacking(connection, whole, block)[1]]
    return found


def empty_sections(page: str) -> list[str]:
    """List the headings of sections that are shown without a block that is."""
    return [
        words(re.search("<h2>.*?</h2>", section, re.DOTALL)[0])
        for section in re.findall(
            r"<section(?![^>]* hidden).*?</section>", page, re.DOTALL
        )
        if not re.search(r" data-block=\"[^\"]*\"(?![^>]* hidden)[^>]*>", section)
    ]


def rows_by_state(
    connection: duckdb.DuckDBPyConnection, sources: list[str], width: int
) -> dict[tuple, list[tuple]]:
    """Ask all sources of a block."""
    found: dict[tuple, list[tuple]] = {}
    for sql in sources:
        for row in connection.execute(sql).fetchall():
            found.setdefault(row[:width], []).append(row[width:])
    return found


def not_held(
    block: dict, rows: dict[tuple, list[tuple]], numbers: Numbers
) -> tuple[int, list[str]]:
    """Count the numbers in the words of a block, and list those that are not held.

    Args:
        block: of a page.
        rows: what the sources say, by state.
        numbers: what the marts give for the block's tables.
    """
    count, lacking = 0, []
    drawn = _by_state(numbers)
    for key, state in block["states"].items():
        place = tuple(key.split("|")) if block["controls"] else ()
        own = rows.get(place, [])
        said = [value for row in own for value in row]
        everything = Held([*place, *said], drawn.get(place, []))
        text, tables = _parts(state)
        for token in tokens(text):
            count += 1
            if not everything.has(token):
                lacking.append(f"{key}: {_around(text, token.written)}")
        single = None
        for row in tables:
            told = tokens(row)
            count += len(told)
            if told:
                single = single or [Held([*place, *values]) for values in own]
                if not any(all(map(held.has, told)) for held in single):
                    lacking.append(f"{key}: no row of the marts has {row!r}")
    return count, lacking


def _by_state(numbers: Numbers) -> dict[tuple, list[float]]:
    found: dict[tuple, list[float]] = {}
    for (*place, _), columns in numbers.items():
        values = found.setdefault(tuple(place), [])
        values += [value for cells in columns.values() for value in cells.values()]
    return found


def _parts(state: dict) -> tuple[str, list[str]]:
    """The sentences of a state, and the rows of its tables."""
    if "html" not in state:
        fields = [state["title"], state["subtitle"], *state["captions"]]
        return words(" ; ".join([*fields, state["note"], state["legend"]])), []
    rows = ROW.findall(state["html"])
    told = [words(row) for row in rows if '<th scope="col"' not in row]
    return words(ROW.sub(" ; ", state["html"])), told


def _around(text: str, token: str) -> str:
    start = max(text.find(token) - 60, 0)
    return f"{token!r} in {' '.join(text[start : start + 140].split())!r}"
