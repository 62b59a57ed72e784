"""What several pages need to know of segmentations, segments and trials."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Control, link, part
from trajectories.dashboards.marts.published import PublishedMarts

TOTAL = "total"

# What tells one trial from another on a page.
CONTROLS = ("segmentation", "candidate", "k")


def ordered(marts: PublishedMarts, names: set[str] | pd.Series) -> list[str]:
    """Sort segmentations by the place that the trials gave them, then others.

    The first is the one that a page opens with.
    """
    trials = marts.read("marts.fct_segmentation_trials")
    places = trials.groupby("segmentation")["segmentation_place"].min().dropna()
    found = {str(name) for name in names if not formats.is_missing(name)}
    return sorted(found, key=lambda name: (places.get(name, float("inf")), name))


def control(names: list[str], label: str = "Segmentation") -> Control:
    """Build the segmentation switch; `names` must not be empty."""
    options = [(name, formats.words(name)) for name in names]
    return Control("segmentation", label, "radio", options, names[0])


class Segments:
    """Names, marks and order of all segments, by segment_id.

    Attributes:
        frame: one row per segment that there is or has been.
        in_use: those of them that are not retired.
    """

    def __init__(self, marts: PublishedMarts) -> None:
        """Read dim_segments; an id with several versions keeps its last row."""
        frame = marts.read("marts.dim_segments")
        frame["is_stage"] = frame["stage"].fillna("active") != "active"
        frame = frame.sort_values(
            ["segmentation", "is_stage", "segment_number", "segment_id"]
        ).drop_duplicates("segment_id", keep="last")
        frame = frame.reset_index(drop=True)
        self.in_use = frame[frame["valid_to"].isna()]
        self._name_by(frame, self.in_use["segment_id"])
        self._retired = set(frame["segment_id"]) - set(self.in_use["segment_id"])
        self._places = {identity: place for place, identity in enumerate(self._rows)}
        named = marts.read("marts.fct_segment_profiles").dropna(subset=["persona"])
        self._then = {
            month: dict(zip(rows["segment_id"], rows["persona"], strict=True))
            for month, rows in named.groupby("month")
        }
        self._months: dict[pd.Timestamp, Segments] = {}

    def _name_by(self, frame: pd.DataFrame, living: Iterable[str]) -> None:
        """Take names from a frame; numbered are those that living segments share.

        Of the others, each that has the name of another is numbered.
        """
        self.frame = frame
        named = frame[frame["persona"].notna()]
        is_living = named["segment_id"].isin(list(living))
        alike = ["segmentation", "persona"]
        is_shared = named[is_living].duplicated(alike, keep=False)
        is_shared = is_shared.reindex(named.index, fill_value=False)
        is_shared |= ~is_living & named.duplicated(alike, keep=False)
        self._shared = set(named.loc[is_shared, "segment_id"])
        self._rows = {row.segment_id: row for row in frame.itertuples()}

    def at(self, month: pd.Timestamp | str) -> Segments:
        """Give the segments with the names that they had in a month.

        One that had no customers then keeps the name that it has today.
        """
        month = pd.Timestamp(month)
        if month not in self._then:
            return self
        if month not in self._months:
            names, then = self._then[month], copy(self)
            own = self.frame["segment_id"].map(names)
            then._name_by(
                self.frame.assign(persona=own.fillna(self.frame["persona"])), names
            )
            self._months[month] = then
        return self._months[month]

    def before(self, month: pd.Timestamp | str) -> Segments:
        """Give the segments with the names of the month before a month."""
        return self.at(pd.Timestamp(month) - pd.DateOffset(months=1))

    def is_in_use(self, segment_id: str) -> bool:
        """Say whether a segment is not retired."""
        return segment_id not in self._retired

    def starts(self, segment_id: str) -> pd.Timestamp | None:
        """Give the first month of a segment, None where it is not known."""
        row = self._rows.get(segment_id)
        return None if row is None or pd.isna(row.valid_from) else row.valid_from

    def row(self, segment_id: str) -> object | None:
        """Find the row of dim_segments, or None for an id it does not know."""
        return self._rows.get(segment_id)

    def name(self, segment_id: str) -> str:
        """Name a segment by its persona, or by its id where it has none.

        Segments that share a persona get their number too.
        """
        name = self.persona(segment_id)
        if segment_id in self._shared:
            return f"{name} ({self._rows[segment_id].segment_number})"
        return name

    def persona(self, segment_id: str) -> str:
        """Give the persona of a segment, others' too, or its id in words."""
        row = self._rows.get(segment_id)
        if row is None or formats.is_missing(row.persona):
            return formats.words(segment_id)
        return str(row.persona)

    def mark(self, segment_id: str) -> theme.Mark:
        """Give a segment its colour, dash, marker and pattern."""
        row = self._rows.get(segment_id)
        if row is None:
            return theme.MEASURED
        if row.is_stage:
            return theme.STAGE_MARKS.get(row.stage, theme.BESIDE)
        number = row.segment_number
        return theme.mark(1 if formats.is_missing(number) else number)

    def place(self, segment_id: str) -> int:
        """Give the position of a segment among all, for sorting."""
        return self._places.get(segment_id, len(self._places))

    def is_named_all_the_same(self, segment_id: str) -> bool:
        """Say whether a segment carries a persona that it has not earned."""
        return self.has_no_name(segment_id) and bool(self._rows[segment_id].is_named)

    def has_no_name(self, segment_id: str) -> bool:
        """Say whether the evidence was too weak for a persona."""
        row = self._rows.get(segment_id)
        return (
            row is not None
            and not row.is_stage
            and not formats.is_missing(row.is_persona_earned)
            and not row.is_persona_earned
        )


