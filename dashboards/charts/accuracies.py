"""Accuracy: how well the models forecast past months, and how often bands held."""

from collections.abc import Callable

from markupsafe import Markup
from trajectories.dashboards.charts import claims, revenue
from trajectories.dashboards.charts.revenue import KEYS, PUBLISHED, Key
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, part, table
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import TOTAL

CONTROLS = tuple(KEYS[:2])
ERROR_HEADERS = [
    "Model",
    "Months tested",
    "MASE",
    "Of what was published, same months",
    "Against the weighted mean",
    "Margin",
    "sMAPE",
]
BAND_HEADERS = [
    "Model",
    "In the 80 % band",
    "In the 95 % band",
    "Interval score (80 %)",
    "Interval score (95 %)",
    "In its own 80 % band",
    "Own interval score (80 %)",
]
ERRORS = (
    "MASE is the error, where 1 is the usual change from one month to the next; sMAPE"
    " is the error as a share of revenue, between 0 and 2: smaller is better. Against"
    " the weighted mean is the difference in MASE on the same months: a model takes the"
    " place of the weighted mean when it is better by more than the margin, which is"
    " what chance explains."
)
BANDS = (
    "Interval score: the width of a band and a fine for every month outside, in units"
    " of the usual change from one month to the next; smaller is better. Its own band"
    " is the one that a model gives by itself. Only months are counted whose bands"
    " could be calibrated on errors known before."
)
BANDS_CAPTION = "Bands of the same models, calibrated and their own"


class Accuracies:
    """What was measured of each model, by definition and segmentation."""

    def __init__(self, marts: PublishedMarts, models: revenue.ForecastModels) -> None:
        """Read the measures and the claims made of them."""
        measured = marts.read("marts.rpt_forecast_accuracy")
        # Models are set in order by what they add to the error on the same months.
        added = measured["mase"] - measured["published_mase"].fillna(measured["mase"])
        measured = measured.assign(added=added).sort_values(["added", "model"])
        self._models = models
        self._rows = revenue.rows_by(measured, KEYS[:2])
        self._claims = {
            claim.claim_id: claim
            for claim in marts.read("audit.rpt_claims").itertuples()
        }

    def certificates(self, shown: list[Key]) -> Fragment:
        """Say in a sentence how often the bands of a model held what came.

        Args:
            shown: definition, segmentation and model.
        """
        states = {values: self._certificate(values[:2], values[2]) for values in shown}
        return Fragment("certificate", states, (*CONTROLS, "model"))

    def errors(self, shown: list[Key]) -> Fragment:
        """List the errors of each model, what is claimed of them, and decided."""
        states = {values: self._errors(values) for values in shown}
        return Fragment("accuracy", states, CONTROLS)

    def bands(self, shown: list[Key]) -> Fragment:
        """List how good the bands of each model were."""
        states = {
            values: self._measured(BANDS_CAPTION, BAND_HEADERS, rows, _bands, BANDS)
            for values in shown
            if (rows := self._listed(values))
        }
        return Fragment("bands", states, CONTROLS)

    def _certificate(self, values: Key, model: str) -> Markup:
        rows = [row for row in self._listed(values) if row.model == model]
        if not rows or formats.is_missing(rows[0].coverage_80):
            text = (
                "How often the bands hold was not measured: too few months have come"
                " since the first forecast."
            )
            return part("paragraph", text=text)
        row = rows[0]
        months = formats.counted(row.calibrated_backtests, "backtested month")
        whose = "" if model == PUBLISHED else f" of {self._models.name(model)}"
        texts = [
            f"Of {months}{whose}, {formats.share(row.coverage_80)} fell inside the 80 %"
            " band (promise 80 %).",
            f"{formats.share(row.coverage_95)} fell inside the 95 % band"
            " (promise 95 %).",
        ]
        # What is claimed is claimed of what was published.
        kinds = ["coverage", "coverage95"] if model == PUBLISHED else [None, None]
        said = [
            (self._verdict(kind, values), text)
            for kind, text in zip(kinds, texts, strict=True)
        ]
        return part("certificate", said=said)

    def _verdict(self, kind: str | None, values: Key) -> str:
        claim = self._claims.get("-".join((str(kind), *values)))
        return "" if claim is None else claims.text(claim.verdict)

    def _listed(self, values: Key) -> list:
        rows = self._rows.get(values, [])
        return sorted(rows, key=lambda row: row.model != PUBLISHED)

    def _errors(self, values: Key) -> Markup:
        rows = self._listed(values)
        if not rows:
            return part("paragraph", text="Accuracy has not been measured yet.")
        note = f"{ERRORS}{_hindsight(rows)}"
        said = [
            row.decision
            for row in sorted(rows, key=lambda row: self._models.place(row.model))
            if not formats.is_missing(row.decision)
        ]
        return (
            self._claimed(values)
            + self._measured(_caption(*values), ERROR_HEADERS, rows, _errors, note)
            + part("folded", summary="What was decided of each model", items=said)
            + part(
                "folded",
                summary="What each model does",
                items=self._models.explained({row.model for row in rows} - {PUBLISHED}),
            )
        )

    def _claimed(self, values: Key) -> Markup:
        kinds = ("mean", "prophet", "width")
        names = ["-".join((kind, *values)) for kind in kinds]
        return Markup("").join(
            claims.sentence(self._claims[name])
            for name in names
            if name in self._claims
        )

    def _measured(
        self,
        caption: str,
        headers: list[str],
        rows: list,
        measures: Callable[[object], list[str]],
        note: str,
    ) -> Markup:
        """Lay out measures of each model, explained below."""
        body = [[self._name(row), *measures(row)] for row in rows]
        listing = table(caption, headers, body, is_stacked=True)
        return part("explained", content=listing, text=note)

    def _name(self, row: object) -> str:
        if row.model == PUBLISHED:
            return "What was published"
        mark = " ●" if revenue.is_true(row.is_winner) else ""
        return self._models.name(row.model) + mark


def _caption(definition: str, segmentation: str) -> str:
    about = "all customers" if segmentation == TOTAL else f"segments of {segmentation}"
    return (
        f"Errors in the past, {about}, revenue of"
        f" {revenue.definition_name(definition).lower()}; the model that is published"
        " now is marked ●"
    )


def _hindsight(rows: list) -> str:
    """Say how many months do not count, for they are seen in hindsight."""
    seen = rows[0].hindsight_backtests
    if formats.is_missing(seen) or not seen:
        return ""
    return (
        f" Left out: {formats.counted(seen, 'month')} seen in hindsight, whose segments"
        " were found later, with data that nobody had then."
    )


def _errors(row: object) -> list[str]:
    return [
        formats.count(row.backtests),
        formats.decimal(row.mase, 3),
        formats.decimal(row.published_mase, 3),
        formats.signed(row.mase_difference, 3),
        formats.decimal(row.margin, 3),
        formats.decimal(row.smape, 3),
    ]


def _bands(row: object) -> list[str]:
    return [
        formats.share(row.coverage_80),
        formats.share(row.coverage_95),
        formats.decimal(row.interval_score_80),
        formats.decimal(row.interval_score_95),
        formats.share(row.own_coverage_80),
        formats.decimal(row.own_interval_score_80),
    ]
