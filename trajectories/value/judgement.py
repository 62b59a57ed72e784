"""What is published of customer values, from every origin, by the record so far."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trajectories.months import month_start
from trajectories.value.gate import (
    CHANCE_AUC,
    Comparison,
    choose_model,
    compare_amounts,
    compare_rankings,
    has_ranking,
)
from trajectories.value.measures import (
    area_under_curve,
    calibration_error,
    calibration_interval,
    held_share,
    normalised_gini,
)
from trajectories.value.money import LAST_YEAR, MONEY_MODELS
from trajectories.value.records import Past, ValueRecord
from trajectories.value.samples import read_origins
from trajectories.value.scores import RANK_SUM, RANKINGS, RECENCY, Curve
from trajectories.value.sums import sum_band

ORDER_DAYS = 90
VALUE_DAYS = 365
ORDERS, AMOUNTS = "orders", "amounts"
FIT, JUDGEMENT, DECILE, STATE = "fit", "judgement", "decile", "state"
SAME_AS_RANKS = "Sorting by recency, frequency and spend is as good here."
#: Customers of a decile are told apart by a tenth of the ranks.
DECILES = 10
_MEASURES = (
    *("auc", "auc_low", "auc_high", "auc_recency", "auc_rfm"),
    *("gain", "gain_low", "gain_high", "brier"),
    *("calibration_error", "calibration_low", "calibration_high"),
    *("gini", "relative_error", "relative_total_error"),
    *("coverage_80_share", "coverage_low_share", "coverage_high_share"),
    *("origin_spread", "customer_spread", "sum_reach"),
)
RECORD_SCHEMA = pa.schema(
    {
        "part": pa.string(),
        "origin_month": pa.date32(),
        "judged_month": pa.date32(),
        "target": pa.string(),
        "model": pa.string(),
        "horizon_days": pa.int64(),
        "evidence_origins": pa.int64(),
        "decile": pa.int64(),
        "customers": pa.int64(),
        "said": pa.float64(),
        "came": pa.float64(),
        **dict.fromkeys(_MEASURES, pa.float64()),
        "log_likelihood": pa.float64(),
        "nbd_log_likelihood": pa.float64(),
        "parameters": pa.string(),
        "decision": pa.string(),
        "reason": pa.string(),
        "is_degenerate": pa.bool_(),
        "is_published": pa.bool_(),
        "fingerprint": pa.string(),
    }
)


def judge_values(
    samples: Callable[[], pa.Table],
    fingerprints: pa.Table,
    seed: int,
    earlier: pa.Table | None = None,
) -> pa.Table:
    """Fit, compare and calibrate everything from every origin, by what it knew.

    Args:
        samples: gives what `trajectories.value.samples.read_origins` takes; asked for
            where an origin is new.
        fingerprints: columns month and fingerprint, of each origin: what an earlier
            build said of the same is kept.
        seed: of all draws.
        earlier: what this gave in an earlier build.

    Returns:
        ``RECORD_SCHEMA``, by part. ``fit``: a row per origin and model of purchases.
        ``judgement``: per origin, target (orders within ``ORDER_DAYS``, amounts within
        ``VALUE_DAYS``) and model, its record on the horizon that has one, and whether
        it is published. ``decile``: per earlier origin, target, model and tenth of
        customers, the highest first, what was said and what came; judged_month is the
        first origin that knew it. ``state``: per origin, what scoring needs, as JSON
        in parameters.

    Examples:
        >>> from trajectories.value.samples import HORIZONS, STATE_COLUMNS
        >>> from trajectories.value.samples import outcome_columns
        >>> names = ("customer_id", "month", "month_end_date", *STATE_COLUMNS)
        >>> names += tuple(name for h in HORIZONS for name in outcome_columns(h))
        >>> empty = pa.table({name: pa.array([], pa.float64()) for name in names})
        >>> months = pa.table({"month": [], "fingerprint": []})
        >>> judge_values(lambda: empty, months, seed=0).num_rows
        0
    """
    known = dict(
        zip(
            *(fingerprints[c].to_pylist() for c in ("month", "fingerprint")),
            strict=True,
        )
    )
    kept = _kept(earlier, set(known.values()))
    done = set(kept["fingerprint"].to_pylist())
    if set(known.values()) <= done:
        return _ordered(kept)
    record = ValueRecord(read_origins(samples()), seed)
    rows = []
    for place, origin in enumerate(record.origins):
        month = month_start(origin.month).date()
        if known.get(month) not in done:
            named = {"judged_month": month, "fingerprint": known.get(month)}
            rows += [
                {"origin_month": month} | named | row for row in _judged(record, place)
            ]
    return _ordered(pa.concat_tables([kept, pa.Table.from_pylist(rows, RECORD_SCHEMA)]))


def _kept(earlier: pa.Table | None, fingerprints: set[str]) -> pa.Table:
    if earlier is None or set(earlier.column_names) != set(RECORD_SCHEMA.names):
        return RECORD_SCHEMA.empty_table()
    found = earlier.select(RECORD_SCHEMA.names).cast(RECORD_SCHEMA)
    wanted = pa.array(sorted(fingerprints), pa.string())
    return found.filter(pc.is_in(found["fingerprint"], wanted))


def _ordered(rows: pa.Table) -> pa.Table:
    keys = ("judged_month", "part", "target", "model", "origin_month", "decile")
    return rows.sort_by([(name, "ascending") for name in keys])


def _judged(record: ValueRecord, place: int) -> Iterator[dict]:
    """Give all rows that an origin is the first to know."""
    for name, fitted in record.purchases(place).items():
        yield {
            "part": FIT,
            "model": name,
            "customers": len(record.origins[place].customers),
            "log_likelihood": fitted.log_likelihood,
            "nbd_log_likelihood": fitted.nbd_log_likelihood,
            "parameters": json.dumps(dict(fitted.parameters)),
            "is_degenerate": fitted.is_degenerate,
            "is_published": name in record.sound_purchases(place),
            "decision": _fit_sentence(name, fitted, record.sound_purchases(place)),
        }
    ranked = record.evidence(place, ORDER_DAYS)
    spent = record.trained(place, VALUE_DAYS)
    rankings = compare_rankings(record, ranked.origins, ranked.horizon)
    amounts = compare_amounts(record, spent.origins, spent.horizon)
    ranking, money = choose_model(rankings, RANK_SUM), choose_model(amounts, LAST_YEAR)
    is_ranked = has_ranking(rankings, ranking)
    reason = _reason(rankings, ranking, is_ranked)
    for target, past, compared, chosen, measure in (
        (ORDERS, ranked, rankings, ranking, _ranking_measures),
        (AMOUNTS, spent, amounts, money, _amount_measures),
    ):
        for name, own in compared.items():
            yield {
                "part": JUDGEMENT,
                "target": target,
                "model": name,
                "horizon_days": past.horizon,
                "evidence_origins": len(past.origins),
                "customers": own.customers,
                **{
                    key: None if not np.isfinite(value) else float(value)
                    for key, value in measure(record, place, past, name, own).items()
                },
                "decision": _decision(name, own, compared, chosen, target, is_ranked),
                "reason": reason,
                "is_published": bool(is_ranked and name == chosen),
            }
        yield from _deciles(record, place, target, past)
    yield {
        "part": STATE,
        "target": ORDERS,
        "model": ranking if is_ranked else None,
        "reason": reason,
        "is_published": is_ranked,
        "parameters": state_text(record, place, ranking, money, is_ranked),
    }


def state_text(
    record: ValueRecord,
    place: int,
    ranking: str | None,
    money: str | None,
    is_ranked: bool,
) -> str:
    """Write what scores the customers of an origin's months, as JSON."""
    state: dict = {"clock": asdict(record.clock(place))}
    if is_ranked:
        orders = record.said(place, ORDER_DAYS)
        curve = orders.curves.get(ranking) or Curve([0.0, 1.0], [0.0, 1.0])
        spend = record.said(place, VALUE_DAYS)
        money = money or LAST_YEAR
        state |= {
            "ranking": ranking,
            "ranker": orders.ranker.as_text(),
            "curve": asdict(curve),
            "money": money,
            "spender": spend.ranker.as_text(),
            "amounts": asdict(spend.amounts),
            "factors": spend.factors,
            "simulated": spend.simulated,
            "chance": spend.chance_model,
            "chance_curve": asdict(one)
            if (one := spend.curves.get(spend.chance_model))
            else None,
        }
    return json.dumps(state)


