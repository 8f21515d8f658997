"""What higher rooms tell the frame, by dotted path in `settings.SHELL_HOOKS`.

| hook | called with | returns |
|---|---|---|
| `feeds` | viewer | `Feeds` or None |
| `shift` | viewer | words ("夜班 18:00–08:00") or "" |
| `counts` | viewer | {item key of the navigation: number waiting for me} |
| `unread` | viewer | number of unread notices, for the bell |
| `demo_people` | – | list of `DemoPerson` (asked in the demo alone) |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Feeds:
    """Health of the data feeds: how many of how many are in time, which are late, and the page about it."""

    good: int
    total: int
    late: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A sign-in name that the demonstration city offers on the sign-in page."""

    username: str
    password: str
    name: str
    role: str
    icon: str = "user"


@cache
def _function(path: str) -> Callable[..., Any]:
    return import_string(path)


def ask(name: str, *arguments: object, default: Any = None) -> Any:
    """Return the answer of a hook, or `default` where none is set.

    Raises:
        ImportError: the setting names something that does not exist.
    """
    path = settings.SHELL_HOOKS.get(name)
    return _function(path)(*arguments) if path else default
