"""The dbt-duckdb plugin: reads inputs into the work database, publishes builds."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig, TargetConfig
from dbt.flags import get_flags
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from trajectories.warehouse.delivery import DeliveryError, deliver
from trajectories.warehouse.exports import PublishError
from trajectories.warehouse.inputs import (
    INPUT_SCHEMA,
    InputError,
    InputReader,
    input_name,
)
from trajectories.warehouse.postgres import PostgresError, attach_server
from trajectories.warehouse.publish import check_places
from trajectories.warehouse.work_database import WorkDatabaseError, check_work_database

INPUT_NAMES = "input_names"
SCRATCH_PREFIX = ".trajectories-reading-"
SCRATCH_KEPT_SECONDS = 24 * 60 * 60


def say(line: str) -> None:
    """Print a line as dbt prints its own."""
    fire_event(Note(msg=line), level=EventLevel.INFO)


class Plugin(BasePlugin):
    """Loads sources whose meta says `plugin: warehouse`, and publishes."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Start with nothing read and no connection."""
        self._attached_server = plugin_config.get("attached_server")
        self._connection: DuckDBPyConnection | None = None
        # What dbt has read lives as long as the run: garbage is sought among the rest.
        if not gc.get_freeze_count():
            gc.freeze()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._reader = InputReader(self._scratch_folder, self._cursor)
        self._printed_notes: set[str] = set()

    def update_connection_config(
        self, creds: DuckDBCredentials, config: dict[str, Any]
    ) -> None:
        """Make the build folder; see that a build can and may write to it.

        Raises:
            DbtRuntimeError: when it can't, for example because another build is using
                it, or would replace what is somebody else's.
        """
        if creds.path == ":memory:" or "://" in creds.path:
            return
        try:
            check_work_database(Path(creds.path), config)
            if getattr(get_flags(), "WHICH", "") == "build":
                check_places(Path(creds.path).absolute().parent)
        except WorkDatabaseError as error:
            raise DbtRuntimeError(str(error)) from error
        except PublishError as error:
            raise DbtRuntimeError(f"{error}. Nothing was built.") from error

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Keep the connection: relations are read, and marts published, through it.

        The schema of the sources is made here, once: dbt-duckdb makes it for each
        source as it is loaded, and two threads doing so at once conflict. A PostgreSQL
        server is attached, to be read, where the profile names it.
        """
        self._connection = conn
        conn.execute(f"create schema if not exists {INPUT_SCHEMA}")
        if self._attached_server:
            try:
                attach_server(conn, self._attached_server)
            except PostgresError as error:
                raise DbtRuntimeError(str(error)) from error

    def load(self, source_config: SourceConfig) -> Any:
        """Read one input table (see `InputReader.read`), or the input's name.

        Raises:
            DbtRuntimeError: when the input can't be used: dbt prints the sentence, and
                fails.
        """
        location = _fill_in_environment(str(source_config.get("input") or ""))
        table = source_config.identifier
        is_known = table in self._reader.copies
        full_load = str(source_config.get("full_load")).lower() == "true"
        zone = str(source_config.get("time_zone") or "").strip()
        try:
            if table == INPUT_NAMES:
                return pa.table({"name": pa.array([input_name(location)], pa.string())})
            rows = self._reader.read(location, table, full_load, zone)
        except InputError as error:
            raise DbtRuntimeError(str(error)) from error
        # Other threads load other tables meanwhile.
        if table in self._reader.copies and not is_known:
            say(f"{table}: {self._reader.copies[table]}")
        for note in self._reader.notes:
            if note not in self._printed_notes:
                self._printed_notes.add(note)
                say(f"Note: {note}")
        return rows

    def store(self, target_config: TargetConfig) -> None:
        """Publish the build that `config` describes; see the macro publish_build.

        Raises:
            DbtRuntimeError: when it can't be published; what was published before
                stays.
        """
        try:
            deliver(
                connection=self._cursor(),
                build_folder=self._build_folder(),
                request=dict(target_config.config),
                input_files=dict(self._reader.read_files),
                say=say,
                copies=self._reader.copies,
            )
        except DeliveryError as error:
            raise DbtRuntimeError(str(error)) from error

    def _cursor(self) -> DuckDBPyConnection:
        if self._connection is None:
            raise DbtRuntimeError("There is no connection to the work database yet.")
        return self._connection.cursor()

    def _build_folder(self) -> Path:
        path = self.creds.path if self.creds else ":memory:"
        return Path.cwd() if path == ":memory:" else Path(path).absolute().parent

    def _scratch_folder(self) -> Path:
        """Make a folder for rewritten text files; it goes when the process ends."""
        if self._scratch is None:
            folder = self._build_folder()
            _clear_old_scratch(folder)
            self._scratch = tempfile.TemporaryDirectory(
                prefix=SCRATCH_PREFIX, dir=folder, ignore_cleanup_errors=True
            )
        return Path(self._scratch.name)


def _fill_in_environment(text: str) -> str:
    """Fill in {{ env_var('NAME', 'default') }}, as dbt does for variables in models.

    dbt hands a variable's text to the properties of a source without rendering it.
    What is neither set nor has a default is empty.

    Raises:
        DbtRuntimeError: when the text asks for more than `env_var`, or is no Jinja.
    """
    env_var = {"env_var": lambda name, default="": os.environ.get(name, default)}
    try:
        template = SandboxedEnvironment(undefined=StrictUndefined).from_string(text)
        return template.render(env_var).strip()
    except (TemplateError, TypeError) as error:
        raise DbtRuntimeError(
            f"The variable input is '{text}', which can't be filled in: {error}. Give "
            "a folder, a file or a mapping file; of Jinja, only "
            "{{ env_var('NAME', 'default') }} is known there."
        ) from error


def _clear_old_scratch(folder: Path) -> None:
    """Remove what a build that was killed left behind."""
    for left in folder.glob(f"{SCRATCH_PREFIX}*"):
        if time.time() - left.stat().st_mtime > SCRATCH_KEPT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
