"""The table of personas names only traits that there are, and each has its advice."""

import csv
import re

import pytest
from macros_alone import macros
from real_builds import PROJECT

PERSONAS = macros("personas", "customer_traits")["personas"]()
TRAITS = macros("customer_traits")["customer_traits"]()


def test_names_are_unique():
    assert len({persona["name"] for persona in PERSONAS}) == len(PERSONAS)
    for what in ("name", "qualifier", "words"):
        assert len({trait[what] for trait in TRAITS}) == len(TRAITS)


def test_no_name_holds_an_id_or_a_bracket():
    said = [persona["name"] for persona in PERSONAS]
    said += [trait["qualifier"] for trait in TRAITS]
    assert not [name for name in said if re.search(r"\(|\)|(?<!\w)\d", name)]


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona["name"])
def test_a_persona_claims_traits_that_there_are(persona):
    known = {trait["name"] for trait in TRAITS}
    claimed = {*persona["musts"], *persona["must_nots"]}
    assert persona["musts"]
    assert claimed <= known
    assert not set(persona["musts"]) & set(persona["must_nots"])


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona["name"])
def test_words_of_money_are_tied_to_money(persona):
    speaks = re.search(r"Best|Big Spend|High|Low|Premium|Champion", persona["name"])
    assert bool(speaks) == bool(persona["money"])


def test_every_persona_has_a_playbook():
    path = PROJECT / "seeds" / "reference" / "playbooks.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        advised = {row["persona"] for row in csv.DictReader(rows)}
    assert {persona["name"] for persona in PERSONAS} <= advised


def test_playbooks_ask_for_traits_that_there_are_and_personas_that_are_named():
    path = PROJECT / "seeds" / "reference" / "playbooks.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        lines = list(csv.DictReader(rows))
    asked = {line["measured_by"] for line in lines} - {""}
    assert asked
    assert asked <= {trait["name"] for trait in TRAITS}
    stages = {"New customers", "Lapsed customers", "Sparse customers"}
    named = {persona["name"]: persona["rules"] for persona in PERSONAS}
    assert {line["persona"] for line in lines} == {
        *named,
        *stages,
        "All active customers",
    }
    for line in lines:
        if line["persona"] in named and line["segmentation"] != "any":
            assert named[line["persona"]] == [line["segmentation"]], line["playbook_id"]
