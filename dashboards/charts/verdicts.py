"""Verdicts: what the evidence says of a segmentation and its candidates, in words."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, part, table
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Trials

RULE = (
    "Every candidate is a way to see customers and a way to compare them, listed at"
    " the number of groups that does best. The rule drops a trial at the first step"
    " it fails: 1. structure, against shuffled orders; 2. stability, when customers"
    " are drawn anew, without tiny groups; 3. use, for later spend. Among the rest the"
    " highest score wins, of the silhouette gained beyond chance and of the share of"
    " later spend explained; close scores go to the stable, then to fewer groups."
)


# Why a candidate that measures more than the chosen one is not taken.
PREFERRED = {
    "score": "too close to one whose groups come back more surely, or are fewer",
    "silhouette": "but the first candidate, or fewer groups, are preferred",
}

# Refits that agree so much (adjusted Rand index) give groups of the same kind: a word
# of this page, which decides nothing.
ALMOST_THE_SAME = 0.8


def verdict(marts: PublishedMarts, order: list[str]) -> Fragment:
    """Say for each segmentation whether its groups can be believed, and why."""
    trials = segmentations.deciding_trials(marts)
    states = {
        (name,): part(
            "judgement",
            sentence=_sentence(trials.loc[name]),
            beside=_beside(trials.loc[name]),
            choice=_choice(trials.loc[name]),
            numbers=_numbers(trials.loc[name], marts.smallest_cell),
        )
        for name in order
    }
    return Fragment("verdict", states, ("segmentation",))


def _sentence(trial: pd.Series) -> str:
    groups = formats.counted(trial["k"], "group")
    if formats.is_missing(trial["has_structure"]):
        return f"Whether these {groups} are real was not tested."
    if trial["structure"] == "fails":
        return (
            f"No segments here: {trial['shortcoming']}. The {groups} below"
            " only cut the customers into parts."
        )
    if trial["structure"] != "holds":
        why = trial["shortcoming"]
        if formats.is_missing(why):
            why = "too few customers were seen to be sure"
        return (
            f"Whether these {groups} are segments cannot be told: {why}. Take them as"
            " a way to cut the customers into parts."
        )
    why = (
        "they stand apart more than groups of shuffled orders do"
        if trial["is_separated"]
        else "what customers do in one half-year carries over into the next"
    )
    is_close = trial["bootstrap_ari"] >= ALMOST_THE_SAME
    again = "almost the same" if is_close else "similar"
    return (
        f"{groups} of customers that can be believed: {why}, and customers drawn anew"
        f" fall into {again} groups."
    )


def _is_carried(trial: pd.Series) -> bool:
    """Say whether nothing speaks against the trial."""
    return formats.is_missing(trial["has_structure"]) or bool(trial["has_structure"])


def _beside(trial: pd.Series) -> str:
    """Say what the groups are good for, and what was not shown."""
    said = []
    if not formats.is_missing(trial["predictive_r2"]):
        said.append(
            f"They explain {formats.share(trial['predictive_r2'])} of who spends how"
            " much in the next 90 days, against"
            f" {formats.share(trial['rfm_predictive_r2'])} for as many RFM groups."
        )
    is_real = not formats.is_missing(trial["has_structure"]) and trial["has_structure"]
    if is_real and not trial["is_separated"]:
        said.append(
            "That they stand apart more than groups of shuffled orders is not shown."
        )
    return " ".join(said)


def _choice(trial: pd.Series) -> str:
    seen = f"{segmentations.candidate(trial)}, k = {trial['k']}"
    if trial["is_chosen"]:
        return f"{'Chosen' if _is_carried(trial) else 'Nearest'}: {seen}."
    return f"No trial was chosen; the one with the highest silhouette speaks: {seen}."


def _numbers(trial: pd.Series, smallest_cell: int) -> Markup:
    """List what was measured of a trial beside what the rule asks for."""
    interval = (
        f"95 % interval {formats.decimal(trial['silhouette_low'], 3)} to"
        f" {formats.decimal(trial['silhouette_high'], 3)}; shuffled"
        f" {formats.decimal(trial['null_silhouette'], 3)}"
    )
    p_value = f"p at most {formats.threshold(trial['largest_p_value'])}"
    rows = [
        ["Silhouette (-1 to 1)", formats.decimal(trial["silhouette"], 3), interval],
        [
            "Silhouette gained beyond chance",
            _with_p(trial, "gain", "null_p_value"),
            f"{_least(trial, 'gain')}, {p_value}",
        ],
        [
            "Half-years carry over, unlike shuffled ones",
            _with_p(trial, "persistence_gap", "persistence_p_value"),
            f"or {_least(trial, 'persistence_gap')}, {p_value}",
        ],
        [
            "Sampled customers",
            formats.count(trial["sampled_customers"]),
            _least(trial, "customers"),
        ],
        [
            "Agreement of refits (adjusted Rand, 1 = same)",
            formats.decimal(trial["bootstrap_ari"], 2),
            _least(trial, "stability"),
        ],
        [
            "Smallest group (share of the sample)",
            _smallest(trial, smallest_cell),
            f"at least {formats.share(trial['least_share'])} and"
            f" {formats.threshold(trial['least_group'])} customers",
        ],
        [
            "Explained spend of the next 90 days (R²)",
            formats.share(trial["predictive_r2"]),
            f"at least {formats.share(trial['least_predictive_r2'])}; RFM groups"
            f" {formats.share(trial['rfm_predictive_r2'])}",
        ],
        [
            "Explained ordering in the next 90 days (R²)",
            formats.share(trial["activity_r2"]),
            f"RFM groups {formats.share(trial['rfm_activity_r2'])}",
        ],
    ]
    caption = "What was measured, and what the rule asks for; p allows for all trials"
    return table(caption, ["Measure", "Here", "Against"], rows, is_stacked=True)


def _least(trial: pd.Series, measure: str) -> str:
    """Say what the rule asked for."""
    return f"at least {formats.threshold(trial[f'least_{measure}'])}"


def _with_p(trial: pd.Series, measure: str, p_value: str) -> str:
    p = formats.p_value(trial[p_value], trial["shuffles"])
    return f"{formats.decimal(trial[measure], 3)} (p {p})"


def _smallest(trial: pd.Series, smallest_cell: int) -> str:
    """Write the share of the smallest group, unless it has too few customers."""
    share, sample = trial["smallest_share"], trial["sampled_customers"]
    if formats.is_missing(share) or formats.is_missing(sample):
        return formats.NOTHING
    if segmentations.is_small(round(share * sample), smallest_cell):
        return f"{formats.few(smallest_cell)} customers"
    return formats.share(share)


def best_trials(trials: Trials) -> pd.DataFrame:
    """Find the best trial of every candidate: the chosen one, else the best score.

    Trials that the evidence carries go before those that it does not.
    """
    frame = trials.frame.assign(passes=trials.frame["has_structure"].eq(True))
    best = frame.sort_values(
        ["is_chosen", "passes", "score", "k"],
        ascending=[False, False, False, True],
        na_position="last",
    ).drop_duplicates(["segmentation", "candidate"])
    return best.sort_values(
        ["order", "is_other", "score"], ascending=[True, True, False]
    )


def candidates(best: pd.DataFrame, smallest_cell: int) -> Fragment:
    """List the candidates of each segmentation and what became of them."""
    states = {
        (name,): table(
            f"Candidates of {formats.words(name)}",
            CANDIDATE_HEADERS,
            [
                _candidate_row(row, rows.iloc[0], smallest_cell)
                for _, row in rows.iterrows()
            ],
            numbers_from=2,
            is_stacked=True,
        )
        for name, rows in best.groupby("segmentation")
    }
    return Fragment("candidates", states, ("segmentation",))


CANDIDATE_HEADERS = [
    "Candidate",
    "Outcome",
    "Best k",
    "Silhouette",
    "Beyond chance",
    "Explains spend (R²)",
    "Refits agree (ARI)",
    "Smallest group",
]


def _candidate_row(
    trial: pd.Series, chosen: pd.Series, smallest_cell: int
) -> list[str]:
    return [
        trial["candidate"],
        _outcome(trial, chosen),
        formats.count(trial["k"]),
        formats.decimal(trial["silhouette"], 3),
        formats.decimal(trial["gain"], 3),
        formats.share(trial["predictive_r2"]),
        formats.decimal(trial["bootstrap_ari"], 2),
        _smallest(trial, smallest_cell),
    ]


def _outcome(trial: pd.Series, chosen: pd.Series) -> str:
    """Say what became of a trial, beside the chosen one of its segmentation."""
    by = "score" if trial["chosen_by"] == "evidence" else "silhouette"
    if not trial["is_chosen"] and by == "score" and not _is_carried(trial):
        return f"Dropped: {trial['shortcoming']}."
    if not trial["is_chosen"]:
        own, best = (f"{by} {formats.decimal(x[by], 3)}" for x in (trial, chosen))
        if not trial[by] > chosen[by]:
            return f"Not chosen: {own} against {best}"
        return f"Not chosen: {own}, {PREFERRED[by]} ({best})"
    if _is_carried(trial):
        return "Chosen ●"
    return f"Nearest, but {trial['shortcoming']}"


def every_k(trials: Trials, smallest_cell: int) -> Fragment:
    """List all measures of every k of a candidate."""
    states = {
        values: table(
            f"{values[1]}; the chosen k is marked ●",
            K_HEADERS,
            [_k_row(row, smallest_cell) for _, row in rows.iterrows()],
        )
        for values, rows in trials.frame.groupby(["segmentation", "candidate"])
    }
    return Fragment("trials", states, ("segmentation", "candidate"))


K_HEADERS = [
    "k",
    "Silhouette",
    "Shuffled",
    "p",
    "Inertia",
    "Calinski-Harabasz",
    "Davies-Bouldin",
    "Refits agree (ARI)",
    "Explains spend (R²)",
    "RFM groups (R²)",
    "Smallest group",
]


def _k_row(trial: pd.Series, smallest_cell: int) -> list[str]:
    return [
        f"{trial['k']}\u00a0●" if trial["is_chosen"] else str(trial["k"]),
        formats.decimal(trial["silhouette"], 3),
        formats.decimal(trial["null_silhouette"], 3),
        formats.decimal(trial["null_p_value"], 3),
        formats.decimal(trial["inertia"]),
        formats.decimal(trial["calinski_harabasz"], 1),
        formats.decimal(trial["davies_bouldin"], 2),
        formats.decimal(trial["bootstrap_ari"], 2),
        formats.share(trial["predictive_r2"]),
        formats.share(trial["rfm_predictive_r2"]),
        _smallest(trial, smallest_cell),
    ]
