"""Forecast: what each segment and the shop will earn, and how far to trust it."""

from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import forecast, made

FILE, TITLE = "forecast.html", "Forecast"
SECTIONS = (forecast.what_is_expected, forecast.two_views)


def build(shop: Shop) -> Page:
    """Build the forecast page."""
    sections = made(SECTIONS, shop)
    if not sections:
        sentence = "No forecast has been made yet."
        if forecast.is_made(shop):
            sentence = f"No segment can be shown. {formats.hidden(shop.smallest_cell)}"
        return Page(FILE, TITLE, sentence, [])
    sentence = (
        "Revenue of the coming months, for all customers and for each segment. The"
        " bands say where it will be with 80 and 95 per cent confidence; how often"
        " that was true of past months is said below."
    )
    banners = segmentations.structure_banner(shop.marts)
    return Page(FILE, TITLE, sentence, sections, banners)
