"""Read-outs of all experiments, from weekly sums: what may be said, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa

from trajectories.experiments.comparisons import (
    NOTHING,
    PER_PROTOCOL,
    ArmComparison,
    ArmCustomers,
    compare_arms,
)
from trajectories.experiments.designs import PERMUTATION, test_of_design
from trajectories.experiments.families import (
    adjusted_by_benjamini_hochberg,
    adjusted_by_holm,
)
from trajectories.experiments.looks import (
    ALPHA,
    sequence_reach,
    sequential_p_value,
)
from trajectories.experiments.permutations import drawing
from trajectories.experiments.sums import ArmSums, arms_of_rows

BETTER, WORSE = "better", "worse"
CANNOT_BE_TOLD, WITHHELD = "cannot be told", "withheld"
READOUT_SCHEMA = pa.schema(
    {
        "experiment": pa.string(),
        "metric": pa.string(),
        "week": pa.int64(),
        "estimator": pa.string(),
        "arm": pa.string(),
        "control_arm": pa.string(),
        "customers": pa.int64(),
        "control_customers": pa.int64(),
        **dict.fromkeys(
            (
                *("mean", "control_mean"),
                *("difference", "difference_lower", "difference_upper"),
                *("relative_lift", "relative_lift_lower", "relative_lift_upper"),
                *("p_value", "adjusted_p_value", "segments_adjusted_p_value"),
                *("anytime_lower", "anytime_upper", "variance_reduction_share"),
            ),
            pa.float64(),
        ),
        "test": pa.string(),
        "is_unbounded": pa.bool_(),
        "is_planned_look": pa.bool_(),
        "is_primary": pa.bool_(),
        "decision": pa.string(),
        "reason": pa.string(),
    }
)


def planned_weeks_of(weeks: int, looks: int) -> list[int]:
    """Give the weeks after which a plan looks: evenly spread, the last at the end.

    Examples:
        >>> planned_weeks_of(13, 3), planned_weeks_of(4, 4)
        ([5, 9, 13], [1, 2, 3, 4])
    """
    return [
        week
        for week in range(1, weeks + 1)
        if week * looks // weeks > (week - 1) * looks // weeks
    ]


def read_experiments(
    weeks: pa.Table,
    plans: pa.Table,
    checks: pa.Table,
    outcomes: pa.Table,
    protocols: pa.Table,
    seed: int,
) -> pa.Table:
    """Read every experiment out, week by week.

    Args:
        weeks: one row per experiment, metric, arm, stratum and week, cumulative, with
            is_control, is_planned_look, is_primary and the columns of SUM_COLUMNS.
        plans: one row per experiment, with segmentation, start_date, planned_weeks,
            planned_looks, test (null: by the rule) and control_share.
        checks: as `check_experiments` gives them: where one that withholds has failed,
            nothing is told.
        outcomes: one row per experiment, metric, customer and planned look of tests by
            permutation: arm, stratum, week, value, covariate and denominator (null: a
            mean).
        protocols: sums as of weeks of those in arms other than control who were
            contacted, at planned looks.
        seed: of permutations.

    Returns:
        READOUT_SCHEMA: per metric, week and arm one row for each estimator. The
        decision stands where is_primary, at planned looks: by the sequential p-value
        of the estimator that is chosen without knowing the arms, corrected by Holm
        over the arms and by Benjamini and Hochberg over the segments that a campaign
        tests at once (same segmentation and start). Rows per protocol compare those
        who were contacted with all of control; they are described, for who can be
        contacted differs from who cannot.

    Examples:
        >>> from datetime import date
        >>> row = {"experiment": "e", "metric": "orders", "stratum": "all", "week": 1,
        ...        "is_planned_look": True, "is_primary": True, "covariate_sum": 0.0,
        ...        "covariate_squares": 0.0, "product_sum": 0.0, "customers": 200}
        >>> arms = [{"arm": "a", "is_control": True, "value_sum": 60.0},
        ...         {"arm": "b", "is_control": False, "value_sum": 100.0}]
        >>> rows = [row | arm | {"value_squares": arm["value_sum"],
        ...                      "positive_customers": int(arm["value_sum"])}
        ...         for arm in arms]
        >>> plan = {"experiment": "e", "segmentation": None, "control_share": 0.5,
        ...         "start_date": date(2017, 1, 1), "planned_weeks": 1,
        ...         "planned_looks": 1, "test": None}
        >>> nothing = pa.table({"experiment": pa.array([], pa.string())})
        >>> found = read_experiments(pa.Table.from_pylist(rows),
        ...     pa.Table.from_pylist([plan]), nothing, nothing, nothing, 0).to_pylist()
        >>> found[0]["difference"], found[0]["decision"]
        (0.2, 'better')
    """
    known = {row["experiment"]: row for row in plans.to_pylist()}
    withheld = {
        row["experiment"]: row["meaning"]
        for row in checks.to_pylist()
        if row.get("withholds") and row.get("is_passed") is False
    }
    by_look = _customers(outcomes)
    treated = _grouped(protocols.to_pylist())
    weekly = _grouped(weeks.to_pylist())
    sparse = _sparse(weekly)
    rows: list[dict] = []
    for (experiment, metric, week), own in weekly.items():
        if experiment not in known:
            continue
        plan = known[experiment]
        test = plan["test"] or (
            PERMUTATION
            if any(key[0] == experiment for key in by_look)
            else test_of_design(float(plan["control_share"]), sparse[experiment])
        )
        key = (experiment, metric, week)
        contacted = treated.get(key, [])
        told = _read(
            own, test, by_look.get(key), contacted, seed, "|".join(map(str, key))
        )
        for row in told:
            if experiment in withheld:
                row |= _numbers(NOTHING) | {"reason": withheld[experiment]}
            rows.append(
                row | {"experiment": experiment, "metric": metric, "week": week}
            )
    _tell_anytime(rows, known)
    _adjust(rows, known)
    _decide(rows, known, withheld)
    order = [(name, "ascending") for name in READOUT_SCHEMA.names[:5]]
    rows = [{name: row.get(name) for name in READOUT_SCHEMA.names} for row in rows]
    return pa.Table.from_pylist(rows, READOUT_SCHEMA).sort_by(order)


def _grouped(rows: Sequence[Mapping]) -> dict[tuple, list[Mapping]]:
    found = defaultdict(list)
    for row in rows:
        found[row["experiment"], row["metric"], row["week"]].append(row)
    return dict(sorted(found.items()))


def _sparse(weekly: Mapping[tuple, Sequence[Mapping]]) -> dict[str, float]:
    """Share of an experiment's customers who had ordered by its latest week."""
    found: dict[str, float] = defaultdict(lambda: 1.0)
    for (experiment, metric, _), rows in weekly.items():
        if metric == "conversion":
            customers = sum(row["customers"] for row in rows)
            found[experiment] = sum(row["positive_customers"] for row in rows) / max(
                customers, 1
            )
    return found


