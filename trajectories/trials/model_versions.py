"""Model versions: the trials of a fit frozen as rows, reused until a refit is due.

A version is all trials of one fit of one segmentation; the chosen one among them is
the model that scores customers. Scoring needs these rows and the customers to be
scored, neither those that the version was fitted on nor another fit.

The versions of a segmentation form a line in time. Each is fitted on what was known at
the end of a month, and in force from that month on, until the next one; the first one
also scores the months before it, for want of another. A build walks along the months
that it has not seen, in their order: so it comes to the same versions whether it sees
them one by one or all at once.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from operator import itemgetter
from typing import Protocol

import numpy as np
import pyarrow as pa

from trajectories.months import month_number
from trajectories.segments.agreement import LEAST_JACCARD
from trajectories.segments.registry import number_segments
from trajectories.trials.trials import TRIAL_SCHEMA

LEAST_KNOWN_SHARE = 0.5
LEAST_SHARED_ORDERS = 0.5
LIBRARIES = ("customer-trajectories", "numba", "numpy", "scikit-learn", "scipy")
TRIAL_KEY = ("representation", "smoothing_steps", "metric", "band", "k")
ORDER = ("segmentation", "fit_number", *TRIAL_KEY)
CHECKED = (
    *("checked_ari", "checked_ari_low", "checked_ari_high"),
    *("checked_ami", "checked_ami_low", "checked_ami_high"),
)
CHECKED_BY_SEGMENT = (
    *("checked_jaccard", "checked_jaccard_low", "checked_jaccard_high"),
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
        pa.field("input_orders", pa.list_(pa.float64())),
        pa.field("library_versions", pa.string()),
        pa.field("refit_reason", pa.string()),
        pa.field("segment_numbers", pa.list_(pa.int64())),
        pa.field("parent_version", pa.string()),
        pa.field("overlap_customers", pa.list_(pa.int64())),
        pa.field("checked_months", pa.list_(pa.date32())),
        pa.field("checked_fingerprints", pa.list_(pa.string())),
        pa.field("checked_customers", pa.list_(pa.int64())),
        *(pa.field(name, pa.list_(pa.float64())) for name in CHECKED),
        *(pa.field(name, pa.list_(pa.float64())) for name in CHECKED_BY_SEGMENT),
        pa.field("reviewed_fingerprints", pa.list_(pa.string())),
        pa.field("in_force_from", pa.date32()),
        pa.field("in_force_to", pa.date32()),
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
        is_input_named: whether that name is to be trusted: it was given to tell this
            input from others. Any other is known by its orders first.
        input_orders: fingerprints of its orders, the lowest there are, in order.
        first_fit_months: months of data that the first fit waits for, unless the data
            end before.
        model_months: months that a version is in force at least, and after which all
            trials are run again to see whether they still choose the same one.
        stable_agreement: adjusted Rand index of a trial refit below which, two months
            running, a version is replaced.
        least_overlap: Jaccard index from which a segment goes on in a new version.
        refit: whether all segmentations are to be fitted anew.

    Examples:
        >>> build = Build({"value": {"k_max": 5}}, {}, 1000, "my shop")
        >>> len(build.settings_hash("value"))
        16
    """

    segmentations: Mapping[str, Mapping]
    common: Mapping
    evidence_customers: int
    input: str
    is_input_named: bool = False
    input_orders: Sequence[float] | None = None
    first_fit_months: int = 12
    model_months: int = 12
    stable_agreement: float = 0.8
    least_overlap: float = LEAST_JACCARD
    refit: bool = False

    def settings_hash(self, name: str) -> str:
        """Hash what decides a fit beside the data, and what a trial records."""
        common = {**self.common, "evidence_customers": self.evidence_customers}
        return _hash(self.segmentations[name], common, TRIAL_SCHEMA.names)


