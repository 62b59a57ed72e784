"""Forecast: what each segment and the shop will earn, and how far to trust it."""

import pandas as pd

from dashboards import claims, formats, segmentations, theme
from dashboards.published import PublishedMarts
from dashboards.segmentations import TOTAL, Segments
from dashboards.template import (
    Chart,
    Control,
    Fragment,
    Page,
    Section,
    State,
    legend,
    part,
    table,
)

FILE, TITLE = "forecast.html", "Forecast"
CONTROLS = ("segmentation", "segment", "model")
PUBLISHED = "published"

MODELS = {
    "prophet": "Prophet",
    "seasonal_naive": "Seasonal naive",
    "naive": "Naive",
    "ets": "ETS",
}

# The last backtests are shown, each in its own small chart.
MOST_BACKTESTS = 4

KEYS = ["segmentation", "segment_id"]


def build(marts: PublishedMarts) -> Page:
    """Build the forecast page."""
    segments = Segments(marts)
    forecasts = marts.read("marts.fct_revenue_forecasts")
    if forecasts.empty:
        return Page(FILE, TITLE, "No forecast has been made yet.", [])
    series = _series(marts, forecasts, segments)
    keys = [
        (*values, model)
        for values, models in series.items()
        for model in [PUBLISHED, *models]
    ]
    states = _Histories(marts, forecasts, segments).states(keys)
    if not keys:
        sentence = f"Every segment has {formats.few(marts.smallest_cell)} customers."
        return Page(FILE, TITLE, sentence, [])
    names = list(dict.fromkeys(name for name, _, _ in keys))
    return Page(
        file=FILE,
        title=TITLE,
        introduction=(
            "Revenue of the coming months for the whole shop and for the customers"
            " who are in each segment today. The bands say where revenue will be with"
            " 80 and 95 per cent confidence."
        ),
        banners=segmentations.structure_banner(marts),
        controls=_controls(keys, segments),
        sections=[
            Section(
                "What is expected", [Chart("forecast", states, CONTROLS)], is_wide=True
            ),
            Section(
                "What it said before, and what came",
                [_backtests(marts, keys, segments)],
                "Each small chart takes one month in the past as its last known month,"
                " forecasts from there, and sets beside it what came.",
                is_wide=True,
            ),
            Section(
                "How accurate is it?",
                [claims.quoted(marts, "coverage", names), _accuracy(marts, names)],
                is_wide=True,
            ),
        ],
        available=keys,
    )


def model_name(model: str) -> str:
    """Name a model as people write it."""
    return MODELS.get(model, formats.words(model))


def _series(
    marts: PublishedMarts, forecasts: pd.DataFrame, segments: Segments
) -> dict[tuple[str, str], list[str]]:
    """List what can be chosen: the shop first, then segments that are not small."""
    profiles = marts.read("marts.fct_segment_profiles")
    latest = profiles.sort_values("month").drop_duplicates(KEYS, keep="last")
    small = {
        (row.segmentation, row.segment_id)
        for row in latest.itertuples()
        if segmentations.is_small(row.customers, marts.smallest_cell)
    }
    found = {
        values: sorted(
            rows["model"].unique(), key=lambda name: (name != "prophet", name)
        )
        for values, rows in forecasts.groupby(KEYS)
        if values not in small
    }
    names = segmentations.ordered({name for name, _ in found})
    names.sort(key=lambda name: name != TOTAL)
    return dict(
        sorted(
            found.items(),
            key=lambda entry: (
                names.index(entry[0][0]),
                segments.place(entry[0][1]),
                entry[0][1],
            ),
        )
    )


def _series_name(segments: Segments, segment_id: str) -> str:
    return "Whole shop" if segment_id == TOTAL else segments.name(segment_id)


def _controls(keys: list[tuple[str, str, str]], segments: Segments) -> list[Control]:
    names = list(dict.fromkeys(name for name, _, _ in keys))
    identities = list(dict.fromkeys(identity for _, identity, _ in keys))
    models = list(dict.fromkeys(model for _, _, model in keys))
    segmentation = segmentations.control(names)
    options = [
        (name, "Whole shop" if name == TOTAL else label)
        for name, label in segmentation.options
    ]
    segmentation = Control("segmentation", "Segmentation", "radio", options, names[0])
    return [
        segmentation,
        Control(
            "segment",
            "Segment",
            "select",
            [(identity, _series_name(segments, identity)) for identity in identities],
            keys[0][1],
        ),
        Control(
            "model",
            "Model",
            "select",
            [
                (model, "Published model" if model == PUBLISHED else model_name(model))
                for model in models
            ],
            PUBLISHED,
        ),
    ]


