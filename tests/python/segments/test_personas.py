"""Names are dealt by what they say, once each, whatever the order of segments."""

from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from trajectories.segments.personas import LETTERS, PERSONA_SCHEMA, assign_personas

PERSONAS = ("Calm", "Keen", "Rare")
TRAITS = ("frequent", "occasional", "regular")
MEMBERS = 100


def claims_of(segments: dict[str, dict]) -> pa.Table:
    """One row a claim: personas by what they say, traits by members who have them."""
    common = {"segmentation": "value", "month": date(2017, 12, 1), "members": MEMBERS}
    rows = []
    for segment, said in segments.items():
        for claim, number in said.items():
            is_persona = claim in PERSONAS
            rows.append(
                {
                    **common,
                    "segment_id": segment,
                    "claim": claim,
                    "is_persona": is_persona,
                    "members_with": MEMBERS if is_persona else int(number),
                    "likelihood": float(number),
                    "is_earned": number > 0,
                }
            )
    return pa.Table.from_pylist(rows)


def dealt(segments: dict[str, dict]) -> dict[str, tuple]:
    rows = assign_personas(claims_of(segments)).to_pylist()
    return {
        row["segment_id"]: (row["base_persona"], row["qualifying_trait"], row["letter"])
        for row in rows
    }


made_up = st.dictionaries(
    st.sampled_from([f"value-{number}" for number in range(1, 8)]),
    st.fixed_dictionaries(
        {
            **{name: st.integers(0, 50) for name in PERSONAS},
            **{name: st.integers(0, MEMBERS) for name in TRAITS},
        }
    ),
    min_size=1,
)


@given(made_up)
def test_no_name_is_given_twice(segments):
    names = dealt(segments)
    assert len(set(names.values())) == len(names)
    earned = {s for s, said in segments.items() if any(said[p] > 0 for p in PERSONAS)}
    assert set(names) == earned
    for segment, (persona, trait, letter) in names.items():
        assert segments[segment][persona] > 0
        assert trait is None or letter is None
        assert letter is None or letter in LETTERS


@given(made_up, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(segments, random):
    rows = claims_of(segments).to_pylist()
    shuffled = random.sample(rows, len(rows))
    found = assign_personas(pa.Table.from_pylist(shuffled))
    assert found.equals(assign_personas(claims_of(segments)))


@given(st.integers(0, 2**32 - 1))
def test_the_numbers_of_segments_change_nothing(seed):
    said = np.random.default_rng(seed).random((3, 3))
    segments = {
        f"value-{number}": dict(zip(PERSONAS, said[number], strict=True))
        for number in range(3)
    }
    renamed = {f"value-{2 - int(name[-1])}": own for name, own in segments.items()}
    others = dealt(renamed)
    for name, named in dealt(segments).items():
        assert others[f"value-{2 - int(name[-1])}"] == named


def test_names_together_say_most():
    names = dealt({"a": {"Calm": 10, "Keen": 9}, "b": {"Calm": 9, "Keen": 1}})
    assert names == {"a": ("Keen", None, None), "b": ("Calm", None, None)}


def test_what_is_not_earned_is_not_dealt():
    assert dealt({"a": {"Calm": 0}, "b": {"Calm": 3}}) == {"b": ("Calm", None, None)}


def test_a_trait_tells_apart_who_share_a_name():
    names = dealt(
        {
            "a": {"Calm": 10, "frequent": 90, "occasional": 5},
            "b": {"Calm": 5, "frequent": 5, "occasional": 80},
        }
    )
    assert names == {"a": ("Calm", None, None), "b": ("Calm", "occasional", None)}


def test_letters_where_nothing_tells_them_apart():
    alike = {"Calm": 5, "frequent": 70}
    names = dealt({"b": alike, "a": alike})
    assert names == {"a": ("Calm", None, "A"), "b": ("Calm", None, "B")}


def test_nothing_earned_nothing_dealt():
    found = assign_personas(claims_of({"a": {"Calm": 0}}))
    assert found.num_rows == 0
    assert found.schema == PERSONA_SCHEMA
