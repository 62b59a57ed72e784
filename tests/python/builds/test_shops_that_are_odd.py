"""Shops with closed months, refunds and one customer who outweighs all others.

What is drawn of them is right, or is not drawn: months without orders are zeros, no
number is none, a share is one or is missing, and one customer makes no segment.
"""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from macros_alone import macro_file
from page_words import lacking_on_pages
from pages_read import text_of
from real_builds import PROJECT, WITHOUT_UNIT_TESTS, Build, run_build

from trajectories.series.orders import share

CASES = PROJECT.parent / "shared" / "cases"
CLOSED, WHALE = "46-closed-for-months", "47-one-whale"
REFUNDS, SEASONAL = "25-month-of-refunds", "seasonal"
YOUNG = "three_months"
HEADER = "transaction_id,customer_id,transaction_date,list_price"
# Errors and lifts may be larger than what they are held against, and what a covariate
# takes off may be less than nothing: these are no parts of a whole.
NO_PARTS = {
    *("chain_error_share", "same_as_now_error_share", "disagreement_share"),
    *("expected_lift_share", "mde_share", "variance_reduction_share"),
}


def write_shop(folder: Path, rows: list[tuple[int, datetime.date, int]]) -> Path:
    """Write orders (customer, day, cents), and how they are read; less is a return."""
    lines = [
        f"{number},C{customer:02},{day},{cents / 100:.2f}"
        for number, (customer, day, cents) in enumerate(rows)
    ]
    columns = {name: name for name in HEADER.split(",")}
    columns["is_return"] = "list_price < 0"
    mapping = {"transactions": {"path": "transactions.csv", "columns": columns}}
    folder.mkdir()
    (folder / "transactions.csv").write_text("\n".join([HEADER, *lines, ""]))
    (folder / "my_shop.yml").write_text(yaml.safe_dump(mapping))
    return folder / "my_shop.yml"


def seasonal_shop(folder: Path) -> Path:
    """Write three years of a shop that is closed from November to March.

    Everybody orders twice a month. In July 2016 more comes back than goes out. The
    last two months are nothing but returns, and after them the revenue of every third
    customer is exactly 0.
    """
    chance, rows = random.Random(4), []
    months = [datetime.date(year, month, 1) for year in YEARS for month in SEASON]
    for customer in range(60):
        spent = 0
        for month in months[:-2]:
            for day in sorted(chance.sample(range(28), 2)):
                spent += (cents := chance.randrange(800, 4000))
                rows.append((customer, month + datetime.timedelta(day), cents))
            if month == BACK:
                spent -= (cents := 7000)
                rows.append((customer, month + datetime.timedelta(28), -cents))
        last = months[-2 + customer % 2] + datetime.timedelta(29)
        rows.append((customer, last, -(spent if customer % 3 == 0 else 200)))
    return write_shop(folder, rows)


YEARS, SEASON, BACK = (2015, 2016, 2017), range(4, 11), datetime.date(2016, 7, 1)


def shop_of_one_month(folder: Path) -> Path:
    """Write a shop of one month; one customer gives more back than she bought."""
    chance, first = random.Random(5), datetime.date(2017, 1, 1)
    rows = [
        (
            number % 40,
            first + datetime.timedelta(number % 31),
            chance.randrange(500, 4000),
        )
        for number in range(200)
    ]
    rows.append((3, datetime.date(2017, 1, 31), -20_000))
    return write_shop(folder, rows)


def shop_of_three_months(folder: Path) -> Path:
    """Write a shop that has no cost and no categories, in yen, seen from the past.

    One customer has 10,000 orders, one gave back without ever buying, one came after
    the day that it is seen from.
    """
    chance, first = random.Random(6), datetime.date(2017, 1, 1)
    rows = [
        (
            number % 120,
            first + datetime.timedelta(chance.randrange(90)),
            chance.randrange(500, 9000) * 15_000,
        )
        for number in range(700)
    ]
    rows += [
        (MANY, first + datetime.timedelta(number % 89), 150_000)
        for number in range(10_000)
    ]
    rows.append((BACK_ONLY, datetime.date(2017, 2, 3), -9_000_000))
    rows += [
        (number, datetime.date(2017, 5, 3), 7_500_000) for number in (*range(9), LATE)
    ]
    return write_shop(folder, rows)


