"""Forecast: what revenue is expected, how far to trust it, and a second view."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import accuracies, backtests, revenue
from trajectories.dashboards.charts.revenue import (
    COHORT,
    KEYS,
    PROPHET,
    PROPHETS,
    PUBLISHED,
    Key,
)
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    fitting,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import TOTAL
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links, views

CONTROLS = (*KEYS[:2], "segment", "model")
ALL_CUSTOMERS = "All customers"
MASE = "MASE is the error, where 1 is the usual change from one month to the next."
NO_PROPHET = "Prophet forecasts nothing here: it needs more months with revenue."
UNCALIBRATED = (
    "The bands are a first guess: too few forecasts of the past have come due to"
    " calibrate them on their errors."
)
ORIGINS = (
    "What it said before, and what came: each small chart takes one month in the past"
    " as its last known month, forecasts from there, and sets beside it what came."
    " Today's members are then those of that month."
)


def what_is_expected(shop: Shop) -> Section | None:
    """Draw history and forecast; what speaks for and against it stands behind it."""
    series = shop.once(_series)
    if not series:
        return None
    keys = [(*values, model) for values, models in series.items() for model in models]
    shown = list(dict.fromkeys(values[:2] for values in series))
    certified = list(dict.fromkeys((*values[:2], values[3]) for values in keys))
    models = shop.once(_models)
    drawn = _Forecasts(shop)
    past = backtests.Backtests(shop.marts, shop.segments, models)
    measured = accuracies.Accuracies(shop.marts, models)
    return Section(
        "What is expected",
        [
            _definitions(shop, shown),
            Chart("forecast", drawn.states(keys), CONTROLS),
            measured.certificates(certified),
        ],
        is_wide=True,
        proof=[
            Fragment("decision", drawn.decisions(series), CONTROLS[:3]),
            Fragment("origins", {(): part("paragraph", text=ORIGINS)}),
            Chart("backtests", past.states(keys), CONTROLS, columns=3),
            measured.errors(shown),
            measured.bands(shown),
        ],
        choices=_choices(shop, keys),
        # Of all that is on the page, a model changes this section alone.
        own=CONTROLS[3:],
    )


def two_views(shop: Shop) -> Section | None:
    """Set two ways to tell the same months beside each other."""
    names = dict.fromkeys(name for _, name, _ in shop.once(_series))
    return views.section(shop, [name for name in names if name != TOTAL])


def is_made(shop: Shop) -> bool:
    """Say whether there is any forecast, shown or not."""
    return not _forecasts(shop).empty


def _forecasts(shop: Shop) -> pd.DataFrame:
    return shop.read("marts.fct_revenue_forecasts").dropna(subset=KEYS)


def _models(shop: Shop) -> revenue.ForecastModels:
    return revenue.ForecastModels(shop.marts)


def _series(shop: Shop) -> dict[Key, list[str]]:
    """List what can be chosen: all customers first, then segments in use.

    Segments whose size is hidden today are left out. The models of a series that is not
    forecast are those that were tried, if any.
    """
    forecasts, segments = _forecasts(shop), shop.segments
    profiles = shop.read("marts.fct_segment_profiles")
    latest = profiles.sort_values("month").drop_duplicates("segment_id", keep="last")
    small = set(latest.loc[~latest["is_shown"], "segment_id"])
    told = forecasts[forecasts["forecast_amount"].notna()]
    models = {values: set(rows["model"]) for values, rows in told.groupby(KEYS)}
    found = {
        values
        for values in forecasts[KEYS].itertuples(index=False, name=None)
        if values[2] not in small and segments.is_in_use(values[2])
    }
    names = segmentations.ordered(shop.marts, {name for _, name, _ in found})
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
            *sorted(models.get(values, ()), key=shop.once(_models).place),
        ]
        for values in sorted(found, key=place)
    }


def _choices(shop: Shop, keys: list[Key]) -> Choices:
    named, segments = shop.once(_models), shop.segments
    definitions, names, identities, models = (
        list(dict.fromkeys(values)) for values in zip(*keys, strict=True)
    )
    models.sort(key=lambda model: (model != PUBLISHED, named.place(model)))
    options = {
        "definition": [(it, revenue.definition_name(it)) for it in definitions],
        "segmentation": [
            (it, ALL_CUSTOMERS if it == TOTAL else formats.words(it)) for it in names
        ],
        "segment": [
            (it, ALL_CUSTOMERS if it == TOTAL else segments.name(it))
            for it in identities
        ],
        "model": [
            (it, "Published model" if it == PUBLISHED else named.name(it))
            for it in models
        ],
    }
    controls = [
        Control(name, label, kind, options[name], options[name][0][0])
        for name, label, kind in (
            ("definition", "Revenue of", "radio"),
            ("segmentation", "Segmentation", "radio"),
            ("segment", "Segment", "select"),
            ("model", "Model", "select"),
        )
    ]
    return Choices(controls, keys)


# -- Which revenue ---------------------------------------------------------------


def _definitions(shop: Shop, shown: list[Key]) -> Fragment:
    """Say which revenue is shown, and whether newcomers are in it."""
    today = _forecasts(shop)["month"].min() - pd.DateOffset(months=1)
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


# -- History and forecast --------------------------------------------------------


class _Forecasts:
    """Draws history and forecast of each series for each model."""

    def __init__(self, shop: Shop) -> None:
        forecasts = _forecasts(shop)
        self._history = revenue.rows_by(revenue.read_history(shop.marts), KEYS)
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
        self._shop = shop
        self._models = shop.once(_models)

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
        name = revenue.series_name(self._shop.segments, series[0], series[2])
        if not shown:
            return State(f"{name}: no forecast is published. {self._reason(series)}")
        beside = published
        if model == PUBLISHED:
            beside = _with_amounts(self._forecasts.get((*series, PROPHET), []))
        if beside and beside[0].model in {shown[0].model, *_prophets(shown, model)}:
            beside = []
        history = self._history.get(series, [])
        label = self._models.name(shown[0].model)
        other = self._models.name(beside[0].model) if beside else ""
        title = _title(name, shown)
        return State(
            title,
            [revenue.figure(history, (shown, label), (beside, other))],
            note=links.joined(*self._notes(series, history, shown)),
            subtitle=_subtitle("" if name in title else name, label, shown),
        )

    def _notes(self, series: Key, history: list, shown: list) -> list[str | Markup]:
        notes = []
        if not revenue.is_true(shown[0].is_calibrated):
            notes.append(UNCALIBRATED)
        hidden = sum(formats.is_missing(row.revenue_amount) for row in history)
        if hidden:
            months = formats.counted(hidden, "month")
            notes.append(
                f"Not drawn: {months}. {formats.hidden(self._shop.smallest_cell)}"
            )
        who = links.to_segment(self._shop, "Who is in it", *series[1:])
        return [*notes, who + "." if who else ""]

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


def _title(name: str, shown: list) -> str:
    months = formats.month(shown[0].month), formats.month(shown[-1].month)
    total = formats.amount(sum(row.forecast_amount for row in shown))
    expected = f"{total} expected from {' to '.join(dict.fromkeys(months))}"
    return fitting(f"{name}: {expected}", expected)


def _subtitle(name: str, label: str, shown: list) -> str:
    first = shown[0]
    text = f"Revenue per month ({formats.unit()}), and its forecast by {label}"
    text = f"{name}: {text}" if name else text
    ends = first.lower_80_amount, first.upper_80_amount
    if any(map(formats.is_missing, ends)) or ends[0] == ends[1]:
        return text
    return (
        f"{text}; {formats.month(first.month)} between {formats.amount(ends[0])} and"
        f" {formats.amount(ends[1])} (80 % band)"
    )
