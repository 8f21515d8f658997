"""From a line in an inbox to messages on channels: to whom, when, and many folded into one.

What is due is handed to the job queue; `sweep` (each few seconds, in the worker) folds what was held and hands on what
is due or due again. Everything stands in `Delivery`: a worker that dies loses nothing. A message goes out at least
once: one whose sender dies between the other side's answer and the commit is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.web.core.models import Notice, Record
from ecobureau.web.messages import rendering
from ecobureau.web.messages.channels import NotSent, send
from ecobureau.web.messages.models import BOTS, PERSONAL, Channel, ChannelKind, Delivery, Preference
from ecobureau.web.messages.rules import Rules, quiet_until, rules, wait_after
from ecobureau.web.places import selectors as places

DIGEST = "messages.digest"
MOST_IN_DIGEST = 10
MOST_AT_ONCE = 200
State = Delivery.State


def take(written: Sequence[Notice], record: Record) -> None:
    """Queue what goes out for notices that were just written, as part of their transaction."""
    channels = list(Channel.objects.filter(active=True))
    if not channels or not written:
        return
    at = now()
    given = rules(beijing(at).date())
    urgent = _urgent(record, written[0], given)
    made: list[Delivery] = []
    people = [channel for channel in channels if channel.kind in PERSONAL]
    if people:
        wanted = _preferences(written)
        for notice in written:
            for channel in people:
                one = _to_person(channel, notice, record, wanted[notice.user_id], urgent, given, at)
                if one is not None:
                    made.append(one)
    for channel in channels:
        if _concerns(channel, record) and not _told_already(channel, written[0], at):
            made.append(_delivery(channel, None, written[0], record, urgent, at))
    _queue(made, given, at)


def _urgent(record: Record, notice: Notice, given: Rules) -> bool:
    percent = notice.params.get("percent")
    late = isinstance(percent, int) and percent >= given.urgent_percent
    return record.level in given.urgent_levels or late


def _preferences(written: Sequence[Notice]) -> dict[int, Preference]:
    users = {notice.user_id for notice in written}
    found = {each.user_id: each for each in Preference.objects.filter(user_id__in=users).select_related("user")}
    missing = users - found.keys()
    if missing:
        from django.contrib.auth import get_user_model

        for user in get_user_model()._base_manager.filter(pk__in=missing):
            found[user.pk] = Preference(user=user)
    return found


def address(channel: Channel, wanted: Preference) -> str:
    """Return where a person is reached on a channel; empty where they do not want it or have no address."""
    user: Any = wanted.user
    if not user.is_active:
        return ""
    if channel.kind == ChannelKind.EMAIL:
        return (wanted.email or str(user.email)) if wanted.by_email else ""
    return str(user.phone) if wanted.by_sms else ""


def _to_person(
    channel: Channel,
    notice: Notice,
    record: Record,
    wanted: Preference,
    urgent: bool,
    given: Rules,
    at: datetime,
) -> Delivery | None:
    if not address(channel, wanted):
        return None
    made = _delivery(channel, notice.user_id, notice, record, urgent, at)
    if urgent:
        return made
    hours = (wanted.quiet_from, wanted.quiet_to)
    quiet = quiet_until(at, hours if None not in hours else given.quiet)  # type: ignore[arg-type]
    if quiet is not None:
        made.state, made.due_at, made.why = State.HELD, quiet, "messages.why.quiet"
    if wanted.on_duty_only and places.duty_of(notice.user_id, at) is None:
        starts = places.next_duty(notice.user_id, at)
        if starts is None:
            made.state, made.why = State.DROPPED, "messages.why.off_duty"
        else:
            made.state, made.due_at, made.why = State.HELD, max(starts, made.due_at), "messages.why.next_shift"
    return made


def _delivery(
    channel: Channel, user: int | None, notice: Notice, record: Record, urgent: bool, at: datetime
) -> Delivery:
    return Delivery(
        channel=channel,
        user_id=user,
        kind=notice.kind,
        number=notice.number,
        level=record.level,
        code=notice.code,
        params=notice.params,
        urgent=urgent,
        due_at=at,
        made_at=at,
    )


def _concerns(channel: Channel, record: Record) -> bool:
    """Say whether a channel is a group's bot that hears of such a record."""
    return channel.kind in BOTS and record.org_path.startswith(channel.org_path) and record.level in channel.levels


def _told_already(channel: Channel, notice: Notice, at: datetime) -> bool:
    """Say whether the group has had this very line at this instant: one act may tell several groups of people."""
    same = Delivery.objects.filter(channel=channel, user__isnull=True, code=notice.code, number=notice.number)
    return same.filter(made_at=at).exists()


