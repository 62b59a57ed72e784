"""A shop with a gap of years: right numbers, at no cost for the empty months."""

import datetime
import random

import pytest
from real_builds import Build, run_build

pytestmark = [pytest.mark.long, pytest.mark.night]

FIRST_YEAR, GAP_ENDS = datetime.date(2015, 1, 1), datetime.date(2022, 12, 31)
CUSTOMERS, ORDERS = 24, 143
ORIGINS = 24


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder, chance = tmp_path_factory.mktemp("gap"), random.Random(1)
    days = [FIRST_YEAR + datetime.timedelta(chance.randrange(365)) for _ in range(99)]
    days += [FIRST_YEAR + datetime.timedelta(number) for number in range(ORDERS - 99)]
    rows = [f"{i},{i % CUSTOMERS},{day},100.00" for i, day in enumerate(days)]
    # One order alone would be taken for a slip of the year.
    rows += [f"{ORDERS + number},3,{GAP_ENDS},25.00" for number in range(2)]
    data = folder / "data"
    data.mkdir()
    header = "transaction_id,customer_id,transaction_date,list_price"
    (data / "transactions.csv").write_text("\n".join([header, *rows, ""]))
    return run_build(
        folder / "build",
        "--exclude-resource-type",
        "unit_test",
        source=data,
        variables={"forecast_origins": ORIGINS},
    )


def test_it_is_published(build: Build) -> None:
    assert build.returncode == 0, build.output[-3000:]
    assert "Published" in build.said


def test_empty_months_are_rows_of_zero(build: Build) -> None:
    months = build.query(
        "select month, orders, revenue_amount from marts.fct_segment_revenue_months "
        "where definition = 'stock' and segment_id = 'total' order by month"
    )
    in_gap = months["month"].between("2016-01-01", "2022-11-30")
    assert in_gap.sum() == 83
    assert (months.loc[in_gap, ["orders", "revenue_amount"]] == 0).all(axis=None)
    assert len(months) == 8 * 12
    assert months["orders"].sum() == ORDERS + 2
    assert months["revenue_amount"].sum() == 100 * ORDERS + 50


def test_recency_counts_the_years(build: Build) -> None:
    last = build.query(
        "select customer_id, recency_days, frequency_orders, monetary_amount "
        "from marts.fct_customer_months where month = '2022-12-01'"
    ).set_index("customer_id")
    assert len(last) == CUSTOMERS
    assert last.loc["3"].tolist() == [0, 2, 50]
    others = last.drop(index="3")
    assert (others["recency_days"] >= 7 * 365).all()
    assert (others[["frequency_orders", "monetary_amount"]] == 0).all(axis=None)


def test_all_but_who_came_back_are_lapsed(build: Build) -> None:
    placed = build.query(
        "select segmentation, customer_id, segment_id from marts.fct_customer_segments "
        "where month = '2022-12-01' and segmentation <> 'behaviour'"
    )
    is_lapsed = placed["segment_id"].str.endswith("-lapsed")
    assert len(placed) == 3 * CUSTOMERS
    assert (is_lapsed == (placed["customer_id"] != "3")).all()


def test_what_costs_does_not_follow_empty_months(build: Build) -> None:
    """Prophet and trials are asked of months in which somebody ordered before."""
    projected = build.work(
        "select count(*) from intermediate.int_revenue_projections "
        "where model like 'prophet%' and origin_month between '2017-01-01' "
        "and '2022-11-30'"
    )
    assert projected.iloc[0, 0] == 0
    versions = build.query("select distinct fitted_to from marts.dim_model_versions")
    assert versions["fitted_to"].dt.year.isin([2015, 2022]).all()
