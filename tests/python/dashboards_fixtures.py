"""A small made-up published file with every mart the pages read.

It holds what is awkward on purpose: names that look like HTML, a segment of
three customers, a month with two, an incomplete month, candidates that one of the
segmentations lacks, that differ in all but their metric, and that reach another k.
"""

import math
from functools import cache
from itertools import product
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from trajectories.forecasting import forecast_models

MODELS = Path(__file__).resolve().parents[2] / "models" / "marts"

NASTY = '</script><script>alert("x")</script> & Co'
NASTY_STATE = "<b>NSW</b>"
MONTHS = [
    str(month)[:10] for month in pd.date_range("2016-01-01", periods=24, freq="MS")
]
LAST = MONTHS[-1]
# Marts that say of every number of customers whether it is shown.
DECIDED = {
    "marts.fct_segment_profiles",
    "marts.fct_segment_kpis",
    "marts.fct_segment_mixes",
}
# A segment that is no longer in use, and whom the new map moved out of it.
RETIRED, REDRAWN = "value-9", 40
# Candidates: representation, smoothing, metric, band and the numbers of groups.
RECIPES = {
    "warped": ("population", None, "dtw", 1, range(2, 9)),
    "smooth": ("smoothed", 2.0, "euclidean", None, range(2, 9)),
    "plain": ("population", None, "euclidean", None, range(2, 7)),
}
CANDIDATES = {"lifecycle": ["warped", "smooth", "plain"], "value": ["plain"]}
WORDS = {
    ("lifecycle", "warped"): "Values as they are, shifts of up to 1 month (DTW)",
    ("lifecycle", "smooth"): (
        "Values smoothed over 2 months, month by month (Euclidean)"
    ),
    ("lifecycle", "plain"): "Values as they are, month by month (Euclidean)",
    ("value", "plain"): "Values as they are (Euclidean)",
}
PATH_FEATURES = ["length_days", "recency_days", "frequency_orders", "monetary_amount"]
STATIC_FEATURES = ["recency_days", "frequency_orders", "monetary_amount"]
SIZES = {1: 400, 2: 250, 3: 3, 4: 97}
CHOSEN_K = 3
ELBOW_K = 4
SHUFFLES = 5


def state(segmentation: str, candidate: str, k: int) -> tuple[str, str, str]:
    """The values of the controls that show a trial."""
    return segmentation, WORDS[segmentation, candidate], str(k)


def silhouette(segmentation: str, candidate: str, k: int) -> float:
    """A different number for every trial, the highest at k = 3 ("smooth": 8)."""
    base = {"warped": 0.5, "smooth": 0.4, "plain": 0.3}[candidate]
    highest = 8 if candidate == "smooth" else CHOSEN_K
    is_value = segmentation == "value"
    return round(base - 0.03 * abs(k - highest) + (0.007 if is_value else 0), 4)


def inertia(candidate: str, k: int) -> float:
    """A different number for every candidate and k."""
    return round(10 / k + len(candidate), 4)


def explained(candidate: str, k: int) -> dict[str, float]:
    """What groups and RFM groups say about the next 90 days, all different."""
    shift = {"warped": 0.1, "smooth": 0.2, "plain": 0.0}[candidate]
    return {
        "predictive_r2": round(shift + 0.02 * k, 4),
        "rfm_predictive_r2": round(0.011 * k, 4),
        "added_predictive_r2": round(shift + 0.003 * k, 4),
        "activity_r2": round(shift + 0.005 * k, 4),
        "rfm_activity_r2": round(0.004 * k - 0.01, 4),
    }


def shuffled(shuffle: int, structure: bool = True) -> float:
    """The silhouette of one of the shuffled shops (1, 2, ...)."""
    return round((0.2 if structure else 0.5) + 0.005 * shuffle, 4)


def centre(candidate: str, k: int, cluster: int, step: int, place: int) -> float:
    """A different number for every point of every path."""
    shift = {"warped": 5, "smooth": 0, "plain": 500}[candidate]
    return shift + 0.5 * k + cluster * step + 0.25 * place


def _tried() -> list[tuple[str, str, int]]:
    """Segmentation, candidate and k of all trials."""
    return [
        (segmentation, candidate, k)
        for segmentation, candidates in CANDIDATES.items()
        for candidate in candidates
        for k in RECIPES[candidate][-1]
    ]


def _identity(segmentation: str, candidate: str, k: int) -> dict[str, object]:
    """The columns that say which trial a row is of."""
    return {
        "segmentation_trial_id": f"{segmentation}-{candidate}-{k}",
        "segmentation": segmentation,
        "metric": RECIPES[candidate][2],
        "k": k,
    }


def _shop_months() -> pd.DataFrame:
    rows = []
    for place, month in enumerate([*MONTHS, "2018-01-01"]):
        orders = 900 + 20 * place + round(80 * math.sin(place))
        customers = 2 if place == 3 else orders // 2
        revenue = 100.5 * orders
        rows.append(
            {
                "month": month,
                "orders": orders,
                "customers": customers,
                "new_customers": customers // 10,
                "revenue_amount": revenue,
                "returned_amount": 10.0,
                "average_order_amount": 100.5,
                "revenue_per_customer_amount": revenue / customers,
                "is_complete": month != "2018-01-01",
            }
        )
    return pd.DataFrame(rows).astype({"month": "datetime64[us]"})


THRESHOLDS = {
    "least_gain": 0.02,
    "largest_p_value": 0.05,
    "least_persistence_gap": 0.1,
    "least_customers": 30,
    "least_stability": 0.5,
    "least_share": 0.02,
    "least_group": 5,
    "least_predictive_r2": 0.02,
}


def judged(value: float, structure: bool, predictive_r2: float) -> dict[str, object]:
    """What the rule wrote into a row, as it does."""
    gain = (value - 0.2) / 0.8 if structure else 0.0
    return {
        "gain": gain,
        "score": gain + predictive_r2 / 3,
        "is_separated": structure,
        "failed_step": None if structure else "structure",
        "shortcoming": None if structure else "shuffled orders look the same",
        "chosen_by": "evidence",
        **THRESHOLDS,
    }


