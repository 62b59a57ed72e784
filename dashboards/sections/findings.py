"""Findings: what each segmentation found, how right that is, and what is claimed."""

import pandas as pd
from trajectories.dashboards.charts import claims as listed
from trajectories.dashboards.charts import planted as sown
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Fragment,
    Section,
    link,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop

HEADERS = [
    "Segmentation",
    "Evidence",
    "Segments",
    "Metric",
    "Silhouette",
    "Silhouette, shuffled",
    "Agreement of refits (ARI)",
]


def found(shop: Shop) -> Section | None:
    """List what was found by each segmentation, and link to its evidence."""
    trials = segmentations.deciding_trials(shop.marts)
    rows = []
    for name in segmentations.ordered(shop.marts, set(trials.index)):
        trial = trials.loc[name]
        rows.append(
            [
                link(formats.words(name), "trajectories.html", **_state(trial)),
                _verdict(trial),
                formats.count(trial["k"]) if trial["is_chosen"] else "none chosen",
                formats.metric(trial["metric"]),
                formats.decimal(trial["silhouette"], 3),
                formats.decimal(trial["null_silhouette"], 3),
                formats.decimal(trial["bootstrap_ari"], 2),
            ]
        )
    caption = "What was found by each segmentation, beside shuffled orders"
    said = table(caption, HEADERS, rows, 2, is_stacked=True)
    if not rows:
        said = part("paragraph", text="No segmentation has been tried yet.")
    return Section("What was found", [Fragment("findings", {(): said})], is_wide=True)


def _state(trial: pd.Series) -> dict[str, str]:
    """Name the state of the page Trajectories that shows a trial."""
    values = trial.name, segmentations.candidate(trial), str(trial["k"])
    return dict(zip(segmentations.CONTROLS, values, strict=True))


def _verdict(trial: pd.Series) -> str:
    """Say what a segmentation is carried by."""
    if trial["structure"] == "holds":
        if trial["is_separated"]:
            return "stands apart from chance"
        return "repeats from half-year to half-year"
    words = {"fails": "no segments here", "cannot be told": "cannot be told"}
    return words.get(trial["structure"], "not tested")


def planted(shop: Shop) -> Section | None:
    """Tell of the sample how much was found of what was planted."""
    if not sown.is_made_up(shop.marts):
        return None
    sentence = (
        f"{sown.MADE_UP} So it is known who is of which kind, and when each one"
        " switched to another: here is how much of it was found. The agreement"
        " (adjusted Rand index) is 0 by chance and 1 where segments and kinds are the"
        " same groups."
    )
    blocks = [sown.findings(shop.marts)]
    return Section("How right this is", blocks, sentence, is_wide=True)


def claims(shop: Shop) -> Section | None:
    """Count the claims that hold; all of them are told as proof."""
    sentence = (
        "Each headline number with its interval, the threshold it had to pass, the"
        " verdict, and how to reproduce it."
    )
    return Section(
        "Claims",
        [listed.counted(shop.marts)],
        sentence,
        is_wide=True,
        proof=listed.listed(shop.marts),
    )
