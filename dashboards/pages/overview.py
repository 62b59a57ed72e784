"""Overview: how the shop did last month, and which claims hold."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import claims, planted
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Page,
    Section,
    State,
    legend,
    part,
    table,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "index.html", "Overview"

MEASURES = {
    "revenue_amount": ("Revenue", "amount", formats.amount),
    "revenue_per_customer_amount": ("Revenue per customer", "amount", formats.amount),
    "customers": ("Customers", "with an order", formats.count),
    "orders": ("Orders", "accepted", formats.count),
}


def build(shop: Shop) -> Page:
    """Build the overview page."""
    marts = shop.marts
    months = _complete_months(marts)
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "How the shop did in its last complete month, and what this project"
            " claims about its customers, with the evidence."
        ),
        banners=segmentations.structure_banner(marts),
        sections=[
            Section("Last complete month", [_headlines(months)], is_wide=True),
            Section("Month by month", _charts(months)),
            Section("What was found", [_findings(marts)], is_wide=True),
            *_planted(marts),
            Section(
                "Claims",
                claims.listed(marts),
                "Each headline number with its interval, the threshold it had to"
                " pass, the verdict, and how to reproduce it.",
                is_wide=True,
            ),
        ],
    )


def _planted(marts: PublishedMarts) -> list[Section]:
    if not planted.is_made_up(marts):
        return []
    sentence = (
        f"{planted.MADE_UP} So it is known who is of which kind, and when each one"
        " switched to another: here is how much of it was found. The agreement"
        " (adjusted Rand index) is 0 by chance and 1 where segments and kinds are the"
        " same groups."
    )
    found = [planted.findings(marts)]
    return [Section("How right this is", found, sentence, is_wide=True)]


def _complete_months(marts: PublishedMarts) -> pd.DataFrame:
    months = marts.read("marts.fct_shop_months")
    months = months[months["is_complete"].eq(True)].sort_values("month")
    small = [
        segmentations.is_small(customers, marts.smallest_cell)
        for customers in months["customers"]
    ]
    months.loc[small, [*MEASURES, "new_customers", "average_order_amount"]] = None
    return months.reset_index(drop=True)


def _month_before(months: pd.DataFrame) -> pd.Series | None:
    """Find the row of the calendar month before the last one."""
    before = months["month"].iloc[-1] - pd.DateOffset(months=1)
    found = months[months["month"] == before]
    return None if found.empty else found.iloc[0]


def _headlines(months: pd.DataFrame) -> Fragment:
    if months.empty:
        sentence = "There is no complete month yet, so there is nothing to compare."
        return Fragment("headlines", {(): part("paragraph", text=sentence)})
    last, before = months.iloc[-1], _month_before(months)
    cards = []
    for column, (label, unit, write) in MEASURES.items():
        earlier = None if before is None else before[column]
        difference = formats.change(last[column], earlier)
        if difference != "no comparison":
            difference += f" on {formats.month(before['month'])}"
        heading = f"{label}, {formats.month(last['month'])}"
        cards.append((heading, write(last[column]), difference, unit))
    return Fragment("headlines", {(): part("headlines", cards=cards)})


def _charts(months: pd.DataFrame) -> list[Chart]:
    return [
        Chart(f"monthly-{column.replace('_', '-')}", {(): _monthly(months, column)})
        for column in MEASURES
    ]


def _monthly(months: pd.DataFrame, column: str) -> State:
    label, unit, write = MEASURES[column]
    values = months[column].astype(float)
    if values.notna().sum() == 0:
        return State(f"{label}: no complete month to draw.")
    highest = values.idxmax()
    x = [formats.month_key(month) for month in months["month"]]
    traces = [_line(x, values, label, theme.MEASURED)]
    key = Markup("")
    if column == "customers":
        new = months["new_customers"].astype(float)
        traces.append(_line(x, new, "New customers", theme.EXPECTED))
        key = legend(
            [
                ("Customers with an order", theme.MEASURED, "line"),
                ("of them new in the month", theme.EXPECTED, "line"),
            ]
        )
    drawn = theme.figure(
        traces, y=f"{unit.capitalize()}, per month", height=260, xaxis=theme.MONTHS
    )
    last = formats.month(months["month"].iloc[-1])
    title = f"{label}: {write(values.iloc[-1])} in {last}, the highest month so far"
    if highest != months.index[-1]:
        title = (
            f"{label}: {write(values.iloc[-1])} in {last},"
            f" highest in {formats.month(months['month'].loc[highest])}"
            f" ({write(values.loc[highest])})"
        )
    return State(title, [drawn], legend=key)


def _line(x: list[str], values: pd.Series, name: str, mark: theme.Mark) -> dict:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": formats.rounded(values),
        "name": name,
        "line": mark.line,
        "marker": {**mark.point, "size": 5},
    }


WORDS = {
    "holds": "can be believed",
    "fails": "no segments here",
    "cannot be told": "cannot be told",
}


def _findings(marts: PublishedMarts) -> Fragment:
    trials = segmentations.deciding_trials(marts)
    rows = []
    for name in segmentations.ordered(marts, set(trials.index)):
        trial = trials.loc[name]
        verdict = WORDS.get(trial["structure"], "not tested")
        rows.append(
            [
                formats.words(name),
                verdict,
                formats.count(trial["k"]) if trial["is_chosen"] else "none chosen",
                formats.metric(trial["metric"]),
                formats.decimal(trial["silhouette"], 3),
                formats.decimal(trial["null_silhouette"], 3),
                formats.decimal(trial["bootstrap_ari"], 2),
            ]
        )
    if not rows:
        text = "No segmentation has been tried yet."
        return Fragment("findings", {(): part("paragraph", text=text)})
    headers = [
        "Segmentation",
        "Evidence",
        "Segments",
        "Metric",
        "Silhouette",
        "Silhouette, shuffled",
        "Agreement of refits (ARI)",
    ]
    caption = "What was found by each segmentation, beside shuffled orders"
    return Fragment("findings", {(): table(caption, headers, rows, 2)})
