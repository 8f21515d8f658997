"""Voice calls by machine: `settings.VOICE_SENDER` names a function `(call, timeout_s) -> outcome` by dotted path.

Two come along. `to_webhook` POSTs the call as JSON to `settings.VOICE_URL` (its host must stand in
`ECOBUREAU_MESSAGE_HOSTS`) and takes `{"outcome": "answered" | "not_answered" | "failed"}` for an answer; the call's id
stays the same in a second try. `to_file` appends it to `<data>/voice/outbox.jsonl` (mode 0600) for a dialling program
that reads the file; how that call ended is not known then. Without a setting there is no machine call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from ecobureau.clock import now
from ecobureau.config import data_dir
from ecobureau.web.messages.channels import outbound
from ecobureau.web.messages.channels.base import NotSent

TIMEOUT_S = 90.0
"""A call rings, is taken and is spoken within this time."""
_OUTCOMES = ("answered", "not_answered", "failed")


@dataclass(frozen=True, slots=True)
class Call:
    """A call to place: its id, number of the remote stop, phone, words to speak."""

    id: str
    number: str
    phone: str
    text: str


def configured() -> bool:
    """Say whether the installation can call by machine."""
    return bool(settings.VOICE_SENDER)


def place(call: Call) -> str:
    """Place a call now and return its outcome: answered, not_answered, failed or handed.

    Raises:
        NotSent: the call could not be placed.
    """
    sender: Callable[[Call, float], str] = import_string(settings.VOICE_SENDER)
    return sender(call, TIMEOUT_S)


def to_webhook(call: Call, timeout_s: float) -> str:
    """Have a voice gateway place the call.

    Raises:
        NotSent: no address, no answer, or an answer that is none.
    """
    if not settings.VOICE_URL:
        raise NotSent("remote_stop.no_voice_url", again=False)
    answer = outbound.post_json(settings.VOICE_URL, asdict(call), timeout_s)
    outcome = str(answer.get("outcome", ""))
    if outcome not in _OUTCOMES:
        raise NotSent("remote_stop.bad_voice_answer", again=False, outcome=outcome[:40])
    return outcome


def to_file(call: Call, timeout_s: float) -> str:
    """Write the call to the outbox file.

    Raises:
        NotSent: the file cannot be written.
    """
    folder = data_dir() / "voice"
    line = json.dumps({"at": now().isoformat(), **asdict(call)}, ensure_ascii=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "outbox.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise NotSent("messages.no_file", again=True, why=str(error)[:120]) from error
    return "handed"
