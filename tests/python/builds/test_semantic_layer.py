"""Metrics and exposures: MetricFlow's answers are the marts', to the last cent."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import dashboards_fixtures as made_up
import pandas as pd
import pytest
import yaml
from environments import missing
from real_builds import PROJECT, Build
from trajectories.dashboards import site
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.shop import Shop

MODELS = PROJECT / "models"
# What a description must say of the unit that its metric is in.
UNITS = {"currency": "in the shop's currency", "count": "Number of", "share": "0 to 1"}
# Asks MetricFlow's command line many questions in one process.
ASK = """
import json, sys
from click.testing import CliRunner
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.main import cli

configuration = CLIConfiguration()
configuration.setup(configure_file_logging=False)
for name, arguments in json.load(sys.stdin).items():
    asked = ["query", "--quiet", "--csv", f"{name}.csv", *arguments]
    ran = CliRunner().invoke(cli, asked, obj=configuration)
    if ran.exit_code:
        sys.exit(f"{name}: {ran.output}")
"""


@dataclass(frozen=True)
class Question:
    """What MetricFlow is asked, and SQL that gives the same columns from the marts."""

    keys: tuple[str, ...]
    metrics: tuple[str, ...]
    sql: str
    saved_query: str = ""
    where: str = ""

    @property
    def arguments(self) -> list[str]:
        """The arguments of `mf query`."""
        if self.saved_query:
            return ["--saved-query", self.saved_query]
        asked = ["--metrics", ",".join(self.metrics)]
        asked += ["--group-by", ",".join(self.keys)]
        return [*asked, *(["--where", self.where] if self.where else [])]


# -- The same numbers, in SQL ----------------------------------------------------------

ORDERS = {
    "revenue": "fsum(amount)",
    "orders": "count(*) filter (where not is_return)",
    "customers": "count(distinct case when not is_return then customer_id end)",
    "average_order_value": "fsum(amount) / nullif(countif(not is_return), 0)",
}
ORDER_KEYS = {
    "metric_time__day": "order_date",
    "metric_time__year": "date_trunc('year', order_date)",
    "order__product_line": "product_line",
    "order__is_return": "is_return",
    "order__is_online": "is_online",
    "order__is_promotion": "is_promotion",
    "customer": "customer_id",
    "customer__gender": "gender",
    "customer__age_band": "age_band",
    "customer__job_industry_category": "job_industry_category",
    "customer__wealth_segment": "wealth_segment",
    "customer__state": "state",
    "customer__country": "country",
    "customer__first_order_date__month": "date_trunc('month', first_order_date)",
}
PROFILES = {
    "segment_customers": "sum(customers) filter (where is_last)",
    "segment_revenue": "fsum(revenue_amount)",
    "segment_revenue_share": "sum(revenue_share) filter (where is_last)",
}
SEGMENT_KEYS = {
    "segmentation": "segmentation",
    "segment": "segment_id",
    "segment__persona": "persona",
    "segment__stage": "stage",
    "segment__is_persona_earned": "is_persona_earned",
}
# Who was compared is counted from the migrations, which no metric reads. Who stayed
# is not: in the month of a new map that is judged by the map of before.
STABILITY = {
    "compared_customers": "sum(compared)",
    "staying_customers": "sum(stayed)",
    "chance_staying_customers": "sum(chance_stay_share * compared)",
    "stay_share": "sum(stayed) / sum(compared)",
    "chance_stay_share": "sum(chance_stay_share * compared) / sum(compared)",
}
STABILITY_KEYS = {"segmentation": "segmentation", "metric_time__month": "month"}
FORECAST_KEYS = {
    "metric_time__month": "month",
    "revenue_forecast__definition": "definition",
    "revenue_forecast__forecast_model": "model",
    "revenue_forecast__is_published": "is_published",
}
# Of the last month.
VALUES = {
    "customer_value": "fsum(value_12m_amount)",
    "expected_orders": "fsum(expected_orders_12m)",
    "expected_customers": "fsum(order_90d_probability)",
    "scored_customers": "count(*) filter (where is_scored)",
    "order_probability": "avg(order_90d_probability)",
}
VALUE_KEYS = {
    "customer_value__rfm_code": "rfm_code",
    "customer_value__clock": "clock_state",
    "customer__gender": "gender",
}
RISK = {"value_at_risk": "fsum(value_at_risk_amount)"}
RISK_KEYS = {"value_at_risk__clock_state": "clock_state"}
CHANGES = {
    "flagged_changes": "sum(flagged_customers)",
    "flagged_changes_by_chance": "fsum(flagged_by_chance_customers)",
}
CHANGE_KEYS = {"segment_behaviour_change__channel": "channel"}
FROM = {
    "orders": "marts.fct_orders left join marts.dim_customers using (customer_id)",
    "profiles": """(
        select * exclude (persona), persona as persona_of_month,
            month = max(month) over () as is_last
        from marts.fct_segment_profiles
    ) left join (
        select * exclude (customer_share, revenue_share) from marts.dim_segments
    ) using (segmentation, segment_id)""",
    "stability": """(
        select segmentation, month, sum(customers) as compared
        from marts.fct_segment_migrations
        where from_segment_id is not null group by all
    ) inner join (
        select *, stay_share * customers as stayed from marts.rpt_segment_stability
    ) using (segmentation, month)""",
    "values": """(
        from marts.fct_customer_values
        where month = (select max(month) from marts.fct_customer_values)
    ) left join marts.dim_customers using (customer_id)""",
    "risks": "marts.fct_value_at_risk",
    "changes": "marts.fct_segment_behaviour_changes",
    "forecasts": """(
        from marts.fct_revenue_forecasts where is_published
    ) left join (
        select * exclude (customer_share, revenue_share) from marts.dim_segments
    ) using (segmentation, segment_id)""",
}


def asked(
    table: str, keys: dict[str, str], metrics: dict[str, str], where: str = "true"
) -> Question:
    """Ask for metrics by keys; both are named as MetricFlow names its columns."""
    columns = [f"{sql} as {name}" for name, sql in {**keys, **metrics}.items()]
    sql = f"select {', '.join(columns)} from {FROM[table]} where {where} group by all"
    return Question(tuple(keys), tuple(metrics), sql)


def saved(name: str, keys: dict[str, str], metrics: dict[str, str], source: str):
    """Ask a saved query; the marts hold its numbers as they are."""
    columns = [f"{sql} as {name}" for name, sql in {**keys, **metrics}.items()]
    sql = f"select {', '.join(columns)} from {source}"
    return Question(tuple(keys), tuple(metrics), sql, saved_query=name)


def one_by_one(table: str, keys: dict[str, str], *arguments: object) -> dict:
    """Ask for the same metrics by each of the keys alone."""
    return {
        f"{table}_by_{name}": asked(table, {name: sql}, *arguments)
        for name, sql in keys.items()
    }


SHOP = "segmentation = 'total' and definition = 'stock'"
SEGMENTED = "segmentation <> 'total' and definition = 'cohort'"
SHOP_FORECAST = {"forecast": "sum(forecast_amount)"}
SEGMENT_FORECAST = {"segment_forecast": "sum(forecast_amount)"}
MONTH = {"metric_time__month": "month"}
NAMED = {name: SEGMENT_KEYS[name] for name in list(SEGMENT_KEYS)[:3]}
NAMED_THEN = {
    **{name: SEGMENT_KEYS[name] for name in list(SEGMENT_KEYS)[:2]},
    "segment_profile__persona_of_month": "persona_of_month",
}
SAVED = [
    saved(
        "shop_by_month",
        MONTH,
        {
            "revenue": "revenue_amount",
            "orders": "orders",
            "customers": "customers",
            "average_order_value": "average_order_amount",
        },
        "marts.fct_shop_months",
    ),
    saved(
        "segments_by_month",
        MONTH | NAMED_THEN,
        {
            "segment_customers": "customers",
            "segment_revenue": "revenue_amount",
            "segment_revenue_share": "revenue_share",
        },
        FROM["profiles"],
    ),
    saved(
        "stay_share_by_month",
        STABILITY_KEYS,
        {"stay_share": "stay_share", "chance_stay_share": "chance_stay_share"},
        "marts.rpt_segment_stability",
    ),
    saved(
        "forecast_by_month",
        MONTH,
        {"forecast": "forecast_amount"},
        f"{FROM['forecasts']} where {SHOP}",
    ),
    saved(
        "segment_forecast_by_month",
        MONTH | NAMED,
        {"segment_forecast": "forecast_amount"},
        f"{FROM['forecasts']} where {SEGMENTED}",
    ),
    saved(
        "customer_values_by_month",
        MONTH,
        {
            "customer_value": "fsum(value_12m_amount)",
            "expected_orders": "fsum(expected_orders_12m)",
            "order_probability": "avg(order_90d_probability)",
        },
        "marts.fct_customer_values group by all",
    ),
    saved(
        "value_at_risk_by_clock",
        RISK_KEYS,
        RISK,
        "marts.fct_value_at_risk group by all",
    ),
    saved(
        "changes_by_month",
        {**MONTH, **CHANGE_KEYS},
        CHANGES,
        "marts.fct_segment_behaviour_changes group by all",
    ),
]
QUESTIONS: dict[str, Question] = {
    **one_by_one("orders", ORDER_KEYS, ORDERS),
    **one_by_one("profiles", SEGMENT_KEYS, PROFILES),
    **one_by_one("stability", STABILITY_KEYS, STABILITY),
    **one_by_one(
        "forecasts",
        SEGMENT_KEYS | FORECAST_KEYS,
        SEGMENT_FORECAST,
        SEGMENTED,
    ),
    **one_by_one("values", VALUE_KEYS, VALUES),
    **one_by_one("risks", RISK_KEYS, RISK),
    **one_by_one("changes", CHANGE_KEYS, CHANGES),
    "shop_forecast": asked("forecasts", FORECAST_KEYS, SHOP_FORECAST, SHOP),
    "one_segmentation": Question(
        ("segment",),
        ("segment_revenue",),
        "select segment_id as segment, fsum(revenue_amount) as segment_revenue "
        "from marts.fct_segment_profiles where segmentation = 'rhythm' group by all",
        where="{{ Entity('segmentation') }} = 'rhythm'",
    ),
    **{question.saved_query: question for question in SAVED},
}


# -- The definitions, read as files ----------------------------------------------------


@cache
def defined(kind: str) -> list[dict]:
    """All entries of a kind (metrics, exposures and so on) in models/**/*.yml."""
    files = sorted(MODELS.rglob("*.yml"))
    parts = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    return list(chain.from_iterable((part or {}).get(kind, []) for part in parts))


def marts_of(exposure: dict) -> set[str]:
    return set(re.findall(r"ref\('(\w+)'\)", " ".join(exposure["depends_on"])))


def public_marts() -> set[str]:
    """The models that are published: those of marts and of the semantic layer."""
    folders = MODELS / "marts", MODELS / "semantic"
    return {path.stem for folder in folders for path in folder.rglob("*.sql")}


class WatchedMarts(PublishedMarts):
    """Published marts that remember which of them were read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.seen: set[str] = set()

    def read(self, mart: str) -> pd.DataFrame:
        self.seen.add(mart.split(".")[1])
        return super().read(mart)

    def count(self, mart: str, columns: list[str], counted: str) -> pd.DataFrame:
        self.seen.add(mart.split(".")[1])
        return super().count(mart, columns, counted)


