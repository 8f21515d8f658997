"""The one thing the frame writes: a person's own preferences."""

from __future__ import annotations

from typing import Any

_FIELDS = {"theme": "theme", "large": "large_type", "language": "language"}


def keep_preference(user: Any, name: str, value: str) -> None:
    """Store a choice with the user; nothing happens for an anonymous one.

    Args:
        user: the request's user.
        name: theme, large or language; value: as checked by the page.
    """
    if not user.is_authenticated:
        return
    field = _FIELDS[name]
    setattr(user, field, value == "1" if name == "large" else value)
    user.save(update_fields=[field])
