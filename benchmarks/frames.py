"""Functions of Arrow tables, for who has data frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd
import pyarrow as pa


def as_table(value: Any) -> Any:
    """Turn a frame into a table, without its index; leave all else as it is."""
    if isinstance(value, pd.DataFrame):
        return pa.Table.from_pandas(value, preserve_index=False)
    return value


def of_frames(function: Callable[..., pa.Table]) -> Callable[..., pd.DataFrame]:
    """Make a function that takes and gives frames of one that does so with tables."""

    @wraps(function)
    def call(*values: Any, **options: Any) -> pd.DataFrame:
        given = {name: as_table(value) for name, value in options.items()}
        return function(*map(as_table, values), **given).to_pandas()

    return call
