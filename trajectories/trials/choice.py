"""The rule by which one trial of a segmentation is chosen, or none believed."""

from collections.abc import Sequence

import numpy as np

#: What a trial is held against, by the names of the columns that say so beside its
#: verdict. Small effects after Cohen 1988; shuffled shops gained less than 0.04, fewer
#: than 30 customers always fall into groups, a cluster whose refits agree below one
#: half is dissolved (Hennig 2007), and one or two who stand far out are no segment.
THRESHOLDS = {
    "least_gain": 0.02,
    "largest_p_value": 0.05,
    "least_persistence_gap": 0.10,
    "least_customers": 30,
    "least_stability": 0.50,
    "least_share": 0.02,
    "least_group": 5,
    "least_predictive_r2": 0.02,
}
STEPS = ("structure", "stability", "use")
PREDICTIVE_WEIGHT = 1 / 3
SAME_SCORE = 0.01
SAME_STABILITY = 0.02
SAME_SILHOUETTE = 0.005


def choose(rows: Sequence[dict], by: str = "evidence") -> None:
    """Choose one trial of a segmentation; write the reason into every row.

    A trial is dropped at the first of these steps that it fails:

    1. Structure. Orders are shuffled over customers (dates, amounts and each
       customer's number of orders kept) and everything is refitted. Real paths must
       be better separated than shuffled ones (silhouette), with a p that holds *for
       all trials of all segmentations together* (``evidence.family_p_values``), or
       the two half-years of customers must relate otherwise than shuffled ones do
       (persistence; one trait of the whole shop, with a p of its own). The difference
       must also matter: a gain (below), or a persistence that is off, of some size.
       And there must be enough customers.
    2. Stability. Refits on resampled customers agree (adjusted Rand), and no group is
       tiny.
    3. Use. The groups of 90 days ago explain the spend since then out of sample
       (R2); skipped when not measured.

    Among the rest the highest score wins: the share of the possible silhouette that
    is gained beyond chance, (silhouette - shuffled) / (1 - shuffled), plus a third of
    the R2 of later spend. Raw silhouettes of different representations and metrics
    cannot be compared; beyond each trial's own chance they can, as far as the spaces
    are alike, and both summands are shares of what there is to explain. R2 weighs
    less, for it is measured on an earlier window and jumps from one k to the next.
    Scores within 0.01 are a tie, which goes to the most stable, and among equally
    stable ones (within 0.02) to fewer groups. When no trial is left, the best of
    those that got farthest stands in, without structure; one with a tiny group only
    where all have one.

    A trial of the recipe as it is usually written (``is_recipe``) is measured and
    shown, and never weighed. With ``by="recipe"`` it is the one that is chosen, the
    highest score among several; steps 1 to 3 then only say whether it is believed.

    With ``by="silhouette"`` the first candidate alone is looked at, and its k with
    the highest silhouette wins, ties (0.005) going to fewer groups; steps 1 to 3
    then only say whether it is believed.

    Args:
        rows: the trials, as measured. Added are ``has_structure`` (whether steps 1 to
            3 hold), ``failed_step`` (the first of ``STEPS`` that does not) and
            ``shortcoming`` (what fails, in words), ``is_separated`` (whether it is
            the silhouette that shows structure), ``gain`` (NaN without shuffles),
            ``score``, ``is_chosen``, ``chosen_by``, ``reason`` and ``THRESHOLDS``.
        by: "evidence", "silhouette" or "recipe" (which is as "evidence" where no trial
            of the recipe could be made).
    """
    if not rows:
        return
    failures = [_failures(row) for row in rows]
    passed = [_steps_passed(failed) for failed in failures]
    recipes = [_is_recipe(row) for row in rows]
    by = "evidence" if by == "recipe" and not any(recipes) else by
    asked = by == "recipe" or all(recipes)
    if by == "silhouette":
        best = _best_silhouette(rows)
    else:
        weighed = [
            (not is_tiny(row), step, row)
            for row, step in zip(rows, passed, strict=True)
            if _is_recipe(row) is asked
        ]
        most = max(merit[:2] for merit in weighed)
        left = [row for *merit, row in weighed if tuple(merit) == most]
        best = _best_by_metric(left)
    chosen = _most_stable(best)
    for row, failed, step in zip(rows, failures, passed, strict=True):
        row["has_structure"] = not any(failed)
        row["failed_step"] = STEPS[step] if any(failed) else None
        row["shortcoming"] = " and ".join(w for each in failed for w in each) or None
        row["is_separated"] = is_separated(row)
        is_shuffled = np.isfinite(_known(row["null_silhouette"], np.nan))
        row["gain"] = gain(row) if is_shuffled else np.nan
        row["score"] = score(row)
        row["is_chosen"] = row is chosen
        row["chosen_by"] = by
        row.update(THRESHOLDS)
    for row in rows:
        row["reason"] = _reason(row, chosen, best)


