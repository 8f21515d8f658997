"""The bot of a DingTalk (钉钉) group: a webhook address, and a secret that signs each call."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from ecobureau.clock import now
from ecobureau.web.messages.channels.base import Message, NotSent, secrets_of, shorten
from ecobureau.web.messages.channels.outbound import post_json
from ecobureau.web.messages.models import Channel

MOST_BYTES = 18000
_LATER = {-1, 130101, 410100, 430104}
"""Codes of DingTalk that pass: busy, sent too fast."""


def signature(secret: str, at: datetime) -> dict[str, str]:
    """Return `timestamp` (ms) and `sign`: base64 of HMAC-SHA256 over "timestamp\\nsecret", the secret being the key."""
    stamp = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def send(channel: Channel, to: str, message: Message, timeout_s: float) -> None:
    """Send a text to the group, signed where the channel has a secret.

    Raises:
        NotSent: see `post_json`; or the bot's own refusal.
    """
    secrets = secrets_of(channel)
    url, secret = secrets.get("url", ""), secrets.get("secret", "")
    if secret:
        url += ("&" if "?" in url else "?") + urlencode(signature(secret, now()))
    body = {"msgtype": "text", "text": {"content": shorten(message.whole, MOST_BYTES)}}
    answer = post_json(url, body, timeout_s)
    code = answer.get("errcode")
    if code != 0:
        why = str(answer.get("errmsg", ""))[:120]
        raise NotSent("messages.bot_refused", again=code in _LATER, status=code, why=why)