def _queue(made: Iterable[Delivery], given: Rules, at: datetime) -> None:
    for one in made:
        if one.state == State.QUEUED:
            _hold_in_a_storm(one, given, at)
        one.save(force_insert=True)
        if one.state == State.QUEUED:
            hand_on(one.pk)


def _hold_in_a_storm(one: Delivery, given: Rules, at: datetime) -> None:
    """Hold a message that is one too many of its kind, until the others of the same storm have gathered."""
    to: Any = one.user_id
    mine = Delivery.objects.filter(channel=one.channel, user_id=to, code=one.code)
    gathering = mine.filter(state=State.HELD, why="messages.why.storm").order_by("due_at").first()
    if gathering is not None:
        one.state, one.due_at, one.why = State.HELD, gathering.due_at, "messages.why.storm"
        return
    recent = mine.filter(made_at__gt=at - given.fold_span, made_at__lte=at).exclude(state=State.DROPPED).count()
    if recent >= given.fold_count:
        one.state, one.due_at, one.why = State.HELD, at + given.fold_span, "messages.why.storm"


def hand_on(pk: int) -> None:
    """Give a message to the job queue; it waits there once at most."""
    from ecobureau.web.messages.jobs import send_message

    send_message.defer(unique=f"message-{pk}", pk=pk)


def sweep(at: datetime) -> int:
    """Fold what was held and is due, and hand on every message that is due (again); returns how many were handed on."""
    fold_due(at)
    due = Delivery.objects.filter(state=State.QUEUED, due_at__lte=at).order_by("due_at", "pk")
    found = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    for pk in found:
        hand_on(pk)
    return len(found)


@transaction.atomic
def fold_due(at: datetime) -> int:
    """Make one message of those that were held for one person on one channel and are due; returns how many it made."""
    held = Delivery.objects.select_for_update(skip_locked=True).filter(state=State.HELD, due_at__lte=at)
    groups: dict[tuple[int, int | None], list[Delivery]] = {}
    for one in held.order_by("pk")[:5000]:
        groups.setdefault((one.channel_id, one.user_id), []).append(one)
    for together in groups.values():
        if len(together) == 1:
            Delivery.objects.filter(pk=together[0].pk).update(state=State.QUEUED, why="")
        else:
            _fold(together, at)
    return len(groups)


def _fold(together: list[Delivery], at: datetime) -> None:
    ranks = {"red": 0, "orange": 1, "yellow": 2, "blue": 3}
    top = min(together, key=lambda one: ranks.get(one.level, 9))
    lines = [{"code": one.code, "params": one.params} for one in together[:MOST_IN_DIGEST]]
    digest = Delivery.objects.create(
        channel_id=top.channel_id,
        user_id=top.user_id,
        level=top.level,
        code=DIGEST,
        params={"count": len(together), "lines": lines},
        due_at=at,
        made_at=at,
    )
    Delivery.objects.filter(pk__in=[one.pk for one in together]).update(state=State.FOLDED, digest=digest)


@transaction.atomic
def send_one(pk: int) -> bool:
    """Try to send one message that is due; returns whether it went out. Two at once: the second finds it locked."""
    mine = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("channel")
    one = mine.filter(pk=pk, state=State.QUEUED, due_at__lte=now()).first()
    if one is None:
        return False
    at = now()
    given = rules(beijing(at).date())
    one.tries += 1
    try:
        _send(one, given)
    except NotSent as problem:
        one.why = problem.text("zh")[:300]
        if problem.again and one.tries < given.tries:
            one.due_at = at + wait_after(one.tries, given)
        else:
            one.state = State.FAILED
        one.save(update_fields=["tries", "why", "due_at", "state"])
        return False
    one.state, one.sent_at, one.why = State.SENT, at, ""
    one.save(update_fields=["tries", "why", "sent_at", "state"])
    return True


def _send(one: Delivery, given: Rules) -> None:
    to, language = "", one.channel.language
    if one.user_id is not None:
        wanted = Preference.objects.filter(user_id=one.user_id).select_related("user").first()
        if wanted is None:
            wanted = _preferences([Notice(user_id=one.user_id)])[one.user_id]
        to, language = address(one.channel, wanted), str(wanted.user.language)
        if not to:
            raise NotSent("messages.no_address", again=False)
    if not one.channel.active:
        raise NotSent("messages.channel_off", again=False, channel=one.channel.name)
    lang = "en" if language.startswith("en") else "zh"
    send(one.channel, to, rendering.message(one, lang), given.timeout_s)


def clear(at: datetime) -> int:
    """Remove what is over and older than the log is kept; returns how many rows."""
    given = rules(beijing(at).date())
    over = Delivery.objects.exclude(state__in=[State.QUEUED, State.HELD])
    return over.filter(made_at__lt=at - given.keep).delete()[0]