def _rows(record: ValueRecord, past: Past, name: str, target: str) -> list[int]:
    """List the origins of a record at which there was a model."""
    if target == ORDERS:
        return [p for p in past.origins if name in record.ranked(p, past.horizon)]
    return [p for p in past.origins if name in record.said(p, past.horizon).spend]


def _ranking_measures(
    record: ValueRecord, _: int, past: Past, name: str, own: Comparison
) -> dict[str, float]:
    places = _rows(record, past, name, ORDERS)
    said, came, spent, others = [], [], [], {RECENCY: [], RANK_SUM: []}
    for place in places:
        then = record.said(place, past.horizon)
        came.append((record.origins[place].outcomes[past.horizon][0] > 0) * 1.0)
        said.append(then.probability(name))
        spent.append(
            normalised_gini(record.spent(place, past.horizon), then.scores[name])
        )
        for other, values in others.items():
            values.append(area_under_curve(came[-1], then.scores[other]))
    together, outcome = np.concatenate(said), np.concatenate(came)
    customers = np.concatenate([record.origins[p].customers for p in places])
    ends = calibration_interval(outcome, together, customers, record.seed)
    return {
        "said": together.mean(),
        "came": outcome.mean(),
        "auc": own.value,
        "auc_low": own.low,
        "auc_high": own.high,
        "auc_recency": np.mean(others[RECENCY]),
        "auc_rfm": np.mean(others[RANK_SUM]),
        "gain": own.gain,
        "gain_low": own.gain_low,
        "gain_high": own.gain_high,
        "brier": np.mean((together - outcome) ** 2),
        "calibration_error": calibration_error(outcome, together),
        **dict(zip(("calibration_low", "calibration_high"), ends, strict=True)),
        "gini": np.mean(spent),
    }


