"""Backtests: what forecasts said in the past, what came, and how often they held."""

from collections.abc import Iterable

import pandas as pd
from markupsafe import Markup

from dashboards import claims, formats, revenue, theme
from dashboards.published import PublishedMarts
from dashboards.revenue import COHORT, KEYS, PROPHET, PROPHETS, PUBLISHED, STOCK, Key
from dashboards.segmentations import TOTAL, Segments
from dashboards.template import Fragment, State, legend, part, table

# The last origins are shown, each in its own small chart.
MOST_ORIGINS = 6


class Backtests:
    """Draws what was said from months in the past beside what came."""

    def __init__(self, marts: PublishedMarts, segments: Segments) -> None:
        """Read the backtests, without what few customers spent."""
        frame = marts.read("marts.fct_forecast_backtests").sort_values("month")
        frame = _without_small(frame, revenue.read_history(marts))
        self._rows = revenue.rows_by(frame, [*KEYS, "model"])
        self._segments = segments
        self._few = formats.few(marts.smallest_cell)
        self._accuracy = _published_accuracy(marts)
        self._claims = marts.read("audit.rpt_claims").set_index("claim_id")
        self._counts = _calibrated(marts)

    def states(self, keys: list[Key]) -> dict[Key, State]:
        """Draw one state per definition, segmentation, segment and model."""
        return {values: self._state(values[:3], values[3]) for values in keys}

    def certificates(self, shown: list[Key]) -> Fragment:
        """Say in a sentence how often the published bands held what came."""
        states = {values: self._certificate(*values) for values in shown}
        return Fragment("certificate", states, ("definition", "segmentation"))

    def _certificate(self, definition: str, segmentation: str) -> Markup:
        row = self._accuracy.get((definition, segmentation))
        tested = self._counts.get((definition, segmentation), 0)
        if row is None or not tested or formats.is_missing(row.coverage_80):
            text = (
                "How often the bands hold was not measured: too few months have come"
                " since the first forecast."
            )
            return part("paragraph", text=text)
        text = (
            f"Of {formats.counted(tested, 'backtested month')},"
            f" {formats.share(row.coverage_80)} fell inside the 80 % band (promise"
            f" 80 %) and {formats.share(row.coverage_95)} inside the 95 % band (promise"
            " 95 %)."
        )
        identity = f"coverage-{definition}-{segmentation}"
        if identity not in self._claims.index:
            return part("paragraph", text=text)
        verdict = self._claims.loc[identity, "verdict"]
        return part("claim", verdict_text=claims.text(verdict), text=text, numbers="")

    def _state(self, series: Key, model: str) -> State:
        name = revenue.series_name(self._segments, series[0], series[2])
        label = "what was published"
        if model != PUBLISHED:
            label = revenue.model_name(model)
        origins = _by_origin(self._rows.get((*series, model), []))
        if not origins:
            return State(f"{name}: {label} was not tested on the past.")
        beside = {}
        if model == PUBLISHED:
            beside = _by_origin(self._rows.get((*series, PROPHET), []))
        chosen = _newest_complete(origins)
        rows = [row for month in chosen for row in origins[month]]
        scale = _scale(rows)
        is_beside = False
        figures = []
        for month in chosen:
            other = _prophet(origins[month], beside.get(month, []))
            is_beside |= bool(other)
            figures.append(_figure(origins[month], other, scale))
        return State(
            _title(name, label, [row for past in origins.values() for row in past]),
            figures,
            [_caption(origins[month][0], model) for month in chosen],
            legend=legend(_entries(is_beside)),
            note=self._note(rows),
        )

    def _note(self, rows: list) -> str:
        notes = []
        if any(_is_true(row.is_hindsight) for row in rows):
            notes.append(
                "In hindsight: the segments of that month were found later, with data"
                " that nobody had then."
            )
        if any(formats.is_missing(row.actual_amount) for row in rows):
            notes.append(f"Months with {self._few} customers are not drawn.")
        return " ".join(notes)