def _trials(structure: bool) -> pd.DataFrame:
    rows = []
    for segmentation, candidate, k in _tried():
        representation, smoothing, _, band, _ = RECIPES[candidate]
        value = silhouette(segmentation, candidate, k)
        is_chosen = candidate == CANDIDATES[segmentation][0] and k == CHOSEN_K
        rows.append(
            {
                **_identity(segmentation, candidate, k),
                "series": {"lifecycle": "monthly_lrfm", "value": "rfm"}[segmentation],
                "segmentation_place": {"lifecycle": 1, "value": 2}[segmentation],
                "period": "month",
                "representation": representation,
                "smoothing_steps": smoothing,
                "band": band,
                "steps": 12 if segmentation == "lifecycle" else 1,
                "sampled_customers": 60,
                "silhouette": value,
                "silhouette_low": value - 0.02,
                "silhouette_high": value + 0.03,
                "inertia": inertia(candidate, k),
                "calinski_harabasz": 100.0 + k,
                "davies_bouldin": 1.0 + k / 10,
                "null_silhouette": 0.2 if structure else value,
                "null_p_value": 0.04 if structure else 0.6,
                "persistence_gap": 0.345,
                "persistence_p_value": 0.048 if structure else 0.5,
                "bootstrap_ari": 0.85,
                **explained(candidate, k),
                # Three of 60 sampled customers: too few to be shown.
                "smallest_share": 0.05 if k == 6 else 0.1,
                "is_elbow": k == ELBOW_K,
                "is_recipe": False,
                "has_structure": structure,
                "is_chosen": is_chosen,
                **judged(value, structure, explained(candidate, k)["predictive_r2"]),
            }
        )
    return pd.DataFrame(rows)


def _nulls(structure: bool) -> pd.DataFrame:
    """Shuffled shops of all trials but those of one candidate."""
    return pd.DataFrame(
        {
            **_identity(segmentation, candidate, k),
            "shuffle_number": shuffle,
            "silhouette": shuffled(shuffle, structure),
        }
        for segmentation, candidate, k in _tried()
        for shuffle in range(1, SHUFFLES + 1)
        if candidate != "smooth"
    )


def _centroids() -> pd.DataFrame:
    rows = []
    for segmentation, candidate, k in _tried():
        is_path = segmentation == "lifecycle"
        features = PATH_FEATURES if is_path else STATIC_FEATURES
        for cluster in range(1, k + 1):
            # The last of eight groups is too small to be shown.
            size = 3 if cluster == 8 else 20
            for place, feature in enumerate(features):
                for step in range(1, 13 if is_path else 2):
                    value = centre(candidate, k, cluster, step, place)
                    rows.append(
                        {
                            **_identity(segmentation, candidate, k),
                            "cluster_number": cluster,
                            "customers": size,
                            "customer_share": size / (20 * k),
                            "feature": feature,
                            "step": step,
                            "value": value,
                            "scaled_value": value / 100,
                        }
                    )
    return pd.DataFrame(rows)


def blade(k: int, cluster: int) -> list[float]:
    """The silhouettes of the sampled customers of a group, in sample order."""
    size = 3 if cluster == 8 else 12
    return [round(0.6 - 0.01 * (k * place + cluster - 1), 3) for place in range(size)]


def _silhouettes() -> pd.DataFrame:
    rows = []
    for segmentation, candidate, k in _tried():
        for cluster in range(1, k + 1):
            for place, value in enumerate(blade(k, cluster)):
                sample = k * place + cluster - 1
                is_flat = segmentation == "value"
                rows.append(
                    {
                        **_identity(segmentation, candidate, k),
                        "cluster_number": cluster,
                        "sample_number": sample + 1,
                        "silhouette": value,
                        "x": cluster + 0.01 * sample if is_flat else None,
                        "y": 0.02 * sample if is_flat else None,
                    }
                )
    return pd.DataFrame(rows)


def _segments(structure: bool, named: bool) -> pd.DataFrame:
    personas = {1: "Loyal Champions", 2: NASTY, 3: "At-Risk Sleepers"}
    rows = []
    for segmentation in CANDIDATES:
        for number in SIZES:
            is_stage = number == 4
            persona = personas.get(number, "New customers")
            if not structure and not named and not is_stage:
                persona = f"Group {number}"
            rows.append(
                {
                    "segment_id": f"{segmentation}-{number}",
                    "segmentation": segmentation,
                    "model_version": "1",
                    "segment_number": number,
                    "stage": "new" if is_stage else "active",
                    "persona": persona,
                    "persona_evidence": "Recency 12 days against 80 of all customers."
                    if structure
                    else "No name earned: no better than shuffled customers.",
                    "is_persona_earned": structure,
                    "is_named": structure or named or is_stage,
                    "recommended_action": f"Thank {NASTY}",
                    "action_to_avoid": "Discounts",
                    "offer": "Early access",
                    "channel": None,
                    "kpi": "spend_per_order",
                    "owner": "Newsletter",
                    "valid_from": MONTHS[0],
                    "valid_to": None,
                }
            )
    retired = {
        **rows[0],
        "segment_id": RETIRED,
        "segmentation": "value",
        "segment_number": 9,
        "persona": "Former Favourites",
        "valid_to": MONTHS[-2],
    }
    return pd.DataFrame([*rows, retired])


