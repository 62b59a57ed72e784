"""The project's own macros, called without dbt: each is a function of Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jinja2
import pytz
from real_builds import PROJECT

MACRO = re.compile(
    r"\{%-?\s*macro\s+(\w+)\(.*?\)\s*-?%\}.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL
)


class _ReturnedError(Exception):
    """What a macro returns."""


class CompilerError(Exception):
    """The sentence with which a macro ends a run."""


def _return(value: Any) -> None:
    raise _ReturnedError(value)


def _refuse(sentence: str) -> None:
    raise CompilerError(sentence)


def macro_file(name: str) -> str:
    """The text of a file in macros/, in whichever folder it lies."""
    (path,) = (PROJECT / "macros").rglob(f"{name}.sql")
    return path.read_text("utf-8")


def macros(*files: str, **context: Any) -> dict[str, Any]:
    """Load the macros of files in macros/, by name.

    They know each other, dbt's `return`, `exceptions` and `modules`, and `context`;
    what is dispatched is DuckDB's.
    """
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    known: dict[str, Any] = {
        "execute": True,
        "modules": {"re": re, "pytz": pytz},
        "exceptions": {"raise_compiler_error": _refuse},
        **context,
        "return": _return,
    }
    for file in files:
        for found in MACRO.finditer(macro_file(file)):
            name = found[1]
            known[name] = _function(environment, found[0], name, known)
            known[name.removeprefix("duckdb__")] = known[name]
    return known


def _function(
    environment: jinja2.Environment, source: str, name: str, known: dict[str, Any]
) -> Callable[..., Any]:
    # Jinja keeps names that begin with _ to itself.
    source = re.sub(rf"macro\s+{name}\(", "macro called(", source, count=1)
    template = environment.from_string(source)

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return str(template.make_module(known).called(*arguments, **named)).strip()
        except _ReturnedError as returned:
            return returned.args[0]

    return call