def test_every_page_is_an_exposure_of_the_marts_it_reads(tmp_path: Path) -> None:
    published = made_up.write_published(tmp_path / "1.duckdb", made_up.frames())
    exposed = {
        Path(exposure["url"]).name: marts_of(exposure)
        for exposure in defined("exposures")
        if exposure.get("url", "").startswith("file:build/site/")
    }
    read = {}
    for page in site.PAGES:
        with WatchedMarts(published) as marts:
            shop = Shop(marts)
            page.build(shop)
            # Every page writes amounts in the currency of the shop.
            assert not shop.currency
        read[page.FILE] = marts.seen
    assert exposed == read


def test_exports_are_exposures_of_every_public_mart() -> None:
    exports = {
        exposure["name"]: marts_of(exposure)
        for exposure in defined("exposures")
        if exposure["name"].startswith("published_")
    }
    assert exports == dict.fromkeys(
        ["published_database", "published_parquet", "published_postgres_schema"],
        public_marts(),
    )


def test_the_metrics_are_an_exposure_of_the_marts_they_read() -> None:
    read = {
        re.search(r"ref\('(\w+)'\)", model["model"])[1]
        for model in defined("semantic_models")
    }
    found = [
        marts_of(exposure)
        for exposure in defined("exposures")
        if exposure["name"] == "semantic_layer"
    ]
    assert found == [read | {"dim_days"}]