def _customers(outcomes: pa.Table) -> dict[tuple, ArmCustomers]:
    if not outcomes.num_rows:
        return {}
    keys = ("experiment", "metric", "week")
    table = outcomes.sort_by([(k, "ascending") for k in (*keys, "customer_id")])
    keyed = zip(*(table[key].to_pylist() for key in keys), strict=True)
    columns = [
        table[name].to_numpy()
        for name in ("arm", "stratum", "value", "covariate", "denominator")
    ]
    found = {}
    for key, group in groupby(enumerate(keyed), lambda row: row[1]):
        places = [place for place, _ in group]
        own = slice(places[0], places[-1] + 1)
        *parts, below = (column[own] for column in columns)
        below = np.nan_to_num(below.astype(float), nan=1.0)
        found[key] = ArmCustomers(*parts, below)
    return found


def _read(
    rows: Sequence[Mapping],
    test: str,
    customers: ArmCustomers | None,
    contacted: Sequence[Mapping],
    seed: int,
    key: str,
) -> Iterator[dict]:
    """Compare the arms of one metric and week, as assigned and per protocol."""
    arms = arms_of_rows(rows)
    control = next((row["arm"] for row in rows if row["is_control"]), "control")
    sizes = {arm: int(own.customers.sum()) for arm, own in arms.items()}
    number = int(drawing(seed, key).integers(2**31))
    common = {
        "control_arm": control,
        "control_customers": sizes.get(control, 0),
        "is_planned_look": bool(rows[0]["is_planned_look"]),
    }
    is_primary = bool(rows[0]["is_primary"])
    for one in compare_arms(arms, control, test, customers, number):
        yield (
            common
            | _row(one, sizes.get(one.arm, 0))
            | {
                "is_primary": is_primary and one.is_chosen,
                "is_chosen": one.is_chosen,
            }
        )
    if contacted and control in arms and test != PERMUTATION:
        for one, size in _per_protocol(arms, control, contacted):
            yield (
                common
                | _row(one, size)
                | {
                    "estimator": PER_PROTOCOL,
                    "is_primary": False,
                    "is_chosen": False,
                    "reason": one.reason
                    or "Only who was contacted, beside all of control: biased, for"
                    " control has those, too, who cannot be reached.",
                }
            )


def _per_protocol(
    arms: Mapping[str, ArmSums], control: str, contacted: Sequence[Mapping]
) -> Iterator[tuple[ArmComparison, int]]:
    rows = [row for row in contacted if row["arm"] != control]
    strata = arms_of_rows(rows)
    for arm, own in strata.items():
        pair = {arm: own.poured(np.zeros(len(own.customers), dtype=int))}
        base = arms[control]
        pair[control] = base.poured(np.zeros(len(base.customers), dtype=int))
        for one in compare_arms(pair, control, "welch"):
            if one.estimator != "cuped":
                yield one, int(own.customers.sum())