def _best_silhouette(rows: Sequence[dict]) -> list[dict]:
    """The best k of the first candidate, as a list of one."""
    first = [row for row in rows if _candidate(row) == _candidate(rows[0])]
    best = max(row["silhouette"] for row in first)
    tied = [row for row in first if row["silhouette"] >= best - SAME_SILHOUETTE]
    return [min(tied, key=_fewest)]


def _best_by_metric(rows: Sequence[dict]) -> list[dict]:
    """The trial of each metric with the best score, ties as `choose` says."""
    found = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        of_metric = [row for row in rows if row["metric"] == metric]
        best = max(map(score, of_metric)) - SAME_SCORE
        tied = [row for row in of_metric if score(row) >= best]
        found.append(min(_equally_stable(tied), key=_fewest))
    return found


def _most_stable(rows: Sequence[dict]) -> dict:
    """The trial that wins over those of other metrics."""
    return max(_equally_stable(rows), key=lambda row: _known(row.get("predictive_r2")))


def _equally_stable(rows: Sequence[dict]) -> Sequence[dict]:
    stable = max(row["bootstrap_ari"] for row in rows) - SAME_STABILITY
    return [row for row in rows if row["bootstrap_ari"] >= stable] or rows


def _fewest(row: dict) -> tuple[int, float]:
    return row["k"], -score(row)


def _is_recipe(row: dict) -> bool:
    return bool(row.get("is_recipe"))


def score(row: dict) -> float:
    """Share of the possible silhouette gained beyond chance, and of later spend."""
    useful = max(_known(row.get("predictive_r2")), 0.0)
    return gain(row) + PREDICTIVE_WEIGHT * useful


def gain(row: dict) -> float:
    """(silhouette - shuffled) / (1 - shuffled)."""
    chance = _known(row["null_silhouette"])
    return (row["silhouette"] - chance) / max(1 - chance, 1e-9)


def is_separated(row: dict) -> bool:
    """Whether the groups stand apart more than those of shuffled orders."""
    is_clear = gain(row) >= THRESHOLDS["least_gain"]
    return bool(is_clear and row["null_p_value"] <= THRESHOLDS["largest_p_value"])


def is_tiny(row: dict) -> bool:
    """Whether the smallest group is too small to be called one."""
    share = row["smallest_share"]
    smallest = round(share * row["sampled_customers"])
    is_small = share < THRESHOLDS["least_share"]
    return is_small or smallest < THRESHOLDS["least_group"]


def _failures(row: dict) -> tuple[list[str], list[str], list[str]]:
    """What fails, in words, at each of the three steps."""
    structure, stability, use = [], [], []
    least = THRESHOLDS["least_customers"]
    persistent = (
        row["persistence_gap"] >= THRESHOLDS["least_persistence_gap"]
        and row["persistence_p_value"] <= THRESHOLDS["largest_p_value"]
    )
    if not (is_separated(row) or persistent):
        structure.append("shuffled orders look the same")
    if row["sampled_customers"] < least:
        structure.append(
            f"{row['sampled_customers']} customers are too few to tell"
            f" ({least} are needed)"
        )
    if not row["bootstrap_ari"] >= THRESHOLDS["least_stability"]:
        stability.append("resampled customers give other groups")
    if is_tiny(row):
        stability.append("a group is tiny")
    if _known(row.get("predictive_r2"), np.inf) < THRESHOLDS["least_predictive_r2"]:
        use.append("the groups say nothing about later spend")
    return structure, stability, use


def _steps_passed(failed: tuple[list[str], ...]) -> int:
    return next((step for step, found in enumerate(failed) if found), len(failed))


def _candidate(row: dict) -> tuple:
    return tuple(
        row[x] for x in ("representation", "smoothing_steps", "metric", "band")
    )


