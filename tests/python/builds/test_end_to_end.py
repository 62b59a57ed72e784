"""The sample shop from raw files to pages, by the command that a person types."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from pages_read import text_of
from real_builds import CLEANING, PROJECT, WITHOUT_UNIT_TESTS, Build, run_build
from sklearn.metrics import adjusted_rand_score
from trajectories.warehouse.verify import verify

from benchmarks.names import judged
from trajectories.movement.discords import has_stumpy

pytestmark = pytest.mark.long

FIXTURES = PROJECT / "tests" / "fixtures"
PLANTED_KINDS = PROJECT / "seeds" / "sample" / "raw_planted_kinds.csv"
PARTITIONED = {
    "fct_behaviour_changes",
    "fct_customer_days",
    "fct_customer_months",
    "fct_customer_segments",
    "fct_customer_values",
    "fct_orders",
    "fct_segment_values",
}
# Without rows in the sample: its plans have no fault, and discords are an extra.
EMPTY = {"rpt_experiment_findings"} | (
    set() if has_stumpy() else {"fct_segment_discords"}
)
SEGMENTATIONS = {"lifecycle", "rhythm", "value", "behaviour"}
TYPES = {"string": "VARCHAR", "bigint": "BIGINT", "double": "DOUBLE"}


def contracts(sample: Build) -> dict[str, dict]:
    """Return the public models, as the build's manifest declares them, by name."""
    manifest = json.loads((sample.target / "manifest.json").read_text())
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["access"] == "public"
    }


# -- What was published ---------------------------------------------------------------


def test_the_build_says_what_was_found_and_where_it_lies(sample: Build) -> None:
    said = sample.said
    assert "53,160 rows read, 51,704 accepted, 1,244 rejected, 212 merged" in said
    for segmentation in SEGMENTATIONS:
        assert f"{segmentation}: " in said
    assert "forecast of the shop's revenue" in said
    assert "clustering and forecasting" in said
    assert sample.manifest["sha256"] in said
    for path in ("published/trajectories.duckdb", "site/index.html"):
        assert str(sample.folder / path) in said
        assert (sample.folder / path).is_file()


def test_published_columns_are_those_of_the_contracts(sample: Build) -> None:
    columns = sample.query(
        "select table_schema, table_name, column_name, data_type "
        "from information_schema.columns order by ordinal_position"
    )
    promised = contracts(sample)
    assert set(columns["table_name"]) == set(promised)
    for name, node in promised.items():
        assert node["config"]["contract"]["enforced"], name
        found = columns[columns["table_name"] == name]
        assert set(found["table_schema"]) == {node["schema"]}
        assert list(zip(found["column_name"], found["data_type"], strict=True)) == [
            (column, TYPES.get(described["data_type"], described["data_type"].upper()))
            for column, described in node["columns"].items()
        ], name


def test_the_first_column_of_every_mart_is_its_key(sample: Build) -> None:
    for name, node in contracts(sample).items():
        key = next(iter(node["columns"]))
        rows, keys = sample.query(
            f'select count(*), count(distinct "{key}") from {node["schema"]}.{name}'
        ).iloc[0]
        assert rows == keys, f"{name}.{key}"
        assert (rows > 0) == (name not in EMPTY), f"{name} has {rows} rows"


def test_the_manifest_tells_what_was_published(sample: Build) -> None:
    manifest = sample.manifest
    marts = {mart["name"]: mart for mart in manifest["marts"]}
    assert set(marts) == set(contracts(sample))
    assert f"{len(marts)} marts" in verify(sample.folder / "published")
    by_month = {name for name, mart in marts.items() if mart["partitioned_by"]}
    assert by_month == PARTITIONED
    for name, mart in marts.items():
        assert (len(mart["files"]) > 20) == (name in PARTITIONED), name


