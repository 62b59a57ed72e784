"""Moves between segments beside the truth of a made-up shop."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.movement_oracle import WINDOW_MONTHS
from trajectories.months import month_number

STEADY_MONTHS = 3  # before and after a switch a customer is not steady
ANY_CAUSE = ("behaved differently", "lapsed", "returned", "settled")
CLAIMED = ("behaved differently", "lapsed")  # what says that behaviour changed
TRUE_CAUSES = (
    "entered: the first month on record. lapsed: no order in the window of the"
    " segmentation any more (12 months; 90 days for rhythm; in lifecycle and rhythm"
    " three months after the first order at the earliest). returned: the other way"
    " round. settled, in lifecycle and rhythm: in one of the two months before, less"
    " than three months since the first order or less than three orders in the window,"
    " and now no longer so. behaved differently: a switch in the month or the two"
    " before. map redrawn: a steady customer in the month in which a map came into"
    " force. nothing: the rest"
)


def month_numbers(months: pd.Series) -> pd.Series:
    """Number each row's month."""
    return pd.Series(month_number(months), months.index)


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
    return placements.assign(
        kind=kind, is_steady=is_steady, is_known=is_known, is_switch_near=is_near
    )


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


def steady_windows(windows: pd.DataFrame, placements: pd.DataFrame) -> pd.Series:
    """Windows in whose three months a customer is steady, and known for a while."""
    steady = placements.loc[
        placements["is_steady"] & placements["is_known"], ["customer_id", "month"]
    ].drop_duplicates()
    months = pd.MultiIndex.from_arrays(
        [steady["customer_id"], month_numbers(steady["month"])]
    )
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

    ``TRUE_CAUSES`` says how; the first that holds counts.
    """
    by = [placements["segmentation"], placements["customer_id"]]
    stages = stages_by_orders(placements)
    before, earlier = (stages.groupby(by, sort=False).shift(back) for back in (1, 2))
    is_settled = pd.Series(False, placements.index)
    for one in (before, earlier):
        is_settled |= one.isin(["new", "sparse"]) & (one != stages)
    causes = {
        "entered": before.isna(),
        "lapsed": (stages == "lapsed") & (before != "lapsed"),
        "returned": (stages != "lapsed") & (before == "lapsed"),
        "settled": (stages != "lapsed") & is_settled,
        "behaved differently": placements["is_switch_near"],
        "map redrawn": placements["frozen_version"].notna() & placements["is_steady"],
    }
    found = np.select(list(causes.values()), list(causes), "nothing")
    return pd.Series(found, placements.index)


def stages_by_orders(placements: pd.DataFrame) -> pd.Series:
    """Say new, lapsed, sparse or active, from orders and the first of them."""
    is_rhythm = placements["segmentation"] == "rhythm"
    is_path = is_rhythm | (placements["segmentation"] == "lifecycle")
    is_short = placements["months_of_history"] < 3
    is_new = is_path & is_short.mask(is_rhythm, placements["length_days"] < 89)
    is_sparse = is_path & (placements["orders"] < 3)
    stages = np.select(
        [is_new, placements["orders"] == 0, is_sparse],
        ["new", "lapsed", "sparse"],
        "active",
    )
    return pd.Series(stages, placements.index)
