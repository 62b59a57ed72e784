"""Rooms and arrows: what reads what, on every floor, and that nothing reads back.

A room is a folder, or a module at the top of its package. Rooms are listed in the
order in which they may be read: each reads those before it.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from real_builds import PROJECT, Build

# By the folder that holds them.
PACKAGES = {
    "trajectories": (
        *("months", "newey_west", "claims", "engine", "metrics", "clustering"),
        *("series", "segments", "trials", "movement", "departures", "forecasting"),
        *("value", "changes", "experiments", "disclosure"),
    ),
    "dashboards": (
        *("looks", "marts", "charts", "sections", "pages", "site", "__main__"),
    ),
}
MODELS = (
    *("staging/retail/base", "staging/retail"),
    *("intermediate/checks", "intermediate/findings", "intermediate/customers"),
    *("intermediate/series", "intermediate/trials", "intermediate/traits"),
    *("intermediate/segments", "intermediate/movement", "intermediate/playbooks"),
    *("intermediate/departures", "intermediate/disclosure"),
    *("intermediate/value", "intermediate/forecasting", "intermediate/changes"),
    *("intermediate/experiments", "intermediate/experiments/outcomes"),
    *("intermediate/experiments/testability", "intermediate/experiments/readouts"),
    *("intermediate/planted", "intermediate/claims"),
    *("marts/core", "marts/segmentation", "marts/movement", "marts/departures"),
    *("marts/value", "marts/forecasting", "marts/experiments", "marts/audit"),
    "semantic",
)
MOST_ARROWS = {"trajectories": 21, "dashboards": 15}
MOST_MODELS = 15

Arrow = tuple[str, str]


def imports(package: str) -> Iterator[Arrow]:
    """From room to room, of each import of a package's own modules."""
    root = PROJECT / package
    ours = "trajectories." if package == "trajectories" else f"trajectories.{package}."
    for path in root.rglob("*.py"):
        room = path.relative_to(root).with_suffix("").parts[0]
        if room in ("__init__", "superset"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                read = name.removeprefix(ours).partition(".")[0]
                if name.startswith(ours) and read != room:
                    yield room, read


def references(build: Build) -> Iterator[Arrow]:
    """From room to room, of each model that reads another."""
    nodes = json.loads((build.target / "manifest.json").read_text())["nodes"]
    rooms = {
        key: node["original_file_path"]
        .removeprefix("python_models/")
        .removeprefix("models/")
        .rpartition("/")[0]
        for key, node in nodes.items()
        if node["resource_type"] == "model"
    }
    for key, room in rooms.items():
        for parent in nodes[key]["depends_on"]["nodes"]:
            if rooms.get(parent, room) != room:
                yield room, rooms[parent]


def wrong(arrows: Iterable[Arrow], rooms: tuple[str, ...]) -> list[str]:
    """The arrows that go back, or to or from a room that isn't listed."""
    places = {room: place for place, room in enumerate(rooms)}
    return sorted(
        f"{reader} reads {read}"
        for reader, read in set(arrows)
        if places.get(read, len(rooms)) >= places.get(reader, -1)
    )


def test_an_arrow_that_goes_back_is_seen() -> None:
    rooms = ("marts", "pages")
    assert wrong([("pages", "marts")], rooms) == []
    assert wrong([("marts", "pages")], rooms) == ["marts reads pages"]
    assert wrong([("pages", "attic")], rooms) == ["pages reads attic"]
    assert wrong([("attic", "marts")], rooms) == ["attic reads marts"]


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_one_way(package: str) -> None:
    arrows = set(imports(package))
    assert not wrong(arrows, PACKAGES[package])
    assert len(arrows) <= MOST_ARROWS[package]


@pytest.mark.long
def test_models_read_one_way(small: Build) -> None:
    arrows = set(references(small))
    assert len(arrows) > len(MODELS)
    assert not wrong(arrows, MODELS)


@pytest.mark.long
def test_what_was_planted_is_read_by_its_report_alone(small: Build) -> None:
    nodes = json.loads((small.target / "manifest.json").read_text())["nodes"]
    readers = {
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "model"
        and any("planted" in parent for parent in node["depends_on"]["nodes"])
    }
    reports = {"rpt_change_detection"}
    assert all("planted" in name for name in readers - reports)
    assert len(readers) == 7


def test_no_folder_of_models_is_crowded() -> None:
    models = [
        *(PROJECT / "models").rglob("*.sql"),
        *(PROJECT / "python_models").rglob("*.py"),
    ]
    folders = Counter(path.parent.relative_to(PROJECT).as_posix() for path in models)
    assert {folder.partition("/")[2] for folder in folders} == set(MODELS)
    assert {folder: n for folder, n in folders.items() if n > MOST_MODELS} == {}