MANY, BACK_ONLY, LATE = 200, 201, 202


def case(name: str) -> Path:
    """Return the input of a shared case: its mapping file, where it has one."""
    folder = CASES / name
    if not folder.exists():
        pytest.skip(f"{name} isn't in {CASES}")
    mapping = folder / "my_shop.yml"
    return mapping if mapping.exists() else folder


AT_NIGHT = (CLOSED, WHALE, REFUNDS, SEASONAL, "one_month")
SHOPS = [YOUNG, *(pytest.param(x, marks=pytest.mark.night) for x in AT_NIGHT)]


@pytest.fixture(scope="module", params=SHOPS)
def shop(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory
) -> tuple[str, Build]:
    """One odd shop, built and tested whole with small settings."""
    folder = tmp_path_factory.mktemp("odd")
    makers = {SEASONAL: seasonal_shop, "one_month": shop_of_one_month}
    makers[YOUNG] = shop_of_three_months
    seen = {"as_of_date": "2017-03-31"} if request.param == YOUNG else None
    make = makers.get(request.param)
    source = make(folder / "data") if make else case(request.param)
    built = run_build(
        folder / "build",
        *WITHOUT_UNIT_TESTS,
        source=source,
        project=project,
        variables=seen,
    )
    assert built.returncode == 0, built.output[-6000:]
    return request.param, built


def doubles(build: Build) -> Iterable[tuple[str, str]]:
    """List all columns of the published marts that hold doubles, and their table."""
    columns = build.query(
        "select table_schema || '.' || table_name as mart, column_name "
        "from information_schema.columns where data_type in ('DOUBLE', 'FLOAT')"
    )
    return columns.itertuples(index=False, name=None)


@pytest.mark.long
def test_an_odd_shop_is_drawn_right_or_not_at_all(shop: tuple[str, Build]) -> None:
    name, build = shop
    _no_number_is_none(build)
    _shares_are_shares(build)
    _months_have_no_gap(build)
    _forecasts_are_within_reason(build)
    _values_are_told_or_it_is_said_why(build)
    _pages_hold_no_broken_number(build)
    if name in EXPECTED:
        EXPECTED[name](build)


def _no_number_is_none(build: Build) -> None:
    for mart, column in doubles(build):
        wrong = f"select count(*) from {mart} where not isfinite({column})"
        assert build.value(wrong) == 0, (mart, column)


def _shares_are_shares(build: Build) -> None:
    for mart, column in doubles(build):
        if column.endswith("_share") and column not in NO_PARTS:
            wrong = f"{column} < 0 or {column} > 1 + 1e-9"
            found = build.value(f"select count(*) from {mart} where {wrong}")
            assert found == 0, (mart, column)


def _months_have_no_gap(build: Build) -> None:
    months = build.query("select * from marts.fct_shop_months order by month")
    every = pd.date_range(months["month"].min(), months["month"].max(), freq="MS")
    assert list(months["month"]) == list(every)
    orders = build.query(
        "select date_trunc('month', order_date)::date as month, sum(amount) as amount, "
        "count(*) filter (where not is_return) as orders "
        "from marts.fct_orders group by 1"
    ).set_index("month")
    told = orders.reindex(every, fill_value=0)
    assert months["orders"].tolist() == told["orders"].tolist()
    assert months["revenue_amount"].tolist() == pytest.approx(told["amount"].tolist())
    empty = months[months["orders"] == 0]
    assert empty[["customers", "new_customers"]].eq(0).all(axis=None)
    averages = empty[["average_order_amount", "revenue_per_customer_amount"]]
    assert averages.isna().all(axis=None)
    gaps = build.query(
        "select definition, segment_id, count(*) as months, "
        "1 + date_diff('month', min(month), max(month)) as span "
        "from marts.fct_segment_revenue_months group by all having months <> span"
    )
    assert gaps.empty


