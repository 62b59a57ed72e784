"""An attacker: reads counts of customers off the pages and Superset, solves the rest.

What is read is what a browser is given: the data inside the pages and the answers to
Superset's charts. The attacker is told more than that: every size that may be shown,
drawn or not, and every total, of months, of values and of samples.
"""

from __future__ import annotations

import html
import importlib.util
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pages_read
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from trajectories.dashboards.charts.matrices import ENTERED, OUTSIDE_NAMES
from trajectories.dashboards.looks import formats
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.pages import (
    departures,
    movement,
    segments,
    stability,
    trajectories,
)
from trajectories.dashboards.sections.departures import KEEPING
from trajectories.dashboards.sections.movement import ALL, CAUSES

Key = tuple[Hashable, ...]
SUPERSET = Path(__file__).resolve().parents[2] / "dashboards" / "superset"
STAGE_CAUSES = ("entered", "stayed", "lapsed", "returned", "settled")


@dataclass
class System:
    """What is known of counts: whole numbers, at least 0, and sums between bounds."""

    places: dict[Key, int] = field(default_factory=dict)
    lowest: list[float] = field(default_factory=list)
    highest: list[float] = field(default_factory=list)
    sums: list[tuple[list[int], list[float], float, float]] = field(
        default_factory=list
    )

    def place(self, key: Key) -> int:
        """Return the place of a count, a new one where it is not known yet."""
        if key not in self.places:
            self.places[key] = len(self.places)
            self.lowest.append(0)
            self.highest.append(np.inf)
        return self.places[key]

    def between(self, key: Key, lowest: float, highest: float) -> None:
        """Learn that a count lies between two numbers."""
        place = self.place(key)
        self.lowest[place] = max(self.lowest[place], lowest)
        self.highest[place] = min(self.highest[place], highest)

    def sum_is(
        self,
        parts: Iterable[Key],
        lowest: float,
        highest: float,
        less: Iterable[Key] = (),
    ) -> None:
        """Learn that a sum, less other counts, lies between two numbers."""
        added = [self.place(key) for key in parts]
        taken = [self.place(key) for key in less]
        signs = [1.0] * len(added) + [-1.0] * len(taken)
        self.sums.append((added + taken, signs, lowest, highest))

    def exact(self, asked: Iterable[Key], seed: int = 0) -> dict[Key, int]:
        """Return the counts, of those asked, that can be one number only."""
        keys = [key for key in asked if key in self.places]
        lows, highs = np.array(self.lowest), np.array(self.highest)
        free = lows < highs
        owners, parts = [], []
        for owner, (places, *_) in enumerate(self.sums):
            for place in places:
                if free[place]:
                    owners.append(owner)
                    parts.append(place)
        size = len(lows) + len(self.sums)
        graph = csr_array(
            (np.ones(len(parts)), (parts, np.add(owners, len(lows)))),
            shape=(size, size),
        )
        _, labels = connected_components(graph, directed=False)
        members, sums = defaultdict(list), defaultdict(list)
        for place in np.flatnonzero(free):
            members[labels[place]].append(int(place))
        for owner in range(len(self.sums)):
            sums[labels[len(lows) + owner]].append(owner)
        wanted = defaultdict(list)
        found = {}
        for key in keys:
            place = self.places[key]
            if free[place]:
                wanted[labels[place]].append(key)
            else:
                found[key] = int(lows[place])
        random = np.random.default_rng(seed)
        for label, names in wanted.items():
            found |= self._solve(members[label], sums[label], names, random)
        return found

    def _solve(
        self,
        members: list[int],
        sums: list[int],
        names: list[Key],
        random: np.random.Generator,
    ) -> dict[Key, int]:
        """Bound the counts of one part of the system that hangs together."""
        lows, highs = np.array(self.lowest), np.array(self.highest)
        local = {place: number for number, place in enumerate(members)}
        matrix = np.zeros((len(sums), len(members)))
        least, most = np.empty(len(sums)), np.empty(len(sums))
        for row, owner in enumerate(sums):
            places, signs, low, high = self.sums[owner]
            known = 0.0
            for place, sign in zip(places, signs, strict=True):
                if place in local:
                    matrix[row, local[place]] += sign
                else:
                    known += sign * lows[place]
            least[row], most[row] = low - known, high - known
        rules = [LinearConstraint(matrix, least, most)] if len(sums) else []
        bounds = Bounds(lows[members], highs[members])
        ones = np.ones(len(members))

        def solve(objective: np.ndarray) -> np.ndarray:
            ceiling = Bounds(bounds.lb, np.minimum(bounds.ub, 1e7))
            ran = milp(objective, constraints=rules, bounds=ceiling, integrality=ones)
            assert ran.x is not None, (ran.message, names[:3])
            return np.round(ran.x)

        seen = np.array([solve(random.normal(size=len(members))) for _ in range(4)])
        found = {}
        for key in names:
            place = local[self.places[key]]
            if len(set(seen[:, place])) > 1:
                continue
            goal = np.zeros(len(members))
            goal[place] = 1
            ends = [solve(sign * goal) for sign in (1, -1)]
            seen = np.vstack([seen, *ends])
            if ends[0][place] == ends[1][place]:
                found[key] = int(ends[0][place])
        return found


