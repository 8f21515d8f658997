"""The one thing the frame writes: a person's own preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIELDS = {"theme": "theme", "large": "large_type", "language": "language", "sound": "sound"}
_FLAGS = frozenset({"large", "sound"})


def keep_preference(user: Any, name: str, value: str) -> None:
    """Store a choice with the user; nothing happens for an anonymous one.

    Args:
        user: the request's user.
        name: theme, large, language or sound; value: as checked by the page.
    """
    if not user.is_authenticated:
        return
    field = _FIELDS[name]
    setattr(user, field, value == "1" if name in _FLAGS else value)
    user.save(update_fields=[field])


def keep_keys(user: Any, keys: Mapping[str, str]) -> None:
    """Store the letters a person gave to the keys (`keymap.read`)."""
    user.keys = dict(keys)
    user.save(update_fields=["keys"])
