"""What pages need to know of experiments: plans, arms, and what may be told of them."""

import pandas as pd
from trajectories.dashboards.looks import formats
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop

# How a metric is told, to somebody who has not met it.
METRICS = {
    "revenue": "Revenue per customer",
    "margin": "Margin per customer",
    "orders": "Orders per customer",
    "conversion": "Customers who order",
    "average_order_amount": "Average order",
    "sessions": "Web sessions per customer",
    "retention": "Customers who still order at the end",
    "opened": "Customers who open a message",
    "clicked": "Customers who click",
}
SHARES = {"conversion", "retention", "opened", "clicked"}
COUNTS = {"orders", "sessions"}
ALL, EVERYBODY = "all", "All active customers"
# Where a test stands, those first of which something is told.
STATES = {
    "finished": "finished",
    "running": "running",
    "planned": "planned",
    "refused": "refused",
}


def plans(shop: Shop) -> pd.DataFrame:
    """Read the plans, finished tests first, and of these the latest."""
    read = shop.read("marts.dim_experiments")
    places = {name: place for place, name in enumerate(STATES)}
    return (
        read.assign(place=read["status"].map(places))
        .sort_values(
            ["place", "start_date", "experiment"], ascending=[True, False, True]
        )
        .reset_index(drop=True)
    )


def arms(shop: Shop) -> dict[str, pd.DataFrame]:
    """Count the customers of each arm of each experiment, the control first."""
    columns = ["experiment", "is_control", "arm"]
    found = shop.marts.count("marts.fct_experiment_assignments", columns, "customers")
    found["is_control"] = found["is_control"].eq(True).fillna(False).astype(bool)
    found = found.sort_values(
        ["experiment", "is_control", "arm"], ascending=[True, False, True]
    )
    return dict(iter(found.groupby("experiment")))


def has_small_arm(shop: Shop, experiment: str) -> bool:
    """Say whether an arm has too few customers to be told of."""
    rows = shop.once(arms).get(experiment)
    return rows is not None and bool((rows["customers"] < shop.smallest_cell).any())


def deciding(shop: Shop) -> dict[str, pd.DataFrame]:
    """Read the rows that plans decide by, by experiment, without those of few."""
    rows = shop.read("marts.rpt_experiment_readouts")
    rows = rows[rows["is_primary"].eq(True)]
    few = (rows["customers"] < shop.smallest_cell) | (
        rows["control_customers"] < shop.smallest_cell
    )
    # Of a share, who has done it is a number of customers too.
    for mean, customers in (
        ("mean", "customers"),
        ("control_mean", "control_customers"),
    ):
        did = (rows[mean].astype(float) * rows[customers]).round()
        few |= rows["metric"].isin(SHARES) & did.between(1, shop.smallest_cell - 1)
    small = rows["experiment"].map(lambda name: has_small_arm(shop, name))
    rows = rows[~few & ~small.astype(bool)].sort_values(["experiment", "arm", "week"])
    return dict(iter(rows.groupby("experiment")))


def at_last_look(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of the last planned look that has come, one an arm."""
    looked = rows[rows["is_planned_look"].eq(True) & rows["decision"].notna()]
    return looked[looked["week"] == looked["week"].max()]


def metric(name: str) -> str:
    """Name a metric in words."""
    return METRICS.get(name, formats.words(name))


def unit(name: str) -> str:
    """Name the unit in which differences of a metric are told."""
    if name in SHARES:
        return "of 100 customers"
    return "per 100 customers" if name in COUNTS else formats.unit()


def scale(name: str) -> float:
    """Give what a metric is multiplied by to be told in its unit."""
    return 100.0 if name in SHARES | COUNTS else 1.0


def whom(shop: Shop, segment_id: str | None) -> str:
    """Name who takes part."""
    if formats.is_missing(segment_id) or segment_id == ALL:
        return EVERYBODY
    return shop.segments.name(segment_id)


def designs(shop: Shop) -> pd.DataFrame:
    """Read what could be tested, but for segments whose size is not to be told."""
    rows = shop.read("marts.rpt_testability").dropna(subset=["segment_id"])
    profiles = shop.read("marts.fct_segment_profiles")
    last = profiles.groupby("segmentation")["month"].transform("max")
    hidden = profiles.loc[(profiles["month"] == last) & ~profiles["is_shown"]]
    few = rows["customers"] < max(shop.smallest_cell, 1)
    few |= rows["segment_id"].isin(set(hidden["segment_id"]))
    return rows[~few]


def nearest_design(
    shop: Shop,
    segment_id: str | None,
    metric: str,
    weeks: int | None = None,
    control_share: float | None = None,
) -> object | None:
    """Find the design that was measured nearest to a plan; None where none was.

    Without weeks, that is the one that halves a segment over its best weeks.
    """
    rows = shop.once(designs)
    key = ALL if formats.is_missing(segment_id) else segment_id
    rows = rows[(rows["segment_id"] == key) & (rows["metric"] == metric)]
    rows = rows[rows["is_offered"].eq(True)].dropna(subset=["mde_share"])
    share = 0.5 if formats.is_missing(control_share) else control_share
    wanted = rows["best_weeks"] if formats.is_missing(weeks) else weeks
    rows = rows.assign(
        share_apart=(rows["control_share"] - share).abs(),
        weeks_apart=(rows["weeks"] - wanted).abs(),
    ).sort_values(["weeks_apart", "share_apart", "weeks"])
    return next(rows.itertuples(), None)


def is_hidden(shop: Shop, customers: float | None) -> bool:
    """Say whether a number of customers is too small to be told."""
    return segmentations.is_small(customers, shop.smallest_cell)
