"""Who changed her ways: what of planted changes is found, and what is invented.

``python -m benchmarks changes`` plants three changes among made-up customers (she
stops, her gaps grow threefold, she spends 70 % less), builds the shop up to
``int_behaviour_changes``, and looks 30 and 61 days later, beside the days since the
last order. Then shops in which nobody changed by all that is known: orders of the
sample and of Online Retail II dealt to other customers, and the bicycle export.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.data_sets.shop_days import online_retail_days
from benchmarks.dbt_builds import BENCH, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table
from benchmarks.null import BICYCLES, SAMPLE, shuffle_shop
from trajectories.value.measures import area_under_curve

SEED = 20171231
CUSTOMERS, CHANGED = 4000, 250
CHANGES = ("stopped", "gaps x 3", "spend -70 %")
FIRST, SWITCH, LAST = "2022-01-01", "2023-11-01", "2023-12-31"
MONTHS = {30: "2023-11-01", 61: "2023-12-01"}
#: Gaps of a customer are gamma with this shape; their means and amounts lognormal.
GAP_SHAPE, GAP_DAYS, GAP_SPREAD = 2.0, 11.5, 0.5
AMOUNT_SPREAD = 0.7
#: The channel that is meant for each change, its delay, and what is aimed at.
GOALS = {
    "stopped": ("timing", 30, 0.80),
    "gaps x 3": ("rate", 61, 0.70),
    "spend -70 %": ("spend", 61, 0.70),
}
FALSE_GOAL = 0.10
SELECTED = "+int_behaviour_changes +int_changes_counted"
#: One segmentation, fitted without its evidence: peers are all that is asked of it.
LIGHT = {
    "segmentations": {
        "lifecycle": {
            "series": "monthly_lrfm",
            "choose": "evidence",
            "candidates": [
                {
                    "representation": "smoothed",
                    "smoothing_steps": 2,
                    "metric": "euclidean",
                }
            ],
            "sample_customers": 600,
            "null_shuffles": 0,
        }
    }
}


def main(arguments: list[str] | None = None) -> int:
    """Build, judge, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks changes")
    parser.parse_args(arguments)
    try:
        kinds = plant(BENCH / "changes_planted" / "shop")
        built = build("planted", BENCH / "changes_planted" / "shop")
        quiet = {name: flags(build(*shop)) for name, *shop in quiet_shops()}
    except (BuildError, FileNotFoundError) as problem:
        print(problem, file=sys.stderr)
        return 1
    found = pd.concat([scores(built, kinds, delay) for delay in MONTHS])
    false = false_discoveries(built, kinds)
    goals = [*found_goals(found), *false_goals(false), *quiet_goals(quiet)]
    parts = (found_part(found), false_part(false), quiet_part(quiet))
    return finish("changes", page("changes", "Behaviour change", goals, *parts), True)


def plant(folder: Path) -> pd.Series:
    """Write the shop whose customers change; return what each did.

    Customers come in the first 200 days and order on, unless they change. Gaps that
    are under way at the switch grow by what is left of them.
    """
    generator = np.random.default_rng(SEED)
    first = pd.Timestamp(FIRST)
    switch, last = ((pd.Timestamp(day) - first).days for day in (SWITCH, LAST))
    kinds = np.repeat(
        (*CHANGES, "unchanged"), (*[CHANGED] * 3, CUSTOMERS - 3 * CHANGED)
    )
    names = [f"c{number:05d}" for number in range(CUSTOMERS)]
    gaps = GAP_DAYS * np.exp(generator.normal(0, GAP_SPREAD, CUSTOMERS))
    levels = np.exp(generator.normal(3.5, 0.6, CUSTOMERS))
    rows = []
    for name, kind, gap, level in zip(names, kinds, gaps, levels, strict=True):
        steps = generator.gamma(GAP_SHAPE, gap / GAP_SHAPE, int(40 + 3 * last / gap))
        days = generator.uniform(0, 200) + np.concatenate([[0.0], np.cumsum(steps)])
        later = days > switch
        amounts = level * np.exp(generator.normal(0, AMOUNT_SPREAD, len(days)))
        if kind == "stopped":
            days = np.where(later, np.inf, days)
        elif kind == "gaps x 3":
            days = np.where(later, switch + 3 * (days - switch), days)
        elif kind == "spend -70 %":
            amounts = np.where(later, 0.3 * amounts, amounts)
        known = days < last + 1
        rows += [
            (name, day, amount)
            for day, amount in zip(days[known], amounts[known], strict=True)
        ]
    orders = pd.DataFrame(rows, columns=["customer_id", "day", "list_price"])
    write_shop(folder, orders.assign(order_date=first + _days(orders["day"])))
    return pd.Series(kinds, names)


