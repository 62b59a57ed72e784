"""Movement where orders come late, go, change hands, or are hardly any."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from movement_builds import (
    MODELS_ONLY,
    MOVEMENT,
    WITH_CHECKS,
    Warehouse,
    ask,
    differences,
    long_shop,
    segmentations,
)

pytestmark = pytest.mark.long

# The names are those of now, whatever month a row is of.
NAMES = {
    "fct_customer_segments": "persona",
    "fct_segment_migrations": "from_persona, to_persona",
}
MONTHLY = (
    *("fct_customer_segments", "fct_segment_migrations", "fct_segment_profiles"),
    *("fct_segment_stabilities", "rpt_segment_stability", "fct_segment_events"),
)
FEW_CLUSTERS = {"k_max": 3, "sample_customers": 200}


@pytest.fixture(scope="module")
def warehouse(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("bad_input")
    settings = segmentations(("rhythm", "value"), **FEW_CLUSTERS)
    return Warehouse(folder, project, {"segmentations": settings})


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return long_shop()


@pytest.fixture(scope="module")
def base(warehouse: Warehouse, orders: pd.DataFrame) -> Path:
    return warehouse.build("base", orders)


def marked(database: Path) -> Path:
    """A copy in which every score bears a mark, in a column that no mart reads."""
    copy = database.with_stem(f"{database.stem}_marked")
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update intermediate.int_customer_assignments set next_distance = -1"
        )
    return copy


def memberships(database: Path, segmentation: str = "value") -> pd.DataFrame:
    return ask(
        database,
        "select * from marts.fct_customer_segments"
        f" where segmentation = '{segmentation}' order by customer_id, month",
    )


def test_late_orders_change_only_the_months_from_theirs_on(warehouse, orders, base):
    late = orders[orders["transaction_date"].str.startswith("2017-09")].iloc[:25]
    late = late.assign(
        transaction_id=[f"late{place}" for place in range(len(late))],
        transaction_date="2017-10-12",
        list_price=late["list_price"] * 4,
    )
    arrived = pd.concat([orders, late])
    grown = warehouse.build("late", arrived, *WITH_CHECKS, start=marked(base))
    before = dict.fromkeys(MONTHLY, "month < '2017-10-01'")
    assert differences(base, grown, MONTHLY, before, NAMES) == {}
    after = dict.fromkeys(MONTHLY, "month >= '2017-10-01'")
    assert "fct_segment_profiles" in differences(base, grown, MONTHLY, after, NAMES)
    scored = ask(
        grown,
        "select distinct month from intermediate.int_customer_assignments"
        " where next_distance <> -1 order by month",
    )
    assert list(scored["month"].dt.month) == [10, 11, 12]

    rebuilt = warehouse.build(
        "late_rebuilt", arrived, *WITH_CHECKS, "--full-refresh", start=grown
    )
    assert differences(grown, rebuilt, (*MOVEMENT, "dim_model_versions")) == {}


@pytest.mark.night
def test_deleted_orders_and_merged_customers_correct_the_past(warehouse, orders, base):
    customer, date = orders["customer_id"], orders["transaction_date"]
    gone, silent, lost, kept = "00001", "00013", "00025", "00037"
    assert {gone, silent, lost, kept} <= set(customer)
    deleted = (customer == gone) | ((customer == silent) & (date > "2016-10-31"))
    empty = date.str.startswith("2017-08")
    corrected = orders[~deleted & ~empty]
    corrected = corrected.assign(
        customer_id=corrected["customer_id"].replace({lost: kept})
    )
    built = warehouse.build("corrected", corrected, *WITH_CHECKS, start=base)
    members = memberships(built)
    assert not {gone, lost} & set(members["customer_id"])
    before = memberships(base)
    assert {gone, lost} <= set(before["customer_id"])

    last = members[members["month"] == members["month"].max()]
    stage = last.set_index("customer_id")["segment_id"]
    assert stage[silent] == "value-lapsed"
    months = members[members["customer_id"] == silent]["month"]
    assert len(months) == before["customer_id"].eq(silent).sum(), "a month is lost"

    paid = corrected.groupby("customer_id")["list_price"].sum()
    summed = ask(
        built,
        "select customer_id, sum(monetary_amount) as paid"
        " from marts.fct_customer_months group by 1",
    ).set_index("customer_id")["paid"]
    assert summed[kept] == pytest.approx(paid[kept])
    assert paid[kept] > 1.2 * orders[customer == kept]["list_price"].sum()

    august = members[members["month"] == "2017-08-01"]
    july = members[members["month"] == "2017-07-01"]
    assert set(august["customer_id"]) == set(july["customer_id"])
    assert "value-active" not in set(august["segment_id"]), "it was not scored"
    sums = ask(
        built,
        "select sum(orders) as orders from marts.fct_segment_profiles"
        " where month = '2017-08-01'",
    )
    assert sums["orders"].item() == 0

    rebuilt = warehouse.build(
        "corrected_rebuilt", corrected, *MODELS_ONLY, "--full-refresh", start=built
    )
    assert differences(built, rebuilt, (*MOVEMENT, "dim_model_versions")) == {}


@pytest.mark.night
def test_segments_that_everybody_left_are_still_known(warehouse, orders, base):
    until = orders[orders["transaction_date"] <= "2016-10-31"]
    newcomer = until.iloc[[-1]].assign(
        transaction_id="x", customer_id="99999", transaction_date="2017-10-31"
    )
    left = pd.concat([until, newcomer])
    built = warehouse.build("left", left, *WITH_CHECKS, start=base)
    for name in ("rhythm", "value"):
        members = memberships(built, name)
        last = members[members["month"] == members["month"].max()]
        lapsed = set(last[last["customer_id"] != "99999"]["segment_id"])
        assert lapsed == {f"{name}-lapsed"}
    segments = ask(built, "select segment_id, valid_to from marts.dim_segments")
    for name in ("rhythm", "value"):
        was_in = set(memberships(built, name)["segment_id"])
        assert was_in <= set(segments["segment_id"])
        assert f"{name}-active" not in was_in, "months without orders were not scored"
        assert {f"{name}-1", f"{name}-2"} <= was_in
    causes = ask(
        built,
        "select distinct cause from marts.fct_segment_migrations"
        " where segmentation = 'value' and to_segment_id = 'value-lapsed'",
    )
    assert set(causes["cause"]) == {"lapsed", "stayed"}


@pytest.mark.night
def test_the_first_membership_month_ever(warehouse, orders):
    known = orders[orders["transaction_date"] <= "2015-11-30"]
    built = warehouse.build("first", known, *WITH_CHECKS)
    members = memberships(built)
    assert set(members["month"].astype(str)) == {"2015-11-01"}
    assert set(members["customer_id"]) == set(known["customer_id"])
    assert members["previous_segment_id"].isna().all()
    causes = ask(built, "select distinct cause from marts.fct_segment_migrations")
    assert set(causes["cause"]) <= {"entered"}
    assert ask(built, "select * from marts.fct_segment_departures").empty


@pytest.mark.night
def test_no_membership_month_yet(warehouse, orders):
    known = orders[orders["transaction_date"] <= "2015-10-31"]
    built = warehouse.build("too_early", known, *WITH_CHECKS)
    for mart in (*MOVEMENT, "dim_model_versions"):
        assert ask(built, f"select * from marts.{mart}").empty, mart
    assert not ask(built, "select * from marts.fct_customer_months").empty


@pytest.mark.night
def test_a_single_customer(warehouse, orders):
    weekly = orders[orders["customer_id"] == "00003"]
    built = warehouse.build("single", weekly, *WITH_CHECKS)
    members = memberships(built)
    assert set(members["customer_id"]) == {"00003"}
    # Her last order is on 27 December, which does not complete the month.
    months = pd.date_range("2015-11-01", "2017-11-01", freq="MS")
    assert list(members["month"]) == list(months)
    assert set(members["segment_id"]) == {"value-active"}


@pytest.mark.night
def test_a_fifth_segment(tmp_path, project, orders):
    def build(name: str, k: int, start: Path | None = None) -> Path:
        settings = segmentations(("value",), sample_customers=200, k_min=k, k_max=k)
        warehouse = Warehouse(tmp_path, project, {"segmentations": settings})
        return warehouse.build(name, orders, *WITH_CHECKS, start=start)

    four = build("four", 4)
    five = build("five", 5, four)

    def numbers(database: Path) -> set[int]:
        table = "intermediate.int_trial_centroids"
        asked = f"select distinct segment_number from {table} where is_chosen"
        return set(ask(database, asked)["segment_number"])

    old, new = numbers(four), numbers(five)
    assert len(old) == 4
    assert len(new) == 5
    assert len(old & new) >= 3, "segments lost their numbers"
    assert min(new - old) > max(old), "a number was used again"
    keys = ["customer_id", "month"]
    pd.testing.assert_frame_equal(memberships(four)[keys], memberships(five)[keys])
    events = ask(five, "select * from marts.fct_segment_events")
    begun = set(events[events["event"].isin(["split", "born"])]["segment_id"])
    assert {f"value-{number}" for number in (*(new - old), max(old) + 1)} <= begun
    assert not begun & {f"value-{number}" for number in old}
    known = set(ask(five, "select segment_id from marts.dim_segments")["segment_id"])
    assert {f"value-{number}" for number in new | old} <= known
    assert set(memberships(five)["segment_id"]) <= known
    versions = ask(five, "select k, parent_version from marts.dim_model_versions")
    assert set(versions["k"]) == {4, 5}
    assert versions[versions["k"] == 5]["parent_version"].notna().all()
