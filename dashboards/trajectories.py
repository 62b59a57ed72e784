"""Trajectories: the paths of the groups, and the evidence for their number."""

import pandas as pd
from markupsafe import Markup

from dashboards import claims, evidence, formats, segmentations, theme
from dashboards.published import PublishedMarts
from dashboards.template import (
    Chart,
    Control,
    Fragment,
    Page,
    Section,
    State,
    legend,
    part,
)

FILE, TITLE = "trajectories.html", "Trajectories"
CONTROLS = ("segmentation", "metric", "k")

# What one step of a series is called.
STEPS = {"monthly_lrfm": "Month", "daily_spend": "Day"}

INTRODUCTION = (
    "How customers of each group develop, drawn for every number of groups that"
    " was tried, and the evidence for choosing one. Change the segmentation, the"
    " metric or k and all charts follow."
)


def build(marts: PublishedMarts) -> Page:
    """Build the trajectories page."""
    trials = segmentations.shown_trials(marts)
    if trials.empty:
        return Page(FILE, TITLE, "No segmentation has been tried yet.", [])
    keys = [(row.segmentation, row.metric, str(row.k)) for row in trials.itertuples()]
    trial_of = dict(zip(keys, trials.itertuples(), strict=True))
    order = segmentations.ordered(trials["segmentation"])
    keys.sort(key=lambda values: (order.index(values[0]), values[1], int(values[2])))
    sections = [
        Section("Paths", [_paths(marts, trial_of)], is_wide=True),
        Section(
            "How many groups?",
            [evidence.silhouettes_by_k(trials), evidence.elbow(trials)],
        ),
        Section(
            "Are the groups real?",
            [evidence.blades(marts, trial_of), evidence.nulls(marts, trial_of)],
        ),
        *evidence.picture(marts, trial_of),
        Section("All trials", [evidence.trial_table(trials)], is_wide=True),
    ]
    return Page(
        file=FILE,
        title=TITLE,
        introduction=INTRODUCTION,
        banners=segmentations.structure_banner(marts),
        controls=_controls(trials, order),
        sections=[
            Section(
                "Verdict",
                [_verdict(marts, order), claims.quoted(marts, "structure", order)],
                is_wide=True,
            ),
            *sections,
        ],
        available=keys,
    )


def _controls(trials: pd.DataFrame, order: list[str]) -> list[Control]:
    """Start from the chosen trial of the first segmentation."""
    first = trials[trials["segmentation"] == order[0]].sort_values(
        ["is_chosen", "silhouette"], ascending=False, na_position="last"
    )
    metrics = sorted(trials["metric"].unique(), reverse=True)
    numbers = range(int(trials["k"].min()), int(trials["k"].max()) + 1)
    start = first.iloc[0]
    return [
        segmentations.control(order),
        Control(
            "metric",
            "Metric",
            "radio",
            [(name, formats.metric(name)) for name in metrics],
            start["metric"],
        ),
        Control(
            "k",
            "Number of groups (k)",
            "slider",
            [(str(k), str(k)) for k in numbers],
            str(start["k"]),
        ),
    ]


def _verdict(marts: PublishedMarts, order: list[str]) -> Fragment:
    trials = segmentations.deciding_trials(marts)
    states = {}
    for name in order:
        trial = trials.loc[name]
        choice = (
            f"k = {trial['k']} with {formats.metric(trial['metric'])} was chosen."
            if trial["is_chosen"]
            else "No trial was chosen; the one with the highest silhouette speaks here:"
            f" k = {trial['k']} with {formats.metric(trial['metric'])}."
        )
        reason = "" if formats.is_missing(trial["reason"]) else str(trial["reason"])
        comparison = segmentations.null_comparison(trial)
        states[(name,)] = part("paragraph", text=f"{choice} {comparison} {reason}")
    return Fragment("verdict", states, ("segmentation",))