def _kpis() -> pd.DataFrame:
    """Orders per customer, and the number that playbooks ask to watch."""
    profiles = _profiles()[["segmentation", "segment_id", "month", "customers"]]
    parts = [
        profiles.assign(
            kpi=kpi, kpi_value=value, is_kpi_of_playbook=kpi == "spend_per_order"
        )
        for kpi, value in {"spend_per_order": 81.25, "retention": 0.5}.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _profiles() -> pd.DataFrame:
    rows = []
    total = sum(SIZES.values())
    for segmentation in CANDIDATES:
        for month in MONTHS[-3:]:
            for number, customers in SIZES.items():
                rows.append(
                    {
                        "segmentation": segmentation,
                        "segment_id": f"{segmentation}-{number}",
                        "month": month,
                        "persona": None,
                        "customers": customers,
                        "customer_share": customers / total,
                        "revenue_amount": 1000.0 * number,
                        "revenue_share": number / 10,
                        "largest_customer_share": None,
                        "is_outweighed": False,
                        "orders": 10 * number,
                        "average_order_amount": 100.0,
                        "mean_length_days": 100.0 * number,
                        "median_length_days": 100.0 * number,
                        "mean_recency_days": 60.0 / number,
                        "median_recency_days": 55.0 / number,
                        "mean_frequency_orders": 6.0 - number,
                        "median_frequency_orders": 5.0,
                        "mean_monetary_amount": 777.77 if number == 3 else 500.0,
                        "median_monetary_amount": 400.0,
                    }
                )
    return pd.DataFrame(rows).astype({"month": "datetime64[us]"})


def _mixes() -> pd.DataFrame:
    """The first segment lives elsewhere than all others; wealth is the same in all."""
    states = {1: [0.6, 0.39, 0.01], 2: [0.2, 0.79, 0.01]}
    return pd.DataFrame(
        {
            "segmentation": segmentation,
            "segment_id": f"{segmentation}-{number}",
            "dimension": dimension,
            "dimension_value": value,
            "customers": round(share * customers),
            "customer_share": share,
        }
        for segmentation in CANDIDATES
        for number, customers in SIZES.items()
        for dimension, cells in {
            "state": zip(
                [NASTY_STATE, "VIC", "QLD"], states[min(number, 2)], strict=True
            ),
            "wealth_segment": [("Mass Customer", 0.5), ("High Net Worth", 0.5)],
        }.items()
        for value, share in cells
    )


def migrating(month: str, start: int, end: int) -> int:
    """Customers from one segment to another, different in every month."""
    if start == end:
        return 0 if start == 3 else 100 * (5 - start)
    return 3 if 3 in (start, end) else 10 * start + end + MONTHS.index(month)


def _migrations() -> pd.DataFrame:
    rows = []
    for segmentation in CANDIDATES:
        for month in MONTHS[-3:]:
            for start in [None, *SIZES]:
                for end in SIZES:
                    customers = 12 if start is None else migrating(month, start, end)
                    rows.append(
                        {
                            "segmentation": segmentation,
                            "month": month,
                            "from_segment_id": start and f"{segmentation}-{start}",
                            "to_segment_id": f"{segmentation}-{end}",
                            "customers": customers,
                            "cause": _cause(start, end),
                            **_worth(customers, start, end),
                        }
                    )
    # In its last month, "value" has a new map: see REDRAWN.
    redrawn = {
        **rows[-1],
        "from_segment_id": RETIRED,
        "to_segment_id": "value-2",
        "customers": REDRAWN,
        "cause": "map redrawn",
        **_worth(REDRAWN, 9, 2),
    }
    return pd.DataFrame([*rows, redrawn]).astype({"month": "datetime64[us]"})


def _cause(start: int | None, end: int) -> str:
    if start is None:
        return "entered"
    return "stayed" if start == end else "behaved differently"


def _worth(customers: int, start: int | None, end: int) -> dict[str, object]:
    """What a path was worth: a gain up to segment 2, else a loss, none for stays."""
    change = (10.0 if end <= 2 else -10.0) * customers
    rank = None if start == end else 1000 - customers
    return {
        "from_share": 0.1,
        "revenue_before_amount": 50.0 * customers,
        "revenue_after_amount": 50.0 * customers + change,
        "revenue_change_amount": change,
        "revenue_change_low_amount": None if rank is None else change - 7,
        "revenue_change_high_amount": None if rank is None else change + 7,
        "gain_rank": rank if change > 0 else None,
        "loss_rank": rank if change < 0 else None,
    }


def _stability() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segmentation": segmentation,
            "month": month,
            "customers": 700,
            "stay_share": 0.7 + 0.001 * place,
            "stay_share_low": 0.68 + 0.001 * place,
            "stay_share_high": 0.73 + 0.001 * place,
            "chance_stay_share": 0.4,
            "nearest_stay_share": 0.65 + 0.001 * place,
            "ari_refit": 0.6 + 0.001 * place if segmentation == "value" else None,
            "ari_refit_low": 0.55,
            "ari_refit_high": 0.66,
            "size_entropy": 0.9,
            "customers_verdict": "stable",
            "map_verdict": "moving" if segmentation == "value" else None,
            "stable_stay_share": 0.8,
            "stable_refit_agreement": 0.8,
        }
        for segmentation in CANDIDATES
        for place, month in enumerate(MONTHS[1:])
    ).astype({"month": "datetime64[us]"})


def _identities() -> list[str]:
    return [f"{name}-{number}" for name in CANDIDATES for number in SIZES]


def _events() -> pd.DataFrame:
    columns = ["segment_id", "month", "event", "related_segment_id", "persona"]
    rows = [(identity, MONTHS[0], "born", None, None) for identity in _identities()]
    rows += [
        ("value-3", LAST, "split", "value-1", "At-Risk Sleepers"),
        ("value-1", LAST, "survived", None, "Loyal Champions"),
        ("value-1", LAST, "renamed", None, "Loyal Champions"),
        (RETIRED, MONTHS[-2], "merged", "value-2", None),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        segmentation=frame["segment_id"].str.split("-").str[0],
        previous_persona=[
            NASTY if event == "renamed" else None for event in frame["event"]
        ],
        customers_before=[3 if event == "merged" else 222 for event in frame["event"]],
        customers_after=111,
        overlap=[0.77 if event == "survived" else None for event in frame["event"]],
        least_overlap=0.3,
        surviving_overlap=0.7,
    )


def _versions() -> pd.DataFrame:
    columns = ["segmentation", "fit_number", "k", "fitted_to", "in_force_from"]
    rows = [
        ("lifecycle", 1, 3, "2016-12-31", MONTHS[0]),
        ("value", 1, 4, "2016-12-31", MONTHS[0]),
        ("value", 2, 3, "2017-12-31", LAST),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        in_force_to=[LAST, MONTHS[-2], LAST], refit_reason="fitted, for it was time."
    )


def expected(number: int, horizon: int) -> float:
    """Customers expected in a segment; at six months the same as now."""
    return SIZES[number] + (0 if horizon == 6 else 10.0 * horizon)


def _expectations() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segmentation": name,
            "segment_id": f"{name}-{number}",
            "origin_month": origin,
            "month": str(pd.Timestamp(origin) + pd.DateOffset(months=ahead))[:10],
            "horizon_months": ahead,
            "same_as_now_customers": customers,
            "published_customers": expected(number, ahead) if origin == LAST else 1e6,
            "lower_80_customers": expected(number, ahead) - 2,
            "upper_80_customers": expected(number, ahead) + 3,
            "reason": "Better.",
            "is_published": ahead != 6,
            "is_band_tested": ahead != 6,
        }
        for name in CANDIDATES
        for origin in MONTHS[-2:]
        for ahead in (1, 3, 6)
        for number, customers in SIZES.items()
    )


