"""Paths of the groups of a trial, in original units."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, State, legend
from trajectories.dashboards.marts.segmentations import CONTROLS, Trials
from trajectories.dashboards.marts.small_cells import rest_of

Named = Callable[[int], str]
MEANS = "Mean of the sampled customers of each group, in original units"
HEIGHT = 250


def chart(trials: Trials, smallest_cell: int) -> Chart:
    """Draw the mean path of every group of every trial.

    Paths of several features get one figure per feature, paths of a single
    feature one figure per group; groups without a path are compared as bars.
    """
    states = {
        key: _state(rows, trials.by_key[key], smallest_cell, partial(trials.group, key))
        for key, rows in trials.rows("marts.fct_trial_centroids").items()
    }
    return Chart("paths", states, CONTROLS, columns=2)


def _state(
    group: pd.DataFrame, trial: object, smallest_cell: int, named: Named
) -> State:
    sizes = group.groupby("cluster_number")["customers"].max()
    small = list(sizes.index[rest_of(sizes.fillna(0), smallest_cell)])
    shown = group[~group["cluster_number"].isin(small)].sort_values("step")
    if shown.empty:
        return State(f"No group can be shown. {formats.hidden(smallest_cell)}")
    note = ""
    if small:
        names = formats.listing(named(number) for number in small)
        note = f"{names}: not shown. {formats.hidden(smallest_cell)}"
    groups = _Groups(shown, named)
    features = [name for name in formats.FEATURES if name in set(shown["feature"])]
    features += sorted(set(shown["feature"]) - set(formats.FEATURES))
    step = formats.words(trial.period)
    if shown["step"].max() == 1:
        return _compared(groups, features, note)
    if len(features) == 1:
        return _side_by_side(groups, features[0], step, note)
    return _together(groups, features, step, note)


class _Groups:
    """The shown groups of a trial: their rows, names and shares."""

    def __init__(self, rows: pd.DataFrame, named: Named) -> None:
        self.rows = rows
        shares = rows.groupby("cluster_number")["customer_share"].max()
        self.names = {number: named(number) for number in shares.index}
        self.sized = {
            number: f"{self.names[number]} ({formats.share(share)})"
            for number, share in shares.items()
        }
        self.largest = None if shares.isna().all() else shares.idxmax()

    def of(self, feature: str) -> pd.DataFrame:
        return self.rows[self.rows["feature"] == feature]

    def title(self, kind: str) -> str:
        """Say how many groups there are and which is the largest."""
        said = f"{kind} of {formats.counted(len(self.names), 'group')}"
        if self.largest is None:
            return said
        return f"{said}; the largest is {self.sized[self.largest]}"


def _together(groups: _Groups, features: list[str], step: str, note: str) -> State:
    """Draw one figure per feature, with the paths of all groups."""
    figures = [_named_figure(groups, name, step) for name in features]
    captions = [formats.feature(name) for name in features]
    key = Markup("")
    if len(groups.names) > theme.MOST_NAMED:
        key = legend((it, theme.mark(no), "line") for no, it in groups.sized.items())
    return State(groups.title("Paths"), figures, captions, key, note, MEANS)


def _side_by_side(groups: _Groups, name: str, step: str, note: str) -> State:
    """Draw one figure per group, all on the same scale."""
    values = groups.rows["value"]
    low, high = min(0, values.min()), values.max()
    scale = {} if formats.is_missing(high) else {"range": [1.05 * low, 1.05 * high]}
    figures = [
        _figure(name, step, [_path("Mean", number, path)], 190, scale)
        for number, path in groups.rows.groupby("cluster_number")
    ]
    captions = list(groups.sized.values())
    subtitle = f"{formats.feature(name)}, all on the same scale: {MEANS.lower()}"
    title = groups.title("Paths")
    return State(title, figures, captions, note=note, subtitle=subtitle)


def _compared(groups: _Groups, features: list[str], note: str) -> State:
    """Draw one figure per feature, with a bar per group."""
    figures = [_bars(groups, name) for name in features]
    captions = [formats.feature(name) for name in features]
    title = groups.title("Means")
    return State(title, figures, captions, note=note, subtitle=MEANS)


def _named_figure(groups: _Groups, name: str, step: str) -> theme.Figure:
    """Draw the paths of one feature, named at their ends where they are few."""
    paths = {
        number: _path(groups.names[number], number, rows)
        for number, rows in groups.of(name).groupby("cluster_number")
    }
    lines = list(paths.values())
    if len(groups.names) > theme.MOST_NAMED:
        return _figure(name, step, lines, HEIGHT)
    low = min([0, *(y for line in lines for y in line["y"] if y is not None)])
    sized = [{**line, "name": groups.sized[no]} for no, line in paths.items()]
    names = theme.names_at_ends(sized, HEIGHT, low)
    return _figure(name, step, lines, HEIGHT, xaxis=theme.within(lines), **names)


def _figure(
    name: str,
    step: str,
    paths: list[dict],
    height: int,
    scale: dict | None = None,
    **layout: object,
) -> theme.Figure:
    last = max(path["x"][-1] for path in paths)
    return theme.figure(
        paths,
        x=f"{step} of the path ({last} = latest)",
        y=_unit(name),
        height=height,
        yaxis=scale or {},
        **layout,
    )


def _path(name: str, number: int, path: pd.DataFrame) -> dict:
    """Draw one path, with a marker on at most about eight of its steps."""
    mark = theme.mark(number)
    every = max(1, len(path) // 8)
    sizes = [6 if place % every == 0 else 0 for place in range(len(path))]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": formats.plain(name),
        "x": [int(value) for value in path["step"]],
        "y": formats.rounded(path["value"]),
        "line": mark.line,
        "marker": {**mark.point, "size": sizes},
    }


def _bars(groups: _Groups, name: str) -> theme.Figure:
    rows = groups.of(name).sort_values("cluster_number")
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": formats.plain(groups.names[number]),
            "y": [formats.wrapped(groups.sized[number])],
            "x": [value],
            "marker": theme.mark(number).bar,
            "hovertemplate": "%{y}: %{x:,}<extra></extra>",
            "meta": False,
        }
        for number, value in zip(
            rows["cluster_number"], formats.rounded(rows["value"]), strict=True
        )
    ]
    columns = [
        ["Group", [trace["name"] for trace in traces]],
        ["Mean", [trace["x"][0] for trace in traces]],
    ]
    traces[0]["meta"] = {"columns": columns}
    return theme.figure(
        traces,
        x=_unit(name),
        y="Group",
        height=90 + 30 * len(rows),
        barmode="overlay",
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
    )


def _unit(name: str) -> str:
    """Write the unit of a feature alone: days, orders, amount, share."""
    ending = name.rsplit("_", 1)[-1]
    return formats.words(formats.unit() if ending == "amount" else ending)
