"""A real PostgreSQL server for tests: passwords by scram, TLS with a certificate."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import environments

DATABASE = "shop"
USER = "builder"
PASSWORD = "pass word'of\\build"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """Where a server listens; `environment` holds the libpq variables to reach it."""

    host: str
    port: int
    user: str
    password: str
    database: str
    environment: dict[str, str]

    def execute(self, sql: str, **changed: str) -> str:
        """Run SQL in psql, as the superuser unless PGUSER says another; return rows."""
        ran = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
            env={**os.environ, **self.environment, **changed},
            input=sql,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        return ran.stdout.strip()


def extension_folder() -> str:
    """Return a folder for PYTHONPATH whose packages hold DuckDB's extension."""
    python = environments.environment("postgres")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(python.parent.parent / "lib" / version / "site-packages")


def _programs() -> Path:
    """Return the folder of the newest server's programs, or skip the test."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    if not found:
        environments.missing(
            "There is no PostgreSQL server here: apt-get install postgresql."
        )
    return found[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", folder / "server.key", "-out", folder / "server.crt"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    (folder / "server.key").chmod(0o600)


def _await(server: subprocess.Popen[bytes], ready: list[object], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    plain = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    while subprocess.run(ready, env=plain, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The server didn't start: {log.read_text()}")
        time.sleep(0.1)


def _end_with_parent() -> None:
    """Have Linux end the server when the process that started it is killed."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGQUIT)


@contextmanager
def postgres_server(folder: Path) -> Iterator[Server]:
    """Run a server until the block ends; its certificate is kept in `folder`.

    It refuses connections without TLS. Its data lie in a temporary folder that the
    user `postgres` may reach: the server doesn't run as root.
    """
    programs = _programs()
    account = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgres-") as home:
        data, secret = Path(home) / "data", Path(home) / "secret"
        log = Path(home) / "log"
        _make_certificate(Path(home))
        secret.write_text(PASSWORD)
        shutil.copy(Path(home) / "server.crt", folder / "server.crt")
        if account:
            for path in (Path(home), *Path(home).iterdir()):
                shutil.chown(path, **account)
        options = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", USER, "--pwfile", secret, *options],
            check=True,
            capture_output=True,
            cwd=home,
            **account,
        )
        (data / "pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")
        port = _free_port()
        settings = {
            "listen_addresses": "localhost",
            "port": port,
            "unix_socket_directories": home,
            "ssl": "on",
            "ssl_cert_file": f"{home}/server.crt",
            "ssl_key_file": f"{home}/server.key",
            "fsync": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=home,
                preexec_fn=_end_with_parent,
                **account,
            )
        try:
            ready = [programs / "pg_isready", "-q", "-h", "localhost", "-p", str(port)]
            _await(process, ready, log)
            environment = {
                "PGHOST": "localhost",
                "PGPORT": str(port),
                "PGDATABASE": DATABASE,
                "PGUSER": USER,
                "PGPASSWORD": PASSWORD,
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": str(folder / "server.crt"),
            }
            server = Server("localhost", port, USER, PASSWORD, DATABASE, environment)
            server.execute(f"create database {DATABASE}", PGDATABASE="postgres")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()
