"""Who orders again and what she spends, on CDNOW and Online Retail II.

``python -m benchmarks value`` fits everything at a day from what was known then, lets
the gate choose by earlier days, and holds what it publishes against what came, beside
recency and the sum of the ranks by recency, frequency and spend.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import spearmanr

from benchmarks.data_sets.shop_days import cdnow_days, online_retail_days, samples_of
from benchmarks.goals import Goal, finish, page, table
from trajectories.value.clocks import LEAST_PROBABILITY, WINDOW
from trajectories.value.gate import choose_model, compare_amounts, compare_rankings
from trajectories.value.measures import (
    area_under_curve,
    calibration_error,
    held_share,
    normalised_gini,
)
from trajectories.value.money import LAST_YEAR
from trajectories.value.purchases import (
    FITTED,
    HISTORY_COLUMNS,
    compress_histories,
    fit_purchases,
)
from trajectories.value.records import Said, ValueRecord
from trajectories.value.samples import HORIZONS, read_origins
from trajectories.value.scores import RANK_SUM, RECENCY
from trajectories.value.sums import SIZES, log_distance, sum_band

SEED = 20171231
EARLIEST_DAYS = 60
MANY = 1_000_000
#: Published by the package lifetimes for CDNOW, in weeks.
PUBLISHED = {
    "bg_nbd": (0.24259, 4.41353, 0.79289, 2.42575, -9582.426),
    "pareto_nbd": (0.55315, 10.57633, 0.60625, 11.67150, -9594.976),
}


@dataclass(frozen=True)
class Case:
    """A shop, the day it is seen from, how far ahead, and what is aimed at."""

    name: str
    days: Callable[[], pd.DataFrame]
    cut: str
    horizon: int
    auc: float
    gini: float
    error: float
    brier: float
    total: float | None = None


CASES = (
    Case("CDNOW, 39 weeks", cdnow_days, "1997-09-30", 273, 0.783, 0.703, 0.971, 0.162),
    Case(
        "Online Retail II, 182 days",
        online_retail_days,
        "2011-06-09",
        182,
        *(0.811, 0.874, 0.638, 0.177),
        total=0.10,
    ),
    Case(
        "Online Retail II, 365 days",
        online_retail_days,
        "2010-12-09",
        365,
        *(0.788, 0.853, 0.717, 0.193),
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Fit, judge, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks value")
    parser.parse_args(arguments)
    try:
        seen = [(case, *look(case)) for case in CASES]
    except FileNotFoundError as problem:
        print(problem, file=sys.stderr)
        return 1
    goals = [goal for one in seen for goal in goals_of(*one)] + [fit_goal()]
    parts = [part for one in seen for part in parts_of(*one)]
    return finish("value", page("value", "Customer value", goals, *parts), True)


def fit_goal() -> Goal:
    """Measure all fits of a shop of a million customers."""
    generator = np.random.default_rng(SEED)
    observed = generator.integers(30, 760, MANY)
    repeats = generator.poisson(generator.gamma(0.5, 1 / 200, MANY) * observed)
    last = np.ceil(observed * generator.beta(np.maximum(repeats, 1), 1, MANY))
    columns = (repeats, np.where(repeats > 0, last, 0), observed)
    table = pa.table(dict(zip(HISTORY_COLUMNS, columns, strict=True)))
    started = time.perf_counter()
    compressed = compress_histories(table)
    for name in FITTED:
        fit_purchases(compressed, name)
    taken = time.perf_counter() - started
    return Goal(
        f"all models of purchases, {MANY:,} made-up customers ({compressed.num_rows:,}"
        " distinct histories)",
        "under 2 s",
        f"{taken:.2f} s",
        taken < 2,
    )


def look(case: Case) -> tuple[ValueRecord, int]:
    """Make the record of a shop up to a day, and what came after it.

    Returns:
        The record and the place of the day in it; nothing before it knows of later.
    """
    days = case.days()
    days["order_date"] = pd.to_datetime(days["order_date"])
    cut, first = pd.Timestamp(case.cut), days["order_date"].min()
    months = range((cut - first).days // 28)
    ends = [cut - pd.DateOffset(months=back) for back in reversed(months)]
    ends = [end for end in ends if (end - first).days >= EARLIEST_DAYS]
    horizons = sorted({*HORIZONS, case.horizon})
    samples = samples_of(days, ends, horizons, days["order_date"].max())
    record = ValueRecord(
        read_origins(samples, horizons), SEED, horizons, boosted_days=case.horizon
    )
    return record, len(record.origins) - 1


def chosen(record: ValueRecord, place: int, horizon: int) -> tuple[str, str]:
    """Let the gate choose a ranking and a way to say amounts, by earlier days."""
    ranked, spent = record.evidence(place, horizon), record.trained(place, horizon)
    rankings = compare_rankings(record, ranked.origins, ranked.horizon)
    amounts = compare_amounts(record, spent.origins, spent.horizon)
    return (
        choose_model(rankings, RANK_SUM) or RANK_SUM,
        choose_model(amounts, LAST_YEAR) or LAST_YEAR,
    )


def rows_of(case: Case, record: ValueRecord, place: int) -> dict[str, dict]:
    """Measure every ranking and every amount on what came."""
    said = record.said(place, case.horizon)
    came = (record.origins[place].outcomes[case.horizon][0] > 0).astype(float)
    spent = record.spent(place, case.horizon)
    found = {}
    for name, scores in said.scores.items():
        chance = said.probability(name)
        found[name] = {
            "auc": area_under_curve(came, scores),
            "brier": float(np.mean((chance - came) ** 2)),
            "calibration": calibration_error(came, chance),
        }
    for name, values in said.spend.items():
        found[name] = {
            "gini": normalised_gini(spent, values),
            "error": float(np.abs(values - spent).mean() / spent.mean()),
            "total": float(values.sum() / spent.sum() - 1),
        }
    return found


def goals_of(case: Case, record: ValueRecord, place: int) -> list[Goal]:
    """Say what was aimed at and what the gate's choice reached."""
    found = rows_of(case, record, place)
    ranking, money = chosen(record, place, case.horizon)
    order, amount = found[ranking], found[money]
    size = f"{len(record.origins[place].customers):,} customers"
    who = f"{case.name} ({size})"
    held, low, high = band_share(record, place, case.horizon)
    goals = [
        Goal(
            f"{who}: AUC of an order, `{ranking}`",
            f"at least {case.auc} (recency {found[RECENCY]['auc']:.3f}, rank sum"
            f" {found[RANK_SUM]['auc']:.3f})",
            f"{order['auc']:.3f}",
            round(order["auc"], 3) >= case.auc,
        ),
        Goal(
            f"{who}: normalised Gini of money, `{money}`",
            f"at least {case.gini}",
            f"{amount['gini']:.3f}",
            round(amount["gini"], 3) >= case.gini,
        ),
        Goal(
            f"{who}: error per customer over mean spend, `{money}`",
            f"at most {case.error}",
            f"{amount['error']:.3f}",
            round(amount["error"], 3) <= case.error,
        ),
        Goal(
            f"{who}: Brier",
            f"at most {case.brier}",
            f"{order['brier']:.3f}",
            round(order["brier"], 3) <= case.brier,
        ),
        Goal(
            f"{who}: 80 % band of customers",
            "78 to 82 %",
            f"{held:.1%} ({low:.1%} to {high:.1%})",
            0.78 <= held <= 0.82,
        ),
    ]
    if case.total is not None:
        goals.append(
            Goal(
                f"{who}: total error",
                f"at most {case.total:.0%}",
                f"{amount['total']:+.1%}",
                abs(amount["total"]) <= case.total,
            )
        )
    return goals


