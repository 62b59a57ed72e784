"""The evidence for a number of groups: charts that follow the candidate and k."""

from collections.abc import Callable

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import Chart, State, legend
from trajectories.dashboards.marts.segmentations import CONTROLS, Trials

RING = {
    "color": "rgba(0,0,0,0)",
    "size": 17,
    "symbol": "circle",
    "line": {"color": theme.CONTRAST, "width": 2.5},
}
SILHOUETTE = "Silhouette (-1 to 1)"
SAMPLED = "the sampled customers"
AHEAD = {
    "predictive_r2": ("rfm_predictive_r2", "Spend in the next 90 days"),
    "activity_r2": ("rfm_activity_r2", "Any order in the next 90 days"),
}


def _chart_by_k(
    name: str,
    trials: Trials,
    state_of: Callable[[pd.DataFrame, object], State],
    columns: int = 1,
) -> Chart:
    """Chart with a state per trial, each drawn from all k of its candidate."""
    candidates = dict(list(trials.frame.groupby(["segmentation", "candidate"])))
    states = {
        key: state_of(candidates[key[:2]], trial)
        for key, trial in trials.by_key.items()
    }
    return Chart(name, states, CONTROLS, columns)


def silhouettes_by_k(trials: Trials) -> Chart:
    """Draw the silhouette by k, beside that of shuffled customers."""
    return _chart_by_k("silhouette-by-k", trials, _silhouette_state)


