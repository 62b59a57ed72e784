"""Data quality: what was read, kept, repaired and turned away, and why."""

from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import inputs, made

FILE, TITLE = "quality.html", "Data quality"
SECTIONS = (inputs.rows_by_input, inputs.reconciliation, inputs.left_open)


def build(shop: Shop) -> Page:
    """Build the data quality page."""
    sections = made(SECTIONS, shop)
    if not sections:
        return Page(FILE, TITLE, "No input has been reconciled yet.", [])
    sentence = (
        "Every row that was read is accepted, merged with its duplicate, or rejected"
        " with a reason. Numbers are rows, not customers."
    )
    return Page(FILE, TITLE, sentence, sections)
