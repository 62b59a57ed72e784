"""Names of the sample's segments are true of their customers, as their marts say."""

import pytest
from real_builds import Build

NAMED = (
    "select segments.* from marts.dim_segments as segments"
    " where stage = 'active' and is_persona_earned and valid_to is null"
)


@pytest.mark.long
def test_no_living_segments_share_a_name(sample: Build):
    named = sample.query(NAMED)
    assert not named.duplicated(["segmentation", "persona"]).any()
    assert not named["persona"].str.contains(r"[()]|\d$").any()
    assert named["persona"].str.contains(" [A-Z]$").sum() <= 2


@pytest.mark.long
def test_a_name_is_true_of_most_members_and_of_few_others(sample: Build):
    named = sample.query(NAMED)
    assert (named["claimed_low_share"] >= 0.6).all()
    assert (named["claimed_low_share"] <= named["claimed_share"]).all()
    assert (named["others_share"] <= named["claimed_share"] / 2).all()
    assert named["claimed_traits"].notna().all()


@pytest.mark.long
def test_words_of_money_follow_the_money(sample: Build):
    named = sample.query(NAMED).set_index("base_persona")
    for persona, row in named.iterrows():
        if persona in ("Best Customers", "Big Spenders", "Loyal Champions"):
            assert row["revenue_share"] > row["customer_share"]
        if persona == "Low Value":
            assert row["revenue_share"] < row["customer_share"] / 2


@pytest.mark.long
def test_advice_comes_with_the_name(sample: Build):
    named = sample.query(NAMED)
    assert not named.empty
    assert named["recommended_action"].notna().all()