def _silhouette_state(rows: pd.DataFrame, trial: object) -> State:
    known = rows.dropna(subset=["silhouette"])
    if known.empty:
        return State("The silhouette was not measured.")
    best = known.loc[known["silhouette"].idxmax()]
    measured = _by_k(known, "silhouette", "Measured", theme.MEASURED)
    measured["error_y"] = {
        "type": "data",
        "symmetric": False,
        "array": formats.rounded(known["silhouette_high"] - known["silhouette"], 4),
        "arrayminus": formats.rounded(known["silhouette"] - known["silhouette_low"], 4),
        "color": theme.MEASURED.colour,
        "thickness": 1.2,
    }
    shuffled = _by_k(rows, "null_silhouette", "Orders shuffled", theme.EXPECTED)
    names = theme.names_at_ends([measured, shuffled], width=9)
    drawn = theme.figure(
        [measured, shuffled, _ring(trial, "silhouette")],
        x="Number of groups (k)",
        y=SILHOUETTE,
        xaxis={"dtick": 1, **theme.within([measured, shuffled])},
        annotations=names["annotations"] + _chosen_here(rows, "silhouette", -26),
        margin=names["margin"],
    )
    return State(
        f"Groups stand apart most at k = {best['k']}: silhouette"
        f" {formats.decimal(best['silhouette'], 3)}, in shuffled shops"
        f" {formats.decimal(best['null_silhouette'], 3)}",
        [drawn],
        subtitle=f"Silhouette (-1 to 1) of {SAMPLED}, with its 95 % interval, and the"
        " mean of shops with shuffled orders",
        note=f"The ring marks k = {trial.k}. {_chosen_where(rows)} What counts is the"
        " gap between the lines, not the height: shuffled orders form groups too.",
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


def _ring(trial: object, column: str) -> dict:
    """Mark the k of the slider."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"k = {trial.k}",
        "x": [int(trial.k)],
        "y": formats.rounded([getattr(trial, column)], 4),
        "marker": RING,
        "hoverinfo": "skip",
        "meta": False,
    }


def _chosen_here(rows: pd.DataFrame, column: str, aside: int = 26) -> list[dict]:
    """Point an arrow at the chosen trial, where it is one of these."""
    chosen = rows[rows["is_chosen"]].dropna(subset=[column])
    return [
        theme.arrow(int(row.k), round(float(getattr(row, column)), 4), "chosen", aside)
        for row in chosen.itertuples()
    ]


def _chosen_where(rows: pd.DataFrame) -> str:
    chosen = rows.loc[rows["is_chosen"], "k"]
    if chosen.empty:
        return "The rule did not choose this candidate."
    return f"The rule chose k = {chosen.iloc[0]}."


def elbow(trials: Trials) -> Chart:
    """Draw the inertia by k and mark its elbow."""
    return _chart_by_k("elbow", trials, _elbow_state)


def _elbow_state(rows: pd.DataFrame, trial: object) -> State:
    known = rows.dropna(subset=["inertia"])
    if known.empty:
        return State("The inertia was not measured.")
    bends = [int(k) for k in known.loc[known["is_elbow"].eq(True), "k"]]
    title = (
        f"More groups gain little after k = {bends[0]}, the elbow of the inertia"
        if bends
        else "Inertia falls without an elbow"
    )
    drawn = theme.figure(
        [_by_k(known, "inertia", "Inertia", theme.MEASURED), _ring(trial, "inertia")],
        x="Number of groups (k)",
        y="Inertia (mean squared distance)",
        lines=[theme.upright(bend) for bend in bends],
        xaxis={"dtick": 1},
        annotations=[
            *_chosen_here(known, "inertia"),
            *(theme.above(bend, "elbow") for bend in bends),
        ],
        margin=theme.ROOM_ABOVE,
    )
    return State(
        title,
        [drawn],
        subtitle=f"Inertia (mean squared distance to the own group) of {SAMPLED}, by"
        " number of groups",
        note=f"Inertia at k = {trial.k} (ringed): {formats.decimal(trial.inertia)}."
        f" {_chosen_where(rows)} The dashed line marks the elbow: the k farthest below"
        " the straight line between the two ends (Satopää et al. 2011).",
    )


def prediction(trials: Trials) -> Chart:
    """Draw how much the groups and as many RFM groups say about what comes."""
    return _chart_by_k("prediction", trials, _prediction_state, columns=2)


def _prediction_state(rows: pd.DataFrame, trial: object) -> State:
    if formats.is_missing(trial.predictive_r2):
        return State("What the groups say about later spend was not measured.")
    figures = [
        theme.figure(
            [
                _r2_bars(rows, own, "Groups", theme.MEASURED),
                _r2_bars(rows, rfm, "RFM groups", theme.EXPECTED),
            ],
            x="Number of groups (k)",
            y="Explained (% of variance)",
            height=250,
            barmode="group",
            xaxis={"dtick": 1},
            annotations=[theme.above(int(trial.k), "shown")],
            margin=theme.ROOM_ABOVE,
        )
        for own, (rfm, _) in AHEAD.items()
    ]
    return State(
        f"These {trial.k} groups explain {formats.share(trial.predictive_r2)} of later"
        f" spend, RFM groups {formats.share(trial.rfm_predictive_r2)}",
        figures,
        [label for _, label in AHEAD.values()],
        legend(
            [
                ("these groups", theme.MEASURED, "bar"),
                ("as many RFM groups", theme.EXPECTED, "bar"),
            ]
        ),
        subtitle="Per cent of the variance (R²) of what customers do in the next 90"
        " days, against as many RFM groups",
        note=f"Whether a customer orders at all: {formats.share(trial.activity_r2)}"
        f" against {formats.share(trial.rfm_activity_r2)}. Both together explain"
        f" {formats.share(trial.added_predictive_r2)} of spend more than RFM alone."
        " Out of sample: groups of 90 days ago, each tenth of the customers predicted"
        " by the others (R² of log spend). RFM groups: customers by the sum of their"
        " quintile scores of recency, frequency and amount, cut into equal parts.",
    )


def _r2_bars(rows: pd.DataFrame, column: str, name: str, mark: theme.Mark) -> dict:
    return {
        "type": "bar",
        "name": name,
        "x": [int(k) for k in rows["k"]],
        "y": formats.rounded(100 * rows[column].astype(float), 2),
        "marker": mark.bar,
        "hovertemplate": f"{name}, k = %{{x}}: %{{y:.1f}} %<extra></extra>",
    }


def nulls(trials: Trials) -> Chart:
    """Draw the silhouettes of shuffled shops beside the measured one."""
    sentence = "Orders were not shuffled over customers for this trial."
    states = dict.fromkeys(trials.by_key, State(sentence))
    for key, rows in trials.rows("marts.fct_trial_nulls").items():
        known = rows["silhouette"].dropna()
        if len(known):
            states[key] = _null_state(known, trials.by_key[key])
    return Chart("nulls", states, CONTROLS)


def _null_state(shuffled: pd.Series, trial: object) -> State:
    reached = int((shuffled >= trial.silhouette).sum())
    title = (
        f"{reached or 'None'} of {formats.counted(len(shuffled), 'shuffled shop')}"
        f" {'forms' if reached < 2 else 'form'} groups that stand apart this much"
        f" (silhouette {formats.decimal(trial.silhouette, 3)})"
    )
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": "Shuffled",
        "x": formats.rounded(shuffled, 4),
        "y": [place % 5 for place in range(len(shuffled))],
        "marker": {**theme.EXPECTED.point, "size": 10, "line": {"width": 1.5}},
        "hovertemplate": "shuffled: %{x:.3f}<extra></extra>",
    }
    real = round(float(trial.silhouette), 4)
    shops = ["This shop", *(f"Shuffled {n + 1}" for n in range(len(shuffled)))]
    columns = [["Shop", shops], ["Silhouette", [real, *dots["x"]]]]
    dots["meta"] = {"columns": columns}
    drawn = theme.figure(
        [dots],
        x=SILHOUETTE,
        height=190,
        lines=[theme.upright(real, theme.ACCENT, "solid")],
        xaxis={
            "showgrid": True,
            "range": _around([*shuffled, trial.silhouette]),
        },
        yaxis={"visible": False, "range": [-1, 5]},
        annotations=[theme.above(real, f"this shop {real:.3f}")],
        margin=theme.ROOM_ABOVE,
    )
    return State(
        title,
        [drawn],
        legend=legend([("one shop with shuffled orders", theme.EXPECTED, "dots")]),
        subtitle=f"Silhouette (-1 to 1) of {SAMPLED}, and of shuffled shops",
        note=f"{_chance(trial, len(shuffled))} Shuffled: orders dealt at random over"
        " customers (dates, amounts and orders per customer kept), series rebuilt,"
        " groups refitted.",
    )


def _around(values: list[float]) -> list[float]:
    """Give an axis room on both sides of its values."""
    low, high = min(values), max(values)
    room = 0.15 * (high - low) or 0.05
    return [round(low - room, 4), round(high + room, 4)]


def _chance(trial: object, shuffles: int) -> str:
    """Say the p-value in words."""
    p = trial.null_p_value
    if formats.is_missing(p):
        return "No p-value was measured."
    said = formats.p_value(p, shuffles)
    if not said.startswith("fewer"):
        said = f"about {formats.count(max(100 * p, 1))} in 100"
    return (
        f"Allowing for everything that was tried, p = {formats.decimal(p, 3)}: of shops"
        f" without segments, {said} would have groups that stand out as much."
    )
