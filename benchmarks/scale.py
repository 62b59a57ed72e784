"""Time and memory of a whole build: 100,000 customers, 1 million orders a month.

``python -m benchmarks scale [--customers 10000]`` makes the sample shop of that size
(once; it is kept in build/bench), builds it as anybody would, and writes the table to
benchmarks/results/scale.md.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.dbt_builds import (
    BENCH,
    PROJECT,
    RESULTS,
    BuildError,
    MeasuredBuild,
    run_build,
)
from benchmarks.goals import machine

CUSTOMERS = 100_000
MONTHS = 12
ORDERS_PER_CUSTOMER = 120
SLOWEST = 15


def main(arguments: list[str] | None = None) -> int:
    """Make the shop, build it, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    options = parser.parse_args(arguments)
    try:
        shop = make_shop(options.customers)
        build = run_build(BENCH / f"build_{options.customers}", shop)
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = report(options.customers, shop, build)
    print(text)
    if options.customers == CUSTOMERS:
        (RESULTS / "scale.md").write_text(text, encoding="utf-8")
    return 0


def make_shop(customers: int) -> Path:
    """Make a sample shop as Parquet in build/bench, or take the one that is there.

    Raises:
        BuildError: when the generator fails.
    """
    folder = BENCH / f"shop_{customers}"
    # The generator writes the truth last: with it the shop is complete.
    if (folder / "truth" / "dirt.csv").exists():
        return folder
    options = {
        "--customers": customers,
        "--months": MONTHS,
        "--orders-per-customer": ORDERS_PER_CUSTOMER,
        "--format": "parquet",
        "--out": folder,
    }
    words = [str(word) for pair in options.items() for word in pair]
    made = subprocess.run([sys.executable, "-m", "sample_shop", *words], cwd=PROJECT)
    if made.returncode:
        raise BuildError(f"The sample shop of {customers:,} customers was not made.")
    return folder


def report(customers: int, shop: Path, build: MeasuredBuild) -> str:
    """Put what was measured into Markdown."""
    import duckdb

    with duckdb.connect(
        str(build.folder / "published" / "trajectories.duckdb"), read_only=True
    ) as marts:
        rows = marts.execute(
            "select input_table, read_rows, accepted_rows, rejected_rows,"
            " merged_duplicates from marts.rpt_input_reconciliations"
            " order by read_rows desc, input_table"
        ).fetchall()
    lines = [
        f"# A build of {customers:,} customers, {MONTHS} months",
        "",
        f"`python -m benchmarks scale` on {machine()}; other work may run beside it.",
        f"One `dbt build` from Parquet files of {_megabytes(folder_bytes(shop))},"
        " with all its tests, published, pages drawn.",
        "",
        "| input | rows read | accepted | rejected | merged duplicates |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            "| " + " | ".join([row[0], *(f"{n:,}" for n in row[1:])]) + " |"
            for row in rows
        ),
        "",
        "| part | wall seconds |",
        "| --- | ---: |",
        *(f"| {part} | {seconds:.0f} |" for part, seconds in part_rows(build)),
        f"| **total** | **{build.seconds:.0f}** |",
        "",
        "SQL, clustering and tests run two at a time, so that the parts overlap and"
        " add up to more than the total.",
        "",
        f"Peak memory: {build.memory_bytes / 2**30:.1f} GiB (resident, all processes)."
        f" Work database: {_megabytes(_work_bytes(build))}."
        f" Published: {_megabytes(folder_bytes(build.folder / 'published'))}.",
        "",
        f"| the {SLOWEST} slowest | part | seconds |",
        "| --- | --- | ---: |",
        *(
            f"| {node.name} | {node.part} | {node.seconds:.1f} |"
            for node in sorted(build.nodes, key=lambda node: -node.seconds)[:SLOWEST]
        ),
    ]
    return "\n".join(lines) + "\n"


def part_rows(build: MeasuredBuild) -> list[tuple[str, float]]:
    """List each part of a build with its wall seconds, in order."""
    start = build.seconds - build.running_seconds - build.closing_seconds
    return [
        ("start of dbt, reading the project", start),
        *build.parts.items(),
        ("publishing, pages, report", build.closing_seconds),
    ]


def folder_bytes(folder: Path) -> int:
    """Add up the sizes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _work_bytes(build: MeasuredBuild) -> int:
    return (build.folder / "work.duckdb").stat().st_size


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
