"""The one Spark session of the process: started once, shared by all threads."""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dbt.adapters.sparksession.shipping import PackageError, folder_of, ship

if TYPE_CHECKING:
    from dbt.adapters.sparksession.connections import SparkSessionCredentials
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # An overwrite replaces the partitions that it brings, as dbt has it. Set here
    # once, because a `set` in a model would hold for the other threads, too.
    "spark.sql.sources.partitionOverwriteMode": "DYNAMIC",
}
DRIVER_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
DEFAULT_DIRECTORY = Path.home() / ".dbt" / "sparksession"
CONNECT_PORT, MASTER_PORT, SECONDS_TO_ANSWER = 15002, 7077, 10


class SessionError(Exception):
    """No session, for a reason said in a sentence."""


@dataclass
class _Opened:
    session: SparkSession
    settings: dict[str, Any]


_lock = threading.Lock()
_opened: _Opened | None = None


def shared_session(credentials: SparkSessionCredentials) -> SparkSession:
    """Return the session of the process, started when there is none for the profile.

    Raises:
        SessionError: a sentence that says what is missing and what to do.
    """
    global _opened
    named = ("master", "remote", "app_name", "config", "packages", "directory")
    settings = {name: getattr(credentials, name) for name in named}
    with _lock:
        if _opened is None or _opened.settings != settings:
            _stop()
            _opened = _Opened(_start(credentials), settings)
        return _opened.session


def _stop() -> None:
    """Stop the session, so that a cluster gets its executors back.

    A session that the address names (`session_id=`) goes on: who names it wants to
    come back to it. Sail keeps its tables in the session.
    """
    global _opened
    if _opened is not None:
        if "session_id=" not in str(_opened.settings["remote"]):
            _opened.session.stop()
        _opened = None


atexit.register(_stop)


def _start(credentials: SparkSessionCredentials) -> SparkSession:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise SessionError(
            "pyspark is not installed; run: pip install 'pyspark[connect]>=4,<5'"
        ) from error
    # Failing statements are reported by dbt; pyspark would print them, too.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        for package in credentials.packages:
            folder_of(package)
        if credentials.remote:
            return _connect(credentials)
        return _launch(credentials)
    except PackageError as error:
        raise SessionError(str(error)) from error


def _connect(credentials: SparkSessionCredentials) -> SparkSession:
    """Open a session of our own on a Spark Connect server."""
    from pyspark.sql import SparkSession

    remote = str(credentials.remote)
    address = urlsplit(remote)
    if address.scheme != "sc" or not address.hostname:
        raise SessionError(
            f"remote is {remote}, which is no Spark Connect address; write "
            f"sc://host:{CONNECT_PORT}."
        )
    port = address.port or CONNECT_PORT
    _require_answer("Spark Connect server", [(address.hostname, port)])
    session = SparkSession.builder.remote(remote).create()
    for name, value in _settings(credentials, SETTINGS).items():
        session.conf.set(name, value)
    for package in credentials.packages:
        _send(session, package)
    return session


def _send(session: SparkSession, package: str) -> None:
    """Ship a package to a server; one that takes none (Sail) must have it."""
    from pyspark.errors import PySparkException

    def imported(batches: Iterator[Any]) -> Iterator[Any]:
        importlib.import_module(package)
        return batches

    try:
        ship(package, lambda path: session.addArtifacts(path, pyfile=True))
    except Exception as refusal:
        try:
            session.range(1).mapInArrow(imported, "id bigint").collect()
        except PySparkException:
            raise SessionError(
                f"The server takes no Python packages ({refusal}) and cannot import "
                f"{package}; install it into the environment of the server."
            ) from refusal


def _launch(credentials: SparkSessionCredentials) -> SparkSession:
    """Start Spark's driver in this process."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    master = str(credentials.master)
    _require_java()
    if master.startswith("spark://"):
        hosts = [part.partition(":") for part in master[len("spark://") :].split(",")]
        addresses = [(host, int(port or MASTER_PORT)) for host, _, port in hosts]
        _require_answer("Spark master", addresses)
    local = master.startswith("local")
    if local:
        _give_workers_this_python(credentials.packages)
    settings = _settings(credentials, SETTINGS | DRIVER_SETTINGS | _places(credentials))
    if python := settings.get("spark.pyspark.python"):
        os.environ["PYSPARK_PYTHON"] = python
    builder = SparkSession.builder.master(master).appName(credentials.app_name)
    for name, value in settings.items():
        builder = builder.config(name, value)
    if "spark.sql.catalogImplementation" not in settings:
        builder = builder.enableHiveSupport()
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise SessionError(
            "Spark's Java process ended before it answered; its own words stand "
            "above. Spark 4 needs Java 17 or 21, and settings that this Java takes."
        ) from error
    if not local:
        for package in credentials.packages:
            ship(package, lambda path: _add_to_executors(session, path))
    return session


def _settings(
    credentials: SparkSessionCredentials, defaults: dict[str, str]
) -> dict[str, str]:
    """Return the profile's settings over the defaults, as Spark writes them."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in credentials.config.items()
    }
    options = [part[JAVA_OPTIONS] for part in (defaults, texts) if JAVA_OPTIONS in part]
    return defaults | texts | ({JAVA_OPTIONS: " ".join(options)} if options else {})


def _places(credentials: SparkSessionCredentials) -> dict[str, str]:
    """Return where tables and metastore lie, never in the working directory.

    A cluster has places of its own, so there only a named directory counts.
    """
    named = credentials.directory
    if not (named or str(credentials.master).startswith("local")):
        return {}
    directory = Path(named or DEFAULT_DIRECTORY).expanduser().absolute()
    directory.mkdir(parents=True, exist_ok=True)
    derby = f"jdbc:derby:;databaseName={directory / 'metastore'};create=true"
    return {
        "spark.sql.warehouse.dir": directory.as_uri() + "/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": derby,
        JAVA_OPTIONS: f"-Dderby.system.home={directory}",
    }


def _give_workers_this_python(packages: list[str]) -> None:
    """Let the workers of a local master see what this process sees."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    parents = [str(folder_of(package).parent) for package in packages]
    paths = dict.fromkeys(path for path in [*parents, *known] if path)
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def _add_to_executors(session: SparkSession, path: str) -> None:
    """Ship a zip; the driver goes on importing the package from where it lies."""
    before = list(sys.path)
    session.sparkContext.addPyFile(path)
    sys.path[:] = before


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if java is None:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise SessionError(
            f"Java was not found {where}, and Spark runs on it: install a JDK 17 "
            f"(Debian: apt-get install openjdk-17-jre-headless) and set JAVA_HOME; or "
            f"name a Spark Connect server as `remote` in the profile, which needs no "
            f"Java here."
        )


def _require_answer(what: str, addresses: list[tuple[str, int]]) -> None:
    """Raise when nobody listens, instead of minutes of repeated attempts."""
    reasons = []
    for address in addresses:
        try:
            socket.create_connection(address, SECONDS_TO_ANSWER).close()
            return
        except OSError as error:
            reasons.append(f"{address[0]}:{address[1]} ({error.strerror or error})")
    raise SessionError(
        f"The {what} cannot be reached at {', '.join(reasons)}; start it, or correct "
        f"the address in the profile."
    )