def test_every_planted_flaw_is_accounted_for(sample: Build) -> None:
    planted = pd.read_csv(FIXTURES / "sample_dirt.csv")
    reasons = sample.query(
        "select input_table, reason_code, count(*) as rows "
        "from marts.fct_rejected_rows group by all"
    ).set_index(["input_table", "reason_code"])["rows"]
    kept = planted[~planted["outcome"].isin(["repaired", "accepted"])]
    expected = kept.groupby(["input_table", "outcome"])["planted_rows"].sum()
    assert reasons.to_dict() == expected.to_dict()
    tables = sample.query(
        "select * from marts.rpt_input_reconciliations where read_rows > 0"
    ).set_index("input_table")
    assert tables["is_balanced"].all()
    assert len(tables) == 4
    for table, row in tables.iterrows():
        with (PROJECT / "seeds" / "sample" / f"raw_{table}.csv").open() as file:
            assert row["read_rows"] == sum(1 for _ in file) - 1
    # Values that are mended in place; padded ids and day-first dates are only read.
    mended = planted[planted["outcome"] == "repaired"]
    mended = mended[~mended["dirt"].str.contains("padded|day_month_year")]
    totals = mended.groupby("input_table")["planted_rows"].sum()
    assert tables["repaired_values"].to_dict() == {"web_sessions": 0, **totals}


def test_shares_add_up_to_one(sample: Build) -> None:
    profiles = sample.query(
        "select segmentation, month, sum(customer_share) as customers, "
        "sum(revenue_share) as revenue from marts.fct_segment_profiles group by all"
    )
    assert set(profiles["segmentation"]) == SEGMENTATIONS
    np.testing.assert_allclose(profiles["customers"], 1, atol=1e-9)
    # A month in which a segment gave back more than it bought has no shares.
    revenue = profiles["revenue"].dropna()
    assert len(revenue) > 0.9 * len(profiles)
    np.testing.assert_allclose(revenue, 1, atol=1e-9)
    leaving = sample.query(
        "select sum(from_share) as share from marts.fct_segment_migrations "
        "group by segmentation, month, from_segment_id"
    )
    np.testing.assert_allclose(leaving["share"], 1, atol=1e-9)


def test_segments_add_up_to_the_shop(sample: Build) -> None:
    months = sample.query(
        "select segmentation, month, sum(revenue_amount) as amount "
        "from marts.fct_segment_revenue_months where definition = 'cohort' group by all"
    ).pivot(index="month", columns="segmentation", values="amount")
    # Returns of what nobody has bought here are the shop's, and in no history.
    unmatched = sample.query(
        "select date_trunc('month', order_date)::date as month, sum(amount) as amount "
        "from marts.fct_orders where is_unmatched_return group by 1"
    ).set_index("month")["amount"]
    shop = sample.query(
        "select month, revenue_amount from marts.fct_shop_months where is_complete"
    ).set_index("month")["revenue_amount"]
    shop = shop.sub(unmatched, fill_value=0)
    assert set(months.columns) == {*SEGMENTATIONS, "total"}
    for segmentation in months:
        np.testing.assert_allclose(
            months[segmentation], shop.loc[months.index], atol=0.005, rtol=0
        )
    ahead = sample.query(
        "select definition, segmentation, month, sum(forecast_amount) as amount "
        "from marts.fct_revenue_forecasts where is_published group by all"
    ).pivot(index=["definition", "month"], columns="segmentation", values="amount")
    assert len(ahead) == 2 * 6
    for segmentation in SEGMENTATIONS:
        np.testing.assert_allclose(ahead[segmentation], ahead["total"], atol=0.005)


def test_every_customer_of_a_month_has_one_segment(sample: Build) -> None:
    counted = sample.query(
        "select segmentation, month, count(*) as rows, "
        "count(distinct customer_id) as customers "
        "from marts.fct_customer_segments group by all"
    )
    assert (counted["rows"] == counted["customers"]).all()
    customers = sample.query(
        "select month, count(*) as customers from marts.fct_customer_months group by 1"
    ).set_index("month")["customers"]
    assert (counted["rows"] == customers.loc[counted["month"]].to_numpy()).all()
    assert set(counted["segmentation"]) == SEGMENTATIONS


