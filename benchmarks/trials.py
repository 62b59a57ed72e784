"""Time of all trials on the sample shop, and of the whole sample build.

``python -m benchmarks trials`` builds the sample shop as anybody would, then runs the
model that tries all candidates again, for the two segmentations of time series alone.
"""

import argparse
import sys
from pathlib import Path
from statistics import median

import duckdb
import pandas as pd
import yaml

from benchmarks.builds import BENCH, PROJECT, BuildError, run_build, run_models
from benchmarks.goals import Goal, finish, page, table

TIME_SERIES = ("lifecycle", "rhythm")
MODEL = "int_segmentation_trials"
REPEATS = 3
TRIALS_SECONDS, BUILD_SECONDS = 60.0, 90.0


def main(arguments: list[str] | None = None) -> int:
    """Build, run the trials, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks trials")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args(arguments)
    folder = BENCH / "build_sample"
    try:
        build = run_build(folder).seconds
        seconds = [trial_seconds(folder) for _ in range(options.repeats)]
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    counts = count_trials(folder / "work.duckdb")
    text = report(seconds, counts, build)
    return finish("trials", text, options.repeats == REPEATS)


def trial_seconds(folder: Path) -> float:
    """Run the trials of the time-series segmentations; return the model's seconds."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    settings = project["vars"]["segmentations"]
    asked = {name: settings[name] for name in TIME_SERIES}
    nodes = run_models(folder, MODEL, {"segmentations": asked, "refit": True})
    return next(node.seconds for node in nodes if node.name == MODEL)


def count_trials(database: Path) -> pd.DataFrame:
    """Count the trials of each segmentation by candidate."""
    with duckdb.connect(str(database), read_only=True) as tables:
        return tables.execute(
            f"""
            select
                segmentation, representation, smoothing_steps, metric, band,
                count(*) as trials, max(sampled_customers) as customers
            from intermediate.{MODEL}
            where is_current and segmentation in {TIME_SERIES}
            group by all
            order by all
            """
        ).df()


def report(seconds: list[float], counts: pd.DataFrame, build: float) -> str:
    """Put what was measured into Markdown."""
    taken = median(seconds)
    goals = [
        Goal(
            "all trials for both time-series segmentations on the sample shop"
            f" ({counts['trials'].sum()} trials)",
            f"under {TRIALS_SECONDS:.0f} s",
            f"{taken:.1f} s (median of {len(seconds)})",
            taken < TRIALS_SECONDS,
        ),
        Goal(
            "sample build after set-up, all of it",
            f"under {BUILD_SECONDS:.0f} s",
            f"{build:.1f} s",
            build < BUILD_SECONDS,
        ),
    ]
    rows = counts.astype(object).where(counts.notna(), "none").itertuples(index=False)
    notes = (
        "Seconds of the dbt model that makes the trials: reading series, fitting every"
        " candidate for every k, and all evidence for each (resamples, shuffles,"
        " predictions). The build is one `dbt build` with all tests, published, pages"
        " drawn."
    )
    title = "All trials on the sample shop"
    return page("trials", title, goals, table(counts.columns, rows), notes)
