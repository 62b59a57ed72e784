"""Segments of a real shop, Online Retail II, and what they say about later spend.

``python -m benchmarks retail`` runs all models up to the verdict on the data of a
British gift wholesaler, and compares how much of the spend of the next 90 days the
segments explain out of sample with as many groups by RFM quintiles.
"""

import argparse
import sys

import pandas as pd

from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table
from benchmarks.null import chosen_trials

INPUT = PROJECT / "inputs" / "online_retail_ii.yml"


def main(arguments: list[str] | None = None) -> int:
    """Run the models, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks retail")
    parser.parse_args(arguments)
    folder = BENCH / "retail"
    try:
        run_models(folder, "+int_trials", {"refit": True}, INPUT)
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    return finish("retail", report(chosen_trials(folder / "work.duckdb")), True)


def report(trials: pd.DataFrame) -> str:
    """Put what was found into Markdown."""
    holds = trials[trials["has_structure"].astype(bool)]
    ahead = holds[holds["predictive_r2"] > holds["rfm_predictive_r2"]]
    goal = Goal(
        "Online Retail II",
        "structure found; out-of-sample R2 of next-90-day spend above RFM quintiles"
        " with as many groups, in one segmentation at least",
        f"structure in {_names(holds)}; of these, R2 above RFM's in {_names(ahead)}",
        len(ahead) > 0,
    )
    numbers = [
        "predictive_r2",
        "rfm_predictive_r2",
        "added_predictive_r2",
        "activity_r2",
        "rfm_activity_r2",
    ]
    rows = [
        [
            row["segmentation"],
            row["k"],
            "yes" if row["has_structure"] else "no",
            *(f"{row[name]:.3f}" for name in numbers),
        ]
        for _, row in trials.iterrows()
    ]
    header = [
        "segmentation",
        "k",
        "structure",
        "R2 of spend",
        "by RFM",
        "both above RFM",
        "R2 of ordering",
        "by RFM",
    ]
    reasons = "\n".join(
        f"- {row.segmentation}: {row.reason}" for row in trials.itertuples()
    )
    notes = (
        "Out of sample: fitted on the window that ended three months before the end,"
        " the spend (log1p) or ordering (0 or 1) of the 90 days after it, each tenth"
        " of the customers predicted from the others. RFM: sums of quintile scores cut"
        " into as many groups."
    )
    title = "Segments of Online Retail II"
    return page("retail", title, [goal], table(header, rows), notes, reasons)


def _names(trials: pd.DataFrame) -> str:
    return ", ".join(trials["segmentation"]) or "none"
