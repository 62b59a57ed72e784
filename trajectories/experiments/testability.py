"""Which segments can be tested on which metric, how, and why not, before any test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from trajectories.experiments.designs import (
    PERMUTATION,
    POWER,
    WELCH,
    detectable_difference,
    mean_presence,
    mean_square_presence,
    power_to_find,
    smallest_control_among,
    standard_errors_apart,
    test_of_design,
    weeks_as_months,
)
from trajectories.experiments.falsealarms import alarm_share, false_alarms
from trajectories.experiments.looks import ALPHA
from trajectories.experiments.pasts import (
    FEWEST_MEMBERS,
    FIFTHS,
    METRIC_COLUMNS,
    METRICS,
    SegmentPast,
    fifths_of,
    measure_past,
)
from trajectories.experiments.permutations import drawing

#: Times that customers are dealt to arms to try a design, turn by turn, and between
#: which rates it is not told yet: so that of 5.5 % hardly any is taken for 5.
TURNS = ((2_500, 0.043, 0.065), (10_000, 0.0505, 0.055), (15_000, 1.0, 0.0))
HIGHEST_ALARM_SHARE = 0.053
#: Customers of a segment, at most, on whom designs are tried: more err less.
MOST_TRIED = 2_000
#: A design that needs a larger lift to find it is neither tried nor offered, nor is one
#: that needs a larger one than there can be.
HIGHEST_LIFT = 1.0
RETENTION, RETENTION_WEEKS = "retention", 4
#: Others that a segment is tested together with, at most.
MOST_POOLED = 2
TESTABLE, OTHER_DESIGN = "testable", "choose another design"
OTHER_METRIC, NOT_TESTABLE = "choose another metric", "not testable"
KEYS = ("segmentation", "segment_id")
TESTABILITY_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "segment_id": pa.string(),
        "metric": pa.string(),
        "control_share": pa.float64(),
        "weeks": pa.int64(),
        "customers": pa.int64(),
        "mean": pa.float64(),
        "standard_deviation": pa.float64(),
        "variance_reduction_share": pa.float64(),
        "presence_share": pa.float64(),
        "mde_share": pa.float64(),
        "power_at_expected": pa.float64(),
        "expected_lift_share": pa.float64(),
        "aa_dealings": pa.int64(),
        "aa_false_positive_share": pa.float64(),
        "aa_lower": pa.float64(),
        "best_weeks": pa.int64(),
        "smallest_control_customers": pa.int64(),
        "test": pa.string(),
        "is_offered": pa.bool_(),
        "verdict": pa.string(),
        "why": pa.string(),
    }
)


@dataclass
class Design:
    """One way to test a segment; verdict and reason are filled in beside the others."""

    segmentation: str
    segment_id: str
    name: str
    metric: str
    control_share: float
    weeks: int
    customers: int
    past: SegmentPast
    presence: float
    square_presence: float
    test: str
    least_lift: float = 0.0
    power: float = 0.0
    dealings: int | None = None
    alarms: int = 0
    is_offered: bool = True
    best_weeks: int | None = None
    verdict: str = ""
    why: str = ""

    @property
    def controls(self) -> int:
        """Customers of control."""
        return max(round(self.customers * self.control_share), 1)

    @property
    def highest_lift(self) -> float:
        """Lift above which none is looked for: no more can do it than all."""
        if METRICS[self.metric].is_share:
            return min(HIGHEST_LIFT, 1 / self.past.mean - 1)
        return HIGHEST_LIFT

    def expect(self, lift: float) -> None:
        """Tell what is found of a relative lift of those who are there."""
        effect = self.past.mean * self.presence
        difference = detectable_difference(
            self.past.left_deviation, self.customers - self.controls, self.controls
        )
        self.least_lift = difference / effect
        self.power = self.power_of(lift)

    def power_of(self, lift: float) -> float:
        """Chance that a lift is found which makes more of what each does anyway.

        The treated then differ more from each other than before, and the more so as
        some of them have left: a lift of a fifth needs a tenth more customers than
        formulas with one variance say.
        """
        treated = self.customers - self.controls
        parts = (
            self._treated_variance(lift) / treated,
            self.past.left_deviation**2 / self.controls,
        )
        spread = parts[0] ** 2 / max(treated - FIFTHS, 1)
        spread += parts[1] ** 2 / max(self.controls - FIFTHS, 1)
        effect = self._effect(lift)
        freedom = sum(parts) ** 2 / spread
        return power_to_find(effect, float(np.sqrt(sum(parts))), freedom=freedom)

    def _effect(self, lift: float) -> float:
        """Difference of means; no more can do it than all."""
        effect = lift * self.past.mean * self.presence
        if METRICS[self.metric].is_share:
            effect = min(effect, 1 - self.past.mean)
        return effect

    def _treated_variance(self, lift: float) -> float:
        past, there = self.past, lift * self.presence
        left = past.left_deviation**2
        metric = METRICS[self.metric]
        if metric.is_share:
            # A share of those who would not have done it does.
            more = self._effect(lift)
            return left * (1 - 2 * more / (1 - past.mean)) + more * (1 - more)
        if metric.denominator:
            return left * (1 + there) ** 2
        # Var(y (1 + l t) - b x) of presence t, independent of y: b takes off as much of
        # y as it did, and nothing of what is added.
        within = past.within_deviation**2
        unlike = lift**2 * self.square_presence - there**2
        added = within * there**2 + unlike * (within + past.mean**2)
        return left * (1 + 2 * there) + added


def map_testability(
    members: pa.Table,
    segments: pa.Table,
    control_shares: Sequence[float],
    expected_lift_share: float,
    seed: int,
    n_jobs: int | None = None,
) -> pa.Table:
    """Say of each segment, metric, share of control and weeks what a test could find.

    Args:
        members: one row per segmentation, segment_id, weeks and customer who was a
            member when the last so many weeks began, or a sample of these, with
            segment_customers, how many they were, and the columns of METRICS.
        segments: one row per segmentation and segment_id, with segment_name and
            stay_probability, the share of a month's members who are members a month
            later (null: nobody knows, and nobody is taken to leave).
        control_shares: up to a half.
        expected_lift_share: relative lift for which power is told.
        seed: of the trials of designs.
        n_jobs: threads.

    Returns:
        TESTABILITY_SCHEMA, sorted by its first columns; no row for metrics that the
        shop does not know, or that came to nothing or less.

    Examples:
        >>> segment = {"segmentation": "s", "segment_id": "s-1"}
        >>> row = segment | {"weeks": 4, "segment_customers": 200, "orders": 1}
        >>> row |= dict.fromkeys(["last_orders", "sessions", "prior_revenue_amount",
        ...                       "prior_orders", "prior_sessions"], 1)
        >>> row |= {"margin_amount": None, "prior_margin_amount": None}
        >>> rows = [row | {"customer_id": str(i), "revenue_amount": 10.0 + i % 7}
        ...         for i in range(200)]
        >>> named = segment | {"segment_name": "A", "stay_probability": 1.0}
        >>> found = map_testability(pa.Table.from_pylist(rows),
        ...                         pa.Table.from_pylist([named]), [0.5], 0.1, seed=0)
        >>> row = found.to_pylist()[0]
        >>> row["metric"], round(row["mde_share"], 3), row["verdict"]
        ('average_order_amount', 0.062, 'testable')
    """
    known = {tuple(row[key] for key in KEYS): row for row in segments.to_pylist()}
    designs: list[Design] = []
    for group in _groups(members):
        key = tuple(group[name] for name in KEYS)
        if key in known:
            designs += _designs(
                group, known[key], control_shares, expected_lift_share, seed, n_jobs
            )
    _choose_weeks(designs)
    _judge(designs, expected_lift_share)
    rows = [_row(design, expected_lift_share) for design in designs]
    order = [(name, "ascending") for name in TESTABILITY_SCHEMA.names[:5]]
    return pa.Table.from_pylist(rows, TESTABILITY_SCHEMA).sort_by(order)


def _groups(members: pa.Table) -> Iterator[dict]:
    """Give the members of one segment and number of weeks as columns of numbers."""
    keys = [*KEYS, "weeks"]
    # By customer, not by what she did: equal worths are dealt to fifths in this order.
    order = [(key, "ascending") for key in (*keys, "customer_id")]
    members = members.sort_by(order)
    keyed = zip(*(members[key].to_pylist() for key in keys), strict=True)
    numbers = {
        name: members[name].cast(pa.float64()).to_numpy()
        for name in ("segment_customers", *METRIC_COLUMNS)
        if name in members.column_names
    }
    for key, rows in groupby(enumerate(keyed), lambda row: row[1]):
        places = [place for place, _ in rows]
        own = slice(places[0], places[-1] + 1)
        yield dict(zip(keys, key, strict=True)) | {
            "columns": {name: column[own] for name, column in numbers.items()}
        }


def _designs(
    group: Mapping,
    segment: Mapping,
    control_shares: Sequence[float],
    expected_lift_share: float,
    seed: int,
    n_jobs: int | None,
) -> list[Design]:
    columns = group["columns"]
    size = len(columns["orders"])
    if size < FEWEST_MEMBERS:
        return []
    fifths = fifths_of(columns["prior_revenue_amount"])
    stay = segment["stay_probability"]
    time = 1.0 if stay is None else float(stay), weeks_as_months(group["weeks"])
    found = []
    for name, metric in METRICS.items():
        if name == RETENTION and group["weeks"] <= RETENTION_WEEKS:
            continue  # Of so few weeks it is conversion.
        past = measure_past(columns, metric, fifths)
        for share in control_shares if past else ():
            found.append(
                Design(
                    group["segmentation"],
                    group["segment_id"],
                    segment["segment_name"],
                    name,
                    share,
                    group["weeks"],
                    int(columns["segment_customers"][0]),
                    past,
                    mean_presence(*time),
                    mean_square_presence(*time),
                    test_of_design(share, past.positive_share),
                )
            )
    for design in found:
        design.expect(expected_lift_share)
        design.is_offered = design.least_lift <= design.highest_lift
    _try(found, fifths, seed, n_jobs)
    return found


def _try(
    designs: Sequence[Design], fifths: np.ndarray, seed: int, n_jobs: int | None
) -> None:
    """Make each test that a normal law carries where there is nothing to find.

    Those are tried further of which it is not told yet.
    """
    close = tried = [one for one in designs if one.test == WELCH and one.is_offered]
    if not tried:
        return
    key = f"{tried[0].segment_id}|{tried[0].weeks}"
    generator = drawing(seed, key)
    drawn = _drawn(fifths, generator)
    residuals = {design.metric: design.past.residuals[drawn] for design in tried}
    for dealings, fine, wrong in TURNS:
        metrics = sorted({design.metric for design in close})
        shares = sorted({design.control_share for design in close})
        columns = np.stack([residuals[metric] for metric in metrics], axis=1)
        numbers = generator.integers(2**32, size=4).tolist()
        alarms = false_alarms(columns, fifths[drawn], shares, dealings, numbers, n_jobs)
        for design in close:
            place = shares.index(design.control_share), metrics.index(design.metric)
            design.dealings = (design.dealings or 0) + dealings
            design.alarms += int(alarms[place])
        close = [one for one in close if fine < one.alarms / one.dealings < wrong]
        if not close:
            break
    for design in tried:
        share, lower, _ = alarm_share(design.alarms, design.dealings)
        design.is_offered = lower <= ALPHA and share <= HIGHEST_ALARM_SHARE


def _drawn(fifths: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw so many of each fifth, in their order, that trials are not long."""
    most = MOST_TRIED // (int(fifths.max()) + 1)
    rows = [
        generator.permutation(np.flatnonzero(fifths == fifth))[:most]
        for fifth in range(int(fifths.max()) + 1)
    ]
    return np.sort(np.concatenate(rows))