def hide_small_months(history: pd.DataFrame, smallest_cell: int) -> pd.DataFrame:
    """Blank the revenue of months with some, but too few customers."""
    small = [
        segmentations.is_small(customers, smallest_cell)
        for customers in history["customers"]
    ]
    history.loc[small, "revenue_amount"] = None
    return history


class _Histories:
    """Draws history and forecast of each series for each model."""

    def __init__(
        self, marts: PublishedMarts, forecasts: pd.DataFrame, segments: Segments
    ) -> None:
        history = marts.read("marts.fct_segment_revenue_months")
        history = hide_small_months(history, marts.smallest_cell)
        self._history = dict(list(history.sort_values("month").groupby(KEYS)))
        self._empty = history.iloc[:0]
        self._forecasts = dict(list(forecasts.sort_values("month").groupby(KEYS)))
        self._segments = segments
        self._few = formats.few(marts.smallest_cell)

    def states(self, keys: list[tuple[str, str, str]]) -> dict[tuple, State]:
        """Draw one state per segmentation, segment and model."""
        return {values: self._state(*values) for values in keys}

    def _state(self, segmentation: str, segment_id: str, model: str) -> State:
        rows = self._forecasts[segmentation, segment_id]
        published = rows[rows["is_published"].eq(True)]
        shown = published if model == PUBLISHED else rows[rows["model"] == model]
        name = _series_name(self._segments, segment_id)
        if shown.empty:
            return State(f"{name}: no forecast is published.")
        label = model_name(shown["model"].iloc[0])
        other = published if model != PUBLISHED else rows[rows["model"] == "prophet"]
        if other["model"].isin(shown["model"]).any():
            other = other.iloc[:0]
        history = self._history.get((segmentation, segment_id), self._empty)
        return self._drawn(name, label, history, shown, other)

    def _drawn(
        self,
        name: str,
        label: str,
        history: pd.DataFrame,
        shown: pd.DataFrame,
        other: pd.DataFrame,
    ) -> State:
        traces = [
            *bands(shown),
            _dots(history["month"], history["revenue_amount"], "Revenue"),
            _line(shown, label, theme.MEASURED),
        ]
        entries = [
            ("revenue so far", theme.Mark(theme.INK), "dots"),
            (f"forecast, {label}", theme.MEASURED, "line"),
            ("80 % band (dark) and 95 % band (light)", theme.MEASURED, "band"),
        ]
        if not other.empty:
            beside = model_name(other["model"].iloc[0])
            traces.append(_line(other, beside, theme.BESIDE))
            entries.append((f"beside it, {beside}", theme.BESIDE, "line"))
        drawn = theme.figure(
            traces, y="Revenue per month (amount)", height=380, xaxis=theme.MONTHS
        )
        hidden = int(history["revenue_amount"].isna().sum())
        months = formats.counted(hidden, "month")
        note = f"Not drawn: {months} with {self._few} customers."
        return State(
            _forecast_title(name, label, shown),
            [drawn],
            legend=legend(entries),
            note=note if hidden else "",
        )


def _forecast_title(name: str, label: str, shown: pd.DataFrame) -> str:
    first, last = shown["month"].iloc[0], shown["month"].iloc[-1]
    total = shown["forecast_amount"].sum()
    return (
        f"{name}: {formats.amount(total)} expected from {formats.month(first)} to"
        f" {formats.month(last)} ({label}); {formats.month(first)} between"
        f" {formats.amount(shown['lower_80_amount'].iloc[0])} and"
        f" {formats.amount(shown['upper_80_amount'].iloc[0])} (80 %)"
    )


def bands(rows: pd.DataFrame) -> list[dict]:
    """Draw the 95 and the 80 % band as shaded areas, the wider one first."""
    x = [formats.month_key(month) for month in rows["month"]]
    traces = []
    for level, opacity in ((95, 0.15), (80, 0.25)):
        lower, upper = f"lower_{level}_amount", f"upper_{level}_amount"
        if lower not in rows or rows[lower].isna().all():
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{level} % band",
                "x": [*x, *reversed(x)],
                "y": formats.rounded([*rows[upper], *reversed(list(rows[lower]))]),
                "fill": "toself",
                "fillcolor": theme.fade(theme.ACCENT, opacity),
                "line": {"width": 0.5, "color": theme.fade(theme.ACCENT, 0.6)},
                "hoverinfo": "skip",
            }
        )
    return traces


def _dots(months: pd.Series, values: pd.Series, name: str) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [formats.month_key(month) for month in months],
        "y": formats.rounded(values.astype(float)),
        "marker": {"color": theme.INK, "size": 7},
    }


