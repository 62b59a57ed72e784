"""The evidence for a number of groups: charts that follow k and the metric."""

from collections.abc import Callable

import pandas as pd

from dashboards import formats, segmentations, theme
from dashboards.published import PublishedMarts
from dashboards.template import Chart, Fragment, Section, State, legend, table

CONTROLS = ("segmentation", "metric", "k")

# More dots than this per trial would make the page heavy and show nothing more.
MOST_DOTS = 400

RING = {
    "color": "rgba(0,0,0,0)",
    "size": 17,
    "symbol": "circle",
    "line": {"color": theme.CONTRAST, "width": 2.5},
}
SILHOUETTE = "Silhouette (-1 to 1)"


def _chart_by_k(
    identifier: str,
    trials: pd.DataFrame,
    state_of: Callable[[pd.DataFrame, int], State],
) -> Chart:
    """Chart with a state per trial, each drawn from all k of its metric."""
    states = {}
    for (name, metric), rows in trials.groupby(["segmentation", "metric"]):
        rows = rows.sort_values("k")
        for k in rows["k"]:
            states[name, metric, str(k)] = state_of(rows, k)
    return Chart(identifier, states, CONTROLS)


def silhouettes_by_k(trials: pd.DataFrame) -> Chart:
    """Draw the silhouette by k, beside that of shuffled customers."""
    return _chart_by_k("silhouette-by-k", trials, _silhouette_state)


def _silhouette_state(rows: pd.DataFrame, k: int) -> State:
    known = rows.dropna(subset=["silhouette"])
    if known.empty:
        return State("The silhouette was not measured.")
    best = known.loc[known["silhouette"].idxmax()]
    measured = _by_k(known, "silhouette", "Silhouette", theme.MEASURED)
    measured["error_y"] = {
        "type": "data",
        "symmetric": False,
        "array": formats.rounded(known["silhouette_high"] - known["silhouette"], 4),
        "arrayminus": formats.rounded(known["silhouette"] - known["silhouette_low"], 4),
        "color": theme.MEASURED.colour,
        "thickness": 1.2,
    }
    shuffled = _by_k(rows, "null_silhouette", "Shuffled", theme.EXPECTED)
    drawn = theme.figure(
        [measured, shuffled, _ring(rows, k, "silhouette")],
        x="Number of groups (k)",
        y=SILHOUETTE,
        xaxis={"dtick": 1},
    )
    return State(
        f"Silhouette is highest at k = {best['k']}"
        f" ({formats.decimal(best['silhouette'], 3)})",
        [drawn],
        legend=legend(
            [
                ("measured, with its interval", theme.MEASURED, "line"),
                ("customers with shuffled orders", theme.EXPECTED, "line"),
            ]
        ),
        note=f"The ring marks k = {k}. Measured in the metric of the clustering.",
    )


def _by_k(rows: pd.DataFrame, column: str, name: str, mark: theme.Mark) -> dict:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [int(k) for k in rows["k"]],
        "y": formats.rounded(rows[column].astype(float), 4),
        "line": mark.line,
        "marker": {**mark.point, "size": 8},
    }


def _ring(rows: pd.DataFrame, k: int, column: str) -> dict:
    """Mark the k of the slider."""
    here = rows[rows["k"] == k]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"k = {k}",
        "x": [int(k)],
        "y": formats.rounded(here[column].astype(float), 4),
        "marker": RING,
        "hoverinfo": "skip",
    }


def elbow_of(numbers: list[int], inertias: list[float]) -> int | None:
    """Find the elbow: the k farthest below the line between the two ends.

    Args:
        numbers: k, rising; shape (n,).
        inertias: mean squared distance to the centre at each k; shape (n,).

    Returns:
        That k; None with fewer than three values or without any bend.

    Both axes are first scaled to 0..1. Source: Satopää et al. 2011, "Finding a
    kneedle in a haystack", without its smoothing.
    """
    if len(numbers) < 3 or inertias[0] <= inertias[-1]:
        return None
    width, height = numbers[-1] - numbers[0], inertias[0] - inertias[-1]
    below = [
        1 - (k - numbers[0]) / width - (inertia - inertias[-1]) / height
        for k, inertia in zip(numbers, inertias, strict=True)
    ]
    deepest = max(below)
    return numbers[below.index(deepest)] if deepest > 1e-9 else None


def elbow(trials: pd.DataFrame) -> Chart:
    """Draw the inertia by k and mark its elbow."""
    return _chart_by_k("elbow", trials, _elbow_state)


