"""Model versions as they are stored: long rows with keys, without a list in them.

In memory a trial holds arrays (centres, labels, checks). Stored, each of their numbers
has a row of its own, which says of what it is: the trial, and the cluster, step,
feature or month. One table holds all rows, for a Python model has one table, and what
a build knows of earlier ones is to be kept or lost as one. Tables that queries read
are selections of it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trajectories.trials.model_versions import TRIAL_KEY, VERSION_SCHEMA

# The part of a trial that a row is, and its columns by the arrays that they hold.
PARTS: Mapping[str, Mapping[str, str]] = {
    "cluster": {"sizes": "customers", "segment_numbers": "segment_number"},
    "feature": {
        "features": "feature",
        "location": "location",
        "log_features": "is_logged",
    },
    "scale": {"scale": "scale"},
    "centroid": {"centroids": "scaled_value", "member_means": "value"},
    "customer": {
        "sample_customer_ids": "customer_id",
        "sample_labels": "cluster_number",
        "sample_silhouettes": "silhouette",
        "sample_x": "x",
        "sample_y": "y",
    },
    "shuffle": {"null_silhouettes": "silhouette"},
    "order": {"input_orders": "order_fingerprint"},
    "overlap": {"overlap_customers": "customers"},
    "check": {
        "checked_months": "month",
        "checked_fingerprints": "fingerprint",
        "checked_customers": "customers",
        "checked_ari": "ari",
        "checked_ari_low": "ari_low",
        "checked_ari_high": "ari_high",
        "checked_ami": "ami",
        "checked_ami_low": "ami_low",
        "checked_ami_high": "ami_high",
    },
    "cluster_check": {
        "checked_jaccard": "jaccard",
        "checked_jaccard_low": "jaccard_low",
        "checked_jaccard_high": "jaccard_high",
    },
    "review": {"reviewed_fingerprints": "fingerprint"},
}
# Parts of which all numbers may be missing, one by one.
WITH_GAPS = ("check", "cluster_check")

_KEYS = {
    "part": pa.string(),
    "model_version": pa.string(),
    "segmentation_trial_id": pa.string(),
    "position": pa.int64(),
    "cluster_number": pa.int64(),
    "from_cluster_number": pa.int64(),
    "step": pa.int64(),
    "feature": pa.string(),
    "month": pa.date32(),
}
_ARRAYS = {
    column: VERSION_SCHEMA.field(name).type.value_type
    for columns in PARTS.values()
    for name, column in columns.items()
}
_SINGLE = {
    field.name: field.type
    for field in VERSION_SCHEMA
    if not pa.types.is_nested(field.type)
}
ROW_SCHEMA = pa.schema({**_KEYS, **_ARRAYS, **_SINGLE})


def rows_of_versions(versions: pa.Table) -> pa.Table:
    """Lay model versions out in rows.

    Args:
        versions: trials, with the columns of ``VERSION_SCHEMA``.

    Returns:
        Columns of ``ROW_SCHEMA``. The part "trial" has a row per trial; each other
        part has one per element of its arrays, ``position`` counting them from 1.
        ``model_version``, ``segmentation_trial_id`` and ``is_new`` stand in all rows,
        what else a trial has no array of in its own row only.

    Examples:
        >>> trial = {"model_version": "v1", "k": 2, "sizes": [30, 20], "is_new": True}
        >>> rows = rows_of_versions(pa.Table.from_pylist([trial], VERSION_SCHEMA))
        >>> rows.select(["part", "cluster_number", "customers"]).to_pylist()[-1]
        {'part': 'cluster', 'cluster_number': 2, 'customers': 20}
    """
    keys = zip(*(versions[x].to_pylist() for x in _TRIAL_ID), strict=True)
    ids = pa.array([trial_id(*key) for key in keys], pa.string())
    trials = versions.append_column("segmentation_trial_id", ids)
    common = trials.select(["model_version", "segmentation_trial_id", "is_new"])
    parts = [_part("trial", trials.select([*_SINGLE, "segmentation_trial_id"]))]
    for part, columns in PARTS.items():
        owners, positions, found = _elements(versions, columns)
        found |= _places(part, versions, owners, positions)
        own = common.take(pa.array(owners))
        for name, values in {"position": pa.array(positions + 1), **found}.items():
            own = own.append_column(name, values)
        parts.append(_part(part, own))
    table = pa.concat_tables(
        [ROW_SCHEMA.empty_table(), *parts], promote_options="default"
    )
    return table.select(ROW_SCHEMA.names)


def versions_of_rows(rows: pa.Table | None) -> pa.Table | None:
    """Bring model versions back from their rows: the other way of the above.

    Args:
        rows: what :func:`rows_of_versions` returned, or any trials out of it, in any
            order. A table of the layout before it, with arrays, comes back as it is,
            and so does None. Columns that are not there are left out.

    Returns:
        The trials, with columns of ``VERSION_SCHEMA``.

    Examples:
        >>> trial = {"model_version": "v1", "k": 2, "sizes": [30, 20], "is_new": True}
        >>> rows = rows_of_versions(pa.Table.from_pylist([trial], VERSION_SCHEMA))
        >>> versions_of_rows(rows)["sizes"].to_pylist()
        [[30, 20]]
    """
    if rows is None or "part" not in rows.column_names:
        return rows
    trials = rows.filter(pc.equal(rows["part"], "trial"))
    ids = _ids(trials)
    versions = trials.select([name for name in _SINGLE if name in rows.column_names])
    for part, columns in PARTS.items():
        own = rows.filter(pc.equal(rows["part"], part))
        own = own.append_column("owner", pc.index_in(_ids(own), ids))
        own = own.sort_by([("owner", "ascending"), ("position", "ascending")])
        owners = own["owner"].drop_null().to_numpy()
        held = np.bincount(owners, minlength=len(trials))
        offsets = pa.array(np.append(0, np.cumsum(held)), pa.int32())
        for name, column in columns.items():
            if column not in rows.column_names:
                continue
            values = own[column].combine_chunks()[: len(owners)]
            if part not in WITH_GAPS:
                known = owners[values.is_valid().to_numpy(zero_copy_only=False)]
                held = np.bincount(known, minlength=len(trials))
            array = pa.ListArray.from_arrays(offsets, values, mask=pa.array(held == 0))
            versions = versions.append_column(name, array)
    return versions


_TRIAL_ID = ("segmentation", *TRIAL_KEY)


def trial_id(*key: str | float | int | None) -> str:
    """Name a trial by what tells it from the others of its version.

    Written as the macro ``surrogate_key`` writes: joined by '|', "none" for null.
    """
    return "|".join("none" if value is None else str(value) for value in key)


def _part(name: str, table: pa.Table) -> pa.Table:
    return table.append_column("part", pa.repeat(name, len(table)))


def _ids(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(
        rows["model_version"], rows["segmentation_trial_id"], "|"
    )


def _elements(
    trials: pa.Table, columns: Mapping[str, str]
) -> tuple[np.ndarray, np.ndarray, dict[str, pa.Array]]:
    """Take arrays apart: whose each element is, its place from 0, and the elements.

    An array that is missing, or shorter than the others of its trial, ends in nulls.
    """
    arrays = {column: trials[name].combine_chunks() for name, column in columns.items()}
    lengths = {
        column: pc.fill_null(pc.list_value_length(array), 0).to_numpy()
        for column, array in arrays.items()
    }
    sizes = np.max(list(lengths.values()), axis=0)
    owners = np.repeat(np.arange(len(trials)), sizes)
    places = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found = {}
    for column, array in arrays.items():
        starts = array.offsets.to_numpy()[:-1]
        missing = places >= lengths[column][owners]
        at = pa.array(starts[owners] + places, mask=missing)
        found[column] = array.values.take(at)
    return owners, places, found


def _places(
    part: str, trials: pa.Table, owners: np.ndarray, places: np.ndarray
) -> dict[str, pa.Array]:
    """Say which cluster, step, feature or month each element is of."""
    k = _numbers(trials["k"])[owners]
    if part == "cluster":
        return {"cluster_number": pa.array(places + 1)}
    if part == "overlap":
        return {
            "from_cluster_number": pa.array(places // k + 1),
            "cluster_number": pa.array(places % k + 1),
        }
    if part == "cluster_check":
        months = trials["checked_months"].to_pylist()
        month = [months[x][at] for x, at in zip(owners, places // k, strict=True)]
        return {
            "cluster_number": pa.array(places % k + 1),
            "month": pa.array(month, pa.date32()),
        }
    if part == "centroid":
        names = trials["features"].combine_chunks()
        width = _numbers(pc.list_value_length(names))[owners]
        steps = _numbers(trials["steps"])[owners]
        first = names.offsets.to_numpy()[:-1][owners]
        return {
            "cluster_number": pa.array(places // (steps * width) + 1),
            "step": pa.array(places // width % steps + 1),
            "feature": names.values.take(pa.array(first + places % width)),
        }
    return {}


def _numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(column, 1).to_numpy()
