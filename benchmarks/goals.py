"""Goals and what was measured, as Markdown."""

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dbt_builds import RESULTS

GOAL_HEADER = ("what", "goal", "measured", "met")
README = Path(__file__).with_name("README.md")
_MARKS = ("<!-- goals -->", "<!-- end of goals -->")


@dataclass(frozen=True)
class Goal:
    """One goal: what is measured, what was aimed at, what came out, in words."""

    what: str
    goal: str
    measured: str
    is_met: bool

    def row(self) -> tuple[str, ...]:
        """Return the cells under ``GOAL_HEADER``."""
        return self.what, self.goal, self.measured, "yes" if self.is_met else "no"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; numbers belong formatted into the cells."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def page(name: str, title: str, goals: Sequence[Goal], *parts: str) -> str:
    """Put a benchmark's goals and its further parts on one page."""
    command = f"`python -m benchmarks {name}` on {machine()}."
    goal_table = table(GOAL_HEADER, [goal.row() for goal in goals])
    return "\n\n".join([f"# {title}", command, goal_table, *parts]) + "\n"


def finish(name: str, text: str, is_full: bool) -> int:
    """Print a page, and keep it when it was measured at full size; return 0."""
    print(text)
    if is_full:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    else:
        print("Not at full size: printed, not kept in benchmarks/results.")
    return 0


def summarise(results: Path = RESULTS, readme: Path = README) -> int:
    """Gather the goals of all kept results into the table of the README."""
    rows = []
    for path in sorted(results.glob("*.md")):
        rows += [
            [*cells, f"`{path.stem}`", f"[results](results/{path.name})"]
            for cells in _goal_rows(path.read_text(encoding="utf-8"))
        ]
    header = (*GOAL_HEADER, "python -m benchmarks", "all numbers")
    inner = f"{_MARKS[0]}\n{table(header, rows)}\n{_MARKS[1]}"
    between = re.compile(f"{_MARKS[0]}.*{_MARKS[1]}", re.DOTALL)
    text = readme.read_text(encoding="utf-8")
    if not between.search(text):
        raise ValueError(
            f"{readme} has no lines {_MARKS[0]} and {_MARKS[1]}; the table of goals"
            " goes between them."
        )
    readme.write_text(between.sub(lambda _: inner, text), encoding="utf-8")
    print(inner)
    return 0


def _goal_rows(text: str) -> list[list[str]]:
    """Read back the rows of a page's first goal table."""
    start = "| " + " | ".join(GOAL_HEADER) + " |\n"
    if start not in text:
        return []
    lines = text.split(start, 1)[1].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def machine() -> str:
    """Say on what was measured: processors, memory, system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB of"
        f" memory, {platform.system()}, Python {platform.python_version()}"
    )
