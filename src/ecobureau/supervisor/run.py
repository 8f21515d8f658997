"""`up`: PostgreSQL, migrations, then gateway, web and worker, until somebody says stop."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import secrets
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ecobureau.config import data_dir, database_url
from ecobureau.supervisor.children import ChildSpec, default_children
from ecobureau.supervisor.errors import SupervisorError
from ecobureau.supervisor.loop import StopAsked, Supervisor
from ecobureau.supervisor.postgres import EmbeddedPostgres

SETTINGS_MODULE = "ecobureau.web.settings"
MIGRATION_LOCK = 5_470_212
"""Key of the advisory lock that keeps two supervisors of one external database from migrating at once."""
TELL_AFTER_ERRORS = 4
OPEN_FILES = 65536


def raise_open_files() -> None:
    """Lets us and our children open as many files as the hard limit allows (up to OPEN_FILES)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def port_taken(host: str, port: int) -> bool:
    """Does somebody listen on this port already (or may we not listen there)?"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def answer_of(host: str, port: int) -> int | None:
    """HTTP status that the web server answers the login page with; None if it does not answer."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(near, port, timeout=2)
    try:
        connection.request("GET", "/accounts/login/", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def answers(host: str, port: int) -> bool:
    """Does the web server answer a request without an error of its own?"""
    code = answer_of(host, port)
    return code is not None and code < 500


class Readiness:
    """Looks whether the web server answers; says once if it answers with errors."""

    def __init__(self, supervisor: Supervisor, host: str, port: int) -> None:
        self._supervisor, self._host, self._port = supervisor, host, port
        self._errors = 0

    def __call__(self) -> bool:
        code = answer_of(self._host, self._port)
        if code is None or code < 500:
            return code is not None
        self._errors += 1
        if self._errors == TELL_AFTER_ERRORS:
            self._supervisor.say("supervisor.web.error", status=code)
        return False


def say_bye(url: str, name: str) -> None:
    """Tells the live-update hubs of the web processes of this name to end their streams, so that they stop at once."""
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=2) as db:
        db.execute("select pg_notify('live', %s)", [f"__bye__{name}"])


def migrate(supervisor: Supervisor, owner_url: str) -> None:
    """Brings the database up to date as its owner; one supervisor at a time. Raises SupervisorError if it fails."""
    import psycopg

    try:
        lock = psycopg.connect(owner_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise SupervisorError("supervisor.db.unreachable", why=str(error).strip()) from error
    with contextlib.closing(lock):
        lock.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        env = {"DATABASE_OWNER_URL": owner_url, "ECOBUREAU_AS_OWNER": "1", "ECOBUREAU_NO_POOL": "1"}
        command = (
            sys.executable,
            "-m",
            "django",
            "migrate",
            "--noinput",
            "--skip-checks",
            "--settings",
            SETTINGS_MODULE,
        )
        code = supervisor.step("migrate", command, env)
    if code != 0:
        raise SupervisorError("supervisor.migrate.failed", code=code)


def up(
    *,
    data: Path | None = None,
    host: str = "127.0.0.1",
    web_port: int = 8000,
    web_workers: int = 1,
    gateway_host: str | None = None,
    gateway_port: int = 9212,
    gateways: int = 1,
    metrics_port: int | None = None,
    extra: Sequence[ChildSpec] = (),
    env: Mapping[str, str] | None = None,
    prepare: Callable[[Supervisor], None] | None = None,
    on_ready: Callable[[Supervisor], None] | None = None,
    postgres_settings: Mapping[str, str] | None = None,
    postgres_port: int | None = None,
    out: IO[str] | None = None,
) -> int:
    """Runs the bureau until a signal stops it; returns the exit code. Call it from the main thread.

    extra: further children (the demo's `simulate`). env: added to the environment of every child.
    prepare: called after the migrations and before the children, with the supervisor (its `step` runs a program to
    its end). on_ready: called once the web server answers. Raises SupervisorError for what the operator must mend.
    """
    raise_open_files()
    data = (data or data_dir()).resolve()
    gateway_host = gateway_host or host
    children = default_children(
        host=host,
        web_port=web_port,
        web_workers=web_workers,
        gateway_host=gateway_host,
        gateway_port=gateway_port,
        gateways=gateways,
        metrics_port=metrics_port,
    )
    url = f"http://{f'[{host}]' if ':' in host else host}:{web_port}/"
    app_url, owner_url = database_url("app"), database_url("owner")
    postgres = None
    if app_url is None:
        postgres = EmbeddedPostgres(data, port=postgres_port, settings=postgres_settings or {})
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_OWNER_URL", "DATABASE_URL")
    }
    name = secrets.token_hex(8)
    surroundings |= {
        "ECOBUREAU_WEB_NAME": name,
        "ECOBUREAU_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
        "PYTHONUNBUFFERED": "1",
    }
    supervisor = Supervisor(
        data,
        [*children, *extra],
        postgres=postgres,
        env={**surroundings, **(env or {})},
        out=out,
        bye=lambda: say_bye(supervisor.env["DATABASE_URL"], name),
        url=url,
    )
    try:
        with supervisor:
            for where, port in ((host, web_port), (gateway_host, gateway_port)):
                if port_taken(where, port):
                    raise SupervisorError("supervisor.port.taken", host=where, port=port)
            if postgres is not None:
                app_url, owner_url = postgres.url("app"), postgres.url("owner")
            assert app_url is not None
            supervisor.env["DATABASE_URL"] = app_url
            migrate(supervisor, owner_url or app_url)
            if prepare is not None:
                prepare(supervisor)
            supervisor.start_children()
            if supervisor.run(until=Readiness(supervisor, host, web_port), every=0.25):
                supervisor.now_ready()
                supervisor.say("supervisor.ready", url=url, gateway=f"{gateway_host}:{gateway_port}")
                if on_ready is not None:
                    on_ready(supervisor)
                supervisor.run()
    except StopAsked:
        pass
    return 0
