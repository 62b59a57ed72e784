"""The sample shop: same bytes from the same seed, known kinds, counted dirt."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_builds import PROJECT
from trajectories.sample_shop import ShopSettings, experiments, generate_shop
from trajectories.sample_shop.__main__ import main
from trajectories.sample_shop.export import (
    TRANSACTION_COLUMNS,
    write_planted_lifts,
    write_shop,
    write_truth,
)
from trajectories.sample_shop.kinds import KIND_NUMBERS, KINDS

SEEDS, FIXTURES = PROJECT / "seeds" / "sample", PROJECT / "tests" / "fixtures"
TABLES = (
    "transactions",
    "customer_demographics",
    "customer_addresses",
    "web_sessions",
    "experiments",
    "experiment_arms",
    "experiment_assignments",
    "campaign_contacts",
)
SMALL = ShopSettings(customers=300, months=12, seed=5)


def read_text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def shop():
    return generate_shop()


@pytest.fixture(scope="module")
def seeds():
    return {table: read_text(SEEDS / f"raw_{table}.csv") for table in TABLES}


@pytest.fixture(scope="module")
def truth():
    return read_text(SEEDS / "raw_planted_kinds.csv")


@pytest.fixture(scope="module")
def planted():
    frame = read_text(FIXTURES / "sample_dirt.csv")
    counts = frame.set_index(["input_table", "dirt"])["planted_rows"]
    return counts.astype(int)


class Window:
    """Sold orders of the last 90 days, with the kind each customer then has."""

    def __init__(self, shop):
        orders = shop.orders.take(np.flatnonzero(~shop.orders.is_return))
        self.calendar = shop.calendar
        self.first_day = len(shop.calendar) - 90
        final = shop.truth.drop_duplicates("customer_id", keep="last")
        rows = np.flatnonzero(orders.days >= self.first_day)
        self.orders = orders.take(rows)
        names = final["kind"].to_numpy()[self.orders.customers]
        self.frame = pd.DataFrame(
            {
                "customer": self.orders.customers,
                "kind": names,
                "day": self.orders.days.astype(int) - self.first_day,
                "quantity": self.orders.quantities,
                "amount": self.orders.list_prices * self.orders.quantities
                - self.orders.discounts,
            }
        )

    def of(self, kind: str) -> pd.DataFrame:
        return self.frame[self.frame["kind"] == kind]

    def share(self, kind: str, days: np.ndarray) -> float:
        """Share of the kind's orders on the marked days of the window."""
        return float(days[self.first_day :][self.of(kind)["day"]].mean())


@pytest.fixture(scope="module")
def window(shop):
    return Window(shop)


# --------------------------------------------------------------- same bytes


def test_same_seed_gives_the_same_bytes(tmp_path):
    contents = []
    for name in ("first", "second"):
        paths = write_shop(generate_shop(SMALL), tmp_path / name)
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]


def test_another_seed_gives_another_shop():
    other = generate_shop(ShopSettings(customers=300, months=12, seed=6))
    assert not generate_shop(SMALL).truth.equals(other.truth)


def test_committed_sample_is_what_the_generator_writes(shop, tmp_path):
    for path in write_shop(shop, tmp_path, prefix="raw_"):
        committed = (SEEDS / path.name).read_bytes()
        assert path.read_bytes() == committed, f"run make sample: {path.name} differs"
    write_truth(shop, tmp_path / "truth.csv", tmp_path / "dirt.csv")
    write_planted_lifts(shop, tmp_path / "lifts.csv")
    for name, path in (
        ("lifts", FIXTURES / "sample_experiments.csv"),
        ("truth", SEEDS / "raw_planted_kinds.csv"),
        ("dirt", FIXTURES / "sample_dirt.csv"),
    ):
        assert (tmp_path / f"{name}.csv").read_bytes() == path.read_bytes()


# ------------------------------------------------------------------- sizes


def test_sample_has_the_promised_size(seeds):
    transactions = seeds["transactions"]
    assert 48_000 <= len(transactions) <= 58_000
    assert transactions["customer_id"].str.strip().nunique() >= 3_950
    assert sum(path.stat().st_size for path in SEEDS.glob("*.csv")) < 9e6
    days = transactions["transaction_date"]
    days = days[days.str.fullmatch(r"201[678]-(0\d|1[012])-\d\d", na=False)]
    assert days.min() < "2016-01-31"
    assert days.max() == "2018-01-31"