def _forecasts_are_within_reason(build: Build) -> None:
    best = build.value("select max(revenue_amount) from marts.fct_shop_months")
    said = build.query("select * from marts.fct_revenue_forecasts")
    amounts = said.filter(regex="_amount$")
    assert (amounts.fillna(0) >= 0).all(axis=None)
    published = said[said["is_published"]]["forecast_amount"]
    assert (published < 2 * best).all()


def _values_are_told_or_it_is_said_why(build: Build) -> None:
    values = build.query("select * from marts.fct_customer_values")
    # A month too young for memberships has none of values either.
    members = build.query("select distinct month from marts.fct_customer_segments")
    assert set(values["month"]) == set(members["month"])
    said = values.filter(regex="_12m_amount$|_active_amount$|_90d_prob|^next_order")
    is_told = values["unscored_reason"].isna()
    assert (values["is_scored"] == is_told).all()
    assert said[~is_told].isna().all(axis=None)
    amounts = values[["value_12m_amount", "value_12m_if_active_amount"]]
    assert (amounts[is_told] >= 0).all(axis=None)
    assert values.loc[is_told, "order_90d_probability"].between(0, 1).all()
    views = build.query(
        "select values_amount, values_reason from marts.fct_forecast_views"
    )
    assert (views["values_amount"].isna() == views["values_reason"].notna()).all()
    for mart in ("fct_value_at_risk", "fct_segment_values", "rpt_value_accuracy"):
        assert build.query(f"select * from marts.{mart}").shape[1] > 5


def _the_young_shop_knows_nothing_of_later(build: Build) -> None:
    values = build.query("select * from marts.fct_customer_values")
    assert values["month"].max() <= pd.Timestamp("2017-03-01")
    assert not values["customer_id"].str.contains(str(LATE)).any()
    # A month is no record of a year, and without a cost nothing is known of margins.
    assert not values["is_scored"].any()
    assert values["margin_12m_amount"].isna().all()
    many = values[values["customer_id"].str.contains(str(MANY))]
    assert (many["historic_amount"] > 1e6).any()
    # Who never bought is no customer.
    assert not values["customer_id"].str.contains(str(BACK_ONLY)).any()


def _pages_hold_no_broken_number(build: Build) -> None:
    for page in (build.folder / "site").glob("*.html"):
        text = text_of(page)
        broken = r"(?<![\w'-])(NaN|nan|[-+]?[Ii]nfinity|[-+]?inf)(?![\w'-])"
        script = r"<script(?! type=).*?</script>"
        told = re.sub(script, "", text, flags=re.DOTALL)
        assert not re.search(broken, told), (page.name, re.search(broken, told))
    assert not lacking_on_pages(build.published, build.folder / "site")


def _closed_months_are_zeros(build: Build) -> None:
    closed = build.query(
        "select * from marts.fct_shop_months "
        "where month between '2018-03-01' and '2018-07-01'"
    )
    assert len(closed) == 5
    assert closed[["orders", "revenue_amount", "returned_amount"]].eq(0).all(axis=None)
    assert closed["is_complete"].all()


