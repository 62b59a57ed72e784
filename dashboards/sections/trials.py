"""Trials: what was tried, how groups develop, and the evidence for what was chosen."""

from markupsafe import Markup
from trajectories.dashboards.charts import claims, evidence, paths, sampled, verdicts
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    link,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import CONTROLS
from trajectories.dashboards.marts.shop import Shop


def verdict(shop: Shop) -> Section | None:
    """Say whether the groups can be believed, and whether those shown are in use."""
    order = _order(shop)
    blocks = [
        Fragment("in-use", _in_use(shop), CONTROLS),
        verdicts.verdict(shop.marts, order),
        claims.quoted(shop.marts, "structure", order),
    ]
    return _section(shop, "Verdict", blocks)


def developing(shop: Shop) -> Section | None:
    """Draw the paths of the groups."""
    drawn = paths.chart(shop.trials, shop.smallest_cell)
    return _section(shop, "Paths", [drawn])


def how_many(shop: Shop) -> Section | None:
    """Draw what speaks for a number of groups."""
    drawn = [evidence.silhouettes_by_k(shop.trials), evidence.elbow(shop.trials)]
    return _section(shop, "How many groups?", drawn, is_wide=False)


def are_they_real(shop: Shop) -> Section | None:
    """Draw how customers fit into their groups, and what chance alone makes."""
    blades = sampled.blades(shop.trials, shop.smallest_cell)
    drawn = [blades, evidence.nulls(shop.trials)]
    return _section(shop, "Are the groups real?", drawn, is_wide=False)


def what_comes(shop: Shop) -> Section | None:
    """Draw how much the groups say of what comes."""
    drawn = evidence.prediction(shop.trials)
    return _section(shop, "Do they say what comes?", [drawn])


def flat_picture(shop: Shop) -> Section | None:
    """Draw where the sampled customers lie."""
    drawn = sampled.picture(shop.trials, shop.smallest_cell)
    heading = "A flat picture of the groups"
    return _section(shop, heading, [drawn] if drawn.states else [])


def tried(shop: Shop) -> Section | None:
    """List every candidate and every number of groups."""
    best = verdicts.best_trials(shop.trials)
    listed = [
        verdicts.candidates(best, shop.smallest_cell),
        verdicts.every_k(shop.trials, shop.smallest_cell),
    ]
    return _section(shop, "What was tried", listed, verdicts.RULE)


def _section(
    shop: Shop,
    heading: str,
    blocks: list[Chart | Fragment],
    introduction: str = "",
    is_wide: bool = True,
) -> Section | None:
    if shop.trials.frame.empty:
        return None
    offered = shop.once(_choices)
    return Section(heading, blocks, introduction, is_wide, choices=offered)


def _order(shop: Shop) -> list[str]:
    return segmentations.ordered(shop.marts, shop.trials.frame["segmentation"])


def _choices(shop: Shop) -> Choices:
    """Start from the chosen trial of the first segmentation."""
    trials = shop.trials
    best = verdicts.best_trials(trials)
    preferred = [segmentations.key(trial) for trial in best.itertuples()]
    seen = dict.fromkeys(trials.frame["candidate"])
    numbers = range(int(trials.frame["k"].min()), int(trials.frame["k"].max()) + 1)
    controls = [
        segmentations.control(_order(shop)),
        Control(
            "candidate",
            "Seen and compared by",
            "select",
            [(words, words) for words in seen],
            preferred[0][1],
        ),
        Control(
            "k",
            "Number of groups (k)",
            "slider",
            [(str(k), str(k)) for k in numbers],
            preferred[0][2],
        ),
    ]
    return Choices(controls, list(trials.by_key), preferred)


def _in_use(shop: Shop) -> dict[tuple[str, str, str], Markup]:
    """Say of every trial that is not in use which one is, and how to get there."""
    states = {}
    for key, trial in shop.trials.by_key.items():
        used = shop.trials.in_use(trial.segmentation)
        if trial.is_chosen or used is None:
            continue
        others = "" if used.candidate == trial.candidate else f"{used.candidate}, "
        state = dict(zip(CONTROLS, segmentations.key(used), strict=True))
        back = link(f"In use: {others}k = {used.k}", "trajectories.html", **state)
        text = Markup("Shown: k = {}, not in use. {}.").format(key[2], back)
        states[key] = part("paragraph", text=text)
    return states
