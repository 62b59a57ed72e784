"""Whether a customer has changed her ways: how often chance alone does as much.

Four channels, each against what she did in the year before her last two months:
silence, days with orders, spend a day, and product lines. What is expected of her is
her own, shrunk to the shop's, times what happened to her segment; how far chance
strays from it is integrated over what is not known of her.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.special import betainc, chdtrc, stdtr, xlogy

#: Product lines that are told apart; the last one is all others.
CATEGORIES = 8
#: Gaps, and days with orders, for which the shop's own spread counts.
PRIOR_GAPS = 20.0
PRIOR_DAYS = 10.0
#: Days with orders for which the shop's product lines count.
PRIOR_BOUGHT = 5.0
LEAST_P = 1e-12
MONTH_DAYS = 365.25 / 12

#: By what a customer is seen to change.
CHANNELS = ("timing", "rate", "spend", "mix")
CHANGE_SCHEMA = pa.schema(
    {
        "customer_id": pa.string(),
        "segment_id": pa.string(),
        **{
            f"{channel}_{name}": pa.float64()
            for channel in CHANNELS
            for name in ("p_value", "before", "after", "ratio")
        },
        "mix_number": pa.int64(),
        "silence_days": pa.int64(),
        "month": pa.date32(),
        "fingerprint": pa.string(),
    }
)
#: What is known of a customer, as in ``int_change_states``.
STATE_COLUMNS = (
    *("silence_days", "gaps", "gap_days", "gap_squares", "exposed_days"),
    *("repeats_before", "order_days_after", "month_days", "earlier_month_days"),
    *("spent_days_before", "logs_before", "log_squares_before"),
    *("spent_days_after", "logs_after", "least_log_after", "largest_log_after"),
    *("rate_shape", "rate_days", "gap_variation", "log_variance"),
    *("ratio", "earlier_ratio", "log_change"),
    *(
        f"{name}_{number}{part}"
        for number in range(1, CATEGORIES + 1)
        for name, part in (
            ("days", "_before"),
            ("days", "_after"),
            ("change", ""),
            ("shop_share", ""),
        )
    ),
)
Columns = dict[str, np.ndarray]


def measure_changes(rows: pa.Table) -> pa.Table:
    """Measure each customer by herself, in every channel.

    Args:
        rows: of ``int_change_states``, a row for each customer and month: customer_id,
            segment_id, month, fingerprint, and ``STATE_COLUMNS``: days, counts, and
            sums of natural logarithms of amounts.

    Returns:
        ``CHANGE_SCHEMA``, a row for each. P-values within 0 and 1: one-sided of timing,
        two-sided of the others; null where a channel has nothing to compare. Befores
        and afters are days (timing), days with orders a month (rate), the geometric
        mean of a day's amount (spend), or the share of the line that changed most
        (mix).

    Examples:
        >>> state = dict.fromkeys(STATE_COLUMNS, 1.0) | {"silence_days": 90}
        >>> state |= dict.fromkeys(("customer_id", "segment_id", "fingerprint"), "a")
        >>> found = measure_changes(pa.Table.from_pylist([state | {"month": None}]))
        >>> found["timing_after"].to_pylist(), found["spend_p_value"].to_pylist()
        ([90.0], [None])
    """
    numbers = {name: rows[name].to_numpy().astype(float) for name in STATE_COLUMNS}
    with np.errstate(divide="ignore", invalid="ignore"):
        shapes = gap_shapes(numbers)
        found = {
            **_named("timing", *_timing(numbers, shapes)),
            **_named("rate", *_rate(numbers, shapes)),
            **_named("spend", *_spend(numbers)),
        }
        *mix, number = _mix(numbers)
        found |= _named("mix", *mix) | {"mix_number": number}
    arrays = [
        rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.array(found[field.name]).cast(field.type)
        if field.name == "mix_number"
        else pa.array(found[field.name], field.type, from_pandas=True)
        for field in CHANGE_SCHEMA
    ]
    return pa.table(arrays, schema=CHANGE_SCHEMA)


def _named(channel: str, p_value, before, after, ratio) -> Columns:
    p_value = np.where(np.isnan(p_value), np.nan, np.clip(p_value, LEAST_P, 1.0))
    values = {"p_value": p_value, "before": before, "after": after, "ratio": ratio}
    return {f"{channel}_{name}": values[name] for name in values}


def gap_shapes(state: Columns) -> np.ndarray:
    """Say how even the gaps of each customer are: the shape of a gamma law, (n,).

    Her own squared coefficient of variation and the shop's, by their numbers of gaps.
    """
    gaps, days = state["gaps"], state["gap_days"]
    means = days / gaps
    own = (state["gap_squares"] / gaps - means**2) / means**2 * gaps / (gaps - 1)
    known = (gaps >= 2) & (days > 0)
    weight = np.where(known, gaps - 1, 0.0)
    own = np.where(known, np.maximum(own, 0.0), 0.0)
    spread = weight * own + PRIOR_GAPS * state["gap_variation"]
    return 1 / np.clip(spread / (weight + PRIOR_GAPS), 0.2, 5.0)


def longer_silence(silence, shape, prior_shape, prior_days) -> np.ndarray:
    """Chance of a silence as long, seen on a day that is not chosen by her orders.

    Gaps are gamma with a shape and a rate of the customer's; the rate is gamma over
    what is known of her. Since days fall into long gaps more often, it is not the
    chance of a longer gap but the mean rest of gaps beyond it, over the mean gap
    (Cox 1962, Renewal Theory, section 5).

    Examples:
        >>> float(longer_silence(0.0, 2.0, 5.0, 50.0))
        1.0
        >>> near = longer_silence(30.0, 1.0, 1e6, 1e7)  # no memory, every 10 days
        >>> round(float(near), 4) == round(float(np.exp(-3)), 4)
        True
    """
    share = shape * silence / (shape * silence + prior_days)
    beyond = betainc(prior_shape, shape + 1, 1 - share)
    rest = silence * prior_shape / prior_days
    return beyond - rest * betainc(prior_shape + 1, shape, 1 - share)


def _timing(state: Columns, shapes: np.ndarray) -> tuple:
    """Silence against own gaps; days of a quiet season count for less."""
    silence = state["silence_days"]
    latest = np.minimum(silence, state["month_days"])
    earlier = np.clip(silence - latest, 0, state["earlier_month_days"])
    usual = latest * state["ratio"] + earlier * state["earlier_ratio"]
    usual += silence - latest - earlier
    chance = longer_silence(
        usual,
        shapes,
        state["rate_shape"] + shapes * state["gaps"],
        state["rate_days"] + shapes * state["gap_days"],
    )
    mean = state["gap_days"] / state["gaps"]
    return chance, mean, silence, usual / np.where(silence > 0, silence, np.nan)


def count_chances(count, expected, shape, prior_shape, prior_days):
    """Chances of fewer and of more days with orders, half of as many in both.

    The negative binomial law of a count whose rate is gamma over what is known of the
    customer. Even gaps have steadier counts: those count as shape times as many.

    Args:
        count: days with orders seen, (n,).
        expected: days in which they were, as long as the season makes them, (n,).
        shape: of gaps, (n,).
        prior_shape: of the rate.
        prior_days: likewise.

    Examples:
        >>> fewer, more = count_chances(0.0, 30.0, 1.0, 1e6, 1e7)
        >>> round(float(2 * fewer), 4) == round(float(np.exp(-3)), 4)
        True
        >>> round(float(fewer + more), 12)
        1.0
    """
    share = prior_days / (prior_days + shape * expected)
    # Counts in the middle of the stages that an order is away, as a day finds them.
    middle = (shape + 1) / 2
    with_it = betainc(prior_shape, shape * count + middle, share)
    below = np.maximum(shape * (count - 1) + middle, 1e-9)
    without = np.where(count > 0, betainc(prior_shape, below, share), 0.0)
    fewer = (with_it + without) / 2
    return fewer, 1 - fewer


def _rate(state: Columns, shapes: np.ndarray) -> tuple:
    days = state["month_days"] + state["earlier_month_days"]
    usual = state["month_days"] * state["ratio"]
    usual += state["earlier_month_days"] * state["earlier_ratio"]
    fewer, more = count_chances(
        state["order_days_after"],
        usual,
        shapes,
        state["rate_shape"] + shapes * state["repeats_before"],
        state["rate_days"] + shapes * state["exposed_days"],
    )
    before = MONTH_DAYS * state["repeats_before"] / state["exposed_days"]
    after = MONTH_DAYS * state["order_days_after"] / days
    return 2 * np.minimum(fewer, more), before, after, usual / days


def _spend(state: Columns) -> tuple:
    """Spend a day with orders, on the scale of logarithms.

    Without its most unusual day it must be unusual still, or it is not: one giant
    order changes nobody.
    """
    before, after = state["spent_days_before"], state["spent_days_after"]
    mean = state["logs_before"] / before
    freedom = before - 1 + PRIOR_DAYS
    own = np.maximum(state["log_squares_before"] - before * mean**2, 0.0)
    spread = (own + PRIOR_DAYS * state["log_variance"]) / freedom
    said = mean + state["log_change"]

    def tail(logs: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        off = logs / days - said
        error = np.sqrt(spread * (1 / days + 1 / before))
        return off, 2 * stdtr(freedom, -np.abs(off) / error)

    off, chance = tail(state["logs_after"], after)
    largest = np.where(off > 0, state["largest_log_after"], state["least_log_after"])
    off_without, without = tail(state["logs_after"] - largest, after - 1)
    without = np.where(off * off_without > 0, without, 1.0)
    is_single = (chance <= 0.1) & ~(without <= 0.1)
    chance = np.where(is_single, np.maximum(chance, without), chance)
    chance = np.where((before >= 2) & (after >= 2), chance, np.nan)
    mean_after = np.exp(state["logs_after"] / after)
    return chance, np.exp(mean), mean_after, np.exp(state["log_change"])


def _mix(state: Columns) -> tuple:
    """Product lines of the last two months against hers, moved as her segment's."""
    numbers = range(1, CATEGORIES + 1)
    before, after, change, shop = (
        np.column_stack([state[name.format(number)] for number in numbers])
        for name in ("days_{}_before", "days_{}_after", "change_{}", "shop_share_{}")
    )
    known, seen = before.sum(axis=1), after.sum(axis=1)
    usual = (before + PRIOR_BOUGHT * shop) * change
    usual /= usual.sum(axis=1, keepdims=True)
    gain = xlogy(after, after / (seen[:, None] * usual))
    gain = 2 * np.where(after > 0, gain, 0.0).sum(axis=1)
    # The shares of before are estimates of as many days.
    gain *= (known + PRIOR_BOUGHT) / (known + PRIOR_BOUGHT + seen)
    chance = chdtrc(np.maximum((usual > 0.01).sum(axis=1) - 1, 1), gain)
    untold = (seen < 2) | (known < 2) | ((usual > 0.01).sum(axis=1) < 2)
    shares, now = before / known[:, None], after / seen[:, None]
    place = np.abs(np.nan_to_num(now - shares)).argmax(axis=1)
    every = np.arange(len(place))
    nothing = np.full(len(place), np.nan)
    chance = np.where(untold, np.nan, chance)
    return chance, shares[every, place], now[every, place], nothing, place + 1
