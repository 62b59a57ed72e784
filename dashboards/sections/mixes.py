"""Mixes: who the customers of a segment are, where that differs from all customers."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.charts import shares
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Choices,
    Control,
    Fragment,
    Section,
    State,
    legend,
    part,
)
from trajectories.dashboards.marts import mixes, profiles, segmentations
from trajectories.dashboards.marts.shop import Shop

CONTROLS = ("segmentation", "segment")
# Values that are hidden, together.
OTHERS = "all others"
USUAL = ("wealth_segment", "state")


def who_they_are(shop: Shop) -> Section | None:
    """Draw the mixes of a segment that differ from all customers, and name the rest."""
    dimensions, groups = shop.once(_dimensions), shop.once(_groups)
    if not groups or not dimensions:
        return None
    blocks = [
        Fragment("alike", _alike(groups, dimensions, shop), CONTROLS),
        *(_chart(dimension, groups, shop) for dimension in dimensions),
    ]
    sentence = (
        "Drawn is what differs from all other customers by more than chance: where a"
        f" part has a p below {mixes.LARGEST_P_VALUE}, allowing for all parts of all"
        " segments (chi-square test)."
    )
    offered = shop.once(_choices)
    return Section(
        "Who they are", blocks, sentence, choices=offered, own=(CONTROLS[1],)
    )


def _dimensions(shop: Shop) -> list[str]:
    """List wealth and state first, then whatever else the input tells."""
    found = set(shop.once(mixes.told)["dimension"])
    usual = [dimension for dimension in USUAL if dimension in found]
    return usual + sorted(found - set(usual))


def _groups(shop: Shop) -> dict[tuple[str, str], pd.DataFrame]:
    """Sort the parts by segment, those of the latest month in their order."""
    parts = dict(list(shop.once(mixes.told).groupby("segment_id")))
    return {
        (name, identity): parts[identity]
        for name, rows in shop.once(profiles.by_segmentation).items()
        for identity in rows["segment_id"]
        if identity in parts
    }


def _choices(shop: Shop) -> Choices:
    keys = list(shop.once(_groups))
    names = list(dict.fromkeys(name for name, _ in keys))
    segment = Control(
        CONTROLS[1],
        "Segment",
        "select",
        [(identity, shop.segments.name(identity)) for _, identity in keys],
        keys[0][1],
    )
    return Choices([segmentations.control(names), segment], keys)


def _baseline(shop: Shop) -> str:
    return profiles.all_customers(shop.once(profiles.latest)["month"].max())


def _alike(
    groups: dict[tuple[str, str], pd.DataFrame], dimensions: list[str], shop: Shop
) -> dict[tuple[str, str], Markup]:
    """Say in one sentence in what a segment is as all customers are."""
    states = {}
    for values, rows in groups.items():
        alike = mixes.alike(rows, dimensions)
        name = shop.segments.name(values[1])
        if not rows["is_shown"].any():
            hidden = formats.hidden(shop.smallest_cell)
            states[values] = part("paragraph", text=f"Who {name} are: {hidden}")
        elif alike:
            words = formats.listing(dimension.replace("_", " ") for dimension in alike)
            text = (
                f"{formats.words(words)} of {name}: as of {_baseline(shop)}, as far as"
                " can be told."
            )
            states[values] = part("paragraph", text=text)
    return states


def _chart(
    dimension: str, groups: dict[tuple[str, str], pd.DataFrame], shop: Shop
) -> Chart:
    states = {}
    for values, rows in groups.items():
        rows = rows[rows["dimension"] == dimension]
        if rows["differs"].any():
            states[values] = _state(rows, shop.segments.name(values[1]), shop)
    return Chart(f"mix-{dimension.replace('_', '-')}", states, CONTROLS)


def _state(rows: pd.DataFrame, name: str, shop: Shop) -> State:
    label = formats.words(rows["dimension"].iloc[0])
    top = rows.loc[rows["p_value"].idxmin()]
    title = (
        f"{label}: {_value_name(top['dimension_value'])}"
        f" {formats.share(top['customer_share'])}, against"
        f" {formats.share(top['all_share'])} of all customers"
    )
    drawn = _with_others(rows, shop.smallest_cell)
    labels = [formats.wrapped(_value_name(each)) for each in drawn["dimension_value"]]
    customers = [int(each) for each in drawn["customers"]]
    figure = shares.figure(
        [
            shares.bars(
                labels, drawn["customer_share"], name, theme.MEASURED, customers
            ),
            shares.dots(labels, drawn["all_share"], "All customers", theme.EXPECTED),
        ],
        "Per cent of customers",
        label,
        110 + 32 * len(drawn),
    )
    key = legend(
        [(name, theme.MEASURED, "bar"), ("all customers", theme.EXPECTED, "dots")]
    )
    hidden = not rows["is_shown"].all()
    return State(
        title,
        [figure],
        legend=key,
        note=formats.hidden(shop.smallest_cell) if hidden else "",
        subtitle=f"Per cent of {name}, and of {_baseline(shop)}",
    )


def _with_others(rows: pd.DataFrame, smallest_cell: int) -> pd.DataFrame:
    """List the shown parts, the largest first, then the hidden ones together."""
    shown = rows[rows["is_shown"]].sort_values(
        ["customers", "dimension_value"], ascending=[False, True]
    )
    rest = rows.loc[~rows["is_shown"], ["customers", "customer_share"]].sum()
    if rest["customers"] < smallest_cell:
        return shown
    others = {
        "dimension_value": OTHERS,
        "all_share": 1 - shown["all_share"].sum(),
        **rest,
    }
    return pd.concat([shown, pd.DataFrame([others])], ignore_index=True)


def _value_name(value: object) -> str:
    return "not known" if formats.is_missing(value) else str(value)
