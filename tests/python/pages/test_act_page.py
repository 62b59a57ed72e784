"""The page Act: what may be said of a test, and when, and how one begins."""

from __future__ import annotations

from pathlib import Path

import dashboards_fixtures as made_up
import pandas as pd
import pytest
from markupsafe import Markup
from pages_read import text_of
from trajectories.dashboards import build_site
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.pages import act

PLANS, DRAWN = "marts.dim_experiments", "marts.fct_experiment_assignments"
READOUTS, RETURNS = "marts.rpt_experiment_readouts", "marts.rpt_experiment_returns"
TESTABLE, PROPOSED = "marts.rpt_testability", "marts.rpt_experiment_proposals"
CAMPAIGNS = "marts.rpt_campaigns"
Marts = dict[str, pd.DataFrame]


def page(folder: Path, marts: Marts, **settings: object) -> Page:
    published = made_up.write_published(folder / "trajectories.duckdb", marts)
    with PublishedMarts(published, **settings) as read:
        return act.build(Shop(read))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page(tmp_path_factory.mktemp("act"), made_up.frames())


def states(drawn: Page, name: str) -> dict:
    return next((it.states for it in drawn.blocks if it.name == name), {})


def plain(markup: object) -> str:
    return " ".join(Markup(markup).striptags().split())


def row_of(listed: str, name: str) -> str:
    """What a table says of a thing, from its name to the next row."""
    return plain(str(listed).split(f'<th scope="row">{name}</th>')[1].split("</tr>")[0])


def without_experiments() -> Marts:
    marts = made_up.frames()
    for name in marts:
        if "experiment" in name and name != PROPOSED:
            marts[name] = marts[name].head(0)
    return marts | {CAMPAIGNS: marts[CAMPAIGNS].head(0)}


def test_the_page_counts_what_tests_have_found(drawn: Page) -> None:
    assert drawn.sentence == (
        "Of 4 finished tests, 1 found something that works, 1 found no difference"
        " beyond chance, 1 is withheld because a check failed and 1 is of too few"
        " customers to be told of; 1 is running; 1 is planned; 1 is refused."
    )


def test_a_shop_without_tests_is_told_how_to_begin(tmp_path: Path) -> None:
    told = page(tmp_path, without_experiments())
    assert "Nothing has been tested here yet" in told.sentence
    assert "seeds/reference/experiments.csv" in told.sentence
    assert [section.heading for section in told.sections] == [
        "What to do, and how to know",
        "What can be tested at all",
        "The card of a test",
    ]


def test_a_shop_without_segments_has_an_empty_page(tmp_path: Path) -> None:
    marts = without_experiments()
    for name in (PROPOSED, TESTABLE):
        marts[name] = marts[name].head(0)
    told = page(tmp_path, marts)
    assert told.sections == []
    assert "no segment with a playbook yet" in told.sentence


def test_before_the_planned_look_there_is_no_winner(
    drawn: Page, tmp_path: Path
) -> None:
    """However far from nothing the difference is."""
    marts = made_up.frames()
    lifts = marts[READOUTS]
    running = lifts["experiment"] == "Free shipping"
    far = {name: 5.0 for name in lifts if name.startswith(("difference", "relative"))}
    marts[READOUTS] = lifts.assign(
        **{name: lifts[name].mask(running, value) for name, value in far.items()}
    )
    for told in (drawn, page(tmp_path, marts)):
        state = states(told, "readouts")["Free shipping",]
        assert "too early to say" in state.title
        assert len(state.figures) == 1
        assert "Planned look" not in {it["name"] for it in state.figures[0]["data"]}
        (listed,) = states(told, "tests").values()
        assert row_of(listed, "Free shipping").endswith(
            "Too early to say: the first planned look is still to come."
        )


def test_a_running_test_that_was_looked_at_is_not_over(tmp_path: Path) -> None:
    marts = made_up.frames()
    first = marts[READOUTS]["experiment"].eq("Free shipping")
    first &= marts[READOUTS]["week"].eq(3)
    marts[READOUTS] = marts[READOUTS].assign(
        is_planned_look=marts[READOUTS]["is_planned_look"] | first,
        decision=marts[READOUTS]["decision"].mask(first, "cannot be told"),
    )
    told = page(tmp_path, marts)
    title = states(told, "readouts")["Free shipping",].title
    assert title == "Free shipping: no difference beyond chance so far"
    (listed,) = states(told, "tests").values()
    assert "from control so far, +5.0 %" in row_of(listed, "Free shipping")


