"""Model versions as rows: laid out with keys, and back to the last bit."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from real_builds import PROJECT
from trial_shops import SEGMENTATIONS, frames_of, planted_shop

from trajectories.trials.fitting import customer_table
from trajectories.trials.model_versions import TRIAL_KEY, VERSION_SCHEMA
from trajectories.trials.trials import run_trials
from trajectories.trials.version_rows import (
    PARTS,
    ROW_SCHEMA,
    rows_of_versions,
    trial_id,
    versions_of_rows,
)

MONTHS = [date(2017, 11, 1), date(2017, 12, 1)]
ENDS = ("", "_low", "_high")


def as_version(trial: dict) -> dict:
    """A trial as a version has it; the chosen one was looked at in two months."""
    name, k = trial["segmentation"], trial["k"]
    row = {
        **trial,
        "period": SEGMENTATIONS[name]["period"],
        "model_version": f"{name}-1",
        "is_new": name == "value",
    }
    if not trial["is_chosen"]:
        return row
    checks = {f"checked_{x}{end}" for x in ("ari", "ami") for end in ENDS}
    parts = {f"checked_jaccard{end}" for end in ENDS}
    return {
        **row,
        "segment_numbers": [10 + number for number in range(k)],
        "parent_version": "another",
        "overlap_customers": list(range(2 * k)),
        "input_orders": [1.0, 2.0, 4.0],
        "checked_months": MONTHS,
        "checked_fingerprints": ["a", "b"],
        "checked_customers": [0, 7],
        **{name: [None, None] for name in checks},
        **{name: [None] * k + [x / 10 for x in range(k)] for name in parts},
        "reviewed_fingerprints": ["b"],
    }


@pytest.fixture(scope="module")
def versions() -> pa.Table:
    quick = {"null_shuffles": 1, "bootstrap_refits": 1, "predictive_refits": 1}
    quick |= {"k_max": 3, "max_iter": 3, "n_init": 1, "sample_customers": 60}
    settings = {name: {**SEGMENTATIONS[name], **quick} for name in SEGMENTATIONS}
    settings["rhythm"]["candidates"] = [
        {
            "representation": "smoothed_spend_rhythm",
            "smoothing_steps": 3,
            "metric": "euclidean",
        }
    ]
    trials = run_trials(settings, **frames_of(planted_shop(120)[0])).to_pylist()
    assert {row["segmentation"] for row in trials} == set(settings)
    return pa.Table.from_pylist(list(map(as_version, trials)), schema=VERSION_SCHEMA)


def test_versions_come_back_from_their_rows(versions):
    rows = rows_of_versions(versions)
    assert rows.schema.equals(ROW_SCHEMA)
    assert not any(pa.types.is_nested(field.type) for field in rows.schema)
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    order = [(name, "ascending") for name in ("model_version", *TRIAL_KEY)]
    for stored in (rows, shuffled):
        back = versions_of_rows(stored).select(VERSION_SCHEMA.names)
        assert back.schema.equals(VERSION_SCHEMA)
        left, right = (table.sort_by(order).to_pylist() for table in (back, versions))
        assert str(left) == str(right)


def test_every_array_has_its_part():
    arrays = [f.name for f in VERSION_SCHEMA if pa.types.is_nested(f.type)]
    told = [name for columns in PARTS.values() for name in columns]
    assert sorted(told) == sorted(arrays)


def test_what_a_trial_records_is_a_column_of_its_table():
    """A number that is added to a trial is added to int_trials, too."""
    text = (PROJECT / "models/intermediate/trials/int_trials.sql").read_text()
    selected = re.findall(r"^        (\w+),?$", text, re.MULTILINE)
    single = [f.name for f in VERSION_SCHEMA if not pa.types.is_nested(f.type)]
    assert sorted(selected) == sorted([*single, "segmentation_trial_id"])


def test_queries_select_parts_by_their_names():
    asked = r"ref\('int_segmentation_trials'\) \}\}\n\s+where part (?:=|in) (.+)"
    found = set()
    for path in PROJECT.glob("models/**/*.sql"):
        text = path.read_text()
        told = re.findall(asked, text)
        assert len(told) == text.count("ref('int_segmentation_trials')"), path
        found |= set(re.findall(r"'(\w+)'", " ".join(told)))
    # Reviews and orders decide whether to fit; nothing else asks for them.
    assert found == {"trial", *PARTS} - {"review", "order"}


def test_rows_say_of_which_cluster_step_feature_and_month_they_are(versions):
    rows = rows_of_versions(versions).to_pandas()
    for trial in versions.to_pylist():
        mine = rows[
            (rows["model_version"] == trial["model_version"])
            & rows["segmentation_trial_id"].str.endswith(f"|{trial['k']}")
            & rows["segmentation_trial_id"].str.contains(
                f"|{trial['metric']}|", regex=False
            )
        ]
        shape = trial["k"], trial["steps"], len(trial["features"])
        centres = np.reshape(trial["member_means"], shape)
        for row in mine[mine["part"] == "centroid"].itertuples():
            place = trial["features"].index(row.feature)
            expected = centres[int(row.cluster_number) - 1, int(row.step) - 1, place]
            np.testing.assert_equal(row.value, expected)
        if not trial["is_chosen"]:
            continue
        checks = mine[mine["part"] == "cluster_check"]
        for row in checks[checks["month"] == MONTHS[1]].itertuples():
            assert row.jaccard == (row.cluster_number - 1) / 10
        assert checks[checks["month"] == MONTHS[0]]["jaccard"].isna().all()
        overlaps = mine[mine["part"] == "overlap"]
        numbers = (overlaps["from_cluster_number"] - 1) * trial["k"]
        numbers += overlaps["cluster_number"] - 1
        assert list(numbers) == list(overlaps["customers"]) != []


def test_a_trial_is_named_as_queries_name_it():
    key = ("rhythm", "smoothed", 3.0, "dtw", None, 4)
    assert trial_id(*key) == "rhythm|smoothed|3.0|dtw|none|4"
    (told,) = duckdb.execute(
        "select concat_ws('|', ?, ?, cast(? as double), ?, 'none', cast(? as bigint))",
        [x for x in key if x is not None],
    ).fetchone()
    assert trial_id(*key) == told


def test_a_key_stands_once(versions):
    keys = ["part", "model_version", "segmentation_trial_id", "position"]
    frame = rows_of_versions(versions).select(keys).to_pandas()
    assert not frame.duplicated().any()
    assert set(frame["part"]) == {"trial", *PARTS}


def test_a_customer_can_be_taken_out_as_the_documents_say(versions):
    text = (PROJECT / "docs" / "personal_data.md").read_text()
    (update,) = re.findall(r"update intermediate\.(int_segmentation[^;]+);", text)
    with duckdb.connect() as work:
        work.register("rows", rows_of_versions(versions))
        work.execute("create table int_segmentation_trials as select * from rows")
        ids = versions["sample_customer_ids"][0].as_py()
        work.execute(f"update {update}".replace("C17", ids[3]))
        rows = work.execute("from int_segmentation_trials").to_arrow_table()
    kept = versions_of_rows(rows)["sample_customer_ids"].to_pylist()
    assert kept[0] == [*ids[:3], None, *ids[4:]]
    assert all(ids[3] not in other for other in kept)
    assert customer_table(kept[0]).num_rows == len(ids)


def test_what_is_new_can_be_forgotten_row_by_row(versions):
    rows = rows_of_versions(versions)
    kept = versions_of_rows(rows.filter(pc.invert(rows["is_new"])))
    assert set(kept["segmentation"].to_pylist()) == {"lifecycle", "rhythm"}
    assert len(kept) == sum(not new for new in versions["is_new"].to_pylist())


def test_a_table_of_the_layout_before_is_taken_as_it_is(versions):
    assert versions_of_rows(None) is None
    assert versions_of_rows(versions) is versions


def test_rows_that_lack_a_column_lack_what_it_held(versions):
    rows = rows_of_versions(versions).drop_columns(["x", "inertia"])
    assert set(VERSION_SCHEMA.names) - set(versions_of_rows(rows).column_names) == {
        "sample_x",
        "inertia",
    }


def test_no_versions_are_no_rows():
    rows = rows_of_versions(VERSION_SCHEMA.empty_table())
    assert rows.schema.equals(ROW_SCHEMA)
    assert rows.num_rows == 0
    assert (
        versions_of_rows(rows)
        .select(VERSION_SCHEMA.names)
        .equals(VERSION_SCHEMA.empty_table())
    )