def _row(one: ArmComparison, size: int) -> dict:
    return {
        "estimator": one.estimator,
        "arm": one.arm,
        "customers": size,
        "test": one.test,
        "variance_reduction_share": _null(one.variance_reduction),
        "reason": one.reason,
        **_numbers(one.difference),
    }


def _numbers(told: object) -> dict:
    bounds = (told.lift_low, told.lift_high)
    return {
        "mean": _null(told.treated),
        "control_mean": _null(told.control),
        "difference": _null(told.value),
        "difference_lower": _null(told.low),
        "difference_upper": _null(told.high),
        "relative_lift": _null(told.lift),
        "relative_lift_lower": _null(told.lift_low),
        "relative_lift_upper": _null(told.lift_high),
        "is_unbounded": not np.isnan(told.value) and bool(np.isnan(bounds).any()),
        "p_value": _null(told.p_value),
        "error": _null(told.error),
    }


def _null(value: float) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _tell_anytime(rows: Sequence[dict], plans: Mapping[str, Mapping]) -> None:
    """Add what may be looked at every week, where a normal law holds."""
    for row in rows:
        weeks = plans[row["experiment"]]["planned_weeks"]
        if row["error"] is not None and row["estimator"] != PER_PROTOCOL:
            reach = sequence_reach(row["week"] / weeks) * row["error"]
            row["anytime_lower"] = row["difference"] - reach
            row["anytime_upper"] = row["difference"] + reach


def _adjust(rows: Sequence[dict], plans: Mapping[str, Mapping]) -> None:
    """Correct for looks, arms (and secondary metrics among themselves), segments."""
    looks = [row for row in rows if row["is_planned_look"] and row["is_chosen"]]
    histories = defaultdict(dict)
    for row in looks:
        own = histories[row["experiment"], row["metric"], row["arm"]]
        own[row["week"]] = np.nan if row["p_value"] is None else row["p_value"]
    families, campaigns = defaultdict(list), defaultdict(dict)
    for row in looks:
        plan = plans[row["experiment"]]
        weeks, planned = plan["planned_weeks"], plan["planned_looks"]
        shares = [week / weeks for week in planned_weeks_of(weeks, planned)]
        own = histories[row["experiment"], row["metric"], row["arm"]]
        past = [p for week, p in sorted(own.items()) if week <= row["week"]]
        row["sequential"] = sequential_p_value(past, shares)
        families[row["experiment"], row["week"], row["is_primary"]].append(row)
    for (experiment, week, is_primary), own in families.items():
        corrected = adjusted_by_holm(np.array([row["sequential"] for row in own]))
        for row, p_value in zip(own, corrected, strict=True):
            row["adjusted_p_value"] = _null(p_value)
        if is_primary:
            plan = plans[experiment]
            key = plan["segmentation"] or experiment, plan["start_date"], week
            known = corrected[~np.isnan(corrected)]
            campaigns[key][experiment] = min(known, default=np.nan)
    for (_, _, week), own in campaigns.items():
        corrected = adjusted_by_benjamini_hochberg(np.array([*own.values()]))
        for experiment, p_value in zip(own, corrected, strict=True):
            for row in families[experiment, week, True]:
                if row["adjusted_p_value"] is not None:
                    row["segments_adjusted_p_value"] = max(
                        row["adjusted_p_value"], float(p_value)
                    )


def _decide(
    rows: Sequence[dict], plans: Mapping[str, Mapping], withheld: Mapping[str, str]
) -> None:
    """Say what may be said: nothing before a planned look."""
    for row in rows:
        row["decision"] = None
        if not row["is_primary"]:
            is_told = row["p_value"] is not None and not row["reason"]
            if is_told:
                row["reason"] = (
                    "Described, not decided: the plan decides by another row."
                )
            continue
        plan = plans[row["experiment"]]
        looks = planned_weeks_of(plan["planned_weeks"], plan["planned_looks"])
        following = [week for week in looks if week > row["week"]]
        if row["experiment"] in withheld:
            row["decision"] = WITHHELD if row["is_planned_look"] else None
            continue
        if not row["is_planned_look"]:
            row["reason"] = row["reason"] or (
                f"No planned look: the next one is after week {following[0]}."
            )
            continue
        p_value = row.get("segments_adjusted_p_value")
        said = (
            f"p = {p_value or 0:.2g} after {row['week']} weeks, corrected for looks,"
            " arms and segments"
        )
        if p_value is None:
            row["decision"] = CANNOT_BE_TOLD
        elif p_value <= ALPHA:
            row["decision"] = BETTER if row["difference"] > 0 else WORSE
            row["reason"] = f"{said}: at most 0.05."
        else:
            row["decision"] = CANNOT_BE_TOLD
            ahead = (
                f" It is looked at again after week {following[0]}."
                if following
                else " The test is over: more customers or a larger effect are needed."
            )
            row["reason"] = f"{said}: above 0.05.{ahead}"
