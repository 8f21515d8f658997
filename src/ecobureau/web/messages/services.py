"""The only writers of channels and preferences; trying a channel, and sending again what failed."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.messages import channels, door, outbox
from ecobureau.web.messages.channels.base import Message, sealed, secrets_of
from ecobureau.web.messages.models import PERSONAL, Channel, Delivery, Preference
from ecobureau.web.messages.rules import rules
from ecobureau.web.places import selectors as places
from ecobureau.words import say


@transaction.atomic
def save_channel(
    actor: Viewer,
    channel: Channel | None,
    *,
    kind: str,
    name: str,
    org_path: str = "",
    active: bool = True,
    levels: list[str] | tuple[str, ...] = (),
    language: str = "zh-hans",
    settings: dict[str, Any] | None = None,
    secrets: dict[str, str] | None = None,
) -> Channel:
    """Make a channel, or change one. Secrets that are empty stay as they were; they never come back out.

    Raises:
        Refused: no administrator of its place.
    """
    place = places.root_path() if kind in PERSONAL else org_path or places.root_path()
    door.must_change(actor, place)
    if channel is not None:
        door.must_change(actor, channel.org_path)
    at = now()
    row = channel or Channel(made_at=at)
    row.kind, row.name, row.org_path, row.active = kind, name.strip(), place, active
    row.levels, row.language, row.settings, row.changed_at = list(levels), language, dict(settings or {}), at
    given = {key: value for key, value in (secrets or {}).items() if value}
    if given:
        row.secret_sealed = sealed({**secrets_of(row), **given})
    row.save()
    audit.write(
        actor,
        "messages.channel",
        kind="channel",
        object_id=row.pk,
        number=row.name[:32],
        made=channel is None,
        active=active,
        place=place,
        secret_changed=bool(given),
    )
    return row


def try_channel(actor: Viewer, channel: Channel, to: str = "") -> str:
    """Send a test message now; returns what went wrong, empty where it went out.

    Raises:
        Refused: no administrator of its place.
    """
    door.must_change(actor, channel.org_path)
    lang = "en" if channel.language.startswith("en") else "zh"
    at = beijing(now())
    text = say("messages.test", lang, who=actor.name, at=f"{at:%Y-%m-%d %H:%M}")
    message = Message(f"[{say('messages.house', lang)}] {say('messages.test_subject', lang)}", text)
    try:
        channels.send(channel, to, message, rules(at.date()).timeout_s)
    except channels.NotSent as problem:
        wrong = problem.text()
    else:
        wrong = ""
    audit.write(actor, "messages.test", kind="channel", object_id=channel.pk, number=channel.name[:32], good=not wrong)
    return wrong


@transaction.atomic
def send_again(actor: Viewer, delivery: Delivery) -> None:
    """Put a message that failed into the queue again, with all its tries.

    Raises:
        Refused: no administrator of the channel's place, or it has not failed.
    """
    door.must_change(actor, delivery.channel.org_path)
    failed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.FAILED)
    if not failed.update(state=Delivery.State.QUEUED, tries=0, due_at=now()):
        refuse(Refusal("messages.not_failed"), actor=actor.user_id, what=f"delivery {delivery.pk}")
    audit.write(actor, "messages.again", kind="delivery", object_id=delivery.pk, number=delivery.number)
    outbox.hand_on(delivery.pk)


def save_preference(
    actor: Viewer,
    *,
    by_email: bool,
    by_sms: bool,
    email: str = "",
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    on_duty_only: bool = False,
) -> Preference:
    """Keep what the viewer wants for themselves."""
    made, _ = Preference.objects.update_or_create(
        user_id=actor.id,
        defaults={
            "by_email": by_email,
            "by_sms": by_sms,
            "email": email.strip(),
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "on_duty_only": on_duty_only,
        },
    )
    return made