def band_share(
    record: ValueRecord, place: int, horizon: int
) -> tuple[float, float, float]:
    """Share of customers whose spend fell into the 80 % band, with its interval."""
    fell = record.band_places(place, horizon)
    return held_share(fell, record.origins[place].customers, record.seed)


def parts_of(case: Case, record: ValueRecord, place: int) -> list[str]:
    """Give the tables of a case."""
    found = rows_of(case, record, place)
    said = record.said(place, case.horizon)
    ranking, money = chosen(record, place, case.horizon)
    names = ("auc", "brier", "calibration", "gini", "error", "total")
    rows = [
        [
            f"{name} (published)" if name in (ranking, money) else name,
            *(f"{one[key]:.4f}" if key in one else "" for key in names),
        ]
        for name, one in found.items()
    ]
    sizes = ", ".join(
        f"{share:.0%} of groups of {size:,}"
        for size, share in group_shares(record, place, case.horizon, money)
    )
    sums = (
        f"80 % bands of sums of customers hold {sizes} drawn at random, over origins."
    )
    if not sizes:
        sums = "Sums have no band: no earlier day has seen half the horizon."
    parts = [
        f"## {case.name}",
        f"{len(record.origins[place].customers):,} customers, from {case.cut}; total"
        f" spend {record.spent(place, case.horizon).sum():,.0f}.",
        table(("model", *names), rows),
        sums,
        next_dates(case, record, place, said, ranking),
    ]
    fits = record.purchases(place)
    if case.days is cdnow_days:
        parts.append(oracle_table(fits))
    degenerate = [name for name in FITTED if fits[name].is_degenerate]
    parts.append(f"Drop-out not identified: {', '.join(degenerate) or 'none'}.")
    return parts


