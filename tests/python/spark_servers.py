"""Spark servers for tests: started on free ports, stopped surely.

Each context manager yields the address that a profile of type `sparksession` takes.
Servers write into the folder that they are given.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

SECONDS_TO_START = 120
# Tests ask many short questions of few rows: none is cut into more parts than cores.
# (Compiling less, -XX:TieredStopAtLevel=1, made Spark Connect lose a method handle.)
SHORT_QUESTIONS = {"SPARK_SHUFFLE_PARTITIONS": "2"}
# Of few rows, compiling what will run once is most of the work. For a session in this
# process; a Connect server is asked as it comes.
INTERPRETED = {
    "JDK_JAVA_OPTIONS": (
        # (The first compiler alone is given 48 MB for its code, and Spark needs more.)
        "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
    ),
    "PYSPARK_SUBMIT_ARGS": (
        "--conf spark.sql.codegen.wholeStage=false"
        " --conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell"
    ),
}
CONNECT_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def sail_server(workdir: Path, packages: Path | None = None) -> Iterator[str]:
    """A Sail server (Rust, no Java) with this Python; yields sc://host:port.

    The address names a session: Sail keeps its tables in it, so that all that use the
    address see the same.

    Args:
        workdir: for tables and logs.
        packages: a folder of Python packages that models need on the server, beside
            those of this Python. Sail takes none from its clients.
    """
    port = free_port()
    settings = {"SAIL_SPARK__SESSION_TIMEOUT_SECS": "86400"}
    environment = {**os.environ, **settings, "PYTHONPATH": str(packages or "")}
    command = [sys.executable, "-m", "pysail", "spark", "server", "--port", str(port)]
    with _running(command, workdir, "sail", environment) as log:
        _wait_for_port(port, log)
        yield f"sc://127.0.0.1:{port}/;session_id={uuid.uuid4()}"


@contextlib.contextmanager
def connect_server(
    workdir: Path, config: dict[str, str] | None = None
) -> Iterator[str]:
    """A Spark Connect server on local[2]; yields sc://host:port.

    Args:
        workdir: for tables, metastore and logs.
        config: Spark settings, for example spark.driver.memory.
    """
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(workdir / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={workdir}",
        "spark.ui.enabled": "false",
        **(config or {}),
    }
    pairs = [part for item in settings.items() for part in ("--conf", "=".join(item))]
    command = [*_spark("spark-submit"), "--class", CONNECT_SERVER]
    command += ["--master", "local[2]", *pairs, "spark-internal"]
    with _running(command, workdir, "connect", _environment()) as log:
        _wait_for_port(port, log)
        yield f"sc://127.0.0.1:{port}"


@contextlib.contextmanager
def standalone_cluster(
    workdir: Path, workers: int = 1, cores: int = 1, memory: str = "2g"
) -> Iterator[str]:
    """A standalone master with workers, a process each; yields spark://host:port.

    Args:
        workdir: for logs and the workers' scratch space.
        workers: how many.
        cores: of each worker.
        memory: of each worker.
    """
    port = free_port()
    address = f"spark://127.0.0.1:{port}"
    host = ["--host", "127.0.0.1", "--webui-port", "0"]
    with contextlib.ExitStack() as stack:
        master = [*_spark("spark-class"), MASTER, *host, "--port", str(port)]
        log = stack.enter_context(_running(master, workdir, "master", _environment()))
        _wait_for_port(port, log)
        logs = []
        for number in range(workers):
            scratch = workdir / f"worker{number}"
            size = ["--cores", str(cores), "--memory", memory]
            place = ["--work-dir", str(scratch), address]
            worker = [*_spark("spark-class"), WORKER, *host, *size, *place]
            running = _running(worker, workdir, f"worker{number}", _environment())
            logs.append(stack.enter_context(running))
        for log in logs:
            _wait_for_words("Successfully registered with master", log)
        yield address


def _spark(script: str) -> list[str]:
    """Return the command of one of the scripts that come with pyspark."""
    import pyspark

    return ["bash", str(Path(pyspark.__file__).parent / "bin" / script)]


def _environment() -> dict[str, str]:
    here = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    import pyspark

    home = {"SPARK_HOME": str(Path(pyspark.__file__).parent)}
    return {**os.environ, **SHORT_QUESTIONS, **here, **home}


@contextlib.contextmanager
def _running(
    command: list[str], workdir: Path, name: str, environment: dict[str, str]
) -> Iterator[_Log]:
    """Run a server in a process group of its own, and end the group afterwards."""
    workdir.mkdir(parents=True, exist_ok=True)
    path = workdir / f"{name}.log"
    with path.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=workdir,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _Log(server, path)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, 9)
            server.wait()


class _Log:
    """A server's process and what it wrote."""

    def __init__(self, server: subprocess.Popen, path: Path) -> None:
        self.server = server
        self.path = path

    def text(self) -> str:
        return self.path.read_text(errors="replace")


def _wait(ready, log: _Log, what: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not ready():
        if log.server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start:\n{log.text()[-4000:]}")
        time.sleep(0.1)


def _wait_for_port(port: int, log: _Log) -> None:
    def ready() -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", port)) == 0

    _wait(ready, log, f"The server on port {port}")


def _wait_for_words(words: str, log: _Log) -> None:
    _wait(lambda: re.search(re.escape(words), log.text()), log, log.path.stem)
