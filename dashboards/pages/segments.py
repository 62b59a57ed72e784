"""Segments: who they are, how they differ from all customers, what to do."""

import math

from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Page, part
from trajectories.dashboards.marts import profiles, segmentations
from trajectories.dashboards.marts.segmentations import Segments
from trajectories.dashboards.marts.shop import Shop
from trajectories.dashboards.sections import made, mixes, playbooks
from trajectories.dashboards.sections import profiles as profiled

FILE, TITLE = "segments.html", "Segments"
SECTIONS = (
    profiled.sizes,
    profiled.against_all,
    playbooks.playbooks,
    profiled.profile,
    mixes.who_they_are,
)


def build(shop: Shop) -> Page:
    """Build the segments page."""
    sections = made(SECTIONS, shop)
    if not sections:
        return Page(FILE, TITLE, "No customers have been told apart yet.", [])
    month = shop.once(profiles.latest)["month"].max()
    sentence = (
        f"Segments in {formats.month(month)}, the latest month, in original units."
        " Frequency and monetary are per customer over the twelve months up to it."
    )
    banners = [
        *segmentations.structure_banner(shop.marts),
        *_named_banner(shop.segments),
        *_outweighed_banner(shop),
    ]
    return Page(FILE, TITLE, sentence, sections, banners)


def _named_banner(segments: Segments) -> list[Markup]:
    named = [
        identity
        for identity in segments.in_use["segment_id"]
        if segments.is_named_all_the_same(identity)
    ]
    if not named:
        return []
    names = formats.listing(segments.name(identity) for identity in named)
    text = (
        f"{names}: the evidence does not carry these names. A setting asked for them"
        " all the same; read them as suggestions, not as findings."
    )
    heading = "Names without evidence"
    return [part("banner", heading=heading, text=text, kind="warning")]


def _outweighed_banner(shop: Shop) -> list[Markup]:
    """Say which segments one customer makes; of hidden ones nothing is said."""
    rows = shop.once(profiles.latest)
    told = rows[rows["is_outweighed"].eq(True) & rows["is_shown"]]
    if told.empty:
        return []
    # Whole per cent, never rounded up: 99.7 % is not all.
    parts = formats.listing(
        f"{shop.segments.name(row.segment_id)} of {row.segmentation}"
        f" ({math.floor(100 * row.largest_customer_share)} %)"
        for row in told.itertuples()
    )
    text = (
        f"{parts}: one customer outweighs all others together; in brackets is her"
        " part of what they spent or gave back in twelve months. Means, shares of"
        " revenue and the average of all customers are mostly hers; medians are not,"
        " and names were given without her."
    )
    heading = "One customer makes most of a segment"
    return [part("banner", heading=heading, text=text, kind="warning")]