def _transition_tests() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segmentation": name,
            "test": test,
            "horizon_months": ahead,
            "verdict": f"The {test} of {name} says {ahead or 'nothing'}.",
            "months": 15,
            "chain_error_share": 0.073,
            "same_as_now_error_share": 0.095,
            "coverage_80_share": 0.81,
            "is_published": ahead != 6,
        }
        for name in CANDIDATES
        for test, ahead in [
            ("backtest", 1),
            ("backtest", 3),
            ("backtest", 6),
            ("order", None),
        ]
    )


def _departures() -> pd.DataFrame:
    """Twenty left value-1, 17 on a path that is shown, and two lifecycle-1."""
    keeping = [1] * 8 + [2] * 3 + [None] * 9
    rows = [
        {
            "segment_departure_id": f"secret-departure-{place}",
            "customer_id": f"secret-customer-{place}",
            "segmentation": "value" if place < 20 else "lifecycle",
            "from_segment_id": "value-1" if place < 20 else "lifecycle-1",
            "to_segment_id": "value-2" if place < 20 else "lifecycle-3",
            "month": LAST,
            "cause": "lapsed" if place < 3 else "behaved differently",
            "keeping_orders": keeping[place] if place < 20 else 1,
            "revenue_12_months_amount": 100.0,
        }
        for place in range(22)
    ]
    return pd.DataFrame(rows).astype({"month": "datetime64[us]"})


def _departure_features() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segment_departure_id": f"secret-departure-{place}",
            "feature": feature,
            "feature_rank": rank,
            "value_change": 1.5 if place < 12 else -1.5,
        }
        for place in range(22)
        for rank, feature in enumerate(["recency_days", "orders"], start=1)
    )


DEFINITIONS = ("cohort", "stock")
# Origins of backtests: of the last one, only half of the months have come.
ORIGINS = [MONTHS[place] for place in (8, 11, 12, 13, 14, 15, 16, 17, 20)]
HINDSIGHT = MONTHS[12]
# The origin from which Prophet was published.
PROPHETS_TURN = MONTHS[17]
# A series that is not forecast, and one that had few members at an origin.
REFUSED = ("stock", "value", "value-4")
REFUSAL = "Not forecast: nobody was in it for three months."
UNCALIBRATED = "value-1"
# A series that is too young for Prophet, and for backtests.
YOUNG = "lifecycle-4"
FEW, FEW_AT = "lifecycle-2", MONTHS[16]


def series() -> list[tuple[str, str, str]]:
    """Definition, segmentation and segment of everything that is forecast."""
    segments = [(identity.split("-")[0], identity) for identity in _identities()]
    return [
        (definition, *values)
        for definition in DEFINITIONS
        for values in [("total", "total"), *segments, ("value", RETIRED)]
    ]


def revenue(segment_id: str, month: str, definition: str = "cohort") -> float:
    """Revenue of a series in a month."""
    weight = 10 if segment_id == "total" else int(segment_id[-1])
    newcomers = 300 if definition == "stock" else 0
    return 1000.0 * weight + 10 * MONTHS.index(month) + newcomers


def _members(definition: str, segment_id: str, month: str) -> int:
    """Too few in the first month; too few were in one segment once."""
    is_few = definition == "stock" and (segment_id, month) == (FEW, FEW_AT)
    return 2 if is_few or month == MONTHS[0] else 200


def _revenue_months() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "definition": definition,
            "segmentation": segmentation,
            "segment_id": segment_id,
            "month": month,
            "customers": _members(definition, segment_id, month),
            "orders": 300,
            "revenue_amount": revenue(segment_id, month, definition),
        }
        for definition, segmentation, segment_id in series()
        for month in MONTHS
    ).astype({"month": "datetime64[us]"})


def forecast(
    segment_id: str, model: str, horizon: int, definition: str = "cohort"
) -> float:
    """Forecast of a series by a model; "published" is what a backtest published."""
    extra = {"seasonal_naive": 0, "prophet": 55, "published": 7}[model]
    return revenue(segment_id, LAST, definition) + extra + horizon


def _forecast_rows(origin: str, models: tuple[str, ...]) -> list[dict]:
    months = pd.date_range(origin, periods=7, freq="MS")[1:]
    rows = []
    for definition, segmentation, segment_id in series():
        for model in models:
            for horizon, month in enumerate(months, start=1):
                amount = forecast(segment_id, model, horizon, definition)
                rows.append(
                    {
                        "definition": definition,
                        "segmentation": segmentation,
                        "segment_id": segment_id,
                        "model": model,
                        "origin_month": pd.Timestamp(origin),
                        "month": month,
                        "horizon": horizon,
                        "forecast_amount": amount,
                        "lower_80_amount": amount - 100,
                        "upper_80_amount": amount + 100,
                        "lower_95_amount": amount - 200,
                        "upper_95_amount": amount + 200,
                    }
                )
    return rows


def _forecasts() -> pd.DataFrame:
    frame = pd.DataFrame(_forecast_rows(LAST, ("seasonal_naive", "prophet")))
    frame["is_published"] = frame["model"] == "seasonal_naive"
    frame["decision"] = [f"The record of {NASTY}: {model}." for model in frame["model"]]
    frame["reason"] = [f"Enough is known of {name}." for name in frame["segment_id"]]
    frame["is_calibrated"] = frame["segment_id"] != UNCALIBRATED
    keys = frame[["definition", "segmentation", "segment_id"]]
    refused = [tuple(key) == REFUSED for key in keys.itertuples(index=False)]
    frame.loc[refused, "forecast_amount"] = None
    frame.loc[refused, "is_published"] = False
    frame.loc[refused, "reason"] = REFUSAL
    is_too_young = frame["segment_id"].eq(YOUNG) & frame["model"].eq("prophet")
    return frame[~is_too_young].drop(columns=["origin_month"])


def _backtests() -> pd.DataFrame:
    models = ("seasonal_naive", "prophet", "published")
    frame = pd.DataFrame(
        row for origin in ORIGINS for row in _forecast_rows(origin, models)
    )
    is_known = (frame["month"] <= LAST) & (frame["segment_id"] != YOUNG)
    frame = frame[is_known].reset_index(drop=True)
    frame["actual_amount"] = [
        revenue(row.segment_id, str(row.month)[:10], row.definition)
        for row in frame.itertuples()
    ]
    turn = frame["origin_month"] == PROPHETS_TURN
    published = turn.map({True: "prophet", False: "seasonal_naive"})
    frame["chosen_model"] = frame["model"].where(
        frame["model"] != "published", published
    )
    frame["is_hindsight"] = (frame["origin_month"] == HINDSIGHT) & (
        frame["segmentation"] != "total"
    )
    return frame


