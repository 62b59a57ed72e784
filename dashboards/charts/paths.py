"""Paths of the groups of a trial, in original units."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, State, legend
from trajectories.dashboards.marts.segmentations import CONTROLS, Trials
from trajectories.dashboards.marts.small_cells import rest_of


def chart(trials: Trials, smallest_cell: int) -> Chart:
    """Draw the mean path of every group of every trial.

    Paths of several features get one figure per feature, paths of a single
    feature one figure per group; groups without a path are compared as bars.
    """
    states = {
        key: _state(rows, trials.by_key[key], smallest_cell)
        for key, rows in trials.rows("marts.fct_trial_centroids").items()
    }
    return Chart("paths", states, CONTROLS, columns=2)


def _state(group: pd.DataFrame, trial: object, smallest_cell: int) -> State:
    sizes = group.groupby("cluster_number")["customers"].max()
    small = list(sizes.index[rest_of(sizes.fillna(0), smallest_cell)])
    shown = group[~group["cluster_number"].isin(small)].sort_values("step")
    if shown.empty:
        return State(f"No group can be shown. {formats.hidden(smallest_cell)}")
    note = "Mean of the sampled customers of each group, in original units."
    if trial.is_chosen:
        note += " Groups carry the numbers of their segments."
    if small:
        names = formats.listing(f"Group {number}" for number in small)
        note += f" {names}: not shown. {formats.hidden(smallest_cell)}"
    features = [name for name in formats.FEATURES if name in set(shown["feature"])]
    features += sorted(set(shown["feature"]) - set(formats.FEATURES))
    step = formats.words(trial.period)
    if shown["step"].max() == 1:
        return _compared(shown, features, note)
    if len(features) == 1:
        return _side_by_side(shown, features[0], step, note)
    return _together(shown, features, step, note)


def _together(shown: pd.DataFrame, features: list[str], step: str, note: str) -> State:
    """Draw one figure per feature, with the paths of all groups."""
    figures = [
        _path_figure(shown[shown["feature"] == name], name, step) for name in features
    ]
    captions = [formats.feature(name) for name in features]
    return State(
        _title("Paths", shown), figures, captions, _legend(shown, "line"), note
    )


def _side_by_side(shown: pd.DataFrame, name: str, step: str, note: str) -> State:
    """Draw one figure per group, all on the same scale."""
    low, high = min(0, shown["value"].min()), shown["value"].max()
    scale = {} if formats.is_missing(high) else {"range": [1.05 * low, 1.05 * high]}
    figures = [
        _path_figure(path, name, step, height=190, yaxis=scale)
        for _, path in shown.groupby("cluster_number")
    ]
    captions = list(_group_names(shown).values())
    note = f"{formats.feature(name)}, all on the same scale. {note}"
    return State(_title("Paths", shown), figures, captions, note=note)


def _compared(shown: pd.DataFrame, features: list[str], note: str) -> State:
    """Draw one figure per feature, with a bar per group."""
    figures = [_bar_figure(shown[shown["feature"] == name], name) for name in features]
    captions = [formats.feature(name) for name in features]
    return State(_title("Means", shown), figures, captions, _legend(shown, "bar"), note)


def _title(kind: str, shown: pd.DataFrame) -> str:
    """Say how many groups there are and which is the largest."""
    sizes = shown.groupby("cluster_number")["customer_share"].max()
    if sizes.isna().all():
        return f"{kind} of {len(sizes)} groups"
    return (
        f"{kind} of {len(sizes)} groups: the largest, Group {sizes.idxmax()}, holds"
        f" {formats.share(sizes.max())} of the sampled customers"
    )


def _group_names(shown: pd.DataFrame) -> dict[int, str]:
    sizes = shown.groupby("cluster_number")["customer_share"].max()
    return {
        number: f"Group {number} ({formats.share(size)})"
        for number, size in sizes.items()
    }


def _legend(shown: pd.DataFrame, kind: str) -> str:
    return legend(
        (name, theme.mark(number), kind) for number, name in _group_names(shown).items()
    )


def _path_figure(
    rows: pd.DataFrame, name: str, step: str, height: int = 250, **layout: object
) -> theme.Figure:
    last = int(rows["step"].max())
    return theme.figure(
        [_path(number, path) for number, path in rows.groupby("cluster_number")],
        x=f"{step} of the path ({last} = latest)",
        y=_unit(name),
        height=height,
        **layout,
    )


def _path(number: int, path: pd.DataFrame) -> dict:
    """Draw one path, with a marker on at most about eight of its steps."""
    mark = theme.mark(number)
    every = max(1, len(path) // 8)
    sizes = [6 if place % every == 0 else 0 for place in range(len(path))]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"Group {number}",
        "x": [int(value) for value in path["step"]],
        "y": formats.rounded(path["value"]),
        "line": mark.line,
        "marker": {**mark.point, "size": sizes},
    }


def _bar_figure(rows: pd.DataFrame, name: str) -> theme.Figure:
    traces = [
        {
            "type": "bar",
            "name": f"Group {number}",
            "x": [f"Group {number}"],
            "y": formats.rounded(group["value"]),
            "marker": theme.mark(number).bar,
            "hovertemplate": "%{x}: %{y:,}<extra></extra>",
        }
        for number, group in rows.groupby("cluster_number")
    ]
    return theme.figure(traces, y=_unit(name), height=220, barmode="overlay")


def _unit(name: str) -> str:
    """Write the unit of a feature alone: days, orders, amount, share."""
    ending = name.rsplit("_", 1)[-1]
    return {"days": "Days", "orders": "Orders", "amount": "Amount"}.get(
        ending, formats.words(ending)
    )
