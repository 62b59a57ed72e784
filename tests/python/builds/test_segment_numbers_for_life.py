"""Segments keep their numbers when luck alone differs: ten seeds, the same data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from trial_shops import SEGMENTATIONS, frames_of, planted_shop

from trajectories.segments.agreement import LEAST_JACCARD
from trajectories.segments.assignment import assign
from trajectories.trials.fitting import Fitter
from trajectories.trials.model_versions import Build, renew

pytestmark = pytest.mark.long

SEEDS = range(10)
# What refits on redrawn customers, and a segment's share in a trial refit, have to
# reach before its number is expected to outlast any seed.
WELL_SUPPORTED = 0.6
LEAST_OVERLAP = 0.5
SETTINGS = {
    name: {**SEGMENTATIONS[name], "k_max": 5} for name in ("lifecycle", "value")
}


@pytest.fixture(scope="module")
def shop() -> dict[str, pa.Table]:
    """What :class:`Fitter` takes, as dbt would hand it over."""
    tables = frames_of(planted_shop(240)[0])
    months = tables.pop("months").sort_values("month", ignore_index=True)
    months["months_of_data"] = np.arange(13, 13 + len(months))
    months["fingerprint"] = months["month"].dt.strftime("%Y-%m")
    for frame in (months, tables["stages"], tables["orders"]):
        for name in frame.columns.intersection(["month", "month_end_date"]):
            frame[name] = frame[name].dt.date
    tables = {
        name: table
        if isinstance(table, pa.Table)
        else pa.Table.from_pandas(table, preserve_index=False)
        for name, table in {**tables, "months": months}.items()
    }
    ids = pc.unique(tables["series"]["customer_id"]).to_pylist()
    drawn = {
        "month": [month for month in months["month"] for _ in ids],
        "customer_id": ids * len(months),
    }
    return {**tables, "drawn": pa.table(drawn)}


@pytest.fixture(scope="module")
def refits(shop) -> dict[str, list[dict]]:
    """The versions of each segmentation, and the members of their numbers."""
    first, found = None, {name: [] for name in SETTINGS}
    ids = shop["drawn"]["customer_id"].to_pylist()
    for seed in SEEDS:
        build = Build(SETTINGS, {"seed": seed}, 1000, "shop", first_fit_months=18)
        fitter = Fitter(build, **shop)
        history = renew(
            first, build, shop["months"], len, lambda _, fits=fitter: fits, str
        )
        first = history if first is None else first
        current = history.filter(history["is_current"]).to_pylist()
        for model in (row for row in current if row["is_chosen"]):
            active = fitter.active_at(model["segmentation"], 0)
            clusters = assign(active.windows, model, n_jobs=1)[0] - 1
            numbers = np.asarray(model["segment_numbers"])[clusters]
            members = {
                number: {ids[row] for row in active.rows[numbers == number]}
                for number in model["segment_numbers"]
            }
            found[model["segmentation"]].append({**model, "members": members})
    return found


def is_supported(model: dict, number: int) -> bool:
    place = model["segment_numbers"].index(number)
    lowest = min(model["bootstrap_ari"], model["checked_jaccard_low"][place])
    return lowest >= WELL_SUPPORTED


def overlap(one: set, other: set) -> float:
    return len(one & other) / len(one | other)


@pytest.mark.parametrize("segmentation", SETTINGS)
def test_ten_seeds_leave_well_supported_segments_their_numbers(refits, segmentation):
    first, *others = refits[segmentation]
    assert len({x["model_version"] for x in refits[segmentation]}) == len(SEEDS)
    supported = [n for n in first["segment_numbers"] if is_supported(first, n)]
    assert len(supported) >= 2, "next to nothing is well supported here"
    alike = [model for model in others if model["k"] == first["k"]]
    assert len(alike) >= len(others) // 3, "the seeds choose different numbers"
    for model in others:
        for number in supported:
            was = first["members"][number]
            now = model["members"].get(number, set())
            if model in alike:
                assert overlap(was, now) >= LEAST_OVERLAP, (number, model["seed"])
            else:
                # Fewer segments: one may be lost, but whole, and to another one.
                parts = [len(was & other) for other in model["members"].values()]
                assert max(parts) >= LEAST_OVERLAP * len(was), (number, model["seed"])


def test_no_number_is_given_to_other_customers(refits):
    for first, *others in refits.values():
        largest = max(first["segment_numbers"])
        for model in others:
            for number, members in model["members"].items():
                was = first["members"].get(number, members)
                assert number > largest or overlap(was, members) >= LEAST_JACCARD