def _accuracy() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "definition": definition,
            "segmentation": segmentation,
            "model": model,
            "decision": None if model == "published" else f"{model} stays.",
            "backtests": 12,
            "hindsight_backtests": 0 if segmentation == "total" else 3,
            "calibrated_backtests": 8,
            "mase": mase,
            "published_mase": 0.92,
            "smape": 0.12,
            "coverage_80": 0.79,
            "coverage_95": 0.94,
            "interval_score_80": 4.5,
            "interval_score_95": 6.5,
            "own_coverage_80": 0.43 if model == "prophet" else None,
            "own_interval_score_80": 7.5 if model == "prophet" else None,
            "mase_difference": round(mase - 0.94, 2),
            "margin": 0.02,
            "is_winner": model == "seasonal_naive",
        }
        for definition in DEFINITIONS
        for segmentation in ["total", *CANDIDATES]
        for model, mase in (
            ("seasonal_naive", 0.91),
            ("prophet", 1.25),
            ("published", 0.92),
        )
    )


def viewed(number: int, horizon: int) -> tuple[float, float]:
    """What each view expects of a segment: revenue continued, customers x spend."""
    return 1000.0 * number + horizon, 1220.0 * number


def _views() -> pd.DataFrame:
    rows = []
    for name in CANDIDATES:
        retired = {9: 50} if name == "value" else {}
        for origin in (MONTHS[11], MONTHS[14], LAST):
            for ahead in (1, 3, 6):
                month = str(pd.Timestamp(origin) + pd.DateOffset(months=ahead))[:10]
                for number, customers in {**SIZES, **retired}.items():
                    series_amount, expected_amount = viewed(number, ahead)
                    difference = abs(series_amount - expected_amount)
                    rows.append(
                        {
                            "segmentation": name,
                            "segment_id": f"{name}-{number}",
                            "origin_month": origin,
                            "month": month,
                            "horizon_months": ahead,
                            "series_amount": series_amount,
                            "expected_customers": float(customers),
                            "spend_amount": expected_amount / customers,
                            "expected_amount": expected_amount,
                            "disagreement_share": 2
                            * difference
                            / (series_amount + expected_amount),
                            "actual_amount": None
                            if origin == LAST
                            else 1100.0 * number,
                            "cohort_amount": 990.0 * number,
                            "values_amount": None
                            if name == "lifecycle"
                            else 900.0 * number,
                            "values_reason": "Not known."
                            if name == "lifecycle"
                            else None,
                            "cohort_actual_amount": None
                            if origin == LAST
                            else 1000.0 * number,
                        }
                    )
    numbers = ("actual_amount", "values_amount", "cohort_actual_amount")
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float))


def _values_at_risk() -> pd.DataFrame:
    """Fourteen customers, one of whom is named like HTML."""
    places = range(1, 15)
    return pd.DataFrame(
        {
            "value_at_risk_id": [f"C{place:04}|{LAST}" for place in places],
            "customer_id": [
                NASTY_STATE if place == 2 else f"C{place:04}" for place in places
            ],
            "clock_state": [
                "silent",
                "on_time",
                "unknown",
                "late",
                "due",
                "silent",
                "due",
            ]
            * 2,
            "why": [
                f"Silent for {13 * place} days, usually {5 + place} between orders."
                for place in places
            ],
            "risk_rank": places,
            "value_12m_if_active_amount": [9000.5 / place for place in places],
            "loss_90d_probability": 0.75,
            "value_at_risk_amount": [6750.375 / place for place in places],
            "break_even_discount_amount": [2250.125 / place for place in places],
            "usual_gap_days": [5.25 + place for place in places],
            "silence_days": [13 * place for place in places],
            "is_of_margin": True,
            "month": pd.Timestamp(LAST),
            "at_risk_since_month": [
                None
                if place % 7 in (2, 3, 5, 0)
                else pd.Timestamp(LAST) - pd.DateOffset(months=place)
                for place in places
            ],
        }
    )


def _segment_values() -> pd.DataFrame:
    """What segments are worth in the last months; the fourth has no band."""
    rows = []
    for name, (number, size), month in product(CANDIDATES, SIZES.items(), MONTHS[-14:]):
        worth = 1000.25 * number + size + 10 * MONTHS.index(month)
        banded = number != 4
        rows.append(
            {
                "segment_value_id": f"{name}-{number}|{month}",
                "segmentation": name,
                "segment_id": f"{name}-{number}",
                "customers": size,
                "value_12m_amount": worth,
                "lower_80_value_12m_amount": 0.6 * worth if banded else None,
                "upper_80_value_12m_amount": 1.7 * worth if banded else None,
                "value_at_risk_amount": 0.3 * worth + number,
                "top_tenth_share": 0.31 + number / 100,
                "is_calibrated": banded,
                "month": month,
            }
        )
    return pd.DataFrame(rows).astype({"month": "datetime64[us]"})


def _behaviour_changes() -> pd.DataFrame:
    """Tests of the customers of each segment; two are unusual in one of them."""
    rows = []
    channels = enumerate(["timing", "rate", "spend", "mix"])
    for (place, channel), number, month in product(channels, SIZES, MONTHS[-3:]):
        unusual = 2 if (place, number) == (3, 1) else SIZES[number] // (4 + 2 * place)
        rows.append(
            {
                "segment_behaviour_change_id": f"{channel}|{number}|{month}",
                "segmentation": "lifecycle",
                "segment_id": f"lifecycle-{number}",
                "channel": channel,
                "tested_customers": SIZES[number] - 1,
                "unusual_customers": unusual,
                "flagged_customers": unusual // 3,
                "flagged_by_chance_customers": unusual / 30,
                "month": month,
            }
        )
    return pd.DataFrame(rows).astype({"month": "datetime64[us]"})


# Ways of saying who orders and what is spent, and how good each was.
WAYS = {
    "orders": {"rfm_rank_sum": 0.741, "mean_rank": 0.786, "recency": 0.702},
    "amounts": {"last_year": 0.807, "blend": 0.742},
}
PUBLISHED_WAYS = {"orders": "mean_rank", "amounts": "blend"}


