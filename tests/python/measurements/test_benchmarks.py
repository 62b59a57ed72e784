"""The benchmarks run, and count what they say they count."""

import random
import subprocess
import sys
from contextlib import contextmanager

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks import __main__ as command
from benchmarks import (
    builds,
    children,
    dbt_builds,
    fit,
    goals,
    growth,
    kernel,
    kills,
    means,
    null,
    peers,
    retail,
    ucr,
)
from benchmarks.data_sets import shoppers


@pytest.mark.parametrize("name", command.BENCHMARKS)
def test_every_benchmark_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    assert ended.value.code == 0
    assert f"python -m benchmarks {name}" in capsys.readouterr().out


def test_an_unknown_benchmark_is_named(capsys):
    assert command.main(["speed"]) == 2
    assert "no benchmark 'speed'. Name one of kernel" in capsys.readouterr().err


# -- The input ---------------------------------------------------------------


def test_shoppers_are_drawn_by_seed_in_blocks(monkeypatch):
    monkeypatch.setattr(shoppers, "BLOCK", 30)
    series, kinds = shoppers.daily_spend(80, seed=1)
    assert series.shape == (80, shoppers.DAYS, 1)
    assert series.dtype == np.float32
    assert (series.min() >= 0) & (series.max() <= 1)
    assert np.unique(kinds).tolist() == list(range(8))
    first, first_kinds = shoppers.daily_spend(30, seed=1)
    assert (series[:30] == first).all()
    assert (kinds[:30] == first_kinds).all()
    assert (series[30:60] != first).any()
    assert (shoppers.daily_spend(30, seed=2)[0] != first).any()
    raw, raw_kinds = shoppers.daily_spend(80, seed=1, is_smoothed=False)
    assert (raw_kinds == kinds).all()
    np.testing.assert_allclose(raw.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(raw.std(axis=1), 1, atol=1e-5)


def test_shoppers_of_a_kind_look_alike():
    series, kinds = shoppers.daily_spend(800)
    means = np.stack([series[kinds == kind, :, 0].mean(axis=0) for kind in range(8)])
    nearest = ((series[:, None, :, 0] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert 0.7 < (nearest == kinds).mean() < 0.95


# -- Child processes -----------------------------------------------------------


@pytest.fixture
def task(tmp_path):
    path, _ = shoppers.save(tmp_path, 60)
    return {
        "program": "trajectories",
        "series": path,
        "customers": 50,
        "clusters": 3,
        "radius": 4,
        "seed": 0,
        "threads": 1,
    }


def test_a_child_fits_and_is_measured(task):
    found = children.fit(task)
    assert found.labels.shape == (50,)
    assert found.seconds > 0
    assert found.iterations >= 1
    assert 50e6 < found.peak_bytes < 2e9


def test_a_child_is_ended_at_the_limit(task, monkeypatch):
    ended = []
    real = children.os.killpg
    monkeypatch.setattr(
        children.os, "killpg", lambda *which: (ended.append(which), real(*which))
    )
    with pytest.raises(TimeoutError, match=r"trajectories was ended after 0 s"):
        children.fit(task, limit=0.05)
    assert len(ended) == 1
    with pytest.raises(ProcessLookupError):
        children.os.kill(ended[0][0], 0)


def test_a_child_that_fails_is_named(task, capfd):
    with pytest.raises(children.ChildError, match="trajectories on 50 series"):
        children.fit({**task, "clusters": 0})
    assert "Give at least one cluster" in capfd.readouterr().err


def test_children_get_so_many_threads():
    assert children.environment(2)["NUMBA_NUM_THREADS"] == "2"


def test_a_measured_build_starts_from_nothing(tmp_path, monkeypatch):
    (tmp_path / "work.duckdb").touch()
    (tmp_path / "work.duckdb.wal").touch()

    def dbt(folder, source, *words, environment):
        assert bool(list(folder.iterdir())) == is_kept
        assert words[1:] == (("--vars", '{"seed": 1}') if is_kept else ())
        raise dbt_builds.BuildError("as far as it goes")

    monkeypatch.setattr(dbt_builds, "dbt", dbt)
    is_kept = True
    with pytest.raises(dbt_builds.BuildError, match="as far as it goes"):
        dbt_builds.run_build(tmp_path, variables={"seed": 1}, is_first=False)
    is_kept = False
    with pytest.raises(dbt_builds.BuildError, match="as far as it goes"):
        dbt_builds.run_build(tmp_path)


# -- Each benchmark --------------------------------------------------------------


def test_kernel_counts_the_cells_inside_the_band():
    assert kernel.cells_of_pair(6, None) == 36
    assert kernel.cells_of_pair(6, 0) == 6
    assert kernel.cells_of_pair(6, 1) == 16


def test_the_limit_does_the_arithmetic_of_cells():
    generator = np.random.default_rng(0)
    state = (generator.random(kernel.CHAINS * kernel.LANES) / 2).astype(np.float32)
    centre = np.full(kernel.LANES, 0.5, np.float32)
    expected = state.reshape(kernel.CHAINS, kernel.LANES).astype(float)
    for _ in range(3):
        neighbours = [np.roll(expected, -shift, axis=0) for shift in range(3)]
        expected = np.min(neighbours, axis=0) + (expected - 0.5) ** 2
    kernel.cells_only(state, centre, 3)
    np.testing.assert_allclose(state[: kernel.LANES], expected.sum(axis=0), rtol=1e-5)


def test_kernel_says_what_share_of_the_limit_is_reached():
    rates = {"limit": {1: 10e9, 2: 20e9}, "no band": {1: 6e9, 2: 9e9}}
    rates |= {"band 5 %": {1: 1e9, 2: 1e9}, "tslearn": {1: 1e8, 2: 1e8}}
    text = kernel.report(rates)
    assert "60% with 1 thread; 45% with 2 threads | no |" in text
    rates["no band"][2] = 10e9
    assert "50% with 2 threads | yes |" in kernel.report(rates)


def test_fit_counts_all_fits_until_inertia_is_no_worse(monkeypatch):
    inertias = {"tslearn": 2.0, 0: 3.0, 1: 2.5, 2: 1.9}
    monkeypatch.setattr(fit, "fit_tslearn", lambda X, seed: (40.0, "tslearn"))
    monkeypatch.setattr(fit, "fit_ours", lambda X, seed: (0.1, seed))
    monkeypatch.setattr(fit, "inertia", lambda X, centres: inertias[centres])
    run = fit.compare(np.zeros((1, 1, 1)), seed=0)
    assert run["fits"] == 3
    assert run["ours"] == (pytest.approx(0.3), 1.9)
    assert "133 times (median of 1: 40.0 s, 0.300 s) | yes |" in fit.report(9, [run])
    run["ours"] = (0.3, 2.1)
    assert "inertia not reached | no |" in fit.report(9, [run])


def test_means_end_at_the_same_inertia():
    runs = means.compare(120, repeats=2)
    for run in runs:
        assert run["ours"][1] == pytest.approx(run["theirs"][1])
    for run, seconds in zip(runs, (2.0, 8.0), strict=True):
        run |= {"theirs": (seconds, 5.0, 9), "ours": (1.0, 5.0, 9)}
    text = means.report(runs)
    assert "120 x 90" in text
    assert "| 5.0 times (median of 2) | yes |" in text
    runs[0]["ours"] = (1.0, 5.1, 9)
    assert "inertia not reached | no |" in means.report(runs)


def test_peers_are_extrapolated_from_the_size_that_finished(monkeypatch, tmp_path):
    def pretend(task, python, limit):
        seconds = task["customers"] / 100
        if seconds > limit:
            raise TimeoutError
        labels = np.zeros(task["customers"], int)
        return children.Fit(seconds, 1, labels, 10)

    monkeypatch.setattr(children, "fit", pretend)
    kinds = np.zeros(20_000, int)
    found = peers.measure("trajectories", tmp_path, kinds, 20_000, 3, 60.0)
    assert (found.customers, found.seconds) == (4_000, [40.0])
    assert found.at(20_000) == 200.0
    found = peers.measure("trajectories", tmp_path, kinds, 1_000, 3, 60.0)
    assert (found.customers, len(found.seconds)) == (1_000, 3)
    assert peers.measure("trajectories", tmp_path, kinds, 20_000, 3, 1.0) is None


def test_peers_compare_with_the_fastest_and_the_best():
    ours = peers.Measured(20_000, [1.0, 2.0, 3.0], 0.7, 10, 1)
    fast = peers.Measured(20_000, [100.0], 0.6, 10, 1)
    slow = peers.Measured(2_000, [50.0], 0.65, 10, 1)
    found = {"dtaidistance": fast, "aeon_kmeans": slow, "aeon_kasba": None}
    text = peers.report(20_000, 60.0, ours, found)
    assert "50 times dtaidistance; adjusted Rand 0.700, theirs at most 0.650" in text
    assert "(aeon_kmeans) | yes |" in text
    assert "250.0 (extrapolated)" in text
    assert "none within 60 s" in text
    worse = peers.Measured(20_000, [1.0], 0.64, 10, 1)
    assert "(aeon_kmeans) | no |" in peers.report(20_000, 60.0, worse, found)


def test_growth_fits_an_exponent():
    def took(seconds, peak=1e9):
        return [(children.Fit(seconds, int(peak), np.zeros(1), 5), 0.7)]

    runs = {
        "middle": took(59.0),
        "large": took(80.0, 3.1e9),
        "middle short": took(30.0),
        "large sample": took(20.0),
        "same small": took(0.1),
        "same middle": took(1.0),
        "same large": took(11.0),
    }
    text = growth.report([10_000, 100_000, 1_000_000], runs)
    assert "under 60 s and 1.5 GB | 59.0 s, 1.00 GB | yes |" in text
    assert "under 90 s and 3 GB | 80.0 s, 3.10 GB | no |" in text
    assert "exponent at most 1.05 | 1.021 | yes |" in text


def test_shuffling_deals_whole_orders(tmp_path):
    source = tmp_path / "shop"
    source.mkdir()
    orders = pd.DataFrame(
        {
            "transaction_id": [str(n // 2) for n in range(400)],
            "customer_id": [str(n // 2 % 40) for n in range(400)],
            "list_price": [f"{n}.10" for n in range(400)],
        }
    )
    orders.to_csv(source / "raw_transactions.csv", index=False)
    (source / "raw_customer_demographics.csv").write_text("customer_id\n1\n")
    folder = null.shuffle_shop(source, tmp_path / "copy", seed=0)
    dealt = pd.read_csv(folder / "raw_transactions.csv", dtype="string")
    assert (dealt["list_price"] == orders["list_price"]).all()
    assert (dealt.groupby("transaction_id")["customer_id"].nunique() == 1).all()
    assert sorted(dealt["customer_id"]) == sorted(orders["customer_id"])
    assert (dealt["customer_id"] != orders["customer_id"]).mean() > 0.9
    assert (folder / "raw_customer_demographics.csv").exists()


def verdicts(held):
    return pd.DataFrame(
        {
            "shop": "shuffled",
            "seed": range(len(held)),
            "segmentation": "rhythm",
            "k": 3,
            "has_structure": held,
            "null_p_value": 0.4,
            "silhouette": 0.3,
            "null_silhouette": 0.29,
            "reason": "The segments hold (so and so).",
        }
    )


def test_null_names_every_wrong_verdict():
    assert "100.0% of verdicts; all segmentations in 100%" in null.report(
        verdicts([False] * 20)
    )
    text = null.report(verdicts([False] * 18 + [True, True]))
    assert "90.0% of verdicts" in text
    assert "of seeds | no |" in text
    assert "seed 19: The segments hold (so and so)." in text


def test_retail_compares_with_rfm():
    numbers = {
        "predictive_r2": [0.3, 0.1],
        "rfm_predictive_r2": [0.2, 0.2],
        "added_predictive_r2": 0.05,
        "activity_r2": 0.1,
        "rfm_activity_r2": 0.1,
    }
    found = verdicts([True, False]).assign(**numbers)
    text = retail.report(found)
    assert "structure in rhythm; of these, R2 above RFM's in rhythm | yes |" in text
    found["has_structure"] = [False, True]
    text = retail.report(found)
    assert "structure in rhythm; of these, R2 above RFM's in none | no |" in text


def measured(seconds):
    """A build of so many seconds, half of it in models of SQL."""
    node = dbt_builds.Node("int_orders", "SQL models", seconds / 2)
    parts = dict.fromkeys(dbt_builds.PARTS, 0.0) | {"SQL models": seconds / 2}
    ends = {"running_seconds": seconds / 2, "closing_seconds": seconds / 4}
    memory = {"memory_bytes": 2**30, "sha256": "", "folder": None}
    return dbt_builds.MeasuredBuild(
        seconds=seconds, nodes=(node,), parts=parts, **ends, **memory
    )


def test_builds_report_medians_and_parts():
    times = {name: [91.0, 60.0, 20.0] for name in builds.BUILDS}
    text = builds.report(
        {name: [measured(x) for x in taken] for name, taken in times.items()},
        [13.0, 11.0, 20.0],
    )
    assert "kernels not compiled | 90 s | 60.0 s (median of 3) | yes |" in text
    assert "nothing new | 35 s | 60.0 s (median of 3) | no |" in text
    assert "four segmentations | 12 s | 13.0 s (median of 3) | no |" in text
    assert "| SQL models | 30.0 | 30.0 | 30.0 | 30.0 |" in text
    assert "| int_orders | SQL models | 30.0 |" in text


def test_ucr_series_are_shortened_and_normalised():
    X = np.random.default_rng(0).normal(3, 2, (4, 1460, 2))
    short = ucr.shorten(X)
    assert short.shape == (4, 292, 2)
    np.testing.assert_allclose(short[:, 0], X[:, :5].mean(axis=1))
    np.testing.assert_array_equal(ucr.shorten(X[:, :300]), X[:, :300])
    normal = ucr.normalise(short)
    np.testing.assert_allclose(normal.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normal.std(axis=1), 1)


def test_ucr_clusters_into_as_many_groups_as_classes():
    X = np.repeat([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0]], 10, axis=0)[..., None]
    classes = np.repeat([0, 1], 10)
    for tried in (ucr.OURS, "ours: Euclid"):
        assert ucr.agreement(X, classes, tried, seeds=2)[0] == 1.0


AFTER = {"after the swap"}
SMALL_BUILD = """
import json, sys, time
from pathlib import Path
import duckdb
from trajectories.warehouse.exports import Mart
from trajectories.warehouse.publish import publish

folder, number = Path(sys.argv[1]), len(json.loads(sys.argv[2]))
work = duckdb.connect()
work.execute("create schema marts")
for name in ("dim_customers", "fct_orders"):
    work.execute(f"create table marts.{name} as select {number} as a from range(7)")
time.sleep(0.2)

def draw(build):
    time.sleep(0.2)
    (build / "site").mkdir()
    sha256 = json.loads((build / "manifest.json").read_text())["sha256"]
    (build / "site/index.html").write_text(f"Marts {sha256[:12]}.")

marts = [Mart("marts", "dim_customers"), Mart("marts", "fct_orders")]
publish(work, folder, marts, f"{time.time_ns()}", draw=draw)
"""


def test_kills_count_what_readers_see(tmp_path, monkeypatch):
    @contextmanager
    def dbt(folder, source, *words, apart):
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", SMALL_BUILD, folder, words[-1]]
        yield subprocess.Popen(command, start_new_session=apart)

    monkeypatch.setattr(kills, "dbt", dbt)
    test = kills.KillTest(tmp_path / "build", random.Random(1))
    test.run(12)
    assert len(test.kills) == 12
    assert {moment for moment, _ in test.kills} == set(kills.MOMENTS)
    swaps = {where for moment, where in test.kills if moment == "around the swap"}
    assert swaps <= {"pages drawn, before the swap", "within the swap", *AFTER}
    writing = {where for moment, where in test.kills if moment == kills.MOMENTS[1]}
    assert writing <= {kills.MOMENTS[1], "pages drawn, before the swap", *AFTER}
    assert len(test.readings) == len(kills.READERS) - 1
    for read in test.readings:
        assert not read.failures
        assert read.seen.total() > 5
    text = kills.report(test)
    assert "12 random kills" in text
    assert " reads | yes |" in text


def test_kills_notice_a_mixture_and_a_reader_that_fails(tmp_path):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("create table a as select 1 as x")
        connection.execute("create table b as select 2 as x")
        hashes = {
            name: kills.content_hash(connection, f"main.{name}", ["x"])
            for name in ("a", "b")
        }
        states = [
            kills.State(
                f"state {number}",
                {
                    "main.a": {"sha256": one, "rows": 1, "order_by": ["x"]},
                    "main.b": {"sha256": two, "rows": 1, "order_by": ["x"]},
                },
            )
            for number, (one, two) in enumerate(
                [(hashes["a"], "c"), ("d", hashes["b"])]
            )
        ]
        with pytest.raises(kills.UnknownStateError, match="fit 0 of 2 builds"):
            kills.hash_marts(connection, str, states, 0)
        states[0].marts["main.b"]["sha256"] = hashes["b"]
        assert kills.hash_marts(connection, str, states, 0) == "state 0"
    with pytest.raises(FileNotFoundError):
        kills.read_pages(tmp_path, states, 0)


# -- Pages -----------------------------------------------------------------------


def test_goals_are_gathered_into_the_readme(tmp_path, capsys):
    met = goals.Goal("speed", "fast", "very fast", True)
    missed = goals.Goal("memory", "small", "large", False)
    page = goals.page("fit", "A title", [met, missed], "| other | table |\n| - | - |")
    (tmp_path / "fit.md").write_text(page)
    (tmp_path / "old.md").write_text("# No goals here\n")
    readme = tmp_path / "README.md"
    readme.write_text("# B\n<!-- goals -->\nold\n<!-- end of goals -->\nthe rest\n")
    assert goals.summarise(tmp_path, readme) == 0
    lines = readme.read_text().splitlines()
    assert lines[4].startswith("| speed | fast | very fast | yes | `fit` |")
    assert lines[5].startswith("| memory | small | large | no | `fit` |")
    assert lines[6:] == ["<!-- end of goals -->", "the rest"]
    readme.write_text("# B\n")
    with pytest.raises(ValueError, match="has no lines <!-- goals -->"):
        goals.summarise(tmp_path, readme)


def test_small_sizes_are_printed_and_not_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(goals, "RESULTS", tmp_path)
    assert goals.finish("fit", "the page", is_full=False) == 0
    assert "the page" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    goals.finish("fit", "the page", is_full=True)
    assert (tmp_path / "fit.md").read_text() == "the page"
