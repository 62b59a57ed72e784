"""Another dbt project includes this one, as examples/as_package does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml
from real_builds import PROJECT, WITHOUT_UNIT_TESTS, Build

pytestmark = [pytest.mark.long, pytest.mark.night]

EXAMPLE = PROJECT / "examples" / "as_package"


@dataclass(frozen=True)
class Shop:
    """A copy of the example, with the small shop's project as its package."""

    folder: Path

    def dbt(self, *arguments: str) -> tuple[int, str]:
        """Run dbt as a person would; return its exit status and what it said."""
        ran = subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--no-use-colors", *arguments],
            cwd=self.folder,
            env={**os.environ, "DBT_PROFILES_DIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.returncode, re.sub(r"\s+(\d\d:\d\d:\d\d\s+)?", " ", ran.stdout)

    def change(self, name: str, **changes: object) -> None:
        """Set top-level keys of a YAML file."""
        path = self.folder / name
        content = yaml.safe_load(path.read_text()) | changes
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def work(self, sql: str) -> list[tuple]:
        """Ask the work database."""
        path = str(self.folder / "build" / "work.duckdb")
        with duckdb.connect(path, read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def shop(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The example with its packages, not built."""
    folder = tmp_path_factory.mktemp("as_package") / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("dbt_packages"))
    made = Shop(folder)
    made.change("packages.yml", packages=[{"local": str(project)}])
    status, said = made.dbt("deps")
    assert status == 0, said
    return made


@pytest.fixture(scope="module")
def built(shop: Shop) -> tuple[Shop, str]:
    """The example built whole, and what the build said."""
    status, said = shop.dbt("build", *WITHOUT_UNIT_TESTS)
    assert status == 0, said[-4000:]
    return shop, said


@pytest.fixture
def unbuilt(shop: Shop, tmp_path: Path) -> Shop:
    """A copy of the example, parsed or not, to be changed."""
    leave_out = shutil.ignore_patterns("build", "logs")
    folder = tmp_path / "shop"
    shutil.copytree(shop.folder, folder, symlinks=True, ignore=leave_out)
    return Shop(folder)


def test_a_project_that_includes_this_one_publishes_the_same_marts(
    built: tuple[Shop, str], small: Build
) -> None:
    shop, said = built
    folder = shop.folder / "build"
    published = Build(folder, 0, said, shop.folder, shop.folder / "target")
    expected = {mart["name"]: mart for mart in small.manifest["marts"]}
    found = {mart["name"]: mart for mart in published.manifest["marts"]}
    assert f"Published {len(expected)} marts" in said
    assert {n: m["schema"] for n, m in found.items()} == {
        n: m["schema"] for n, m in expected.items()
    }
    assert found["fct_orders"]["sha256"] == expected["fct_orders"]["sha256"]
    assert "my_orders" in published.manifest["input"]["location"]
    assert "Overview" in published.overview
    assert (folder / "site").resolve() == (folder / "published" / "site").resolve()


def test_the_package_reads_the_models_that_the_variables_name(
    built: tuple[Shop, str],
) -> None:
    shop, _ = built
    status, parents = shop.dbt(
        *("list", "--quiet", "--output", "name"),
        *("--select", "1+base_retail__transactions 1+base_retail__customer_addresses"),
    )
    assert status == 0
    assert "my_customers" not in parents
    assert "my_orders" in parents
    (rows,) = shop.work("select count(*) from main.my_customers")
    read = "select read_rows from marts.rpt_input_reconciliations where input_table = "
    assert shop.work(f"{read}'customer_demographics'") == [rows]
    assert shop.work(f"{read}'customer_addresses'") == [(0,)]


def test_the_sample_shop_stays_away(built: tuple[Shop, str]) -> None:
    shop, _ = built
    schemas = {
        schema
        for (schema,) in shop.work("select distinct schema_name from duckdb_tables")
    }
    assert {"marts", "audit", "main"} <= schemas
    assert "raw" not in schemas


def test_the_including_project_reads_the_marts(built: tuple[Shop, str]) -> None:
    shop, _ = built
    ((sizes, segmentations),) = shop.work(
        "select sum(customers), count(distinct segmentation) from main.segment_sizes"
    )
    assert segmentations == 4
    assert sizes > 0


def test_a_part_of_the_including_project_publishes_nothing(
    built: tuple[Shop, str],
) -> None:
    shop, _ = built
    manifest = shop.folder / "build" / "published" / "manifest.json"
    before = manifest.read_bytes()
    status, said = shop.dbt("build", "--select", "my_orders", "segment_sizes")
    assert status == 0, said
    assert "Nothing was published: this was a build of a part" in said
    assert manifest.read_bytes() == before


def test_sentence_for_a_profile_without_the_plugin(unbuilt: Shop) -> None:
    duckdb_alone = {"type": "duckdb", "path": "work.duckdb"}
    unbuilt.change(
        "profiles.yml", shop={"target": "own", "outputs": {"own": duckdb_alone}}
    )
    status, said = unbuilt.dbt("build")
    assert status != 0
    assert "The target own of the profile shop has no plugin named warehouse" in said
    assert (
        "plugins: [{module: trajectories.warehouse.plugin, alias: warehouse}]" in said
    )
    assert "OK created" not in said
    status, said = unbuilt.dbt("build", "--select", "my_orders")
    assert status == 0, said


def test_sentence_for_a_model_of_the_same_name(unbuilt: Shop) -> None:
    (unbuilt.folder / "models" / "dim_segments.sql").write_text(
        "select 1 as segment_id"
    )
    status, said = unbuilt.dbt("seed")
    assert status == 0, said
    settings = yaml.safe_load((unbuilt.folder / "dbt_project.yml").read_text())
    del settings["flags"]["require_ref_searches_node_package_before_root"]
    unbuilt.change("dbt_project.yml", flags=settings["flags"])
    status, said = unbuilt.dbt("build")
    assert status != 0
    assert "Both the project shop and its package customer_trajectories" in said
    assert "have a dim_segments" in said
    assert "'require_ref_searches_node_package_before_root: true'" in said
    assert "OK created" not in said


def test_sentence_for_a_variable_that_there_is_not(unbuilt: Shop) -> None:
    meant = {"transaction_relation": "{{ ref('my_orders') }}"}
    unbuilt.change("dbt_project.yml", vars={"customer_trajectories": meant})
    status, said = unbuilt.dbt("build")
    assert status != 0
    assert "There is no variable transaction_relation." in said
    assert "Is transactions_relation meant?" in said
    assert "OK created" not in said
