"""The sampled customers of a trial: how well each fits its group, and where it lies."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, State, legend
from trajectories.dashboards.marts.segmentations import CONTROLS, Trials
from trajectories.dashboards.marts.small_cells import rest_of

# More dots than this per trial would make the page heavy and show nothing more.
MOST_DOTS = 400


def blades(trials: Trials, smallest_cell: int) -> Chart:
    """Draw the silhouette of the sampled customers, sorted within each group."""
    states = dict.fromkeys(
        trials.by_key, State("No silhouettes were kept for this trial.")
    )
    for key, rows in trials.rows("marts.fct_silhouettes").items():
        known = rows.dropna(subset=["silhouette"])
        if not known.empty:
            states[key] = _blade_state(known, smallest_cell, partial(trials.group, key))
    return Chart("blades", states, CONTROLS)


def _blade_state(
    rows: pd.DataFrame, smallest_cell: int, named: Callable[[int], str]
) -> State:
    total = len(rows)
    every = max(1, -(-total // MOST_DOTS))
    traces, ticks, top = [], [], 0
    shown = _shown(rows, smallest_cell)
    for number, blade in shown:
        values = blade["silhouette"].sort_values().iloc[::every]
        mark = theme.mark(number)
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": formats.plain(named(number)),
                "x": formats.rounded(values, 3),
                "y": list(range(top, top + len(values))),
                "width": 1,
                "marker": {"color": mark.colour, "line": {"width": 0}},
                "hovertemplate": "%{fullData.name}: %{x:.2f}<extra></extra>",
                "meta": False,
            }
        )
        ticks.append((top + len(values) / 2, formats.wrapped(named(number))))
        top += len(values) + 6
    if not traces:
        return State(f"No group can be shown. {formats.hidden(smallest_cell)}")
    traces[0]["meta"] = {
        "columns": [
            ["Group", [trace["name"] for trace in traces]],
            ["Sampled customers", [len(blade) for _, blade in shown]],
            [
                "Mean silhouette",
                formats.rounded((blade["silhouette"].mean() for _, blade in shown), 3),
            ],
        ]
    }
    mean, below = rows["silhouette"].mean(), (rows["silhouette"] < 0).mean()
    drawn = theme.figure(
        traces,
        x="Silhouette (-1 to 1)",
        y="Group",
        height=max(300, 90 + 32 * len(traces)),
        lines=[theme.upright(round(mean, 4))],
        bargap=0,
        yaxis={
            "tickvals": [place for place, _ in ticks],
            "ticktext": [text for _, text in ticks],
        },
    )
    title = (
        f"{formats.share(below)} of the sampled customers sit closer to another"
        " group than to their own"
        if below
        else "Every sampled customer sits closest to the own group"
    )
    return State(
        title,
        [drawn],
        subtitle="Silhouette (-1 to 1) of each sampled customer, below 0 where another"
        " group is closer than the own",
        note=f"One bar per sampled customer, {_thinned(every)}of"
        f" {formats.count(total)}; the dashed line is their mean,"
        f" {formats.decimal(mean, 3)}.",
    )


def _shown(rows: pd.DataFrame, smallest_cell: int) -> list[tuple[int, pd.DataFrame]]:
    """List the groups whose number of sampled customers may be told."""
    groups = list(rows.groupby("cluster_number"))
    hidden = rest_of([len(group) for _, group in groups], smallest_cell)
    return [group for group, few in zip(groups, hidden, strict=True) if not few]


def _thinned(every: int) -> str:
    return "" if every == 1 else f"one in {every} "


def picture(trials: Trials, smallest_cell: int) -> Chart:
    """Draw the sampled customers on their first two principal components.

    Only static segmentations have such a picture: paths over time are not flat.
    """
    states = {
        key: _picture_state(known, smallest_cell, partial(trials.group, key))
        for key, rows in trials.rows("marts.fct_silhouettes").items()
        if any(_shown(known := rows.dropna(subset=["x", "y"]), smallest_cell))
    }
    return Chart("picture", states, CONTROLS)


def _picture_state(
    rows: pd.DataFrame, smallest_cell: int, named: Callable[[int], str]
) -> State:
    every = max(1, -(-len(rows) // MOST_DOTS))
    traces, entries = [], []
    for number, group in _shown(rows, smallest_cell):
        mark = theme.mark(number)
        shown = group.sort_values("sample_number").iloc[::every]
        name, x, y = (
            formats.plain(named(number)),
            *(formats.rounded(shown[axis]) for axis in ("x", "y")),
        )
        columns = [["Group", [name] * len(x)], ["First", x], ["Second", y]]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "meta": {"columns": columns},
                "marker": {**mark.point, "opacity": 0.7},
                "hoverinfo": "name",
            }
        )
        entries.append((named(number), mark, "dots"))
    drawn = theme.figure(
        traces,
        x="First principal component (scaled)",
        y="Second principal component (scaled)",
        height=380,
        yaxis={"rangemode": "normal"},
    )
    return State(
        f"{len(traces)} groups on the two directions in which customers differ most",
        [drawn],
        legend=legend(entries),
        subtitle="The first two principal components of what was compared (scaled)",
        note="Each dot is a sampled customer, without anything that tells who it is.",
    )
