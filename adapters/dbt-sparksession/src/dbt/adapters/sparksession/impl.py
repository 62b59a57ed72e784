"""The adapter: dbt-spark's, on a session, with Python models and typed seeds."""

from __future__ import annotations

import datetime
import decimal
from typing import TYPE_CHECKING, Any

from dbt.adapters.base import available
from dbt.adapters.base.impl import ConstraintSupport
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.spark import SparkAdapter
from dbt.adapters.sparksession.connections import SparkSessionConnectionManager
from dbt.adapters.sparksession.python_models import (
    SessionJobHelper,
    frame_of_table,
    write_result,
)
from dbt.adapters.sparksession.session import shared_session
from dbt_common.contracts.constraints import ConstraintType

if TYPE_CHECKING:
    import agate
    from dbt.adapters.base import PythonJobHelper

REPLACING_FORMATS = ("delta", "iceberg")


class SparkSessionAdapter(SparkAdapter):
    """dbt-spark with everything in the one session of the process."""

    ConnectionManager = SparkSessionConnectionManager

    CONSTRAINT_SUPPORT = SparkAdapter.CONSTRAINT_SUPPORT | {
        ConstraintType.not_null: ConstraintSupport.ENFORCED
    }

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """How a Python model can be run: in the session."""
        return {"session": SessionJobHelper}

    @property
    def default_python_submission_method(self) -> str:
        """How a Python model is run when it does not say."""
        return "session"

    def generate_python_submission_response(self, submission_result: Any) -> Any:
        """Say that a Python model ran."""
        return AdapterResponse(_message="OK")

    @available.parse(lambda *args, **kwargs: False)
    def replaces_tables(self, file_format: str) -> bool:
        """Whether `create or replace table` works for a file format."""
        return file_format in REPLACING_FORMATS or self._is_sail

    @available.parse(lambda *args, **kwargs: False)
    def replaces_at_once(self, file_format: str) -> bool:
        """Whether the old table stays until the new one is whole: not so on Sail."""
        return file_format in REPLACING_FORMATS

    @available.parse(lambda *args, **kwargs: True)
    def renames_tables(self) -> bool:
        """Whether `alter table ... rename` works: not on Sail."""
        return not self._is_sail

    @property
    def _is_sail(self) -> bool:
        """Whether the server is Sail.

        Spark's version() names after a space the revision that it was built from,
        Sail's does not: https://spark.apache.org/docs/latest/api/sql/#version.
        """
        if not self.config.credentials.remote:
            return False
        if not hasattr(self, "_version"):
            session = shared_session(self.config.credentials)
            self._version = session.sql("select version()").collect()[0][0]
        return " " not in self._version

    @available.parse(lambda *args, **kwargs: None)
    def load_seed(self, relation: str, rows: agate.Table, types: list[str]) -> str:
        """Append the rows of a seed, typed by Spark; return the statement.

        Args:
            relation: the table, as SQL names it.
            rows: of the seed; nulls stay nulls, text stays as it is.
            types: Spark's name of each column's type.
        """
        import pyarrow

        columns = [map(_as_text, column.values()) for column in rows.columns]
        texts = [pyarrow.array(column, "string") for column in columns]
        numbered = [f"c{number}" for number in range(len(texts))]
        casts = ", ".join(
            f"cast({column} as {kind})"
            for column, kind in zip(numbered, types, strict=True)
        )
        view = f"{relation.replace('.', '__')}__dbt_seed"
        statement = f"insert into {relation} select {casts} from {view}"
        session = shared_session(self.config.credentials)
        frame = frame_of_table(session, pyarrow.table(texts, numbered))
        write_result(session, frame, view, [statement])
        return statement


def _as_text(value: Any) -> str | None:
    """Return a value as Spark's cast reads it."""
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return None if value is None else str(value)
