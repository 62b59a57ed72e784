"""What is personal is said once, in contracts, and nothing that is shown needs it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from real_builds import PROJECT, Build
from trajectories.warehouse.verify import verify

LOOKS_PERSONAL = re.compile(
    r"(^|_)(name|names|surname|address|street|birth|born|dob|mail|email|phone|mobile|fax"
    r"|postcode|zip|job_title|passport|iban|ip|latitude|longitude|raw|row_key)(_|$)"
    r"|name$"
)


def columns() -> Iterator[tuple[str, int, dict]]:
    """Give the columns of the contracts of all marts, with their place in them."""
    for path in sorted((PROJECT / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            for place, column in enumerate(model["columns"]):
                yield model["name"], place, column


def is_personal(column: dict) -> bool | None:
    return column.get("config", {}).get("meta", {}).get("is_personal")


def test_columns_that_look_personal_say_whether_they_are() -> None:
    silent = [
        f"{mart}.{column['name']}"
        for mart, _, column in columns()
        if LOOKS_PERSONAL.search(column["name"]) and is_personal(column) is None
    ]
    assert not silent, f"Say meta is_personal, true or false, of {', '.join(silent)}."


def test_what_is_personal_may_be_null_and_orders_nothing() -> None:
    personal = {
        (mart, column["name"]): (place, column)
        for mart, place, column in columns()
        if is_personal(column)
    }
    assert {
        ("dim_customers", name)
        for name in ("first_name", "last_name", "address", "postcode", "birth_date")
    } | {("fct_rejected_rows", "raw_row")} <= personal.keys()
    for name, (place, column) in personal.items():
        assert place > 0, f"{name} is the key of its mart."
        assert "constraints" not in column, f"{name} would break its contract."
        assert "data_tests" not in column, f"{name} is null in what is published."


@pytest.mark.parametrize(
    "name",
    [
        f"{mart}.{column['name']}"
        for mart, _, column in columns()
        if is_personal(column)
    ],
)
def test_no_page_and_no_metric_reads_what_is_personal(name: str) -> None:
    mart, column = name.split(".")
    pages = "".join(path.read_text() for path in (PROJECT / "dashboards").rglob("*.py"))
    assert f'read("marts.{mart}")' not in pages
    assert not re.search(rf"""["'.]{column}\b""", pages)
    semantic = PROJECT / "models" / "semantic" / "_semantic_models.yml"
    for model in yaml.safe_load(semantic.read_text())["semantic_models"]:
        if model["model"] == f"ref('{mart}')":
            assert column not in yaml.safe_dump(model)


def test_the_work_database_holds_what_the_published_marts_do_not(small: Build) -> None:
    personal = [
        (f"marts.{mart}", column["name"])
        for mart, _, column in columns()
        if is_personal(column)
    ]
    for mart, name in personal:
        counted = f"select count(*) as rows, count({name}) as filled from {mart}"
        work, published = small.work(counted), small.query(counted)
        assert work["filled"][0] > 0, f"{mart}.{name}"
        assert published["filled"][0] == 0, f"{mart}.{name}"
        assert published["rows"][0] == work["rows"][0]
    assert verify(small.published.parent)
    said = re.sub(r"\s+", " ", small.output)
    assert said.count("Personal data are null in what is published") == 1
    left_out = {
        (f"{mart['schema']}.{mart['name']}", name)
        for mart in small.manifest["marts"]
        for name in mart["left_out"]
    }
    assert left_out == set(personal)


def test_no_path_of_this_machine_is_published(small: Build) -> None:
    here = (str(small.folder), str(PROJECT), str(Path.home()), tempfile.gettempdir())
    paths = list(small.published.parent.resolve().rglob("*"))
    assert len(paths) > 100
    told = [
        f"{place} in {path.name}"
        for path in paths
        for place in here
        if path.is_file() and f"{place}/".encode() in path.read_bytes()
    ]
    assert not told
