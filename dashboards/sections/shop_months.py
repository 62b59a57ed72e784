"""The shop by month: how it did in the last complete one, and in those before."""

import pandas as pd
from trajectories.dashboards.charts import months as drawn
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Section,
    State,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop

MEASURES = {
    "revenue_amount": ("Revenue", "{unit}", formats.amount),
    "revenue_per_customer_amount": ("Revenue per customer", "{unit}", formats.amount),
    "customers": ("Customers", "with an order", formats.count),
    "orders": ("Orders", "accepted", formats.count),
}


def last_month(shop: Shop) -> Section | None:
    """Set the last complete month beside the calendar month before it."""
    months = shop.once(_complete_months)
    return Section("Last complete month", [_headlines(months)], is_wide=True)


def month_by_month(shop: Shop) -> Section | None:
    """Draw each measure over all complete months."""
    months = shop.once(_complete_months)
    charts = [
        Chart(f"monthly-{column.replace('_', '-')}", {(): _monthly(months, column)})
        for column in MEASURES
        if months[column].notna().any()
    ]
    return Section("Month by month", charts)


def _complete_months(shop: Shop) -> pd.DataFrame:
    months = shop.read("marts.fct_shop_months")
    months = months[months["is_complete"].eq(True)].sort_values("month")
    small = [
        segmentations.is_small(customers, shop.smallest_cell)
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
        # A currency stands with the number already.
        value, beside = write(last[column]), formats.with_unit(unit)
        cards.append((heading, value, difference, "" if beside in value else beside))
    return Fragment("headlines", {(): part("headlines", cards=cards)})


def _monthly(months: pd.DataFrame, column: str) -> State:
    label, unit, write = MEASURES[column]
    values = months[column].astype(float)
    highest = values.idxmax()
    lines = [drawn.line(months["month"], values, label, theme.MEASURED)]
    if column == "customers":
        new = months["new_customers"].astype(float)
        lines[0]["name"] = "With an order"
        lines.append(drawn.line(months["month"], new, "New of them", theme.EXPECTED))
    last = formats.month(months["month"].iloc[-1])
    title = f"{label}: {write(values.iloc[-1])} in {last}, the highest month so far"
    if highest != months.index[-1]:
        title = (
            f"{label}: {write(values.iloc[-1])} in {last},"
            f" highest in {formats.month(months['month'].loc[highest])}"
            f" ({write(values.loc[highest])})"
        )
    subtitle = (
        f"{label} ({formats.with_unit(unit)}) per complete month,"
        f" {formats.month(months['month'].iloc[0])} to {last}"
    )
    axis = f"{label} ({formats.unit()})" if unit == "{unit}" else label
    figure = drawn.figure(lines, f"{axis} per month")
    return State(title, [figure], subtitle=subtitle)
