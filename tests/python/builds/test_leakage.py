"""Nothing that is said of a day depends on a later order."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from movement_builds import MODELS_ONLY, Warehouse, ask, differences

pytestmark = pytest.mark.long

# What forecasts are made from; that they know no more is tested in the package.
HISTORIES = ("int_forecast_histories", "int_forecast_days")
SELECTED = (
    *MODELS_ONLY[:2],
    *("fct_orders", "+fct_shop_months"),
    *("+fct_segment_values", "fct_value_at_risk", "fct_value_backtests"),
    *("dim_value_models", "rpt_value_accuracy"),
    *("+fct_behaviour_changes", "+fct_segment_behaviour_changes"),
    *("+fct_experiment_weeks", "fct_experiment_assignments"),
    *(f"+{name}" for name in HISTORIES),
    *MODELS_ONLY[2:],
)
EXPERIMENTS = (
    *("experiments", "experiment_arms", "experiment_assignments"),
    "campaign_contacts",
)
KNOWN_TO = "2017-09-30"
# Other formats stay as they are: the shop has dates of many kinds.
LATER = "2017-1[0-2]-"
# The column that says of which day a row is; of other marts it is the month.
DATES = {
    "dim_customers": "first_order_date",
    "dim_model_versions": "fitted_to",
    "dim_segments": "valid_from",
    "fct_customer_days": "order_date",
    "fct_experiment_assignments": "assigned_date",
    "fct_experiment_weeks": "week_end_date",
    "fct_orders": "order_date",
    "fct_segment_expectations": "origin_month",
}
# What is said of the present, though it stands in a row that is dated before.
OF_NOW = {
    "dim_customers": "orders, revenue_amount, last_order_date",
    "dim_model_versions": "in_force_to, is_current",
    "dim_segments": "model_version, persona, persona_evidence, recommended_action,"
    " action_to_avoid, offer, channel, kpi, owner, parent_segment_ids, bootstrap_ari,"
    " persona_stability, has_structure, is_persona_earned, is_named, valid_to,"
    " base_persona, claimed_traits, claimed_share, claimed_low_share, others_share,"
    " customer_share, revenue_share",
    "fct_segment_changes": "is_current",
    "fct_segment_expectations": "actual_customers",
    "fct_segment_kpis": "is_kpi_of_playbook",
}


def is_later(dates: pd.Series) -> np.ndarray:
    return dates.str.match(LATER).fillna(False).to_numpy(bool)


def changed_after(rows: pd.DataFrame, date: str, generator) -> pd.DataFrame:
    """Deal later rows to other customers, drop some and add some."""
    later = is_later(rows[date])
    known, changed = rows[~later], rows[later].copy()
    changed["customer_id"] = generator.permutation(changed["customer_id"].to_numpy())
    dropped = changed.sample(frac=0.8, random_state=1).sort_index()
    added = known.sample(50, random_state=2).assign(**{date: "2017-11-11"})
    return pd.concat([known, dropped, added])


def test_nothing_said_of_a_day_knows_a_later_order(tmp_path, project):
    def path(name: str) -> Path:
        return project / "seeds" / "sample" / f"raw_{name}.csv"

    shop = Warehouse(tmp_path, project, {"forecast_origins": 24})
    shop.source.mkdir()
    for name in ("customer_demographics", "customer_addresses"):
        shutil.copy(path(name), shop.source)
    for name in EXPERIMENTS:
        shutil.copy(path(name), shop.source / f"{name}.csv")
    orders = pd.read_csv(path("transactions"), dtype=str)
    sessions = pd.read_csv(path("web_sessions"), dtype=str)
    sessions.to_csv(shop.source / "web_sessions.csv", index=False)
    real = shop.build("real", orders, *SELECTED)

    generator = np.random.default_rng(5)
    other = changed_after(orders, "transaction_date", generator)
    later = is_later(other["transaction_date"])
    price = pd.to_numeric(other["list_price"], errors="coerce")
    other.loc[later, "list_price"] = (price[later] * 3).round(2).astype(str)
    added = other.duplicated("transaction_id", keep="first").to_numpy() & later
    other.loc[added, "transaction_id"] = [f"9{n:06d}" for n in range(added.sum())]
    changed_after(sessions, "session_started_at", generator).to_csv(
        shop.source / "web_sessions.csv", index=False
    )
    changed = shop.build("changed", other, *SELECTED)

    dated = ask(
        real,
        "select distinct table_name from information_schema.columns"
        " where table_schema = 'marts' and data_type = 'DATE'",
    )["table_name"]
    days = {name: DATES.get(name, "month") for name in dated}
    assert len(days) >= 12
    known = {name: f"{day} <= '{KNOWN_TO}'" for name, day in days.items()}
    # The last week of a test is reported again with what comes back within 30 days.
    known["fct_experiment_weeks"] = f"week_end_date + 30 <= '{KNOWN_TO}'"
    assert differences(real, changed, days, known, OF_NOW) == {}
    # What came of an expectation is known once its month is over.
    over = {"fct_segment_expectations": f"month <= '{KNOWN_TO}'"}
    assert differences(real, changed, over, over) == {}
    histories = {
        name: f"greatest(origin_month, {day}) <= '{KNOWN_TO}'"
        for name, day in zip(HISTORIES, ("month", "order_date"), strict=True)
    }
    schema = {"schema": "intermediate"}
    assert differences(real, changed, HISTORIES, histories, **schema) == {}
    assert set(differences(real, changed, HISTORIES, **schema)) == set(HISTORIES)
    # What is published of moves is of the latest month, and judged by these.
    moves = {"int_move_chances": f"month <= '{KNOWN_TO}'"}
    assert differences(real, changed, moves, moves, **schema) == {}
    assert set(differences(real, changed, moves, **schema)) == set(moves)
    later_rows = {name: f"{day} > '{KNOWN_TO}'" for name, day in days.items()}
    moved = differences(real, changed, days, later_rows, OF_NOW)
    assert {"fct_segment_migrations", "rpt_segment_stability"} <= set(moved)
    assert {"fct_customer_values", "fct_value_at_risk"} <= set(moved)
    assert {"fct_behaviour_changes", "fct_segment_behaviour_changes"} <= set(moved)
