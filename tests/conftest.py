"""Test database: one embedded PostgreSQL kept between runs, a template per state of the migrations, a clone per worker.

`TEST_DATABASE_URL` (and `TEST_DATABASE_OWNER_URL`) point the suite at another server.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from database_flush import Flush

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")  # how long an example takes on a busy machine says nothing of the code

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("ECOBUREAU_TEST_CACHE", ROOT / ".cache" / "tests"))
_KEY_LIBRARIES = ("django", "django-allauth", "django-axes", "procrastinate", "djangorestframework")

_FIRST = ("e2e", "adversity", "supervisor", "wheel", "demo", "gateway", "bench", "web")
"""Folders whose tests wait much or take long, so that they do not come last."""
_TOGETHER = ("e2e", "demo")
"""Folders whose tests share a server, or a built city: on one worker each, but for `_APART`."""
_ALONE = ("adversity", "supervisor", "wheel", "bench")
"""Folders whose tests share nothing and take long: each goes to whoever is free."""
_APART = {"test_pages.py", "test_islands.py", "test_command.py", "test_registry.py", "test_server.py"}
"""Half of the browser's tests, by time: on a worker of their own."""


def _with_dbname(url: str, name: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@functools.cache
def _state_of_migrations() -> str:
    """Name the state of the migrations as this run found it: editing one meanwhile does not part its workers."""
    if known := os.environ.get("EB_TEST_STATE"):
        return known
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src" / "ecobureau" / "web").rglob("migrations/*")):
        if path.is_file() and path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    for library in _KEY_LIBRARIES:
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()[:16]


class _Server:
    """The server of the whole run: ours, or the one that was handed in. Shared by runs at the same time."""

    def __init__(self) -> None:
        self.given = os.environ.get("TEST_DATABASE_URL")
        self.embedded: Any = None

    def start(self) -> None:
        if self.given:
            os.environ["EB_TEST_OWNER"] = os.environ.get("TEST_DATABASE_OWNER_URL", self.given)
            os.environ["EB_TEST_APP"] = self.given
            return
        from ecobureau.supervisor.postgres import EmbeddedPostgres

        own = Path(tempfile.mkdtemp(prefix="eb-test-"))
        CACHE.mkdir(parents=True, exist_ok=True)
        self.lock = (CACHE / ".lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            data = CACHE / "pg"
        except BlockingIOError:
            data = own
        self.embedded = EmbeddedPostgres(data, fast_unsafe=True)
        self.embedded.start()
        os.environ["EB_TEST_OWNER"] = self.embedded.url("owner")
        os.environ["EB_TEST_APP"] = self.embedded.url("app")

    def stop(self) -> None:
        if self.embedded is not None:
            self.embedded.stop()
            self.lock.close()


_server: _Server | None = None


def pytest_configure(config: pytest.Config) -> None:
    global _server
    if not hasattr(config, "workerinput"):
        _server = _Server()
        _server.start()
        os.environ["EB_TEST_STATE"] = _state_of_migrations()
    os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = os.environ["EB_TEST_OWNER"]
    _point_django_at(os.environ["EB_TEST_OWNER"])


def _point_django_at(url: str) -> None:
    from django.db import connection

    from ecobureau.web.settings_parts import database

    os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = url
    fresh = database()
    connection.settings_dict.update({key: fresh[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None and not hasattr(config, "workerinput"):
        _server.stop()


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    return _FIRST.index(folder) if folder in _FIRST else len(_FIRST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=_rank)


class Together(LoadScopeScheduling):
    """Keeps on one worker what shares something dear: a folder's server, a file's fixtures."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # many tests are not the long ones
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        _tests, folder, *_rest = file.split("/")
        if folder in _ALONE:
            return nodeid
        if folder not in _TOGETHER:
            return file
        return f"{folder}-apart" if file.rpartition("/")[2] in _APART else folder


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Spread the tests of a run over its workers."""
    return Together(config, log)


def _make_template(owner: str, name: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    with psycopg.connect(_with_dbname(owner, "postgres"), autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(%s)", (int(name[-12:], 16) >> 1,))
        if admin.execute("select 1 from pg_database where datname = %s and datistemplate", (name,)).fetchone():
            return
        admin.execute(f'drop database if exists "{name}" with (force)')
        admin.execute(f'create database "{name}" template template0')
        connection.close()
        _point_django_at(_with_dbname(owner, name))
        call_command("migrate", verbosity=0, interactive=False)
        connection.close()
        admin.execute(f'alter database "{name}" is_template true')


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Clone the template database for this worker; replaces pytest-django's own."""
    from django.db import connection

    owner = os.environ["EB_TEST_OWNER"]
    template = f"tpl_{_state_of_migrations()}"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{os.getpid()}_{worker}"
    with django_db_blocker.unblock():
        _make_template(owner, template)
        with psycopg.connect(_with_dbname(owner, "postgres"), autocommit=True) as admin:
            admin.execute(f'create database "{name}" template "{template}" strategy file_copy')
        _point_django_at(_with_dbname(owner, name))
        flush = Flush()
    os.environ["EB_TEST_APP_HERE"] = _with_dbname(os.environ["EB_TEST_APP"], name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.TransactionTestCase._fixture_teardown", lambda _case: flush())
        yield
    with django_db_blocker.unblock():
        connection.close()
        with psycopg.connect(_with_dbname(owner, "postgres"), autocommit=True) as admin:
            admin.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def database_url(db: None) -> str:
    """DSN of this worker's database, as its owner."""
    return os.environ["DATABASE_URL"]


@pytest.fixture
def app_database_url(db: None) -> str:
    """DSN of this worker's database in the application's role, which cannot change evidence."""
    return os.environ["EB_TEST_APP_HERE"]