def _value_backtests() -> pd.DataFrame:
    """Tenths of three earlier months, and of one with a shorter horizon."""
    rows = []
    for target, models in WAYS.items():
        scale = 1.0 if target == "orders" else 2500.0
        for model, (place, month), decile in product(
            models, enumerate(MONTHS[-8:-4]), range(1, 11)
        ):
            said = scale * (0.9 - 0.07 * decile)
            rows.append(
                {
                    "value_backtest_id": f"{month}|{target}|{model}|{decile}",
                    "target": target,
                    "model": model,
                    "horizon_days": 90 if place else 30,
                    "decile": decile,
                    "customers": 20 + place,
                    "said_value": said,
                    "came_value": said * (1.1 - 0.02 * decile) + scale * place / 500,
                    "origin_month": pd.Timestamp(month),
                    "month": pd.Timestamp(MONTHS[-4]),
                }
            )
    return pd.DataFrame(rows)


def _value_accuracy() -> pd.DataFrame:
    rows = []
    for target, models in WAYS.items():
        for model, measured in models.items():
            own = {"relative_error": measured, "relative_total_error": -0.083}
            if target == "orders":
                own = {"auc": measured, "auc_rfm": 0.743}
            rows.append(
                {
                    "value_accuracy_id": f"{target}|{model}",
                    "target": target,
                    "model": model,
                    "horizon_days": 90,
                    "origins": 3,
                    "customers": 1234,
                    "coverage_80_share": 0.787 if target == "amounts" else None,
                    "is_published": PUBLISHED_WAYS[target] == model,
                    "month": pd.Timestamp(LAST),
                    **own,
                }
            )
    return pd.DataFrame(rows)


# Tests: status, segment, metric, weeks, looks, weeks that have ended, arms with their
# customers (the control first), and the lift and half-width of each arm at the end.
TESTS = {
    "Early access": (
        *("finished", None, "average_order_amount", 4, 1, 4),
        {"standard": 300, "early access": 301},
        {"early access": (0.123, 0.06)},
    ),
    "Rewards": (
        *("finished", "value-1", "revenue", 4, 2, 4),
        {"standard": 120, NASTY_STATE: 121, "tiered": 119},
        {NASTY_STATE: (0.021, 0.3), "tiered": (-0.034, 0.31)},
    ),
    "Letters": (
        *("finished", "value-2", "conversion", 4, 1, 4),
        {"bestsellers": 200, "letters": 140},
        {"letters": None},
    ),
    "Tiny": (
        *("finished", "value-3", "conversion", 4, 1, 4),
        {"standard": 3, "voucher": 4},
        {"voucher": (0.5, 0.2)},
    ),
    "Free shipping": (
        *("running", "lifecycle-1", "orders", 8, 2, 3),
        {"standard": 210, "free shipping": 190},
        {"free shipping": (0.05, 0.2)},
    ),
    "Free service": (
        *("planned", "value-1", "retention", 8, 2, 0),
        {"standard": 61, "free service": 62},
        {},
    ),
    "Crooked": ("refused", "value-2", "revenue", 4, 1, 0, {}, {}),
}
WITHHELD = "Withheld: arms do not have the sizes of their shares (p = 2e-05)."


def _experiments() -> pd.DataFrame:
    rows = []
    for place, (name, test) in enumerate(TESTS.items()):
        status, segment, metric, weeks, looks, _, arms, _ = test
        start = pd.Timestamp("2017-06-01") + pd.Timedelta(weeks=place)
        rows.append(
            {
                "experiment": name,
                "segmentation": "lifecycle" if segment is None else segment[:-2],
                "segment_id": segment,
                "hypothesis": f"{name} raises it, says {NASTY}",
                "primary_metric": metric,
                "test": None,
                "status": status,
                "refusal": "Its shares add to 1.2." if status == "refused" else None,
                "planned_weeks": weeks,
                "planned_looks": looks,
                "arms": len(arms) or 2,
                "customers": sum(arms.values()) or None,
                "control_share": 0.5,
                "expected_lift_share": 0.1,
                "cost_per_contact": 0.27,
                "discount_share": 0.15 if name == "Free service" else None,
                "start_date": start,
                "end_date": start + pd.Timedelta(days=7 * weeks - 1),
            }
        )
    numbers = {"customers": "Int64", "discount_share": float}
    return pd.DataFrame(rows).astype(numbers)


def _assignments() -> pd.DataFrame:
    """Who was drawn for what; ids are none that a page may show."""
    return pd.DataFrame(
        {
            "experiment": name,
            "customer_id": f"secret-{name}-{arm}-{number}",
            "arm": arm,
            "is_control": place == 0,
        }
        for name, (*_, arms, _) in TESTS.items()
        for place, (arm, customers) in enumerate(arms.items())
        for number in range(customers)
    )


