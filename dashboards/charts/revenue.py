"""What the charts of the forecast page share: series, models, dots, lines, bands."""

from collections.abc import Iterable, Sequence

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import TOTAL, Segments
from trajectories.dashboards.marts.small_cells import rest_of

# Definition, segmentation and segment_id name a series.
KEYS = ["definition", "segmentation", "segment_id"]
Key = tuple[str, ...]

COHORT, STOCK = "cohort", "stock"
DEFINITIONS = {COHORT: "Today's members", STOCK: "Whoever is in the segment"}

PUBLISHED, PROPHET = "published", "prophet"
PROPHETS = (PROPHET, "prophet_daily")


class ForecastModels:
    """What the forecast models are called, and in which order they are listed."""

    def __init__(self, marts: PublishedMarts) -> None:
        """Read them."""
        models = marts.read("marts.dim_forecast_models").sort_values("place")
        self._rows = {row.forecast_model_id: row for row in models.itertuples()}

    def name(self, model: str) -> str:
        """Name a model as people write it."""
        row = self._rows.get(model)
        return formats.words(model) if row is None else row.model_name

    def place(self, model: str) -> int:
        """Give the position of a model among all, for sorting."""
        return self._rows[model].place if model in self._rows else len(self._rows) + 1

    def explained(self, models: Iterable[str]) -> list[str]:
        """Say what each of some models does, in their order."""
        rows = (
            self._rows[it] for it in sorted(models, key=self.place) if it in self._rows
        )
        return [f"{row.model_name}: {row.description}" for row in rows]


def definition_name(definition: str) -> str:
    """Name a definition of a segment's future."""
    return DEFINITIONS.get(definition, formats.words(definition))


def series_name(segments: Segments, definition: str, segment_id: str) -> str:
    """Name what is forecast, so that its definition is plain."""
    if segment_id == TOTAL:
        return "Today's customers" if definition == COHORT else "The whole shop"
    name = segments.name(segment_id)
    return f"Today's members of {name}" if definition == COHORT else name


def is_true(value: object) -> bool:
    """Say whether a flag is set; null is not."""
    return not formats.is_missing(value) and bool(value)


def rows_by(frame: pd.DataFrame, keys: list[str]) -> dict[Key, list]:
    """Gather rows as named tuples, in their order, by the values of `keys`."""
    found: dict[Key, list] = {}
    known = frame.dropna(subset=keys)
    for values, row in zip(
        known[keys].itertuples(index=False, name=None),
        known.itertuples(index=False),
        strict=True,
    ):
        found.setdefault(values, []).append(row)
    return found


def read_history(marts: PublishedMarts) -> pd.DataFrame:
    """Read the months that are known, by month.

    Blank is the revenue of few customers, and of others from which it would follow.
    """
    history = marts.read("marts.fct_segment_revenue_months")
    months = history.groupby(["definition", "segmentation", "month"])["customers"]
    hidden = months.transform(
        lambda counts: rest_of(counts.fillna(0), marts.smallest_cell)
    ).astype(bool)
    of_segments = history["definition"].eq(STOCK)
    hidden |= of_segments & segmentations.of_hidden_size(marts, history)
    history.loc[hidden, "revenue_amount"] = None
    return history.sort_values("month")


# Digits of the amounts in a chart: a reader is shown three.
DIGITS, FEWER_DIGITS = 4, 3


def heights(values: Iterable[float | None], digits: int = DIGITS) -> list[float | None]:
    """Round amounts for a chart to so many digits; null becomes a gap."""
    return [None if formats.is_missing(it) else _round(it, digits) for it in values]


def _round(value: float, digits: int) -> float:
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _x(rows: Iterable) -> list[str]:
    return [formats.month_key(row.month) for row in rows]


def bands(rows: Sequence, levels: Sequence[int] = (95, 80)) -> list[dict]:
    """Draw bands as shaded areas; `levels` (per cent) run from wide to narrow."""
    traces = []
    for level in levels:
        uppers = [getattr(row, f"upper_{level}_amount") for row in rows]
        lowers = [getattr(row, f"lower_{level}_amount") for row in rows]
        if all(formats.is_missing(bound) for bound in lowers):
            continue
        months = _x(rows)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{level} % band",
                "x": [*months, *reversed(months)],
                "y": heights([*uppers, *reversed(lowers)], FEWER_DIGITS),
                "fill": "toself",
                "fillcolor": theme.fade(theme.ACCENT, 0.25 if level == 80 else 0.15),
                "line": {"width": 0.5, "color": theme.fade(theme.ACCENT, 0.6)},
                "hoverinfo": "skip",
            }
        )
    return traces


def dots(rows: Iterable, column: str, name: str, digits: int = DIGITS) -> dict:
    """Draw what came, one dot a month."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": _x(rows),
        "y": heights((getattr(row, column) for row in rows), digits),
        "marker": {"color": theme.INK, "size": 7},
    }


def line(rows: Iterable, name: str, digits: int = DIGITS) -> dict:
    """Draw a forecast."""
    mark = theme.MEASURED
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": _x(rows),
        "y": heights((row.forecast_amount for row in rows), digits),
        "line": mark.line,
        "marker": mark.point,
    }


def thin_line(rows: Iterable, name: str, digits: int = DIGITS) -> dict:
    """Draw a forecast that stands beside the one that is looked at."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": _x(rows),
        "y": heights((row.forecast_amount for row in rows), digits),
        "line": {**theme.BESIDE.line, "width": 1.5},
    }


# The legend's sign of a thin line.
BESIDE = theme.Mark(theme.BESIDE.colour, theme.BESIDE.dash, "none")


def figure(
    history: Sequence, forecast: tuple[Sequence, str], beside: tuple[Sequence, str]
) -> theme.Figure:
    """Draw what came, a forecast with its bands, and perhaps another one beside it.

    Args:
        history: rows of months with their revenue.
        forecast: rows of the forecast, and what its model is called.
        beside: the same of the other one; without rows, none is drawn.
    """
    (shown, label), (others, other) = forecast, beside
    traces = [*bands(shown), dots(history, "revenue_amount", "Revenue")]
    said = [
        _said("left", 0, "● revenue so far", theme.INK),
        _said("right", 15, f"━ {label}, 80 and 95 % bands", theme.ACCENT),
    ]
    traces.append(line(shown, label))
    if others:
        traces.append(thin_line(others, other))
        said.append(_said("right", 0, f"┅ {other}", BESIDE.colour))
    return theme.figure(
        traces,
        y=f"Revenue per month ({formats.unit()})",
        height=390,
        annotations=said,
        margin={**theme.ROOM_ABOVE, "t": 42},
        xaxis=theme.MONTHS,
    )


def _said(side: str, up: int, text: str, colour: str) -> dict:
    """Say above a chart, in its own colour, what is drawn on one of its sides."""
    return {
        **theme.above({"left": 0, "right": 1}[side], text),
        "xref": "x domain",
        "xanchor": side,
        "yshift": up,
        "font": {"color": colour, "size": 12},
    }