def _choose_weeks(designs: Sequence[Design]) -> None:
    """Find the weeks with the highest power; the fewest of those alike."""
    alike = defaultdict(list)
    for design in designs:
        alike[design.segment_id, design.metric, design.control_share].append(design)
    for own in alike.values():
        best = max(own, key=lambda one: (round(one.power, 3), -one.weeks))
        for design in own:
            design.best_weeks = best.weeks


def _judge(designs: Sequence[Design], lift: float) -> None:
    by_segment, by_design = defaultdict(list), defaultdict(list)
    for design in designs:
        by_segment[design.segment_id].append(design)
        key = design.segmentation, design.metric, design.control_share, design.weeks
        by_design[key].append(design)
    for design in designs:
        key = design.segmentation, design.metric, design.control_share, design.weeks
        design.verdict, advice = _verdict(
            design, by_segment[design.segment_id], by_design[key], lift
        )
        design.why = f"{_found(design, lift)} {advice}".strip()


def _is_good(design: Design) -> bool:
    return design.is_offered and design.power >= POWER


def _verdict(
    design: Design, own: Sequence[Design], others: Sequence[Design], lift: float
) -> tuple[str, str]:
    """Decide one design beside the others of its segment, and of other segments."""
    if _is_good(design):
        return TESTABLE, ""
    good = [one for one in own if _is_good(one)]
    same = [one for one in good if one.metric == design.metric]
    if same:
        best = min(same, key=lambda one: (one.weeks, one.control_share))
        return OTHER_DESIGN, (
            f"{best.control_share:.0%} as control over {best.weeks} weeks find it."
        )
    pooled = _pooled(design, others, lift) if design.is_offered else []
    if pooled:
        names = " and ".join(one.name for one in pooled)
        return f"pool with {names}", f"Together with {names} it is found."
    if good:
        best = max(good, key=lambda one: one.power)
        return OTHER_METRIC, (
            f"On {best.metric} a lift of {lift:.0%} is found, with"
            f" {best.control_share:.0%} as control over {best.weeks} weeks."
        )
    return NOT_TESTABLE, ""


