"""What the Spark target costs: workers, customers, shuffles, and the driver's memory.

``python -m benchmarks spark`` builds made-up shops with ``dbt run --target spark`` on
standalone clusters that it starts and stops: one worker against two, then more and
more customers. The Java part of the driver is capped, the Python part is measured.

Beside wall seconds it adds up what executors computed, from Spark's event log: that
hardly depends on what else the machine does, and decides the exponent of the SQL.
Each run is kept (run.json in its folder); ``--kept`` makes the table of those again.
"""

import argparse
import json
import os
import shutil
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, dbt, read_nodes
from benchmarks.goals import Goal, finish, page, table

sys.path.insert(0, str(PROJECT / "tests" / "python"))
from spark_servers import standalone_cluster

SIZES = (10_000, 40_000, 200_000)
COMPARED = 10_000
MONTHS, ORDERS = 6, 12
DRIVER_MEMORY = "1g"
SELECTED = "+int_customer_assignments"
FIT = "int_segmentation_trials"
ASSIGN = "int_customer_assignments"
EXPONENT_GOAL = 1.05


@dataclass(frozen=True)
class Run:
    """One `dbt run`.

    Attributes:
        customers, workers: its size.
        sql, fit, assign: wall seconds of the SQL models (added up, though some run
            side by side), of the fit, and of the assignment.
        computed: seconds of processor that the executors' Java took, over all.
        shuffled: bytes that tasks wrote for others to read.
        driver_bytes: peak of the driver's Python process, resident.
    """

    customers: int
    workers: int
    sql: float
    fit: float
    assign: float
    computed: float
    shuffled: int
    driver_bytes: int


def main(arguments: list[str] | None = None) -> int:
    """Run all, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks spark")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--compared", type=int, default=COMPARED)
    parser.add_argument("--kept", action="store_true", help="measure nothing anew")
    options = parser.parse_args(arguments)
    run = earlier_run if options.kept else measure
    try:
        one = run(options.compared, 1)
        two = {size: run(size, 2) for size in {options.compared, *options.sizes}}
    except (BuildError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    text = report(one, two[options.compared], [two[size] for size in options.sizes])
    return finish("spark", text, tuple(options.sizes) == SIZES)


def folder_of(customers: int, workers: int) -> Path:
    """Where a run lies."""
    return BENCH / f"spark_{customers}_{workers}"


def earlier_run(customers: int, workers: int) -> Run:
    """Read back a run of before."""
    return Run(**json.loads((folder_of(customers, workers) / "run.json").read_text()))


def measure(customers: int, workers: int) -> Run:
    """Run the models up to the assignment on a cluster of its own.

    Raises:
        BuildError: when dbt fails; the sentence names the log.
    """
    folder = folder_of(customers, workers)
    shutil.rmtree(folder, ignore_errors=True)
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
    return keep(customers, workers, usage.ru_maxrss * 1024)


def keep(customers: int, workers: int, driver_bytes: int) -> Run:
    """Read what dbt and Spark wrote down about a run, and keep it beside them."""
    folder = folder_of(customers, workers)
    nodes, _ = read_nodes(folder / "target")
    seconds = {node.name: node.seconds for node in nodes}
    fit, assign = seconds.pop(FIT), seconds.pop(ASSIGN)
    computed, shuffled = task_totals(folder / "events")
    run = Run(
        customers=customers,
        workers=workers,
        sql=sum(seconds.values()),
        fit=fit,
        assign=assign,
        computed=computed,
        shuffled=shuffled,
        driver_bytes=driver_bytes,
    )
    (folder / "run.json").write_text(json.dumps(asdict(run)))
    return run


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


def task_totals(events: Path) -> tuple[float, int]:
    """Add up, over all tasks of a run, seconds of processor and bytes shuffled."""
    computed, shuffled = 0, 0
    for path in events.rglob("events_*"):
        with path.open() as lines:
            for line in lines:
                if '"SparkListenerTaskEnd"' not in line:
                    continue
                metrics = json.loads(line).get("Task Metrics") or {}
                computed += metrics.get("Executor CPU Time", 0)
                written = metrics.get("Shuffle Write Metrics", {})
                shuffled += written.get("Shuffle Bytes Written", 0)
    return computed / 1e9, shuffled


def exponent(runs: list[Run], part: str) -> float:
    """Slope of log seconds over log customers."""
    seconds = [log(getattr(run, part)) for run in runs]
    return float(np.polyfit([log(run.customers) for run in runs], seconds, 1)[0])


def report(one: Run, two: Run, runs: list[Run]) -> str:
    """Put what was measured into Markdown."""
    header = ("customers", "workers", "SQL s", "fit s", "assignment s")
    header += ("computed by executors s", "shuffled MB", "driver's Python MB")
    rows = [
        (
            f"{run.customers:,}",
            run.workers,
            *(
                f"{seconds:.0f}"
                for seconds in (run.sql, run.fit, run.assign, run.computed)
            ),
            f"{run.shuffled / 1e6:,.0f}",
            f"{run.driver_bytes / 1e6:,.0f}",
        )
        for run in [one, *([two] if two not in runs else []), *runs]
    ]
    slopes = defaultdict(lambda: float("nan"))
    if len(runs) > 1:
        slopes |= {part: exponent(runs, part) for part in ("computed", "assign")}
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
                f"{name}: exponent over customers",
                f"{EXPONENT_GOAL} at most",
                f"{slopes[part]:.2f}",
                slopes[part] <= EXPONENT_GOAL,
            )
            for part, name in (
                ("computed", "seconds of executors, all models"),
                ("assign", "wall seconds of the assignment"),
            )
        ),
    ]
    gained = [
        f"Two workers against one, {one.customers:,} customers: SQL"
        f" {one.sql / two.sql:.2f} times as fast, assignment"
        f" {one.assign / two.assign:.2f} times. A worker has one core and 2 GB.",
        "An exponent below 1 says that fixed costs still weigh, not that more customers"
        " come cheaper. Wall seconds also hold what else the machine did.",
        f"Shops of {ORDERS} orders per customer in {MONTHS} months. SQL seconds are the"
        " sum over models, some of which run side by side.",
    ]
    return page("spark", "Spark", goals, table(header, rows), *gained)
