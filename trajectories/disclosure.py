"""Which counts of customers may be shown, so that no hidden one can be computed.

A count of fewer customers than the smallest cell is hidden. Beside totals it could
still be computed, so that further counts are hidden with it. Readers are taken to know
every total: of a segment, of a month, of a value. A hidden count is safe when customers
could be moved around a cycle of hidden cells without changing any total (Gusfield, "A
graph theoretic approach to statistical data security", SIAM Journal on Computing 17,
1988). Segments whose size is hidden are hidden in all tables of their month: as they
could have changed a customer between them, nothing else tells them apart.

Shown whatever they are: the totals of the whole shop, its new customers among them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

#: A segment's size, customers from one to another, a value of a mix, who stayed.
SIZE, FLOW, MIX, STAY = "size", "flow", "mix", "stay"
#: Where customers come from who are new in a month.
ENTERED = "(entered)"
#: Stage of segments that a model found; all others are given by a rule.
ACTIVE, NEW = "active", "new"

#: The share of who stayed is shown in whole per cent where it is of so many times the
#: smallest cell, whatever is hidden; else only where all who stayed are shown.
STAY_CELLS = 100

CELL_SCHEMA = pa.schema(
    {"cell_id": pa.string(), "kind": pa.string(), "is_shown": pa.bool_()}
)

Cell = tuple[int, int]
Way = tuple[int, list[Cell], int]


def rest_of(
    counts: Iterable[int],
    smallest_cell: int,
    extra: Iterable[bool] | None = None,
    reserves: Iterable[bool] | None = None,
) -> np.ndarray:
    """Say which parts of one known total are hidden.

    Small ones are, and after them larger ones, until the hidden ones are two at
    least, have the smallest cell of customers together, and are not all of one
    customer each.

    Args:
        counts: (parts,) customers of each part; one of none is no part.
        smallest_cell: parts of fewer customers are hidden; 1 hides none.
        extra: (parts,) parts to hide whatever their size; default: none.
        reserves: (parts,) parts to hide only when no other is left; default: none.

    Returns:
        (parts,) True where a part is hidden.

    Examples:
        >>> rest_of([11, 5, 1], 5).tolist()
        [False, True, True]
    """
    counts = np.asarray(list(counts), dtype=np.int64)
    hidden = (counts > 0) & (counts < smallest_cell)
    if extra is not None:
        hidden |= np.asarray(list(extra), dtype=bool)
    late = np.zeros(len(counts)) if reserves is None else np.asarray(list(reserves))
    for place in np.lexsort((counts, late)):
        total, parts = counts[hidden].sum(), hidden.sum()
        if not parts or (parts > 1 and total >= smallest_cell and total > parts):
            break
        hidden[place] |= counts[place] > 0
    return hidden


def leeway_of(part: int, total: int) -> tuple[int, int]:
    """Say by how many a part could be smaller or larger, its whole per cent the same.

    Examples:
        >>> leeway_of(497, 1000)
        (1, 7)
    """
    share = round(part / total, 2)
    low, high = (share - 0.005) * total, (share + 0.005) * total
    # What lies halfway may have been rounded up or down.
    fewer, more = (math.ceil(gap - 1e-6) - 1 for gap in (part - low, high - part))
    return max(0, fewer), max(0, more)


@dataclass
class Table:
    """Customers by row and column, whose totals are known.

    Attributes:
        customers: (rows, columns) counts.
        possible: (rows, columns) where customers can be; elsewhere everybody knows
            that there are none.
        hidden: (rows, columns) what is not shown; `protect` adds to it.
        linked: (rows, columns) cells that other tables hold as well. No other cell
            relies on them.
        summed: (rows, columns) cells whose sum is known roughly: who stayed.
        leeway: how many customers fewer and more that sum could have, to be told the
            same.
        free_rows: (rows,) rows of which only the sum of their totals is known.
        free_columns: (columns,) columns of which only the sum of their totals is.
    """

    customers: np.ndarray
    possible: np.ndarray
    hidden: np.ndarray
    linked: np.ndarray
    summed: np.ndarray
    leeway: tuple[int, int]
    free_rows: np.ndarray
    free_columns: np.ndarray

    def protect(self, small: np.ndarray) -> list[Cell]:
        """Hide more until no count follows; return those that still do.

        Args:
            small: (rows, columns) where counts are to be protected.
        """
        cells = _cells(small & (self.customers > 0))
        for cell in cells:
            if not self.is_safe(cell):
                for _, places, _ in self._ways(cell, self.possible):
                    self.hide(places)
        return [cell for cell in cells if not self.is_safe(cell)]

    def show_what_follows(self, small: np.ndarray) -> None:
        """Show counts that are not small and follow anyway, where no other does."""
        cells = _cells(small & (self.customers > 0))
        for larger in _cells(self.hidden & (self.customers > 0) & ~small):
            if not self.is_safe(larger):
                safe = [cell for cell in cells if self.is_safe(cell)]
                self.hidden[larger] = False
                self.hidden[larger] = not all(map(self.is_safe, safe))

    def hide(self, places: Iterable[Cell]) -> None:
        """Hide some cells."""
        for place in places:
            self.hidden[place] = True

    def is_safe(self, cell: Cell) -> bool:
        """Say whether a hidden count could as well be another one."""
        return bool(self._ways(cell, self.hidden))

    def _ways(self, cell: Cell, among: np.ndarray) -> list[Way]:
        """Find a cycle by which a count could be another one, apart from sums first.

        A linked one has to change in all tables alike: one up, and one down.
        """
        usable = among & ~self.linked
        for cells in (usable & ~self.summed, usable):
            found = [self._cycle(cell, change, cells) for change in (1, -1)]
            ways = [way for way in found if way is not None]
            if self.linked[cell] and len(ways) == len(found):
                return ways
            if ways and not self.linked[cell]:
                return [min(ways)]
        return []

    def _cycle(self, cell: Cell, change: int, usable: np.ndarray) -> Way | None:
        """Find the cheapest cycle by which a count could be one more, or one less."""
        usable = usable.copy()
        usable[cell] = False
        ends = len(self.customers) + cell[1], cell[0]
        way = self.way(*ends[::change], usable)
        if way is None:
            return None
        fewer, more = self.leeway
        summed = way[2] + change * bool(self.summed[cell])
        return way if -fewer <= summed <= more else None

    def way(self, start: int, end: int, usable: np.ndarray) -> Way | None:
        """Find the cheapest way from line to line, rows counted first, then columns.

        Counts grow from row to column, and shrink from column to row where there are
        any, by turns, so that totals stay. Free lines are as one.

        Returns:
            The shown customers on the way, its cells, and by how many customers it
            changes the sum that is known roughly; None where there is none.
        """
        costs = np.where(self.hidden, 0, self.customers)
        queue: list = [(0, 0, start, ())]
        before: dict[int, tuple] = {}
        while queue:
            cost, steps, node, came = heapq.heappop(queue)
            if node in before:
                continue
            before[node] = came
            if node == end:
                return self._way_back(before, node, cost)
            for place, other in self._next(node, usable):
                if other not in before:
                    more = int(costs[place]) if place else 0
                    entry = (cost + more, steps + 1, other, (node, place))
                    heapq.heappush(queue, entry)
        return None

    def _next(self, node: int, usable: np.ndarray) -> list[tuple[Cell | tuple, int]]:
        """List where a way can go on from a row or a column, and by which cell."""
        rows = len(self.customers)
        if node < rows:
            ends = np.flatnonzero(usable[node]).tolist()
            found = [((node, end), rows + end) for end in ends]
            free = np.flatnonzero(self.free_rows) if self.free_rows[node] else []
        else:
            end = node - rows
            shrinking = usable[:, end] & (self.customers[:, end] > 0)
            found = [
                ((start, end), start) for start in np.flatnonzero(shrinking).tolist()
            ]
            is_free = self.free_columns[end]
            free = rows + np.flatnonzero(self.free_columns) if is_free else []
        return found + [((), int(other)) for other in free]

    def _way_back(self, before: dict[int, tuple], node: int, cost: int) -> Way:
        cells, change = [], 0
        while before[node]:
            node, place = before[node]
            if place:
                cells.append(place)
                grows = node < len(self.customers)
                change += (1 if grows else -1) * bool(self.summed[place])
        return cost, cells, change


def _cells(places: np.ndarray) -> list[Cell]:
    return list(zip(*np.nonzero(places), strict=True))


class _Sizes:
    """Sizes of segments by month and segmentation, and which of them are hidden."""

    def __init__(self, sizes: pd.DataFrame, smallest_cell: int) -> None:
        self.smallest_cell = smallest_cell
        self._rows: dict[pd.Timestamp, dict[str, pd.DataFrame]] = {}
        for (month, name), rows in sizes.groupby(["month", "segmentation"]):
            self._rows.setdefault(month, {})[name] = rows
        self._extra: set[tuple] = set()
        self._hidden: dict[tuple, set[str]] = {}
        self.months = sorted(self._rows)

    def hide(self, month: pd.Timestamp, extra: Iterable[tuple] = ()) -> bool:
        """Choose the hidden sizes of a month; say whether any of extra is new.

        A stage with as many customers in two segmentations is the same in both, and
        hidden in both.

        Args:
            month: the month.
            extra: month, segmentation and segment of sizes to hide in any case.
        """
        known = len(self._extra)
        self._extra.update(extra)
        while True:
            told = set()
            for name, rows in self._rows[month].items():
                extra = [(month, name, each) in self._extra for each in rows["row_id"]]
                is_stage = rows["row_stage"] != ACTIVE
                hidden = rest_of(rows["customers"], self.smallest_cell, extra, is_stage)
                self._hidden[month, name] = set(rows.loc[hidden, "row_id"])
                stages = rows[hidden & is_stage]
                told |= set(zip(stages["row_stage"], stages["customers"], strict=True))
            more = {
                (month, name, row.row_id)
                for name, rows in self._rows[month].items()
                for row in rows.itertuples()
                if (row.row_stage, row.customers) in told
            }
            if more <= self._extra:
                return len(self._extra) > known
            self._extra |= more

    def last_month(self, name: str) -> pd.Timestamp | None:
        """Return the latest month of a segmentation."""
        return max((at for at in self.months if name in self._rows[at]), default=None)

    def hidden(self, month: pd.Timestamp | None, name: str) -> set[str]:
        """Return the segments of a month whose sizes are hidden."""
        return self._hidden.get((month, name), set())

    def ids(self, month: pd.Timestamp | None, name: str) -> list[str]:
        """List the segments of a month."""
        rows = self._rows.get(month, {}).get(name)
        return [] if rows is None else sorted(rows["row_id"])


def judge_cells(cells: pa.Table, smallest_cell: int) -> pa.Table:
    """Say which counts are shown, and in which months the share of who stayed.

    That share tells the sum of those who stayed in each segment. It is shown where
    all of these are shown, or where a whole per cent is enough customers to hide one.

    Args:
        cells: as for `hide_cells`, with a cell_id.
        smallest_cell: counts of fewer customers are hidden; 1 hides none.

    Returns:
        CELL_SCHEMA: a row per count, and one per segmentation and month of flows.

    Examples:
        >>> size = {"kind": "size", "segmentation": "value", "row_stage": "active"}
        >>> size |= {"month": pd.Timestamp("2018-01-01"), "column_stage": None}
        >>> size |= {"dimension": None, "column_id": None}
        >>> cells = [
        ...     {"cell_id": name, "row_id": name, "customers": customers, **size}
        ...     for name, customers in [("a", 40), ("b", 5), ("c", 2)]
        ... ]
        >>> judged = judge_cells(pa.Table.from_pylist(cells), smallest_cell=5)
        >>> judged["is_shown"].to_pylist()
        [True, False, False]
    """
    frame = cells.to_pandas()
    judged = frame.assign(is_shown=hide_cells(frame, smallest_cell))
    stays = stays_shown(judged, smallest_cell)
    judged = judged[["cell_id", "kind", "is_shown"]]
    judged = pd.concat([judged, stays]).astype({"is_shown": bool})
    return pa.Table.from_pandas(judged, CELL_SCHEMA, preserve_index=False)


def stays_shown(cells: pd.DataFrame, smallest_cell: int) -> pd.DataFrame:
    """Say by segmentation and month whether the share of who stayed is shown.

    Args:
        cells: as for `hide_cells`, with is_shown.
        smallest_cell: counts of fewer customers are hidden; 1 hides none.

    Returns:
        cell_id (segmentation and month), kind and is_shown.
    """
    month = pd.to_datetime(cells["month"])
    sizes = cells[cells["kind"] == SIZE].assign(month=month)
    months = sorted(set(sizes["month"]))
    segments = {
        key: set(rows["row_id"])
        for key, rows in sizes.groupby(["segmentation", "month"])
    }
    earlier = dict(zip(months[1:], months, strict=False))
    flows = cells[cells["kind"].eq(FLOW) & cells["row_id"].notna()].assign(month=month)
    found = []
    for (name, at), rows in flows.groupby(["segmentation", "month"]):
        both = segments[name, at] & segments.get((name, earlier.get(at)), set())
        told = (rows["row_id"].eq(rows["column_id"]) & rows["is_shown"]).sum()
        is_shown = (
            smallest_cell <= 1
            or told == len(both)
            or rows["customers"].sum() >= STAY_CELLS * smallest_cell
        )
        found.append((f"{name}|{at:%Y-%m-%d}", STAY, is_shown))
    return pd.DataFrame(found, columns=["cell_id", "kind", "is_shown"])


def hide_cells(cells: pd.DataFrame, smallest_cell: int) -> pd.Series:
    """Decide for every count of customers whether it is shown.

    Args:
        cells: one row per count above 0, with kind, segmentation, month, dimension,
            row_id, column_id, row_stage, column_stage and customers. Sizes have a
            month, and a segment as row; flows a month, the segment before (null for
            who entered) as row and the one after as column; mixes, which are of the
            latest month, a segment as row, a dimension and its value as column.
        smallest_cell: counts of fewer customers are hidden; 1 hides none.

    Returns:
        (cells,) True where the count is shown.
    """
    cells = cells.reset_index(drop=True)
    if smallest_cell <= 1 or cells.empty:
        return pd.Series(True, cells.index, dtype=bool)
    cells["month"] = pd.to_datetime(cells["month"])
    of_kind = {kind: cells[cells["kind"] == kind] for kind in (SIZE, FLOW, MIX)}
    sizes = _Sizes(of_kind[SIZE], smallest_cell)
    hidden = _hidden_flows(of_kind[FLOW], sizes)
    hidden |= _hidden_mixes(of_kind[MIX], sizes)
    hidden |= {
        row.Index
        for row in of_kind[SIZE].itertuples()
        if row.row_id in sizes.hidden(row.month, row.segmentation)
    }
    return pd.Series(~cells.index.isin(list(hidden)), cells.index)


def _hidden_flows(flows: pd.DataFrame, sizes: _Sizes) -> set[int]:
    """Hide flows month by month; where that does not help, sizes are hidden, too."""
    flows = flows.assign(
        row_id=flows["row_id"].fillna(ENTERED),
        row_stage=flows["row_stage"].fillna(ENTERED),
    )
    columns = ["row_stage", "column_stage"]
    stages = dict(zip(flows["column_id"], flows["column_stage"], strict=True))
    stages |= dict(zip(flows["row_id"], flows["row_stage"], strict=True))
    by_month = dict(list(flows.groupby("month")))
    seen: dict[str, set] = {}
    hidden: set[int] = set()
    for before, month in zip([None, *sizes.months], sizes.months, strict=False):
        rows_of = dict(list(by_month.get(month, flows[:0]).groupby("segmentation")))
        links = _links(rows_of.values(), columns)
        is_new = sizes.hide(month) or True
        while is_new:
            tables, unsafe = [], set()
            for name, rows in rows_of.items():
                pairs = seen.setdefault(name, set())
                pairs |= set(zip(rows["row_id"], rows["column_id"], strict=True))
                table = _Laid(
                    rows,
                    [ENTERED, *sizes.ids(before, name)],
                    sizes.ids(month, name),
                    (sizes.hidden(before, name), sizes.hidden(month, name)),
                    sizes.smallest_cell,
                )
                table.link(links, columns)
                table.expect(pairs, stages)
                table.sum_stays()
                unsafe |= {(month, name, each) for each in table.protect()}
                tables.append(table)
            is_new = sizes.hide(month, unsafe)
        for table in tables:
            table.table.show_what_follows(table.small)
            hidden |= table.hidden_rows()
        # Where all ways from a segment are shown, its size is, too.
        for name, rows in rows_of.items():
            open_ones = set(rows.loc[rows.index.isin(list(hidden)), "row_id"])
            told = sizes.hidden(before, name) - open_ones
            hidden |= set(rows.index[rows["row_id"].isin(told)])
    return hidden


def is_barred(before: str, after: str, has_new: bool) -> bool:
    """Say whether rules may bar the way from stage to stage, if nobody took it yet.

    Nobody becomes new again, newcomers are new where there is such a stage, and rules
    tell other stages apart; a group that a model found can be left and reached by all.
    """
    if before == ENTERED:
        return has_new or after != ACTIVE
    return after == NEW or ACTIVE not in (before, after)


def _hidden_mixes(mixes: pd.DataFrame, sizes: _Sizes) -> set[int]:
    """Hide values of mixes; where the table does not help, in each row by itself."""
    hidden: set[int] = set()
    for _, of_dimension in mixes.groupby("dimension"):
        tables = []
        for name, rows in of_dimension.groupby("segmentation"):
            month = sizes.last_month(name)
            starts = sizes.ids(month, name)
            ends = sorted(set(of_dimension["column_id"]))
            free = sizes.hidden(month, name), set()
            tables.append(_Laid(rows, starts, ends, free, sizes.smallest_cell))
        stages = dict(
            zip(of_dimension["row_id"], of_dimension["row_stage"], strict=True)
        )
        same = _same_rows(tables, stages)
        for table in tables:
            table.link_rows(row for rows in same for of, row in rows if of is table)
            if table.protect():
                table.hide_rests()
        for rows in same:
            _protect_together(rows)
        hidden.update(*(table.hidden_rows() for table in tables))
    return hidden


def _same_rows(tables: list[_Laid], stages: dict[str, str]) -> list[list]:
    """Find stages with the same customers in several segmentations: table and row."""
    found: dict[tuple, list] = {}
    for table in tables:
        for row, start in enumerate(table.starts):
            stage = stages.get(start, ACTIVE)
            if stage != ACTIVE:
                key = (stage, *table.table.customers[row].tolist())
                found.setdefault(key, []).append((table, row))
    return [rows for rows in found.values() if len(rows) > 1]


def _protect_together(rows: list[tuple[_Laid, int]]) -> None:
    """Protect the small counts of a row that several tables hold.

    A customer could have had another value, the same one in all tables, if in each of
    them others could have had hers.
    """
    counts = rows[0][0].table.customers[rows[0][1]]
    for value in np.flatnonzero(rows[0][0].small[rows[0][1]] & (counts > 0)):
        ways = []
        for other in np.flatnonzero(np.arange(len(counts)) != value):
            found = [table.swap(other, value) for table, _ in rows]
            if None not in found:
                shown = ~rows[0][0].table.hidden[rows[0][1], other]
                cost = sum(way[0] for way in found) + shown * counts[other] * len(rows)
                ways.append((int(cost), int(other), [way[1] for way in found]))
        if ways:
            _, other, places = min(ways)
            for (table, row), cells in zip(rows, places, strict=True):
                table.table.hide([*cells, (row, other)])


def _links(tables: Iterable[pd.DataFrame], columns: list[str]) -> set[tuple]:
    """Find cells of stages that hold as many customers in several segmentations."""
    keys = [*columns, "customers"]
    found: dict[tuple, int] = {}
    for rows in tables:
        is_stage = rows["row_stage"] != ACTIVE
        if "column_stage" in columns:
            is_stage &= rows["column_stage"] != ACTIVE
        for key in set(rows.loc[is_stage, keys].itertuples(index=False, name=None)):
            found[key] = found.get(key, 0) + 1
    return {key for key, times in found.items() if times > 1}


class _Laid:
    """Counts of one segmentation as a table, and the rows that they come from.

    Args:
        rows: one row per count, with row_id, column_id and customers.
        starts: what the rows of the table are.
        ends: what the columns of the table are.
        free: rows and columns whose totals are hidden.
        smallest_cell: counts of fewer customers are hidden.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        starts: list[str],
        ends: list[str],
        free: tuple[set[str], set[str]],
        smallest_cell: int,
    ) -> None:
        self.rows, self.starts, self._ends = rows, starts, ends
        self._smallest_cell = smallest_cell
        lines = {each: place for place, each in enumerate(starts)}
        columns = {each: place for place, each in enumerate(ends)}
        self._places = [
            (lines[start], columns[end])
            for start, end in zip(rows["row_id"], rows["column_id"], strict=True)
        ]
        customers = np.zeros((len(starts), len(ends)), dtype=np.int64)
        for place, count in zip(self._places, rows["customers"], strict=True):
            customers[place] = count
        free_rows = np.array([each in free[0] for each in starts], dtype=bool)
        free_columns = np.array([each in free[1] for each in ends], dtype=bool)
        self.small = customers < smallest_cell
        self.table = Table(
            customers,
            possible=np.ones(customers.shape, dtype=bool),
            hidden=self.small | free_rows[:, None] | free_columns,
            linked=np.zeros(customers.shape, dtype=bool),
            summed=np.zeros(customers.shape, dtype=bool),
            leeway=(0, 0),
            free_rows=free_rows,
            free_columns=free_columns,
        )

    def link(self, links: set[tuple], columns: list[str]) -> None:
        """Mark cells that other segmentations hold as well."""
        keys = self.rows[[*columns, "customers"]].itertuples(index=False, name=None)
        for place, key in zip(self._places, keys, strict=True):
            self.table.linked[place] |= key in links

    def link_rows(self, rows: Iterable[int]) -> None:
        """Mark rows that other segmentations hold as well, to be protected there."""
        for row in rows:
            self.table.linked[row] = True

    def sum_stays(self) -> None:
        """Take the sum of who stayed for known, where its share is shown anyway.

        Where few customers are counted, that share is hidden once one of the cells is.
        """
        table = self.table
        stays = np.array([[i == j for j in self._ends] for i in self.starts])
        inside = np.array([start != ENTERED for start in self.starts])
        total, stayed = table.customers[inside].sum(), table.customers[stays].sum()
        if total >= STAY_CELLS * self._smallest_cell:
            table.summed = stays
            table.leeway = leeway_of(stayed, total)

    def expect(self, pairs: set[tuple[str, str]], stages: dict[str, str]) -> None:
        """Take for possible what was seen before, and what no rule of stages bars."""
        after = [stages.get(end, ACTIVE) for end in self._ends]
        for i, start in enumerate(self.starts):
            before = stages.get(start, ENTERED)
            for j, end in enumerate(self._ends):
                self.table.possible[i, j] = (start, end) in pairs or not is_barred(
                    before, after[j], has_new=NEW in after
                )
        self.table.hidden &= self.table.possible

    def protect(self) -> set[str]:
        """Hide more; return the columns in which a hidden count still follows.

        A count that is all of the newcomers is a total of the shop, and known.
        """
        table = self.table
        whole_rows = table.linked.all(axis=1, keepdims=True)
        unsafe = table.protect(self.small & ~whole_rows)
        return {
            self._ends[end]
            for start, end in unsafe
            if self.starts[start] != ENTERED or table.possible[start].sum() > 1
        }

    def swap(self, one: int, other: int) -> Way | None:
        """Find how one customer fewer in a column can be one more in another.

        Rows that several tables hold are left alone.
        """
        rows = len(self.starts)
        return self.table.way(rows + one, rows + other, ~self.table.linked)

    def hide_rests(self) -> None:
        """Hide more in each row by itself."""
        for counts, hidden in zip(self.table.customers, self.table.hidden, strict=True):
            hidden |= rest_of(counts, self._smallest_cell, hidden & (counts > 0))

    def hidden_rows(self) -> set[int]:
        """Return the index of the rows that are hidden."""
        return {
            index
            for index, place in zip(self.rows.index, self._places, strict=True)
            if self.table.hidden[place]
        }