def _without_small(frame: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Leave out origins of few members, and blank what few of them spent.

    Whoever is in a segment at an origin are its members of that month.
    """
    is_known = history["revenue_amount"].notna()
    seen = {
        (row.segmentation, row.segment_id, row.month)
        for row in history[is_known & history["definition"].eq(STOCK)].itertuples()
    }

    def is_seen(column: str) -> pd.Series:
        places = frame[["segmentation", "segment_id", column]]
        found = [place in seen for place in places.itertuples(index=False, name=None)]
        return pd.Series(found, frame.index, dtype=bool)

    came = frame["definition"].eq(COHORT) | is_seen("month")
    actual = frame["actual_amount"].where(came)
    return frame.assign(actual_amount=actual)[is_seen("origin_month")]


def _calibrated(marts: PublishedMarts) -> dict[Key, int]:
    """Count the months whose published bands came from errors known before."""
    frame = marts.read("marts.fct_forecast_backtests")
    counted = frame[frame["model"].eq(PUBLISHED) & frame["is_calibrated"].eq(True)]
    return counted.groupby(KEYS[:2]).size().to_dict()


def _published_accuracy(marts: PublishedMarts) -> dict[Key, object]:
    accuracy = marts.read("marts.rpt_forecast_accuracy")
    rows = revenue.rows_by(accuracy[accuracy["model"] == PUBLISHED], KEYS[:2])
    return {values: found[0] for values, found in rows.items()}


def _by_origin(rows: list) -> dict[pd.Timestamp, list]:
    origins: dict[pd.Timestamp, list] = {}
    for row in rows:
        origins.setdefault(row.origin_month, []).append(row)
    return origins


def _newest_complete(origins: dict[pd.Timestamp, list]) -> list[pd.Timestamp]:
    """Choose the newest origins all of whose months have come, then others."""
    longest = max(len(rows) for rows in origins.values())
    ranked = sorted(origins, key=lambda month: (len(origins[month]) == longest, month))
    return sorted(ranked[-MOST_ORIGINS:])


def _prophet(rows: list, beside: list) -> list:
    """Keep Prophet's rows of an origin, unless a Prophet was published from it."""
    return [] if rows[0].chosen_model in PROPHETS else beside


def _scale(rows: list) -> dict:
    """Give all small charts of a state one vertical scale."""
    amounts = [
        amount
        for row in rows
        for amount in (row.upper_80_amount, row.forecast_amount, row.actual_amount)
        if not formats.is_missing(amount)
    ]
    return {"range": [0, round(1.05 * max(amounts))]} if max(amounts, default=0) else {}


def _figure(rows: list, beside: list, scale: dict) -> theme.Figure:
    traces = [
        *revenue.bands(rows, (80,)),
        *([revenue.thin_line(beside, "Prophet")] if beside else []),
        revenue.line(rows, "Said"),
        revenue.dots(rows, "actual_amount", "Came"),
    ]
    return theme.figure(
        traces,
        y="Revenue per month (amount)",
        height=230,
        xaxis={**theme.MONTHS, "nticks": 4},
        yaxis=scale,
    )


def _caption(row: object, model: str) -> str:
    words = f"Known until {formats.month(row.origin_month)}"
    if model == PUBLISHED and not formats.is_missing(row.chosen_model):
        words += f": {revenue.model_name(row.chosen_model)}"
    return words + (", in hindsight" if _is_true(row.is_hindsight) else "")


def _title(name: str, label: str, rows: list) -> str:
    told = [
        row
        for row in rows
        if not formats.is_missing(row.actual_amount)
        and not formats.is_missing(row.forecast_amount)
    ]
    came = sum(abs(row.actual_amount) for row in told)
    if not came:
        return f"{name}: what it said before, and what came"
    error = sum(abs(row.forecast_amount - row.actual_amount) for row in told)
    months = formats.counted(len(told), "backtested month")
    off = formats.share(error / came)
    return f"{name}: {label} was off by {off} of revenue in {months}"


def _entries(is_beside: bool) -> list[tuple[str, theme.Mark, str]]:
    entries = [
        ("what it said", theme.MEASURED, "line"),
        ("80 % band", theme.MEASURED, "band"),
        ("what came", theme.Mark(theme.INK), "dots"),
    ]
    return entries + [("beside it, Prophet", revenue.BESIDE, "line")] * is_beside


def _is_true(value: object) -> bool:
    return not formats.is_missing(value) and bool(value)


HEADERS = [
    "Model",
    "Months tested",
    "MASE",
    "Against the plain mean",
    "Margin",
    "sMAPE",
    "In the 80 % band",
    "In the 95 % band",
    "Interval score (80 %)",
    "Interval score (95 %)",
    "In its own 80 % band",
    "Own interval score (80 %)",
]
MEASURES = (
    "MASE: the error, where 1 is that of a forecast that the last known month goes on."
    " sMAPE: the error as a share of revenue, between 0 and 2. Interval score: the"
    " width of the band and a fine for every month outside, in units of the usual"
    " change from month to month. For all of them, smaller is better. Bands are"
    " measured where past errors were known to calibrate them; its own band is the one"
    " that a model gives by itself. Against the plain mean is the difference in MASE on"
    " the same months; a model is published in place of the plain mean when it is"
    " better by more than the margin."
)


def accuracy(marts: PublishedMarts, shown: list[Key]) -> Fragment:
    """List how each model did in the past, what was published first."""
    measured = marts.read("marts.rpt_forecast_accuracy").sort_values(["mase", "model"])
    rows = revenue.rows_by(measured, KEYS[:2])
    states = {values: _measured(rows.get(values, []), *values) for values in shown}
    return Fragment("accuracy", states, ("definition", "segmentation"))


def _measured(rows: Iterable, definition: str, segmentation: str) -> Markup:
    if not rows:
        return part("paragraph", text="Accuracy has not been measured yet.")
    rows = sorted(rows, key=lambda row: row.model != PUBLISHED)
    about = "all customers" if segmentation == TOTAL else f"segments of {segmentation}"
    caption = (
        f"Measured on the past, {about}, revenue of"
        f" {revenue.definition_name(definition).lower()}; the model that is published"
        " now is marked ●"
    )
    said = [
        f"{revenue.model_name(row.model)}: {row.decision}"
        for row in sorted(rows, key=lambda row: revenue.model_place(row.model))
        if row.model != PUBLISHED and not formats.is_missing(row.decision)
    ]
    listing = table(caption, HEADERS, [_row(row) for row in rows], is_stacked=True)
    return listing + part("explained", text=MEASURES, summary=SUMMARY, said=said)


SUMMARY = "What was decided of each model"


def _row(row: object) -> list[str]:
    name = "What was published"
    if row.model != PUBLISHED:
        name = revenue.model_name(row.model) + (" ●" if _is_true(row.is_winner) else "")
    return [
        name,
        formats.count(row.backtests),
        formats.decimal(row.mase, 3),
        formats.signed(row.mase_difference, 3),
        formats.decimal(row.margin, 3),
        formats.decimal(row.smape, 3),
        formats.share(row.coverage_80),
        formats.share(row.coverage_95),
        formats.decimal(row.interval_score_80),
        formats.decimal(row.interval_score_95),
        formats.share(row.own_coverage_80),
        formats.decimal(row.own_interval_score_80),
    ]
