"""Model versions: the trials of a fit frozen as rows, reused until a refit is due.

A version is all trials of one fit of one segmentation; the chosen one among them is
the model that scores customers. Scoring needs these rows and the customers to be
scored, neither those that the version was fitted on nor another fit.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

import pyarrow as pa
import pyarrow.compute as pc

from trajectories.trials import TRIAL_SCHEMA

LEAST_KNOWN_SHARE = 0.5
LIBRARIES = ("customer-trajectories", "numba", "numpy", "scikit-learn", "scipy")
ORDER = (
    *("segmentation", "fit_number"),
    *("representation", "smoothing_steps", "metric", "band", "k"),
)

VERSION_SCHEMA = pa.schema(
    [
        *TRIAL_SCHEMA,
        pa.field("period", pa.string()),
        pa.field("model_version", pa.string()),
        pa.field("fit_number", pa.int64()),
        pa.field("fitted_to", pa.date32()),
        pa.field("settings_hash", pa.string()),
        pa.field("input", pa.string()),
        pa.field("library_versions", pa.string()),
        pa.field("refit_reason", pa.string()),
        pa.field("is_current", pa.bool_()),
        pa.field("is_new", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Build:
    """What a build is asked for.

    Attributes:
        segmentations: settings by name; see the var ``segmentations``.
        common: settings that hold for all segmentations.
        evidence_customers: customers at most that are looked at to fit.
        input: what is read, as it was named.
        last_day: last day of the data; None when there are none.
        refit: whether all segmentations are to be fitted anew.
    """

    segmentations: Mapping[str, Mapping]
    common: Mapping
    evidence_customers: int
    input: str
    last_day: date | None
    refit: bool = False

    def settings_hash(self, name: str) -> str:
        """Hash what decides a fit beside the data, and what a trial records."""
        common = {**self.common, "evidence_customers": self.evidence_customers}
        return _hash(self.segmentations[name], common, TRIAL_SCHEMA.names)


def renew(
    history: pa.Table | None,
    build: Build,
    count_known: Callable[[Sequence[str]], int],
    fit: Callable[[Mapping[str, Mapping]], pa.Table],
    say: Callable[[str], None] = print,
) -> pa.Table:
    """Fit the segmentations that are due, and keep all versions there have been.

    Due is a segmentation without a version that was fitted with these settings, to
    this input, not later than the build's last day, and most of whose sampled
    customers are still there; or every one when a refit is asked for. Otherwise the
    newest such version goes on scoring.

    Args:
        history: what this function returned before; None the first time. Columns
            that it lacks become null, columns that are unknown are dropped.
        build: what is asked for.
        count_known: says how many of some customers are customers today.
        fit: runs the trials of some segmentations, as
            :func:`trajectories.trials.run_trials`. Not called when none is due.
        say: told in a sentence what becomes of each segmentation.

    Returns:
        The trials of all versions, with the columns of ``VERSION_SCHEMA``, sorted.
        ``is_current`` are those of the one version per segmentation that scores this
        build; a segmentation that cannot be fitted has none. ``is_new`` are those
        that were not there before: if the build fails, they are to be forgotten.
    """
    history = _with_columns(_aligned(history), is_new=False)
    models = history.filter(history["is_chosen"]).to_pylist()
    current, due = [], {}
    for name in sorted(build.segmentations) if build.last_day else ():
        own = [model for model in models if model["segmentation"] == name]
        found, reason = _newest_holding(own, name, build, count_known)
        if found:
            current.append(found["model_version"])
        else:
            due[name] = reason
        say(f"{name}: {reason or f'scored by version {current[-1]}.'}")
    trials = fit({name: build.segmentations[name] for name in due}) if due else None
    for name, reason in due.items():
        rows = trials.filter(pc.equal(trials["segmentation"], name))
        if rows.num_rows:
            fitted = _freeze(rows, name, reason, build)
            history = _with_version(history, fitted)
            current.append(fitted["model_version"][0].as_py())
    return _with_current(history, current)


def _newest_holding(
    own: list[dict],
    name: str,
    build: Build,
    count_known: Callable[[Sequence[str]], int],
) -> tuple[dict | None, str]:
    """Return a segmentation's newest version that holds, or why it is fitted."""
    if not own:
        return None, "fitted, for it has no version yet."
    if build.refit:
        return None, "fitted, for a refit was asked for."
    settings_hash = build.settings_hash(name)

    def known_share(model: dict) -> float:
        return count_known(model["sample_customer_ids"]) / model["sampled_customers"]

    conditions = {
        "fitted, for its settings are new.": lambda model: (
            model["settings_hash"] == settings_hash
        ),
        f"fitted, for it has no version for the input {build.input}.": lambda model: (
            model["input"] == build.input
        ),
        f"fitted, for its versions know days after {build.last_day}.": lambda model: (
            model["fitted_to"] <= build.last_day
        ),
        "fitted, for fewer than half of the customers that it was fitted on are"
        " customers today.": lambda model: known_share(model) >= LEAST_KNOWN_SHARE,
    }
    for reason, holds in conditions.items():
        own = [model for model in own if holds(model)]
        if not own:
            return None, reason
    return max(own, key=lambda model: model["fit_number"]), ""


