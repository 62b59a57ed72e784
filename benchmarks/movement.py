"""How many planted switches of behaviour the segments show, and what they invent.

``python -m benchmarks movement`` builds the sample shop and two others of its
generator up to the migrations, and compares the moves between segments with the
truth, which the build never reads; and with an oracle (``movement_oracle``), for many
a switch cannot be seen in three months by anybody.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml
from tqdm import tqdm

from benchmarks.builds import BENCH, PROJECT, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table
from benchmarks.movement_oracle import WINDOW_MONTHS, alarm_threshold, judge
from sample_shop import ShopSettings, generate_shop

SEEDS = (ShopSettings().seed, 101, 102)
STEADY_MONTHS = 3  # before and after a switch a customer is not steady
FOUND_GOAL, FALSE_GOAL, CAUSE_GOAL = 0.85, 0.02, 0.90
CERTAIN = np.log(100)  # how much likelier the switch is, to be tellable
ANY_CAUSE = ("behaved differently", "lapsed", "returned", "settled")
CLAIMED = ("behaved differently", "lapsed")  # what says that behaviour changed
# Rules of hysteresis: months running, least confidence, and the confidence at which
# one month is enough (None: never).
RULES = (
    *((months, least, None) for months in (1, 2, 3, 4) for least in (0.0, 0.05, 0.3)),
    *((months, 0.05, enough) for months in (2, 3) for enough in (0.3, 0.5)),
)
PLACEMENTS = """
    with
    placements as (
        select
            placements.*, moves.segment_id, moves.cause,
            if(segmentation = 'rhythm', last_day(month) - 90,
                last_day(month) - interval 12 months) as before_date
        from intermediate.int_segment_placements as placements
        inner join intermediate.int_segment_moves as moves
            using (segmentation, customer_id, month)
    )
    select
        segmentation, placements.customer_id, month, stage, frozen_version,
        confidence, frozen_confidence, nearest_segment_id,
        frozen_nearest_segment_id, segment_id, cause,
        count(case when order_date > before_date then 1 end) as orders,
        max(last_day(month) - order_date) as length_days
    from placements
    left join intermediate.int_orders_accepted as orders
        on placements.customer_id = orders.customer_id
        and order_date <= last_day(month) and not is_return
    group by all
    order by segmentation, customer_id, month
"""


@dataclass(frozen=True)
class Measured:
    """Shops together; customer_id carries the seed.

    Attributes:
        placements: of ``PLACEMENTS``, with kind, is_steady, is_switch_near (in the
            month or the two before).
        windows: three months of a customer who was a member before: of ``judge``.
    """

    placements: pd.DataFrame
    windows: pd.DataFrame


def main(arguments: list[str] | None = None) -> int:
    """Build the shops, compare, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks movement")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument(
        "--reuse", action="store_true", help="take the builds that are there"
    )
    options = parser.parse_args(arguments)
    try:
        seeds = tqdm(options.seeds, desc="shops", disable=None)
        shops = [read_shop(seed, options.reuse) for seed in seeds]
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    together = (pd.concat(parts, ignore_index=True) for parts in zip(*shops))
    text = report(Measured(*together), len(shops))
    return finish("movement", text, tuple(options.seeds) == SEEDS)


def read_shop(seed: int, reuse: bool) -> tuple[pd.DataFrame, ...]:
    """Build a shop, or take the build that is there; return ``Measured``'s frames."""
    folder = BENCH / f"movement_{seed}"
    database = folder / "build" / "work.duckdb"
    if not (reuse and database.exists()):
        make_shop(folder / "shop", seed)
        variables = {"refit": True}
        select = "+fct_segment_migrations"
        run_models(folder / "build", select, variables, folder / "shop")
    with duckdb.connect(str(database), read_only=True) as tables:
        placements = tables.execute(PLACEMENTS).df()
    shop = generate_shop(ShopSettings(seed=seed))
    placements = with_truth(placements, shop.truth)
    known = placements[["customer_id", "month"]].drop_duplicates()
    known["month"] += pd.offsets.MonthBegin(1)
    windows = judge(shop).merge(known, on=["customer_id", "month"])
    frames = placements, windows
    return tuple(
        frame.assign(customer_id=f"{seed}-" + frame["customer_id"]) for frame in frames
    )


