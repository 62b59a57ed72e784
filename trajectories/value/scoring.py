"""Values of single customers: any rows of any months, wherever they lie."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trajectories.value.bands import simulate_shapes
from trajectories.value.clocks import (
    LEAST_PROBABILITY,
    UNKNOWN,
    WINDOW,
    Clock,
    clock_states,
)
from trajectories.value.judgement import VALUE_DAYS
from trajectories.value.money import Amounts, active_spend, discounting, expected_spend
from trajectories.value.samples import state_of
from trajectories.value.scores import LOGIT, Curve, ranker_of

BAND = (0.1, 0.9)
VALUE_SCHEMA = pa.schema(
    {
        "customer_id": pa.string(),
        "month": pa.date32(),
        "origin_month": pa.date32(),
        "model": pa.string(),
        "value_model": pa.string(),
        "order_90d_probability": pa.float64(),
        "order_12m_probability": pa.float64(),
        "expected_orders_12m": pa.float64(),
        "value_12m_amount": pa.float64(),
        "value_12m_if_active_amount": pa.float64(),
        "lower_80_value_12m_amount": pa.float64(),
        "upper_80_value_12m_amount": pa.float64(),
        "usual_gap_days": pa.float64(),
        "silence_percentile": pa.float64(),
        "clock_state": pa.string(),
        "next_days": pa.int64(),
        "next_from_days": pa.int64(),
        "next_until_days": pa.int64(),
        "unscored_reason": pa.string(),
        "fingerprint": pa.string(),
    }
)


def value_scorer(
    states: pa.Table, seed: int, discount_share: float = 0.0
) -> Callable[[pa.Table], pa.Table]:
    """Make a function that scores rows of customers, each by itself.

    Args:
        states: rows of part ``state`` of ``judge_values``: origin_month, parameters,
            reason and is_published.
        seed: of bands.
        discount_share: by which an amount in a year is worth less; 0: nothing.

    Returns:
        It takes ``STATE_COLUMNS``, customer_id, month, origin_month (null: before the
        first origin) and fingerprint, and gives ``VALUE_SCHEMA``, a row for each.
        Probabilities are within 0 and 1; values 0 or more. Where no ranking is
        published, values are null and unscored_reason says why; clocks are there.

    Examples:
        >>> schema = {"origin_month": pa.date32(), "parameters": pa.string()}
        >>> schema |= {"reason": pa.string(), "is_published": pa.bool_()}
        >>> score = value_scorer(pa.schema(schema).empty_table(), seed=0)
        >>> from trajectories.value.samples import STATE_COLUMNS
        >>> row = dict.fromkeys(STATE_COLUMNS, 0.0) | {"customer_id": "a"}
        >>> row |= {"month": None, "origin_month": None, "fingerprint": None}
        >>> score(pa.Table.from_pylist([row]))["unscored_reason"].to_pylist()
        ['Too few months of orders to fit anything on.']
    """
    known = {row["origin_month"]: row for row in states.to_pylist()}
    made: dict = {}

    def score(rows: pa.Table) -> pa.Table:
        origins = rows["origin_month"].cast(pa.date32())
        parts = []
        for month in origins.unique().to_pylist():
            own = rows.filter(
                pc.is_null(origins) if month is None else pc.equal(origins, month)
            )
            if month not in made:
                made[month] = _Scorer(known.get(month), seed, discount_share)
            parts.append(made[month].score(own))
        return pa.concat_tables([VALUE_SCHEMA.empty_table(), *parts])

    return score


class _Scorer:
    """Scores the months that one origin serves."""

    def __init__(self, row: dict | None, seed: int, discount_share: float):
        self.reason = None
        self.state = {} if row is None else json.loads(row["parameters"])
        self.clock = Clock(**self.state["clock"]) if self.state else None
        if row is None:
            self.reason = "Too few months of orders to fit anything on."
        elif not row["is_published"]:
            self.reason = row["reason"]
        else:
            self.ranker = ranker_of(self.state["ranker"])
            self.spender = ranker_of(self.state["spender"])
            self.amounts = Amounts(**self.state["amounts"])
            self.shapes = simulate_shapes(
                self.spender.purchases[0], self.amounts, VALUE_DAYS, seed
            )
            self.discount = discounting(discount_share)

    def score(self, rows: pa.Table) -> pa.Table:
        state = state_of(rows)
        found = self._values(state) | self._clocks(state)
        size = rows.num_rows
        columns = {
            "unscored_reason": [self.reason] * size,
            "model": [self.state.get("ranking")] * size,
            "value_model": [self.state.get("money")] * size,
            **{
                name: rows[name]
                for name in ("customer_id", "month", "origin_month", "fingerprint")
            },
            **found,
        }
        if self.reason is None:
            self._tell_dates(columns)
        arrays = [
            columns[field.name].cast(field.type)
            if isinstance(columns.get(field.name), pa.ChunkedArray)
            else pa.array(
                columns.get(field.name, [None] * size), field.type, from_pandas=True
            )
            for field in VALUE_SCHEMA
        ]
        return pa.table(arrays, schema=VALUE_SCHEMA)

    def _values(self, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.reason is not None:
            return {}
        scores = self.ranker.scores(state)[self.state["ranking"]]
        chance = self.spender.scores(state)[self.state["chance"]]
        if self.state["chance_curve"]:
            chance = Curve(**self.state["chance_curve"]).at(chance)
        said = expected_spend(
            self.spender.purchases,
            self.amounts,
            state,
            VALUE_DAYS,
            chance if self.state["chance"] == LOGIT else None,
        )
        money, simulated = self.state["money"], self.state["simulated"]
        factors = self.state["factors"]
        orders, spend = said[money]
        middle = said[simulated][1] * factors[simulated] * self.discount
        lower, upper = self.shapes.ends(state, middle, chance, BAND)
        active = active_spend(self.spender.purchases, self.amounts, state, VALUE_DAYS)
        return {
            "order_90d_probability": Curve(**self.state["curve"]).at(scores),
            "order_12m_probability": chance,
            "expected_orders_12m": orders * factors[money],
            "value_12m_amount": spend * factors[money] * self.discount,
            "value_12m_if_active_amount": active * self.discount,
            "lower_80_value_12m_amount": lower,
            "upper_80_value_12m_amount": upper,
        }

    def _clocks(self, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.clock is None:
            return {"clock_state": [UNKNOWN] * len(state["repeat_orders"])}
        silence = state["observed_days"] - state["last_repeat_days"]
        share = self.clock.shorter_share(state, silence)
        days = {
            name: np.ceil(self.clock.next_days(state, silence, part)) + 1
            for name, part in (
                ("next_days", 0.5),
                ("next_from_days", WINDOW[0]),
                ("next_until_days", WINDOW[1]),
            )
        }
        found = {"silence_percentile": share}
        found["usual_gap_days"] = self.clock.usual_gap(state)
        found["clock_state"] = clock_states(share, state["repeat_orders"])
        self._days = days
        return found

    def _tell_dates(self, columns: dict) -> None:
        """Give a next date to those alone of whom an order is likely enough."""
        likely = columns["order_90d_probability"] >= LEAST_PROBABILITY
        for name, days in self._days.items():
            columns[name] = np.where(likely, np.minimum(days, 36500), np.nan)
