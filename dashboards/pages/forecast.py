"""Forecast: what each segment and the shop will earn, and how far to trust it."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import (
    accuracies,
    backtests,
    forecast_views,
    revenue,
)
from trajectories.dashboards.charts.revenue import (
    COHORT,
    KEYS,
    PROPHET,
    PROPHETS,
    PUBLISHED,
    Key,
)
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Control,
    Fragment,
    Page,
    Section,
    State,
    legend,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import TOTAL, Segments
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "forecast.html", "Forecast"
CONTROLS = (*KEYS[:2], "segment", "model")
ALL_CUSTOMERS = "All customers"
MASE = "MASE is the error, where 1 is the usual change from one month to the next."
NO_PROPHET = "Prophet forecasts nothing here: it needs more months with revenue."
UNCALIBRATED = (
    "The bands are a first guess: too few forecasts of the past have come due to"
    " calibrate them on their errors."
)


def build(shop: Shop) -> Page:
    """Build the forecast page."""
    marts = shop.marts
    segments = Segments(marts)
    forecasts = marts.read("marts.fct_revenue_forecasts").dropna(subset=KEYS)
    if forecasts.empty:
        return Page(FILE, TITLE, "No forecast has been made yet.", [])
    models = revenue.ForecastModels(marts)
    series = _series(marts, forecasts, segments, models)
    if not series:
        sentence = f"No segment can be shown. {formats.hidden(marts.smallest_cell)}"
        return Page(FILE, TITLE, sentence, [])
    keys = [(*values, model) for values, models in series.items() for model in models]
    shown = list(dict.fromkeys(values[:2] for values in series))
    certified = list(dict.fromkeys((*values[:2], values[3]) for values in keys))
    drawn = _Forecasts(marts, forecasts, segments, models)
    past = backtests.Backtests(marts, segments, models)
    measured = accuracies.Accuracies(marts, models)
    names = list(dict.fromkeys(name for _, name in shown))
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "Revenue of the coming months, for all customers and for each segment. The"
            " bands say where it will be with 80 and 95 per cent confidence; how often"
            " that was true of past months is said below."
        ),
        banners=segmentations.structure_banner(marts),
        controls=_controls(keys, segments, models),
        sections=[
            Section(
                "What is expected",
                [
                    _definitions(forecasts, shown),
                    Chart("forecast", drawn.states(keys), CONTROLS),
                    Fragment("decision", drawn.decisions(series), CONTROLS[:3]),
                ],
                is_wide=True,
            ),
            Section(
                "What it said before, and what came",
                [
                    measured.certificates(certified),
                    Chart("backtests", past.states(keys), CONTROLS, columns=3),
                ],
                "Each small chart takes one month in the past as its last known month,"
                " forecasts from there, and sets beside it what came. Today's members"
                " are then those of that month.",
                is_wide=True,
            ),
            Section(
                "How accurate is each model?",
                [measured.errors(shown), measured.bands(shown)],
                is_wide=True,
            ),
            *forecast_views.sections(marts, segments, names),
        ],
        available=keys,
    )


def _series(
    marts: PublishedMarts,
    forecasts: pd.DataFrame,
    segments: Segments,
    named: revenue.ForecastModels,
) -> dict[Key, list[str]]:
    """List what can be chosen: all customers first, then segments in use.

    Segments whose size is hidden today are left out. The models of a series that is not
    forecast are those that were tried, if any.
    """
    profiles = marts.read("marts.fct_segment_profiles")
    latest = profiles.sort_values("month").drop_duplicates("segment_id", keep="last")
    small = set(latest.loc[~latest["is_shown"], "segment_id"])
    told = forecasts[forecasts["forecast_amount"].notna()]
    models = {values: set(rows["model"]) for values, rows in told.groupby(KEYS)}
    found = {
        values
        for values in forecasts[KEYS].itertuples(index=False, name=None)
        if values[2] not in small and segments.is_in_use(values[2])
    }
    names = segmentations.ordered(marts, {name for _, name, _ in found})
    names.sort(key=lambda name: name != TOTAL)

    def place(values: Key) -> tuple:
        definition, name, identity = values
        return (
            definition != COHORT,
            definition,
            names.index(name),
            segments.place(identity),
            identity,
        )

    return {
        values: [
            PUBLISHED,
            *sorted(models.get(values, ()), key=named.place),
        ]
        for values in sorted(found, key=place)
    }


def _controls(
    keys: list[Key], segments: Segments, named: revenue.ForecastModels
) -> list[Control]:
    definitions, names, identities, models = (
        list(dict.fromkeys(values)) for values in zip(*keys, strict=True)
    )
    models.sort(key=lambda model: (model != PUBLISHED, named.place(model)))
    return [
        Control(
            "definition",
            "Revenue of",
            "radio",
            [(name, revenue.definition_name(name)) for name in definitions],
            definitions[0],
        ),
        Control(
            "segmentation",
            "Segmentation",
            "radio",
            [
                (name, ALL_CUSTOMERS if name == TOTAL else formats.words(name))
                for name in names
            ],
            names[0],
        ),
        Control(
            "segment",
            "Segment",
            "select",
            [
                (i, ALL_CUSTOMERS if i == TOTAL else segments.name(i))
                for i in identities
            ],
            identities[0],
        ),
        Control(
            "model",
            "Model",
            "select",
            [
                (m, "Published model" if m == PUBLISHED else named.name(m))
                for m in models
            ],
            PUBLISHED,
        ),
    ]


def _definitions(forecasts: pd.DataFrame, shown: list[Key]) -> Fragment:
    """Say which revenue is shown, and whether newcomers are in it."""
    today = forecasts["month"].min() - pd.DateOffset(months=1)
    states = {
        (definition, name): part(
            "paragraph", text=_definition(definition, name == TOTAL, today)
        )
        for definition, name in shown
    }
    return Fragment("definition", states, CONTROLS[:2])


def _definition(definition: str, is_total: bool, today: pd.Timestamp) -> str:
    end = f"the end of {formats.month(today)}"
    if definition == COHORT and is_total:
        return (
            f"Shown is the revenue of today's customers, all who were known at {end}."
            " Customers who come later are not in it."
        )
    if definition == COHORT:
        return (
            "Shown is the revenue of today's members, the customers who were in the"
            f" segment at {end}, wherever they go later. Newcomers are not in it."
        )
    if is_total:
        return "Shown is the revenue of the whole shop. Newcomers are in it."
    return (
        "Shown is the revenue of whoever is in the segment in each month. Newcomers and"
        " customers who move in are in it; those who have left are not."
    )


class _Forecasts:
    """Draws history and forecast of each series for each model."""

    def __init__(
        self,
        marts: PublishedMarts,
        forecasts: pd.DataFrame,
        segments: Segments,
        models: revenue.ForecastModels,
    ) -> None:
        self._history = revenue.rows_by(revenue.read_history(marts), KEYS)
        self._forecasts = revenue.rows_by(
            forecasts.sort_values("month"), [*KEYS, "model"]
        )
        self._published = revenue.rows_by(
            forecasts[forecasts["is_published"].eq(True)].sort_values("month"), KEYS
        )
        self._reasons = {
            values: rows[0].reason
            for values, rows in revenue.rows_by(
                forecasts.dropna(subset=["reason"]), KEYS
            ).items()
        }
        self._segments = segments
        self._models = models
        self._hidden = formats.hidden(marts.smallest_cell)

    def states(self, keys: list[Key]) -> dict[Key, State]:
        """Draw one state per definition, segmentation, segment and model."""
        return {values: self._state(values[:3], values[3]) for values in keys}

    def decisions(self, series: dict[Key, list[str]]) -> dict[Key, Markup]:
        """Say in words which model is published for each series, and why."""
        return {values: self._decision(values) for values in series}

    def _state(self, series: Key, model: str) -> State:
        published = _with_amounts(self._published.get(series, []))
        shown = published
        if model != PUBLISHED:
            shown = _with_amounts(self._forecasts.get((*series, model), []))
        name = revenue.series_name(self._segments, series[0], series[2])
        if not shown:
            return State(f"{name}: no forecast is published. {self._reason(series)}")
        beside = published
        if model == PUBLISHED:
            beside = _with_amounts(self._forecasts.get((*series, PROPHET), []))
        if beside and beside[0].model in {shown[0].model, *_prophets(shown, model)}:
            beside = []
        return self._drawn(name, self._history.get(series, []), shown, beside)

    def _drawn(self, name: str, history: list, shown: list, beside: list) -> State:
        label = self._models.name(shown[0].model)
        traces = [
            *revenue.bands(shown),
            revenue.dots(history, "revenue_amount", "Revenue"),
            revenue.line(shown, label),
        ]
        entries = [
            ("revenue so far", theme.Mark(theme.INK), "dots"),
            (f"forecast, {label}", theme.MEASURED, "line"),
            ("80 % band (dark) and 95 % band (light)", theme.MEASURED, "band"),
        ]
        if beside:
            other = self._models.name(beside[0].model)
            traces.append(revenue.thin_line(beside, other))
            entries.append((f"beside it, {other}", revenue.BESIDE, "line"))
        drawn = theme.figure(
            traces, y="Revenue per month (amount)", height=380, xaxis=theme.MONTHS
        )
        notes = []
        if not revenue.is_true(shown[0].is_calibrated):
            notes.append(UNCALIBRATED)
        hidden = sum(formats.is_missing(row.revenue_amount) for row in history)
        if hidden:
            months = formats.counted(hidden, "month")
            notes.append(f"Not drawn: {months}. {self._hidden}")
        return State(
            _forecast_title(name, label, shown),
            [drawn],
            legend=legend(entries),
            note=" ".join(notes),
        )

    def _decision(self, series: Key) -> Markup:
        rows = self._published.get(series, [])
        if not rows:
            return part("paragraph", text=self._reason(series))
        first = rows[0]
        others = [model for model in PROPHETS if model != first.model]
        tried = [self._forecasts.get((*series, model)) for model in others]
        said = [first.decision, *(found[0].decision for found in tried if found)]
        if PROPHET in others and not tried[0]:
            said.append(NO_PROPHET)
        label = self._models.name(first.model)
        return part(
            "decision",
            text=_sentences(f"Published: {label}.", first.reason),
            said=[text for text in said if not formats.is_missing(text)],
            note=MASE,
        )

    def _reason(self, series: Key) -> str:
        return self._reasons.get(series, "No reason was given.")


def _prophets(shown: list, model: str) -> tuple[str, ...]:
    """List the models that make Prophet beside the published model superfluous."""
    is_prophet = model == PUBLISHED and shown[0].model in PROPHETS
    return PROPHETS if is_prophet else ()


def _with_amounts(rows: list) -> list:
    """Keep the rows that say something; a refusal has a reason, but no amount."""
    return [row for row in rows if not formats.is_missing(row.forecast_amount)]


def _sentences(*texts: str | None) -> str:
    return " ".join(str(text) for text in texts if not formats.is_missing(text))


def _forecast_title(name: str, label: str, shown: list) -> str:
    first, last = shown[0], shown[-1]
    total = sum(row.forecast_amount for row in shown)
    title = (
        f"{name}: {formats.amount(total)} expected from {formats.month(first.month)} to"
        f" {formats.month(last.month)} ({label})"
    )
    ends = first.lower_80_amount, first.upper_80_amount
    if any(map(formats.is_missing, ends)) or ends[0] == ends[1]:
        return title
    return (
        f"{title}; {formats.month(first.month)} between"
        f" {formats.amount(ends[0])} and {formats.amount(ends[1])} (80 %)"
    )
