"""Shared warehouses: made once, made anew when stale, left alone while in use."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import prebuilt
import pytest
from made_once import MARK, forget_unused, made_once
from real_builds import PROJECT, run_build

HERE = PROJECT / "tests" / "python"
# Uses a folder, as a worker of a suite does: `left` counts who made it. A worker that
# is to `die` is killed half way; one that is to `stay` goes on using what is there.
WORKER = """
import os, signal, sys, time
from pathlib import Path
from made_once import made_once

folder, made_from, does = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def make(folder):
    folder.mkdir()
    (folder / "first half").write_text(made_from)
    with (folder.parent / "left").open("a") as left:
        left.write(f"{made_from} ")
    if does == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.5)
    (folder / "second half").write_text(made_from)

made_once(folder, made_from, make)
print((folder / "second half").read_text(), flush=True)
if does == "stay":
    sys.stdin.read()
"""


def worker(folder: Path, made_from: str, does: str = "use") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(folder), made_from, does]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=HERE, **pipes)


def said(each: subprocess.Popen[str]) -> str:
    return each.communicate(timeout=60)[0].strip()


def test_two_suites_at_once_make_a_warehouse_once(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    workers = [worker(folder, "code") for _ in range(4)]
    assert [said(each) for each in workers] == ["code"] * 4
    assert (tmp_path / "left").read_text().split() == ["code"]


def test_a_worker_that_dies_while_it_makes_one_leaves_it_to_the_next(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "shop"
    dying = worker(folder, "code", "die")
    assert dying.wait() == -signal.SIGKILL
    assert (folder / "first half").exists()
    assert said(worker(folder, "code")) == "code"
    assert (tmp_path / "left").read_text().split() == ["code", "code"]
    assert {path.name for path in folder.iterdir()} == {
        *("first half", "second half", MARK)
    }


def test_workers_that_wait_for_one_that_dies_make_it_once(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    doing = ("die", "use", "use")
    workers = [worker(folder, "code", does) for does in doing]
    answers = [said(each) for each in workers]
    assert answers == (["", "code", "code"] if workers[0].returncode else ["code"] * 3)
    made = (tmp_path / "left").read_text().split()
    assert len(made) == 1 + (workers[0].returncode != 0)


def test_who_waited_does_not_wait_for_the_end_of_whoever_uses_what_was_made(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "shop"
    with (tmp_path / "shop.busy").open("w") as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        waiting = worker(folder, "code")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1)
        folder.mkdir()
        (folder / "second half").write_text("code")
        (folder / MARK).write_text("code")
        try:
            assert waiting.communicate(timeout=20)[0].strip() == "code"
        finally:
            waiting.kill()


def test_a_stale_one_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    for code in ("old", "new", "new"):
        assert said(worker(folder, code)) == code
    assert (tmp_path / "left").read_text().split() == ["old", "new"]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        made_once(tmp_path / "shop", "code", fail)
    assert said(worker(tmp_path / "shop", "code")) == "code"


def test_what_another_suite_uses_is_not_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    with worker(folder, "code", "stay") as using:
        assert using.stdout.readline().strip() == "code"
        forget_unused([folder])
        assert (folder / MARK).exists()
        using.stdin.close()
    forget_unused([folder])
    assert not folder.exists()


def change_a_model(project: Path) -> None:
    (project / "models" / "fct_orders.sql").write_text("select 2")


def add_a_seed(project: Path) -> None:
    (project / "seeds" / "raw_orders.csv").write_text("id")


def rename_a_module(project: Path) -> None:
    (project / "trajectories" / "a.py").rename(project / "trajectories" / "b.py")


@pytest.mark.parametrize("change", [change_a_model, add_a_seed, rename_a_module])
def test_a_change_of_code_or_input_makes_another_warehouse(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    for name in ("models/fct_orders.sql", "seeds/a.csv", "trajectories/a.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("select 1")
    before = prebuilt.fingerprint.__wrapped__(tmp_path)
    (tmp_path / "trajectories" / "__pycache__").mkdir()
    (tmp_path / "trajectories" / "__pycache__" / "kernel.nbc").write_text("compiled")
    assert prebuilt.fingerprint.__wrapped__(tmp_path) == before
    change(tmp_path)
    assert prebuilt.fingerprint.__wrapped__(tmp_path) != before


@pytest.mark.parametrize(
    "fact",
    [
        "llvmlite.binding.get_host_cpu_name",
        "prebuilt.platform.machine",
        "prebuilt.platform.python_version",
    ],
)
def test_another_machine_makes_another_warehouse(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fact: str
) -> None:
    before = prebuilt.fingerprint.__wrapped__(tmp_path)
    monkeypatch.setattr(fact, lambda: "another")
    assert prebuilt.fingerprint.__wrapped__(tmp_path) != before


def test_nobody_builds_into_a_shared_warehouse(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("code")
    with pytest.raises(ValueError, match="build into a copy of it"):
        run_build(tmp_path / "build")
