"""What the Spark target costs: workers, customers, shuffles, and the driver's memory.

``python -m benchmarks spark`` builds made-up shops with ``dbt run --target spark`` on
standalone clusters that it starts and stops: one worker against two, then more and
more customers. The Java part of the driver is capped, the Python part is measured.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from math import log
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.builds import BENCH, PROJECT, BuildError, dbt, read_nodes
from benchmarks.goals import Goal, finish, page, table

sys.path.insert(0, str(PROJECT / "tests" / "python"))
from spark_servers import standalone_cluster

SIZES = (25_000, 50_000, 100_000, 200_000)
COMPARED = 50_000
MONTHS, ORDERS = 6, 12
DRIVER_MEMORY = "1g"
SELECTED = "+int_customer_assignments"
FIT = "int_segmentation_trials"
ASSIGN = "int_customer_assignments"
EXPONENT_GOAL = 1.05


@dataclass(frozen=True)
class Run:
    """One `dbt run`: its size, the seconds of its parts, bytes that were shuffled."""

    customers: int
    workers: int
    sql: float
    fit: float
    assign: float
    shuffled: int
    driver_bytes: int


def main(arguments: list[str] | None = None) -> int:
    """Run all, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks spark")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--compared", type=int, default=COMPARED)
    options = parser.parse_args(arguments)
    try:
        one = measure(options.compared, workers=1)
        two = {size: measure(size, workers=2) for size in options.sizes}
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    pair = two.get(options.compared) or measure(options.compared, workers=2)
    text = report(one, pair, list(two.values()))
    return finish("spark", text, tuple(options.sizes) == SIZES)


def measure(customers: int, workers: int) -> Run:
    """Run the models up to the assignment on a cluster of its own.

    Raises:
        BuildError: when dbt fails; the sentence names the log.
    """
    folder = BENCH / f"spark_{customers}_{workers}"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    events = folder / "events"
    events.mkdir(parents=True)
    relation = f"parquet.`{orders_file(customers)}`"
    arguments = {
        "--driver-memory": DRIVER_MEMORY,
        "--conf spark.eventLog.enabled": "true",
        "--conf spark.eventLog.compress": "false",
        "--conf spark.eventLog.dir": events,
    }
    words = [f"{name}={value}" for name, value in arguments.items()]
    with standalone_cluster(folder / "cluster", workers) as address:
        os.environ |= {
            "SPARK_MASTER": address,
            "PYSPARK_SUBMIT_ARGS": " ".join([*words, "pyspark-shell"]),
        }
        variables = json.dumps({"transactions_relation": relation})
        run = ["run", "--target", "spark", "--select", SELECTED, "--vars", variables]
        with dbt(folder, None, *run) as child:
            _, waited, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(waited)
    if child.returncode:
        raise BuildError(
            f"dbt run on {customers:,} customers ended with status {child.returncode};"
            f" read {folder / 'build.log'}."
        )
    nodes, _ = read_nodes(folder / "target")
    seconds = {node.name: node.seconds for node in nodes}
    fit, assign = seconds.pop(FIT), seconds.pop(ASSIGN)
    return Run(
        customers=customers,
        workers=workers,
        sql=sum(seconds.values()),
        fit=fit,
        assign=assign,
        shuffled=shuffled_bytes(events),
        driver_bytes=usage.ru_maxrss * 1024,
    )


def orders_file(customers: int) -> Path:
    """Make orders as a shop would export them, once per size; four kinds of rhythm."""
    path = BENCH / f"spark_orders_{customers}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    duckdb.connect().execute(
        f"""
        copy (
            with drawn as (
                select
                    customer,
                    number,
                    hash(customer, number, 1) / 2::double ** 64 as chance,
                    hash(customer, number, 2) / 2::double ** 64 as other
                from range({customers}) as customers (customer)
                cross join range({ORDERS}) as numbers (number)
            )
            select
                cast(customer * {ORDERS} + number as varchar) as transaction_id,
                printf('%09d', customer) as customer_id,
                cast(date '2017-07-01' + cast(floor(case customer % 4
                    when 0 then number * 15 + chance * 4
                    when 1 then 181 * sqrt(chance)
                    when 2 then 181 * (1 - sqrt(chance))
                    else chance * 181
                end) as integer) as varchar) as transaction_date,
                cast(round(20 + 200 * other * (1 + customer % 3), 2) as varchar)
                    as list_price
            from drawn
        ) to '{unfinished}' (format parquet, row_group_size 100000)
        """
    )
    unfinished.rename(path)
    return path


def shuffled_bytes(events: Path) -> int:
    """Add up what all tasks of a run wrote for others to read."""
    total = 0
    for path in events.rglob("*"):
        if not path.is_file() or path.suffix == ".crc":
            continue
        with path.open() as lines:
            for line in lines:
                if '"SparkListenerTaskEnd"' in line:
                    metrics = json.loads(line).get("Task Metrics") or {}
                    written = metrics.get("Shuffle Write Metrics", {})
                    total += written.get("Shuffle Bytes Written", 0)
    return total


def exponent(runs: list[Run], part: str) -> float:
    """Slope of log seconds over log customers."""
    seconds = [log(getattr(run, part)) for run in runs]
    return float(np.polyfit([log(run.customers) for run in runs], seconds, 1)[0])


def report(one: Run, two: Run, runs: list[Run]) -> str:
    """Put what was measured into Markdown."""
    header = ("customers", "workers", "SQL s", "fit s", "assignment s")
    header += ("shuffled MB", "driver's Python MB")
    rows = [
        (
            f"{run.customers:,}",
            run.workers,
            *(f"{seconds:.0f}" for seconds in (run.sql, run.fit, run.assign)),
            f"{run.shuffled / 1e6:,.0f}",
            f"{run.driver_bytes / 1e6:,.0f}",
        )
        for run in [one, *([two] if two not in runs else []), *runs]
    ]
    slopes = defaultdict(lambda: float("nan"))
    if len(runs) > 1:
        slopes |= {part: exponent(runs, part) for part in ("sql", "assign")}
    largest = max(run.customers for run in runs)
    goals = [
        Goal(
            f"driver capped at {DRIVER_MEMORY}",
            "200,000 customers",
            f"{largest:,} customers",
            largest >= 200_000,
        ),
        *(
            Goal(
                f"{name}: exponent of seconds over customers",
                f"{EXPONENT_GOAL} at most",
                f"{slopes[part]:.2f}",
                slopes[part] <= EXPONENT_GOAL,
            )
            for part, name in (("sql", "SQL"), ("assign", "assignment"))
        ),
    ]
    gained = [
        f"Two workers against one, {one.customers:,} customers: SQL"
        f" {one.sql / two.sql:.2f} times as fast, assignment"
        f" {one.assign / two.assign:.2f} times. A worker has one core and 2 GB.",
        f"Shops of {ORDERS} orders per customer in {MONTHS} months. SQL seconds are the"
        " sum over models, some of which run side by side.",
    ]
    return page("spark", "Spark", goals, table(header, rows), *gained)