def _readouts() -> pd.DataFrame:
    """Differences grow to what they are at the end; bands narrow."""
    rows = []
    for name, (*_, metric, weeks, looks, ended, arms, lifts) in TESTS.items():
        control, *_ = arms or [None]
        mean = {"average_order_amount": 80.5, "revenue": 31.25}.get(metric, 0.4)
        planned = {weeks} if looks == 1 else {weeks // 2, weeks}
        for (arm, lift), week in product(lifts.items(), range(1, ended + 1)):
            row = {
                "experiment": name,
                "metric": metric,
                "estimator": "post-stratified",
                "arm": arm,
                "control_arm": control,
                "test": "welch",
                "week": week,
                "customers": arms[arm],
                "control_customers": arms[control],
                "is_unbounded": False,
                "is_planned_look": week in planned,
                "is_primary": True,
                "reason": WITHHELD if lift is None else f"p = 0.{week}7 at this week.",
                "decision": None,
            }
            if lift is not None:
                found, half = lift[0] * week / ended, lift[1] * ended / week
                ends = {"lower": found - half, "upper": found + half}
                row |= {"mean": mean * (1 + found), "control_mean": mean}
                row |= {"difference": mean * found, "relative_lift": found}
                for end, value in ends.items():
                    row[f"difference_{end}"] = mean * value
                    row[f"relative_lift_{end}"] = value
                    if name != "Rewards":
                        row[f"anytime_{end}"] = mean * (1.5 * value - 0.5 * found)
            if week in planned:
                row["decision"] = "withheld"
                if lift is not None:
                    is_far = lift[0] > lift[1]
                    row["decision"] = "better" if is_far else "cannot be told"
            rows.append(row)
    # Other estimators and metrics decide nothing.
    beside = [{**row, "estimator": "cuped", "is_primary": False} for row in rows]
    return pd.DataFrame([*rows, *beside])


def _experiment_checks() -> pd.DataFrame:
    rows = []
    for name, (status, *_, arms, _) in TESTS.items():
        is_right = name != "Letters"
        for check, is_passed, meaning in (
            ("balance", True, "Customers of all arms were worth as much."),
            ("sample ratio", is_right, f"{len(arms)} arms." if is_right else WITHHELD),
            ("contact rate", None, "No contacts are known."),
        ):
            if status not in ("planned", "refused"):
                row = {"experiment": name, "check_name": check, "meaning": meaning}
                rows.append({**row, "is_passed": is_passed})
    return pd.DataFrame(rows)


def _experiment_returns() -> pd.DataFrame:
    told = {
        "gain": 2411.5,
        "gain_lower": 1204.25,
        "gain_upper": 3618.75,
        "cost": 81.27,
        "discount_cost": 0.0,
        "return_on_investment": 28.67,
        "return_lower": 13.82,
        "return_upper": 43.53,
        "probability_positive": 0.993,
        "break_even_lift": 0.0034,
        "payback_weeks": 1,
        "test_cost": 2301.5,
        "test_worth": 17.5,
        "discount_share_spent": 0.41,
        "revenue_share": 0.27,
    }
    early = "Nothing is told before the first planned look."
    rows = [
        {"experiment": "Early access", "arm": "early access", **told}
        | {"reason": "On margin. It paid with a chance of 99%.", "is_of_margin": True},
        {"experiment": "Rewards", "arm": "tiered", **told}
        | {"gain": -55.25, "gain_lower": -612.5, "payback_weeks": None}
        | {"test_worth": 0.0}
        | {"reason": "On revenue, for the cost of goods is not known."},
        {"experiment": "Free shipping", "arm": "free shipping", "reason": early},
        {"experiment": "Letters", "arm": "letters", "reason": WITHHELD},
        {"experiment": "Tiny", "arm": "voucher", **told, "reason": "On margin."},
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(is_of_margin=frame["is_of_margin"].eq(True))


# Metrics of which something could be measured, and the least lift in the first segment.
MEASURABLE = {
    "revenue": 0.62,
    "orders": 0.21,
    "conversion": 0.13,
    "average_order_amount": 0.055,
    "retention": 0.094,
}


def _testability() -> pd.DataFrame:
    """Larger segments, longer tests and equal arms see smaller lifts.

    Of the second segment, small controls find lifts of revenue that are none.
    """
    rows = []
    sizes = {
        **{
            (segmentation, f"{segmentation}-{number}"): size
            for segmentation in CANDIDATES
            for number, size in SIZES.items()
        },
        ("all", "all"): sum(SIZES.values()),
    }
    for (key, size), (metric, least), share, weeks in product(
        sizes.items(), MEASURABLE.items(), (0.1, 0.3, 0.5), (4, 13)
    ):
        control = 0.5 / math.sqrt(share * (1 - share))
        lift = round(least * control * math.sqrt(400 / size * 13 / weeks), 4)
        is_offered = (metric, share, key[1][-2:]) != ("revenue", 0.1, "-2")
        is_found = is_offered and lift <= 0.1
        rows.append(
            {
                "segmentation": key[0],
                "segment_id": key[1],
                "segment_name": key[1],
                "metric": metric,
                "control_share": share,
                "weeks": weeks,
                "customers": size,
                "mean": 12.5,
                "standard_deviation": 3.25,
                "variance_reduction_share": round(0.31 - weeks / 100, 4),
                "presence_share": round(0.9 - weeks / 100, 4),
                "mde_share": lift,
                "power_at_expected": 0.5,
                "expected_lift_share": 0.1,
                "aa_false_positive_share": 0.048 if is_offered else 0.137,
                "best_weeks": 13,
                "smallest_control_customers": 57 if is_found else None,
                "test": "welch",
                "is_offered": is_offered,
                "verdict": "testable" if is_found else f"pool with {NASTY}",
                "why": f"{size:,} customers in {weeks} weeks: {lift:.0%}, says {NASTY}",
            }
        )
    return pd.DataFrame(rows).astype({"smallest_control_customers": "Int64"})


def _proposals() -> pd.DataFrame:
    """A test for each segment; of the third and of the new nobody has a playbook."""
    return pd.DataFrame(
        {
            "segment_id": f"{segmentation}-{number}",
            "segmentation": segmentation,
            "persona": f"Persona {number}",
            "planned_experiment": "Free service"
            if (segmentation, number) == ("value", 1)
            else None,
            "experiment": f"Test of {number}",
            "hypothesis": f"Who gets a gift worth 3 % of it, orders more, says {NASTY}",
            "primary_metric": "retention" if number == 1 else "revenue",
            "control_arm": "standard",
            "first_arm": "a gift",
            "second_arm": "a letter" if number == 2 else None,
            "arms": 3 if number == 2 else 2,
        }
        for segmentation in CANDIDATES
        for number in (1, 2, 3)
    )


def _campaigns() -> pd.DataFrame:
    """One of many customers, of whom few clicked, and one of few."""
    return pd.DataFrame(
        {
            "campaign": campaign,
            "verdict": "not a test",
            "meaning": "Nobody was left out by lot, so nothing follows from it.",
            "contacts": customers + 7,
            "customers": customers,
            "opened_share": 0.375,
            "clicked_share": 0.005,
            "ordered_before_share": 0.32,
            "before_amount": 1250.5,
            "ordered_after_share": 0.355,
            "after_amount": 1304.5,
            "first_contact_date": pd.Timestamp("2017-08-04"),
            "last_contact_date": pd.Timestamp("2017-08-09"),
        }
        for campaign, customers in {"Newsletter": 400, "A few": 4}.items()
    )


def _reconciliations() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ["transactions", 20000, 19000, 900, 100, 35, 0.045, True],
            ["customer_demographics", 4000, 4000, 0, 0, 12, 0.0, True],
        ],
        columns=[
            "input_table",
            "read_rows",
            "accepted_rows",
            "rejected_rows",
            "merged_duplicates",
            "repaired_values",
            "rejected_share",
            "is_balanced",
        ],
    )


def _findings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "input_table": ["transactions"],
            "finding_code": ["unknown_status"],
            "column_name": ["order_status"],
            "severity": ["warning"],
            "found_rows": [3],
            "of_rows": [1200],
        }
    )


def _rejected() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rejected_row_id": str(number),
            "input_table": "transactions",
            "row_key": f"secret-key-{number}",
            "reason_code": "null_customer" if number < 600 else "unparsable_date",
            "raw_row": "secret-raw-row of Jane Doe",
        }
        for number in range(900)
    )