def _days(days: pd.Series) -> pd.Series:
    return pd.to_timedelta(np.floor(days), unit="D")


def write_shop(folder: Path, orders: pd.DataFrame) -> None:
    """Write customer_id, order_date and list_price as an input."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame(
        {
            "transaction_id": np.arange(len(orders)),
            "customer_id": orders["customer_id"],
            "transaction_date": orders["order_date"].dt.strftime("%Y-%m-%d"),
            "list_price": orders["list_price"].clip(lower=0.01).round(2),
        }
    )
    rows.to_csv(folder / "transactions.csv", index=False)


def quiet_shops() -> Iterator[tuple[str, str, Path]]:
    """Name shops in which nobody changed, their build folders and inputs."""
    folder = BENCH / "changes_sample"
    shop = shuffle_shop(SAMPLE, folder / "shop", SEED)
    (shop / "raw_planted_kinds.csv").unlink(missing_ok=True)
    yield "sample, orders shuffled", "sample", shop
    days = online_retail_days().rename(columns={"amount": "list_price"})
    days["order_date"] = pd.to_datetime(days["order_date"])
    generator = np.random.default_rng(SEED)
    days["customer_id"] = generator.permutation(days["customer_id"].to_numpy())
    shop = BENCH / "changes_retail" / "shop"
    write_shop(shop, days)
    yield "Online Retail II, orders shuffled", "retail", shop
    yield "bicycle export", "bicycles", BICYCLES


def build(name: str, source: Path) -> Path:
    """Build a shop up to the changes anew; return its work database."""
    folder = BENCH / f"changes_{name}"
    (folder / "work.duckdb").unlink(missing_ok=True)
    run_models(folder, SELECTED, LIGHT, source)
    return folder / "work.duckdb"


def scores(work: Path, kinds: pd.Series, delay: int) -> pd.DataFrame:
    """Measure how well each channel tells those who changed from the unchanged.

    Only changes in the direction of less count, for less was planted.
    """
    with duckdb.connect(str(work), read_only=True) as connection:
        rows = connection.execute(
            "select * from intermediate.int_changes_measured where month = ?",
            [MONTHS[delay]],
        ).df()
    rows = rows.set_index("customer_id")
    kind = kinds.reindex(rows.index)
    said = {"recency": rows["silence_days"].astype(float)}
    for channel in ("timing", "rate", "spend"):
        sureness = -np.log(rows[f"{channel}_p_value"].fillna(1.0))
        usual = rows[f"{channel}_before"] * rows[f"{channel}_ratio"]
        more = (channel != "timing") & (rows[f"{channel}_after"] > usual)
        said[channel] = np.where(more, -sureness, sureness)
    found = []
    for channel, values in said.items():
        values = pd.Series(values, rows.index)
        steady = values[kind == "unchanged"]
        line = np.quantile(steady, 0.95)
        for change in CHANGES:
            changed = values[kind == change]
            truth = np.repeat([1.0, 0.0], [len(changed), len(steady)])
            found.append(
                {
                    "change": change,
                    "channel": channel,
                    "delay": delay,
                    "customers": len(changed),
                    "auc": area_under_curve(truth, np.concatenate([changed, steady])),
                    "found": float((changed > line).mean()),
                }
            )
    return pd.DataFrame(found)


def false_discoveries(work: Path, kinds: pd.Series) -> pd.DataFrame:
    """Count flags that begin in each month, and how many of them are false."""
    with duckdb.connect(str(work), read_only=True) as connection:
        rows = connection.execute(
            "select customer_id, month from intermediate.int_behaviour_changes"
            " where is_new_this_month"
        ).df()
    rows["is_false"] = (rows["customer_id"].map(kinds) == "unchanged") | (
        rows["month"] < pd.Timestamp(SWITCH)
    )
    later = rows[rows["month"] >= pd.Timestamp(SWITCH)]
    counted = later.groupby("month")["is_false"].agg(["size", "sum"]).reset_index()
    counted["month"] = counted["month"].dt.strftime("%Y-%m")
    before = rows[rows["month"] < pd.Timestamp(SWITCH)]
    counted.loc[len(counted)] = ["before the switch", len(before), len(before)]
    return counted


def flags(work: Path) -> dict[str, float]:
    """Count months of customers that were tested, were unusual, and began a flag."""
    with duckdb.connect(str(work), read_only=True) as connection:
        tested, unusual = connection.execute(
            "select sum(tested_customers), sum(unusual_customers)"
            " from intermediate.int_changes_counted"
        ).fetchone()
        new, months = connection.execute(
            "select count(*), count(distinct month)"
            " from intermediate.int_behaviour_changes where is_new_this_month"
        ).fetchone()
        (of,) = connection.execute(
            "select count(distinct month) from intermediate.int_changes_measured"
        ).fetchone()
    return {
        "tested": tested,
        "unusual": unusual,
        "new": new,
        "months": months,
        "of": of,
    }


def found_goals(found: pd.DataFrame) -> Iterator[Goal]:
    """Say what was aimed at and reached for each change."""
    for change, (channel, delay, least) in GOALS.items():
        rows = found[(found["change"] == change) & (found["delay"] == delay)]
        rows = rows.set_index("channel")
        yield Goal(
            f"{change}, found within {delay} days by {channel} at 5 % false alarms"
            f" ({rows.loc[channel, 'customers']:,} customers)",
            f"at least {least:.2f} (recency {rows.loc['recency', 'found']:.2f})",
            f"{rows.loc[channel, 'found']:.2f}",
            rows.loc[channel, "found"] >= least,
        )


def false_goals(false: pd.DataFrame) -> Iterator[Goal]:
    """Say how many of the published flags after the switch are false."""
    later = false[false["month"] != "before the switch"]
    share = later["sum"].sum() / max(later["size"].sum(), 1)
    yield Goal(
        f"false discoveries in the published list ({later['size'].sum():,} flags)",
        f"at most {FALSE_GOAL:.0%}",
        f"{share:.1%}",
        share <= FALSE_GOAL,
    )


def quiet_goals(quiet: dict[str, dict]) -> Iterator[Goal]:
    """Say how often anybody was flagged where nobody had changed.

    Where nobody changed, a list that may hold one false discovery in ten is not empty
    in one month of ten; three standard deviations more are chance.
    """
    for name, seen in quiet.items():
        most = FALSE_GOAL * seen["of"] + 3 * np.sqrt(seen["of"] * FALSE_GOAL * 0.9)
        yield Goal(
            f"{name}: months in which anybody is newly flagged"
            f" ({seen['tested']:,} tests)",
            f"at most {most:.0f} of {seen['of']} by chance",
            f"{seen['months']}",
            seen["months"] <= most,
        )


def found_part(found: pd.DataFrame) -> str:
    """Give the table of channels and changes."""
    head = ("channel", *(f"{c}, {d} days" for c in CHANGES for d in MONTHS))
    cells = found.set_index(["channel", "change", "delay"])
    rows = []
    for channel in found["channel"].unique():
        seen = [cells.loc[(channel, c, d)] for c in CHANGES for d in MONTHS]
        rows.append([channel, *(f"{one.auc:.3f}; {one.found:.2f}" for one in seen)])
    return (
        f"{CUSTOMERS:,} made-up customers, {CHANGED} of each change: area under the"
        " curve against the unchanged; share found at 5 % false alarms.\n\n"
        + table(head, rows)
    )


def false_part(false: pd.DataFrame) -> str:
    """Give the table of flags by month."""
    rows = [
        [row["month"], f"{row['size']:,}", f"{row['sum']:,}"]
        for _, row in false.iterrows()
    ]
    return "Flags that begin, and how many of them are false.\n\n" + table(
        ("month", "flags", "false"), rows
    )


def quiet_part(quiet: dict[str, dict]) -> str:
    """Give the table of shops in which nobody changed."""
    rows = [
        [
            name,
            f"{seen['tested']:,}",
            f"{seen['unusual'] / max(seen['tested'], 1):.2%}",
            f"{seen['new']:,}",
            f"{seen['months']} of {seen['of']}",
        ]
        for name, seen in quiet.items()
    ]
    head = ("shop", "tests", "unusual (5 % by chance)", "flags", "months with flags")
    return "Shops in which nobody changed, by all that is known.\n\n" + table(
        head, rows
    )
