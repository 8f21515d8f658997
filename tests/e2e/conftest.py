"""Real-browser tests: the real server (granian) on the test database, an installed Chromium, axe.

Fixtures: `server` (address of the running office), `browser`, `page` (1440×900), `phone` (390×844), `sign_in`, `axe`.
A page of these fixtures fails its test when the content policy was violated or a script threw.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from e2e.helpers import Watch, watch
from web.people import person

ROOT = Path(__file__).resolve().parent.parent.parent
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
expect.set_options(timeout=90_000)
FLAGS = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--disable-gpu-rasterization",
    "--disable-gpu-compositing",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in Path(str(item.path)).parts:
            item.add_marker("e2e")
            item.add_marker(pytest.mark.django_db(transaction=True))


def chromium() -> str:
    """Return the path of an installed Chromium.

    Raises:
        pytest.UsageError: none is installed.
    """
    named = os.environ.get("ECOBUREAU_CHROMIUM")
    for name in (named, "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    raise pytest.UsageError("no Chromium found: install one (Debian: apt-get install chromium fonts-noto-cjk)")


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collect the static files as an installation does, once for all workers of a run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    target = shared / "static"
    with (shared / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _collect(target)
    return target


def _collect(target: Path) -> None:
    environment = os.environ | {
        "ECOBUREAU_STATIC_ROOT": str(target),
        "DJANGO_SETTINGS_MODULE": "e2e.static_settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
    }
    command = [sys.executable, "-m", "django", "collectstatic", "--noinput", "-v0"]
    subprocess.run(command, check=True, env=environment)


class Server:
    """A running web process."""

    def __init__(self, static_root: Path, **more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.farewell = f"__bye__{self.port}"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
            "PYTHONPATH": str(ROOT / "src"),
            "ECOBUREAU_STATIC_ROOT": str(static_root),
            "DATABASE_URL": os.environ["EB_TEST_APP_HERE"],
            "ECOBUREAU_NO_POOL": "",
            "ECOBUREAU_WEB_NAME": str(self.port),
            **more,
        }
        command = [sys.executable, "-m", "granian", "--interface", "asginl", "--loop", "uvloop", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers-kill-timeout", "5"]
        self.process = subprocess.Popen([*command, "ecobureau.web.asgi:application"], env=environment)
        self._wait()

    def _wait(self) -> None:
        limit = time.monotonic() + 60
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the web process ended with {self.process.returncode}")
            try:
                with urllib.request.urlopen(f"{self.url}/manifest.webmanifest", timeout=20) as answer:  # noqa: S310
                    json.load(answer)
                return
            except (OSError, ValueError):
                if time.monotonic() > limit:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as the supervisor does."""
        import psycopg

        with psycopg.connect(os.environ["EB_TEST_APP_HERE"], autocommit=True) as connection:
            connection.execute("select pg_notify('live', %s)", [self.farewell])
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _one_more_server(shared: Path) -> int:
    """Return how many workers of this run have a server: each costs a start, its browsers and its cities again."""
    with (shared / "servers").open("a+") as told:
        fcntl.flock(told, fcntl.LOCK_EX)
        told.write("one\n")
        told.seek(0)
        return len(told.readlines())


@pytest.fixture(scope="session")
def server(django_db_setup: None, static_root: Path) -> Iterator[Server]:
    """The office pages, running on the database of this worker."""
    assert _one_more_server(static_root.parent) <= 2, "the browser's tests are not kept together (tests/conftest.py)"
    running = Server(static_root)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module; no longer, since `asyncio.run` fails in this process while Playwright runs."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Make pages: `new_page(viewport, lang, **context)`; each is watched, and the test fails if one misbehaved."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(viewport: dict[str, int] | None = None, lang: str = "zh-CN", **more: Any) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport=viewport or DESK,  # type: ignore[arg-type]
            locale=lang,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(90_000)
        page = context.new_page()
        opened.append((context, watch(page)))
        return page

    yield make
    problems = [problem for _context, seen in opened for problem in seen.problems]
    for context, _seen in opened:
        context.close()
    assert not problems, problems


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page of the office, 1440×900."""
    return new_page(DESK)


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A page on a phone, 390×844."""
    return new_page(PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def sign_in(server: Server) -> Callable[..., None]:
    """Sign a page in as a user, by a session made on the server's own database: `sign_in(page, user)`."""
    from e2e.helpers import session_of

    def give(page: Page, user: Any) -> None:
        page.context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": server.url}])

    return give


@pytest.fixture
def admin() -> Any:
    user = person("admin", ("administrator", "/"))
    user.theme = "light"
    user.save()
    return user