def test_the_latest_planned_look_decides(drawn: Page) -> None:
    state = states(drawn, "readouts")["Early access",]
    assert state.title == "Early access: average order 12.3 % higher than with standard"
    always, week, line, looks = state.figures[0]["data"]
    assert (always["name"], week["name"]) == (
        "Whenever one looks",
        "At this week alone",
    )
    assert looks["x"] == [4]
    assert looks["y"] == [line["y"][-1]] == [round(80.5 * 0.123, 2)]
    assert week["y"][3] == round(80.5 * (0.123 + 0.06), 2)
    assert week["y"][4] == round(80.5 * (0.123 - 0.06), 2)


def test_each_arm_is_drawn_and_told(drawn: Page) -> None:
    state = states(drawn, "readouts")["Rewards",]
    assert state.title == "Rewards: no difference beyond chance"
    assert state.captions == [made_up.NASTY_STATE, "Tiered"]
    # A permutation test has no band that holds whenever one looks.
    for figure in state.figures:
        names = [trace["name"] for trace in figure["data"]]
        assert names == ["At this week alone", "Difference", "Planned look"]
        assert figure["data"][-1]["x"] == [2, 4]


def test_other_estimators_decide_nothing(tmp_path: Path) -> None:
    marts = made_up.frames()
    others = ~marts[READOUTS]["is_primary"]
    marts[READOUTS] = marts[READOUTS].assign(
        difference=marts[READOUTS]["difference"].mask(others, 99.0)
    )
    (figure,) = states(page(tmp_path, marts), "readouts")["Early access",].figures
    assert max(figure["data"][2]["y"]) < 99


def test_a_withheld_test_says_why_and_nothing_else(drawn: Page) -> None:
    state = states(drawn, "readouts")["Letters",]
    assert not state.figures
    assert state.title == f"Letters: no number is given. {made_up.WITHHELD}"
    (listed,) = states(drawn, "tests").values()
    assert made_up.WITHHELD in row_of(listed, "Letters")
    assert "no" in row_of(
        states(drawn, "checks")["Letters",], "Have arms the sizes that were drawn?"
    )
    assert states(drawn, "returns")["Letters",] == ""


def test_a_test_of_few_customers_is_not_told_of(drawn: Page, tmp_path: Path) -> None:
    said = [states(drawn, name)["Tiny",] for name in ("readouts", "returns", "checks")]
    assert "fewer than 5 customers" in said[0].title
    assert not said[0].figures
    assert said[1:] == ["", ""]
    (listed,) = states(drawn, "tests").values()
    assert "Hidden" in row_of(listed, "Tiny")
    everybody = page(tmp_path, made_up.frames(), smallest_cell=1)
    assert states(everybody, "readouts")["Tiny",].figures
    assert states(everybody, "returns")["Tiny",]


def test_one_small_arm_hides_the_others(tmp_path: Path) -> None:
    """What all arms have together is known, and each but one would tell the last."""
    marts = made_up.frames()
    drawn, lifts = marts[DRAWN], marts[READOUTS]
    small = drawn[drawn["arm"] == "tiered"]
    marts[DRAWN] = drawn.drop(small.index[4:])
    is_small = lifts["arm"] == "tiered"
    marts[READOUTS] = lifts.assign(customers=lifts["customers"].mask(is_small, 4))
    told = page(tmp_path, marts)
    assert not states(told, "readouts")["Rewards",].figures
    assert states(told, "returns")["Rewards",] == ""
    assert states(told, "checks")["Rewards",] == ""


def test_few_who_did_it_are_hidden_too(tmp_path: Path) -> None:
    """Of 200 customers three ordered: the difference would tell it."""
    marts = made_up.frames()
    lifts = marts[READOUTS].assign(metric="conversion")
    marts[READOUTS] = lifts.assign(control_mean=3 / 300)
    plans = marts[PLANS]
    marts[PLANS] = plans.assign(primary_metric="conversion")
    told = states(page(tmp_path, marts), "readouts")
    assert not told["Early access",].figures


def test_a_lift_without_bounds_says_so(tmp_path: Path) -> None:
    marts = made_up.frames()
    lifts = marts[READOUTS]
    marts[READOUTS] = lifts.assign(relative_lift_upper=None, is_unbounded=True)
    (listed,) = states(page(tmp_path, marts), "tests").values()
    assert "+12.3 % (+6.3 % to no bound)" in row_of(listed, "Early access")