def _known(value: float | None, otherwise: float = 0.0) -> float:
    return otherwise if value is None or np.isnan(value) else value


def _reason(row: dict, chosen: dict, best: Sequence[dict]) -> str:
    wrong, by = row["shortcoming"], row["chosen_by"]
    if row is chosen:
        merit = f"{_name(row)} {_why(row, best)}"
        if wrong:
            return (
                f"No segments here: {wrong} ({_measured(row)}). The nearest: {merit}."
            )
        return f"Chosen: {merit} ({_measured(row)})."
    if _is_recipe(row):
        doubt = f"; not to be believed, for {wrong}" if wrong else ""
        return (
            f"Shown, not weighed: {_name(row)} is the recipe as it is usually written,"
            f" chosen only by choose: recipe{doubt} ({_measured(row)})."
        )
    if by == "evidence" and wrong:
        return f"Dropped: {wrong} ({_measured(row)})."
    if by == "recipe":
        return f"Not chosen: the settings ask for the recipe, {_name(chosen)}."
    alike = [one for one in best if one["metric"] == row["metric"] and one is not row]
    if by == "evidence" and not alike:
        return (
            f"Not chosen: {_steadiness(row)} against {_steadiness(chosen)} for"
            f" {_name(chosen)}. Silhouettes of different metrics are not compared."
        )
    other = (alike or best)[0]
    merits = f"{_merit(row, by)} against {_merit(other, by)} for {_name(other)}"
    return f"Not chosen: {merits}{_tie(row, other, by)}."


def _tie(row: dict, other: dict, by: str) -> str:
    """Why a trial that is no worse by the number that decides is not the best."""
    if by == "silhouette":
        is_worse = row["silhouette"] < other["silhouette"]
        return "" if is_worse else ", which is alike and has fewer groups"
    if score(row) < score(other):
        return ""
    if row["bootstrap_ari"] < other["bootstrap_ari"] - SAME_STABILITY:
        steadier = f"{_text(other['bootstrap_ari'], 2)} against"
        return (
            ", which is alike and steadier (stability"
            f" {steadier} {_text(row['bootstrap_ari'], 2)})"
        )
    return ", which is alike and has fewer groups"


def _why(row: dict, best: Sequence[dict]) -> str:
    by = row["chosen_by"]
    if by == "recipe":
        return "is the recipe that the settings ask for"
    ties = "fewer groups" if by == "silhouette" else "the stable, then to fewer groups"
    why = f"has the best {_merit(row, by)}, ties going to {ties}"
    others = [f"{_name(one)} ({_steadiness(one)})" for one in best if one is not row]
    if not others:
        return why
    return f"{why}, and goes before the best of other metrics, {' and '.join(others)}"


def _steadiness(row: dict) -> str:
    stability = _text(row["bootstrap_ari"], 2)
    return f"stability {stability}, R2 {_text(row.get('predictive_r2'))}"


def _name(row: dict) -> str:
    name = f"k = {row['k']} with {row['metric']} on {row['representation']}"
    if row["smoothing_steps"] is not None:
        name += f" {row['smoothing_steps']:g}"
    return name if row["band"] is None else f"{name}, band {row['band']}"


def _merit(row: dict, by: str) -> str:
    if by == "silhouette":
        return f"silhouette {row['silhouette']:.3f}"
    return (
        f"score {row['score']:.3f} (silhouette beyond chance {gain(row):.3f},"
        f" R2 {_known(row.get('predictive_r2')):.3f})"
    )


def _measured(row: dict) -> str:
    return (
        f"silhouette {_text(row['silhouette'])}, shuffled"
        f" {_text(row['null_silhouette'])} (p {_text(row['null_p_value'])});"
        f" persistence differs from shuffled by {_text(row['persistence_gap'], 2)}"
        f" (p {_text(row['persistence_p_value'])}); stability"
        f" {_text(row['bootstrap_ari'], 2)}; smallest group"
        f" {row['smallest_share']:.1%}; R2 of the next 90 days' spend"
        f" {_text(row.get('predictive_r2'))}, of RFM quintiles in as many groups"
        f" {_text(row.get('rfm_predictive_r2'))}"
    )


def _text(value: float | None, digits: int = 3) -> str:
    is_known = value is not None and np.isfinite(value)
    return f"{value:.{digits}f}" if is_known else "not measured"
