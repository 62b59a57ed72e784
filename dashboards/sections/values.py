"""What customers are worth: money by segment, and how good what was said has been."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import tenths, worths
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    fitting,
    legend,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links

CONTROLS = ("segmentation", "month")
# More months than this would make the page heavy; the marts have them all.
MOST_MONTHS = 12
RANK_SUM = "rfm_rank_sum"
AS_GOOD = "sorting by recency, frequency and spend is as good here"
TARGETS = {"orders": "Orders", "amounts": "Spend"}
# How a way of saying is told, to somebody who has not met it.
WAYS = {
    RANK_SUM: "Sorting by recency, frequency and spend together",
    "recency": "Sorting by the last order alone",
    "purchases": "How often customers order until they stop",
    "logit": "A formula fitted to earlier months",
    "boosting": "Rules learned from earlier months",
    "mean_rank": "The mean place of several ways",
    "last_year": "Last year repeated",
    "expected_orders": "Expected orders times her usual amount",
    "adjusted_orders": "The same, fitted to the chance of any order",
    "blend": "Last year and expected orders together",
}
RANKED_HEADERS = ["Customers sorted by", "Pairs in the right order, of 100", "Shown"]
SPENT_HEADERS = ["Spend told by", "Off by, per customer", "All together", "Shown"]


def ranking(shop: Shop) -> object | None:
    """Find the way of sorting that is published; none where none beats chance."""
    return shop.once(_published).get("orders")


def _published(shop: Shop) -> dict[str, object]:
    judged = shop.read("marts.rpt_value_accuracy")
    rows = judged[judged["is_published"].eq(True)]
    return {row.target: row for row in rows.itertuples()}


# -- Segments --------------------------------------------------------------------


def by_segment(shop: Shop) -> Section | None:
    """Draw what the customers of each segment are worth, beside what is at risk."""
    found = shop.once(groups)
    if not found:
        return None
    states = {values: _worth(shop, rows) for values, rows in found.items()}
    return Section(
        "What each segment is worth",
        [Chart("worth", states, CONTROLS)],
        is_wide=True,
        choices=shop.once(_choices),
    )


def groups(shop: Shop) -> dict[tuple[str, str], pd.DataFrame]:
    """Sort what segments are worth by segmentation and month, without small ones."""
    worth = shop.read("marts.fct_segment_values")
    worth = worth.dropna(subset=["segment_id", "customers", "value_12m_amount"])
    hidden = segmentations.of_hidden_size(shop.marts, worth)
    hidden |= worth["customers"] < shop.smallest_cell
    worth = worth[~hidden]
    worth = worth[worth["month"].isin(sorted(set(worth["month"]))[-MOST_MONTHS:])]
    worth = worth.sort_values(
        "segment_id", key=lambda ids: ids.map(shop.segments.place)
    )
    return {
        (name, formats.month_key(month)): rows
        for (name, month), rows in worth.groupby(["segmentation", "month"])
    }


def _choices(shop: Shop) -> Choices:
    """Offer the latest month first."""
    found = shop.once(groups)
    names = segmentations.ordered(shop.marts, {name for name, _ in found})
    keys = sorted(found, key=lambda values: values[1], reverse=True)
    keys.sort(key=lambda values: names.index(values[0]))
    months = sorted({month for _, month in keys}, reverse=True)
    month = Control(
        "month",
        "Month",
        "select",
        [(month, formats.month(month)) for month in months],
        keys[0][1],
    )
    return Choices([segmentations.control(names), month], keys)


def _worth(shop: Shop, rows: pd.DataFrame) -> State:
    month = rows["month"].iloc[0]
    segments = shop.segments.at(month)
    most = rows.loc[rows["value_12m_amount"].astype(float).idxmax()]
    name = segments.name(most["segment_id"])
    worth = formats.amount(most["value_12m_amount"])
    low, high = (
        formats.amount(most[f"{end}_80_value_12m_amount"]) for end in ("lower", "upper")
    )
    title = f"{name}: worth {worth} in twelve months"
    if not formats.is_missing(most["upper_80_value_12m_amount"]):
        title = fitting(f"{title}, between {low} and {high}", title)
    return State(
        fitting(title, f"Worth most: {name}"),
        [worths.figure(rows, segments)],
        subtitle=(
            f"Expected spend ({formats.unit()}) in the twelve months after"
            f" {formats.month(month)}, with 80 % bands; at risk: what they would spend"
            " if they stayed, weighed by the chance that they do not"
        ),
        note=links.joined(
            _top_tenth(most, name),
            _mostly_gone(rows),
            _without_band(rows),
            _more(shop, most, name),
        ),
    )


def _top_tenth(most: pd.Series, name: str) -> str:
    if formats.is_missing(most["top_tenth_share"]):
        return ""
    return (
        f"{formats.share(most['top_tenth_share'], 0)} of it is in the tenth of"
        f" {name} that is worth most."
    )


def _mostly_gone(rows: pd.DataFrame) -> str:
    """Say why more can be at risk than there is, where it is."""
    if not (rows["value_at_risk_amount"] > rows["value_12m_amount"]).any():
        return ""
    return "More is at risk than a segment is worth where most have gone already."


def _without_band(rows: pd.DataFrame) -> str:
    if rows["upper_80_value_12m_amount"].notna().all():
        return ""
    return "Where there is no band, no earlier month is known to have come true."


def _more(shop: Shop, most: pd.Series, name: str) -> Markup:
    where = most["segmentation"], most["segment_id"]
    found = links.to_segment(shop, f"Who is in {name}", *where)
    return found + "." if found else found


# -- Record ----------------------------------------------------------------------


def said_and_came(shop: Shop) -> Section | None:
    """Set what was said of earlier months beside what came."""
    records = shop.once(_records)
    if not records:
        return None
    states = {(target,): _record(shop, rows) for target, rows in records.items()}
    target = Control(
        "target",
        "Said of",
        "radio",
        [(name, TARGETS[name]) for name in records],
        next(iter(records)),
    )
    judged = shop.read("marts.rpt_value_accuracy")
    tried = {
        (name,): _tried(judged[judged["target"] == name], name) for name in records
    }
    return Section(
        "What was said, and what came",
        [Chart("tenths", states, ("target",), columns=2)],
        is_wide=True,
        proof=[Fragment("tried", tried, ("target",))],
        choices=Choices([target], [(name,) for name in records]),
        own=("target",),
    )


def _records(shop: Shop) -> dict[str, pd.DataFrame]:
    """Put the tenths of earlier months together, of what is published of each kind.

    Where nothing is, they are of the baseline, which shows that nothing is sorted.
    """
    past = shop.read("marts.fct_value_backtests").dropna(
        subset=["customers", "said_value", "came_value"]
    )
    judged = shop.read("marts.rpt_value_accuracy")
    published = shop.once(_published)
    found = {}
    for target in TARGETS:
        if target == "amounts" and target not in published:
            continue
        model = published[target].model if target in published else RANK_SUM
        rows = past[(past["target"] == target) & (past["model"] == model)]
        rows = rows[rows["horizon_days"] == rows["horizon_days"].max()]
        if judged.empty or rows.empty:
            continue
        together = _together(rows)
        shown = together[together["customers"] >= shop.smallest_cell]
        if len(shown) > 1:
            found[target] = shown
    return found


def _together(rows: pd.DataFrame) -> pd.DataFrame:
    """Weigh the tenths of all months by their customers."""
    weights = rows["customers"].astype(float)
    weighed = rows.assign(
        said_value=rows["said_value"] * weights, came_value=rows["came_value"] * weights
    )
    keys = ["target", "model", "horizon_days", "decile"]
    summed = weighed.groupby(keys, as_index=False).agg(
        customers=("customers", "sum"),
        said_value=("said_value", "sum"),
        came_value=("came_value", "sum"),
        months=("origin_month", "nunique"),
        first=("origin_month", "min"),
        last=("origin_month", "max"),
    )
    for value in ("said_value", "came_value"):
        summed[value] = summed[value] / summed["customers"]
    return summed


def _record(shop: Shop, rows: pd.DataFrame) -> State:
    first, last = rows.iloc[0], rows.iloc[-1]
    target, days = first["target"], int(first["horizon_days"])
    if target == "orders":
        title = (
            f"{_of_100(first.came_value)} of 100 in the first tenth ordered,"
            f" {_of_100(last.came_value)} in the last"
        )
        measure = f"Customers who ordered within {days} days (of 100)"
    else:
        title = (
            f"The first tenth spent {formats.amount(first.came_value)} each, said were"
            f" {formats.amount(first.said_value)}"
        )
        measure = f"Spend per customer ({formats.unit()}) within {days} days"
    months = (
        f"{formats.counted(int(rows['months'].max()), 'earlier month')}, up to"
        f" {formats.month(rows['last'].max())}"
    )
    return State(
        title,
        tenths.figures(rows),
        ["By tenth of customers, as they were sorted", "What was said against it"],
        legend([("said", tenths.SAID, "bar"), ("came", tenths.CAME, "bar")]),
        subtitle=f"{measure}, said and come, after {months}",
        note=_order(shop) if target == "orders" else "",
    )


def _of_100(share: float) -> str:
    return formats.count(100 * share)


def _order(shop: Shop) -> str:
    """Say how good the order of the list is, beside the simplest way to sort."""
    best = shop.once(ranking)
    if best is not None and formats.is_missing(best.auc):
        return ""
    if best is None:
        return "Who is sorted first orders no more often than the others do."
    if best.model == RANK_SUM:
        return (
            f"{AS_GOOD[0].upper()}{AS_GOOD[1:]}: no other way was better by more than"
            " luck."
        )
    return (
        f"Of 100 pairs of one who ordered and one who did not,"
        f" {_of_100(best.auc)} were sorted rightly; sorting by recency, frequency and"
        f" spend sorts {_of_100(best.auc_rfm)}."
    )


def _tried(rows: pd.DataFrame, target: str) -> Markup:
    """List all ways that were tried on earlier months."""
    best = ["auc"] if target == "orders" else ["relative_error"]
    rows = rows.sort_values([*best, "model"], ascending=target != "orders")
    if rows.empty:
        return Markup("")
    seen = rows.iloc[0]
    whole = (
        f"Tried on {formats.counted(int(seen['origins']), 'earlier month')},"
        f" {formats.count(seen['customers'])} outcomes of customers"
    )
    if target == "orders":
        body = [
            [_way(row), formats.decimal(100 * row.auc, 1), _shown(row)]
            for row in rows.itertuples()
        ]
        text = (
            "50 of 100 are right by chance. Another way takes the place of sorting by"
            " recency, frequency and spend where it is better by more than luck."
        )
        return part("explained", content=table(whole, RANKED_HEADERS, body), text=text)
    body = [
        [
            _way(row),
            formats.share(row.relative_error),
            formats.share(row.relative_total_error),
            _shown(row),
        ]
        for row in rows.itertuples()
    ]
    text = (
        "Off by: the mean distance of said and spent, as a share of the mean spend. All"
        " together: by how much the sum of all was too high, or too low (-)."
        f"{_held(rows)}"
    )
    return part("explained", content=table(whole, SPENT_HEADERS, body), text=text)


def _held(rows: pd.DataFrame) -> str:
    held = rows[rows["is_published"].eq(True)].dropna(subset=["coverage_80_share"])
    if held.empty:
        return ""
    share = formats.share(held["coverage_80_share"].iloc[0])
    return (
        f" Ranges of single customers held {share} of what they spent; promised were"
        " 80 %."
    )


def _way(row: object) -> str:
    return WAYS.get(row.model, formats.words(row.model))


def _shown(row: object) -> str:
    return "shown" if row.is_published else ""