# -- What is read ----------------------------------------------------------------


def states(blocks: dict, name: str) -> dict[tuple[str, ...], dict]:
    """Return the states of a block by the values of its controls."""
    if name not in blocks:
        return {}
    return {
        tuple(key.split("|")): state for key, state in blocks[name]["states"].items()
    }


def chart_rows(
    connection: duckdb.DuckDBPyConnection, name: str, segmentation: str
) -> pd.DataFrame:
    """Return what a chart of Superset shows for one segmentation."""
    import yaml

    specification = importlib.util.spec_from_file_location(
        "bundle", SUPERSET / "bundle.py"
    )
    bundle = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(bundle)
    export = SUPERSET / "export"
    chart = yaml.safe_load((export / "charts" / f"{name}.yaml").read_text())
    datasets = [yaml.safe_load(p.read_text()) for p in (export / "datasets").glob("*")]
    (dataset,) = (d for d in datasets if d["uuid"] == chart["dataset_uuid"])
    (query,) = bundle.query_context(chart["params"])["queries"]
    expressions = {m["metric_name"]: m["expression"] for m in dataset["metrics"]}
    columns = [c if isinstance(c, str) else c["label"] for c in query["columns"]]
    metrics = [f"{expressions[m]} as {m}" for m in query.get("metrics", [])]
    source = dataset["sql"] or f"from {dataset['schema']}.{dataset['table_name']}"
    sql = f"select {', '.join([*columns, *metrics])} from ({source})"
    wheres = [query["extras"]["where"], f"segmentation = '{segmentation}'"]
    sql += f" where {' and '.join(filter(None, wheres))}"
    if metrics:
        sql += " group by all"
        if query["extras"]["having"]:
            sql += f" having {query['extras']['having']}"
    return connection.sql(sql).df()


def written(label: object) -> str:
    """Return a label of a chart as one line of text."""
    return html.unescape(str(label).replace("<br>", " "))


def _precision(number: str) -> float:
    decimals = len(number.partition(".")[2])
    return 0.5 * 10**-decimals


# -- The attack ------------------------------------------------------------------


@dataclass
class Attack:
    """All hidden counts of a site, and those that can be computed.

    Attributes:
        hidden: the true number of customers of every hidden count above 0, by key;
            the first part of a key is its kind.
        exact: what the attacker computes.
        shown: customers in counts that are shown, and in all, by kind.
    """

    hidden: dict[Key, int]
    exact: dict[Key, int]
    shown: dict[str, tuple[int, int]]

    def summary(self) -> pd.DataFrame:
        """Count hidden, computed and computed of one customer, by kind."""
        rows = defaultdict(Counter)
        for key, customers in self.hidden.items():
            row = rows[key[0]]
            row["hidden"] += 1
            row["computed"] += self.exact.get(key) == customers
            row["of one"] += self.exact.get(key) == customers == 1
        for kind, (seen, all_of_them) in self.shown.items():
            rows[kind]["customers shown"] = seen
            rows[kind]["customers"] = all_of_them
        return pd.DataFrame.from_dict(rows, orient="index").fillna(0).astype(int)


