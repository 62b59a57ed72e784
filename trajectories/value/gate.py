"""The gate: which ranking and which amounts are published, by their record so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trajectories.value.measures import auc_influences, redrawn_interval
from trajectories.value.money import LAST_YEAR
from trajectories.value.records import ValueRecord
from trajectories.value.scores import RANK_SUM

#: A model is compared where it has so much of the baseline's record.
FEWEST_COMPARED = 0.5
#: What a ranking by chance reaches.
CHANCE_AUC = 0.5


@dataclass(frozen=True)
class Comparison:
    """A model's record beside the baseline's, on the same customers.

    Attributes:
        value: its measure; NaN without any outcome.
        low: of the 95 % interval of the measure.
        high: likewise.
        gain: by how much it is better than the baseline; 0 for itself.
        gain_low: of the 95 % interval of the gain, by the paired bootstrap.
        gain_high: likewise.
        customers: outcomes that are compared.
        is_enough: whether it has ``FEWEST_COMPARED`` of the baseline's record.
    """

    value: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    customers: int
    is_enough: bool


def compare_rankings(
    record: ValueRecord, origins: Sequence[int], horizon: int
) -> dict[str, Comparison]:
    """Compare rankings by the area under the curve, averaged over origins."""

    def measured(place: int) -> Mapping[str, tuple[float, np.ndarray, float]]:
        came = record.origins[place].outcomes[horizon][0] > 0
        scores = record.ranked(place, horizon)
        return {
            name: (*auc_influences(came, own), float(len(came)))
            for name, own in scores.items()
        }

    return _compared(record, origins, measured, RANK_SUM, 1.0)


def compare_amounts(
    record: ValueRecord, origins: Sequence[int], horizon: int
) -> dict[str, Comparison]:
    """Compare amounts by the error per customer over what customers spent on average.

    A gain is a smaller error.
    """

    def measured(place: int) -> Mapping[str, tuple[float, np.ndarray, float]]:
        came = record.spent(place, horizon)
        total = float(came.sum())
        found = {}
        for name, said in record.said(place, horizon).spend.items():
            errors = np.abs(said - came)
            value = float(errors.sum() / total) if total > 0 else float("nan")
            moved = (errors - value * came) / total if total > 0 else errors * 0
            found[name] = value, moved, float(len(came))
        return found

    return _compared(record, origins, measured, LAST_YEAR, -1.0)


def _compared(
    record: ValueRecord,
    origins: Sequence[int],
    measured: Callable,
    baseline: str,
    sign: float,
) -> dict[str, Comparison]:
    """Average measures over origins, by customers, and redraw customers."""
    found = {place: measured(place) for place in origins}
    found = {p: own for p, own in found.items() if np.isfinite(own[baseline][0])}
    whole = sum(own[baseline][2] for own in found.values())
    compared = {}
    for name in sorted({name for own in found.values() for name in own}):
        places = [place for place, own in found.items() if name in own]
        rows = sum(found[place][name][2] for place in places)
        values = np.zeros(2)
        moved: list[list[np.ndarray]] = [[], []]
        for place in places:
            share = found[place][name][2] / rows
            for side, which in enumerate((name, baseline)):
                value, influences, _ = found[place][which]
                values[side] += share * value
                moved[side].append(share * influences)
        customers = np.concatenate([record.origins[p].customers for p in places])
        own, other = (np.concatenate(side) for side in moved)
        gain = sign * (values[0] - values[1])
        compared[name] = Comparison(
            float(values[0]),
            *redrawn_interval(own, customers, float(values[0]), record.seed),
            float(gain),
            *redrawn_interval(
                sign * (own - other), customers, float(gain), record.seed
            ),
            customers=int(rows),
            is_enough=rows >= FEWEST_COMPARED * whole,
        )
    return compared


def choose_model(compared: Mapping[str, Comparison], baseline: str) -> str | None:
    """Choose the model that gains most beyond chance, or the baseline.

    Returns:
        None where there is no record at all.
    """
    if baseline not in compared:
        return None
    better = {
        name: one.gain
        for name, one in compared.items()
        if name != baseline and one.is_enough and one.gain_low > 0
    }
    return max(better, key=better.get) if better else baseline


def has_ranking(compared: Mapping[str, Comparison], chosen: str | None) -> bool:
    """Whether the chosen ranking is better than chance, by its lower bound."""
    return chosen is not None and compared[chosen].low > CHANCE_AUC
