"""Act: what to do with each segment, whether a test could tell, and what tests told."""

import pandas as pd
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import experiments, segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import (
    campaigns,
    designs,
    made,
    proposals,
    readouts,
    testability,
)

FILE, TITLE = "act.html", "Act"
SECTIONS = (
    proposals.proposals,
    readouts.tests,
    readouts.one_test,
    testability.testable,
    designs.design_cards,
    campaigns.campaigns,
)


def build(shop: Shop) -> Page:
    """Build the page of what to do, and whether it works."""
    sections = made(SECTIONS, shop)
    banners = segmentations.structure_banner(shop.marts) if sections else []
    return Page(FILE, TITLE, _sentence(shop), sections, banners)


def _sentence(shop: Shop) -> str:
    """Say what tests have found so far, or how to begin."""
    plans = shop.once(experiments.plans)
    if plans.empty and not shop.once(proposals.by_segment):
        return "There is no segment with a playbook yet, and no test is planned."
    if plans.empty:
        return (
            "Nothing has been tested here yet. To begin, take a proposal below, write"
            " it as a row into seeds/reference/experiments.csv and its arms into"
            " experiment_arms.csv, and build: customers are drawn by lot, and the list"
            " of who gets what is written beside the marts."
        )
    ended = plans[plans["status"] == "finished"]
    outcomes = [_outcome(shop, name) for name in ended["experiment"]]
    parts = [_of_finished(outcomes)] if outcomes else ["No test has ended yet"]
    for status, words in (
        ("running", "running"),
        ("planned", "planned"),
        ("refused", "refused"),
    ):
        number = int((plans["status"] == status).sum())
        if number:
            parts.append(f"{number} {'is' if number == 1 else 'are'} {words}")
    return f"{'; '.join(parts)}."


def _outcome(shop: Shop, experiment: str) -> str:
    """Say in a word what a finished test has told."""
    rows = shop.once(experiments.deciding).get(experiment)
    last = experiments.at_last_look(rows) if rows is not None else pd.DataFrame()
    if last.empty:
        return "hidden"
    decisions = set(last["decision"])
    for decision in ("withheld", "better", "worse"):
        if decision in decisions:
            return decision
    return "open"


def _of_finished(outcomes: list[str]) -> str:
    """Count what finished tests have told."""
    words = {
        "better": "found something that works",
        "worse": "found harm",
        "open": "found no difference beyond chance",
        "withheld": "is withheld because a check failed",
        "hidden": "is of too few customers to be told of",
    }
    plural = {
        "withheld": "are withheld because a check failed",
        "hidden": "are of too few customers to be told of",
    }
    told = []
    for outcome, singular in words.items():
        number = outcomes.count(outcome)
        if number:
            said = singular if number == 1 else plural.get(outcome, singular)
            told.append(f"{number} {said}")
    if len(outcomes) == 1:
        return f"The finished test {words[outcomes[0]]}"
    return f"Of {len(outcomes)} finished tests, {formats.listing(told)}"
