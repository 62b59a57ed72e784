"""Campaigns of which nobody was left out by lot: described, and not a test."""

from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, Section, part, table
from trajectories.dashboards.marts import experiments
from trajectories.dashboards.marts.shop import Shop

HEADERS = [
    "Campaign",
    "Written to",
    "First contact",
    "Last contact",
    "Opened",
    "Clicked",
    "Ordered in the four weeks before",
    "Ordered in the four weeks after",
]


def campaigns(shop: Shop) -> Section | None:
    """List campaigns without assignment, but for those of few customers."""
    rows = shop.read("marts.rpt_campaigns")
    rows = rows[rows["customers"] >= max(shop.smallest_cell, 1)]
    if rows.empty:
        return None
    body = [
        [
            row.campaign,
            formats.count(row.customers),
            formats.day(row.first_contact_date),
            formats.day(row.last_contact_date),
            *(
                _share(shop, share, row.customers)
                for share in (
                    *(row.opened_share, row.clicked_share),
                    *(row.ordered_before_share, row.ordered_after_share),
                )
            ),
        ]
        for row in rows.sort_values("first_contact_date").itertuples()
    ]
    return Section(
        "Not a test", [Fragment("campaigns", {(): _listed(rows, body)})], is_wide=True
    )


def _listed(rows: object, body: list[list[str]]) -> Markup:
    content = table(
        "Campaigns that compare with nobody", HEADERS, body, is_stacked=True
    )
    return part(
        "explained", content=content, text=" ".join(dict.fromkeys(rows["meaning"]))
    )


def _share(shop: Shop, share: float | None, customers: int) -> str:
    """Write a share of customers, unless these are few."""
    if formats.is_missing(share):
        return formats.NOTHING
    if experiments.is_hidden(shop, round(share * customers)):
        return formats.HIDDEN
    return formats.share(share)