def _month_before(month: str) -> str:
    return str(np.datetime64(month, "M") - 1) + "-01"


class Attacker:
    """Reads a site and the published file behind it.

    Args:
        published: the file; the truth, and what Superset reads.
        site: the folder of the pages.
    """

    def __init__(self, published: Path, site: Path) -> None:
        """Read all pages and all counts."""
        self.system = System()
        self.truth: dict[Key, int] = {}
        self.shown: set[Key] = set()
        self.of_month: dict[Key, list[Key]] = defaultdict(list)
        self.pages = pages_read.blocks(site)
        self.marts = duckdb.connect(str(published), read_only=True)
        with PublishedMarts(published) as marts:
            self.segments = Segments(marts)
            self.currency = Shop(marts).currency
        self.names: dict[str, dict[tuple[str, str], str]] = {}
        self.today = {
            (row.segmentation, self.segments.name(row.segment_id)): row.segment_id
            for row in self.segments.frame.itertuples()
        }
        frame = self.segments.frame
        self.stage = dict(
            zip(frame["segment_id"], frame["stage"].fillna("active"), strict=True)
        )

    def attack(self) -> Attack:
        """Gather everything, then solve."""
        self._read_flows()
        self._read_kpis()
        self._read_mixes()
        with formats.amounts_in(self.currency):
            self._read_departures()
        self._read_trials()
        hidden = {
            key: count
            for key, count in self.truth.items()
            if count > 0 and key not in self.shown
        }
        shown = defaultdict(lambda: [0, 0])
        for key, count in self.truth.items():
            shown[key[0]][0] += count * (key in self.shown)
            shown[key[0]][1] += count
        exact = self.system.exact(hidden)
        self.marts.close()
        wrong = {key for key, count in exact.items() if self.truth[key] != count}
        assert not wrong, f"The attacker is wrong about {sorted(wrong, key=str)[:5]}."
        return Attack(hidden, exact, {kind: tuple(n) for kind, n in shown.items()})

    def _rows(self, sql: str) -> list[tuple]:
        return self.marts.sql(sql).fetchall()

    # Sizes and flows

    def _read_flows(self) -> None:
        month_key = "strftime(month, '%Y-%m-%d')"
        sizes = self._rows(
            f"select segmentation, {month_key}, segment_id, customers, is_shown"
            " from marts.fct_segment_profiles"
        )
        flows = self._rows(
            f"select segmentation, {month_key}, coalesce(from_segment_id, '{ENTERED}'),"
            " to_segment_id, cause, customers from marts.fct_segment_migrations"
        )
        of_size = defaultdict(dict)
        may_be_seen = set()
        for name, month, each, customers, is_shown in sizes:
            of_size[name, month][each] = customers
            self.truth["size", name, month, each] = customers
            if is_shown:
                may_be_seen.add((name, month, each))
        months = sorted({month for _, month in of_size})
        earlier = dict(zip(months[1:], months, strict=False))
        of_flow = defaultdict(dict)
        for name, month, start, end, cause, customers in flows:
            of_flow[name, month][start, end, cause] = customers
        heat = states(self.pages[movement.FILE], "heatmap")
        drawn_sizes = self._sizes_of_pages(heat, earlier, months[-1])
        assert drawn_sizes <= may_be_seen, drawn_sizes - may_be_seen
        seen_sizes = may_be_seen
        self.shown |= {("size", *each) for each in seen_sizes}
        for (name, month), counts in of_size.items():
            parts = [("size", name, month, each) for each in counts]
            for each, customers in counts.items():
                if (name, month, each) in seen_sizes:
                    self.system.between(("size", name, month, each), *[customers] * 2)
            total = sum(counts.values())
            self.system.sum_is(parts, total, total)
        drawn = defaultdict(set)
        for (name, _), cells in of_flow.items():
            drawn[name] |= {(start, end) for start, end, _ in cells}
        for (name, month), cells in of_flow.items():
            self._learn_table(
                name,
                (earlier[month], month),
                cells,
                (of_size[name, earlier[month]], of_size[name, month]),
                drawn[name],
            )
        for key in self.system.places:
            if key[0] in ("flow", "part"):
                self.of_month[key[:3]].append(key)
        self._link_stages(of_flow)
        self._learn_pages(heat)
        self._learn_superset(months[-1])

    def _sizes_of_pages(
        self, heat: dict, earlier: dict, last: str
    ) -> set[tuple[str, str, str]]:
        """Find sizes that are shown, or follow from a share beside its count."""
        seen = set()
        for (name, month, cause), state in heat.items():
            if cause != ALL or not state["figures"]:
                continue
            (trace,) = state["figures"][0]["data"]
            for label, row in zip(trace["y"], trace["z"], strict=True):
                start = self._identity(name, label, earlier[month])
                if start != ENTERED and any(value is not None for value in row):
                    seen.add((name, earlier[month], start))
        for (name,), state in states(self.pages[segments.FILE], "profile").items():
            for row in re.findall(r"<tr>(.*?)</tr>", state["html"], re.DOTALL):
                cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
                if len(cells) > 1 and re.fullmatch(r"[\d,]+", cells[1]):
                    each = self.today.get((name, written(cells[0])))
                    seen.add((name, last, each))
        return seen

    def _identity(self, name: str, label: str, month: str) -> str | None:
        """Find the segment of a segmentation that a label names, as named then."""
        text = written(label)
        outside = {words: key for key, words in OUTSIDE_NAMES.items()}
        if month not in self.names:
            then = self.segments.at(month)
            here = {
                each
                for (each,) in self._rows(
                    "select segment_id from marts.fct_segment_profiles"
                    f" where month = '{month}'"
                )
            }
            rows = sorted(then.frame["segment_id"], key=lambda each: each in here)
            self.names[month] = {
                (each.rpartition("-")[0], said): each
                for each in rows
                for said in (then.name(each), formats.words(each))
            }
        return outside.get(text) or self.names[month].get((name, text))

    def _learn_table(
        self,
        name: str,
        months: tuple[str, str],
        cells: dict,
        sizes: tuple[dict, dict],
        drawn: set[tuple[str, str]],
    ) -> None:
        """Learn that flows add up to sizes, and what cannot be."""
        before, month = months
        has_new_map = any(cause == "map redrawn" for *_, cause in cells)
        rows, columns = defaultdict(list), defaultdict(list)
        for start in [ENTERED, *sizes[0]]:
            for end in sizes[1]:
                pair = ("flow", name, month, start, end)
                causes = self._causes(start, end, has_new_map)
                parts = [("part", *pair[1:], cause) for cause in causes]
                self.system.sum_is(parts, 0, 0, [pair])
                count = sum(
                    n for (a, b, _), n in cells.items() if (a, b) == (start, end)
                )
                if (start, end) not in drawn and self._is_barred(start, end):
                    self.system.between(pair, 0, 0)
                rows[start].append(pair)
                columns[end].append(pair)
                self.truth[pair] = count
                for part in parts if len(parts) > 1 else []:
                    self.truth[part] = cells.get((start, end, part[-1]), 0)
        entered = sum(n for (start, *_), n in cells.items() if start == ENTERED)
        self.system.sum_is(rows[ENTERED], entered, entered)
        for each in sizes[0]:
            self.system.sum_is(rows[each], 0, 0, [("size", name, before, each)])
        for each in sizes[1]:
            self.system.sum_is(columns[each], 0, 0, [("size", name, month, each)])

    def _causes(self, start: str, end: str, has_new_map: bool) -> list[str]:
        """List what can have moved a customer: stages say it, or the map may have."""
        if start == ENTERED:
            return ["entered"]
        if start == end:
            return ["stayed"]
        if self.stage[end] == "lapsed":
            return ["lapsed"]
        if self.stage[start] == "lapsed":
            return ["returned"]
        if self.stage[start] in ("new", "sparse"):
            return ["settled"]
        return ["behaved differently", *["map redrawn"] * has_new_map]

    def _is_barred(self, start: str, end: str) -> bool:
        """Say whether rules may bar a path that nobody ever took."""
        if start == ENTERED:
            name = end.rpartition("-")[0]
            has_new = self.stage.get(f"{name}-new") == "new"
            return has_new or self.stage[end] != "active"
        stages = self.stage[start], self.stage[end]
        return stages[1] == "new" or "active" not in stages

    def _link_stages(self, of_flow: dict) -> None:
        """Learn that a stage by the same rule holds the same customers everywhere."""
        held = defaultdict(list)
        for (name, month), cells in of_flow.items():
            for (start, end, _), count in cells.items():
                stages = self.stage.get(start, start), self.stage.get(end, end)
                if "active" not in stages:
                    key = (month, *stages, count)
                    held[key].append(("flow", name, month, start, end))
        for first, *others in held.values():
            for other in others:
                self.system.sum_is([first], 0, 0, [other])

    def _learn_pages(self, heat: dict) -> None:
        """Learn from heatmaps, streams, titles, tables of money and stay shares."""
        causes = {ALL: None, **CAUSES}
        blocks = self.pages[movement.FILE]
        for (name, month, cause), state in heat.items():
            if not state["figures"]:
                continue
            (trace,) = state["figures"][0]["data"]
            before, after = _month_before(month), month
            starts = [self._identity(name, label, before) for label in trace["y"]]
            ends = [self._identity(name, label, after) for label in trace["x"]]
            for i, start in enumerate(starts):
                for j, end in enumerate(ends):
                    count, text = trace["customdata"][i][j], trace["text"][i][j]
                    keys = self._keys(name, month, (start, end), causes[cause])
                    if count is not None:
                        self._learn(keys, int(count), int(count))
                    elif written(text).startswith("<"):
                        self._learn(keys, 1, int(written(text)[1:]) - 1)
        for (name, month, cause), state in states(blocks, "sankey").items():
            self._learn_title(name, month, state["title"])
            for figure in state["figures"]:
                (trace,) = figure["data"]
                before, after = _month_before(month), month
                columns = dict(trace["meta"]["columns"])
                for start, end, count in zip(
                    *(columns[it] for it in ("From", "To", "Customers")), strict=True
                ):
                    pair = (
                        self._identity(name, start, before),
                        self._identity(name, end, after),
                    )
                    self._learn(
                        self._keys(name, month, pair, causes[cause]), count, count
                    )
        for block in ("gains", "losses"):
            for (name, month, _), state in states(blocks, block).items():
                self._learn_money(name, month, state["html"])
        self._learn_stays()

    def _keys(
        self, name: str, month: str, pair: tuple[str, str], causes: list[str] | None
    ) -> list[Key]:
        """List the counts that a cell adds up."""
        if causes is None:
            return [("flow", name, month, *pair)]
        return [
            key
            for cause in causes
            if (key := ("part", name, month, *pair, cause)) in self.system.places
        ]

    def _learn(self, keys: list[Key], lowest: float, highest: float) -> None:
        if lowest == highest and len(keys) == 1:
            self.shown.add(keys[0])
        if len(keys) == 1:
            self.system.between(keys[0], lowest, highest)
        elif keys:
            self.system.sum_is(keys, lowest, highest)

    def _of_month(self, kind: str, name: str, month: str) -> list[Key]:
        return self.of_month[kind, name, month]

    def _learn_title(self, name: str, month: str, title: str) -> None:
        inside = [
            key
            for key in self._of_month("flow", name, month)
            if ENTERED not in key and key in self.truth
        ]
        total = sum(self.truth[key] for key in inside)
        # With a new map, who stayed is told on the map of before.
        found = re.search(r"^([\d.]+) % stayed(?! on the map)", title)
        if found:
            stays = [key for key in inside if key[3] == key[4]]
            self._learn_share(stays, found.group(1), total)

    def _learn_share(self, keys: list[Key], share: str, total: int) -> None:
        low, high = (float(share) + sign * _precision(share) for sign in (-1, 1))
        self.system.sum_is(keys, low * total / 100 - 1e-6, high * total / 100 + 1e-6)

    def _learn_money(self, name: str, month: str, text: str) -> None:
        for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL):
            cells = [
                html.unescape(cell)
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
            ]
            if len(cells) < 3 or not re.fullmatch(r"[\d,]+", cells[2]):
                continue
            maps = _month_before(month), month
            named = (
                tuple(
                    self._identity(name, end, then)
                    for end, then in zip(ends, maps, strict=True)
                )
                for ends in _splits(cells[0])
            )
            ends = next(ends for ends in named if None not in ends)
            count = int(cells[2].replace(",", ""))
            self._learn(self._keys(name, month, ends, [cells[1]]), count, count)

    def _learn_stays(self) -> None:
        """Learn from the line of who stayed, where no new map stands between."""
        for (name,), state in states(self.pages[stability.FILE], "stability").items():
            for figure in state["figures"]:
                trace = figure["data"][0]
                for month, value in zip(trace["x"], trace["y"], strict=True):
                    digits = 2 if _is_whole(trace["y"]) else 3
                    self._learn_stay(name, month, value, 0.5 * 10**-digits)

    def _learn_stay(
        self, name: str, month: str, value: float | None, precision: float
    ) -> None:
        inside = [
            key for key in self._of_month("flow", name, month) if ENTERED not in key
        ]
        parts = self._of_month("part", name, month)
        if value is None or any(key[-1] == "map redrawn" for key in parts):
            return
        total = sum(self.truth[key] for key in inside)
        stays = [key for key in inside if key[3] == key[4]]
        low, high = ((value + sign * precision) * total for sign in (-1, 1))
        self.system.sum_is(stays, low - 1e-6, high + 1e-6)

    def _learn_superset(self, last: str) -> None:
        labels = {
            f"{row.segment_number} {row.persona}"
            if not formats.is_missing(row.segment_number)
            else row.persona: row
            for then in (self.segments.before(last), self.segments.at(last))
            for row in then.frame.itertuples()
        }
        for name in sorted({row.segmentation for row in labels.values()}):
            ids = {
                label: row.segment_id
                for label, row in labels.items()
                if row.segmentation == name
            }
            ids["Entered"] = ENTERED
            moved = chart_rows(self.marts, "migrations", name)
            for row in moved.itertuples():
                if row.from_segment in ids and row.to_segment in ids:
                    pair = ids[row.from_segment], ids[row.to_segment]
                    key = ("flow", name, last, *pair)
                    if key in self.truth and row.from_share is not None:
                        count = self.truth[key]
                        self._learn([key], count, count)
            stayed = chart_rows(self.marts, "stay_share", name)
            whole = _is_whole(stayed["stay_share"])
            for row in stayed.dropna(subset=["stay_share"]).itertuples():
                month = formats.month_key(row.month)
                precision = 0.005 if whole else 1e-9
                self._learn_stay(name, month, row.stay_share, precision)
            for chart in ("segments_by_size", "segment_profiles"):
                for row in chart_rows(self.marts, chart, name).itertuples():
                    key = ("size", name, last, ids.get(row.segment))
                    if key in self.truth:
                        self._learn([key], self.truth[key], self.truth[key])

    # Numbers to watch

    def _read_kpis(self) -> None:
        """Whose retention is shown, of her segment's size the path is known."""
        rows = self._rows(
            "select segmentation, segment_id, strftime(month, '%Y-%m-%d')"
            " from marts.fct_segment_kpis where kpi = 'retention' and is_shown"
        )
        for name, each, month in rows:
            key = ("flow", name, month, each, each)
            if key in self.truth:
                self._learn([key], self.truth[key], self.truth[key])

    # Mixes

    def _read_mixes(self) -> None:
        rows = self._rows(
            "select segmentation, segment_id, dimension, dimension_value, customers"
            " from marts.fct_segment_mixes"
        )
        last = self._rows(
            "select strftime(max(month), '%Y-%m-%d') from marts.fct_segment_profiles"
        )[0][0]
        tables = defaultdict(dict)
        for name, each, dimension, value, customers in rows:
            tables[name, dimension][each, str(value)] = customers
        linked = defaultdict(list)
        for (name, dimension), cells in tables.items():
            lines = sorted({each for each, _ in cells})
            values = sorted(
                {v for (_, d), c in tables.items() if d == dimension for _, v in c}
            )
            keys = {
                (each, value): ("mix", name, each, dimension, value)
                for each in lines
                for value in values
            }
            for place, key in keys.items():
                self.truth[key] = cells.get(place, 0)
            for each in lines:
                total = ("size", name, last, each)
                self.system.sum_is([keys[each, v] for v in values], 0, 0, [total])
            for value in values:
                parts = [keys[each, value] for each in lines]
                self.system.sum_is(parts, 0, 0, [("total", dimension, value)])
                # Dots beside bars tell how many of all customers have a value.
                if len(values) > 1:
                    total = sum(self.truth[key] for key in parts)
                    self.system.between(("total", dimension, value), total, total)
            for each in lines:
                if self.stage.get(each) != "active":
                    row = [keys[each, value] for value in values]
                    counts = [(k[4], self.truth[k]) for k in row if self.truth[k]]
                    linked[dimension, self.stage.get(each), *counts].append(row)
        for first, *others in linked.values():
            for other in others:
                for one, same in zip(first, other, strict=True):
                    self.system.sum_is([one], 0, 0, [same])
        dimensions = {dimension for _, dimension in tables}
        for dimension in dimensions:
            block = f"mix-{dimension.replace('_', '-')}"
            found = states(self.pages[segments.FILE], block)
            for (name, each), state in found.items():
                self._learn_mix(name, each, dimension, state)

    def _learn_mix(self, name: str, each: str, dimension: str, state: dict) -> None:
        known = {
            formats.words(key[4]): key
            for key in self.system.places
            if key[:4] == ("mix", name, each, dimension)
        }
        squeezed = {re.sub(r"\s", "", words): key for words, key in known.items()}

        def find(label: object) -> Key | None:
            text = re.sub(r"\s", "", written(label))
            return squeezed.get(text[:1].upper() + text[1:])

        for figure in state["figures"]:
            for trace in figure["data"]:
                labels = trace.get("labels", trace.get("y"))
                counts = trace.get("values", trace.get("customdata"))
                if counts is None:
                    # All customers, of whom the attacker knows more.
                    continue
                for label, count in zip(labels, counts, strict=True):
                    if key := find(label):
                        self._learn([key], count, count)
        named = re.search(r"ewer than (\d+) customers: (.*)\.", state.get("note", ""))
        if named:
            for value in re.split(r", | and ", named.group(2)):
                if key := find(value):
                    self.system.between(key, 1, int(named.group(1)) - 1)

    # Departures

    def _read_departures(self) -> None:
        rows = self.marts.sql(
            "select departures.segmentation, departures.from_segment_id,"
            " departures.cause, keeping_orders, feature,"
            " value_change, segment_departure_id, is_shown"
            " from marts.fct_segment_departures as departures"
            " left join marts.fct_segment_migrations as paths"
            " on departures.segmentation = paths.segmentation"
            " and departures.from_segment_id = paths.from_segment_id"
            " and departures.to_segment_id = paths.to_segment_id"
            " and departures.cause = paths.cause and departures.month = paths.month"
            " left join marts.fct_departure_features as features"
            " using (segment_departure_id)"
            " where coalesce(feature_rank, 1) = 1 and departures.month = (select"
            " max(month) from marts.fct_segment_departures)"
        ).df()
        # The page counts those on paths that are shown, a sum that is known.
        rows = rows[rows["is_shown"]]
        blocks = self.pages[departures.FILE]
        for (name, each), group in rows.groupby(["segmentation", "from_segment_id"]):
            state = states(blocks, "who-left").get((name, each))
            if state is None:
                continue
            keeping = group["keeping_orders"].fillna(0)
            direction = np.select(
                [group["value_change"] > 0, group["value_change"] <= 0],
                [" up", " down"],
                "",
            )
            features = group["feature"].map(formats.feature) + direction
            told = {
                "cause": group["cause"],
                "keeping": keeping.map(
                    {0: "Nothing that was looked at"}
                    | {n: formats.words(label) for n, label in KEEPING.items()}
                ),
                "reasons": features,
            }
            for block, values in told.items():
                counts = values.value_counts()
                keys = {v: ("left", name, each, block, v) for v in counts.index}
                for value, key in keys.items():
                    self.truth[key] = int(counts[value])
                self.system.sum_is(keys.values(), len(group), len(group))
                if block == "cause":
                    for value, key in keys.items():
                        said = f"{formats.count(counts[value])} {value}"
                        if re.search(rf"(?<![\d,]){said}", state["html"]):
                            self._learn([key], self.truth[key], self.truth[key])
                    continue
                for figure in states(blocks, block)[name, each]["figures"]:
                    for trace in figure["data"]:
                        for label, count in zip(trace["y"], trace["x"], strict=True):
                            key = keys.get(written(label))
                            if key is None:
                                found = [
                                    k
                                    for v, k in keys.items()
                                    if re.sub(r"\s", "", v)
                                    == re.sub(r"\s", "", written(label))
                                ]
                                key = found[0] if found else None
                            if key:
                                self._learn([key], count, count)

    # Trials

    def _read_trials(self) -> None:
        rows = self._rows(
            "select segmentation_trial_id, cluster_number, max(customers), "
            "any_value(segmentation), any_value(k) from marts.fct_trial_centroids"
            " group by all"
        )
        with_key = defaultdict(dict)
        for trial, number, customers, *_ in rows:
            with_key[trial][number] = customers
        published = Path(
            self._rows("select path from duckdb_databases() where path is not null")[0][
                0
            ]
        )
        from trajectories.dashboards.marts.segmentations import Trials

        with PublishedMarts(published) as marts:
            trials = Trials(marts)
            numbers = trials.rows("marts.fct_trial_centroids")
        drawn = states(self.pages[trajectories.FILE], "paths")
        for key, frame in numbers.items():
            state = drawn[key]
            ends = []
            for figure in state["figures"]:
                marks = figure["layout"].get("annotations", [])
                ends += [mark["text"] for mark in marks]
                ends += [str(y) for trace in figure["data"] for y in trace["y"]]
            text = " ".join(
                [state["title"], state["legend"], *state["captions"], *ends]
            )
            text = html.unescape(html.unescape(text.replace("<br>", " ")))
            counts = frame.groupby("cluster_number")["customers"].max()
            keys = {n: ("trial", *key, int(n)) for n in counts.index}
            for number, name in keys.items():
                self.truth[name] = int(counts[number])
            total = int(counts.sum())
            self.system.sum_is(keys.values(), total, total)
            for number, name in keys.items():
                if f"{trials.group(key, number)} (" in text:
                    self._learn([name], self.truth[name], self.truth[name])


def _splits(path: str) -> list[tuple[str, str]]:
    """List how the two ends of a path can be told apart."""
    words = path.split(" to ")
    return [
        (" to ".join(words[:at]), " to ".join(words[at:]))
        for at in range(1, len(words))
    ]


def _is_whole(values: Iterable[float | None]) -> bool:
    """Say whether all shares are in whole per cent."""
    known = [value for value in values if value is not None and not pd.isna(value)]
    return all(abs(100 * value - round(100 * value)) < 1e-9 for value in known)