def _elbow_state(rows: pd.DataFrame, k: int) -> State:
    known = rows.dropna(subset=["inertia"])
    if known.empty:
        return State("The inertia was not measured.")
    bend = elbow_of([int(n) for n in known["k"]], list(known["inertia"]))
    title = (
        "Inertia falls without an elbow"
        if bend is None
        else f"Inertia bends at k = {bend}: more groups gain less"
    )
    drawn = theme.figure(
        [
            _by_k(known, "inertia", "Inertia", theme.MEASURED),
            _ring(rows, k, "inertia"),
        ],
        x="Number of groups (k)",
        y="Inertia (mean squared distance)",
        lines=[] if bend is None else [theme.upright(bend)],
        xaxis={"dtick": 1},
    )
    return State(
        title,
        [drawn],
        note=f"The ring marks k = {k}. The dashed line marks the elbow: the k"
        " farthest below the straight line between the two ends.",
    )


def blades(marts: PublishedMarts, trial_of: dict[tuple, object]) -> Chart:
    """Draw the silhouette of the sampled customers, sorted within each group."""
    samples = segmentations.of_shown_trials(marts, "marts.fct_silhouettes")
    samples = samples.dropna(subset=["silhouette"])
    states = {
        (name, metric, str(k)): _blade_state(rows, marts.smallest_cell)
        for (name, metric, k), rows in samples.groupby(["segmentation", "metric", "k"])
    }
    for values in trial_of:
        states.setdefault(values, State("No silhouettes were kept for this trial."))
    return Chart("blades", states, CONTROLS)


def _blade_state(rows: pd.DataFrame, smallest_cell: int) -> State:
    total = len(rows)
    every = max(1, -(-total // MOST_DOTS))
    traces, ticks, top = [], [], 0
    for number, blade in rows.groupby("cluster_number"):
        if segmentations.is_small(len(blade), smallest_cell):
            continue
        values = blade["silhouette"].sort_values().iloc[::every]
        mark = theme.mark(number)
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": f"Group {number}",
                "x": formats.rounded(values, 3),
                "y": list(range(top, top + len(values))),
                "width": 1,
                "marker": {"color": mark.colour, "line": {"width": 0}},
                "hovertemplate": f"Group {number}: %{{x:.2f}}<extra></extra>",
            }
        )
        ticks.append((top + len(values) / 2, f"{number}"))
        top += len(values) + 6
    if not traces:
        return State(f"Every group has {formats.few(smallest_cell)} sampled customers.")
    mean, below = rows["silhouette"].mean(), (rows["silhouette"] < 0).mean()
    drawn = theme.figure(
        traces,
        x=SILHOUETTE,
        y="Group",
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
        note=f"One bar per sampled customer, {_thinned(every)}of"
        f" {formats.count(total)}; the dashed line is their mean,"
        f" {formats.decimal(mean, 3)}.",
    )


def _thinned(every: int) -> str:
    return "" if every == 1 else f"one in {every} "


def nulls(marts: PublishedMarts, trial_of: dict[tuple, object]) -> Chart:
    """Draw the silhouettes of shuffled customers beside the measured one."""
    shuffles = segmentations.of_shown_trials(marts, "marts.fct_trial_nulls")
    shuffles = shuffles.dropna(subset=["silhouette"])
    groups = {
        (name, metric, str(k)): rows
        for (name, metric, k), rows in shuffles.groupby(["segmentation", "metric", "k"])
    }
    states = {}
    for values, trial in trial_of.items():
        if values not in groups:
            tried = [trial_of[key] for key in groups if key[0] == values[0]]
            states[values] = State(_not_shuffled(tried))
        else:
            states[values] = _null_state(groups[values]["silhouette"], trial)
    return Chart("nulls", states, CONTROLS)


def _not_shuffled(tried: list[object]) -> str:
    """Say for which trials of the segmentation customers were shuffled."""
    if not tried:
        return "Customers were not shuffled for this segmentation."
    names = formats.listing(_trial_name(trial) for trial in tried)
    return f"Customers were not shuffled for this trial, but for {names}."


def _trial_name(trial: object) -> str:
    return f"{formats.metric(trial.metric)}, k\u00a0=\u00a0{trial.k}"


