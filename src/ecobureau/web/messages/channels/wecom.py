"""The bot of a WeCom (企业微信) group: one webhook address that holds its own key."""

from __future__ import annotations

from ecobureau.web.messages.channels.base import Message, NotSent, secrets_of, shorten
from ecobureau.web.messages.channels.outbound import post_json
from ecobureau.web.messages.models import Channel

MOST_BYTES = 2048
_LATER = {-1, 45009, 45033}
"""Codes of WeCom that pass: busy, too many in a minute, too many at once."""


def send(channel: Channel, to: str, message: Message, timeout_s: float) -> None:
    """Send a text to the group.

    Raises:
        NotSent: see `post_json`; or the bot's own refusal.
    """
    body = {"msgtype": "text", "text": {"content": shorten(message.whole, MOST_BYTES)}}
    answer = post_json(secrets_of(channel).get("url", ""), body, timeout_s)
    code = answer.get("errcode")
    if code != 0:
        why = str(answer.get("errmsg", ""))[:120]
        raise NotSent("messages.bot_refused", again=code in _LATER, status=code, why=why)
