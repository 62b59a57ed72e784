"""Further segmentations by variables alone, and one on a new series by three files.

All of them in one build, on top of the small shop's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import prebuilt
import pytest
import test_series_parity as parity
import yaml
from page_words import lacking_on_pages
from pages_read import text_of
from prebuilt import FEW_TRIALS
from real_builds import WITHOUT_UNIT_TESTS, Build, run_build

pytestmark = [pytest.mark.long, pytest.mark.night]

PLAIN = {"candidates": [{"representation": "population", "metric": "euclidean"}]}
FURTHER = {
    # A copy of `value`, named by its rules, and one that nobody names.
    "worth": {"series": "rfm", "personas": "value", **PLAIN},
    "unruled": {"series": "rfm", **PLAIN},
    # On other windows: of sums, of days, of a path of months.
    "lately": {"series": "rfm", "window": 6, **PLAIN},
    "halves": {
        "series": "daily_spend",
        "window": 180,
        "personas": "rhythm",
        "candidates": [
            {
                "representation": "smoothed_order_rhythm",
                "smoothing_steps": 4,
                "metric": "euclidean",
            }
        ],
    },
    "seasons": {"series": "monthly_lrfm", "window": 6, **PLAIN},
    # Some features, in another order.
    "habits": {
        "series": "monthly_lrfm",
        "features": ["monetary_amount", "recency_days"],
        **PLAIN,
    },
    "baskets": {
        "series": "behaviour",
        "features": ["average_order_amount", "items", "recency_days"],
        **PLAIN,
    },
    # On a series that the test declares. Nothing builds it from shuffled orders.
    "tastes": {"series": "line_shares", "null_shuffles": 0, **PLAIN},
}
LINES = ("Standard", "Road", "Mountain", "Touring")
SHARES = [f"{line.lower()}_share" for line in LINES]
SERIES = {
    "line_shares": {
        "period": "month",
        "window": 6,
        "features": SHARES,
        "numbered_by": "standard_share",
    }
}
MODEL = """
-- How the orders of a month are divided among product lines.
with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

ordered as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        count(*) as orders,
        {% for share in var('series').line_shares.features -%}
        sum(case when lower(product_line) || '_share' = '{{ share }}'
            then 1 else 0 end) as {{ share }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_orders_accepted') }}
    where not is_return
    group by 1, 2

),

shared as (

    select
        customer_months.customer_id,
        customer_months.month,
        {% for share in var('series').line_shares.features -%}
        coalesce({{ ratio('ordered.' ~ share, 'ordered.orders') }}, 0)
            as {{ share }}{{ ',' if not loop.last }}
        {% endfor %}
    from customer_months
    left join ordered
        on
            customer_months.customer_id = ordered.customer_id
            and customer_months.month = ordered.month

),

gathered as (

    select
        customer_id,
        {{ series_array(var('series').line_shares.features, 'month') }}
            as series_values
    from shared
    group by customer_id

)

select * from gathered
"""


@pytest.fixture(scope="module")
def built(small: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """The small shop with all of these, added to what was built before."""
    folder: Path = tmp_path_factory.mktemp("further")
    project = prebuilt.copy_project(small, folder / "project")
    copy = prebuilt.copy_build(small, folder / "build", project)
    series = project / "models" / "intermediate" / "series"
    (series / "int_customers_line_shares.sql").write_text(MODEL)
    (series / "int_customers_line_shares.yml").write_text(
        (series / "int_customers_monthly_lrfm.yml")
        .read_text()
        .replace("monthly_lrfm", "line_shares")
    )
    settings = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    further = {name: {**FEW_TRIALS, **given} for name, given in FURTHER.items()}
    variables = {
        "series": {**settings["series"], **SERIES},
        "segmentations": {**settings["segmentations"], **further},
    }
    found = run_build(
        copy.folder, *WITHOUT_UNIT_TESTS, project=project, variables=variables
    )
    assert found.returncode == 0, found.output[-6000:]
    return found


def test_all_are_published_named_or_unnamed(built: Build) -> None:
    segments = built.query("select * from marts.dim_segments")
    for name in FURTHER:
        own = segments[
            (segments["segmentation"] == name) & (segments["stage"] == "active")
        ]
        assert len(own) >= 2, name
        assert own["persona"].notna().all()
        is_group = own["persona"].str.fullmatch(r"Group \d+")
        if "personas" not in FURTHER[name]:
            assert is_group.all()
            assert not own["is_persona_earned"].any()
            assert own["persona_evidence"].str.startswith("No name").all()
        assert (is_group | own["recommended_action"].notna()).all()
    assert (
        segments.loc[segments["segmentation"] == "worth", "persona"].tolist()
        == segments.loc[segments["segmentation"] == "value", "persona"].tolist()
    )


def test_centres_have_the_features_that_were_asked_for(built: Build) -> None:
    centres = built.query(
        "select segmentation, feature, max(step) as steps, count(*) as numbers"
        " from marts.fct_segment_centroids inner join marts.dim_segments"
        " using (segment_id) group by 1, 2"
    ).set_index(["segmentation", "feature"])["steps"]
    assert set(centres["habits"].items()) == {
        ("monetary_amount", 12),
        ("recency_days", 12),
    }
    assert set(centres["baskets"].index) == {
        *("average_order_amount", "items", "recency_days")
    }
    assert set(centres["seasons"]) == {6}
    assert set(centres["halves"]) == {180}
    assert dict(centres["tastes"]) == dict.fromkeys(SHARES, 6)
    assert centres["lately"].max() == 1


def test_values_are_those_of_the_features_whose_names_they_carry(built: Build) -> None:
    """The same customers of the same months have the same means, however grouped."""
    means = built.query(
        "select segmentation, feature, step,"
        " sum(value * customers) / sum(customers) as mean"
        " from marts.fct_trial_centroids"
        " where segment_id is not null group by all"
    ).set_index(["segmentation", "feature", "step"])["mean"]
    for mine, of, features in (
        ("habits", "lifecycle", ("monetary_amount", "recency_days")),
        ("worth", "value", ("frequency_orders", "monetary_amount", "recency_days")),
    ):
        for feature in features:
            # Paths that begin later have no value at the last steps.
            found = means[mine, feature][1], means[of, feature][1]
            assert found[0] == pytest.approx(found[1], rel=1e-9), (mine, feature)
    assert means["lately", "monetary_amount"][1] < means["value", "monetary_amount"][1]


def test_windows_and_sums_are_those_of_python_too(built: Build) -> None:
    shop = parity.Shop(built)
    assert {"rfm_6_months", "daily_spend_180_days"} <= set(shop.series)
    own = {
        name: settings
        for name, settings in shop.settings.items()
        if settings.kind != "line_shares"
    }
    shop.settings = own
    parity.assert_series_agree(shop)
    parity.assert_stages_agree(shop)
    parity.assert_measures_agree(shop)


def test_the_others_stay_what_they_were(small: Build, built: Build) -> None:
    names = "('lifecycle', 'rhythm', 'value', 'behaviour')"
    for question in (
        "select segmentation, model_version from marts.dim_model_versions"
        f" where segmentation in {names} order by all",
        f"select * from marts.fct_customer_segments where segmentation in {names}"
        " order by all",
    ):
        assert built.query(question).equals(small.query(question))


def test_all_are_drawn(built: Build) -> None:
    site = built.folder / "site"
    for page in ("trajectories.html", "segments.html"):
        text = text_of(site / page)
        for name in FURTHER:
            assert name in text, (page, name)
    assert not lacking_on_pages(built.published, site)
