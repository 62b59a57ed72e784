"""What holds for the project's files: YAML schemas, sizes, the lock, the README."""

from __future__ import annotations

import ast
import json
import re
import statistics
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from macros_alone import macro_file
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from real_builds import PROJECT

FOLDERS = (
    *("models", "python_models", "seeds", "macros", "snapshots", "analyses"),
    "tests/generic",
)
PROPERTIES = sorted(
    path
    for folder in FOLDERS
    for path in (PROJECT / folder).rglob("*.y*ml")
    if path.suffix in (".yml", ".yaml")
)
SQL_MODELS = sorted((PROJECT / "models").rglob("*.sql"))
MARTS = [path for path in SQL_MODELS if "marts" in path.parts]
PYTHON_MODELS = sorted((PROJECT / "python_models").rglob("*.py"))


def shown(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


# -- YAML -----------------------------------------------------------------------------


@cache
def validator() -> jsonschema.Draft7Validator:
    """Check against the schema of properties that dbt-core ships."""
    path = files("dbt") / "jsonschemas" / "resources" / "latest.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def complaints(content: object) -> list[str]:
    return [
        f"{error.json_path}: {best(error).message[:300]}"
        for error in validator().iter_errors(content)
    ]


def best(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    return jsonschema.exceptions.best_match([error]) or error


def rendered(content: object) -> object:
    """Put true for `enabled: "{{ ... }}"`, which dbt renders before it looks."""
    if isinstance(content, list):
        return [rendered(item) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        key: True
        if key == "enabled" and str(value).startswith("{{")
        else rendered(value)
        for key, value in content.items()
    }


# dbt's schema knows metrics as its next major version writes them; this version reads
# the form that MetricFlow validates (test_semantic_layer.py).
METRICFLOW = ("type_params", "order_by")


@pytest.mark.parametrize("path", PROPERTIES, ids=shown)
def test_properties_follow_the_schema_of_dbt(path: Path) -> None:
    content = rendered(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert content, f"{shown(path)} is empty"
    found = [
        complaint
        for complaint in complaints(content)
        if not (
            path.parent.name == "semantic" and any(k in complaint for k in METRICFLOW)
        )
    ]
    assert not found, "\n".join([shown(path), *found])


def test_the_schema_sees_a_misspelt_property() -> None:
    column = {"name": "customer_id", "data_typ": "string"}
    wrong = {"version": 2, "models": [{"name": "dim_customers", "columns": [column]}]}
    assert "data_typ" in "".join(complaints(wrong))


# -- Models ---------------------------------------------------------------------------


def test_models_are_of_one_screen() -> None:
    long = {shown(path): lines(path) for path in SQL_MODELS if lines(path) > 120}
    assert not long, f"SQL models of more than 120 lines: {long}"
    written = [
        sum(bool(line.strip()) for line in path.read_text().splitlines())
        for path in SQL_MODELS
    ]
    # The blank lines around each CTE, which the style asks for, aren't counted.
    assert statistics.median(written) <= 40
    long = {shown(path): lines(path) for path in PYTHON_MODELS if lines(path) > 40}
    assert not long, f"Python models of more than 40 lines: {long}"


@pytest.mark.parametrize("path", SQL_MODELS, ids=shown)
def test_no_model_numbers_all_rows_by_one_column(path: Path) -> None:
    """Of no rows, DuckDB 1.5 makes the first of such an order one row of nulls."""
    orders = re.findall(
        r"row_number\(\) over \(\s*order by ((?:[^()]|\([^()]*\))*)\)", path.read_text()
    )
    assert all("," in order for order in orders)


@pytest.mark.parametrize("path", SQL_MODELS + PYTHON_MODELS, ids=shown)
def test_every_model_is_described_beside_it(path: Path) -> None:
    beside = path.with_suffix(".yml")
    assert beside.exists(), f"{shown(path)} has no {beside.name} beside it"
    described = {
        model["name"]: model
        for model in yaml.safe_load(beside.read_text(encoding="utf-8"))["models"]
    }
    assert path.stem in described
    model = described[path.stem]
    assert model["description"].startswith("One row"), f"{shown(beside)}: its grain"
    for column in model.get("columns", []):
        assert column.get("description"), f"{shown(beside)}: {column['name']}"
        assert column.get("data_type"), f"{shown(beside)}: {column['name']}"


@pytest.mark.parametrize("path", MARTS, ids=shown)
def test_every_mart_opens_with_what_is_guaranteed_of_its_rows(path: Path) -> None:
    guarantee = re.match(r"(?:-- \S.*\n)+", path.read_text(encoding="utf-8"))
    assert guarantee, f"{shown(path)} opens without a guarantee"
    said = " ".join(guarantee[0].replace("\n-- ", " ").split()).removeprefix("-- ")
    assert said.endswith("."), f"{shown(path)}: {said!r} is no sentence"
    described = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
    grain = " ".join(described["models"][0]["description"].split())
    assert said not in grain, f"{shown(path)} and its yml say the same: {said!r}"


def test_every_variable_has_a_rule() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    rules = macro_file("check_variables")
    ruled = set(re.findall(r"^        '(\w+)': ", rules, flags=re.MULTILINE))
    assert not set(project["vars"]) - ruled, "a run with them would end"


# -- Names ----------------------------------------------------------------------------


def test_no_function_or_class_of_the_package_is_called_like_another() -> None:
    """Both kernels improve centres, which is one meaning."""
    places = {}
    for path in sorted((PROJECT / "trajectories").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "name", "_")
            if not name.startswith("_") and name != "improve":
                other = places.setdefault(name, path)
                assert other == path, f"{shown(path)} and {shown(other)} have a {name}"


# -- Dependencies and README ----------------------------------------------------------


def locked(*names: str) -> dict[str, str]:
    """The exact versions of lock files, the first before the later ones."""
    versions = {}
    for name in names:
        for line in (PROJECT / name).read_text().splitlines():
            text = line.split("#")[0].split(" \\")[0].strip()
            if not text or text.startswith("-"):
                continue
            requirement = Requirement(text)
            (exact,) = requirement.specifier
            assert exact.operator == "==", f"{name}: {text} isn't exact"
            versions[canonicalize_name(requirement.name)] = exact.version
    return versions


def test_the_locks_satisfy_every_range() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lock = "requirements.lock"
    asked = {(lock,): project["dependencies"]}
    asked |= {(lock, f"requirements/{name}.lock"): extras[name] for name in extras}
    for locks, ranges in asked.items():
        versions = locked(*locks)
        for requirement in map(Requirement, ranges):
            version = versions.get(canonicalize_name(requirement.name))
            assert version, f"{locks[-1]} has no {requirement.name}"
            assert requirement.specifier.contains(version), f"{requirement}: {version}"


def test_extras_change_no_version_of_the_lock() -> None:
    own = locked("requirements.lock")
    for name in ("dev", "spark", "postgres", "semantic", "discords"):
        added = locked(f"requirements/{name}.lock")
        assert not set(added) & set(own), name


def test_numba_is_bounded_above_for_lanes_extend_its_compiler() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    numba = next(
        requirement
        for requirement in map(Requirement, project["dependencies"])
        if requirement.name == "numba"
    )
    assert any(bound.operator == "<" for bound in numba.specifier)


def test_locks_hold_a_hash_for_every_package_and_no_address() -> None:
    for lock in [PROJECT / "requirements.lock", *PROJECT.glob("requirements/*.lock")]:
        text = lock.read_text(encoding="utf-8")
        packages = re.findall(r"^\w.*(?:\n .*)*", text, flags=re.MULTILINE)
        assert len(packages) == len(locked(str(lock.relative_to(PROJECT))))
        assert all("--hash=sha256:" in package for package in packages), lock
        assert "://" not in text, lock


def test_the_readme_names_only_what_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert {"build", "test", "lint"} <= targets
    for name in ("README.md", "CONTRIBUTING.md"):
        path = PROJECT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"\bmake ([a-z]+)\b(?=[\s`.,;:)]|$)", text))
        code = "\n".join(re.findall(r"```.*?```|`[^`]+`", text, flags=re.DOTALL))
        named &= set(re.findall(r"\bmake ([a-z]+)", code))
        assert named <= targets, f"{name}: make {sorted(named - targets)}"
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (PROJECT / link).exists(), f"{name} links to {link}"


def test_the_readme_names_only_marts_that_exist() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:fct|dim|rpt)_[a-z_]+)`", text))
    assert len(named) >= 10
    assert named <= {path.stem for path in (PROJECT / "models").rglob("*.sql")}


def test_months_are_counted_in_one_place() -> None:
    arithmetic = re.compile(r"datetime64\[M\]|\.year \* 12|12 \* \w+\.year")
    found = {
        path.name
        for path in (PROJECT / "trajectories").rglob("*.py")
        if arithmetic.search(path.read_text("utf-8"))
    }
    assert found == {"months.py"}
