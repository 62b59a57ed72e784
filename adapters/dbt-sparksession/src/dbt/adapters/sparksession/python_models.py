"""Runs Python models, and turns what they return into Spark data frames."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from dbt.adapters.base import PythonJobHelper
from dbt.adapters.sparksession.session import shared_session
from dbt_common.exceptions import DbtRuntimeError

if TYPE_CHECKING:
    import pyarrow
    from dbt.adapters.sparksession.connections import SparkSessionCredentials
    from pyspark.sql import DataFrame, SparkSession


class SessionJobHelper(PythonJobHelper):
    """Runs a compiled Python model in this process, in the shared session."""

    def __init__(
        self, parsed_model: dict[str, Any], credentials: SparkSessionCredentials
    ) -> None:
        """Take dbt's description of the model, and the profile."""
        self.model = parsed_model
        self.credentials = credentials

    def submit(self, compiled_code: str) -> None:
        """Run the model and write its result.

        The scope has a name that cannot be imported, so that cloudpickle sends the
        model's functions to executors by value.

        Raises:
            DbtRuntimeError: whatever the model raises, with the lines of the model.
        """
        session = shared_session(self.credentials)
        place = session.catalog.currentCatalog(), session.catalog.currentDatabase()
        scope = {
            "__name__": f"dbt model {self.model['unique_id']}",
            "spark": session,
            "write_result": lambda *rest: write_result(session, *rest),
        }
        try:
            # Without the blank lines of macros, so that lines count as in the file.
            source, path = compiled_code.lstrip(), self.model["original_file_path"]
            code = compile(source, path, "exec")
            exec(code, scope)
        except Exception as error:
            lines = "".join(traceback.format_exception(error)[2:])
            raise DbtRuntimeError(
                f"The Python model {self.model['name']} failed: {error}\n{lines}"
            ) from error
        finally:
            _return_to(session, *place)


def _return_to(session: SparkSession, catalog: str, database: str) -> None:
    """Undo a model's change of catalog or database: other threads share the session."""
    if session.catalog.currentCatalog() != catalog:
        session.catalog.setCurrentCatalog(catalog)
    if session.catalog.currentDatabase() != database:
        session.catalog.setCurrentDatabase(database)


def write_result(
    session: SparkSession, result: Any, view: str, statements: list[str]
) -> None:
    """Run statements that read a model's result as a temporary view."""
    as_frame(session, result).createOrReplaceTempView(view)
    try:
        for statement in statements:
            session.sql(statement)
    finally:
        session.catalog.dropTempView(view)


def as_frame(session: SparkSession, result: Any) -> DataFrame:
    """Return a Spark data frame of a Spark or pandas data frame or Arrow table.

    The types of an Arrow table are kept, also without rows; columns that are null
    throughout and have no type become strings.

    Raises:
        TypeError: when the result is none of these.
    """
    import pandas
    import pyarrow

    if hasattr(result, "createOrReplaceTempView"):
        return result
    if isinstance(result, pandas.DataFrame):
        result = pyarrow.Table.from_pandas(result, preserve_index=False)
    if not isinstance(result, pyarrow.Table):
        raise TypeError(
            f"it returned {type(result).__name__}; return a Spark data frame, a pandas "
            f"data frame or a pyarrow table"
        )
    return frame_of_table(session, result)


def frame_of_table(session: SparkSession, table: pyarrow.Table) -> DataFrame:
    """Return a Spark data frame of an Arrow table."""
    import pyarrow
    from pyspark.sql.pandas.types import from_arrow_schema

    def storable(kind: pyarrow.DataType) -> pyarrow.DataType:
        if pyarrow.types.is_dictionary(kind):
            return kind.value_type
        return pyarrow.string() if pyarrow.types.is_null(kind) else kind

    table = table.cast(
        pyarrow.schema(
            [field.with_type(storable(field.type)) for field in table.schema]
        )
    )
    if not table.num_rows:
        return session.createDataFrame([], from_arrow_schema(table.schema))
    # Spark reads no batch after one without rows: there is one batch.
    return session.createDataFrame(table.combine_chunks())
