"""What the marts say for every table under a chart, asked in SQL, by page and block.

A question gives the values of the block's controls, the place of the figure among those
of its state (`figure`, 0 where there is one), the labels of a row, and the numbers, in
the order of the table's columns. Columns without any number are left out on both sides.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Number
from pathlib import Path

import duckdb
import pandas as pd
from pages_read import PACKED
from playwright.sync_api import Page
from real_builds import PROJECT
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Trials

from trajectories.disclosure import rest_of

CELL = 5
TABLES = PROJECT / "dashboards" / "looks" / "tables.js"

# Unpacks the data of a page and makes the table of every figure of every state; what
# cannot be made is a text that says why.
READ = """
async (packed) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(unpacked).text());
  function whole(part) {
    if (Array.isArray(part)) return part.map(whole);
    if (part === null || typeof part !== "object") return part;
    const { "~": place, ...rest } = part;
    const own = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, whole(value)]));
    if (place === undefined) return own;
    const common = whole(data.shared[place]);
    return Object.keys(own).length ? { ...common, ...own } : common;
  }
  function table(figure) {
    try {
      return tableOf(figure);
    } catch (error) {
      return String(error);
    }
  }
  const blocks = {};
  for (const [name, block] of Object.entries(data.blocks)) {
    const states = {};
    for (const [key, packedState] of Object.entries(block.states)) {
      const state = whole(packedState);
      (state.figures || []).forEach((figure, place) =>
        data.heights[state.heights][place].forEach((heights, trace) => {
          if (heights !== null) figure.data[trace].y = heights;
        }));
      states[key] = state.figures
        ? { ...state, figures: undefined, tables: state.figures.map(table) }
        : state;
    }
    blocks[name] = { controls: block.controls, states };
  }
  return JSON.stringify(blocks);
}
"""


def read(window: Page, site: Path) -> dict[str, dict]:
    """Read the blocks of all pages, with their tables, by page and block.

    Args:
        window: a blank one; nothing is drawn in it.
        site: the folder of the pages.
    """
    window.add_script_tag(path=TABLES)
    found = {}
    for path in sorted(site.glob("*.html")):
        packed = PACKED.search(path.read_text("utf-8"))
        if packed:
            blocks = json.loads(window.evaluate(READ, packed[2]))
            found |= {f"{path.stem}.{name}": block for name, block in blocks.items()}
    return found


def marts(published: Path) -> duckdb.DuckDBPyConnection:
    """Open the published marts to be asked, with names of segments and what is hidden.

    `names` has what a segment is called today, `names_then` what in a month, `hidden`
    the months in which its size is not to be told.
    """
    connection = duckdb.connect()
    connection.execute(f"attach '{published}' as published (read_only)")
    connection.execute("use published")
    connection.execute(VIEWS)
    _register_trials(connection, published)
    _register_hidden(connection)
    return connection


VIEWS = f"""
create temp macro words(name) as
    upper(left(trim(replace(name, '_', ' ')), 1))
    || substr(trim(replace(name, '_', ' ')), 2);
create temp macro is_few(customers) as
    coalesce(customers > 0 and customers < {CELL}, false);
create temp view known as
    select segment_id, segmentation, segment_number, persona, valid_from, valid_to,
        coalesce(stage, 'active') <> 'active' as is_stage
    from marts.dim_segments
    qualify row_number() over (
        partition by segment_id order by segment_number desc nulls last
    ) = 1;
create temp view names as
    select segment_id, segmentation, coalesce(persona, words(segment_id)) || case
        when persona is not null and case when valid_to is null
            then count(*) filter (valid_to is null) over alike
            else count(*) over alike end > 1
        then ' (' || segment_number || ')' else '' end as name
    from known
    window alike as (partition by segmentation, persona);
create temp view names_then as
    select profiles.segment_id, profiles.month,
        coalesce(profiles.persona, known.persona, words(profiles.segment_id))
        || case when profiles.persona is not null and count(*) over (
            partition by profiles.segmentation, profiles.month, profiles.persona
        ) > 1 then ' (' || segment_number || ')' else '' end as name
    from marts.fct_segment_profiles as profiles left join known using (segment_id);
create temp view hidden as
    select segment_id, month from marts.fct_segment_profiles
    where not coalesce(is_shown, false);