def _amount_measures(
    record: ValueRecord, place: int, past: Past, name: str, own: Comparison
) -> dict[str, float]:
    places = _rows(record, past, name, AMOUNTS)
    said = [record.said(p, past.horizon).spend[name] for p in places]
    came = [record.spent(p, past.horizon) for p in places]
    fell = [record.band_places(p, past.horizon) for p in places]
    customers = np.concatenate([record.origins[p].customers for p in places])
    share, low, high = held_share(np.concatenate(fell), customers, record.seed)
    total, whole = sum(map(np.sum, said)), sum(map(np.sum, came))
    band = sum_band(record, place, VALUE_DAYS, name)
    return {
        "said": total / max(len(np.concatenate(said)), 1),
        "came": whole / max(len(np.concatenate(said)), 1),
        "relative_error": own.value,
        "gain": own.gain,
        "gain_low": own.gain_low,
        "gain_high": own.gain_high,
        "gini": np.mean(
            [normalised_gini(c, s) for s, c in zip(said, came, strict=True)]
        ),
        "relative_total_error": total / whole - 1 if whole > 0 else np.nan,
        "coverage_80_share": share,
        "coverage_low_share": low,
        "coverage_high_share": high,
        **{
            key: np.nan if band is None else getattr(band, key)
            for key in ("origin_spread", "customer_spread", "sum_reach")
        },
    }


def _deciles(
    record: ValueRecord, place: int, target: str, past: Past
) -> Iterator[dict]:
    """Give what was said and what came by tenths, of origins just known."""
    before = record.origins[place - 1].end if place else -1
    for then in past.origins:
        if record.origins[then].end + past.horizon <= before:
            continue
        said = record.said(then, past.horizon)
        orders, _ = record.origins[then].outcomes[past.horizon]
        came = (
            (orders > 0) * 1.0 if target == ORDERS else record.spent(then, past.horizon)
        )
        month = month_start(record.origins[then].month).date()
        for name in said.scores if target == ORDERS else said.spend:
            values = said.probability(name) if target == ORDERS else said.spend[name]
            order = np.argsort(-values, kind="stable")
            for number, part in enumerate(np.array_split(order, DECILES), 1):
                if len(part):
                    yield {
                        "part": DECILE,
                        "origin_month": month,
                        "target": target,
                        "model": name,
                        "horizon_days": past.horizon,
                        "decile": number,
                        "customers": len(part),
                        "said": float(values[part].mean()),
                        "came": float(came[part].mean()),
                    }


def _fit_sentence(name: str, fitted: object, sound: Sequence[str]) -> str:
    gain = fitted.log_likelihood - fitted.nbd_log_likelihood
    if fitted.is_degenerate:
        return (
            f"When customers stop is not identified here: log-likelihood {gain:.1f}"
            " above the model in which nobody stops, too little, or a parameter at"
            " its bound. Not used."
        )
    if name in sound:
        return (
            "Used for the chance of an order."
            if name != "nbd"
            else ("Used, for when customers stop is not identified here.")
        )
    return "Not used, for customers are seen to stop."


def _reason(
    compared: Mapping[str, Comparison], chosen: str | None, is_ranked: bool
) -> str:
    """Say in a sentence what is published and why."""
    if chosen is None:
        return "No earlier month has an outcome yet: nothing is known of any ranking."
    own = compared[chosen]
    if not is_ranked:
        return (
            "No ranking is better than chance here: area under the curve"
            f" {own.value:.3f}, by its lower bound {own.low:.3f}; chance gives"
            f" {CHANCE_AUC}. None is published."
        )
    if chosen == RANK_SUM:
        return f"{SAME_AS_RANKS[:-1]} as any model (area {own.value:.3f})."
    return (
        f"Ranked by {RANKINGS[chosen]}: area under the curve {own.value:.3f},"
        f" {own.gain:.3f} above sorting by recency, frequency and spend"
        f" (95 % interval {own.gain_low:.3f} to {own.gain_high:.3f})."
    )


def _decision(
    name: str,
    own: Comparison,
    compared: Mapping[str, Comparison],
    chosen: str | None,
    target: str,
    is_ranked: bool,
) -> str:
    """Say in a sentence why a model is published, or is not."""
    names = RANKINGS if target == ORDERS else MONEY_MODELS
    what = "Area under the curve" if target == ORDERS else "Error over mean spend"
    told = f"{names[name][0].upper()}{names[name][1:]}: {what.lower()} {own.value:.3f}"
    told += f" on {own.customers:,} customers"
    if not is_ranked:
        return f"{told}; not published, for no ranking is better than chance."
    if name == chosen:
        beyond = (
            "" if own.gain_low <= 0 else f", better by {own.gain:.3f} beyond chance"
        )
        return f"{told}{beyond}; published."
    if own.gain_low > 0 and own.is_enough:
        return f"{told}, better by {own.gain:.3f}, yet {names[chosen]} is better still."
    if not own.is_enough:
        return f"{told}; too short a record to be chosen."
    return f"{told}, no better than the baseline beyond chance; not published."
