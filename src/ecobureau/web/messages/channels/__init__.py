"""Ways out of the house. One module a kind; each has `send(channel, to, message, timeout_s)`.

`to` is a person's address (e-mail, phone) or empty for a bot. Whoever adds a kind names its module in `SENDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ecobureau.web.messages.channels.base import Message, NotSent
from ecobureau.web.messages.models import Channel, ChannelKind

Send = Callable[[Channel, str, Message, float], None]

SENDERS: dict[str, str] = {
    ChannelKind.EMAIL: "ecobureau.web.messages.channels.email",
    ChannelKind.SMS: "ecobureau.web.messages.channels.sms",
    ChannelKind.WECOM: "ecobureau.web.messages.channels.wecom",
    ChannelKind.DINGTALK: "ecobureau.web.messages.channels.dingtalk",
}


def send(channel: Channel, to: str, message: Message, timeout_s: float) -> None:
    """Send a message now.

    Raises:
        NotSent: it did not go out; `again` says whether another try may help.
    """
    sender: Send = import_module(SENDERS[channel.kind]).send
    sender(channel, to, message, timeout_s)


__all__ = ["Message", "NotSent", "send"]