def test_every_kind_can_be_clustered(window):
    orders = window.frame.groupby(["kind", "customer"]).size()
    active = orders[orders >= 3].groupby("kind").agg(["size", "mean"])
    assert 1_150 <= active["size"].sum() <= 1_600
    kinds = [kind.name for kind in KINDS if kind.is_clusterable]
    assert active.loc[kinds, "size"].min() >= 110
    assert active.loc[kinds, "mean"].between(6, 12).all()
    thin = active.drop(kinds)["size"].sum()
    assert thin / active["size"].sum() < 0.08


def test_sizes_follow_the_settings():
    settings = ShopSettings(
        customers=1_000, months=12, orders_per_customer=60, end_date=date(2020, 2, 29)
    )
    shop = generate_shop(settings)
    assert shop.calendar.dates[0] == np.datetime64("2019-03-01")
    assert shop.calendar.dates[-1] == np.datetime64("2020-02-29")
    assert len(np.unique(shop.orders.customers)) == 1_000
    sold = int((~shop.orders.is_return).sum())
    assert sold / 1_000 == pytest.approx(60, rel=0.1)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"customers": 10}, "customers is 10: ask for at least 50"),
        ({"months": 3}, "months is 3: ask for at least 6"),
        ({"end_date": date(2017, 12, 30)}, "give the last day of a month"),
        ({"orders_per_customer": 0.2}, "orders_per_customer is 0.2: give 1 or more"),
    ],
)
def test_settings_out_of_range_are_refused_with_a_sentence(setting, sentence):
    with pytest.raises(ValueError, match=sentence):
        ShopSettings(**setting)


# ------------------------------------------------------------------ formats


def test_parquet_holds_the_same_text_as_csv(tmp_path, capsys):
    sizes = ["--customers", "300", "--months", "12", "--seed", "5"]
    assert main([*sizes, "--out", str(tmp_path / "csv")]) == 0
    parquet = ["--out", str(tmp_path / "parquet"), "--format", "parquet"]
    assert main([*sizes, *parquet]) == 0
    assert "300 customers" in capsys.readouterr().out
    for table in TABLES:
        text = read_text(tmp_path / "csv" / f"{table}.csv")
        arrow = pd.read_parquet(tmp_path / "parquet" / f"{table}.parquet")
        assert list(arrow.columns) == list(text.columns)
        same = (arrow.astype(object) == text.astype(object)) | (
            arrow.isna() & text.isna()
        )
        assert same.to_numpy().all()
    assert (tmp_path / "parquet" / "truth" / "truth.csv").exists()
    assert (tmp_path / "parquet" / "truth" / "dirt.csv").exists()


def test_command_line_refuses_with_a_sentence_and_status_2(capsys):
    assert main(["--customers", "10"]) == 2
    assert "at least 50" in capsys.readouterr().err


def test_seeds_keep_leading_zeros_and_contract_columns(seeds):
    assert tuple(seeds["transactions"].columns) == TRANSACTION_COLUMNS
    ids = seeds["transactions"]["customer_id"].dropna().str.strip()
    assert ids.str.fullmatch(r"0\d{5}").all()
    assert seeds["customer_addresses"]["postcode"].str.fullmatch(r"\d{4}").all()
    assert seeds["customer_addresses"]["postcode"].str.startswith("0").any()


# -------------------------------------------------------------------- truth


def test_truth_covers_every_customer_without_gaps(seeds, truth):
    buyers = set(seeds["transactions"]["customer_id"].dropna().str.strip())
    assert buyers <= set(truth["customer_id"])
    frame = truth.assign(
        start=pd.to_datetime(truth["from_month"]),
        end=pd.to_datetime(truth["to_month"]),
    ).sort_values(["customer_id", "start"])
    assert (frame["end"] >= frame["start"]).all()
    before = frame.groupby("customer_id")["end"].shift()
    later = before.notna()
    follows = before[later] + pd.offsets.MonthBegin(1)
    assert (follows == frame.loc[later, "start"]).all()
    last = frame.groupby("customer_id")["end"].max()
    assert (last == pd.Timestamp("2018-01-01")).all()