class Trials:
    """All trials, by segmentation, candidate (in words) and k as text.

    Attributes:
        frame: one row per trial, with its `candidate` in words.
        by_key: the rows as named tuples, in the order of segmentations, then by
            candidate (the chosen one first) and k.
    """

    def __init__(self, marts: PublishedMarts) -> None:
        """Read the trials."""
        self._marts = marts
        frame = _read_trials(marts)
        frame["candidate"] = [candidate(trial) for trial in frame.itertuples()]
        recipe = ["segmentation", "candidate"]
        names = ordered(marts, frame["segmentation"])
        frame["order"] = frame["segmentation"].map(names.index)
        frame["is_other"] = ~frame.groupby(recipe)["is_chosen"].transform("any")
        self.frame = frame.sort_values(
            ["order", "is_other", "candidate", "k"], ignore_index=True
        )
        self.by_key = {key(trial): trial for trial in self.frame.itertuples()}
        self._numbers = _segment_numbers(marts)
        self._names = _group_names(marts)
        self._keys = {
            trial.segmentation_trial_id: key for key, trial in self.by_key.items()
        }

    def rows(self, mart: str) -> dict[tuple[str, str, str], pd.DataFrame]:
        """Read the rows of a mart that belong to each trial.

        Groups of a chosen trial carry the numbers of their segments, for life.
        """
        frame = self._marts.read(mart)
        groups = frame.groupby("segmentation_trial_id")
        return {
            self._keys[identity]: self._numbered(identity, rows)
            for identity, rows in groups
            if identity in self._keys
        }

    def group(self, key: tuple[str, str, str], number: int) -> str:
        """Name a group of a trial: as its segment, where it has become one."""
        trial = self.by_key[key].segmentation_trial_id
        return self._names.get((trial, number), f"Group {number}")

    def in_use(self, segmentation: str) -> object | None:
        """Find the trial whose groups are the segments, if there is one."""
        chosen = (
            trial
            for key, trial in self.by_key.items()
            if key[0] == segmentation and trial.is_chosen
        )
        return next(chosen, None)

    def _numbered(self, trial: str, rows: pd.DataFrame) -> pd.DataFrame:
        numbers = self._numbers.get(trial)
        if numbers is None or "cluster_number" not in rows:
            return rows
        clusters = rows["cluster_number"]
        return rows.assign(cluster_number=clusters.map(numbers).fillna(clusters))


def _group_names(marts: PublishedMarts) -> dict[tuple[str, int], str]:
    """Name the groups that are segments, by trial and segment number."""
    segments = Segments(marts)
    return {
        (row.segmentation_trial_id, known.segment_number): segments.name(row.segment_id)
        for row in _groups_in_use(marts).itertuples()
        if (known := segments.row(row.segment_id)) is not None
        and not formats.is_missing(known.segment_number)
    }


def _groups_in_use(marts: PublishedMarts) -> pd.DataFrame:
    groups = marts.read("marts.fct_trial_centroids").dropna(subset=["segment_id"])
    return groups.drop_duplicates(["segmentation_trial_id", "cluster_number"])


def _segment_numbers(marts: PublishedMarts) -> dict[str, dict[int, int]]:
    """Find the segment number of each group of the chosen trials, by trial."""
    numbers = marts.read("marts.dim_segments").set_index("segment_id")["segment_number"]
    found: dict[str, dict[int, int]] = {}
    for row in _groups_in_use(marts).itertuples():
        if not formats.is_missing(numbers.get(row.segment_id)):
            of_trial = found.setdefault(row.segmentation_trial_id, {})
            of_trial[row.cluster_number] = int(numbers[row.segment_id])
    return found


