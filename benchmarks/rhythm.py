"""How well ``rhythm`` finds the behaviour kinds that the sample shop was made of.

``python -m benchmarks rhythm`` builds the sample shop (or reads a published file:
``--published build/published/trajectories.duckdb``) and compares the segments of the
last month with the truth table, which models never read.
"""

import argparse
import sys
from pathlib import Path

import duckdb
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from benchmarks.builds import BENCH, PROJECT, RESULTS, BuildError, run_build

TRUTH = PROJECT / "tests" / "fixtures" / "sample_truth.csv"
# Kinds without a rhythm of their own: single orders, thin or even streams.
BACKGROUND_KINDS = (
    "First-Time Customers",
    "Lapsed Customers",
    "Occasional Customers",
    "Steady Customers",
)


def main(arguments: list[str] | None = None) -> int:
    """Compare, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rhythm")
    parser.add_argument("--published", type=Path, help="published trajectories.duckdb")
    options = parser.parse_args(arguments)
    published = options.published
    try:
        if published is None:
            build = run_build(BENCH / "build_sample")
            published = build.folder / "published" / "trajectories.duckdb"
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = report(compare(published, TRUTH))
    print(text)
    (RESULTS / "rhythm.md").write_text(text, encoding="utf-8")
    return 0


def compare(published: Path, truth: Path) -> pd.DataFrame:
    """Put each clustered customer's segment beside the kind they had at the end.

    Args:
        published: the published DuckDB file of a build of the sample shop.
        truth: its truth table.

    Returns:
        One row per customer whom ``rhythm`` clusters in the last month: customer_id,
        segment_id, persona, kind.
    """
    with duckdb.connect(str(published), read_only=True) as marts:
        segments = marts.execute(
            """
            select customer_id, segment_id, persona
            from marts.fct_customer_segments
            where segmentation = 'rhythm' and distance is not null
            qualify month = max(month) over ()
            order by customer_id
            """
        ).df()
    kinds = pd.read_csv(truth, dtype="string").sort_values(["customer_id", "to_month"])
    kinds = kinds.drop_duplicates("customer_id", keep="last")
    return segments.merge(kinds[["customer_id", "kind"]], "inner", "customer_id")


def report(compared: pd.DataFrame) -> str:
    """Put the agreement, and who went where, into Markdown."""
    with_rhythm = compared[~compared["kind"].isin(BACKGROUND_KINDS)]
    groups = [
        ("active customers of the eight kinds with a rhythm", with_rhythm),
        ("all active customers, four background kinds included", compared),
    ]
    table = pd.crosstab(compared["kind"], compared["segment_id"])
    personas = compared.groupby("segment_id")["persona"].first()
    return "\n".join(
        [
            "# Rhythm against the known kinds of the sample shop",
            "",
            "`python -m benchmarks rhythm`. Agreement: adjusted Rand index (1: the",
            "same groups; 0: as by chance). Active: enough orders in the last 90 days",
            "to be clustered; the others are not told apart by `rhythm` and not",
            "counted.",
            "",
            "| over | customers | kinds | segments | adjusted Rand index |",
            "| --- | ---: | ---: | ---: | ---: |",
            *(_row(name, group) for name, group in groups),
            "",
            "Customers by kind (rows) and segment:",
            "",
            "| kind | " + " | ".join(personas[column] for column in table) + " |",
            "| --- |" + " ---: |" * table.shape[1],
            *(
                f"| {kind} | " + " | ".join(map(str, counts)) + " |"
                for kind, counts in zip(table.index, table.to_numpy(), strict=True)
            ),
            "",
        ]
    )


def _row(name: str, group: pd.DataFrame) -> str:
    index = adjusted_rand_score(group["kind"], group["segment_id"])
    return (
        f"| {name} | {len(group):,} | {group['kind'].nunique()} |"
        f" {group['segment_id'].nunique()} | {index:.3f} |"
    )