def _null_state(shuffled: pd.Series, trial: object) -> State:
    reached = int((shuffled >= trial.silhouette).sum())
    if reached == 0:
        title = f"None of {len(shuffled)} shuffled shops separates as well as this one"
    else:
        title = (
            f"{reached} of {len(shuffled)} shuffled shops separate as well as this"
            " one: no structure beyond chance"
        )
        if trial.has_structure is True or trial.has_structure == 1:
            title = title.rsplit(":", 1)[0]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": "Shuffled",
        "x": formats.rounded(shuffled, 4),
        "y": [1 + (place % 5 - 2) * 0.12 for place in range(len(shuffled))],
        "marker": {**theme.EXPECTED.point, "size": 10, "line": {"width": 1.5}},
        "hovertemplate": "shuffled: %{x:.3f}<extra></extra>",
    }
    measured = {
        "type": "scatter",
        "mode": "markers",
        "name": "Measured",
        "x": formats.rounded([trial.silhouette], 4),
        "y": [2],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": formats.rounded([trial.silhouette_high - trial.silhouette], 4),
            "arrayminus": formats.rounded([trial.silhouette - trial.silhouette_low], 4),
            "color": theme.MEASURED.colour,
        },
        "marker": {**theme.MEASURED.point, "size": 12},
        "hovertemplate": "measured: %{x:.3f}<extra></extra>",
    }
    drawn = theme.figure(
        [dots, measured],
        x=SILHOUETTE,
        xaxis={"showgrid": True, "rangemode": "tozero"},
        yaxis={
            "tickvals": [1, 2],
            "ticktext": ["shuffled", "measured"],
            "range": [0.3, 2.6],
            "showgrid": False,
        },
    )
    return State(
        title,
        [drawn],
        note="Shuffled: orders dealt at random over customers (dates, amounts and"
        " orders per customer kept), series rebuilt, groups refitted.",
    )


def picture(marts: PublishedMarts, trial_of: dict[tuple, object]) -> list[Section]:
    """Draw the sampled customers on their first two principal components.

    Only static segmentations have such a picture; without any, no section.
    """
    samples = segmentations.of_shown_trials(marts, "marts.fct_silhouettes")
    samples = samples.dropna(subset=["x", "y"])
    if samples.empty:
        return []
    states = {
        (name, metric, str(k)): _picture_state(rows, marts.smallest_cell)
        for (name, metric, k), rows in samples.groupby(["segmentation", "metric", "k"])
    }
    sentence = "Paths over time have no flat picture; see their blades instead."
    for values in trial_of:
        states.setdefault(values, State(sentence))
    chart = Chart("picture", states, CONTROLS)
    return [Section("A flat picture of the groups", [chart], is_wide=True)]


def _picture_state(rows: pd.DataFrame, smallest_cell: int) -> State:
    every = max(1, -(-len(rows) // MOST_DOTS))
    traces, entries = [], []
    for number, group in rows.groupby("cluster_number"):
        if segmentations.is_small(len(group), smallest_cell):
            continue
        mark = theme.mark(number)
        shown = group.sort_values("sample_number").iloc[::every]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"Group {number}",
                "x": formats.rounded(shown["x"]),
                "y": formats.rounded(shown["y"]),
                "marker": {**mark.point, "opacity": 0.7},
                "hoverinfo": "name",
            }
        )
        entries.append((f"Group {number}", mark, "dots"))
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
        note="Each dot is a sampled customer, without anything that tells who it is.",
    )


def trial_table(trials: pd.DataFrame) -> Fragment:
    """List all measures of the trials of a segmentation."""
    states = {}
    for name, rows in trials.groupby("segmentation"):
        body = [_trial_row(trial) for trial in rows.itertuples()]
        caption = f"Trials of {formats.words(name)}; the chosen one is marked ●"
        states[(name,)] = table(caption, TRIAL_HEADERS, body)
    return Fragment("trials", states, ("segmentation",))


TRIAL_HEADERS = [
    "Metric and k",
    "Silhouette",
    "Interval",
    "Shuffled",
    "p",
    "Inertia",
    "Calinski-Harabasz",
    "Davies-Bouldin",
    "Refits agree (ARI)",
    "Predicts spend (R²)",
    "Smallest group",
]


def _trial_row(trial: object) -> list[str]:
    name = _trial_name(trial)
    low, high = trial.silhouette_low, trial.silhouette_high
    interval = (
        formats.NOTHING
        if formats.is_missing(low) or formats.is_missing(high)
        else f"{formats.decimal(low, 3)} to {formats.decimal(high, 3)}"
    )
    return [
        f"{name}\u00a0●" if trial.is_chosen else name,
        formats.decimal(trial.silhouette, 3),
        interval,
        formats.decimal(trial.null_silhouette, 3),
        formats.decimal(trial.null_p_value, 3),
        formats.amount(trial.inertia),
        formats.decimal(trial.calinski_harabasz, 1),
        formats.decimal(trial.davies_bouldin, 2),
        formats.decimal(trial.bootstrap_ari, 2),
        formats.decimal(trial.predictive_r2, 2),
        formats.share(trial.smallest_share),
    ]
