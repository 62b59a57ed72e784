"""How many planted switches of behaviour the segments show, and what they invent.

``python -m benchmarks movement`` builds the sample shop and two others of its
generator up to the migrations, and compares the moves between segments with the
truth, which no model of customers reads; and with an oracle (``movement_oracle``), for
many a switch cannot be seen in three months by anybody.
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
from trajectories.sample_shop import ShopSettings, generate_shop

from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table
from benchmarks.movement_oracle import WINDOW_MONTHS, alarm_threshold, judge
from benchmarks.movement_truth import (
    ANY_CAUSE,
    CLAIMED,
    TRUE_CAUSES,
    chance_found,
    false_share,
    found_in,
    hysteresis,
    steady_windows,
    true_causes,
    with_truth,
)

SEEDS = (ShopSettings().seed, 101, 102)
FOUND_GOAL, FALSE_GOAL, CAUSE_GOAL = 0.85, 0.02, 0.90
CERTAIN = np.log(100)  # how much likelier the switch is, to be tellable
RULE_VARS = ("months", "confidence")
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
        max(last_day(month) - order_date) as length_days,
        max(date_diff('month', order_date, month)) + 1 as months_of_history
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
    together = (
        pd.concat(parts, ignore_index=True) for parts in zip(*shops, strict=True)
    )
    text = report(Measured(*together), len(shops))
    return finish("movement", text, tuple(options.seeds) == SEEDS)


def read_shop(seed: int, reuse: bool) -> tuple[pd.DataFrame, ...]:
    """Build a shop, or take the build that is there; return ``Measured``'s frames."""
    folder = BENCH / f"movement_{seed}"
    database = folder / "build" / "work.duckdb"
    if not (reuse and database.exists()):
        make_shop(folder / "shop", seed)
        # Model versions of an earlier build would go on scoring.
        database.unlink(missing_ok=True)
        run_models(folder / "build", "+fct_segment_migrations", {}, folder / "shop")
    with duckdb.connect(str(database), read_only=True) as tables:
        placements = tables.execute(PLACEMENTS).df()
    check_rule(placements, database)
    shop = generate_shop(ShopSettings(seed=seed))
    placements = with_truth(placements, shop.truth)
    known = placements[["customer_id", "month"]].drop_duplicates()
    known["month"] += pd.offsets.MonthBegin(1)
    windows = judge(shop).merge(known, on=["customer_id", "month"])
    frames = placements, windows
    return tuple(
        frame.assign(customer_id=f"{seed}-" + frame["customer_id"]) for frame in frames
    )


def rule_in_use(segmentation: str = "") -> tuple[int, float]:
    """Read the project's rule of hysteresis: months running, least confidence.

    Of a segmentation, if one is named that has months of its own.
    """
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    own = project["vars"]["segmentations"].get(segmentation, {})
    both = {**project["vars"], **own}
    return tuple(both[f"transition_{name}"] for name in RULE_VARS)