def _paths(marts: PublishedMarts, trial_of: dict[tuple, object]) -> Chart:
    centroids = marts.read("marts.fct_trial_centroids")
    states = {
        (name, metric, str(k)): _path_state(
            group, trial_of.get((name, metric, str(k))), marts.smallest_cell
        )
        for (name, metric, k), group in centroids.groupby(
            ["segmentation", "metric", "k"]
        )
    }
    return Chart("paths", states, CONTROLS, columns=2)


def _path_state(group: pd.DataFrame, trial: object, smallest_cell: int) -> State:
    sizes = group.groupby("cluster_number")["customers"].max()
    small = [
        number
        for number, customers in sizes.items()
        if segmentations.is_small(customers, smallest_cell)
    ]
    shown = group[~group["cluster_number"].isin(small)]
    if shown.empty:
        return State(f"Every group has {formats.few(smallest_cell)} customers.")
    is_path = shown["step"].max() > 1
    draw = _path_figure if is_path else _bar_figure
    features = [
        name for name in formats.FEATURES if name in set(shown["feature"])
    ] + sorted(set(shown["feature"]) - set(formats.FEATURES))
    step = STEPS.get(getattr(trial, "series", ""), "Step")
    figures = [draw(shown[shown["feature"] == name], name, step) for name in features]
    note = "Mean of the sampled customers of each group, in original units."
    if small:
        names = formats.listing(f"Group {number}" for number in small)
        note += f" {names}: {formats.few(smallest_cell)} customers, not shown."
    return State(
        _path_title(shown, is_path),
        figures,
        captions=[formats.feature(name) for name in features],
        legend=_path_legend(shown, "line" if is_path else "bar"),
        note=note,
    )


def _path_title(shown: pd.DataFrame, is_path: bool) -> str:
    """Say which group is largest and how far apart the groups are."""
    sizes = shown.groupby("cluster_number")["customer_share"].max()
    kind = "Paths" if is_path else "Means"
    if sizes.isna().all():
        return f"{kind} of {len(sizes)} groups"
    largest = sizes.idxmax()
    return (
        f"{kind} of {len(sizes)} groups: the largest, Group {largest}, holds"
        f" {formats.share(sizes.max())} of the sampled customers"
    )


def _path_legend(shown: pd.DataFrame, kind: str) -> Markup:
    sizes = shown.groupby("cluster_number")["customer_share"].max()
    return legend(
        (f"Group {number} ({formats.share(size)})", theme.mark(number), kind)
        for number, size in sizes.items()
    )


def _path_figure(rows: pd.DataFrame, name: str, step: str) -> theme.Figure:
    traces = []
    for number, path in rows.sort_values("step").groupby("cluster_number"):
        mark = theme.mark(number)
        # Markers on every path, on at most about eight of its steps.
        every = max(1, len(path) // 8)
        sizes = [6 if place % every == 0 else 0 for place in range(len(path))]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"Group {number}",
                "x": [int(value) for value in path["step"]],
                "y": formats.rounded(path["value"]),
                "line": mark.line,
                "marker": {**mark.point, "size": sizes},
            }
        )
    last = int(rows["step"].max())
    return theme.figure(
        traces,
        x=f"{step} of the path ({last} = latest)",
        y=_unit(name),
        height=250,
    )


def _bar_figure(rows: pd.DataFrame, name: str, step: str) -> theme.Figure:
    rows = rows.sort_values("cluster_number")
    marks = [theme.mark(number) for number in rows["cluster_number"]]
    trace = {
        "type": "bar",
        "name": formats.words(name),
        "x": [f"Group {number}" for number in rows["cluster_number"]],
        "y": formats.rounded(rows["value"]),
        "marker": theme.surfaces(marks),
    }
    return theme.figure([trace], y=_unit(name), height=220)


def _unit(name: str) -> str:
    """Write the unit of a feature alone: days, orders, amount, share."""
    ending = name.rsplit("_", 1)[-1]
    return {"days": "Days", "orders": "Orders", "amount": "Amount"}.get(
        ending, formats.words(ending)
    )