create temp view latest_profiles as
    select * from marts.fct_segment_profiles
    where month = (
        select max(month) from marts.fct_segment_profiles as others
        where others.segmentation = fct_segment_profiles.segmentation
    ) and customers > 0;
"""


def _register_trials(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Give `trial_states`: by which words pages offer a trial."""
    with PublishedMarts(published) as read_marts:
        trials = Trials(read_marts)
    rows = [
        (*values, trial.segmentation_trial_id)
        for values, trial in trials.by_key.items()
    ]
    columns = ["segmentation", "candidate", "k", "segmentation_trial_id"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    _keep(connection, "trial_states", frame)


def _register_hidden(connection: duckdb.DuckDBPyConnection) -> None:
    """Give what pages hide beyond the flags of the marts, by the rule of the marts.

    `hidden_groups` are groups of trials, `hidden_months` those of a series.
    """
    sizes = connection.sql("""
        select segmentation_trial_id, cluster_number,
            coalesce(max(customers), 0) as customers
        from marts.fct_trial_centroids group by all order by all
    """).df()
    drawn = connection.sql("""
        select segmentation_trial_id, cluster_number, count(*) as customers
        from marts.fct_silhouettes where silhouette is not null
        group by all order by all
    """).df()
    months = connection.sql("""
        select definition, segmentation, month, segment_id,
            coalesce(customers, 0) as customers
        from marts.fct_segment_revenue_months order by all
    """).df()
    for name, frame, total in (
        ("hidden_groups", sizes, ["segmentation_trial_id"]),
        ("hidden_drawn", drawn, ["segmentation_trial_id"]),
        ("hidden_months", months, ["definition", "segmentation", "month"]),
    ):
        counts = frame.groupby(total)["customers"]
        flags = counts.transform(lambda part: rest_of(part.astype(int), CELL))
        hidden = frame[flags.astype(bool)]
        _keep(connection, name, hidden)


def _keep(
    connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame
) -> None:
    connection.register("given", frame)
    connection.execute(f"create temp table {name} as select * from given")
    connection.unregister("given")


@dataclass(frozen=True)
class Question:
    """What the marts say in the place of a table.

    Attributes:
        sql: gives one row per row of the table; it may ask `states` for the states
            that the page has.
        digits: decimals to which the page rounds.
        labels: columns of the table that name a row; those of the answer too.
        are_amounts: whether numbers of 1,000 and over are rounded to whole ones.
        significant: digits that the page keeps of a number, whatever its size, by
            column; the last one for all further columns. Empty: `digits` are kept.
        are_named: whether a number is found by the labels of its row; else those of a
            column are compared in the order of their size.
        are_sampled: whether the page draws only some of the rows.
        are_ends: whether ends of intervals are among them, which are drawn as rounded
            distances from rounded values.
        are_places: whether the numbers are the places of the rows on an axis.
        is_long: whether a row of the answer is one number: labels, column, number.
        may_be_silent: whether pages may say in words that nothing is to be seen.
        hides_rest: whether small numbers of a state, and what they follow from, are
            hidden by the page.
    """

    sql: str
    digits: int = 2
    labels: int = 1
    are_amounts: bool = False
    significant: tuple[int, ...] = ()
    are_named: bool = True
    are_sampled: bool = False
    are_ends: bool = False
    are_places: bool = False
    is_long: bool = False
    may_be_silent: bool = False
    hides_rest: bool = False

    def is_near(self, told: float, asked: float, column: int) -> bool:
        """Say whether a number of a page is the one of the marts, rounded."""
        digits = 0 if self.are_amounts and abs(asked) >= 999.5 else self.digits
        if self.significant and asked:
            kept = self.significant[min(column, len(self.significant) - 1)]
            digits = kept - 1 - math.floor(math.log10(abs(asked)))
        farthest = (1.01 if self.are_ends else 0.505) * 10.0**-digits
        return abs(told - asked) <= farthest + 1e-9 * abs(asked)


# State and figure, then column, then row.
Numbers = dict[tuple, dict[int, dict[tuple, float]]]


def told(block: dict, question: Question) -> Numbers:
    """Gather the numbers of a block's tables."""
    found: Numbers = {}
    for key, state in block["states"].items():
        values = tuple(key.split("|")) if block["controls"] else ()
        for place, table in enumerate(state.get("tables", ())):
            assert not isinstance(table, str), f"{key}: its table fails: {table}"
            rows = [
                ((), row[:1])
                if question.are_places
                else (
                    tuple(map(_label, row[: question.labels])),
                    row[question.labels :],
                )
                for row in table["rows"]
            ]
            entries = (
                (label, column, value)
                for label, numbers in rows
                for column, value in enumerate(numbers)
            )
            _put(found, (*values, place), entries, question)
    return found


def asked(
    connection: duckdb.DuckDBPyConnection, block: dict, question: Question
) -> Numbers:
    """Gather the numbers that the marts give for a block."""
    width = len(block["controls"])
    columns = [f"state_{place}" for place in range(max(width, 1))]
    states = pd.DataFrame(
        [key.split("|") for key in block["states"]], columns=columns, dtype=object
    )
    connection.register("states", states)
    rows = connection.execute(question.sql).fetchall()
    connection.unregister("states")
    gathered: dict[tuple, list] = {}
    for row in rows:
        gathered.setdefault(row[: width + 1], []).append(row[width + 1 :])
    found: Numbers = {}
    for place, kept in gathered.items():
        shown = _without_rest(kept) if question.hides_rest else kept
        entries = [
            (tuple(map(_label, row[: question.labels])), column, value)
            for row in shown
            for column, value in (
                [row[question.labels :]]
                if question.is_long
                else enumerate(row[question.labels :])
            )
        ]
        _put(found, place, entries, question)
    return found


def _without_rest(rows: list[tuple]) -> list[tuple]:
    hidden = rest_of([row[-1] for row in rows], CELL)
    return [row for row, is_hidden in zip(rows, hidden, strict=True) if not is_hidden]


def _put(
    found: Numbers,
    place: tuple,
    entries: Iterable[tuple[tuple, int, float | None]],
    question: Question,
) -> None:
    """Sort numbers into columns; those without any do not count."""
    columns: dict[int, dict[tuple, float]] = {}
    for label, column, value in entries:
        if isinstance(value, Number) and not pd.isna(value):
            cells = columns.setdefault(column, {})
            unnamed = () if question.are_named else (len(cells),)
            cells[(*label, *unnamed)] = float(value)
    if columns:
        found[place] = dict(enumerate(columns[name] for name in sorted(columns)))


def _label(text: object) -> str:
    """A label without blanks, for pages break long ones into lines."""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    return re.sub(r"\s", "", str(text))


def differences(
    told_numbers: Numbers, asked_numbers: Numbers, question: Question
) -> list[str]:
    """Say where a page and the marts differ."""
    found = [
        f"{place}: the page shows nothing"
        if place in asked_numbers
        else f"{place}: the marts say nothing"
        for place in sorted(set(told_numbers) ^ set(asked_numbers), key=str)
        if not (question.may_be_silent and place not in told_numbers)
    ]
    for place in sorted(set(told_numbers) & set(asked_numbers), key=str):
        columns, answers = told_numbers[place], asked_numbers[place]
        if len(columns) != len(answers):
            found.append(
                f"{place}: {len(columns)} columns, {len(answers)} in the marts"
            )
        for column, answer in answers.items():
            cells = columns.get(column, {})
            compare = _by_name if question.are_named else _by_size
            found += [
                f"{place}, column {column}: {said}"
                for said in compare(cells, answer, question, column)
            ]
    return found


def _by_name(
    cells: Mapping, answer: Mapping, question: Question, column: int
) -> list[str]:
    if question.are_sampled:
        answer = {label: answer[label] for label in cells if label in answer}
    other = sorted(set(cells) ^ set(answer), key=str)
    return [
        f"{label}: {cells.get(label)}, in the marts {answer.get(label)}"
        for label in [*other, *sorted(set(cells) & set(answer), key=str)]
        if label in other or not question.is_near(cells[label], answer[label], column)
    ]


def _by_size(
    cells: Mapping, answer: Mapping, question: Question, column: int
) -> list[str]:
    left = sorted(answer.values())
    lacking = []
    for value in sorted(cells.values()):
        near = next((it for it in left if question.is_near(value, it, column)), None)
        if near is None:
            lacking.append(f"{value} is not in the marts")
        else:
            left.remove(near)
    if left and not question.are_sampled:
        lacking.append(f"the page lacks {left[:5]}")
    return lacking