def test_the_superset_dashboard_is_an_exposure_of_the_marts_it_reads() -> None:
    folder = PROJECT / "dashboards" / "superset" / "export" / "datasets"
    read = set()
    for path in folder.glob("*.yaml"):
        dataset = yaml.safe_load(path.read_text(encoding="utf-8"))
        sql = dataset.get("sql") or f"from marts.{dataset['table_name']}"
        read.update(re.findall(r"(?:from|join) (?:marts|audit)\.(\w+)", sql))
    found = [
        marts_of(exposure)
        for exposure in defined("exposures")
        if exposure["name"] == "superset_dashboard"
    ]
    assert found == [read]


def test_every_exposure_says_whose_and_how_ripe() -> None:
    for exposure in defined("exposures"):
        assert exposure["owner"]["name"], exposure["name"]
        assert "@" in exposure["owner"]["email"], exposure["name"]
        assert exposure["maturity"] in ("high", "medium", "low"), exposure["name"]
        assert exposure["label"], exposure["name"]
        assert exposure["description"], exposure["name"]


def test_every_metric_says_its_unit() -> None:
    for metric in defined("metrics"):
        unit = metric["config"]["meta"]["unit"]
        assert metric["label"], metric["name"]
        assert UNITS[unit] in " ".join(metric["description"].split()), metric["name"]


