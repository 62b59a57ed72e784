"""Reads a shop's own data in: files of any style, workbooks, Parquet, relations."""

from warehouse.inputs.contract import TABLES, InputError, TableContract
from warehouse.inputs.reading import INPUT_SCHEMA, InputReader
from warehouse.inputs.sources import TableSource, find_source, input_name

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
