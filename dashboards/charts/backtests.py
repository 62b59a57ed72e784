"""Backtests: what forecasts said in the past beside what came."""

import pandas as pd
from trajectories.dashboards.charts import revenue
from trajectories.dashboards.charts.revenue import (
    COHORT,
    KEYS,
    PROPHET,
    PROPHETS,
    PUBLISHED,
    STOCK,
    Key,
)
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import State, fitting, legend
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments

# The last origins are shown, each in its own small chart; fewer where there are so
# many series that the page would grow heavy (a small chart weighs about 300 bytes).
MOST_ORIGINS, MOST_CHARTS = 6, 5000


class Backtests:
    """Draws what was said from months in the past beside what came."""

    def __init__(
        self,
        marts: PublishedMarts,
        segments: Segments,
        models: revenue.ForecastModels,
    ) -> None:
        """Read the backtests, without what few customers spent."""
        frame = marts.read("marts.fct_forecast_backtests").sort_values("month")
        frame = _without_small(frame, revenue.read_history(marts))
        self._rows = revenue.rows_by(frame, [*KEYS, "model"])
        self._segments = segments
        self._models = models
        self._hidden = formats.hidden(marts.smallest_cell)

    def states(self, keys: list[Key]) -> dict[Key, State]:
        """Draw one state per definition, segmentation, segment and model."""
        most = most_origins(len(keys))
        return {values: self._state(values[:3], values[3], most) for values in keys}

    def _state(self, series: Key, model: str, most: int) -> State:
        name = revenue.series_name(self._segments, series[0], series[2])
        is_published = model == PUBLISHED
        label = "what was published" if is_published else self._models.name(model)
        origins = _by_origin(self._rows.get((*series, model), []))
        if not origins:
            which = "that was published" if is_published else f"by {label}"
            return State(
                f"{name}: no forecast {which} has come due yet. What is said of the"
                " bands counts those that have."
            )
        beside = {}
        if is_published:
            beside = _by_origin(self._rows.get((*series, PROPHET), []))
        chosen = _newest_complete(origins, most)
        rows = [row for month in chosen for row in origins[month]]
        scale = _scale(rows)
        is_beside = False
        figures = []
        for month in chosen:
            other = _prophet(origins[month], beside.get(month, []))
            is_beside |= bool(other)
            figures.append(_figure(origins[month], other, scale, self._models))
        return State(
            _title(label, [row for past in origins.values() for row in past]),
            figures,
            [_caption(origins[month][0], model, self._models) for month in chosen],
            legend=legend(_entries(is_beside, self._models)),
            note=self._note(rows),
            subtitle=(
                f"{name}: revenue per month ({formats.unit()}), as said and as it came,"
                f" from {formats.counted(len(chosen), 'month')} in the past on"
            ),
        )

    def _note(self, rows: list) -> str:
        notes = []
        if any(revenue.is_true(row.is_hindsight) for row in rows):
            notes.append(
                "In hindsight: the segments of that month were found later, with data"
                " that nobody had then."
            )
        if any(formats.is_missing(row.actual_amount) for row in rows):
            notes.append(f"Some months are not drawn. {self._hidden}")
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


def _by_origin(rows: list) -> dict[pd.Timestamp, list]:
    origins: dict[pd.Timestamp, list] = {}
    for row in rows:
        origins.setdefault(row.origin_month, []).append(row)
    return origins


def most_origins(states: int) -> int:
    """Say how many origins each of so many states may show."""
    return min(max(MOST_CHARTS // states, 1), MOST_ORIGINS)


def _newest_complete(
    origins: dict[pd.Timestamp, list], most: int
) -> list[pd.Timestamp]:
    """Choose the newest origins all of whose months have come, then others."""
    longest = max(len(rows) for rows in origins.values())
    ranked = sorted(origins, key=lambda month: (len(origins[month]) == longest, month))
    return sorted(ranked[-most:])


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
    highest = max(amounts, default=0)
    return {"range": [0, float(f"{1.05 * highest:.3g}")]} if highest else {}


def _figure(
    rows: list, beside: list, scale: dict, models: revenue.ForecastModels
) -> theme.Figure:
    digits = revenue.FEWER_DIGITS
    thin = revenue.thin_line(beside, models.name(PROPHET), digits)
    traces = [
        *revenue.bands(rows, (80,)),
        *([thin] if beside else []),
        revenue.line(rows, "Said", digits),
        revenue.dots(rows, "actual_amount", "Came", digits),
    ]
    return theme.figure(
        traces,
        y=f"Revenue per month ({formats.unit()})",
        height=230,
        xaxis={**theme.MONTHS, "nticks": 4},
        yaxis=scale,
    )


def _caption(row: object, model: str, models: revenue.ForecastModels) -> str:
    words = f"Known until {formats.month(row.origin_month)}"
    if model == PUBLISHED and not formats.is_missing(row.chosen_model):
        words += f": {models.name(row.chosen_model)}"
    return words + (", in hindsight" if revenue.is_true(row.is_hindsight) else "")


def _title(label: str, rows: list) -> str:
    told = [
        row
        for row in rows
        if not formats.is_missing(row.actual_amount)
        and not formats.is_missing(row.forecast_amount)
    ]
    came = sum(abs(row.actual_amount) for row in told)
    if not came:
        return "What it said before, and what came"
    error = sum(abs(row.forecast_amount - row.actual_amount) for row in told)
    off = (
        f"off by {formats.share(error / came)} of revenue in"
        f" {formats.counted(len(told), 'past month')}"
    )
    return fitting(f"{formats.words(label)} was {off}", formats.words(off))


def _entries(
    is_beside: bool, models: revenue.ForecastModels
) -> list[tuple[str, theme.Mark, str]]:
    entries = [
        ("what it said", theme.MEASURED, "line"),
        ("80 % band", theme.MEASURED, "band"),
        ("what came", theme.Mark(theme.INK), "dots"),
    ]
    beside = f"beside it, {models.name(PROPHET)}"
    return entries + [(beside, revenue.BESIDE, "line")] * is_beside