def test_what_it_was_worth_says_on_what(drawn: Page) -> None:
    told = states(drawn, "returns")["Early access",]
    assert row_of(told, "Early access").startswith(
        "2,412 1,204 3,619 81.27 0.00 2867 %"
    )
    assert "On margin." in plain(told)
    assert "its answer is worth 17.5 the next time" in plain(told)
    assert plain(states(drawn, "returns")["Free shipping",]) == (
        "What it was worth: Nothing is told before the first planned look."
    )


def test_the_map_shows_what_is_offered_and_hides_small_segments(drawn: Page) -> None:
    found = states(drawn, "testability")
    assert {name for name, _, _ in found} == set(made_up.CANDIDATES)
    (trace,) = found["value", "0.1", "13"].figures[0]["data"]
    names = [str(name) for name in trace["y"]]
    assert names[-1] == "All active customers"
    assert "At-Risk Sleepers" not in names
    # Small controls find lifts of revenue that are none in the second segment.
    assert trace["z"][1][0] is None
    assert trace["z"][0][0] is not None
    assert trace["text"][0][3].startswith("✓")
    halves = found["value", "0.5", "13"]
    marked = sum(
        text.startswith("✓")
        for line in halves.figures[0]["data"][0]["text"]
        for text in line
    )
    assert halves.title == f"A lift of 10 % would be seen in {marked} of 20 cases"
    assert "10 %" in found["value", "0.1", "4"].title


def test_the_map_opens_with_the_design_that_finds_most(drawn: Page) -> None:
    section = next(it for it in drawn.sections if "testability" in it.blocks[0].name)
    initial = {control.name: control.initial for control in section.choices.controls}
    assert (initial["control"], initial["weeks"]) == ("0.5", "13")


def test_cards_propose_what_the_playbook_asks(drawn: Page) -> None:
    told = plain(states(drawn, "proposals")["value",])
    assert "Who gets a gift" in told
    assert "Yes: a lift of 9 % or more would be seen in 13 weeks." in told
    assert "In the planFree service." in told
    # A segment of three customers shows neither size nor what could be found.
    assert told.count("Can it be told?") == 2
    assert told.count("hidden") == 1


def test_a_plan_has_a_card_to_print(drawn: Page) -> None:
    card = states(drawn, "design")["Free service",]
    assert (
        row_of(card, "Arms") == "standard (control): 61, 50 %; free service: 62, 50 %"
    )
    assert row_of(card, "Looked at") == (
        "2 times, evenly spread, the last time after 8 weeks"
    )
    assert "16.7" in row_of(card, "Costs")
    assert "15 % of what the treated buy" in row_of(card, "Costs")
    assert "with fewer customers it is larger" in row_of(
        card, "Smallest lift that would be seen"
    )
    assert "Between looks there is no winner" in row_of(card, "Decided")


def test_proposals_have_cards_unless_they_are_planned(drawn: Page) -> None:
    cards = states(drawn, "design")
    assert ("value-1",) not in cards
    assert ("value-2",) in cards
    assert "a further arm makes it larger" in cards["value-2",]
    assert row_of(cards["value-2",], "Arms") == (
        "a gift; a letter; against standard (control); in equal parts"
    )
    assert next(iter(cards)) == ("Free service",)


def test_campaigns_are_described_and_not_credited(drawn: Page) -> None:
    (told,) = states(drawn, "campaigns").values()
    assert drawn.sections[-1].heading == "Not a test"
    assert "nothing follows from it" in told
    assert "A few" not in told
    # Two of 400 clicked.
    assert (
        row_of(told, "Newsletter")
        .split(" ", 1)[1]
        .endswith("37.5 % hidden 32.0 % 35.5 %")
    )
    assert "higher" not in plain(told)


def test_a_plan_without_assignments_has_a_card_all_the_same(tmp_path: Path) -> None:
    marts = made_up.frames()
    marts[DRAWN] = marts[DRAWN].head(0)
    marts[PLANS] = marts[PLANS].assign(customers=pd.array([None] * 7, "Int64"))
    card = states(page(tmp_path, marts), "design")["Free service",]
    assert row_of(card, "Arms").endswith("nobody is drawn yet")
    assert row_of(card, "Costs").startswith("0.270 a contact")


def test_no_id_of_who_was_drawn_is_on_the_page(tmp_path: Path) -> None:
    published = made_up.write_published(tmp_path / "1.duckdb", made_up.frames())
    build_site(published, tmp_path / "site")
    assert "secret" not in text_of(tmp_path / "site" / act.FILE)