def _claims() -> pd.DataFrame:
    rows = [
        (
            f"Segments are real, says {NASTY}",
            "lifecycle",
            0.5,
            0.48,
            0.52,
            0.22,
            "holds",
        ),
        (
            "The 80 % band covers 75 to 85 %",
            "total",
            None,
            None,
            None,
            0.75,
            "cannot be told",
        ),
        ("Refits agree", "value", 0.7, 0.6, 0.8, 0.8, "fails"),
    ]
    columns = [
        "claim",
        "segmentation",
        "measured_value",
        "lower",
        "upper",
        "threshold",
        "verdict",
    ]
    claims = pd.DataFrame(rows, columns=columns)
    kinds = ["structure-lifecycle", "coverage-cohort-total", "stability-value"]
    claims.insert(0, "claim_id", kinds)
    return claims.assign(
        reproduce_with=["make build", "make bench", None],
        meaning=["Only parts.", "Plan with more room.", f"Moves, says {NASTY}"],
        chance_value=[0.22, None, 0.3],
    )


def with_structure(claims: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Claim of each chosen trial what its column says, as a build does."""
    deciding = trials.sort_values("is_chosen").groupby("segmentation").last()
    verdicts = {True: "holds", False: "fails"}
    said = {
        f"structure-{name}": "cannot be told"
        if pd.isna(is_real)
        else verdicts[bool(is_real)]
        for name, is_real in deciding["has_structure"].items()
    }
    told = claims["claim_id"].map(said).fillna(claims["verdict"])
    new = pd.DataFrame(
        [
            {"claim_id": key, "claim": "There are segments", "verdict": verdict}
            for key, verdict in said.items()
            if key not in set(claims["claim_id"])
        ]
    )
    return pd.concat([claims.assign(verdict=told), new], ignore_index=True)


def _planted_kinds() -> pd.DataFrame:
    columns = {
        "customers": 1_200,
        "kind_agreement": 0.803,
        "lifecycle_kind_agreement": 0.477,
        "switches": 1_874,
        "seen_share": 0.801,
        "chance_seen_share": 0.623,
        "steady_months": 41_059,
        "moved_share": 0.0094,
    }
    return pd.DataFrame({"segmentation": ["rhythm", "value"], **columns})


def frames(structure: bool = True, named: bool = False) -> dict[str, pd.DataFrame]:
    """Every mart as a frame.

    Args:
        structure: whether the null test finds structure; if not, no persona is
            earned.
        named: whether personas are shown although they are not earned.
    """
    return {
        "marts.fct_shop_months": _shop_months(),
        "marts.fct_segmentation_trials": _trials(structure),
        "marts.fct_trial_nulls": _nulls(structure),
        "marts.fct_trial_centroids": _centroids(),
        "marts.fct_silhouettes": _silhouettes(),
        "marts.dim_segments": _segments(structure, named),
        "marts.fct_segment_profiles": _profiles(),
        "marts.fct_segment_kpis": _kpis(),
        "marts.fct_segment_mixes": _mixes(),
        "marts.fct_segment_migrations": _migrations(),
        "marts.rpt_segment_stability": _stability(),
        "marts.fct_segment_events": _events(),
        "marts.dim_model_versions": _versions(),
        "marts.dim_forecast_models": forecast_models().to_pandas(),
        "marts.fct_segment_expectations": _expectations(),
        "marts.rpt_transition_tests": _transition_tests(),
        "marts.fct_segment_departures": _departures(),
        "marts.fct_departure_features": _departure_features(),
        "marts.fct_segment_revenue_months": _revenue_months(),
        "marts.fct_revenue_forecasts": _forecasts(),
        "marts.fct_forecast_backtests": _backtests(),
        "marts.rpt_forecast_accuracy": _accuracy(),
        "marts.fct_forecast_views": _views(),
        "marts.fct_value_at_risk": _values_at_risk(),
        "marts.fct_segment_values": _segment_values(),
        "marts.fct_segment_behaviour_changes": _behaviour_changes(),
        "marts.fct_value_backtests": _value_backtests(),
        "marts.rpt_value_accuracy": _value_accuracy(),
        "marts.dim_experiments": _experiments(),
        "marts.fct_experiment_assignments": _assignments(),
        "marts.rpt_experiment_readouts": _readouts(),
        "marts.rpt_experiment_checks": _experiment_checks(),
        "marts.rpt_experiment_returns": _experiment_returns(),
        "marts.rpt_testability": _testability(),
        "marts.rpt_experiment_proposals": _proposals(),
        "marts.rpt_campaigns": _campaigns(),
        "marts.rpt_input_findings": _findings(),
        "marts.rpt_input_reconciliations": _reconciliations(),
        "marts.fct_rejected_rows": _rejected(),
        "audit.rpt_claims": with_structure(_claims(), _trials(structure)),
        "audit.rpt_planted_kinds": _planted_kinds(),
    }


def _decided(marts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Show counts of 5 customers or more, where a frame does not say otherwise."""
    path = ["segmentation", "month", "from_segment_id", "to_segment_id"]
    decided = {}
    for name, frame in marts.items():
        flags = {}
        if name in DECIDED:
            flags["is_shown"] = frame["customers"] >= 5
        if name == "marts.fct_segment_migrations":
            counts = frame.groupby(path, dropna=False)["customers"]
            flags["is_shown"] = counts.transform("min") >= 5
            flags["is_path_shown"] = counts.transform("sum") >= 5
        if name == "marts.rpt_segment_stability":
            flags["is_stay_shown"] = True
        missing = {key: flag for key, flag in flags.items() if key not in frame}
        decided[name] = frame.assign(**missing)
    return decided


@cache
def contract(mart: str) -> dict[str, str]:
    """The columns of a mart and their types, as its contract has them."""
    (path,) = MODELS.rglob(f"{mart.split('.')[1]}.yml")
    (model,) = yaml.load(path.read_text(), yaml.CSafeLoader)["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


def write_published(path: Path, marts: dict[str, pd.DataFrame]) -> Path:
    """Write frames as the marts of a published file, with the columns of contracts.

    Columns that a frame lacks are null; those that its contract lacks are left out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    marts = _decided(marts)
    with duckdb.connect(str(path)) as connection:
        for name, frame in marts.items():
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            types = contract(name)
            columns = ", ".join(f"{column} {kind}" for column, kind in types.items())
            connection.execute(f"create table {name} ({columns})")
            given = frame[[column for column in types if column in frame]]
            connection.register("given", given)
            connection.execute(f"insert into {name} by name select * from given")
            connection.unregister("given")
    return path
