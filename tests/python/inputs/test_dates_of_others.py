"""Dates as other people write them: the right day, or a sentence."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cleaned import OTHERWISE, Cleaned, clean
from real_builds import SHARED_DATA

CASES = SHARED_DATA.parent / "cases"
FORMS = sorted(it.name for it in CASES.glob("27-date-forms/*/") if it.name != "ym")
HEADER = "transaction_id,customer_id,transaction_date,list_price\n"
YEAR = [datetime.date(2017, 1, 1) + datetime.timedelta(days) for days in range(364)]


def case(name: str) -> Path:
    """Return the folder of a shared case; the test is skipped where it is not."""
    if not (CASES / name).exists():
        pytest.skip(f"{CASES / name} is not there.")
    return CASES / name


def shop(folder: Path, dates: Iterable[object]) -> Path:
    """Write an order of 10.00 for each date, of nine customers in turn."""
    rows = "".join(f'{n},{n % 9},"{date}",10\n' for n, date in enumerate(dates, 1))
    folder.mkdir(exist_ok=True)
    (folder / "transactions.csv").write_text(HEADER + rows)
    return folder


def people(folder: Path, births: Sequence[str]) -> None:
    """Write customers with these birth dates beside a shop."""
    rows = "".join(f"{number},{birth}\n" for number, birth in enumerate(births))
    (folder / "customer_demographics.csv").write_text("customer_id,dob\n" + rows)


def visits(folder: Path, starts: Sequence[str]) -> None:
    """Write web sessions that started then beside a shop."""
    rows = "".join(f"{n % 9},{start}\n" for n, start in enumerate(starts))
    (folder / "web_sessions.csv").write_text("customer_id,session_started_at\n" + rows)


def births(cleaned: Cleaned) -> list[str]:
    """Return the birth dates that were read, by customer."""
    return [str(person["birth_date"]) for person in cleaned.tables["demographics"]]


def sentence(cleaned: Cleaned, code: str) -> str:
    """Return what is said of a finding."""
    said = {row["finding_code"]: row for row in cleaned.tables["findings"]}
    assert code in said, f"{code} is not among {set(said)}"
    return said[code]["sentence"]


def american(day: datetime.date) -> str:
    return f"{day:%m/%d/%Y}"


def european(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"


# -- Forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_common_forms_are_read(form: str) -> None:
    cleaned = clean(case("27-date-forms") / form)
    days = ["02-13", "02-14", "02-15", "03-28", "03-29", "03-30"]
    assert cleaned.days == [f"2018-{day}" for day in days]
    assert cleaned.revenue == 210
    assert cleaned.stops == ()


def test_months_without_days_are_no_dates() -> None:
    cleaned = clean(case("27-date-forms") / "ym")
    assert cleaned.reasons() == {"unparsable_date": 6}
    assert "'2018-02'" in sentence(cleaned, "unparsable_date")
    assert cleaned.stops


@pytest.mark.parametrize(
    "form",
    [
        "%A, %-d %B %Y",
        "%-d. %B %Y, %H:%M",
        "%a %b %d %H:%M:%S UTC %Y",
        "%a %b %d %Y %H:%M:%S GMT+0100 (Central European Standard Time)",
        "%d%b%Y",
        "%d-%b-%y %I.%M.%S.000000 %p",
        "%B %-dth, %Y at %-I:%M %p",
        "the %-dth of %B %Y",
        "%b %-d %Y %-I:%M%p",
        "%Y-%b-%d",
        "%Y. %m. %d.",
        "%Y.%m.%d",
        "%Y년 %-m월 %-d일",
        "%d. %m. %Y",
        "%-d.%-m.%y",
        "%d-%m-%Y %H:%M:%S",
        "%d/%m/%y %H:%M",
        "%Y%m%d%H%M",
        "%Y%m%dT%H%M%SZ",
        "%Y-%m-%dT%H:%M:%S.000+0000",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y/%-m/%-d",
        "%d/%m/%Y, %H:%M:%S",
        "%-m/%-d/%Y, %-I:%M:%S\u202f%p",
        "%d.%m.%Y %H.%M",
        "%d/%m/%Y 14h33",
        "%s",
        "%s000",
        "%s000000000",
    ],
)
def test_a_year_of_a_form_is_the_same_days(tmp_path: Path, form: str) -> None:
    times = [datetime.datetime.combine(day, datetime.time(14, 33)) for day in YEAR]
    utc = [time.replace(tzinfo=datetime.UTC) for time in times]
    written = [
        f"{int(moment.timestamp())}{form[2:]}"
        if form.startswith("%s")
        else moment.strftime(form)
        for moment in utc
    ]
    cleaned = clean(shop(tmp_path, written))
    assert cleaned.days == [str(day) for day in YEAR]
    assert cleaned.findings <= {"times_in_utc"}


def test_months_have_names_in_many_languages(tmp_path: Path) -> None:
    days = {
        "13. März 2018": "2018-03-13",
        "14 août 2018": "2018-08-14",
        "15 de agosto del 2018": "2018-08-15",
        "16 dicembre 2018": "2018-12-16",
        "17 mei 2018": "2018-05-17",
        "18 de outubro de 2018": "2018-10-18",
        "19. juni 2018": "2018-06-19",
        "20 października 2018 r.": "2018-10-20",
        "21 Ağustos 2018": "2018-08-21",
        "mardi 22 mai 2018": "2018-05-22",
        "Dienstag, 23. Januar 2018": "2018-01-23",
        "mar 24 2018": "2018-03-24",
        "Sept. 28, 2018": "2018-09-28",
    }
    cleaned = clean(shop(tmp_path, days))
    assert {
        order["order_id"]: str(order["order_date"]) for order in cleaned.orders
    } == dict(zip(map(str, range(1, 99)), days.values(), strict=False))


@pytest.mark.parametrize(
    "text",
    [
        "2018-02-13 approx",
        "2018-02-13abc",
        "20180213x",
        "13/02/2018 or so",
        "13 Feb 2018 (returned)x",
        "perhaps 13 Feb 2018",
        "2018-02-30",
        "31/02/2018",
        "2018-W07-2",
        "2018-044",
        "13 фев 2018",
        "yesterday",
    ],
)
def test_what_is_no_date_is_rejected_and_shown(tmp_path: Path, text: str) -> None:
    cleaned = clean(shop(tmp_path, [*YEAR, text]))
    assert cleaned.reasons() == {"unparsable_date": 1}
    assert f"'{text}'" in sentence(cleaned, "unparsable_date")
    assert cleaned.days == [str(day) for day in YEAR]


def test_years_of_two_digits_are_of_this_century_unless_to_come(tmp_path: Path) -> None:
    shop(tmp_path, [f"{day:%d-%b-%y}" for day in YEAR])
    people(tmp_path, ["13-Feb-68", "02/25/99", "28/Feb/01", "3 Feb 31"])
    cleaned = clean(tmp_path)
    assert cleaned.days == [str(day) for day in YEAR]
    assert births(cleaned) == ["1968-02-13", "1999-02-25", "2001-02-28", "1931-02-03"]


def test_a_year_of_two_digits_that_comes_first_ends_the_build(tmp_path: Path) -> None:
    cleaned = clean(shop(tmp_path, [f"{day:%y-%m-%d}" for day in YEAR]))
    assert "year of two digits" in "".join(cleaned.stops)


def test_a_day_amid_ends_the_build(tmp_path: Path) -> None:
    cleaned = clean(shop(tmp_path, [f"{day:%Y-%d-%m}" for day in YEAR]))
    assert "day between year and month" in "".join(cleaned.stops)


# -- Day and month --------------------------------------------------------------------


def test_first_days_of_american_months_are_months() -> None:
    cleaned = clean(case("02-first-of-month-us"))
    assert cleaned.days[::3] == [f"2017-{month:02}-01" for month in range(1, 13)]
    assert "as month first" in sentence(cleaned, "date_order_not_told")
    assert "date_order" in cleaned.said


def test_the_variable_says_otherwise(tmp_path: Path) -> None:
    shop(tmp_path, [f"1/{month}/2017" for month in range(1, 13)])
    assert clean(tmp_path).days[-1] == "2017-12-01"
    shop(tmp_path, [f"{month}/1/2017" for month in range(1, 13)])
    assert clean(tmp_path).days[-1] == "2017-12-01"
    cleaned = clean(tmp_path, **OTHERWISE)
    assert cleaned.days[-1] == "2017-01-12"
    assert "date_order_not_told" not in cleaned.findings


def test_it_is_said_when_nothing_tells_day_from_month(tmp_path: Path) -> None:
    dates = [day for day in YEAR if day.day <= 12]
    cleaned = clean(shop(tmp_path, map(european, dates)))
    assert "as day first" in sentence(cleaned, "date_order_not_told")
    assert "132 of 144" in sentence(cleaned, "date_order_not_told")
    assert "orders_on_few_days" in cleaned.findings


def test_births_and_sessions_of_an_american_shop() -> None:
    cleaned = clean(case("american_birth_dates_and_sessions"))
    assert len(births(cleaned)) == 20
    assert all(birth.endswith("-25") for birth in births(cleaned))
    sessions = cleaned.tables["sessions"]
    assert len(sessions) == 280
    assert {session["session_date"].month for session in sessions} == {5}


def test_each_column_has_an_order_of_its_own(tmp_path: Path) -> None:
    shop(tmp_path, map(european, YEAR))
    people(tmp_path, ["02/25/1980", "03/04/1981"])
    visits(tmp_path, ["2/3/2017 10:00", "4/3/2017 10:00"])
    cleaned = clean(tmp_path)
    assert births(cleaned) == ["1980-02-25", "1981-03-04"]
    days = sorted(str(row["session_date"]) for row in cleaned.tables["sessions"])
    assert days == ["2017-03-02", "2017-03-04"]
    assert "2/3/2017" in sentence(cleaned, "date_order_of_other_columns")
    assert cleaned.stops == ()


@pytest.mark.parametrize("write", [american, european])
def test_what_cannot_tell_follows_what_can(
    tmp_path: Path, write: Callable[[datetime.date], str]
) -> None:
    shop(tmp_path, map(write, YEAR))
    people(tmp_path, [write(datetime.date(1980, 2, 3))])
    visits(tmp_path, [write(datetime.date(2017, 2, 3)) + " 10:00"])
    cleaned = clean(tmp_path)
    assert births(cleaned) == ["1980-02-03"]
    assert str(cleaned.tables["sessions"][0]["session_date"]) == "2017-02-03"
    assert "as the other dates" in sentence(cleaned, "date_order_of_other_columns")


def test_orders_follow_births_when_only_those_tell(tmp_path: Path) -> None:
    dates = [day for day in YEAR if day.day <= 12]
    shop(tmp_path, map(american, dates))
    people(tmp_path, ["02/25/1980"])
    assert clean(tmp_path).days == [str(day) for day in dates]


def test_a_column_of_both_orders_ends_the_build(tmp_path: Path) -> None:
    cleaned = clean(case("dates_of_two_conventions"))
    assert "contradict each other" in "".join(cleaned.stops)
    mixed = [american(day) if n % 9 else european(day) for n, day in enumerate(YEAR)]
    assert "13/" in "".join(clean(shop(tmp_path, mixed)).stops)
    shop(tmp_path, YEAR)
    people(tmp_path, [european(day) for day in YEAR[:60]] + ["02/25/1980"] * 9)
    assert "dob of customer_demographics" in "".join(clean(tmp_path).stops)


def test_one_stray_date_is_rejected_and_shown(tmp_path: Path) -> None:
    dates = [*map(european, YEAR), "02/31/2017"]
    cleaned = clean(shop(tmp_path, dates))
    assert cleaned.days == [str(day) for day in YEAR]
    assert "'02/31/2017'" in cleaned.said
    assert cleaned.stops == ()


def test_a_variable_that_the_dates_contradict_ends_the_build(tmp_path: Path) -> None:
    cleaned = clean(shop(tmp_path, map(american, YEAR)), **OTHERWISE)
    assert "date_order says otherwise" in "".join(cleaned.stops)


def test_orders_that_lie_on_few_days_are_named(tmp_path: Path) -> None:
    dates = [day for day in YEAR if day.day in (1, 15)]
    shop(tmp_path, [*dates, *dates])
    assert "2 in all" in sentence(clean(tmp_path), "orders_on_few_days")


# -- Half converted -------------------------------------------------------------------


def half_converted() -> list[tuple[datetime.date, object]]:
    """American dates as a program opens them that takes the day first."""
    return [
        (day, datetime.datetime(day.year, day.day, day.month))
        if day.day <= 12
        else (day, american(day))
        for day in YEAR
    ]


def test_real_dates_beside_texts_in_a_workbook_end_the_build(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "transactions"
    book.active.append(HEADER.strip().split(","))
    for number, (_, cell) in enumerate(half_converted()):
        book.active.append([number, number % 9, cell, 10])
    book.save(tmp_path / "shop.xlsx")
    (said,) = clean(tmp_path).stops
    assert "144 real dates" in said
    assert "220 dates as text, such as '01/13/2017'" in said


def test_a_workbook_of_real_dates_may_have_notes(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "transactions"
    book.active.append([*HEADER.strip().split(","), "note"])
    for number, day in enumerate(YEAR):
        book.active.append([number, number % 9, day, 10, american(day)])
    book.active.append([999, 1, "unknown", 10, YEAR[0]])
    book.save(tmp_path / "shop.xlsx")
    cleaned = clean(tmp_path)
    assert cleaned.days == [str(day) for day in YEAR]
    assert "'unknown'" in cleaned.said


def test_half_converted_dates_of_a_text_file_end_the_build(tmp_path: Path) -> None:
    cleaned = clean(shop(tmp_path, [cell for _, cell in half_converted()]))
    assert "half converted" in "".join(cleaned.stops)


def test_two_forms_that_agree_are_read(tmp_path: Path) -> None:
    mixed = [american(day) if n % 2 else str(day) for n, day in enumerate(YEAR)]
    cleaned = clean(shop(tmp_path, mixed))
    assert cleaned.days == [str(day) for day in YEAR]
    assert cleaned.stops == ()


# -- Wrong years ----------------------------------------------------------------------


def test_one_late_typo_moves_nothing() -> None:
    cleaned = clean(case("13-one-late-typo"))
    assert cleaned.reasons() == {"date_far_from_others": 1}
    assert "2024-12-30" in sentence(cleaned, "date_far_from_others")
    assert cleaned.days[-1] == "2017-12-23"


def test_few_far_rows_on_either_side_are_rejected(tmp_path: Path) -> None:
    late = ["2021-05-05", "2024-05-05", "2024-05-06"]
    early = ["1991-02-02", "2014-02-02", "2015-02-02"]
    cleaned = clean(shop(tmp_path, [*YEAR * 10, *late, *early]))
    assert cleaned.reasons() == {"date_far_from_others": 6}
    assert cleaned.days[0] == "2017-01-01"
    assert cleaned.days[-1] == "2017-12-30"


def test_a_far_return_is_rejected_too(tmp_path: Path) -> None:
    rows = "".join(f"{n},1,{day},10,false\n" for n, day in enumerate(YEAR))
    path = tmp_path / "transactions.csv"
    header = HEADER.replace("\n", ",is_return\n")
    path.write_text(f"{header}{rows}999,1,2024-01-01,10,true\n")
    assert clean(tmp_path).reasons() == {"date_far_from_others": 1}


def test_a_shop_that_was_closed_for_years_keeps_its_orders(tmp_path: Path) -> None:
    later = [day.replace(year=2020) for day in YEAR[:5]]
    cleaned = clean(shop(tmp_path, [*YEAR, *later]))
    assert cleaned.reasons() == {}
    assert "5 of 369" in sentence(cleaned, "no_orders_for_a_year")
    assert "2020-01-01" in cleaned.said


@pytest.mark.parametrize(
    ("filler", "reason"),
    [
        ("1900-01-01", "date_before_earliest"),
        ("0001-01-01", "date_before_earliest"),
        ("1970-01-01", "date_before_earliest"),
        ("9999-12-31", "date_in_the_future"),
        ("31/12/2999", "date_in_the_future"),
    ],
)
def test_fillers_are_rejected_and_named(
    tmp_path: Path, filler: str, reason: str
) -> None:
    cleaned = clean(shop(tmp_path, [*YEAR, *[filler] * 20]))
    assert cleaned.reasons() == {reason: 20}
    assert filler in sentence(cleaned, reason)
    assert cleaned.stops == ()


def test_births_are_neither_to_come_nor_fillers(tmp_path: Path) -> None:
    shop(tmp_path, YEAR)
    people(tmp_path, ["1900-01-01", "2999-01-01", "1980-02-30", *["1980-01-01"] * 12])
    cleaned = clean(tmp_path)
    assert births(cleaned).count("None") == 3
    assert "3 of 15 birth dates" in sentence(cleaned, "unreadable_birth")
    assert "12 of 15 customers" in sentence(cleaned, "births_on_one_day")


def test_a_clock_behind_ends_the_build(tmp_path: Path) -> None:
    shop(tmp_path, [day.replace(year=2023) for day in YEAR] + ["2024-01-01"] * 5)
    cleaned = clean(tmp_path, **OTHERWISE)
    assert "dated in the future" in "".join(cleaned.stops)
    assert "clock" in cleaned.said


def test_one_date_to_come_is_said(tmp_path: Path) -> None:
    soon = datetime.date.today() + datetime.timedelta(40)
    cleaned = clean(shop(tmp_path, [*YEAR[:60], soon]))
    assert cleaned.reasons() == {"date_in_the_future": 1}
    assert str(soon) in cleaned.said
    assert cleaned.stops == ()


# -- Zones ----------------------------------------------------------------------------

EVENINGS = ["2018-01-31", "2018-02-28", "2018-03-15", "2018-03-31"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_days_of_the_shop_from_files(form: str) -> None:
    cleaned = clean(case("19-time-zones") / form)
    assert cleaned.days == EVENINGS
    assert cleaned.findings == set()


def test_evenings_in_california() -> None:
    cleaned = clean(case("parquet_zoned_timestamps"))
    days = [order["order_date"] for order in cleaned.orders]
    assert len(days) == 240
    assert max(days) == datetime.date(2023, 12, 28)


def moments(folder: Path, form: str, zone: str = "UTC") -> Path:
    """Write four evenings in New York as moments, in one of the forms."""
    local = [
        datetime.datetime.fromisoformat(f"{day}T23:30:00{offset}:00")
        for day, offset in zip(EVENINGS, ("-05", "-05", "-04", "-04"), strict=True)
    ]
    if form == "csv":
        utc = [f"{time.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}" for time in local]
        return shop(folder, utc)
    table = {
        "transaction_id": pa.array(range(4)),
        "customer_id": pa.array(["a", "b", "a", "b"]),
        "transaction_date": pa.array(local, pa.timestamp("us", tz=zone)),
        "list_price": pa.array([10.0] * 4),
    }
    pq.write_table(pa.table(table), folder / "transactions.parquet")
    return folder


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_moments_in_utc_are_named_and_have_a_zone(tmp_path: Path, form: str) -> None:
    moments(tmp_path, form)
    cleaned = clean(tmp_path)
    assert cleaned.days[0] == "2018-02-01"
    assert "time_zone" in sentence(cleaned, "times_in_utc")
    cleaned = clean(tmp_path, **OTHERWISE)
    assert cleaned.days == EVENINGS
    assert "times_in_utc" not in cleaned.findings


def test_a_zone_that_a_file_names_is_that_of_its_expressions(tmp_path: Path) -> None:
    moments(tmp_path, "parquet", "America/New_York")
    mapping = tmp_path / "shop.yml"
    columns = "".join(f"    {name}: {name}\n" for name in HEADER.strip().split(","))
    mapping.write_text(
        "transactions:\n  path: transactions.parquet\n  columns:\n"
        + columns.replace(": transaction_date", ': "transaction_date::date"')
    )
    assert clean(mapping).days == EVENINGS


def test_midnights_in_utc_are_days(tmp_path: Path) -> None:
    shop(tmp_path, [f"{day}T00:00:00.000Z" for day in YEAR])
    cleaned = clean(tmp_path, **OTHERWISE)
    assert cleaned.days == [str(day) for day in YEAR]
    assert clean(tmp_path).findings == set()


def test_times_of_many_zones_are_named(tmp_path: Path) -> None:
    offsets = ("+01:00", "+09:00", "-05:00")
    dates = [f"{day} 23:30:00{offsets[day.day % 3]}" for day in YEAR]
    cleaned = clean(shop(tmp_path, dates))
    assert cleaned.days == [str(day) for day in YEAR]
    assert "3 different distances" in sentence(cleaned, "times_of_many_zones")
