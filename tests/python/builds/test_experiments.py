"""Experiments in real builds: written once, read back, refused in sentences."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from real_builds import WITHOUT_TESTS, Build, run_build

pytestmark = pytest.mark.long

ROOMS = (
    "--select",
    *("base_retail__experiment*", "base_retail__campaign_contacts"),
    *("stg_retail__experiment*", "stg_retail__campaign_contacts"),
    *("path:models/intermediate/experiments", "path:models/marts/experiments"),
    *WITHOUT_TESTS,
)
ASSIGNED = (
    "select experiment, customer_id, arm, stratum, salt, value_at_assignment,"
    " assigned_date from {schema}.fct_experiment_assignments"
    " where not is_given order by all"
)


def rows(*texts: str) -> str:
    """A relation of rows, all text, from 'name=value, name=value'."""
    queries = []
    for text in texts:
        pairs = [pair.split("=") for pair in text.split(", ")]
        columns = ", ".join(f"'{value}' as {name}" for name, value in pairs)
        queries.append(f"select {columns}")
    return f"({' union all '.join(queries)})"


def plan(start: str, *, share: str = "0.5", others: tuple[str, ...] = ()) -> dict:
    row = "experiment={}, primary_metric={}, start_date={}, planned_weeks=4"
    names = ("Spring,revenue", *others)
    return {
        "experiments_relation": rows(
            *(row.format(*name.split(","), start) for name in names)
        ),
        "experiment_arms_relation": rows(
            *(
                f"experiment={name.split(',')[0]}, arm={arm}, share={part},"
                f" is_control={is_control}"
                for name in names
                for arm, part, is_control in (
                    ("standard", share, "true"),
                    ("early", f"{1 - float(share):g}", "false"),
                )
            )
        ),
    }


def build(shop: Build, *arguments: str, **settings) -> Build:
    made = run_build(shop.folder, *ROOMS, *arguments, project=shop.project, **settings)
    assert made.returncode == 0, made.output[-4000:]
    return made


def change(shop: Build, *statements: str) -> None:
    with duckdb.connect(str(shop.folder / "work.duckdb")) as work:
        for statement in statements:
            work.execute(statement)


def after_the_data(shop: Build) -> str:
    (day,) = shop.work("select as_of_date + 1 from intermediate.int_as_of_dates").iloc[
        0
    ]
    return f"{day:%Y-%m-%d}"


def test_a_plan_is_assigned_once_and_frozen(small_copy: Build) -> None:
    start = after_the_data(small_copy)
    first = build(small_copy, variables=plan(start))
    before = first.work(ASSIGNED.format(schema="marts"))
    assert set(before["experiment"]) == {"Spring"}
    assert len(before) > 100
    # Customers come and go, values change; a full refresh forgets nothing.
    change(
        small_copy,
        "insert into intermediate.int_customer_months_measured by name"
        " select * replace ('n' || customer_id as customer_id)"
        " from intermediate.int_customer_months_measured",
        "delete from intermediate.int_customer_months_measured"
        " where customer_id like '%7'",
        "update intermediate.int_customer_values_joined"
        " set value_12m_amount = 1000 - value_12m_amount",
    )
    more = plan(start, others=("Summer,orders",))
    later = build(small_copy, "--full-refresh", variables=more)
    kept = later.work(ASSIGNED.format(schema="marts"))
    pd.testing.assert_frame_equal(
        before, kept[kept["experiment"] == "Spring"].reset_index(drop=True)
    )
    assert len(kept[kept["experiment"] == "Summer"]) > 1.5 * len(before)

    edited = build(small_copy, variables=plan(start, share="0.4"))
    (refusal,) = edited.work(
        "select refusal from marts.dim_experiments where status = 'refused'"
    )["refusal"]
    assert refusal.startswith("The plan of Spring was changed after its customers")
    again = edited.work(ASSIGNED.format(schema="marts"))
    pd.testing.assert_frame_equal(before, again)


def test_a_new_work_database_takes_what_was_published(small_copy: Build) -> None:
    published = small_copy.query(ASSIGNED.format(schema="marts"))
    plans = "select experiment, salt, plan_hash from marts.dim_experiments order by 1"
    assert len(published) > 0
    frozen = small_copy.query(plans)
    lost = (
        "drop table intermediate.int_experiment_assignments",
        "drop table intermediate.int_experiments_frozen",
        "update intermediate.int_customer_values_joined"
        " set value_12m_amount = 1000 - value_12m_amount",
    )
    change(small_copy, *lost)
    read_back = build(small_copy)
    pd.testing.assert_frame_equal(
        published, read_back.work(ASSIGNED.format(schema="marts"))
    )
    pd.testing.assert_frame_equal(frozen, read_back.work(plans))

    # Without either, a test that has begun is refused rather than drawn anew.
    change(
        small_copy,
        *lost[:2],
        "update intermediate.int_as_of_dates set as_of_date = as_of_date + 40",
    )
    (small_copy.folder / "published").unlink()
    refused = build(small_copy)
    assert refused.work(ASSIGNED.format(schema="marts")).empty
    (refusal,) = refused.work(
        "select refusal from marts.dim_experiments where status = 'refused'"
    )["refusal"]
    assert "nobody had been assigned before" in refusal


PLAN = """experiment,primary_metric,start_date,planned_weeks,segmentation,segment_id
Good,revenue,2017-06-01,4,,
Rival,revenue,2017-06-15,4,,
Luck,fortune,2017-06-01,4,,
Shares,orders,2017-06-01,4,,
Lonely,orders,2017-06-01,4,,
Late,conversion,2017-06-01,4,,
Foreign,retention,2017-06-01,4,,
Unassigned,sessions,2017-06-01,4,,
Someday,sessions,soon,4,,
Nowhere,orders,2017-06-01,4,value,value-99
"""
ALL_SAID = {
    "Luck": "is to be judged by fortune, which is no metric",
    "Shares": "add to 0.900000",
    "Lonely": "An arm of Lonely has 1 customer(s)",
    "Late": "were assigned as late as 2017-06-02, when the test had begun",
    "Foreign": "made with the salt pepper, which is not that of its plan",
    "Unassigned": "started on 2017-06-01, and nobody had been assigned before",
    "Someday": "has no start_date that is a day",
    "Nowhere": "is for the segment value-99, which its segmentation does not have",
}


def write_input(shop: Build, folder: Path) -> None:
    """Files of a plan in which nearly all is wrong, as a person would hand them in."""
    ids = shop.work(
        "select customer_id from intermediate.int_customers_described order by 1"
    )["customer_id"].tolist()
    names = [line.split(",")[0] for line in PLAN.splitlines()[1:]]
    arms = ["experiment,arm,share,is_control"]
    assigned = ["experiment,customer_id,arm,assigned_date,salt"]
    for name in names:
        arms.append(f"{name},old,{0.4 if name == 'Shares' else 0.5},yes")
        arms.append(f"{name},new,0.5,no")
    for name in ("Good", "Lonely", "Late", "Foreign"):
        day = "2017-06-02" if name == "Late" else "2017-05-31"
        salt = "pepper" if name == "Foreign" else ""
        for place, customer in enumerate(ids[:40]):
            arm = ("old", "new")[place % 2 if name != "Lonely" else place == 0]
            assigned.append(f"{name},{customer},{arm},{day},{salt}")
    for place, customer in enumerate(ids[30:60]):
        assigned.append(f"Rival,{customer},{('old', 'new')[place % 2]},2017-05-31,")
    assigned.append("Good,,old,2017-05-31,")
    assigned.append("Unknown,x,old,2017-05-31,")
    contacts = ["customer_id,experiment,contacted_at"]
    contacts += [f"{customer},Good,2017-06-01 10:00" for customer in ids[1:40:2]]
    contacts += [f"{ids[50]},Good,2017-06-01", f"{ids[51]},Letter,2017-06-01"]
    for name, lines in (
        ("experiments", PLAN.splitlines()),
        ("experiment_arms", arms),
        ("experiment_assignments", assigned),
        ("campaign_contacts", contacts),
    ):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


def test_what_is_wrong_is_a_sentence_and_no_number(
    small_copy: Build, tmp_path: Path
) -> None:
    source = tmp_path / "shop"
    source.mkdir()
    write_input(small_copy, source)
    seed = small_copy.project / "seeds" / "sample" / "raw_transactions.csv"
    shutil.copy(seed, source / "transactions.csv")
    made = build(small_copy, source=source)
    said = made.work("select experiment, status, refusal from marts.dim_experiments")
    refusals = said.set_index("experiment")["refusal"].dropna()
    assert set(refusals.index) == set(ALL_SAID)
    for name, words in ALL_SAID.items():
        assert words in refusals[name], refusals[name]
        assert refusals[name].endswith(".")
    weeks = made.work("select distinct experiment from marts.fct_experiment_weeks")
    assert set(weeks["experiment"]) == {"Good", "Rival"}
    found = made.work(
        "select experiment, finding_code, found_rows from marts.rpt_experiment_findings"
        " where severity = 'left out'"
    ).set_index(["experiment", "finding_code"])["found_rows"]
    assert found.to_dict() == {
        ("Good", "assignment:null_customer"): 1,
        ("Unknown", "assignment:unknown_experiment"): 1,
        ("Rival", "assignment:in_another_test"): 10,
        ("Good", "contact:not_assigned"): 1,
    }
    contacted = made.work(
        "select sum(contacted_customers) as customers from marts.fct_experiment_weeks"
        " where experiment = 'Good' and metric = 'revenue' and week = 4"
    )
    assert contacted.iloc[0, 0] == 20
    campaigns = made.work("select campaign, verdict from marts.rpt_campaigns")
    assert campaigns.to_dict("records") == [
        {"campaign": "Letter", "verdict": "not a test"}
    ]


def test_the_sample_brings_its_own_and_others_bring_none(
    small_copy: Build, tmp_path: Path
) -> None:
    assert len(small_copy.query("from marts.dim_experiments")) > 2
    source = tmp_path / "shop"
    source.mkdir()
    seed = small_copy.project / "seeds" / "sample" / "raw_transactions.csv"
    shutil.copy(seed, source / "transactions.csv")
    made = build(small_copy, source=source)
    for mart in (
        *("dim_experiments", "fct_experiment_assignments", "fct_experiment_weeks"),
        *("rpt_campaigns", "rpt_experiment_findings"),
    ):
        assert made.work(f"from marts.{mart}").empty, mart