def make_shop(folder: Path, seed: int) -> None:
    """Write a shop as Parquet, unless it is there.

    Raises:
        BuildError: when the generator fails.
    """
    if (folder / "truth" / "dirt.csv").exists():
        return
    words = ["--seed", str(seed), "--format", "parquet", "--out", str(folder)]
    made = subprocess.run([sys.executable, "-m", "sample_shop", *words], cwd=PROJECT)
    if made.returncode:
        raise BuildError(f"The sample shop of seed {seed} was not made.")


def month_numbers(months: pd.Series) -> pd.Series:
    """Count months since the year 0."""
    months = pd.to_datetime(months)
    return months.dt.year * 12 + months.dt.month


def with_truth(placements: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Add the kind of the month, and how near a switch is.

    Args:
        placements: customer_id, month.
        truth: customer_id, kind, from_month, to_month of the generator.

    Returns:
        The same rows with kind; is_steady: no switch in the month, the three before
        and the three after; is_known: more than three months since joining;
        is_switch_near: one in the month or the two before.
    """
    truth = truth.sort_values(["customer_id", "from_month"], kind="stable")
    numbers = month_numbers(placements["month"])
    is_steady = pd.Series(True, index=placements.index)
    is_known = is_steady.copy()
    is_near = pd.Series(False, index=placements.index)
    kind = pd.Series(None, index=placements.index, dtype=object)
    for number, periods in truth.groupby(truth.groupby("customer_id").cumcount()):
        periods = periods.set_index("customer_id")
        begins = placements["customer_id"].map(month_numbers(periods["from_month"]))
        since = numbers - begins
        kind = kind.mask(since >= 0, placements["customer_id"].map(periods["kind"]))
        if not number:
            is_known = since > STEADY_MONTHS
        else:
            is_steady &= ~(since.abs() <= STEADY_MONTHS)
            is_near |= since.between(0, WINDOW_MONTHS - 1)
    return placements.assign(kind=kind, is_steady=is_steady, is_known=is_known, is_switch_near=is_near)


def hysteresis(
    placements: pd.DataFrame, months: int, least: float, enough: float | None = None
) -> pd.DataFrame:
    """Decide on segments and causes as int_segment_memberships and _moves do.

    Args:
        placements: of ``PLACEMENTS``, sorted by segmentation, customer and month.
        months: a segment must have been the nearest one so many months running,
        least: with this confidence;
        enough: or with this confidence in one month (not so in the models).

    Returns:
        segment_id and cause, one row per placement.
    """
    rows = np.arange(len(placements))
    groups = placements.groupby(["segmentation", "customer_id"], sort=False)
    before = groups.shift()
    is_first = (groups.cumcount() == 0).to_numpy()
    nearest = placements["nearest_segment_id"]
    earlier = [groups["nearest_segment_id"].shift(back) for back in range(1, months)]

    def confirmed(name: str) -> np.ndarray:
        confidence = placements[f"{name}confidence"].fillna(1)
        is_so = confidence >= least if months > 1 or least else confidence.notna()
        for one in earlier:
            is_so &= one == placements[f"{name}nearest_segment_id"]
        return (is_so if enough is None else is_so | (confidence >= enough)).to_numpy()

    is_redrawn = placements["frozen_version"].notna().to_numpy()
    is_stage = is_first | placements["stage"].isin(["new", "lapsed"]).to_numpy()
    is_stage |= before["stage"].isin(["new", "lapsed"]).to_numpy()
    is_dated = is_stage | is_redrawn | confirmed("")
    held = np.maximum.accumulate(np.where(is_dated, rows, 0))
    segment, stage = nearest.to_numpy()[held], placements["stage"].to_numpy()[held]
    previous, previous_stage = np.roll(segment, 1), np.roll(stage, 1)
    frozen = np.where(
        is_stage | confirmed("frozen_"),
        placements["frozen_nearest_segment_id"].to_numpy(),
        previous,
    )
    cause = np.select(
        [
            is_first,
            segment == previous,
            stage == "lapsed",
            previous_stage == "lapsed",
            np.isin(previous_stage.astype(str), ["new", "sparse"]),
            is_redrawn & (frozen == previous),
        ],
        ["entered", "stayed", "lapsed", "returned", "settled", "map redrawn"],
        "behaved differently",
    )
    return pd.DataFrame({"segment_id": segment, "cause": cause}, placements.index)


def found_in(
    windows: pd.DataFrame,
    placements: pd.DataFrame,
    cause: pd.Series,
    causes: Sequence[str],
) -> pd.DataFrame:
    """Say in which windows a customer moved for one of some causes.

    Returns:
        (windows, segmentations) and a column any; true where she moved in one of the
        three months.
    """
    is_moved = cause.isin(causes)
    moves = placements.loc[is_moved, ["segmentation", "customer_id", "month"]]
    moves = moves.assign(number=month_numbers(moves["month"]), is_found=True)
    rows = windows[["customer_id"]].assign(begins=month_numbers(windows["month"]))
    rows["window"] = np.arange(len(windows))
    found = rows.merge(moves, on="customer_id")
    found = found[(found["number"] - found["begins"]).between(0, WINDOW_MONTHS - 1)]
    wide = pd.DataFrame(
        False,
        index=windows.index,
        columns=sorted(placements["segmentation"].unique()),
    )
    for segmentation, some in found.groupby("segmentation"):
        wide.iloc[some["window"].unique(), wide.columns.get_loc(segmentation)] = True
    return wide.assign(any=wide.any(axis=1))


def steady_windows(measured: Measured) -> pd.Series:
    """Windows in whose three months a customer is steady, and known for a while."""
    placements = measured.placements
    steady = placements.loc[
        placements["is_steady"] & placements["is_known"], ["customer_id", "month"]
    ].drop_duplicates()
    months = pd.MultiIndex.from_arrays(
        [steady["customer_id"], month_numbers(steady["month"])]
    )
    windows = measured.windows
    numbers = month_numbers(windows["month"])
    is_so = ~windows["is_switch"]
    for ahead in range(WINDOW_MONTHS):
        pairs = pd.MultiIndex.from_arrays([windows["customer_id"], numbers + ahead])
        is_so &= pairs.isin(months)
    return is_so


def chance_found(
    windows: pd.DataFrame, found: pd.Series, is_steady: pd.Series
) -> float:
    """Share of switches that would be found if customers moved as steady ones do.

    Steady customers of the kind from which was switched; of all kinds where it has
    none.
    """
    rates = found[is_steady].groupby(windows.loc[is_steady, "kind_before"]).mean()
    kinds = windows.loc[windows["is_switch"], "kind_before"]
    return kinds.map(rates).fillna(found[is_steady].mean()).mean()


def false_share(
    placements: pd.DataFrame, cause: pd.Series, causes: Sequence[str]
) -> pd.Series:
    """Moves of some causes per steady customer and month, by segmentation."""
    chosen = placements["is_steady"] & (cause != "entered")
    moved = cause[chosen].isin(causes)
    return moved.groupby(placements.loc[chosen, "segmentation"]).mean()


def true_causes(placements: pd.DataFrame) -> pd.Series:
    """The cause of a move by the orders and the truth, were there one.

    In this order. entered: the customer's first month on record. lapsed: no order in
    the window of the segmentation (12 months; 90 days for rhythm), but one in the
    window of the month before; returned: the other way round. settled: with
    rhythm and lifecycle, 3 orders in the window and 3 months since the first order,
    which in one of the two months before was not yet so. behaved differently: a
    switch in the month or the two before. map redrawn: a steady customer in the month
    in which a map came into force. nothing: the rest.
    """
    groups = placements.groupby(["segmentation", "customer_id"], sort=False)
    stages = stages_by_orders(placements)
    by_orders = stages.groupby([placements["segmentation"], placements["customer_id"]])
    before, earlier = by_orders.shift(), by_orders.shift(2)
    is_thin = before.isin(["thin"]) | earlier.isin(["thin"])
    return pd.Series(
        np.select(
            [
                groups.cumcount() == 0,
                (stages == "lapsed") & (before != "lapsed"),
                (stages != "lapsed") & (before == "lapsed"),
                (stages == "active") & is_thin,
                placements["is_switch_near"],
                placements["frozen_version"].notna() & placements["is_steady"],
            ],
            [
                "entered",
                "lapsed",
                "returned",
                "settled",
                "behaved differently",
                "map redrawn",
            ],
            "nothing",
        ),
        placements.index,
    )


def stages_by_orders(placements: pd.DataFrame) -> pd.Series:
    """Say lapsed, thin or active, from the orders in the segmentation's window."""
    is_path = placements["segmentation"].isin(["lifecycle", "rhythm"])
    is_thin = (placements["orders"] < 3) | (placements["length_days"] < 89)
    return pd.Series(
        np.select(
            [placements["orders"] == 0, is_path & is_thin], ["lapsed", "thin"], "active"
        ),
        placements.index,
    )
