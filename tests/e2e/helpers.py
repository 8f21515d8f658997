"""What browser tests share: watching a page, axe, screenshots, sessions, waiting."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "test-results"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
_HARMLESS = ("GL Driver Message", "GPU stall due to ReadPixels", "WebGL")


class Watch:
    """Problems a page had: violations of the content policy, errors of scripts, failed loads."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.expected: list[str] = []

    def add(self, problem: str) -> None:
        if not any(part in problem for part in (*_HARMLESS, *self.expected)):
            self.problems.append(problem)


_seen: dict[int, Watch] = {}


def watch(page: Page) -> Watch:
    """Begin to watch a page."""
    seen = _seen[id(page)] = Watch()

    def console(message: Any) -> None:
        text = message.text
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            seen.add(f"policy: {text}")
        elif message.type == "error":
            seen.add(f"console: {text} ({message.location.get('url', '')})")

    page.on("console", console)
    page.on("pageerror", lambda problem: seen.add(f"script: {problem}"))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('Content Security Policy: '"
        " + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber))"
    )
    return seen


def expects(page: Page, *parts: str) -> None:
    """Allow problems whose text contains one of `parts`: the test brings them about itself."""
    _seen[id(page)].expected.extend(parts)


@cache
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def assert_accessible(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Fail on any axe violation of WCAG 2.2 A and AA on the page as it stands.

    Args:
        without: selectors of regions that the tool cannot judge (the canvas of a map).
    """
    page.evaluate(_axe())
    found = page.evaluate(
        """([rules, without]) => axe.run(
            {include: [document], exclude: without.map(s => [s])},
            {runOnly: rules, resultTypes: ['violations'], preload: false, performanceTimer: false},
        )""",
        [RULES, list(without)],
    )
    told = [
        f"{item['id']}: {node['target']} {node.get('failureSummary', '')}"
        for item in found["violations"]
        for node in item["nodes"]
    ]
    assert not told, "\n".join(told)


def assert_accessible_in_turn(page: Page, name: str, **more: Any) -> None:
    """Do so at one of the two widths that a page is opened at, chosen by its name: half of the pages at each."""
    size = page.viewport_size
    assert size is not None
    if (size["width"] >= 1000) == bool(crc32(name.encode()) & 1):
        assert_accessible(page, **more)


def shot(page: Page, name: str, *, full: bool = False) -> None:
    """Save a screenshot as test-results/NAME.png where somebody wants to look (`ECOBUREAU_SHOTS=1`).

    Drawing whole pages without a graphics card takes as long as testing them.
    """
    if os.environ.get("ECOBUREAU_SHOTS"):
        RESULTS.mkdir(exist_ok=True)
        page.screenshot(path=str(RESULTS / f"{name}.png"), full_page=full)


def ready(page: Page, selector: str) -> None:
    """Wait until the islands of `selector` have drawn."""
    for island in page.locator(selector).all():
        expect(island).to_have_attribute("data-ready", "")


def served(page: Page) -> None:
    """Wait until the service worker is installed and serves the page: a network that goes before breaks its coming."""
    page.evaluate(
        "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller ?? new Promise(done => "
        "navigator.serviceWorker.addEventListener('controllerchange', done)))"
    )


def no_sideways(page: Page) -> None:
    """Fail where the page scrolls sideways (data tables scroll in their own box)."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px too wide"


def choose(page: Page, **choices: str) -> None:
    """Set cookies of the reader: theme=dark, large=1, language=en. For signed-in people set their own fields."""
    names = {"theme": "eb_theme", "large": "eb_large", "language": "django_language"}
    address = page.context._impl_obj._options["baseURL"]
    page.context.add_cookies([{"name": names[key], "value": value, "url": address} for key, value in choices.items()])


def give_password(user: Any, password: str) -> None:
    """Give a user a password that the running server can check (the tests' own hasher is not the product's)."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    user.password = PBKDF2PasswordHasher().encode(password, PBKDF2PasswordHasher().salt())
    user.save(update_fields=["password"])


def session_of(user: Any) -> str:
    """Make a signed-in session of a user; returns its key."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    assert settings.SESSION_ENGINE.endswith("db")
    return str(store.session_key)
