"""What changed this month: by segment and channel, against what chance gives."""

import pandas as pd
from trajectories.dashboards.charts import channels
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Section,
    State,
    fitting,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import links, values

MART = "marts.fct_segment_behaviour_changes"


def what_changed(shop: Shop) -> Section | None:
    """Draw how many customers do what is rare for them, in each channel.

    Changes are told of the segments of one segmentation, whichever is chosen.
    """
    choices = shop.once(_choices)
    if not choices.available:
        return None
    drawn = {month: _state(shop, rows) for month, rows in shop.once(_months).items()}
    states = {asked: drawn[asked[1]] for asked in choices.available}
    return Section(
        "What changed in customers",
        [Chart("changes", states, values.CONTROLS, columns=4)],
        is_wide=True,
        choices=choices,
    )


def _months(shop: Shop) -> dict[str, pd.DataFrame]:
    """Sort what was tested by month, the latest first, without small numbers."""
    tested = shop.read(MART).dropna(subset=["segment_id", "tested_customers"])
    hidden = segmentations.of_hidden_size(shop.marts, tested)
    hidden |= tested["tested_customers"] < max(shop.smallest_cell, 1)
    few = tested["unusual_customers"].fillna(0)
    hidden |= few.between(1, shop.smallest_cell - 1)
    tested = tested[~hidden].sort_values(
        "segment_id", key=lambda ids: ids.map(shop.segments.place)
    )
    months = sorted(set(tested["month"]), reverse=True)[: values.MOST_MONTHS]
    return {
        formats.month_key(month): tested[tested["month"] == month] for month in months
    }


def _choices(shop: Shop) -> Choices:
    """Offer the latest month first, under every segmentation that the page tells of."""
    months = shop.once(_months)
    if not months:
        return Choices()
    others = {name for name, _ in shop.once(values.groups)}
    tested = shop.read(MART)["segmentation"]
    names = segmentations.ordered(shop.marts, {*others, *tested})
    month = Control(
        "month",
        "Month",
        "select",
        [(month, formats.month(month)) for month in months],
        next(iter(months)),
    )
    keys = [(name, month) for name in names for month in months]
    return Choices([segmentations.control(names), month], keys)


def _state(shop: Shop, rows: pd.DataFrame) -> State:
    month = rows["month"].iloc[0]
    segments = shop.segments.at(month)
    drawn = [
        (name, rows[rows["channel"] == name])
        for name in channels.NAMES
        if rows["channel"].eq(name).any()
    ]
    highest = channels.of_100(rows, "unusual_customers").max()
    highest = 1.1 * max(highest, 2 * channels.BY_CHANCE)
    where = formats.words(rows["segmentation"].iloc[0])
    return State(
        _title(rows, segments),
        [channels.figure(part, segments, highest) for _, part in drawn],
        [channels.NAMES[name] for name, _ in drawn],
        subtitle=(
            f"Customers (of 100 tested) by segment of {where} who did in"
            f" {formats.month(month)} what is rare for them; the line: by chance"
        ),
        note=links.joined(_stands_out(rows, shop.smallest_cell)),
    )


def _title(rows: pd.DataFrame, segments: segmentations.Segments) -> str:
    """Say where most is beyond chance, or that nothing is."""
    month = formats.month(rows["month"].iloc[0])
    if not rows["flagged_customers"].sum():
        return f"No change in {month} stands out from chance"
    share = channels.of_100(rows, "unusual_customers")
    most = rows.loc[share.idxmax()]
    name, channel = segments.name(most["segment_id"]), channels.NAMES[most["channel"]]
    told = f"{name}: {share.max():.0f} of 100 changed in {channel.lower()}"
    return fitting(
        f"{told}, {channels.BY_CHANCE} by chance", told, f"Most changed: {name}"
    )


def _stands_out(rows: pd.DataFrame, smallest_cell: int) -> str:
    """Say how many changes are beyond chance, one by one."""
    found = int(rows["flagged_customers"].sum())
    if not found:
        return ""
    if segmentations.is_small(found, smallest_cell):
        return ""
    false = formats.decimal(rows["flagged_by_chance_customers"].sum(), 0)
    return (
        f"Of what is drawn, {formats.counted(found, 'change')} stand out one by one,"
        f" about {false} of them by chance. Who it is: the mart fct_behaviour_changes."
    )
