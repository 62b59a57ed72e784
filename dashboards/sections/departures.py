"""Departures: who left a valued segment, why, and what would have kept them."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    part,
)
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.marts.small_cells import rest_of

CONTROLS = ("segmentation", "segment")
PATH = ["segmentation", "from_segment_id", "to_segment_id", "cause", "month"]
KEEPING = {1: "one order", 2: "two orders", 3: "three orders"}


def who_left(shop: Shop) -> Section | None:
    """Say how many left each valued segment in the latest month."""
    groups = shop.once(_groups)
    if not groups:
        return None
    blocks = [_summary(shop, groups)]
    return Section("Who left", blocks, is_wide=True, choices=shop.once(_choices))


def why(shop: Shop) -> Section | None:
    """Draw what moved most in those who left, and what would have kept them."""
    groups, cell = shop.once(_groups), shop.smallest_cell
    if not groups:
        return None
    blocks = [_reasons(groups, _first_features(shop), cell), _keeping(groups, cell)]
    return Section("Why", blocks, choices=shop.once(_choices))


def _choices(shop: Shop) -> Choices:
    """Offer the segments that were left, the largest group first."""
    groups = shop.once(_groups)
    names = segmentations.ordered(shop.marts, {name for name, _ in groups})
    keys = sorted(
        groups, key=lambda values: (names.index(values[0]), -len(groups[values]))
    )
    segment = Control(
        "segment",
        "Segment that they left",
        "select",
        [(key[1], _left(groups[key], shop.segments)) for key in keys],
        keys[0][1],
    )
    return Choices([segmentations.control(names), segment], keys)


def _groups(shop: Shop) -> dict[tuple[str, str], pd.DataFrame]:
    """Sort the departures of the latest month by the segment that was left.

    Only those on paths that are shown: the others could be computed from the rest.
    """
    rows = shop.read("marts.fct_segment_departures").dropna(subset=["from_segment_id"])
    rows = rows[rows["month"] == rows["month"].max()]
    paths = shop.read("marts.fct_segment_migrations")
    shown = pd.MultiIndex.from_frame(paths.loc[paths["is_shown"], PATH])
    rows = rows[pd.MultiIndex.from_frame(rows[PATH]).isin(shown)]
    return dict(list(rows.groupby(["segmentation", "from_segment_id"])))


def _first_features(shop: Shop) -> pd.DataFrame:
    """Keep the feature of each departure that moved most."""
    features = shop.read("marts.fct_departure_features")
    first = features[features["feature_rank"] == 1]
    direction = [
        "" if formats.is_missing(change) else (" up" if change > 0 else " down")
        for change in first["value_change"]
    ]
    return first.assign(direction=direction)


def _summary(shop: Shop, groups: dict) -> Fragment:
    segments = shop.segments
    events = shop.read("marts.fct_segment_events")
    events = events[events["event"] == "renamed"]
    renamed = set(zip(events["segment_id"], events["month"], strict=True))
    states = {}
    for values, rows in groups.items():
        text = _sentence(rows, segments)
        month = rows["month"].iloc[0]
        if (values[1], month) in renamed:
            now = segments.at(month).name(values[1])
            text += f" From {formats.month(month)} on it is called {now}."
        states[values] = part("paragraph", text=text)
    return Fragment("who-left", states, CONTROLS)


def _left(rows: pd.DataFrame, segments: Segments) -> str:
    """Name the segment that was left as it was called then."""
    then = segments.before(rows["month"].iloc[0])
    return then.name(rows["from_segment_id"].iloc[0])


def _sentence(rows: pd.DataFrame, segments: Segments) -> str:
    name = _left(rows, segments)
    month = formats.month(rows["month"].iloc[0])
    counts = rows["cause"].value_counts().sort_index()
    told = [f"{formats.count(n)} {cause}" for cause, n in counts.items()]
    causes = f": {formats.listing(told)}"
    stake = rows["revenue_12_months_amount"].astype(float).sum()
    worth = (
        f" Their revenue of the last twelve months: {formats.amount(stake)}."
        if stake
        else ""
    )
    return f"{len(rows):,} customers left {name} in {month}{causes}.{worth}"


def _reasons(groups: dict, features: pd.DataFrame, smallest_cell: int) -> Chart:
    states = {}
    for values, rows in groups.items():
        chosen = features["segment_departure_id"].isin(rows["segment_departure_id"])
        counts = features[chosen].groupby(["feature", "direction"]).size()
        states[values] = _reasons_state(counts, _leavers(rows), smallest_cell)
    return Chart("reasons", states, CONTROLS)


def _leavers(rows: pd.DataFrame) -> str:
    """Say whom the charts count."""
    return f"Customers who left in {formats.month(rows['month'].iloc[0])}"


def _reasons_state(counts: pd.Series, leavers: str, smallest_cell: int) -> State:
    hidden = rest_of(counts, smallest_cell)
    shown = counts[~hidden].sort_values(ascending=False, kind="stable")
    if shown.empty:
        return State("No feature moved most for enough customers to be shown.")
    labels = [f"{formats.feature(name)}{direction}" for name, direction in shown.index]
    title = f"What moved most: {labels[0]}, for {shown.iloc[0]} customers"
    note = formats.hidden(smallest_cell) if hidden.any() else ""
    subtitle = f"{leavers}, by the feature that moved most on the month before"
    drawn = _bars(labels, list(shown), "Feature")
    return State(title, [drawn], note=note, subtitle=subtitle)


def _keeping(groups: dict, smallest_cell: int) -> Chart:
    states = {
        values: _keeping_state(rows, smallest_cell) for values, rows in groups.items()
    }
    return Chart("keeping", states, CONTROLS)


def _keeping_state(rows: pd.DataFrame, smallest_cell: int) -> State:
    """Count who would have been kept by how many orders in the month."""
    orders = rows["keeping_orders"].dropna().astype(int)
    counts = {
        KEEPING.get(number, f"{number} orders"): int(customers)
        for number, customers in orders.value_counts().sort_index().items()
    }
    counts["nothing that was looked at"] = len(rows) - len(orders)
    hidden = rest_of(counts.values(), smallest_cell)
    shown = {
        name: n
        for (name, n), is_hidden in zip(counts.items(), hidden, strict=True)
        if n and not is_hidden
    }
    if not shown:
        return State("What would have kept them: too few customers to be shown.")
    kept = len(orders)
    title = (
        "Orders in the month would have kept"
        f" {formats.count(kept)} of {formats.count(len(rows))} customers"
        if not hidden.any()
        else "What would have kept them"
    )
    note = formats.hidden(smallest_cell) if hidden.any() else ""
    labels = [formats.words(name) for name in shown]
    subtitle = f"{_leavers(rows)}, by the fewest orders then that would have kept them"
    drawn = _bars(labels, list(shown.values()), "Kept by")
    return State(title, [drawn], note=note, subtitle=subtitle)


def _bars(labels: list[str], counts: list[int], axis: str) -> theme.Figure:
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": "Customers who left",
        "y": [formats.wrapped(label) for label in labels],
        "x": [int(count) for count in counts],
        "marker": theme.MEASURED.bar,
        "text": [formats.count(count) for count in counts],
        "textposition": "auto",
        "hovertemplate": "%{y}: %{x:,} customers<extra></extra>",
    }
    return theme.figure(
        [trace],
        x="Customers who left",
        y=axis,
        height=100 + 44 * len(labels),
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
    )
