"""Nobody can compute a count of customers that the pages and Superset hide."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attacker import Attacker, System
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.frames import as_table
from trajectories.disclosure import (
    ACTIVE,
    ENTERED,
    FLOW,
    MIX,
    SIZE,
    STAY,
    Table,
    hide_cells,
    is_barred,
    judge_cells,
    leeway_of,
    rest_of,
)

SMALLEST = 5


# -- The attacker can count -------------------------------------------------------


def test_the_attacker_computes_what_follows_by_subtraction() -> None:
    system = System()
    system.sum_is(["eleven", "five", "one"], 17, 17)
    system.between("eleven", 11, 11)
    assert system.exact(["five", "one"]) == {}
    system.between("five", 5, 5)
    assert system.exact(["one"]) == {"one": 1}


def test_the_attacker_knows_that_customers_are_whole() -> None:
    system = System()
    system.sum_is(["a", "b"], 2.7, 3.4)
    system.sum_is(["a"], 0, 0, less=["b", "c"])
    system.between("c", 1, 1)
    assert system.exact(["a", "b"]) == {"a": 2, "b": 1}


# -- One total --------------------------------------------------------------------


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_parts_of_a_total_that_are_hidden_do_not_follow(
    counts: list[int], smallest: int
) -> None:
    hidden = rest_of(counts, smallest)
    small = [0 < count < smallest for count in counts]
    assert not any(
        is_small and not h for is_small, h in zip(small, hidden, strict=True)
    )
    assert not hidden.any() or any(small)
    if smallest == 1:
        assert not hidden.any()
    parts = [count for count in counts if count]
    rest = [count for count, h in zip(counts, hidden, strict=True) if h]
    if rest and len(rest) < len(parts):
        assert len(rest) > 1
        assert sum(rest) >= smallest
        # Readers know that a part which exists has one customer at least.
        assert sum(rest) > len(rest)


@given(st.integers(0, 3000), st.integers(1, 3000))
@settings(max_examples=300, deadline=None)
def test_whole_per_cent_are_the_same_within_the_leeway(part: int, rest: int) -> None:
    total = part + rest
    fewer, more = leeway_of(part, total)
    told = {round(n / total, 2) for n in (part - fewer, part, part + more)}
    assert len(told) == 1
    assert round((part - fewer - 2) / total, 2) not in told
    assert round((part + more + 2) / total, 2) not in told


@pytest.mark.parametrize(("leeway", "is_safe"), [((2, 0), True), ((1, 9), False)])
def test_who_stayed_may_change_within_the_leeway(
    leeway: tuple[int, int], is_safe: bool
) -> None:
    customers = np.array([[6, 0], [2, 7]])
    every, none = np.ones((2, 2), dtype=bool), np.zeros((2, 2), dtype=bool)
    table = Table(
        customers,
        possible=every,
        hidden=every.copy(),
        linked=none,
        summed=np.eye(2, dtype=bool),
        leeway=leeway,
        free_rows=none[0],
        free_columns=none[0],
    )
    assert table.is_safe((1, 0)) == is_safe


# -- Random shops -----------------------------------------------------------------

STAGES = {"a-new": "new", "a-lapsed": "lapsed", "b-lapsed": "lapsed"}
SEGMENTS = {
    "a": ["a-1", "a-2", "a-3", "a-new", "a-lapsed"],
    "b": ["b-1", "b-2", "b-lapsed"],
}


def random_shop(seed: int, most: int = 250) -> pd.DataFrame:
    """Counts of a shop whose customers move between segments for some months."""
    random = np.random.default_rng(seed)
    customers, months = int(random.integers(10, most)), int(random.integers(2, 6))
    started = random.integers(0, months, customers) * (random.random(customers) < 0.5)
    staying = random.choice([0.5, 0.8, 0.95])
    weights = {
        name: random.dirichlet(np.ones(len(each))) for name, each in SEGMENTS.items()
    }
    rows = []
    # Who lapsed has lapsed in both segmentations.
    lapsed = np.zeros((months, customers), dtype=bool)
    for month in range(1, months):
        chance = np.where(lapsed[month - 1], 0.8, 0.08)
        lapsed[month] = (random.random(customers) < chance) & (started + 1 < month)
    for name, segments in SEGMENTS.items():
        clusters = [each for each in segments if each not in STAGES]
        at: list[str | None] = [None] * customers
        for month in range(months):
            for customer in range(customers):
                if started[customer] > month:
                    continue
                before = at[customer]
                if month - started[customer] < 2 and "a-new" in segments:
                    at[customer] = "a-new"
                elif lapsed[month, customer]:
                    at[customer] = f"{name}-lapsed"
                elif before not in clusters or random.random() > staying:
                    chances = weights[name][: len(clusters)] + 0.01
                    at[customer] = str(
                        random.choice(clusters, p=chances / chances.sum())
                    )
                rows.append((name, month, customer, before, at[customer]))
    seen = pd.DataFrame(
        rows, columns=["segmentation", "month", "customer", "row_id", "column_id"]
    )
    kinds = []
    sizes = seen.groupby(["segmentation", "month", "column_id"]).size()
    sizes = sizes.rename("customers").reset_index()
    kinds.append(sizes.rename(columns={"column_id": "row_id"}).assign(kind=SIZE))
    flows = seen[seen["month"] > 0]
    flows = flows.groupby(
        ["segmentation", "month", "row_id", "column_id"], dropna=False
    ).size()
    kinds.append(flows.rename("customers").reset_index().assign(kind=FLOW))
    value = pd.Series(
        random.integers(0, 4, customers) * random.integers(1, 3, customers)
    )
    mixes = seen[seen["month"] == months - 1].assign(
        row_id=lambda rows: rows["column_id"],
        column_id=lambda rows: "v" + value[rows["customer"]].astype(str).to_numpy(),
    )
    mixes = mixes.groupby(["segmentation", "row_id", "column_id"]).size()
    mixes = mixes.rename("customers").reset_index()
    kinds.append(mixes.assign(kind=MIX, dimension="state", month=None))
    cells = pd.concat(kinds, ignore_index=True).reindex(
        columns=[
            *("kind", "segmentation", "month", "dimension"),
            *("row_id", "column_id", "customers"),
        ]
    )
    cells["month"] = pd.to_datetime(
        [None if pd.isna(m) else f"2017-{int(m) + 1:02}-01" for m in cells["month"]]
    )
    for side in ("row", "column"):
        is_segment = cells["kind"].ne(MIX) if side == "column" else True
        stage = [STAGES.get(each, ACTIVE) for each in cells[f"{side}_id"]]
        cells[f"{side}_stage"] = pd.Series(stage).where(
            cells[f"{side}_id"].notna() & is_segment, None
        )
    return cells


def key(kind: str, name: str, month: object, row: object, column: object) -> tuple:
    return kind, name, *("" if pd.isna(v) else str(v) for v in (month, row, column))


def keys_of(cells: pd.DataFrame) -> list[tuple]:
    """Name every count."""
    rows = cells.assign(row_id=cells["row_id"].fillna("entered")).itertuples()
    return [
        key(row.kind, row.segmentation, row.month, row.row_id, row.column_id)
        for row in rows
    ]


def know(cells: pd.DataFrame, shown: pd.Series, smallest: int) -> System:
    """What can be known of a shop: what is shown, all totals, who stayed, rules."""
    system = System()
    cells = cells.assign(row_id=cells["row_id"].fillna("entered"), is_shown=shown)
    for known, row in zip(keys_of(cells), cells.itertuples(), strict=True):
        if row.is_shown:
            system.between(known, row.customers, row.customers)

    sizes = cells[cells["kind"] == SIZE]
    for (name, month), rows in sizes.groupby(["segmentation", "month"]):
        total = rows["customers"].sum()
        parts = [key(SIZE, name, month, each, np.nan) for each in rows["row_id"]]
        system.sum_is(parts, total, total)
    flows = cells[cells["kind"] == FLOW]
    held: dict[tuple, list[list]] = {}
    for (name, month), rows in flows.groupby(["segmentation", "month"]):
        before = month - pd.DateOffset(months=1)
        at = sizes[sizes["segmentation"] == name]
        starts = list(at.loc[at["month"] == before, "row_id"])
        ends = list(at.loc[at["month"] == month, "row_id"])
        of_name = flows[flows["segmentation"] == name]
        taken = set(zip(of_name["row_id"], of_name["column_id"], strict=True))
        for start in ["entered", *starts]:
            for end in ends:
                stage = ENTERED if start == "entered" else STAGES.get(start, ACTIVE)
                barred = is_barred(stage, STAGES.get(end, ACTIVE), name == "a")
                if barred and (start, end) not in taken:
                    system.between(key(FLOW, name, month, start, end), 0, 0)
        for start in starts:
            parts = [key(FLOW, name, month, start, end) for end in ends]
            system.sum_is(parts, 0, 0, [key(SIZE, name, before, start, np.nan)])
        entered = rows.loc[rows["row_id"] == "entered", "customers"].sum()
        parts = [key(FLOW, name, month, "entered", end) for end in ends]
        system.sum_is(parts, entered, entered)
        for end in ends:
            parts = [key(FLOW, name, month, s, end) for s in ["entered", *starts]]
            system.sum_is(parts, 0, 0, [key(SIZE, name, month, end, np.nan)])
        stays = rows[rows["row_id"] == rows["column_id"]]
        inside = rows["customers"].sum() - entered
        both = len(set(starts) & set(ends))
        if inside and (stays["is_shown"].sum() == both or inside >= 100 * smallest):
            share = round(stays["customers"].sum() / inside, 2)
            parts = [
                key(FLOW, name, month, each, each) for each in starts if each in ends
            ]
            low, high = ((share + sign * 0.005) * inside for sign in (-1, 1))
            system.sum_is(parts, low - 1e-6, high + 1e-6)
        for row in rows.itertuples():
            if row.row_id in STAGES and row.column_id in STAGES:
                found = month, STAGES[row.row_id], STAGES[row.column_id], row.customers
                same = key(FLOW, name, month, row.row_id, row.column_id)
                held.setdefault(found, []).append([same])
    mixes = cells[cells["kind"] == MIX]
    for name, rows in mixes.groupby("segmentation"):
        last = sizes.loc[sizes["segmentation"] == name, "month"].max()
        values = sorted(set(mixes["column_id"]))
        for each in set(rows["row_id"]):
            parts = [key(MIX, name, pd.NaT, each, value) for value in values]
            system.sum_is(parts, 0, 0, [key(SIZE, name, last, each, np.nan)])
        for value in values:
            parts = [
                key(MIX, name, pd.NaT, each, value) for each in set(rows["row_id"])
            ]
            system.sum_is(parts, 0, 0, [("total", value)])
        for each in set(rows["row_id"]) & set(STAGES):
            found = rows.loc[rows["row_id"] == each, ["column_id", "customers"]]
            same = STAGES[each], *map(tuple, found.sort_values("column_id").to_numpy())
            held.setdefault(same, []).append(
                [key(MIX, name, pd.NaT, each, value) for value in values]
            )
    for first, *others in held.values():
        for other in others:
            for one, same in zip(first, other, strict=True):
                system.sum_is([one], 0, 0, [same])
    return system


def known_totals(cells: pd.DataFrame) -> set[tuple]:
    """Name the counts that are all newcomers of a month: a total of the shop."""
    entries = cells[cells["kind"].eq(FLOW) & cells["row_id"].isna()]
    found = entries["column_id"].eq("a-new")
    clusters = cells[cells["kind"].eq(SIZE) & cells["segmentation"].eq("b")]
    clusters = clusters[~clusters["row_id"].isin(list(STAGES))]
    alone = clusters.groupby("month").size().eq(1)
    found |= entries["segmentation"].eq("b") & entries["month"].isin(alone.index[alone])
    return set(keys_of(entries[found]))


# Where a count followed before: newcomers, and larger counts hidden with small ones.
TELLING = [14, 165, 340, 576, 1432]


@pytest.mark.parametrize("seed", [*range(10), *TELLING])
def test_no_hidden_count_of_a_random_shop_can_be_computed(seed: int) -> None:
    nothing_follows(random_shop(seed))


@pytest.mark.parametrize("seed", [56, 205])
def test_no_hidden_count_follows_from_the_share_of_who_stayed(seed: int) -> None:
    nothing_follows(random_shop(seed, most=1500))


@pytest.mark.night
def test_no_hidden_count_of_many_random_shops_can_be_computed() -> None:
    for seed in range(10, 200):
        nothing_follows(random_shop(seed))
    for seed in range(30):
        nothing_follows(random_shop(seed, most=1500))


def nothing_follows(cells: pd.DataFrame) -> None:
    shown = hide_cells(cells, SMALLEST)
    assert not (shown & cells["customers"].lt(SMALLEST)).any()
    system = know(cells, shown, SMALLEST)
    hidden = set(keys_of(cells[~shown])) - known_totals(cells)
    assert system.exact(sorted(hidden)) == {}


def test_a_stage_that_two_segmentations_hold_is_protected_in_both() -> None:
    values = {"1": [50, 60, 70], "lapsed": [1, 30, 20]}
    month = pd.Timestamp("2017-01-01")
    rows = []
    for name in "ab":
        for each, counts in values.items():
            common = {"segmentation": name, "row_id": f"{name}-{each}"}
            size = {"kind": SIZE, "month": month, "customers": sum(counts)}
            rows.append(common | size)
            rows += [
                common | {"kind": MIX, "column_id": value, "customers": count}
                for value, count in zip("vwx", counts, strict=True)
            ]
    cells = pd.DataFrame(rows).assign(dimension="state", column_stage=None)
    cells["row_stage"] = [STAGES.get(each, ACTIVE) for each in cells["row_id"]]
    shown = hide_cells(cells, SMALLEST)
    small = cells["customers"].lt(SMALLEST)
    assert know(cells, ~small, SMALLEST).exact(keys_of(cells[small]))
    assert know(cells, shown, SMALLEST).exact(keys_of(cells[small])) == {}
    hidden = cells[~shown].groupby("row_id")["column_id"].agg(set)
    assert hidden["a-lapsed"] == hidden["b-lapsed"]
    assert len(hidden["a-lapsed"]) == 2


def test_without_protection_counts_of_a_random_shop_follow() -> None:
    cells = random_shop(0)
    small = cells["customers"].lt(SMALLEST)
    assert know(cells, ~small, SMALLEST).exact(keys_of(cells[small]))


def test_one_as_the_smallest_cell_hides_nothing() -> None:
    cells = random_shop(0).assign(cell_id="any")
    judged = judge_cells(as_table(cells), 1).to_pandas()
    assert judged["is_shown"].all()
    assert set(judged["kind"]) == {SIZE, FLOW, MIX, STAY}


def test_nothing_is_judged_of_nothing() -> None:
    cells = random_shop(0).assign(cell_id="any")[:0]
    assert judge_cells(as_table(cells), SMALLEST).num_rows == 0


def test_few_who_stayed_are_not_told_by_their_share() -> None:
    """One of three segments keeps two of its customers, the others are known."""
    months = pd.to_datetime(["2017-01-01", "2017-02-01"])
    stays = {"a-1": 40, "a-2": 30, "a-3": 2}
    rows = [
        {"kind": SIZE, "row_id": each, "customers": count + 20, "month": month}
        for month in months
        for each, count in stays.items()
    ]
    rows += [
        {"kind": FLOW, "row_id": start, "column_id": end, "month": months[1]}
        | {"customers": stays[start] if start == end else 10}
        for start in stays
        for end in stays
    ]
    cells = pd.DataFrame(rows).assign(
        cell_id="any", segmentation="a", dimension=None, row_stage=ACTIVE
    )
    cells["column_stage"] = cells["column_id"].map(dict.fromkeys(stays, ACTIVE))
    stay = judge_cells(as_table(cells), SMALLEST).to_pandas().set_index("kind")
    assert not stay.loc[STAY, "is_shown"]
    cells["customers"] *= 10
    stay = judge_cells(as_table(cells), SMALLEST).to_pandas().set_index("kind")
    assert stay.loc[STAY, "is_shown"]


# -- Pages and Superset, of real builds -------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("name", ["sample", "small"])
def test_nobody_can_compute_what_pages_and_superset_hide(
    name: str, request: pytest.FixtureRequest
) -> None:
    build = request.getfixturevalue(name)
    found = Attacker(build.published, build.folder / "site").attack()
    assert found.hidden
    assert found.exact == {}, found.summary().to_string()