class Fits(Protocol):
    """What :class:`.fitting.Fitter` does, for months counted back."""

    def fit(self, names: Sequence[str], back: int) -> pa.Table:
        """Run all trials of some segmentations."""

    def compare(
        self, before: Mapping, after: Mapping, back: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Count customers by the clusters of two models, and say how far these are."""

    def check(self, model: Mapping, back: int) -> dict:
        """Compare a model with its refit."""


def renew(
    history: pa.Table | None,
    build: Build,
    calendar: pa.Table,
    count_known: Callable[[Sequence[str]], int],
    fits_at: Callable[[Sequence[int]], Fits],
    say: Callable[[str], None] = print,
) -> pa.Table:
    """Fit the segmentations that are due, and keep all versions there have been.

    A segmentation without a version that was fitted with these settings, to this
    input, not later than the last day, and most of whose sampled customers are still
    there, is fitted at the first month with enough data. Every month after, a trial
    refit is compared with the version in force. A version that is old enough, and with
    which trial refits disagree two months running, is replaced on the second of them;
    and so is one that is reviewed, when all trials together choose another one. When a
    refit is asked for, the last month has one.

    Args:
        history: what this function returned before; None the first time. Columns
            that it lacks become null, columns that are unknown are dropped.
        build: what is asked for.
        calendar: the membership months: month, month_end_date, months_back,
            months_of_data and fingerprint, which changes with any row that a path up
            to this month is made of.
        count_known: says how many of some customers are customers today.
        fits_at: gives what fits and compares on months, given as months back. Not
            called when there is nothing to fit or to compare.
        say: told in a sentence what becomes of each segmentation.

    Returns:
        The trials of all versions, with the columns of ``VERSION_SCHEMA``, sorted.
        ``in_force_from`` and ``in_force_to`` are set for those that score this build;
        ``is_current`` are those of the one per segmentation that scores the last
        month; a segmentation that cannot be fitted has none. ``is_new`` are those
        that were not there before: if the build fails, they are to be forgotten.
        The lists ``checked_...`` hold the trial refits of a chosen trial.

    Examples:
        >>> class OneTrial:
        ...     def fit(self, names, back):
        ...         chosen = {"k": 2, "is_chosen": True}
        ...         rows = [{"segmentation": name, **chosen} for name in names]
        ...         return pa.Table.from_pylist(rows, TRIAL_SCHEMA)
        ...
        ...     def check(self, model, back):
        ...         return {"customers": 0, "jaccard": [None, None]}
        >>> calendar = pa.table(
        ...     {
        ...         "month": [date(2017, 12, 1)],
        ...         "month_end_date": [date(2017, 12, 31)],
        ...         "months_back": [0],
        ...         "months_of_data": [12],
        ...         "fingerprint": ["x"],
        ...     }
        ... )
        >>> build = Build({"value": {"period": "month"}}, {}, 1000, "my shop")
        >>> shop = (len, lambda backs: OneTrial())
        >>> said = []
        >>> versions = renew(None, build, calendar, *shop, said.append)
        >>> said[0].split(",")[0], versions["in_force_from"].to_pylist()
        ('value: fitted', [datetime.date(2017, 12, 1)])
    """
    rows = _aligned(history).to_pylist()
    for row in rows:
        row.update(is_new=False, is_current=False, in_force_from=None, in_force_to=None)
    build = replace(build, input=_known_input(rows, build, say))
    months = calendar.sort_by("month").to_pylist()
    lines = [
        _Line(name, rows, build, months[-1]["month_end_date"], count_known)
        for name in sorted(build.segmentations)
        if months
    ]
    months = _fittable(months, build)
    backs = [m["months_back"] for m in months if any(_needs_fits(x, m) for x in lines)]
    fits = fits_at(backs) if backs else None
    for month in months:
        _walk(lines, month, month is months[-1], fits)
    for line in lines:
        line.take_force(calendar)
        say(f"{line.name}: {line.sentence or 'it cannot be fitted.'}")
    every = [row for line in lines for row in line.rows]
    for row in every:
        if row["is_chosen"] and row["input"] == build.input:
            row["input_orders"] = build.input_orders
    rested = [row for row in rows if row["segmentation"] not in build.segmentations]
    return _table(every + rested if months else rows)


def _known_input(rows: list[dict], build: Build, say: Callable[[str], None]) -> str:
    """Name the input as it was named when a build first read what it holds.

    Exports come under new names, a folder for each night, and two shops' orders under
    one: an input is the one with which it has most orders in common, if that is at
    least half of what the smaller one has.
    """
    if build.is_input_named:
        return build.input
    shares = {
        row["input"]: _shared_orders(row["input_orders"], build.input_orders)
        for row in rows
        if row["is_chosen"] and row["input_orders"] and build.input_orders
    }
    likest = max(shares, key=shares.__getitem__, default=build.input)
    own, least = shares.get(build.input, 0), LEAST_SHARED_ORDERS
    if shares.get(likest, 0) < max(least, own) or shares.get(likest, 0) == own:
        return build.input
    say(
        f"The input {build.input} has {shares[likest]:.0%} of its orders in common with"
        f" {likest}, and goes on with its segments."
    )
    return likest


def _shared_orders(these: Sequence[float], those: Sequence[float]) -> float:
    """Estimate the share of orders in common, out of those of the smaller input.

    Of each input the lowest fingerprints are given. Below the lower of both ends, all
    are known of both (Broder 1997, "On the resemblance and containment of documents").
    """
    end = min(max(these), max(those))
    one, other = ({x for x in orders if x <= end} for orders in (these, those))
    return len(one & other) / max(min(len(one), len(other)), 1)


def _fittable(months: list[dict], build: Build) -> list[dict]:
    """Leave out the months that the first fit waits for."""
    enough = [m for m in months if m["months_of_data"] >= build.first_fit_months]
    return enough or months[-1:]


def _needs_fits(line: "_Line", month: Mapping) -> bool:
    """Whether a month may have to be looked at."""
    is_checked = line.is_checked(month) and not line.is_to_be_reviewed(month)
    return bool(line.reason) or not is_checked


def _walk(lines: list["_Line"], month: Mapping, is_last: bool, fits: Fits) -> None:
    """Come to the end of a month with all segmentations."""
    due, reviewed = {}, []
    for line in lines:
        line.check(month, fits)
        reason = line.reason_to_fit(month, is_last)
        if reason:
            due[line] = reason
        elif line.is_to_be_reviewed(month):
            reviewed.append(line)
    names = [line.name for line in lines if line in due or line in reviewed]
    if not names:
        return
    trials = fits.fit(names, month["months_back"]).to_pylist()
    for line in (*due, *reviewed):
        own = [row for row in trials if row["segmentation"] == line.name]
        reason = due.get(line) or line.review(own, month)
        if own and reason:
            line.add(own, month, reason, fits)


class _Line:
    """The versions of one segmentation in time.

    Attributes:
        rows: of all versions, whatever their settings and input.
        chain: the chosen rows of the versions that hold, by the day of their fit.
        reason: why the segmentation is to be fitted without looking at the data; ""
            when it is not.
    """

    def __init__(self, name, rows, build: Build, last_day: date, count_known):
        """Find the versions that hold."""
        self.name, self.build = name, build
        self.rows = [row for row in rows if row["segmentation"] == name]
        own = [row for row in self.rows if row["is_chosen"]]
        self.chain, self.reason = _holding(own, name, build, last_day, count_known)
        self.chain.sort(key=_time)
        self.sentence = ""

    def check(self, month: Mapping, fits: Fits) -> None:
        """Compare the version in force before a month, or the first, with a refit."""
        model = self._checked_at(month)
        if model is None or self.is_checked(month):
            return
        kept = {name: list(model[name] or []) for name in _LISTS[:-1]}
        place = len(kept["checked_months"])
        if month["month"] in kept["checked_months"]:
            place = kept["checked_months"].index(month["month"])
        found = fits.check(model, month["months_back"])
        k = model["k"]
        values = {
            "checked_months": month["month"],
            "checked_fingerprints": month["fingerprint"],
            **{f"checked_{name}": value for name, value in found.items()},
        }
        for name, value in values.items():
            if name in CHECKED_BY_SEGMENT:
                kept[name][place * k : (place + 1) * k] = value
            else:
                kept[name][place : place + 1] = [value]
        model.update(kept)

    def is_checked(self, month: Mapping) -> bool:
        """Whether a month has been looked at as its data are now."""
        model = self._checked_at(month)
        if model is None:
            return bool(self.chain)
        known = zip(
            model["checked_months"] or [],
            model["checked_fingerprints"] or [],
            strict=True,
        )
        return (month["month"], month["fingerprint"]) in set(known)

    def _checked_at(self, month: Mapping) -> dict | None:
        """The version in force until this month; the first one at its own fit."""
        until = [m for m in self.chain if m["fitted_to"] < month["month_end_date"]]
        if until:
            return until[-1]
        first = self.chain[:1]
        return next(
            (m for m in first if m["fitted_to"] == month["month_end_date"]), None
        )

    def reason_to_fit(self, month: Mapping, is_last: bool) -> str:
        """Say why the segmentation is to be fitted at a month; "" if it is not."""
        if not self.chain:
            return self.reason
        if self.chain[-1]["fitted_to"] > month["month_end_date"]:
            return ""
        if self.reason and is_last:
            return self.reason
        return self._disagreement(month)

    def _disagreement(self, month: Mapping) -> str:
        """Say so when refits disagree with the newest version two months running."""
        model, least = self.chain[-1], self.build.stable_agreement
        age = month_number(month["month"]) - month_number(model["fitted_to"])
        if age < max(self.build.model_months, 2):
            return ""
        checks = zip(model["checked_months"], model["checked_ari"], strict=True)
        last = [
            agreed
            for checked, agreed in sorted(checks)
            if 0 <= month_number(month["month"]) - month_number(checked) <= 1
        ]
        if len(last) < 2 or any(x is None or x >= least for x in last):
            return ""
        return (
            f"fitted, for trial refits agree with version {model['model_version']} at"
            f" {last[0]:.2f} and {last[1]:.2f} only, two months running."
        )

    def is_to_be_reviewed(self, month: Mapping) -> bool:
        """Whether all trials are run again at a month, as its data are now."""
        if not self.chain or self.chain[-1]["fitted_to"] >= month["month_end_date"]:
            return False
        model, every = self.chain[-1], max(self.build.model_months, 1)
        age = month_number(month["month"]) - month_number(model["fitted_to"])
        reviewed = model["reviewed_fingerprints"] or []
        return age % every == 0 and month["fingerprint"] not in reviewed

    def review(self, trials: list[dict], month: Mapping) -> str:
        """Say so when the trials of a month choose another one than the model."""
        model = self.chain[-1]
        chosen = [row for row in trials if row["is_chosen"]]
        key = itemgetter(*TRIAL_KEY)
        if not chosen or key(chosen[0]) == key(model):
            # A review that ends in a version is seen by that, while it is there.
            reviewed = model["reviewed_fingerprints"] or []
            model["reviewed_fingerprints"] = [*reviewed, month["fingerprint"]]
            return ""
        return (
            f"fitted, for all trials together no longer choose what version"
            f" {model['model_version']} is."
        )

    def add(self, trials: list[dict], month: Mapping, reason: str, fits: Fits) -> None:
        """Freeze the trials of a month as a version, and number its segments."""
        build, day = self.build, month["month_end_date"]
        settings_hash = build.settings_hash(self.name)
        libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
        (chosen,) = (row for row in trials if row["is_chosen"])
        content = _hash([chosen], settings_hash, str(day), libraries)
        label = f"{self.name}-{day:%Y-%m}-{content[:8]}"
        self.sentence = reason
        newest = max((row["fit_number"] for row in self.rows), default=0)
        same = [row for row in self.rows if row["model_version"] == label]
        if not (same and _is_own(same[0], newest, build)):
            common = {
                **dict.fromkeys(_LISTS),
                "in_force_from": None,
                "in_force_to": None,
                "is_current": False,
                "period": build.segmentations[self.name]["period"],
                "model_version": label,
                "fit_number": newest + 1,
                "fitted_to": day,
                "settings_hash": settings_hash,
                "input": build.input,
                "input_orders": None,
                "library_versions": libraries,
                "refit_reason": reason,
                "is_new": not same,
            }
            self.rows = [row for row in self.rows if row["model_version"] != label]
            numbered = self._numbered(chosen, month, fits, same)
            self.rows += [
                {**row, **common, **(numbered if row["is_chosen"] else {})}
                for row in trials
            ]
            same = [row for row in self.rows if row["model_version"] == label]
        (model,) = (row for row in same if row["is_chosen"])
        self.chain = [m for m in self.chain if m["model_version"] != label] + [model]
        self.reason = ""
        if len(self.chain) == 1:
            self.check(month, fits)

    def _numbered(self, chosen: dict, month: Mapping, fits: Fits, same) -> dict:
        """Give the clusters of a new version their numbers for life."""
        for row in same:
            if row["is_chosen"]:
                return {name: row[name] for name in _FOR_LIFE}
        shop = [
            row
            for row in self.rows
            if row["is_chosen"] and row["input"] == self.build.input
        ]
        parent = self._parent(chosen, shop, month)
        used = [number for row in shop for number in row["segment_numbers"] or []]
        if parent is None:
            first = max(used, default=0) + 1
            return {"segment_numbers": list(range(first, first + chosen["k"]))}
        cells, distances = fits.compare(parent, chosen, month["months_back"])
        least = self.build.least_overlap
        numbers = number_segments(
            cells, parent["segment_numbers"], max(used), least, distances
        )
        return {
            "segment_numbers": numbers,
            "parent_version": parent["model_version"],
            "overlap_customers": cells.ravel().tolist(),
        }

    def _parent(self, chosen: dict, shop: list[dict], month: Mapping) -> dict | None:
        """The version whose segments a new one goes on with."""
        if self.chain:
            return self.chain[-1]
        alike = [
            row
            for row in sorted(shop, key=_time)
            if row["segment_numbers"]
            and (row["series"], row["features"])
            == (chosen["series"], chosen["features"])
        ]
        before = [row for row in alike if row["fitted_to"] <= month["month_end_date"]]
        return (before[-1:] or alike[:1] or [None])[0]

    def take_force(self, calendar: pa.Table) -> None:
        """Mark the months that each version scores."""
        months = sorted(calendar["month"].to_pylist())
        starts = [months[0], *(m["fitted_to"].replace(day=1) for m in self.chain[1:])]
        for place, (model, start) in enumerate(zip(self.chain, starts, strict=False)):
            until = starts[place + 1] if place + 1 < len(self.chain) else None
            own = [m for m in months if start <= m and (until is None or m < until)]
            for row in self.rows:
                if own and row["model_version"] == model["model_version"]:
                    row["in_force_from"], row["in_force_to"] = own[0], own[-1]
                    row["is_current"] = until is None
        if self.chain and not self.sentence:
            self.sentence = f"scored by version {self.chain[-1]['model_version']}."


_LISTS = (
    *("checked_months", "checked_fingerprints", "checked_customers"),
    *(*CHECKED, *CHECKED_BY_SEGMENT, "reviewed_fingerprints"),
)
_FOR_LIFE = ("segment_numbers", "parent_version", "overlap_customers", *_LISTS)


def _time(model: Mapping) -> tuple:
    return model["fitted_to"], model["fit_number"]


def _is_own(row: Mapping, newest: int, build: Build) -> bool:
    return row["fit_number"] == newest and row["input"] == build.input


def _holding(
    own: list[dict],
    name: str,
    build: Build,
    last_day: date,
    count_known: Callable[[Sequence[str]], int],
) -> tuple[list[dict], str]:
    """Return a segmentation's versions that hold, or why it is fitted."""
    if not own:
        return [], "fitted, for it has no version yet."
    settings_hash = build.settings_hash(name)

    def known_share(model: dict) -> float:
        return count_known(model["sample_customer_ids"]) / model["sampled_customers"]

    conditions = {
        "fitted, for its settings are new.": lambda model: (
            model["settings_hash"] == settings_hash
        ),
        "fitted, for it has no version for this input.": lambda model: (
            model["input"] == build.input
        ),
        f"fitted, for its versions know days after {last_day}.": lambda model: (
            model["fitted_to"] <= last_day
        ),
        "fitted, for fewer than half of the customers that it was fitted on are"
        " customers today.": lambda model: known_share(model) >= LEAST_KNOWN_SHARE,
    }
    for reason, holds in conditions.items():
        own = [model for model in own if holds(model)]
        if not own:
            return [], reason
    return own, "fitted, for a refit was asked for." if build.refit else ""


def _table(rows: list[dict]) -> pa.Table:
    """Bring rows into the schema, sorted."""
    table = pa.Table.from_pylist(rows, schema=VERSION_SCHEMA)
    return table.sort_by([(name, "ascending") for name in ORDER])


def _aligned(history: pa.Table | None) -> pa.Table:
    """Bring rows of an earlier layout into this one, unless they lack numbers."""
    if history is None or "segment_numbers" not in history.column_names:
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