def _freeze(trials: pa.Table, name: str, reason: str, build: Build) -> pa.Table:
    """Make a version of the trials of one segmentation, not yet numbered.

    Its name ends in a hash of the chosen trial with all its numbers, the settings,
    the last day and the libraries: the same fit has the same name.
    """
    settings_hash = build.settings_hash(name)
    libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    chosen = trials.filter(trials["is_chosen"]).to_pylist()
    content = _hash(chosen, settings_hash, str(build.last_day), libraries)
    return _with_columns(
        trials,
        period=build.segmentations[name]["period"],
        model_version=f"{name}-{build.last_day:%Y-%m}-{content[:8]}",
        fit_number=0,
        fitted_to=build.last_day,
        settings_hash=settings_hash,
        input=build.input,
        library_versions=libraries,
        refit_reason=reason,
        is_current=True,
        is_new=True,
    )


def _with_version(history: pa.Table, fitted: pa.Table) -> pa.Table:
    """Add a version as its segmentation's newest, once; unless it is that already."""
    label, source = fitted["model_version"][0], fitted["input"][0]
    own = history.filter(pc.equal(history["segmentation"], fitted["segmentation"][0]))
    newest = pc.max(own["fit_number"])
    same = own.filter(pc.equal(own["model_version"], label))
    if same.num_rows and same["fit_number"][0] == newest and same["input"][0] == source:
        return history
    others = history.filter(pc.not_equal(history["model_version"], label))
    number, is_new = (newest.as_py() or 0) + 1, not same.num_rows
    fitted = _with_columns(fitted, fit_number=number, is_new=is_new)
    return pa.concat_tables([others, fitted])


def _with_current(history: pa.Table, current: list[str]) -> pa.Table:
    """Mark the versions that score this build, and sort."""
    is_current = pc.is_in(history["model_version"], pa.array(current, pa.string()))
    position = VERSION_SCHEMA.get_field_index("is_current")
    history = history.set_column(position, VERSION_SCHEMA.field(position), is_current)
    return history.sort_by([(name, "ascending") for name in ORDER])


def _with_columns(table: pa.Table, **values) -> pa.Table:
    """Give every row the same values of some columns, in the order of the schema."""
    columns = {name: table[name] for name in table.column_names}
    for name, value in values.items():
        scalar = pa.scalar(value, VERSION_SCHEMA.field(name).type)
        columns[name] = pa.repeat(scalar, table.num_rows)
    return pa.table([columns[name] for name in VERSION_SCHEMA.names], VERSION_SCHEMA)


def _aligned(history: pa.Table | None) -> pa.Table:
    """Bring rows of an earlier layout into this one."""
    if history is None or "model_version" not in history.column_names:
        return VERSION_SCHEMA.empty_table()
    columns = [
        history[field.name].cast(field.type)
        if field.name in history.column_names
        else pa.nulls(history.num_rows, field.type)
        for field in VERSION_SCHEMA
    ]
    return pa.table(columns, schema=VERSION_SCHEMA)


def _hash(*content) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