def test_nobody_orders_before_their_first_month(shop, truth):
    orders = shop.orders
    months = shop.calendar.dates[orders.days].astype("datetime64[M]")
    firsts = truth.groupby("customer_id")["from_month"].min()
    joined = firsts[shop.customer_ids].to_numpy().astype("datetime64[M]")
    assert (months >= joined[orders.customers]).all()


def test_switches_are_as_many_as_promised_and_leave_the_last_quarter_alone(truth):
    switched = truth[truth["customer_id"].duplicated()]
    assert switched["from_month"].max() <= "2017-11-01"
    between = switched[switched["kind"] != "Lapsed Customers"]
    assert 0.19 <= between["customer_id"].nunique() / 4_000 <= 0.25
    neighbours = truth.groupby("customer_id")["kind"].shift()
    assert (neighbours != truth["kind"]).all()


def test_the_last_month_is_an_ordinary_one(shop, truth):
    """No month towers over its neighbours but in the season, and none ends them all.

    The season is December and January; the first month has but one neighbour.
    """
    orders = shop.orders.take(np.flatnonzero(~shop.orders.is_return))
    months = shop.calendar.month_numbers[orders.days]
    counts = np.bincount(months).astype(float)
    amounts = orders.list_prices * orders.quantities - orders.discounts
    names = shop.calendar.months.astype(str)
    for values in (counts, np.bincount(months, amounts)):
        beside = values[1:-1] / ((values[:-2] + values[2:]) / 2)
        is_season = np.array([name[-2:] in ("12", "01") for name in names[1:-1]])
        assert beside[~is_season].max() <= 1.4
    assert names[-1] == "2018-01"
    switched = truth[truth["customer_id"].duplicated()]
    falling = switched[switched["kind"] == "Churn Risk"]["from_month"].value_counts()
    assert len(falling) >= 18
    assert falling.max() <= 0.3 * falling.sum()


def test_every_kind_belongs_to_one_lifecycle_kind(truth):
    assert (truth.groupby("kind")["lifecycle_kind"].nunique() == 1).all()
    assert truth["kind"].nunique() == len(KINDS)
    assert truth["lifecycle_kind"].nunique() == 5


# ---------------------------------------------------------- what a kind does


def test_gift_shoppers_spend_in_december(window):
    days = window.frame["day"] + window.first_day
    december = (window.calendar.dates[days] >= np.datetime64("2017-12-01")) & (
        window.calendar.dates[days] <= np.datetime64("2017-12-31")
    )
    spend = window.frame["amount"]
    shares = (
        spend.where(december, 0).groupby(window.frame["kind"]).sum()
        / spend.groupby(window.frame["kind"]).sum()
    )
    assert shares["Gift Shoppers"] > 0.85
    assert shares[["Loyal Subscribers", "Sale Hunters"]].max() < 0.55


def test_sale_hunters_buy_on_promotion_days(shop, window):
    on_sale = shop.calendar.promotion_numbers >= 0
    assert window.share("Sale Hunters", on_sale) > 0.85
    assert window.share("Loyal Subscribers", on_sale) < 0.35


def test_b2b_customers_buy_much_on_weekdays_at_the_close_of_books(shop, window):
    frame = window.of("B2B Customers")
    kinds = window.orders.kinds[window.frame["kind"] == "B2B Customers"]
    assert (kinds == KIND_NUMBERS["B2B Customers"]).all()
    weekend = shop.calendar.weekdays >= 5
    assert window.share("B2B Customers", weekend) < 0.03
    assert window.share("B2B Customers", shop.calendar.business_closing) > 0.6
    others = window.frame[window.frame["kind"] != "B2B Customers"]
    assert frame["amount"].median() > 4 * others["amount"].median()


def test_new_customers_ramp_up(window):
    days = window.of("New Customer Ramp")["day"]
    assert (days >= 45).sum() > 2 * (days < 45).sum()


def test_churn_risk_falls_silent(window):
    days = window.of("Churn Risk")["day"]
    assert (days < 45).mean() > 0.85
    assert (days >= 60).mean() < 0.06


def test_seasonal_shoppers_come_back_every_summer(shop, window):
    days = window.of("Seasonal Shoppers")["day"]
    assert days.between(35, 85).mean() > 0.85
    orders = shop.orders
    rows = (orders.kinds == KIND_NUMBERS["Seasonal Shoppers"]) & ~orders.is_return
    months = shop.calendar.dates[orders.days[rows]].astype("datetime64[M]").astype(str)
    years = [
        months[(months > "2016-06") & (months < "2017-07")],
        months[months > "2017-06"],
    ]
    for of_year, season in zip(
        years, (["2016-12", "2017-01"], ["2017-12", "2018-01"]), strict=True
    ):
        assert np.isin(of_year, season).mean() > 0.6


