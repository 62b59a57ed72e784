"""The rule by which one trial of a segmentation is chosen, or none believed."""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.05
LEAST_GAIN = 0.02
LEAST_PERSISTENCE_GAP = 0.10
LEAST_CUSTOMERS = 30
LEAST_STABILITY = 0.50
LEAST_SHARE = 0.02
LEAST_GROUP = 5
LEAST_PREDICTIVE_R2 = 0.02
PREDICTIVE_WEIGHT = 1 / 3
SAME_SCORE = 0.01
SAME_STABILITY = 0.02
SAME_SILHOUETTE = 0.005


def choose(rows: Sequence[dict], by: str = "evidence") -> None:
    """Choose one trial of a segmentation; write the reason into every row.

    A trial is dropped at the first of these steps that it fails:

    1. Structure. Orders are shuffled over customers (dates, amounts and each
       customer's number of orders kept) and everything is refitted. Real paths must
       be better separated than shuffled ones (silhouette), with p <= 0.05 *for all
       trials of all segmentations together* (``evidence.family_p_values``), or the
       two half-years of customers must relate otherwise than shuffled ones do
       (persistence; one trait of the whole shop, with a p of its own). The difference
       must also matter: a gain of 0.02 (below) or a persistence off by 0.1, Cohen's
       small effects; shuffled shops stayed below 0.04. And there must be 30
       customers: fewer always fall into groups.
    2. Stability. Refits on resampled customers agree (adjusted Rand >= 0.5; Hennig
       2007 calls a cluster below one half dissolved), and no group is tiny (below
       2 %, or below 5 customers: one or two who stand far out are no segment).
    3. Use. The groups of 90 days ago explain the spend since then out of sample: R2
       at least 0.02, a small effect after Cohen 1988; skipped when not measured.

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

    With ``by="silhouette"`` the first candidate alone is looked at, and its k with
    the highest silhouette wins, ties (0.005) going to fewer groups; steps 1 to 3
    then only say whether it is believed.

    Args:
        rows: the trials, as measured; gain ``has_structure`` (whether steps 1 to 3
            hold), ``is_chosen`` and ``reason``.
        by: "evidence" or "silhouette".
    """
    if not rows:
        return
    failures = [_failures(row) for row in rows]
    passed = [_steps_passed(failed) for failed in failures]
    if by == "silhouette":
        first = [row for row in rows if _candidate(row) == _candidate(rows[0])]
        best = max(row["silhouette"] for row in first)
        tied = [row for row in first if row["silhouette"] >= best - SAME_SILHOUETTE]
    else:
        grouped = [not is_tiny(row) for row in rows]
        merits = list(zip(grouped, passed, strict=True))
        left = [row for row, m in zip(rows, merits, strict=True) if m == max(merits)]
        best = max(left, key=score)
        tied = [row for row in left if score(row) >= score(best) - SAME_SCORE]
        stable = max(row["bootstrap_ari"] for row in tied) - SAME_STABILITY
        tied = [row for row in tied if row["bootstrap_ari"] >= stable] or tied
    chosen = min(tied, key=lambda row: (row["k"], -score(row)))
    for row, failed in zip(rows, failures, strict=True):
        row["has_structure"] = not any(failed)
        row["is_chosen"] = row is chosen
        row["reason"] = _reason(row, failed, chosen, by)


def score(row: dict) -> float:
    """Share of the possible silhouette gained beyond chance, and of later spend."""
    useful = max(_known(row.get("predictive_r2")), 0.0)
    return gain(row) + PREDICTIVE_WEIGHT * useful


def gain(row: dict) -> float:
    """(silhouette - shuffled) / (1 - shuffled)."""
    chance = _known(row["null_silhouette"])
    return (row["silhouette"] - chance) / max(1 - chance, 1e-9)


def is_tiny(row: dict) -> bool:
    """Whether the smallest group is too small to be called one."""
    smallest = round(row["smallest_share"] * row["sampled_customers"])
    return row["smallest_share"] < LEAST_SHARE or smallest < LEAST_GROUP


def _failures(row: dict) -> tuple[list[str], list[str], list[str]]:
    """What fails, in words, at each of the three steps."""
    structure, stability, use = [], [], []
    separated = gain(row) >= LEAST_GAIN and row["null_p_value"] <= LEVEL
    persistent = (
        row["persistence_gap"] >= LEAST_PERSISTENCE_GAP
        and row["persistence_p_value"] <= LEVEL
    )
    if not (separated or persistent):
        structure.append("shuffled orders look the same")
    if row["sampled_customers"] < LEAST_CUSTOMERS:
        structure.append(
            f"{row['sampled_customers']} customers are too few to tell"
            f" ({LEAST_CUSTOMERS} are needed)"
        )
    if not row["bootstrap_ari"] >= LEAST_STABILITY:
        stability.append("resampled customers give other groups")
    if is_tiny(row):
        stability.append("a group is tiny")
    if _known(row.get("predictive_r2"), LEAST_PREDICTIVE_R2) < LEAST_PREDICTIVE_R2:
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


def _reason(row: dict, failed: tuple[list[str], ...], chosen: dict, by: str) -> str:
    wrong = " and ".join(what for step in failed for what in step)
    if row is not chosen:
        if by == "evidence" and wrong:
            return f"Dropped: {wrong} ({_measured(row)})."
        return (
            f"Not chosen: {_merit(row, by)} against {_merit(chosen, by)}"
            f" for {_name(chosen)}."
        )
    ties = "fewer groups" if by == "silhouette" else "the stable, then to fewer groups"
    merit = f"{_name(row)} has the best {_merit(row, by)}, ties going to {ties}"
    if wrong:
        return f"No segments here: {wrong} ({_measured(row)}). The nearest: {merit}."
    return f"Chosen: {merit} ({_measured(row)})."


def _name(row: dict) -> str:
    name = f"k = {row['k']} with {row['metric']} on {row['representation']}"
    if row["smoothing_steps"] is not None:
        name += f" {row['smoothing_steps']:g}"
    return name if row["band"] is None else f"{name}, band {row['band']}"


def _merit(row: dict, by: str) -> str:
    if by == "silhouette":
        return f"silhouette {row['silhouette']:.3f}"
    return (
        f"score {score(row):.3f} (silhouette beyond chance {gain(row):.3f},"
        f" R2 {_known(row.get('predictive_r2')):.3f})"
    )


def _measured(row: dict) -> str:
    return (
        f"silhouette {_told(row['silhouette'])}, shuffled"
        f" {_told(row['null_silhouette'])} (p {_told(row['null_p_value'])});"
        f" persistence differs from shuffled by {_told(row['persistence_gap'], 2)}"
        f" (p {_told(row['persistence_p_value'])}); stability"
        f" {_told(row['bootstrap_ari'], 2)}; smallest group"
        f" {row['smallest_share']:.1%}; R2 of the next 90 days' spend"
        f" {_told(row.get('predictive_r2'))}, of RFM quintiles in as many groups"
        f" {_told(row.get('rfm_predictive_r2'))}"
    )


def _told(value: float | None, digits: int = 3) -> str:
    is_known = value is not None and np.isfinite(value)
    return f"{value:.{digits}f}" if is_known else "not measured"
