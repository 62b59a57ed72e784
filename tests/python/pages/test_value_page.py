"""The page Value: who is listed and who is not, and what it says where nobody is."""

from __future__ import annotations

import re
from pathlib import Path

import dashboards_fixtures as made_up
import pandas as pd
import pytest
import yaml
from macros_alone import macros
from pages_read import text_of
from real_builds import PROJECT
from trajectories.dashboards import build_site
from trajectories.dashboards.charts import channels
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.pages import value
from trajectories.dashboards.sections import risks, values

from trajectories import changes
from trajectories.value import clocks, money, scores

RISK, ACCURACY = "marts.fct_value_at_risk", "marts.rpt_value_accuracy"
CHANGES = "marts.fct_segment_behaviour_changes"
Marts = dict[str, pd.DataFrame]


def allowed(mart: str, column: str) -> set[str]:
    """What the contract of a mart allows in a column."""
    (file,) = (PROJECT / "models" / "marts").rglob(f"{mart}.yml")
    (model,) = yaml.safe_load(file.read_text())["models"]
    tests = next(it for it in model["columns"] if it["name"] == column)["data_tests"]
    (asked,) = (test["accepted_values"] for test in tests if "accepted_values" in test)
    return set(asked["arguments"]["values"])


def test_words_of_the_page_are_of_what_there_is() -> None:
    """The page, the package and SQL each name ways, clocks and channels."""
    assert set(values.WAYS) == {*scores.RANKINGS, *money.MONEY_MODELS}
    assert values.RANK_SUM == scores.RANK_SUM
    for file in (
        "models/intermediate/claims/int_claims_of_values.sql",
        "tests/value/assert_published_rankings_beat_chance.sql",
    ):
        asked = re.findall(r"model <> '(\w+)'", (PROJECT / file).read_text())
        assert asked == [scores.RANK_SUM], file
    states = allowed("fct_customer_values", "clock_state")
    assert set(risks.CLOCKS) == states == {*clocks.STATES, "unknown"}
    names = allowed("fct_behaviour_changes", "channel")
    asked = macros("change_channels")["change_channel_names"]()
    assert set(channels.NAMES) == names == set(asked) == set(changes.CHANNELS)


def page(folder: Path, marts: Marts, **settings: object) -> Page:
    published = made_up.write_published(folder / "trajectories.duckdb", marts)
    with PublishedMarts(published, **settings) as read:
        return value.build(Shop(read))


def states(drawn: Page, name: str) -> dict:
    return next((it.states for it in drawn.blocks if it.name == name), {})


def headings(drawn: Page) -> list[str]:
    return [section.heading for section in drawn.sections]


def judged(published: dict[str, str | None]) -> pd.DataFrame:
    """What is published of each target; None: nothing."""
    frame = made_up.frames()[ACCURACY]
    return frame.assign(is_published=frame["target"].map(published) == frame["model"])


def test_who_is_at_risk_is_named_by_her_id(tmp_path: Path) -> None:
    drawn = page(tmp_path, made_up.frames())
    (state,) = states(drawn, "silences").values()
    names = state.figures[0]["data"][0]["y"]
    assert len(names) == risks.MOST
    assert names[:2] == ["1. C0001", "2. &lt;b&gt;NSW&lt;/b&gt;"]
    (listed,) = states(drawn, "at-risk").values()
    assert "C0008" in listed
    assert "C0009" not in listed
    assert made_up.NASTY_STATE not in listed


def test_who_is_late_for_a_quarter_is_rather_gone_than_going(tmp_path: Path) -> None:
    marts = made_up.frames()
    (state,) = states(page(tmp_path, marts), "silences").values()
    assert "3 of these 8 are late for 3 months and more" in state.note
    just_now = marts[RISK].assign(at_risk_since_month=marts[RISK]["month"])
    (state,) = states(
        page(tmp_path / "now", marts | {RISK: just_now}), "silences"
    ).values()
    assert "rather gone" not in state.note


def test_more_at_risk_than_there_is_says_why(tmp_path: Path) -> None:
    marts = made_up.frames()
    said = [state.note for state in states(page(tmp_path, marts), "worth").values()]
    assert not any("gone already" in note for note in said)
    marts["marts.fct_segment_values"]["value_at_risk_amount"] *= 4
    drawn = page(tmp_path / "gone", marts)
    said = [state.note for state in states(drawn, "worth").values()]
    assert all("gone already" in note for note in said)