def test_every_metric_dimension_and_saved_query_is_asked_below() -> None:
    """A new one needs a number to be held against."""
    asked_for = {name for one in QUESTIONS.values() for name in one.metrics}
    assert asked_for == {metric["name"] for metric in defined("metrics")}
    dimensions = {
        dimension["name"]
        for model in defined("semantic_models")
        for dimension in model["dimensions"]
        # The time of a metric is asked for as metric_time.
        if dimension["name"] != model.get("defaults", {}).get("agg_time_dimension")
    }
    keys = {key for one in QUESTIONS.values() for key in one.keys}
    assert dimensions <= {part for key in keys for part in key.split("__")}
    queries = {query["name"] for query in defined("saved_queries")}
    assert queries == {one.saved_query for one in SAVED}


# -- MetricFlow, on the small shop -----------------------------------------------------


@pytest.fixture(scope="module")
def metricflow(small: Build, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Settings to run MetricFlow with, on a copy of the small shop's work database.

    It looks for the project's settings and `target/semantic_manifest.json` in one
    folder. Its look for newer versions is sent to a port where nobody listens.
    """
    if find_spec("dbt_metricflow") is None:
        missing("MetricFlow isn't installed: pip install '.[semantic]'.")
    folder = tmp_path_factory.mktemp("metricflow")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(small.project / name, folder)
    (folder / "target").mkdir()
    shutil.copy(small.target / "semantic_manifest.json", folder / "target")
    (folder / "build").mkdir()
    shutil.copy(small.folder / "work.duckdb", folder / "build")
    environment = {
        **os.environ,
        "TRAJECTORIES_BUILD": str(folder / "build"),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_LOG_PATH": str(folder / "logs"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    return {
        "cwd": folder,
        "env": environment,
        "capture_output": True,
        "text": True,
        "check": False,
    }


@pytest.fixture(scope="module")
def answers(metricflow: dict) -> dict[str, pd.DataFrame]:
    """What MetricFlow answers to all questions."""
    arguments = {name: one.arguments for name, one in QUESTIONS.items()}
    command = [sys.executable, "-c", ASK]
    ran = subprocess.run(command, input=json.dumps(arguments), **metricflow)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return {
        name: pd.read_csv(metricflow["cwd"] / f"{name}.csv", dtype=str)
        for name in QUESTIONS
    }


def comparable(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Rows by key: times as days, truths and gaps as text, in one order."""
    frame = frame[[*question.keys, *question.metrics]].copy()
    for key in question.keys:
        if "metric_time" in key or "_date" in key:
            frame[key] = pd.to_datetime(frame[key]).dt.strftime("%Y-%m-%d")
        frame[key] = frame[key].astype("object").where(frame[key].notna(), "none")
        frame[key] = frame[key].astype(str)
    for metric in question.metrics:
        frame[metric] = pd.to_numeric(frame[metric]).astype(float)
    assert not frame.duplicated(list(question.keys)).any()
    return frame.set_index(list(question.keys)).sort_index()


@pytest.mark.long
def test_metricflow_finds_nothing_wrong(metricflow: dict) -> None:
    command = [str(Path(sys.executable).with_name("mf")), "validate-configs"]
    ran = subprocess.run(command, **metricflow)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = re.findall(
        r"ERRORS: (\d+), FUTURE_ERRORS: (\d+), WARNINGS: (\d+)", ran.stdout
    )
    assert len(found) == 6, ran.stdout
    assert set(found) == {("0", "0", "0")}, ran.stdout


@pytest.mark.long
def test_the_published_file_answers_alike(metricflow: dict, small: Build) -> None:
    """As docs/metrics.md says: DBT_TARGET, dbt parse, mf query."""
    folder = metricflow["cwd"] / "from-published"
    folder.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(small.project / name, folder)
    (folder / "build" / "published").mkdir(parents=True)
    shutil.copy(small.published, folder / "build" / "published")
    environment = {
        **metricflow["env"],
        "DBT_TARGET": "published",
        "DBT_PROJECT_DIR": str(folder),
        "TRAJECTORIES_BUILD": str(folder / "build"),
    }
    settings = {**metricflow, "cwd": folder, "env": environment}
    parsed = ["--project-dir", small.project, "--target-path", folder / "target"]
    query = ["--saved-query", "forecast_by_month", "--csv", "asked.csv"]
    for program, *arguments in (["dbt", "parse", *parsed], ["mf", "query", *query]):
        command = [Path(sys.executable).with_name(program), *arguments]
        ran = subprocess.run(command, **settings)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    question = QUESTIONS["forecast_by_month"]
    answered = comparable(pd.read_csv(folder / "asked.csv", dtype=str), question)
    expected = comparable(small.query(question.sql), question)
    pd.testing.assert_frame_equal(answered, expected, rtol=0, atol=0.005)


@pytest.mark.long
@pytest.mark.parametrize("name", QUESTIONS)
def test_metrics_are_what_the_marts_say(
    name: str, answers: dict[str, pd.DataFrame], small: Build
) -> None:
    question = QUESTIONS[name]
    answered = comparable(answers[name], question)
    expected = comparable(small.query(question.sql), question)
    assert len(expected) > 0
    units = {
        metric["name"]: metric["config"]["meta"]["unit"]
        for metric in defined("metrics")
    }
    for metric in question.metrics:
        within = {"currency": 0.005, "count": 1e-6, "share": 1e-12}[units[metric]]
        pd.testing.assert_series_equal(
            answered[metric], expected[metric], rtol=0, atol=within
        )


@pytest.mark.long
def test_the_calendar_covers_orders_and_forecasts_without_gaps(small: Build) -> None:
    days = small.query(
        "select min(calendar_date) as first, max(calendar_date) as last, "
        "count(*) as days from marts.dim_days"
    ).iloc[0]
    assert days["days"] == (days["last"] - days["first"]).days + 1
    assert days["first"] <= small.value("select min(order_date) from marts.fct_orders")
    assert days["last"] >= small.value("select max(order_date) from marts.fct_orders")
    last_month = "select last_day(max(month)) from marts.fct_revenue_forecasts"
    assert days["last"] == small.value(last_month)