# -- LRFM and daily spend against pandas ----------------------------------------------


def test_monthly_lrfm_is_what_pandas_computes(sample: Build) -> None:
    orders = sample.query("select * from marts.fct_orders")
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    orders["month"] = orders["order_date"].dt.to_period("M")
    sold = orders[~orders["is_return"]]
    last = sold["order_date"].max()
    last_month = last.to_period("M") if last.day >= 28 else last.to_period("M") - 1
    rows = []
    for customer, first in sold.groupby("customer_id")["order_date"].min().items():
        rows += [
            (customer, month, first)
            for month in pd.period_range(first, last_month, freq="M")
        ]
    expected = pd.DataFrame(rows, columns=["customer_id", "month", "first"])
    ends = expected["month"].dt.end_time.dt.normalize()
    expected["length_days"] = (ends - expected["first"]).dt.days
    keys = ["customer_id", "month"]
    latest = sold.groupby(keys)["order_date"].max().rename("latest")
    expected = expected.join(latest, on=keys)
    expected["latest"] = expected.groupby("customer_id")["latest"].ffill()
    expected["recency_days"] = (ends - expected["latest"]).dt.days
    counts = sold.groupby(keys).size().rename("frequency_orders")
    matched = orders[~orders["is_unmatched_return"]]
    amounts = matched.groupby(keys)["amount"].sum().rename("monetary_amount")
    expected = expected.join(counts, on=keys).join(amounts, on=keys).fillna(0)
    found = sample.query("select * from marts.fct_customer_months")
    found["month"] = pd.to_datetime(found["month"]).dt.to_period("M")
    assert len(found) == len(expected) > 20_000
    both = found.merge(expected, on=keys, suffixes=("", "_expected"))
    assert len(both) == len(expected)
    for column in ("length_days", "recency_days", "frequency_orders"):
        assert (both[column] == both[f"{column}_expected"]).all(), column
    np.testing.assert_allclose(
        both["monetary_amount"], both["monetary_amount_expected"], atol=0.005
    )
    # Not a degenerate table, as month ends joined to month starts would give.
    assert (found["recency_days"] > 31).any()
    assert (found["frequency_orders"] == 0).any()


def test_daily_spend_is_what_pandas_computes(sample: Build) -> None:
    orders = sample.query("select * from marts.fct_orders")
    last = sample.value(
        "select max(last_day(month)) from marts.fct_shop_months where is_complete"
    )
    is_known = pd.to_datetime(orders["order_date"]) <= pd.Timestamp(last)
    orders = orders[is_known & ~orders["is_unmatched_return"]]
    expected = orders.groupby(["customer_id", "order_date"]).agg(
        orders=("is_return", lambda returned: (~returned).sum()),
        spend_amount=("amount", "sum"),
    )
    found = sample.query("select * from marts.fct_customer_days").set_index(
        ["customer_id", "order_date"]
    )
    assert len(found) == len(expected)
    both = found.join(expected, rsuffix="_expected")
    assert (both["orders"] == both["orders_expected"]).all()
    np.testing.assert_allclose(
        both["spend_amount"], both["spend_amount_expected"], atol=0.005
    )


# -- Segments against the known kinds -------------------------------------------------


@pytest.fixture(scope="session")
def compared(sample: Build) -> pd.DataFrame:
    """Clustered customers of the last month: what names claim, and true kind."""
    return sample.query(f"""
        select members.customer_id, members.segment_id, truth.kind,
            segments.claimed_traits
        from marts.fct_customer_segments as members
        inner join marts.dim_segments as segments
            on members.segment_id = segments.segment_id
        inner join read_csv('{PLANTED_KINDS}', all_varchar = true)
            as truth
            on members.customer_id = truth.customer_id
            and members.month >= cast(truth.from_month as date)
            and members.month <= cast(truth.to_month as date)
        where members.segmentation = 'rhythm'
            and segments.segment_number is not null
            and members.month = (select max(month) from marts.fct_customer_segments)
        """)


