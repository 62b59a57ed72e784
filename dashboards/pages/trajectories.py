"""Trajectories: the paths of the groups, and the evidence for their number."""

from trajectories.dashboards.charts import claims, evidence, paths, sampled, verdicts
from trajectories.dashboards.looks.template import Control, Page, Section
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import Trials
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "trajectories.html", "Trajectories"
INTRODUCTION = (
    "How customers of each group develop, drawn for everything that was tried, and"
    " the evidence for what was chosen. Change the segmentation, the way customers"
    " are seen and compared, or the number of groups, and all charts follow."
)


def build(shop: Shop) -> Page:
    """Build the trajectories page."""
    marts = shop.marts
    trials, cell = Trials(marts), marts.smallest_cell
    if trials.frame.empty:
        return Page(FILE, TITLE, "No segmentation has been tried yet.", [])
    order = segmentations.ordered(marts, trials.frame["segmentation"])
    best = verdicts.best_trials(trials)
    preferred = [segmentations.key(trial) for trial in best.itertuples()]
    return Page(
        file=FILE,
        title=TITLE,
        sentence=INTRODUCTION,
        banners=segmentations.structure_banner(marts),
        controls=_controls(trials, order, preferred[0]),
        sections=[
            Section(
                "Verdict",
                [
                    verdicts.verdict(marts, order),
                    claims.quoted(marts, "structure", order),
                ],
                is_wide=True,
            ),
            Section("Paths", [paths.chart(trials, cell)], is_wide=True),
            Section(
                "How many groups?",
                [evidence.silhouettes_by_k(trials), evidence.elbow(trials)],
            ),
            Section(
                "Are the groups real?",
                [sampled.blades(trials, cell), evidence.nulls(trials)],
            ),
            Section(
                "Do they say what comes?", [evidence.prediction(trials)], is_wide=True
            ),
            *sampled.picture(trials, cell),
            Section(
                "What was tried",
                [verdicts.candidates(best, cell), verdicts.every_k(trials, cell)],
                verdicts.RULE,
                is_wide=True,
            ),
        ],
        available=list(trials.by_key),
        preferred=preferred,
    )


def _controls(
    trials: Trials, order: list[str], first: tuple[str, str, str]
) -> list[Control]:
    """Start from the chosen trial of the first segmentation."""
    seen = dict.fromkeys(trials.frame["candidate"])
    numbers = range(int(trials.frame["k"].min()), int(trials.frame["k"].max()) + 1)
    return [
        segmentations.control(order),
        Control(
            "candidate",
            "Seen and compared by",
            "select",
            [(words, words) for words in seen],
            first[1],
        ),
        Control(
            "k",
            "Number of groups (k)",
            "slider",
            [(str(k), str(k)) for k in numbers],
            first[2],
        ),
    ]