@pytest.mark.parametrize("is_mail", [False, True])
def test_ids_can_be_switched_off_and_addresses_are_no_ids(
    tmp_path: Path, is_mail: bool
) -> None:
    marts = made_up.frames()
    if is_mail:
        ids = marts[RISK]["customer_id"].where(
            lambda it: it != "C0003", "jo@shop.example"
        )
        marts[RISK] = marts[RISK].assign(customer_id=ids)
    drawn = page(tmp_path, marts, customer_ids=is_mail)
    (state,) = states(drawn, "silences").values()
    assert state.figures[0]["data"][0]["y"][:2] == ["Place 1", "Place 2"]
    (listed,) = states(drawn, "at-risk").values()
    said = f"{listed} {state}"
    assert "C0001" not in said
    assert "jo@shop" not in said
    assert "risk_rank" in listed


def test_a_whole_site_without_ids_has_none(tmp_path: Path) -> None:
    published = made_up.write_published(tmp_path / "1.duckdb", made_up.frames())
    build_site(published, tmp_path / "site", customer_ids=False)
    for file in (tmp_path / "site").glob("*.html"):
        assert "C0001" not in text_of(file), file.name
    build_site(published, tmp_path / "site")
    assert "C0001" in text_of(tmp_path / "site" / value.FILE)


def test_where_no_ranking_is_published_nobody_is_listed(tmp_path: Path) -> None:
    marts = made_up.frames() | {ACCURACY: judged({"orders": None, "amounts": None})}
    drawn = page(tmp_path, marts)
    assert "Nobody is listed" in drawn.sentence
    assert "better than chance" in " ".join(drawn.sentence.split())
    assert "Whose loss costs most" not in headings(drawn)
    # What sorting would have given is shown, of the baseline.
    assert set(states(drawn, "tenths")) == {("orders",)}


def test_where_sorting_is_as_good_the_page_says_so(tmp_path: Path) -> None:
    best = {"orders": values.RANK_SUM, "amounts": "last_year"}
    drawn = page(tmp_path, made_up.frames() | {ACCURACY: judged(best)})
    assert "sorting by recency, frequency and spend is as good here" in drawn.sentence
    assert "Whose loss costs most" in headings(drawn)
    assert "no other way" in states(drawn, "tenths")["orders",].note


@pytest.mark.parametrize("customers", [0, 1, 4])
def test_of_few_customers_nothing_is_said(tmp_path: Path, customers: int) -> None:
    marts = made_up.frames()
    marts[RISK] = marts[RISK].head(customers)
    drawn = page(tmp_path, marts)
    assert "Whose loss costs most" not in headings(drawn)
    assert "at risk" not in drawn.sentence


def test_a_shop_that_is_too_young_has_an_empty_page(tmp_path: Path) -> None:
    names = [name for name in made_up.frames() if "value" in name]
    names.append("marts.fct_segment_behaviour_changes")
    young = {name: made_up.frames()[name].head(0) for name in names}
    drawn = page(tmp_path, made_up.frames() | young)
    assert drawn.sections == []
    assert "too few months" in drawn.sentence


def test_small_segments_are_not_worth_a_line(tmp_path: Path) -> None:
    drawn = page(tmp_path, made_up.frames())
    for (name, _), state in states(drawn, "worth").items():
        ends = state.figures[0]["data"][0]["y"]
        assert len(ends) == len(made_up.SIZES) - 1
        assert formats.words(f"{name}-3") not in ends
    everybody = page(tmp_path / "all", made_up.frames(), smallest_cell=1)
    shown = states(everybody, "worth")["lifecycle", made_up.LAST]
    assert len(shown.figures[0]["data"][0]["y"]) == len(made_up.SIZES)


def test_tenths_of_the_longest_horizon_are_weighed_by_customers(tmp_path: Path) -> None:
    past = made_up.frames()["marts.fct_value_backtests"]
    best = past["model"].eq("mean_rank") & past["horizon_days"].eq(90)
    first = past[best & past["decile"].eq(1)]
    came = (first["came_value"] * first["customers"]).sum() / first["customers"].sum()
    state = states(page(tmp_path, made_up.frames()), "tenths")["orders",]
    bars = state.figures[0]["data"][1]
    assert bars["y"][0] == pytest.approx(100 * came, abs=0.05)
    assert "90 days" in state.subtitle
    assert "3 earlier months" in state.subtitle


def test_changes_are_told_under_every_segmentation_but_not_of_few(
    tmp_path: Path,
) -> None:
    drawn = states(page(tmp_path, made_up.frames()), "changes")
    assert {name for name, _ in drawn} == set(made_up.CANDIDATES)
    state = drawn["value", made_up.LAST]
    assert len(state.figures) == 4
    assert [len(it["data"][0]["y"]) for it in state.figures] == [3, 3, 3, 2]
    assert "by chance" in state.title
    marts = made_up.frames()
    marts[CHANGES] = marts[CHANGES].assign(flagged_customers=0)
    quiet = states(page(tmp_path / "quiet", marts), "changes")
    assert "stands out from chance" in quiet["value", made_up.LAST].title
    none = made_up.frames() | {CHANGES: marts[CHANGES].head(0)}
    assert not states(page(tmp_path / "none", none), "changes")
