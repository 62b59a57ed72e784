"""Sections that a page takes in: each says whether it has anything to say."""

from collections.abc import Callable, Iterable

from trajectories.dashboards.looks.template import Section
from trajectories.dashboards.marts.shop import Shop


def made(
    sections: Iterable[Callable[[Shop], Section | None]], shop: Shop
) -> list[Section]:
    """Make the sections of a page, but for those that have nothing to say."""
    return [section for make in sections if (section := make(shop)) and section.blocks]
