"""`ecobureau up` with the real processes. Needs what `make setup` makes (static files)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ecobureau.supervisor.children import processes_with
from ecobureau.supervisor.loop import RUN_VARIABLE, data_mark, status
from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url
from ecobureau.supervisor.run import answers, port_taken
from supervisor.helpers import PATIENCE, environment, gone, migrated, wait_for

pytestmark = pytest.mark.adversity


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bureau:
    """One data folder, and `ecobureau up` on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.web, self.gateway = free_port(), free_port()
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        env = {**environment(), "ECOBUREAU_DATA": str(self.data), **more}
        kept = os.environ.get("ECOBUREAU_STATIC_ROOT")
        env |= {"ECOBUREAU_STATIC_ROOT": kept} if kept else {}
        ports = ("--web-port", str(self.web), "--gateway-port", str(self.gateway))
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "ecobureau", "--lang", "en", "up", *ports, *words]
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        return self.process

    def ready(self) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            state = status(self.data)
            if state is None or state["pid"] != self.process.pid or not state["ready"]:
                return None
            return state if all(child["pid"] for child in state["children"].values()) else None

        try:
            return wait_for(look, "the bureau to be ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()[-4000:]}") from None

    def listens(self, port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            return False
        return True

    def processes(self) -> list[int]:
        return [pid for pid in processes_with(RUN_VARIABLE, data_mark(self.data)) if not gone(pid)]

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
            self.process.kill()
            self.process.wait()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    folder = Path(tempfile.mkdtemp(prefix="eb-up-"))
    made = Bureau(folder / "data")
    yield made
    made.end()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_starts_survives_kills_and_stops(bureau: Bureau) -> None:
    bureau.start()
    first = bureau.ready()
    assert answers("127.0.0.1", bureau.web)
    wait_for(lambda: bureau.listens(bureau.gateway), "the gateway to listen")
    assert set(first["children"]) == {"gateway", "web", "worker"}
    assert len(bureau.processes()) >= 4, "web has a worker process of its own"

    for name in ("gateway", "web", "worker"):
        os.kill(first["children"][name]["pid"], signal.SIGKILL)
    os.kill(first["postgres"], signal.SIGKILL)

    def mended() -> bool:
        now = status(bureau.data)
        if now is None or now["postgres"] in (None, first["postgres"]):
            return False
        return all(
            child["pid"] not in (None, first["children"][name]["pid"]) for name, child in now["children"].items()
        )

    wait_for(mended, "all four to be replaced")
    wait_for(lambda: answers("127.0.0.1", bureau.web) and bureau.listens(bureau.gateway), "web and gateway to be back")

    assert bureau.process is not None
    bureau.process.send_signal(signal.SIGKILL)
    bureau.process.wait()
    wait_for(lambda: not bureau.processes() and live_url(bureau.data) is None, "everything to end with its parent")
    assert not port_taken("127.0.0.1", bureau.web)

    again = bureau.start()
    bureau.ready()
    again.send_signal(signal.SIGTERM)
    assert again.wait(PATIENCE) == 0
    assert bureau.processes() == []
    assert live_url(bureau.data) is None
    assert status(bureau.data) is None


def test_external_database_is_used_with_two_roles(bureau: Bureau) -> None:
    outside = bureau.data.parent / "external"
    outside.parent.chmod(0o755)
    migrated(outside)
    with EmbeddedPostgres(outside, fast_unsafe=True) as server:
        bureau.start(DATABASE_URL=server.url("app"), DATABASE_OWNER_URL=server.url("owner"))
        state = bureau.ready()
        assert state["postgres"] is None
        assert not (bureau.data / "pg").exists()
        with psycopg.connect(server.url("app")) as db:
            row = db.execute("select tableowner from pg_tables where tablename = 'django_migrations'").fetchone()
            assert row == ("ecobureau_owner",)
        for pid in (state["children"]["web"]["pid"], state["children"]["worker"]["pid"]):
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            assert not [variable for variable in variables if variable.startswith(b"DATABASE_OWNER_URL=")]
        bureau.end()
        assert server.running()


def test_taken_port_is_told_and_nothing_stays_behind(bureau: Bureau) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", bureau.web))
        taken.listen()
        assert bureau.start().wait(PATIENCE) == 1
    assert f"127.0.0.1:{bureau.web}" in bureau.log.read_text()
    assert bureau.processes() == []
    assert live_url(bureau.data) is None


def test_database_that_cannot_be_reached_is_told(bureau: Bureau) -> None:
    assert bureau.start(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none").wait(PATIENCE) == 1
    assert "DATABASE_URL" in bureau.log.read_text()
    assert bureau.processes() == []
    assert not (bureau.data / "pg").exists()


@pytest.mark.parametrize("setting", ["shared_buffers", "=2GB", "a;b=c"])
def test_bad_parameter_is_refused(bureau: Bureau, setting: str) -> None:
    assert bureau.start("--pg-setting", setting).wait(PATIENCE) == 2
    assert not bureau.data.exists()
