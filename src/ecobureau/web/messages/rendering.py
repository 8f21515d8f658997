"""A message in words: the sentence of its code in the reader's language, with the address of the page about it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from ecobureau.web.core import registry
from ecobureau.web.core.refusals import sentence
from ecobureau.web.messages.channels.base import Message
from ecobureau.web.messages.models import Delivery
from ecobureau.words import say

LEVELS = {
    "red": "messages.level.red",
    "orange": "messages.level.orange",
    "yellow": "messages.level.yellow",
    "blue": "messages.level.blue",
}


def message(one: Delivery, lang: str) -> Message:
    """Return a delivery as it is sent.

    Args:
        lang: `zh` or `en`.
    """
    if one.code == "messages.digest":
        return _digest(one, lang)
    said = sentence(one.code, one.params, lang)
    level = say(LEVELS[one.level], lang) if one.level in LEVELS else ""
    house = say("messages.house", lang)
    subject = say("messages.subject", lang, house=house, said=said) if not one.urgent else ""
    subject = subject or say("messages.subject_urgent", lang, house=house, said=said)
    text = say("messages.text", lang, level=level, said=said) if level else said
    return Message(subject[:180], text, _url(one.kind, one.number))


def _digest(one: Delivery, lang: str) -> Message:
    lines = [f"· {sentence(each['code'], each['params'], lang)}" for each in one.params["lines"]]
    count = int(one.params["count"])
    first = say("messages.digest", lang, count=count)
    if count > len(lines):
        lines.append(say("messages.and_more", lang, count=count - len(lines)))
    subject = say("messages.subject", lang, house=say("messages.house", lang), said=first)
    return Message(subject, "\n".join([first, *lines]), _absolute(reverse("core:inbox")))


def _url(kind: str, number: str) -> str:
    try:
        return _absolute(reverse("core:detail", args=[registry.get(kind).plural, number]))
    except KeyError:
        return ""


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else ""