def _one_whale_is_named_and_makes_no_segment(build: Build) -> None:
    latest = build.query(
        "select profiles.*, segments.persona_evidence, segments.stage "
        "from marts.fct_segment_profiles as profiles "
        "inner join marts.dim_segments as segments using (segment_id) "
        "where month = '2018-06-01' order by segment_id"
    )
    clustered = latest[latest["stage"] == "active"]
    assert clustered["customers"].min() >= 5
    of_whale = clustered[clustered["largest_customer_share"] > 0.5]
    assert list(of_whale["segmentation"]) == sorted(set(latest["segmentation"]))
    assert (of_whale["largest_customer_share"] > 0.9).all()
    named = of_whale["persona_evidence"].str.contains("One customer outweighs all")
    assert named.all()
    others = clustered.drop(index=of_whale.index)
    assert not others["persona_evidence"].str.contains("One customer").any()
    # Her money stands in no number that names are given by.
    revenues = clustered["persona_evidence"].str.extractall(
        r"revenue (\d+) per|: (\d+)\)"
    )
    assert revenues.stack().dropna().astype(float).max() < 2_500
    page = text_of(build.folder / "site" / "segments.html")
    assert "One customer makes most of a segment" in page
    assert "WHALE" not in page


def _refunds_are_below_zero(build: Build) -> None:
    months = build.query("select month, revenue_amount from marts.fct_shop_months")
    told = months.set_index(months["month"].dt.strftime("%Y-%m"))["revenue_amount"]
    totals = (CASES / REFUNDS / "totals.txt").read_text().splitlines()
    expected = {line.split()[0]: float(line.split()[1]) for line in totals[:-2]}
    assert told.to_dict() == pytest.approx(expected)
    shares = build.query(
        "select revenue_share from marts.fct_segment_profiles "
        "where month = '2018-04-01'"
    )
    assert shares["revenue_share"].isna().all()


def _winters_are_zeros(build: Build) -> None:
    months = build.query("select * from marts.fct_shop_months").set_index("month")
    winter = ~months.index.month.isin(SEASON)
    assert winter.sum() == 10
    assert months.loc[winter, ["orders", "revenue_amount"]].eq(0).all(axis=None)
    assert months.loc[pd.Timestamp(BACK), "revenue_amount"] < 0
    assert (months.loc["2017-09-01":, "revenue_amount"] < 0).all()
    assert len(months.loc["2017-09-01":]) == 2


EXPECTED = {
    CLOSED: _closed_months_are_zeros,
    WHALE: _one_whale_is_named_and_makes_no_segment,
    REFUNDS: _refunds_are_below_zero,
    SEASONAL: _winters_are_zeros,
    YOUNG: _the_young_shop_knows_nothing_of_later,
}


# -- Rules ---------------------------------------------------------------------------


def test_every_share_of_a_mart_is_held_to_0_and_1() -> None:
    unheld = {
        (path.stem, column["name"])
        for path in PROJECT.glob("models/marts/**/*.yml")
        for model in yaml.safe_load(path.read_text())["models"]
        for column in model["columns"]
        if re.search("_share(_low|_high)?$", column["name"])
        and not any("share" in test for test in column.get("data_tests", []))
    }
    assert {column for _, column in unheld} == NO_PARTS


def test_the_share_macro_is_the_only_division_into_shares() -> None:
    for path in (*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/**/*.sql")):
        divided = re.findall(
            r"ratio\([^{}]*?\}\}\s+as\s+(\w*_share)\b", path.read_text()
        )
        assert set(divided) <= NO_PARTS, path.name


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        *((1, 4, 0.25), (0, 4, 0), (4, 4, 1), (-1, 4, None), (1, -4, None)),
        *((-1, -4, None), (0, 0, None), (1, 0, None), (5, 4, None)),
        *(("null", 4, None), (1, "null", None)),
    ],
)
def test_a_share_is_a_part_of_a_whole(part, whole, expected) -> None:
    macros = [macro_file(name) for name in MACROS]
    from jinja2 import Environment

    module = Environment().from_string("\n".join(macros)).module
    sql = module.share(f"cast({part} as decimal(18, 4))", f"cast({whole} as bigint)")
    assert duckdb.sql(f"select {sql}").fetchone() == (expected,)
    if "null" not in (part, whole):
        (found,) = share(np.array([float(part)]), np.array([float(whole)]))
        assert found == (expected or 0)


MACROS = ("ratio", "share")
