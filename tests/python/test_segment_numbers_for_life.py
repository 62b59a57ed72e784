"""Segments keep their numbers when luck alone differs: ten seeds, the same data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from trial_shops import SEGMENTATIONS, frames_of, planted_shop

from trajectories.assignment import assign
from trajectories.fitting import Fitter
from trajectories.model_versions import Build, renew

pytestmark = pytest.mark.long

SEEDS = range(10)
# What refits on redrawn customers, and a segment's share in a trial refit, have to
# reach before its number is expected to outlast any seed.
WELL_SUPPORTED = 0.6
LEAST_OVERLAP = 0.5
SETTINGS = {name: {**rules, "k_max": 5} for name, rules in SEGMENTATIONS.items()}


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
    history, found = None, {name: [] for name in SETTINGS}
    ids = shop["drawn"]["customer_id"].to_pylist()
    for seed in SEEDS:
        build = Build(SETTINGS, {"seed": seed}, 1000, "shop", first_fit_months=18)
        fitter = Fitter(build, **shop)
        history = renew(
            history, build, shop["months"], len, lambda _, fits=fitter: fits, str
        )
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
    jaccard = model["checked_jaccard"][model["segment_numbers"].index(number)]
    return min(model["bootstrap_ari"], jaccard) >= WELL_SUPPORTED


@pytest.mark.parametrize("segmentation", SETTINGS)
def test_ten_seeds_leave_well_supported_segments_their_numbers(refits, segmentation):
    versions = refits[segmentation]
    assert len({model["model_version"] for model in versions}) == len(SEEDS)
    first = versions[0]
    supported = [n for n in first["segment_numbers"] if is_supported(first, n)]
    assert supported, "nothing is well supported here: the test would prove nothing"
    for model in versions[1:]:
        for number in supported:
            before, after = (x["members"].get(number, set()) for x in (first, model))
            overlap = len(before & after) / len(before | after)
            assert overlap >= LEAST_OVERLAP, (number, model["model_version"])


def test_no_number_is_given_twice(refits):
    for versions in refits.values():
        given = [set(model["segment_numbers"]) for model in versions]
        largest = 0
        for place, numbers in enumerate(given):
            born = numbers.difference(*given[:place])
            assert all(number > largest for number in born)
            largest = max(largest, *numbers)