def test_rhythm_finds_the_kinds_that_were_made(
    sample: Build, compared: pd.DataFrame
) -> None:
    assert len(compared) > 1_000
    assert compared["customer_id"].is_unique
    agreement = adjusted_rand_score(compared["kind"], compared["segment_id"])
    assert agreement >= 0.6
    said = sample.query("select * from audit.rpt_planted_kinds")
    said = said.set_index("segmentation").loc["rhythm"]
    assert said["customers"] == len(compared)
    assert said["kind_agreement"] == pytest.approx(agreement, abs=1e-6)
    assert said["seen_share"] > said["chance_seen_share"]


def test_the_last_month_of_the_sample_has_the_map_of_the_month_before(
    sample: Build,
) -> None:
    drawn = sample.query(
        "select segmentation, max(in_force_from) as drawn "
        "from marts.dim_model_versions group by 1"
    ).set_index("segmentation")["drawn"]
    assert set(drawn.index) == SEGMENTATIONS
    assert (pd.to_datetime(drawn) == "2017-12-01").all()


def test_personas_are_true_of_most_who_bear_them(compared: pd.DataFrame) -> None:
    verdicts = judged(compared).value_counts(normalize=True)
    assert verdicts["right"] >= 0.65
    assert verdicts["wrong"] <= 0.10


def test_the_sample_has_structure_and_earns_its_names(sample: Build) -> None:
    chosen = sample.query(
        "select * from marts.fct_segmentation_trials where is_chosen"
    ).set_index("segmentation")
    assert set(chosen.index) == SEGMENTATIONS
    rhythm = chosen.loc["rhythm"]
    assert rhythm["has_structure"]
    assert rhythm["silhouette"] > rhythm["null_silhouette"] + 0.1
    assert rhythm["null_p_value"] <= 0.05
    segments = sample.query("select * from marts.dim_segments")
    assert segments["persona"].notna().all()
    clustered = segments[segments["stage"] == "active"]
    advised = segments[segments["is_persona_earned"]]
    assert advised["recommended_action"].notna().all()
    assert advised["action_to_avoid"].notna().all()
    living = clustered[clustered["valid_to"].isna()]
    earned = living.groupby("segmentation")["is_persona_earned"].mean()
    assert earned["rhythm"] >= 0.6
    assert (
        not clustered.loc[clustered["is_persona_earned"], "persona"]
        .str.startswith("Group ")
        .any()
    )
    evidence = clustered["persona_evidence"]
    assert evidence.str.contains(r"\d").all()


def test_headline_numbers_are_claims(sample: Build) -> None:
    claims = sample.query("select * from audit.rpt_claims").set_index("claim_id")
    assert claims["reproduce_with"].notna().all()
    assert claims["verdict"].notna().all()
    assert claims.loc["rows-accounted-for", "measured_value"] == 1
    silhouette = sample.value(
        "select silhouette from marts.fct_segmentation_trials "
        "where is_chosen and segmentation = 'rhythm'"
    )
    said = claims.loc["silhouette-rhythm", "measured_value"]
    assert said == pytest.approx(silhouette, abs=1e-6)


# -- Pages ----------------------------------------------------------------------------


def test_pages_need_no_other_host(sample: Build) -> None:
    site = sample.folder / "site"
    pages = sorted(path.name for path in site.glob("*.html"))
    assert pages == [
        "act.html",
        "departures.html",
        "forecast.html",
        "index.html",
        "movement.html",
        "outlook.html",
        "quality.html",
        "segments.html",
        "stability.html",
        "trajectories.html",
        "value.html",
    ]
    for name in pages:
        text = text_of(site / name)
        assert not re.search(r"https?://|[\"'(]//\w", text), name
        for link in re.findall(r"(?:src|href)=\"(?!data:)([^\"#]+)", text):
            assert (site / link).is_file(), f"{name} links to {link}"
    overview = text_of(site / "index.html")
    assert "January 2018" in overview


