"""Trajectories: the paths of the groups, and the evidence for their number."""

import pandas as pd

from dashboards import claims, evidence, formats, paths, segmentations
from dashboards.published import PublishedMarts
from dashboards.template import (
    Control,
    Fragment,
    Page,
    Section,
    part,
)

FILE, TITLE = "trajectories.html", "Trajectories"
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
        Section("Paths", [paths.chart(marts, trial_of)], is_wide=True),
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
        preferred=[
            (row.segmentation, row.metric, str(row.k))
            for row in trials[trials["is_chosen"]].itertuples()
        ],
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
        states[(name,)] = part("paragraph", text=f"{choice} Here {comparison} {reason}")
    return Fragment("verdict", states, ("segmentation",))
