"""Macros that differ from those of dbt-spark."""

from pathlib import Path

PACKAGE_PATH = str(Path(__file__).parent)
