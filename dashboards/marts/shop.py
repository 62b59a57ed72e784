"""The shop that is shown: its published marts, and what sections make of them once."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pandas as pd
from trajectories.dashboards.marts.published import PublishedMarts
from trajectories.dashboards.marts.segmentations import Segments, Trials

# As long as the variable `currency` may be (macros/inputs/check_variables.sql).
LONGEST_CURRENCY = 8


class Shop:
    """What every section is made of.

    Attributes:
        marts: the published marts.
        smallest_cell: numbers of fewer customers are not shown.
    """

    def __init__(self, marts: PublishedMarts) -> None:
        """Take the marts; nothing is read before it is asked for."""
        self.marts = marts
        self.smallest_cell = marts.smallest_cell
        self._made: dict[Callable, Any] = {}

    def read(self, mart: str) -> pd.DataFrame:
        """Read one mart."""
        return self.marts.read(mart)

    @cached_property
    def currency(self) -> str:
        """What amounts are written with; empty where nothing names it in a word."""
        named = self.read("marts.fct_shop_months")["currency"].dropna()
        return next(filter(_is_word, named), "")

    @cached_property
    def segments(self) -> Segments:
        """All segments, with their names, marks and order."""
        return Segments(self.marts)

    @cached_property
    def trials(self) -> Trials:
        """All trials."""
        return Trials(self.marts)

    def once(self, make: Callable[["Shop"], Any]) -> Any:
        """Give what `make` makes of the shop; made once, for all sections."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]


def _is_word(currency: str) -> bool:
    """Say whether nothing of a currency can be markup or part of a number."""
    is_short = 0 < len(currency) <= LONGEST_CURRENCY
    return is_short and not any(
        letter.isdigit() or letter.isspace() or letter in "<>&" for letter in currency
    )
