"""Value: whose loss costs most, what is she worth, and how sure that is."""

from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import changes, made, risks, values

FILE, TITLE = "value.html", "Value"
SECTIONS = (
    risks.who_is_at_risk,
    changes.what_changed,
    values.by_segment,
    values.said_and_came,
)


def build(shop: Shop) -> Page:
    """Build the page of what customers are worth."""
    sections = made(SECTIONS, shop)
    banners = segmentations.structure_banner(shop.marts) if sections else []
    return Page(FILE, TITLE, _sentence(shop), sections, banners)


def _sentence(shop: Shop) -> str:
    """Say what is at risk, or why that is not said."""
    ranking = shop.once(values.ranking)
    if shop.read("marts.rpt_value_accuracy").empty:
        return "What customers are worth cannot be said yet: too few months have come."
    if ranking is None:
        return (
            "Nobody is listed: no way of sorting the customers of this shop told better"
            " than chance who would order again."
        )
    customers = shop.once(risks.scored)
    if customers.empty:
        return "What customers are worth is not said for the latest month."
    if segmentations.is_small(len(customers), shop.smallest_cell):
        return f"Nobody is listed. {formats.hidden(shop.smallest_cell)}"
    said = (
        f"{formats.amount(customers['value_at_risk_amount'].sum())} of the"
        f" {formats.amount(customers['value_12m_if_active_amount'].sum())} that"
        " customers would spend in the next twelve months, if all stayed, is at risk:"
        " each weighed by the chance that she does not order within 90 days."
    )
    if ranking.model == values.RANK_SUM:
        return f"{said} For the order, {values.AS_GOOD}."
    return said