def test_impulse_buyers_burst_at_times_of_their_own(window):
    days = window.of("Impulse Buyers").groupby("customer")["day"]
    spread = days.quantile(0.9) - days.quantile(0.1)
    assert spread.median() < 12
    assert days.median().std() > 18


def test_loyal_subscribers_keep_an_even_pace(window):
    frame = window.of("Loyal Subscribers").sort_values(["customer", "day"])
    gaps = frame.groupby("customer")["day"].diff().dropna()
    by_customer = gaps.groupby(frame["customer"])
    variation = (by_customer.std() / by_customer.mean()).median()
    assert variation < 0.6
    thirds = frame.groupby("customer")["day"].agg(lambda d: len(set(d // 30)))
    assert (thirds == 3).mean() > 0.95


def test_lapsed_customers_order_no_more(shop):
    orders = shop.orders
    sold = orders.kinds[~orders.is_return]
    assert not (sold == KIND_NUMBERS["Lapsed Customers"]).any()


def test_kinds_can_be_told_apart_by_a_classifier(window):
    from scipy.ndimage import gaussian_filter1d
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import adjusted_rand_score
    from sklearn.model_selection import cross_val_predict

    kinds = [kind.name for kind in KINDS if kind.is_clusterable]
    frame = window.frame[window.frame["kind"].isin(kinds)]
    daily = frame.pivot_table(
        index=["kind", "customer"], columns="day", values="amount", aggfunc="sum"
    ).reindex(columns=range(90))
    daily = daily[frame.groupby(["kind", "customer"]).size() >= 3].fillna(0)
    shapes = gaussian_filter1d(np.log1p(daily.to_numpy()), 3, axis=1)
    known = daily.index.get_level_values("kind").to_numpy(dtype=object)
    model = ExtraTreesClassifier(60, random_state=0, n_jobs=2)
    found = cross_val_predict(model, shapes, known, cv=3)
    assert adjusted_rand_score(known, found) > 0.8


# --------------------------------------------------------------------- dirt


def test_transaction_dirt_is_counted_exactly(seeds, planted):
    frame = seeds["transactions"]
    price, day = frame["list_price"], frame["transaction_date"]
    status, customer = frame["order_status"], frame["customer_id"]
    number = pd.to_numeric(price, errors="coerce")
    iso = day.str.fullmatch(r"(2016|2017|2018)-(0[1-9]|1[0-2])-\d\d", na=False)
    iso &= day != "2017-02-30"
    copies = frame.duplicated()
    same_id = frame["transaction_id"].str.strip().duplicated() & ~copies
    seen = {
        "null_customer_id": customer.isna(),
        "blank_padded_customer_id": customer.str.startswith(" ", na=False),
        "blank_padded_transaction_id": frame["transaction_id"].str.startswith(" "),
        "null_price": price.isna(),
        "currency_sign_price": price.str.startswith("$", na=False),
        "thousands_separator_price": price.str.match(r"\d,\d{3}", na=False),
        "unparsable_price": price.notna()
        & number.isna()
        & ~price.str.contains(r"\d", na=False),
        "zero_price": number == 0,
        "negative_price": number < 0,
        "null_date": day.isna(),
        "excel_serial_date": day.str.fullmatch(r"\d{5}", na=False),
        "day_month_year_date": day.str.fullmatch(r"\d\d/\d\d/\d{4}", na=False),
        "future_date": day.str.startswith("2107-", na=False),
        "before_1990_date": day.str.match(r"1[89]\d\d-", na=False),
        "unparsable_date": day.notna()
        & ~iso
        & ~day.str.match(r"1[89]\d\d-|2107-|\d{5}$|\d\d/", na=False),
        "cancelled_status": status == "Cancelled",
        "unknown_status": ~status.isin(["Approved", "Cancelled"]),
        "exact_duplicate": copies,
        "conflicting_duplicate": same_id,
        "null_online_order": frame["online_order"].isna(),
        "negative_quantity_return": frame["quantity"].str.startswith("-"),
    }
    counted = {dirt: int(mask.sum()) for dirt, mask in seen.items()}
    expected = planted["transactions"].to_dict()
    returns = (frame["is_return"] == "TRUE") | seen["negative_quantity_return"]
    assert counted | {"return": int(returns.sum())} == expected
    assert min(expected.values()) > 0


def test_demographic_dirt_is_counted_exactly(seeds, planted):
    frame = seeds["customer_demographics"]
    copies = frame.duplicated()
    once = frame[~copies]
    first, last = once["first_name"], once["last_name"]
    buyers = set(seeds["transactions"]["customer_id"].dropna().str.strip())
    counted = {
        "gender_f": (once["gender"] == "F").sum(),
        "gender_femal": (once["gender"] == "Femal").sum(),
        "gender_m": (once["gender"] == "M").sum(),
        "gender_u": (once["gender"] == "U").sum(),
        "industry_misspelt": (once["job_industry_category"] == "Argiculture").sum(),
        "birth_date_1843": once["DOB"].str.startswith("1843", na=False).sum(),
        "name_with_apostrophe": last.str.contains("'").sum(),
        "name_with_comma": last.str.contains(",").sum(),
        "name_with_markup": first.str.contains("<script>").sum(),
        "name_with_accent": (first == "Zoë").sum(),
        "deceased": (once["deceased_indicator"] == "Y").sum(),
        "null_birth_date": once["DOB"].isna().sum(),
        "null_job_title": once["job_title"].isna().sum(),
        "exact_duplicate": copies.sum(),
        "customer_without_orders": (once["customer_id"] > "004000").sum(),
    }
    expected = planted["customer_demographics"].to_dict()
    missing = expected.pop("customer_with_orders_but_no_row")
    assert counted == expected
    assert not buyers & set(once.loc[once["customer_id"] > "004000", "customer_id"])
    assert len(buyers - set(once["customer_id"])) == pytest.approx(missing, abs=2)


def test_address_dirt_is_counted_exactly(seeds, planted):
    frame = seeds["customer_addresses"]
    expected = planted["customer_addresses"]
    states = frame["state"].value_counts()
    assert states["New South Wales"] == expected["state_new_south_wales"]
    assert states["Victoria"] == expected["state_victoria"]
    absent = 4_000 - (frame["customer_id"] <= "004000").sum()
    assert absent == expected["customer_with_orders_but_no_row"]
    assert frame["customer_id"].is_unique


# ---------------------------------------------------------------- reference


def test_playbooks_cover_every_kind_of_the_sample():
    playbooks = read_text(PROJECT / "seeds" / "reference" / "playbooks.csv")
    kinds = {kind.name for kind in KINDS if kind.is_clusterable}
    kinds |= {kind.lifecycle_kind for kind in KINDS}
    assert kinds <= set(playbooks["persona"])
    parts = ["segmentation", "persona", "shop_kind", "measured_by"]
    key = playbooks[parts].fillna("").agg(":".join, axis=1).str.rstrip(":")
    assert (playbooks["playbook_id"] == key).all()
    sometimes = ["measured_by", "other_offer"]
    assert playbooks.drop(columns=sometimes).notna().all(axis=None)


def test_playbooks_speak_to_any_shop_and_promise_nothing_unmeasured():
    playbooks = read_text(PROJECT / "seeds" / "reference" / "playbooks.csv")
    lines = playbooks.fillna("")
    sentences = ["recommended_action", "action_to_avoid", "offer", "other_offer"]
    texts = lines[sentences].agg(" ".join, axis=1)
    plain = (lines["shop_kind"] == "any") & (lines["measured_by"] == "")
    assert {*lines["persona"]} == {*lines.loc[plain, "persona"]}
    of_trade = (
        r"\b(?:bikes?|bicycles?|ride|worn part|fitting|trade-in|yearly service)\b"
    )
    assert not texts[lines["shop_kind"] == "any"].str.contains(of_trade).any()
    assert not texts[plain].str.contains("full price|they do buy").any()
    # What is tested is a column: the word stands in no text, and no dot ends it.
    for offer in ("offer", "other_offer"):
        assert not lines[offer].str.contains(r"Test:|\.$|; ").any()
    # Times are told in the segment's own gap, but for dates that are not its own.
    days = texts[plain].str.findall(r"\b\d+ days\b").explode().dropna()
    assert set(days) <= {"30 days"}  # to pay an invoice
    new = {"Payday Shoppers", "High-Value Loyalists", "Frequent Buyers"}
    new |= {"Occasional Shoppers", "At-Risk Customers", "Deal-Seekers"}
    assert new | {"Window-Shoppers"} <= set(lines.loc[plain, "persona"])
    for asked in (
        *("streak points", "early access", "subscription", "24 hours before a sale"),
        *("bundle", "15 to 20 %", "survey why they left", "free shipping"),
        *("10 % off the second order", "referral"),
    ):
        assert texts[plain].str.contains(asked).any(), asked


def test_every_code_of_the_sample_has_a_repair(seeds):
    reference = PROJECT / "seeds" / "reference"
    states = read_text(reference / "state_codes.csv")["raw_value"]
    genders = read_text(reference / "gender_codes.csv")["raw_value"]
    assert set(seeds["customer_addresses"]["state"].str.lower()) <= set(states)
    assert set(seeds["customer_demographics"]["gender"].str.lower()) <= set(genders)


def test_sentence_where_no_project_has_seeds_to_be_written(
    tmp_path, monkeypatch, capsys
):
    """As where only the wheel is installed."""
    monkeypatch.setattr("trajectories.sample_shop.__main__.PROJECT", tmp_path)
    with pytest.raises(SystemExit):
        main(["--customers", "50"])
    assert f"looked for the project in {tmp_path}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_not_overwritten(tmp_path, capsys):
    mine = tmp_path / "web_sessions.csv"
    mine.write_text("mine")
    asked = ["--customers", "50", "--months", "13", "--out", str(tmp_path)]
    assert main(asked) == 2
    assert f"but {mine} is there" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["web_sessions.csv"]
    assert mine.read_text() == "mine"
    mine.unlink()
    assert main(asked) == 0
    assert main([*asked, "--seed", "2"]) == 0


# ------------------------------------------------------------- experiments


def baskets(shop, experiment: str) -> pd.DataFrame:
    """Orders of a test's customers in its weeks: arm, customer, amount."""
    tables = shop.experiments
    plan = tables.plan.set_index("experiment").loc[experiment]
    start = np.datetime64(plan["start_date"])
    days = np.timedelta64(7 * int(plan["planned_weeks"]), "D")
    dates = shop.calendar.dates[shop.orders.days]
    rows = (dates >= start) & (dates < start + days) & ~shop.orders.is_return
    bought = shop.orders.take(np.flatnonzero(rows))
    frame = pd.DataFrame(
        {
            "customer_id": shop.customer_ids[bought.customers],
            "amount": bought.list_prices * bought.quantities - bought.discounts,
        }
    )
    assigned = tables.assignments[tables.assignments["experiment"] == experiment]
    return frame.merge(assigned, on="customer_id")


def test_early_access_has_larger_baskets_and_nothing_before(shop):
    orders = baskets(shop, "Early access")
    logs = np.log(orders["amount"].clip(lower=1))
    by_customer = logs.groupby([orders["arm"], orders["customer_id"]]).mean()
    treated, control = by_customer["early access"], by_customer["standard"]
    spread = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    lift = treated.mean() - control.mean()
    assert lift / spread > 3
    assert abs(lift - np.log(1.3)) < 3 * spread
    counts = orders.groupby("arm")["customer_id"].nunique()
    assert abs(counts["early access"] - counts["standard"]) < 60


def test_one_arm_of_the_recommendations_lacks_customers(shop):
    assigned = shop.experiments.assignments
    sizes = assigned.groupby(["experiment", "arm"]).size()
    for experiment, arms in sizes.groupby(level=0):
        off = arms.max() - arms.min()
        if experiment == "Recommendations":
            assert off > 4 * np.sqrt(arms.sum())
        else:
            assert off <= 1, experiment


def test_the_shop_is_the_same_without_its_tests(monkeypatch):
    with_tests = generate_shop(SMALL)
    assert len(with_tests.experiments.plan) > 0
    monkeypatch.setattr(experiments, "PLANS", ())
    without = generate_shop(SMALL)
    assert without.experiments.plan.empty
    for one, other in zip(
        vars(with_tests.orders).values(), vars(without.orders).values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert with_tests.demographics.equals(without.demographics)
    assert with_tests.sessions.equals(without.sessions)
