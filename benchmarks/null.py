"""How often "no segments here" is said where there are none.

``python -m benchmarks null`` shuffles the orders of the sample shop over its customers
and runs the whole line of models up to the verdict, once a seed; and the bicycle
export, whose customers behave alike by all that is known of it, as it is, with as
many seeds of sampling and fitting.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table

SEEDS = 20
GOAL = 0.95
SAMPLE = PROJECT / "seeds" / "sample"
BICYCLES = PROJECT / "inputs" / "sprocket_cleaned.yml"
SHOPS = {
    "shuffled": "sample shop, orders shuffled",
    "bicycles": "bicycle export",
}


def main(arguments: list[str] | None = None) -> int:
    """Run all seeds of both shops, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks null")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    names = tuple(SHOPS)
    parser.add_argument("--shops", nargs="+", choices=names, default=names)
    options = parser.parse_args(arguments)
    try:
        verdicts = pd.concat(run(options.shops, options.seeds), ignore_index=True)
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    is_full = options.seeds == SEEDS and tuple(options.shops) == names
    return finish("null", report(verdicts), is_full)


def run(shops: list[str], seeds: int) -> Iterator[pd.DataFrame]:
    """Yield the verdicts of each shop and seed."""
    for shop in shops:
        folder = BENCH / f"null_{shop}"
        for seed in range(seeds):
            source, select = BICYCLES, "int_trials"
            if shop == "shuffled":
                source = shuffle_shop(SAMPLE, folder / "shop", seed)
            if shop == "shuffled" or seed == 0:
                select = f"+{select}"
            # A model version of an earlier seed must not go on scoring.
            run_models(folder, select, {"seed": seed, "refit": True}, source)
            found = chosen_trials(folder / "work.duckdb").assign(shop=shop, seed=seed)
            print(_said(found), file=sys.stderr)
            yield found


def shuffle_shop(source: Path, folder: Path, seed: int) -> Path:
    """Copy a shop whose orders and visits are dealt to other customers.

    An order keeps its date and amounts, and copies of it stay copies; each customer
    keeps the number of orders.

    Args:
        source: folder with raw_transactions.csv and so on.
        folder: receives the copy.
        seed: of the shuffle.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for path in sorted(source.glob("*.csv")):
        copy = folder / path.name
        if path.stem not in ("raw_transactions", "raw_web_sessions"):
            shutil.copyfile(path, copy)
            continue
        rows = pd.read_csv(path, dtype="string", keep_default_na=False)
        rows["customer_id"] = _dealt(rows, generator)
        rows.to_csv(copy, index=False)
    return folder


def _dealt(rows: pd.DataFrame, generator: np.random.Generator) -> pd.Series:
    if "transaction_id" not in rows:
        return pd.Series(generator.permutation(rows["customer_id"].to_numpy()))
    orders = rows.drop_duplicates("transaction_id").set_index("transaction_id")
    orders["customer_id"] = generator.permutation(orders["customer_id"].to_numpy())
    return rows["transaction_id"].map(orders["customer_id"])


def chosen_trials(database: Path) -> pd.DataFrame:
    """Read the chosen trial of each segmentation from a build's work database."""
    with duckdb.connect(str(database), read_only=True) as tables:
        return tables.execute(
            """
            select * from intermediate.int_trials
            where is_current and is_chosen
            order by segmentation
            """
        ).df()


def _said(found: pd.DataFrame) -> str:
    verdicts = dict(zip(found["segmentation"], found["has_structure"], strict=True))
    return f"{found['shop'].iloc[0]}, seed {found['seed'].iloc[0]}: " + ", ".join(
        f"{name} {'segments' if holds else 'no segments'}"
        for name, holds in verdicts.items()
    )


def report(verdicts: pd.DataFrame) -> str:
    """Put what was said into Markdown."""
    verdicts = verdicts.assign(refused=~verdicts["has_structure"].astype(bool))
    goals, rows = [], []
    for shop in verdicts["shop"].unique():
        of_shop = verdicts[verdicts["shop"] == shop]
        seeds = of_shop["seed"].nunique()
        refused = of_shop["refused"].mean()
        everywhere = of_shop.groupby("seed")["refused"].all().mean()
        goals.append(
            Goal(
                f"{SHOPS[shop]}, {seeds} seeds",
                f'"no segments here" in at least {GOAL:.0%}',
                f"{refused:.1%} of verdicts; all segmentations in {everywhere:.0%} of"
                " seeds",
                refused >= GOAL,
            )
        )
        rows += [
            [
                SHOPS[shop],
                name,
                f"{group['refused'].sum()} of {len(group)}",
                f"{group['null_p_value'].min():.3f}",
                f"{group['null_p_value'].median():.3f}",
                f"{(group['silhouette'] - group['null_silhouette']).median():.3f}",
            ]
            for name, group in of_shop.groupby("segmentation")
        ]
    header = [
        "shop",
        "segmentation",
        '"no segments here"',
        "least p",
        "median p",
        "median silhouette above shuffled",
    ]
    raised = verdicts.loc[~verdicts["refused"], ["shop", "seed", "reason"]]
    wrong = [
        f"- {SHOPS[row.shop]}, seed {row.seed}: {row.reason}"
        for row in raised.itertuples()
    ]
    notes = (
        "Each seed is one run of all models up to the verdict, with the settings of"
        " dbt_project.yml. Sample shop: orders (and visits) dealt to other customers,"
        " each keeping the number of orders. Bicycle export: as it is; the seed is"
        " that of sampling, fits, resamples and shuffles."
    )
    parts = [table(header, rows), notes]
    if wrong:
        parts += ["Segments were seen in:", "\n".join(wrong)]
    return page("null", "Where there is nothing to see", goals, *parts)