def _line(rows: pd.DataFrame, name: str, mark: theme.Mark) -> dict:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [formats.month_key(month) for month in rows["month"]],
        "y": formats.rounded(rows["forecast_amount"]),
        "line": mark.line,
        "marker": mark.point,
    }


def _published_models(marts: PublishedMarts) -> dict[tuple[str, str], str]:
    forecasts = marts.read("marts.fct_revenue_forecasts")
    forecasts = forecasts[forecasts["is_published"].eq(True)]
    return {
        (row.segmentation, row.segment_id): row.model for row in forecasts.itertuples()
    }


def _backtests(
    marts: PublishedMarts, keys: list[tuple[str, str, str]], segments: Segments
) -> Chart:
    backtests = marts.read("marts.fct_forecast_backtests")
    history = marts.read("marts.fct_segment_revenue_months")
    history = hide_small_months(history, marts.smallest_cell)
    known = {
        (row.segmentation, row.segment_id, row.month)
        for row in history.dropna(subset=["revenue_amount"]).itertuples()
    }
    visible = [
        (row.segmentation, row.segment_id, row.month) in known
        for row in backtests.itertuples()
    ]
    backtests.loc[[not seen for seen in visible], "actual_amount"] = None
    groups = dict(list(backtests.groupby([*KEYS, "model"])))
    published = _published_models(marts)
    states = {}
    for segmentation, segment_id, model in keys:
        actual_model = model
        if model == PUBLISHED:
            actual_model = published.get((segmentation, segment_id), model)
        rows = groups.get((segmentation, segment_id, actual_model))
        name = _series_name(segments, segment_id)
        states[segmentation, segment_id, model] = _backtest_state(
            rows, name, model_name(actual_model)
        )
    return Chart("backtests", states, CONTROLS, columns=4)


def _backtest_state(rows: pd.DataFrame | None, name: str, label: str) -> State:
    if rows is None or rows.empty:
        return State(f"{name}: {label} was not tested on the past.")
    origins = sorted(rows["origin_month"].unique())[-MOST_BACKTESTS:]
    # One vertical scale for all of them.
    amounts = ["upper_80_amount", "forecast_amount", "actual_amount"]
    highest = (
        rows[rows["origin_month"].isin(origins)][amounts].astype(float).max().max()
    )
    scale = {} if formats.is_missing(highest) else {"range": [0, 1.05 * highest]}
    figures, captions = [], []
    for origin in origins:
        past = rows[rows["origin_month"] == origin].sort_values("month")
        figures.append(
            theme.figure(
                [
                    *bands(past),
                    _line(past, label, theme.MEASURED),
                    _dots(past["month"], past["actual_amount"], "Came"),
                ],
                y="Revenue per month (amount)",
                height=230,
                xaxis={**theme.MONTHS, "nticks": 4},
                yaxis=scale,
            )
        )
        captions.append(f"Known until {formats.month(origin)}")
    error = (rows["forecast_amount"] - rows["actual_amount"]).abs().sum()
    came = rows["actual_amount"].where(rows["forecast_amount"].notna()).abs().sum()
    title = f"{name}, {label}: what it said before, and what came"
    if came > 0:
        off = formats.share(error / came)
        title = f"{name}: {label} was off by {off} of revenue in its backtests"
    entries = [
        ("what it said", theme.MEASURED, "line"),
        ("80 % band", theme.MEASURED, "band"),
        ("what came", theme.Mark(theme.INK), "dots"),
    ]
    return State(title, figures, captions, legend=legend(entries))


def _accuracy(marts: PublishedMarts, names: list[str]) -> Fragment:
    accuracy = marts.read("marts.rpt_forecast_accuracy")
    headers = [
        "Model",
        "Backtests",
        "MASE",
        "sMAPE",
        "80 % band covered",
        "95 % band covered",
        "Interval score (80 %)",
    ]
    states = {}
    for name in names:
        rows = accuracy[accuracy["segmentation"] == name].sort_values(["mase", "model"])
        body = [
            [
                model_name(row.model) + (" ●" if row.is_winner else ""),
                formats.count(row.backtests),
                formats.decimal(row.mase, 3),
                formats.decimal(row.smape, 3),
                formats.share(row.coverage_80),
                formats.share(row.coverage_95),
                formats.amount(row.interval_score_80),
            ]
            for row in rows.itertuples()
        ]
        caption = (
            "Measured on the past, all series together; the winner is marked ●. MASE:"
            " error against that of a naive forecast of the known months; smaller is"
            " better."
        )
        states[(name,)] = (
            table(caption, headers, body)
            if body
            else part("paragraph", text="Accuracy has not been measured yet.")
        )
    return Fragment("accuracy", states, ("segmentation",))