def _pooled(design: Design, others: Sequence[Design], lift: float) -> list[Design]:
    """Find the fewest other segments with which the lift is found, nearest first."""
    taken, left = [design], [one for one in others if one is not design]
    left = [one for one in left if one.is_offered]
    while left and len(taken) <= MOST_POOLED:
        best = min(left, key=lambda one: _least_lift_of([*taken, one]))
        if _least_lift_of([*taken, best]) >= _least_lift_of(taken):
            return []
        taken, left = [*taken, best], [one for one in left if one is not best]
        if _least_lift_of(taken) <= lift:
            return taken[1:]
    return []


def _least_lift_of(designs: Sequence[Design]) -> float:
    """Least relative lift that segments find together, each a stratum of its own."""
    sizes = np.array([one.customers for one in designs], float)
    variances = np.array([one.past.left_deviation**2 for one in designs])
    effects = np.array([one.past.mean * one.presence for one in designs])
    shares, share = sizes / sizes.sum(), designs[0].control_share
    error = np.sqrt(shares @ variances / sizes.sum() / share / (1 - share))
    return float(standard_errors_apart() * error / (shares @ effects))


def _found(design: Design, lift: float) -> str:
    """Tell what was measured, in sentences."""
    mean = design.past.mean
    is_share = METRICS[design.metric].is_share
    level = f"{mean:.1%}" if is_share else f"{mean:,.{_digits(mean)}f}"
    least, there = design.least_lift, ""
    if design.presence < 0.995:
        there = f", of whom {design.presence:.0%} are there on average"
    alarms = ""
    if design.least_lift > design.highest_lift:
        alarms = " Not offered: nothing that is less than doubled is found."
        if design.highest_lift < HIGHEST_LIFT:
            most = design.highest_lift
            alarms = f" Not offered: if all did, that were a lift of {most:.1%}."
    elif design.dealings and not design.is_offered:
        alarms = (
            f" Not offered: of {design.dealings:,} trials in which nothing was done,"
            f" {design.alarms / design.dealings:.1%} found a lift, not 5 %."
            " A permutation test would not."
        )
    return (
        f"{design.customers:,} customers{there}"
        f" {METRICS[design.metric].words.format(level)} in {design.weeks} weeks;"
        f" {design.controls:,} controls find a lift of {least:.0%} or more, and"
        f" {lift:.0%} is expected (power {design.power:.0%}).{alarms}"
    )


def _digits(value: float) -> int:
    """Digits after the point with which a number has three."""
    return int(np.clip(2 - np.floor(np.log10(value)), 0, 4))


def _row(design: Design, lift: float) -> dict:
    share = lower = None
    if design.dealings:
        share, lower, _ = alarm_share(design.alarms, design.dealings)
    effect = lift * design.past.mean * design.presence
    return {
        "segmentation": design.segmentation,
        "segment_id": design.segment_id,
        "metric": design.metric,
        "control_share": design.control_share,
        "weeks": design.weeks,
        "customers": design.customers,
        "mean": design.past.mean,
        "standard_deviation": design.past.deviation,
        "variance_reduction_share": design.past.variance_reduction,
        "presence_share": design.presence,
        "mde_share": design.least_lift,
        "power_at_expected": design.power,
        "expected_lift_share": lift,
        "aa_dealings": design.dealings,
        "aa_false_positive_share": share,
        "aa_lower": lower,
        "best_weeks": design.best_weeks,
        "smallest_control_customers": smallest_control_among(
            design.past.left_deviation, effect, design.customers
        ),
        "test": design.test or PERMUTATION,
        "is_offered": design.is_offered,
        "verdict": design.verdict,
        "why": design.why,
    }
