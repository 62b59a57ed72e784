"""Profile, and connections that all use the one session of the process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbt.adapters.contracts.connection import Connection, ConnectionState, Credentials
from dbt.adapters.exceptions import FailedToConnectError
from dbt.adapters.spark.connections import (
    SparkConnectionManager,
    SparkConnectionWrapper,
)
from dbt.adapters.sparksession.session import SessionError, shared_session
from dbt_common.exceptions import DbtRuntimeError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession


@dataclass
class SparkSessionCredentials(Credentials):
    """What a profile of type `sparksession` may say.

    Attributes:
        schema: the default schema.
        master: where Spark runs when its driver is this process.
        remote: the Spark Connect server, `sc://host:port`, instead of a master.
        app_name: what Spark calls the run.
        config: Spark settings, every one that Spark knows.
        packages: importable Python packages that the executors need, too.
        file_format: of tables whose model names none.
        directory: keeps tables and metastore of a local master; absolute, or
            relative to where dbt is started.
    """

    schema: str | None = None  # type: ignore[assignment]
    database: str | None = None  # type: ignore[assignment]
    master: str | None = None
    remote: str | None = None
    app_name: str = "dbt"
    config: dict[str, Any] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    file_format: str = "parquet"
    directory: str | None = None

    @classmethod
    def __pre_deserialize__(cls, data: Any) -> Any:
        """Spark has no databases above schemas, so none need be given."""
        data = super().__pre_deserialize__(data)
        return {"database": None, **data}

    def __post_init__(self) -> None:
        """Raise DbtRuntimeError where the profile does not say where to go."""
        if not self.schema:
            raise DbtRuntimeError("The Spark profile names no schema; add `schema`.")
        if bool(self.master) == bool(self.remote):
            raise DbtRuntimeError(
                "The Spark profile must name either a `master` (local[2], "
                "spark://host:7077, yarn, k8s://...) or a `remote` (a Spark Connect "
                "server, sc://host:15002), and not both."
            )
        if self.database not in (None, self.schema):
            raise DbtRuntimeError(
                f"The Spark profile names the database {self.database}, but on Spark "
                f"a schema stands in no database; leave `database` out."
            )
        self.database = None

    @property
    def type(self) -> str:
        """The name of the adapter in profiles."""
        return "sparksession"

    @property
    def unique_field(self) -> str:
        """What tells one installation from another; dbt hashes it."""
        return str(self.master or self.remote)

    def _connection_keys(self) -> tuple[str, ...]:
        # `remote` may hold a token, so it is not shown.
        return "master", "schema", "app_name", "file_format", "directory", "packages"


class SessionHandle(SparkConnectionWrapper):
    """A cursor on the shared session; each dbt thread has its own."""

    def __init__(self, session: SparkSession) -> None:
        """Take the session; no statement has run yet."""
        self.session = session
        self._frame: DataFrame | None = None

    def cursor(self) -> SessionHandle:
        """Return a fresh cursor."""
        return SessionHandle(self.session)

    def execute(self, sql: str, bindings: list[Any] | None = None) -> None:
        """Run a statement; a query is only analysed until its rows are fetched.

        Raises:
            DbtRuntimeError: what Spark says against it; or when values are to be
                bound, which Spark SQL text in a session cannot do.
        """
        if bindings:
            raise DbtRuntimeError(
                "A statement came with values to bind, which a Spark session does "
                "not take; write the values into the statement."
            )
        from pyspark.errors import PySparkException

        try:
            self._frame = self.session.sql(sql.strip().rstrip(";"))
        except PySparkException as error:
            # Without arguments it would pass dbt-spark, which looks into them.
            raise DbtRuntimeError(str(error)) from error

    def fetchall(self) -> list[Row]:
        """Return all rows of the last statement."""
        return [] if self._frame is None else self._frame.collect()

    def fetchmany(self, size: int) -> list[Row]:
        """Return the first rows of the last statement."""
        return [] if self._frame is None else self._frame.take(size)

    @property
    def description(self) -> list[tuple[Any, ...]]:
        """Names and types of the last statement's columns, as PEP 249 has them."""
        fields = [] if self._frame is None else self._frame.schema.fields
        return [
            (column.name, column.dataType.simpleString(), *[None] * 4, column.nullable)
            for column in fields
        ]

    def cancel(self) -> None:
        """Stop everything that runs in the session."""
        if hasattr(self.session, "interruptAll"):
            self.session.interruptAll()
        else:
            self.session.sparkContext.cancelAllJobs()

    def close(self) -> None:
        """Forget the last statement; the session stays for the other threads."""
        self._frame = None

    def rollback(self) -> None:
        """Do nothing: Spark has no transactions."""


class SparkSessionConnectionManager(SparkConnectionManager):
    """Opens connections on the session of the process."""

    TYPE = "sparksession"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Connect, starting the session when this is the first connection."""
        if connection.state == ConnectionState.OPEN:
            return connection
        try:
            connection.handle = SessionHandle(shared_session(connection.credentials))
        except SessionError as error:
            connection.state = ConnectionState.FAIL
            raise FailedToConnectError(str(error)) from error
        connection.state = ConnectionState.OPEN
        return connection
