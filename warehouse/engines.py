"""What a dbt Python model asks of the engine that it runs on: DuckDB or Spark.

Relations have the same `filter` on both. What differs is here: how rows
come to this process, and how a function goes to where the rows or the workers are.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

# Rows handed at once to a function that works row by row.
BATCH_ROWS = 100_000


def engine_of(session: Any) -> DuckDBEngine | SparkEngine:
    """Return what serves a dbt Python model's session.

    Raises:
        TypeError: it is neither a DuckDB connection nor a Spark session.
    """
    if type(session).__module__.startswith("pyspark."):
        return SparkEngine(session)
    if hasattr(session, "from_arrow"):
        return DuckDBEngine(session)
    raise TypeError(
        f"A dbt Python model was handed a session of {type(session)}. The project runs"
        " on DuckDB and on Spark: use a target of one of these in profiles.yml."
    )


def _sorted(table: pa.Table) -> pa.Table:
    """Sort by all columns from the first on, but for lists, which have no order."""
    fields = [f.name for f in table.schema if not pa.types.is_nested(f.type)]
    return table.sort_by([(name, "ascending") for name in fields])


class DuckDBEngine:
    """Everything in this process."""

    def __init__(self, session: Any):
        """Take the connection that dbt hands to a model."""
        self.session = session

    def table(self, relation: Any) -> pa.Table:
        """Bring a relation here, sorted. Only for what does not grow with customers."""
        return _sorted(relation.to_arrow_table())

    def relation(self, table: pa.Table) -> Any:
        """Make a relation of a small table, to join with."""
        return self.session.from_arrow(table)

    def matching(self, relation: Any, other: Any, column: str) -> Any:
        """Keep the rows of a relation whose value of a column another one has."""
        return relation.join(other, column, how="semi")

    def earlier(self, this: Any, columns: str = "*") -> pa.Table | None:
        """Read what an earlier build left under the model's own name."""
        import duckdb

        try:
            asked = f"select {columns} from {this}"
            return self.session.query(asked).to_arrow_table()
        except duckdb.CatalogException:
            return None

    def map_rows(
        self,
        relation: Any,
        function: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
    ) -> pa.Table:
        """Apply a function to a relation, many rows at a time.

        Args:
            relation: any number of rows.
            function: gives the same for a row whatever the other rows are.
            schema: of what the function returns.
        """
        batches = relation.to_arrow_reader(BATCH_ROWS)
        parts = (function(pa.Table.from_batches([batch])) for batch in batches)
        return pa.concat_tables([schema.empty_table(), *parts])

    @property
    def run_tasks(self) -> None:
        """How tasks are run: as their own function does it, in processes here."""
        return None


class SparkEngine:
    """Rows stay on the executors; the driver sees what does not grow with customers."""

    def __init__(self, session: Any):
        """Take the session, classic or Spark Connect."""
        self.session = session

    def table(self, relation: Any) -> pa.Table:
        """Bring a relation here, sorted. Only for what does not grow with customers."""
        return _sorted(relation.toArrow())

    def relation(self, table: pa.Table) -> Any:
        """Make a relation of a small table, to join with."""
        # Spark reads no batch after one without rows: there is one batch.
        return self.session.createDataFrame(table.combine_chunks())

    def matching(self, relation: Any, other: Any, column: str) -> Any:
        """Keep the rows of a relation whose value of a column another one has.

        Spark's join puts the column first; the order of columns stays here, for rows
        are sorted by it.
        """
        return relation.join(other, column, how="semi").select(relation.columns)

    def earlier(self, this: Any, columns: str = "*") -> pa.Table | None:
        """Read what an earlier build left under the model's own name."""
        if not self.session.catalog.tableExists(str(this).replace("`", "")):
            return None
        return self.session.sql(f"select {columns} from {this}").toArrow()

    def map_rows(
        self,
        relation: Any,
        function: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
    ) -> Any:
        """Apply a function to a relation on the executors; see the other engine."""

        def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from function(pa.Table.from_batches([batch])).to_batches()

        return relation.mapInArrow(apply, _spark_schema(schema))

    def run_tasks(self, function: Callable, tasks: Sequence) -> list:
        """Apply a function to tasks on the executors; results in their order.

        Args:
            function: of an importable module, with one argument.
            tasks: picklable, few enough for the driver to hold.
        """
        numbers = range(len(tasks))
        rows = [(number, pickle.dumps(tasks[number])) for number in numbers]
        frame = self.session.createDataFrame(rows, "number int, task binary")

        def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                found = [
                    pickle.dumps(function(pickle.loads(task)))
                    for task in batch["task"].to_pylist()
                ]
                names = ["number", "task"]
                yield pa.record_batch([batch["number"], pa.array(found)], names)

        spread = frame.repartitionByRange(max(len(tasks), 1), "number")
        done = spread.mapInArrow(apply, "number int, task binary").collect()
        return [pickle.loads(row["task"]) for row in sorted(done)]


def _spark_schema(schema: pa.Schema) -> str:
    """Write an Arrow schema of plain columns as Spark's."""
    types = {
        pa.string(): "string",
        pa.int64(): "bigint",
        pa.float64(): "double",
        pa.date32(): "date",
    }
    return ", ".join(f"{field.name} {types[field.type]}" for field in schema)
