"""SMS as an interface: `settings.SMS_SENDER` names a function (phone, text, timeout_s) by dotted path.

The one that comes along writes a line to `<data>/sms/outbox.jsonl` (mode 0600): for an installation without a gateway,
for tests, and for a gateway program that reads the file. A city with a gateway of its own writes one function, which
raises `NotSent` where it fails, and names it in `ECOBUREAU_SMS_SENDER`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from ecobureau.clock import now
from ecobureau.config import data_dir
from ecobureau.web.messages.channels.base import Message, NotSent, shorten
from ecobureau.web.messages.models import Channel

MOST_BYTES = 600


def send(channel: Channel, to: str, message: Message, timeout_s: float) -> None:
    """Send a short message.

    Raises:
        NotSent: what the sender says.
    """
    sender: Callable[[str, str, float], None] = import_string(settings.SMS_SENDER)
    sender(to, shorten(message.text, MOST_BYTES), timeout_s)


def to_file(phone: str, text: str, timeout_s: float) -> None:
    """Write the message to the outbox file.

    Raises:
        NotSent: the file cannot be written.
    """
    folder = data_dir() / "sms"
    line = json.dumps({"at": now().isoformat(), "to": phone, "text": text}, ensure_ascii=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "outbox.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise NotSent("messages.no_file", again=True, why=str(error)[:120]) from error
