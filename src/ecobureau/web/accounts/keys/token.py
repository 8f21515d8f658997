"""The text of a key: `ebk_<name of 12 letters>_<43 letters>`. Its SHA-256 is kept; 256 random bits need no salt."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

_SHAPE = re.compile(r"ebk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})\Z")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Token(NamedTuple):
    """A key's public name, and its whole text."""

    prefix: str
    text: str


def make() -> Token:
    """Return a new key; its text is shown once and nowhere kept."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return Token(prefix, f"ebk_{prefix}_{secrets.token_urlsafe(32)}")


def read(text: str) -> Token | None:
    """Return the key in a text, None where it is not shaped like one."""
    found = _SHAPE.match(text)
    return Token(found.group(1), text) if found else None


def digest(text: str) -> str:
    """Return what is kept of a key: the SHA-256 of its text in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def fits(text: str, kept: str) -> bool:
    """Say whether a text is the key of a digest, in constant time."""
    return hmac.compare_digest(digest(text), kept)