# -- Later builds ---------------------------------------------------------------------


def test_a_build_that_fails_leaves_what_was_published(
    small_copy: Build, tmp_path: Path
) -> None:
    before = small_copy.manifest
    page = (small_copy.folder / "site" / "index.html").read_bytes()
    (tmp_path / "transactions.csv").write_text(
        "transaction_id,client,transaction_date,list_price\n1,7,2017-01-01,5\n"
    )
    failed = run_build(
        small_copy.folder,
        *WITHOUT_UNIT_TESTS,
        source=tmp_path,
        project=small_copy.project,
    )
    assert failed.returncode != 0
    assert "transactions.csv has no column customer_id" in failed.said
    assert "Its columns are: transaction_id, client" in failed.said
    assert "What was published before stays" in failed.said
    assert failed.manifest == before
    assert (small_copy.folder / "site" / "index.html").read_bytes() == page


def test_a_build_of_a_part_publishes_nothing(small_copy: Build) -> None:
    before = small_copy.manifest
    part = run_build(small_copy.folder, *CLEANING, project=small_copy.project)
    assert part.returncode == 0, part.output
    assert "a part of the project" in part.said
    assert part.manifest == before


@pytest.mark.night
def test_settings_of_a_shop_do_not_fail_the_unit_tests(small_copy: Build) -> None:
    settings = {
        "date_order": "mdy",
        "decimal_separator": "comma",
        "earliest_order_date": "2016-06-01",
        "latest_order_date": "2017-12-31",
        "accepted_order_statuses": ["ok"],
        "returned_order_statuses": ["back"],
        "as_of_date": "2017-06-15",
        "complete_month_day": 20,
        "months_of_history": 6,
        "orders_of_history": 5,
        "persona_stability": 0.9,
        "name_personas_anyway": True,
        "transition_confidence": 0.5,
        "stable_stay_share": 0.3,
        "stable_refit_agreement": 0.3,
    }
    tested = run_build(
        small_copy.folder,
        "--select",
        "test_type:unit",
        project=small_copy.project,
        variables=settings,
        verb="test",
    )
    assert tested.returncode == 0, tested.output[-4000:]
    assert "Nothing to do" not in tested.output


def test_a_second_build_gives_the_same_bytes_and_disturbs_no_reader(
    small_copy: Build,
) -> None:
    before = small_copy.manifest
    question = "select count(*), sum(amount) from marts.fct_orders"
    answers: set[tuple] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.wait(0.5):
            with duckdb.connect(str(small_copy.published), read_only=True) as reader:
                answers.add(reader.execute(question).fetchone())

    held = duckdb.connect(str(small_copy.published.resolve()), read_only=True)
    expected = held.execute(question).fetchone()
    reading = threading.Thread(target=read)
    reading.start()
    try:
        again = run_build(
            small_copy.folder, *WITHOUT_UNIT_TESTS, project=small_copy.project
        )
    finally:
        stop.set()
        reading.join()
    assert again.returncode == 0, again.output[-6000:]
    assert held.execute(question).fetchone() == expected
    held.close()
    assert answers == {expected}
    after = again.manifest
    assert after["build_id"] != before["build_id"]
    different = [
        old["name"]
        for old, new in zip(before["marts"], after["marts"], strict=True)
        if old != new
    ]
    assert different == []
    assert after["sha256"] == before["sha256"]


@pytest.mark.night
def test_an_empty_build_passes_and_publishes_nothing(
    tmp_path: Path, project: Path
) -> None:
    folder = tmp_path / "build"
    empty = run_build(folder, "--empty", *WITHOUT_UNIT_TESTS, project=project)
    assert empty.returncode == 0, empty.output[-6000:]
    assert not (folder / "published").exists()
    assert empty.work("select count(*) from marts.fct_orders").iloc[0, 0] == 0
