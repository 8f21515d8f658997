"""What is sent, and how it may fail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ecobureau.secret import seal, unseal
from ecobureau.web.messages.models import Channel
from ecobureau.words import say


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the reader's language: subject, text (lines), address of the page about it ('' = none)."""

    subject: str
    text: str
    url: str = ""

    @property
    def whole(self) -> str:
        """Text and address together."""
        return f"{self.text}\n{self.url}" if self.url else self.text


class NotSent(Exception):
    """A message did not go out: message code with parameters; `again` says whether another try may help."""

    def __init__(self, code: str, *, again: bool, **params: Any) -> None:
        super().__init__(code)
        self.code, self.again, self.params = code, again, params

    def text(self, lang: str | None = None) -> str:
        """Return the sentence: what is wrong and how to mend it."""
        return say(self.code, lang, **self.params)


def sealed(secrets: dict[str, str]) -> bytes:
    """Return secrets as a channel keeps them."""
    return seal(json.dumps(secrets))


def secrets_of(channel: Channel) -> dict[str, str]:
    """Return a channel's secrets in the clear; empty where there are none."""
    blob = bytes(channel.secret_sealed)
    return dict(json.loads(unseal(blob))) if blob else {}


def shorten(text: str, most: int) -> str:
    """Return at most `most` bytes of UTF-8, cut between characters, with an ellipsis where something is missing."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"