def key(trial: object) -> tuple[str, str, str]:
    """Name a trial by the values of the controls that show it."""
    return trial.segmentation, trial.candidate, str(trial.k)


def candidate(trial: object) -> str:
    """Say in words how a trial sees customers and how it compares them."""
    period = trial.period
    words = formats.REPRESENTATIONS.get(
        trial.representation, formats.words(trial.representation)
    )
    if not formats.is_missing(trial.smoothing_steps):
        words += f" smoothed over {_steps(trial.smoothing_steps, period)}"
    if not formats.is_missing(trial.steps) and trial.steps > 1:
        words += f", {_comparison(trial, period)}"
    words = f"{words} ({formats.metric(trial.metric)})"
    return f"The usual recipe: {words}" if trial.is_recipe else words


def _comparison(trial: object, period: str) -> str:
    if trial.metric == "euclidean":
        return f"{period} by {period}"
    if formats.is_missing(trial.band):
        return "any shift in time"
    return f"shifts of up to {_steps(trial.band, period)}"


def _steps(number: float, period: str) -> str:
    return f"{number:g} {period}" + ("" if number == 1 else "s")


def _read_trials(marts: PublishedMarts) -> pd.DataFrame:
    trials = marts.read("marts.fct_segmentation_trials")
    trials["is_chosen"] = trials["is_chosen"].eq(True)
    return trials


def deciding_trials(marts: PublishedMarts) -> pd.DataFrame:
    """Read the trial that speaks for each segmentation, indexed by segmentation.

    That is the chosen one; where none was chosen, the one with the highest
    silhouette. Beside it stand what is claimed of it (`structure`: holds, fails,
    cannot be told; missing where nothing is claimed), and how many times orders were
    shuffled.
    """
    trials = _read_trials(marts).sort_values(
        ["segmentation", "is_chosen", "silhouette"],
        ascending=[True, False, False],
        na_position="last",
    )
    trials = trials.drop_duplicates("segmentation").set_index("segmentation")
    claims = marts.read("audit.rpt_claims").set_index("claim_id")["verdict"]
    nulls = marts.read("marts.fct_trial_nulls").groupby("segmentation")
    return trials.assign(
        structure=[claims.get(f"structure-{name}") for name in trials.index],
        shuffles=nulls["shuffle_number"].max(),
    )


def structure_banner(marts: PublishedMarts) -> list[Markup]:
    """Build the banner that says where the null test finds no structure."""
    trials = deciding_trials(marts)
    failed = [
        name
        for name in ordered(marts, set(trials.index))
        if not formats.is_missing(trials.loc[name, "has_structure"])
        and not trials.loc[name, "has_structure"]
    ]
    if not failed:
        return []
    denied = [name for name in failed if trials.loc[name, "structure"] == "fails"]
    open_ones = [name for name in failed if name not in denied]
    everywhere = len(denied) == len(trials)
    parts = []
    if denied:
        where = "" if everywhere else f" in {formats.listing(denied)}"
        parts.append(f"No segments here{where}")
    if open_ones:
        where = formats.listing(open_ones)
        parts.append(
            f"in {where} it cannot be told"
            if denied
            else f"Whether there are segments in {where} cannot be told"
        )
    heading = "; ".join(parts)
    measured = Markup(", ").join(
        link(name, "trajectories.html", segmentation=name) for name in failed
    )
    text = Markup(
        "The evidence does not carry the groups, so they are only a way to cut the"
        " shop into parts. They carry no names, and nothing should be decided by"
        " them. What was measured: {}."
    ).format(measured)
    return [part("banner", heading=heading, text=text, kind="warning")]


def of_hidden_size(
    marts: PublishedMarts, rows: pd.DataFrame, month: str = "month"
) -> pd.Series:
    """Say of rows with a segment_id and a month whether its size then is hidden."""
    profiles = marts.read("marts.fct_segment_profiles")
    hidden = profiles.loc[~profiles["is_shown"], ["segment_id", "month"]]
    keys = pd.MultiIndex.from_frame(rows[["segment_id", month]])
    return pd.Series(keys.isin(pd.MultiIndex.from_frame(hidden)), rows.index)


def is_small(customers: float | None, smallest_cell: int) -> bool:
    """Say whether a cell has customers, but too few of them to be shown."""
    return not formats.is_missing(customers) and 0 < customers < smallest_cell
