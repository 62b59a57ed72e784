"""What several pages need to know of segmentations, segments and trials."""

import re

import pandas as pd
from markupsafe import Markup

from dashboards import formats, theme
from dashboards.published import PublishedMarts
from dashboards.template import Control, part

ORDER = ("lifecycle", "rhythm", "value", "behaviour")
TOTAL = "total"
_GROUP_NAME = re.compile(r"Group \d+")


def ordered(names: set[str] | pd.Series) -> list[str]:
    """Sort segmentations: the built-in ones in their usual order, then others."""
    found = {str(name) for name in names if not formats.is_missing(name)}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def control(names: list[str], label: str = "Segmentation") -> Control:
    """Build the segmentation switch; `names` must not be empty."""
    options = [(name, formats.words(name)) for name in names]
    return Control("segmentation", label, "radio", options, names[0])


class Segments:
    """Names, marks and order of all segments, by segment_id."""

    def __init__(self, marts: PublishedMarts) -> None:
        """Read dim_segments; an id with several versions keeps its last row."""
        frame = marts.read("marts.dim_segments")
        frame["is_stage"] = frame["stage"].fillna("active") != "active"
        frame = frame.sort_values(
            ["segmentation", "is_stage", "segment_number", "segment_id"]
        ).drop_duplicates("segment_id", keep="last")
        self.frame = frame.reset_index(drop=True)
        named = frame["persona"].notna()
        self._shared = set(
            frame.loc[
                named & frame.duplicated(["segmentation", "persona"], keep=False),
                "segment_id",
            ]
        )
        self._rows = {row.segment_id: row for row in self.frame.itertuples()}
        self._places = {identity: place for place, identity in enumerate(self._rows)}

    def of(self, segmentation: str) -> list[str]:
        """List the segment ids of a segmentation: clusters first, then stages."""
        rows = self.frame[self.frame["segmentation"] == segmentation]
        return list(rows["segment_id"])

    def row(self, segment_id: str) -> object | None:
        """Find the row of dim_segments, or None for an id it does not know."""
        return self._rows.get(segment_id)

    def name(self, segment_id: str) -> str:
        """Name a segment by its persona, or by its id where it has none.

        Segments that share a persona get their number too.
        """
        row = self._rows.get(segment_id)
        if row is None or formats.is_missing(row.persona):
            return formats.words(segment_id)
        if segment_id in self._shared:
            return f"{row.persona} ({row.segment_number})"
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
        row = self._rows.get(segment_id)
        return (
            self.has_no_name(segment_id)
            and not formats.is_missing(row.persona)
            and not _GROUP_NAME.fullmatch(str(row.persona))
        )

    def has_no_name(self, segment_id: str) -> bool:
        """Say whether the evidence was too weak for a persona."""
        row = self._rows.get(segment_id)
        return (
            row is not None
            and not row.is_stage
            and not formats.is_missing(row.is_persona_earned)
            and not row.is_persona_earned
        )


def shown_trials(marts: PublishedMarts) -> pd.DataFrame:
    """Read one trial per segmentation, metric and k.

    Where several candidates share a metric, one is shown for all k: that of the
    chosen trial, else that of the highest silhouette.
    """
    trials = marts.read("marts.fct_segmentation_trials")
    trials["is_chosen"] = trials["is_chosen"].eq(True)
    candidate = ["segmentation", "metric", "representation", "smoothing_steps", "band"]
    trials = trials.sort_values(
        ["segmentation", "metric", "is_chosen", "silhouette"],
        ascending=[True, True, False, False],
        na_position="last",
    )
    shown = trials.drop_duplicates(["segmentation", "metric"])[candidate]
    return trials.merge(shown, on=candidate).sort_values(
        ["segmentation", "metric", "k"], ignore_index=True
    )


def of_shown_trials(marts: PublishedMarts, mart: str) -> pd.DataFrame:
    """Read the rows of a mart that belong to the trials of `shown_trials`."""
    rows = marts.read(mart)
    shown = shown_trials(marts)["segmentation_trial_id"]
    return rows[rows["segmentation_trial_id"].isin(shown)]


def deciding_trials(marts: PublishedMarts) -> pd.DataFrame:
    """Read the trial that speaks for each segmentation, indexed by segmentation.

    That is the chosen one; where none was chosen, the one with the highest
    silhouette.
    """
    trials = marts.read("marts.fct_segmentation_trials")
    trials["is_chosen"] = trials["is_chosen"].eq(True)
    trials = trials.sort_values(
        ["segmentation", "is_chosen", "silhouette"],
        ascending=[True, False, False],
        na_position="last",
    )
    return trials.drop_duplicates("segmentation").set_index("segmentation")


def null_comparison(trial: object) -> str:
    """Compare a trial's silhouette with that of shuffled customers, in words."""
    if formats.is_missing(trial.null_silhouette):
        return "the silhouette was not compared with that of shuffled customers."
    chance = (
        ""
        if formats.is_missing(trial.null_p_value)
        else f" (p = {formats.decimal(trial.null_p_value, 3)})"
    )
    return (
        f"the silhouette is {formats.decimal(trial.silhouette, 3)}; customers with"
        f" shuffled orders give {formats.decimal(trial.null_silhouette, 3)}{chance}."
    )


def structure_banner(marts: PublishedMarts) -> list[Markup]:
    """Build the banner that says where the null test finds no structure."""
    trials = deciding_trials(marts)
    failed = [
        name
        for name in ordered(set(trials.index))
        if not formats.is_missing(trials.loc[name, "has_structure"])
        and not trials.loc[name, "has_structure"]
    ]
    if not failed:
        return []
    everywhere = len(failed) == len(trials)
    heading = (
        "No segments here"
        if everywhere
        else f"No segments here in {formats.listing(failed)}"
    )
    numbers = " ".join(
        f"In {name}: {null_comparison(trials.loc[name])}" for name in failed
    )
    text = (
        "Customers are no more alike than customers whose orders were shuffled at"
        " random, so the groups are only a way to cut the shop into parts. They"
        f" carry no names, and nothing should be decided by them. {numbers}"
    )
    return [part("banner", heading=heading, text=text, kind="warning")]


def is_small(customers: float | None, smallest_cell: int) -> bool:
    """Say whether a cell has customers, but too few of them to be shown."""
    return not formats.is_missing(customers) and 0 < customers < smallest_cell