def group_shares(
    record: ValueRecord, place: int, horizon: int, money: str
) -> list[tuple[int, float]]:
    """Share of random groups whose sum fell into the band of fct_segment_values.

    Over all origins that had a record of totals, each with the band it had then.
    """
    held = {size: [] for size in SIZES}
    for one in range(place + 1):
        if horizon not in record.origins[one].outcomes:
            continue
        values = record.said(one, horizon).spend.get(money)
        band = sum_band(record, one, horizon, money)
        if values is None or band is None:
            continue
        spent = record.spent(one, horizon)
        generator = np.random.default_rng([record.seed, one])
        for size in SIZES:
            for _ in range(200 if len(values) > size else 0):
                drawn = generator.choice(len(values), size, replace=False)
                reach = band.sum_reach * band.spread(values[drawn])
                held[size].append(log_distance(values[drawn], spent[drawn]) <= reach)
    return [(size, float(np.mean(own))) for size, own in held.items() if own]


def next_dates(
    case: Case, record: ValueRecord, place: int, said: Said, ranking: str
) -> str:
    """Say how near next order dates came, among those who returned."""
    days = case.days()
    days["order_date"] = pd.to_datetime(days["order_date"])
    cut = pd.Timestamp(case.cut)
    later = days[days["order_date"] > cut]
    first = later.groupby("customer_id")["order_date"].min()
    names = sorted(days.loc[days["order_date"] <= cut, "customer_id"].unique())
    came = (first.reindex(names) - cut).dt.days.to_numpy()
    state = record.origins[place].state
    silence = state["observed_days"] - state["last_repeat_days"]
    clock = record.clock(place)
    middle, low, high = (
        np.ceil(clock.next_days(state, silence, share)) + 1 for share in (0.5, *WINDOW)
    )
    likely = said.probability(ranking) >= LEAST_PROBABILITY
    seen = (came <= case.horizon) & likely
    order = spearmanr(middle[seen], came[seen]).statistic
    held = np.mean((came[seen] >= low[seen] - 1) & (came[seen] <= high[seen]))
    return (
        f"Next order dates: {int((middle[likely] < 1).sum())} in the past; of"
        f" {int(seen.sum()):,} who returned, rank correlation with the day that came"
        f" {order:.2f}, median distance"
        f" {np.median(np.abs(middle[seen] - came[seen])):.0f} days, {held:.0%} in the"
        " window."
    )


def oracle_table(fits: dict) -> str:
    """Hold fits of CDNOW against what was published, in weeks."""
    rows = []
    for name, golden in PUBLISHED.items():
        fitted = fits[name]
        own = [
            value / (7 if key in ("alpha", "beta") else 1)
            for key, value in fitted.parameters.items()
        ]
        rows.append([name, *(f"{value:.4f}" for value in own)])
        rows.append([f"{name}, published", *(f"{value:.4f}" for value in golden[:4])])
    return table(("fit in weeks", "r", "alpha", "a or s", "b or beta"), rows)
