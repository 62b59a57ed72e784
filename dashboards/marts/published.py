"""The only way the pages read data: whole published marts, read-only.

What columns there are, a mart says itself, as its contract has it. A page that looks
for one that is not there is of another version of this project than the marts are.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import duckdb
import pandas as pd

# What the marts decide: whether a number of customers is shown.
FLAGS = {"is_shown", "is_path_shown", "is_stay_shown"}
# Pages tell of people together: who they are is read for lists of customers only.
PERSON = "customer_id"
# Rows come in the order of these columns, as far as a mart has them, then of the rest.
ORDER = (
    "definition",
    "segmentation",
    "segment_id",
    "origin_month",
    "month",
    "from_segment_id",
    "to_segment_id",
    "event",
    "model",
    "segmentation_trial_id",
    "shuffle_number",
)


class UnreadableMartsError(Exception):
    """The published file cannot be read; the message says what to do."""


class PublishedMarts:
    """The published marts as frames, read once each.

    Args:
        path: the published DuckDB file; it is opened read-only.
        smallest_cell: numbers of fewer customers are not shown on any page, nor are
            those that the marts hide with them (`FLAGS`); 1 shows all.
        customer_ids: whether lists of single customers name them by their ids.

    Raises:
        UnreadableMartsError: there is no such file, DuckDB cannot open it, it lacks a
            mart or a column, or it was built for a smaller cell, so that hidden numbers
            could be computed.
    """

    def __init__(
        self, path: Path, smallest_cell: int = 5, customer_ids: bool = True
    ) -> None:
        """Open the file."""
        self.smallest_cell = smallest_cell
        self._customer_ids = customer_ids
        self._path = path
        if not path.is_file():
            raise UnreadableMartsError(
                f"Read {path} for the published marts, found no such file:"
                " run `make build` (or `dbt build`) first."
            )
        try:
            self._connection = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise UnreadableMartsError(
                f"Read {path} for the published marts, found that DuckDB cannot"
                f" open it ({error}): run `make build` again."
            ) from error
        self._frames: dict[str, pd.DataFrame] = {}

    def __enter__(self) -> "PublishedMarts":
        """Return itself, open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._connection.close()

    def read(self, mart: str) -> pd.DataFrame:
        """Read one mart, sorted by its columns, dates as pandas timestamps.

        Args:
            mart: schema and name.

        Returns:
            A frame with all columns of the mart but `PERSON`.
        """
        if mart not in self._frames:
            columns = [name for name in self._columns(mart) if name != PERSON]
            first = [name for name in ORDER if name in columns]
            order = dict.fromkeys([*first, *columns])
            frame = self._connection.sql(
                f"select {', '.join(columns)} from {mart} order by {', '.join(order)}"
            ).df()
            # Null is not true, and no third thing.
            for name, flags in frame.select_dtypes("boolean").items():
                frame[name] = flags.astype(object).where(flags.notna(), None)
            for flag in FLAGS.intersection(frame):
                frame[flag] = self._decided(frame, flag, mart)
            self._frames[mart] = frame
        return self._frames[mart].copy()

    def count(self, mart: str, columns: list[str], counted: str) -> pd.DataFrame:
        """Count the rows of a mart by some columns; no other leaves the file.

        Returns:
            A frame with the columns and the count, called `counted`, sorted.
        """
        lacking = [name for name in columns if name not in self._columns(mart)]
        if lacking:
            raise self._lacks(f"{mart} for a page", f"no column {', '.join(lacking)}")
        names = ", ".join(columns)
        return self._connection.sql(
            f"select {names}, count(*) as {counted} from {mart}"
            " group by all order by all"
        ).df()

    def ids(self, mart: str, key: str, values: list) -> dict:
        """Find by which ids a list of customers names them, by a key of a mart.

        Returns:
            The ids by the key; none where ids are switched off, or where one looks
            like an address, which is no pseudonym.
        """
        if not self._customer_ids:
            return {}
        found = self._connection.execute(
            f"select {key}, {PERSON} from {mart} where {key} in (select unnest(?))"
            f" and {PERSON} is not null",
            [values],
        ).fetchall()
        return {} if any("@" in name for _, name in found) else dict(found)

    @contextmanager
    def naming_missing_columns(self, page: str) -> Iterator[None]:
        """Say in a sentence which column it is that a page looks for in vain."""
        try:
            yield
        except (AttributeError, KeyError) as error:
            if not _is_of_a_frame(error):
                raise
            name = error.name if isinstance(error, AttributeError) else error.args[0]
            what, found = f"its marts for the page {page}", f"no column {name}"
            raise self._lacks(what, found) from error

    def _columns(self, mart: str) -> list[str]:
        columns = self._connection.execute(
            "select column_name from information_schema.columns"
            " where table_schema = ? and table_name = ? order by ordinal_position",
            mart.split("."),
        ).fetchall()
        if not columns:
            raise self._lacks(f"{mart} for a page", "no such mart")
        return [name for (name,) in columns]

    def _lacks(self, what: str, found: str) -> UnreadableMartsError:
        return UnreadableMartsError(
            f"Read {self._path} and {what}, found {found}: it was published by another"
            " version of this project, so run `make build` (or `dbt build`) with this"
            " one."
        )

    def _decided(self, frame: pd.DataFrame, flag: str, mart: str) -> pd.Series:
        """Take over what a mart decided to show; 1 as the smallest cell shows all."""
        if self.smallest_cell <= 1:
            return pd.Series(True, frame.index, dtype=bool)
        shown = frame[flag].eq(True).fillna(False).astype(bool)
        customers = frame["customers"]
        few = shown & customers.between(1, self.smallest_cell - 1)
        if flag == "is_shown" and few.any():
            raise UnreadableMartsError(
                f"Read {mart} for numbers of {self.smallest_cell} customers or more,"
                f" found {int(customers[few].min())} among those to be shown: build"
                f" with --vars 'smallest_cell: {self.smallest_cell}', for what else has"
                " to be hidden with smaller numbers is decided there."
            )
        return shown


def _is_of_a_frame(error: AttributeError | KeyError) -> bool:
    """Tell whether it is a frame, or a row of one, in which a name was not found."""
    if isinstance(error, AttributeError):
        return isinstance(error.obj, (pd.DataFrame, pd.Series)) or hasattr(
            error.obj, "_fields"
        )
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__", "").startswith("pandas.")
