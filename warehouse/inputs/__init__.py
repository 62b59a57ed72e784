"""Reads a shop's own data in: files of any style, workbooks, Parquet, relations."""

from trajectories.warehouse.inputs.contract import TABLES, InputError, TableContract
from trajectories.warehouse.inputs.reading import INPUT_SCHEMA, InputReader
from trajectories.warehouse.inputs.sources import TableSource, find_source, input_name

__all__ = [
    "INPUT_SCHEMA",
    "TABLES",
    "InputError",
    "InputReader",
    "TableContract",
    "TableSource",
    "find_source",
    "input_name",
]