def check_rule(placements: pd.DataFrame, database: Path) -> None:
    """Hold the models against `hysteresis`, so that other rules compare.

    Raises:
        BuildError: when segments or causes of the build are other ones.
    """
    parts = placements.groupby("segmentation", sort=False)
    ours = pd.concat([hysteresis(part, *rule_in_use(name)) for name, part in parts])
    ours = ours.reindex(placements.index)
    differ = (ours != placements[["segment_id", "cause"]]).any(axis=1).sum()
    if differ:
        raise BuildError(
            f"{differ:,} of {len(placements):,} memberships in {database} are not what"
            " the rule of dbt_project.yml gives in benchmarks/movement.py. Build anew,"
            " without --reuse; if that does not help, the models follow another rule."
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


@dataclass(frozen=True)
class Score:
    """How a rule of hysteresis does; each a share by segmentation, and any.

    Attributes:
        found: switches with a move for the causes asked for.
        chance: the same, if all moved as steady customers of their kind do.
        oracle: switches that the oracle finds with alarms in as many steady windows.
        false: moves that say ``behaved differently`` per steady customer and month.
        by_window: of ``found_in``.
    """

    found: pd.Series
    chance: pd.Series
    oracle: pd.Series
    false: pd.Series
    by_window: pd.DataFrame


def score(
    measured: Measured, is_steady: pd.Series, cause: pd.Series, causes: Sequence[str]
) -> Score:
    """Hold the moves of one rule against the truth and the oracle."""
    placements, windows = measured.placements, measured.windows
    found = found_in(windows, placements, cause, causes)
    is_switch, gains = windows["is_switch"], windows["log_gain"]
    thresholds = (
        found[is_steady]
        .mean()
        .map(lambda share: alarm_threshold(gains[is_steady], share))
    )
    return Score(
        found[is_switch].mean(),
        found.apply(lambda one: chance_found(windows, one, is_steady)),
        thresholds.map(lambda least: (gains[is_switch] > least).mean()),
        false_share(placements, cause, ["behaved differently"]),
        found,
    )


def make_goals(
    ours: Score, bound: float, shares: dict, shops: int, switches: int, months: int
) -> list[Goal]:
    """Say what was aimed at and what was reached; chance and oracle beside it."""
    found, worst = ours.found["any"], ours.false.max()
    return [
        Goal(
            f"planted switches found within two months, any segmentation ({shops}"
            f" shops, {switches:,} switches)",
            f"{FOUND_GOAL:.2f}, with false moves as below",
            f"{found:.2f}, by chance alone {ours.chance['any']:.2f}; the oracle, with"
            f" false moves as below, {bound:.2f}",
            bool(found >= FOUND_GOAL and worst <= FALSE_GOAL),
        ),
        Goal(
            f"false moves per steady customer and month ({months:,} in all"
            " segmentations)",
            f"at most {FALSE_GOAL:.2f}",
            ", ".join(f"{name} {share:.3f}" for name, share in ours.false.items()),
            bool(worst <= FALSE_GOAL),
        ),
        Goal(
            "moves whose cause is right, of those that only the truth decides",
            f"{CAUSE_GOAL:.2f}",
            f"{shares['by truth']:.2f}; with those that orders decide"
            f" {shares['with a cause']:.2f}; counting moves that nothing explains as"
            f" wrong {shares['of all']:.2f}",
            bool(shares["by truth"] >= CAUSE_GOAL),
        ),
    ]


def report(measured: Measured, shops: int) -> str:
    """Put all of it into Markdown."""
    placements, windows = measured.placements, measured.windows
    is_steady, is_switch = steady_windows(windows, placements), windows["is_switch"]
    cause = placements["cause"]
    bare = hysteresis(placements, 1, 0.0)["cause"]
    ours = score(measured, is_steady, cause, ANY_CAUSE)
    claimed = score(measured, is_steady, cause, CLAIMED)
    plain = score(measured, is_steady, bare, CLAIMED)
    allowed = WINDOW_MONTHS * FALSE_GOAL
    gains = windows["log_gain"]
    alarms = gains > alarm_threshold(gains[is_steady], allowed)
    bound = alarms[is_switch].mean()
    timed = gains + switch_odds(windows, is_steady)
    told = timed[is_switch] > alarm_threshold(timed[is_steady], allowed)
    is_tellable = windows["log_ratio"] > CERTAIN
    tellable = is_tellable[is_switch].mean()
    causes, shares = cause_table(placements, cause)
    is_counted = placements["is_steady"] & (cause != "entered")
    months = is_counted.groupby(placements["segmentation"]).sum()
    goals = make_goals(ours, bound, shares, shops, is_switch.sum(), months.sum())
    return page(
        "movement",
        "Moves between segments against the planted switches",
        goals,
        f"**What is attainable.** From order days not {FOUND_GOAL:.2f} with"
        f" {FALSE_GOAL:.2f} false moves: who orders once in four months and stops is"
        " not missed within three months by anybody. An oracle that knows each"
        " customer's kind, pace, moods and last order, and which kind follows how"
        " often, and weighs the order days of the month of the switch and the two"
        " after (a renewal process, as the"
        f" generator draws them), finds {bound:.2f} of the switches when it raises"
        f" {FALSE_GOAL:.2f} false alarms per steady customer and month (in"
        f" {allowed:.2f} of {is_steady.sum():,} steady windows of three months)."
        " Told also how often each kind switches at all it finds"
        f" {told.mean():.2f}, but this is knowledge of the generator's timetable"
        " (first-time customers all lapse three months after they join), not of"
        f" customers. {tellable:.2f} are tellable: the order days are over 100 times"
        " likelier after the switch than without it. Of baskets and amounts the"
        " oracle knows nothing, so that it is no bound where these tell more (B2B).",
        "**How it is measured.** Switches: of customers who were members the month"
        " before. Found: a move for any cause but `map redrawn` in the month of the"
        " switch or the two after; claimed: a move that says `behaved differently` or"
        " `lapsed`, which leaves out coming and going between the stages new, sparse"
        " and lapsed. By chance: the same in three months of steady customers of the"
        " kind before (of all kinds where none is steady), for these move, too. Steady:"
        " no switch in the month, the three before and the three after; for windows,"
        " more than three months since joining. False moves: `behaved differently`,"
        " per steady customer and month. Oracle: what it finds with alarms in as many"
        " steady windows as have a move that is claimed.",
        table(
            (
                "segmentation",
                "found",
                "by chance",
                "claimed",
                "by chance",
                "of tellable",
                "oracle",
                "share of it",
            ),
            [
                (
                    name,
                    *_shares(ours.found[name], ours.chance[name]),
                    *_shares(claimed.found[name], claimed.chance[name]),
                    *_shares(claimed.by_window[name][is_switch & is_tellable].mean()),
                    *_shares(claimed.oracle[name]),
                    f"{claimed.found[name] / claimed.oracle[name]:.0%}",
                )
                for name in ours.found.index
            ],
        ),
        "**What hysteresis does.** With: the segments as published. Without: the"
        " nearest segment of every month.",
        table(
            (
                "segmentation",
                "steady customers x months",
                "false moves with",
                "without",
                "claimed with",
                "by chance",
                "claimed without",
                "by chance",
            ),
            [
                (
                    name,
                    f"{months[name]:,}",
                    f"{ours.false[name]:.3f}",
                    f"{plain.false[name]:.3f}",
                    *_shares(claimed.found[name], claimed.chance[name]),
                    *_shares(plain.found[name], plain.chance[name]),
                )
                for name in ours.false.index
            ],
        ),
        "**By pair of kinds**: found, of these pairs, any cause. Oracle: at"
        f" {FALSE_GOAL:.2f} false alarms per steady customer and month.",
        pair_table(windows, ours.by_window, alarms, is_tellable, is_steady),
        "**False moves by kind**, per steady customer and month:",
        kind_table(placements, cause),
        "**Causes.** Moves by the cause they are given, and the cause by orders and"
        f" truth, the first that holds ({TRUE_CAUSES}). Only the truth decides"
        " between `behaved differently` and `map redrawn`; of the moves with one of"
        f" these in truth and by us, {shares['by truth']:.2f} are right.",
        causes,
        "**Other rules of hysteresis**: months running, least confidence, confidence at"
        " which one month is enough; claimed / by chance / false moves.",
        rule_table(measured, is_steady),
    )


def switch_odds(windows: pd.DataFrame, is_steady: pd.Series) -> pd.Series:
    """Log of switches per steady window of the kind before; no steady one counts 1."""
    counts = pd.DataFrame({"switch": windows["is_switch"], "steady": is_steady})
    counts = counts.groupby(windows["kind_before"]).sum()
    with np.errstate(divide="ignore"):
        odds = np.log(counts["switch"] / counts["steady"].clip(lower=1))
    return windows["kind_before"].map(odds)


def _shares(*values: float) -> list[str]:
    return [f"{value:.2f}" for value in values]


def pair_table(
    windows: pd.DataFrame,
    found: pd.DataFrame,
    alarms: pd.Series,
    is_tellable: pd.Series,
    is_steady: pd.Series,
) -> str:
    """Tell the pairs of kinds apart."""
    shown = found.assign(tellable=is_tellable, oracle=alarms)
    chance = found.loc[is_steady, "any"].groupby(windows["kind_before"]).mean()
    header = ("from", "to", "switches", *shown.columns, "any by chance")
    is_switch = windows["is_switch"]
    pairs = shown[is_switch].groupby([windows["kind_before"], windows["kind_after"]])
    rows = [
        (
            *pair,
            len(some),
            *_shares(*some.mean()),
            *_shares(chance.get(pair[0], np.nan)),
        )
        for pair, some in pairs
    ]
    return table(header, [[*row[:-1], row[-1].replace("nan", "")] for row in rows])


def kind_table(placements: pd.DataFrame, cause: pd.Series) -> str:
    """Tell the false moves of the kinds apart."""
    chosen = placements[placements["is_steady"] & (cause != "entered")]
    by = [chosen["kind"], chosen["segmentation"]]
    moved = (cause[chosen.index] == "behaved differently").groupby(by)
    shares, counts = moved.mean().unstack(), moved.size().unstack().max(axis=1)
    return table(
        ("kind", "customers x months", *shares.columns),
        [
            (kind, f"{counts[kind]:,}", *(f"{share:.3f}" for share in row))
            for kind, row in zip(shares.index, shares.to_numpy(), strict=True)
        ],
    )


def cause_table(
    placements: pd.DataFrame, cause: pd.Series
) -> tuple[str, dict[str, float]]:
    """Cross the causes given with the true ones; say which shares are right.

    Returns:
        The table, and shares right: "by truth" of moves that behaviour or the map
        explains, "with a cause" of moves that anything explains, "of all" of all;
        first months (entered), which are no moves, left out.
    """
    is_move = ~cause.isin(["stayed", "entered"])
    given, true = cause[is_move], true_causes(placements)[is_move]
    is_right = given == true
    disputed = ["behaved differently", "map redrawn"]
    is_disputed = given.isin(disputed) & true.isin(disputed)
    crossed = pd.crosstab(given, true)
    text = table(
        ("cause given", "moves", *crossed.columns),
        [
            (name, f"{row.sum():,}", *(f"{number:,}" for number in row))
            for name, row in zip(crossed.index, crossed.to_numpy(), strict=True)
        ],
    )
    return text, {
        "by truth": is_right[is_disputed].mean(),
        "with a cause": is_right[true != "nothing"].mean(),
        "of all": is_right.mean(),
    }


def rule_table(measured: Measured, is_steady: pd.Series) -> str:
    """Try other rules of hysteresis on the same placements."""
    rows = []
    for rule in tqdm(RULES, desc="rules", disable=None):
        cause = hysteresis(measured.placements, *rule)["cause"]
        found = score(measured, is_steady, cause, CLAIMED)
        mark = " (in use)" if rule == (*rule_in_use(), None) else ""
        rows.append(
            [
                f"{rule[0]}{mark}",
                f"{rule[1]:.2f}",
                "" if rule[2] is None else f"{rule[2]:.2f}",
                *(
                    f"{found.found[name]:.2f} / {found.chance[name]:.2f} /"
                    f" {found.false[name]:.3f}"
                    for name in found.false.index
                ),
                f"{found.found['any']:.2f} / {found.chance['any']:.2f}",
            ]
        )
    names = sorted(measured.placements["segmentation"].unique())
    return table(("months", "confidence", "enough", *names, "any"), rows)
