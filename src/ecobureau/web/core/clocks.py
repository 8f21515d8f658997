"""Clocks of records: started, stopped, paused by verbs, and ticked by the worker. Length and warn points are rules."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language

from ecobureau.domain import workflow
from ecobureau.domain.workflow import ClockSpec, Flow, Length, Mood, Running, Transition, Unit
from ecobureau.rulepacks import load
from ecobureau.rulepacks.citations import cited
from ecobureau.web.core import live, notices, outage, parts
from ecobureau.web.core.calendars import calendar
from ecobureau.web.core.models import Clock, ClockFired, Record
from ecobureau.web.core.refusals import sentence
from ecobureau.words import _, say

log = logging.getLogger("ecobureau.clocks")
_RETRY = timedelta(minutes=1)
WARN_PERCENT = 80


def running(clock: Clock) -> Running:
    """Return the clock as the domain's value."""
    return Running(
        due_at=clock.due_at,
        span=timedelta(seconds=clock.span_s),
        paused_at=clock.paused_at,
        stopped_at=clock.stopped_at,
    )


def _percents(spec: ClockSpec, at: datetime) -> dict[str, str]:
    if not spec.escalate:
        return {}
    name, prefix = spec.escalate.split(":", 1)
    pack, day = load(name), workflow.beijing_day(at)
    keys = [key for key in pack.keys(f"{prefix}.") if key.removeprefix(f"{prefix}.").isdigit()]
    return {key.removeprefix(f"{prefix}."): str(pack.at(key, day).value) for key in keys}


@dataclass(frozen=True, slots=True)
class _Limit:
    """When a clock ends, and what says so."""

    due_at: datetime
    length: Length
    rule: str
    version: str
    source: str


def _limit(record: Record, spec: ClockSpec, at: datetime) -> _Limit:
    """Return the limit of a clock: by the rule pack, or by a day that stands in the record (`record:<field>`)."""
    name, key = spec.rule.split(":", 1)
    if name == "record":
        due_at = max(workflow.end_of(getattr(record, key)), at)
        days = max(0, (workflow.beijing_day(due_at) - workflow.beijing_day(at)).days)
        return _Limit(due_at, Length(days, Unit.DAY), spec.rule, "", "")
    pack, day = load(name), workflow.beijing_day(at)
    own = record.own_limit(key.rsplit(".", 1)[-1], day) if "{level}" in key else None
    if own is not None:
        length = Length(own.minutes, Unit.MINUTE)
        return _Limit(workflow.due(at, length, calendar()), length, own.rule, own.version, own.source)
    entry = pack.at(key.format(level=record.level), day)
    if not isinstance(entry.value, int):
        raise ValueError(f"{name}: {entry.key} is no whole number")
    length = Length(entry.value, Unit(entry.unit))
    due_at = workflow.due(at, length, calendar())
    return _Limit(due_at, length, f"{name}:{entry.key}", pack.version, f"{entry.source} {entry.clause}".strip())


def _new(record: Record, spec: ClockSpec, at: datetime, run: int) -> Clock:
    """Return an unsaved clock that starts at `at`."""
    limit = _limit(record, spec, at)
    clock = Clock(
        kind=record.KIND,
        object_id=record.pk,
        code=spec.code,
        run=run,
        started_at=at,
        due_at=limit.due_at,
        span_s=(limit.due_at - at).total_seconds(),
        unit=limit.length.unit.value,
        amount=limit.length.value,
        rule=limit.rule,
        rule_version=limit.version,
        rule_source=limit.source,
        legal=spec.legal,
        percents=_percents(spec, at),
    )
    _plan(clock, ())
    return clock


def start(record: Record, spec: ClockSpec, at: datetime) -> Clock:
    """Start a clock at `at`; one of the same code that still runs is stopped first and a new run begins."""
    (clock,) = _start(record, [spec], _open(record), at)
    return clock


def _start(record: Record, specs: Sequence[ClockSpec], open_: Mapping[str, Clock], at: datetime) -> list[Clock]:
    """Start several clocks in two questions; `open_`: those of the record that ran before this act."""
    if not specs:
        return []
    for spec in specs:
        if spec.code in open_ and open_[spec.code].stopped_at is None:
            stop(open_[spec.code], at, "restart")
    mine = Clock.objects.filter(kind=record.KIND, object_id=record.pk, code__in=[spec.code for spec in specs])
    runs = dict(mine.order_by().values_list("code").annotate(last=Max("run")))
    return Clock.objects.bulk_create(_new(record, spec, at, runs.get(spec.code, 0) + 1) for spec in specs)


def _plan(clock: Clock, fired: Iterable[int]) -> None:
    clock.next_at = workflow.next_moment(running(clock), [int(each) for each in clock.percents], set(fired))


def stop(clock: Clock, at: datetime, verb: str) -> None:
    """Stop a clock for good."""
    clock.stopped_at, clock.stopped_by, clock.next_at = at, verb, None
    clock.save()


def pause(clock: Clock, at: datetime, reason: str) -> None:
    """Let a clock stand. Warn points do not fire while it stands."""
    clock.paused_at, clock.pause_reason, clock.next_at = at, reason, None
    clock.save()


def resume(clock: Clock, at: datetime) -> None:
    """Let a standing clock run on; its end moves by what it stood."""
    if clock.paused_at is None:
        return
    clock.due_at = workflow.resumed(clock.due_at, clock.paused_at, at, Unit(clock.unit), calendar())
    clock.paused_s += max(0.0, (at - clock.paused_at).total_seconds())
    clock.paused_at, clock.pause_reason = None, ""
    _plan(clock, clock.fired.values_list("percent", flat=True))
    clock.save()


def _open(record: Record) -> dict[str, Clock]:
    clocks = Clock.objects.select_for_update().filter(kind=record.KIND, object_id=record.pk, stopped_at__isnull=True)
    return {clock.code: clock for clock in clocks}


def _note(what: str, clock: Clock) -> Mapping[str, Any]:
    return {"do": what, "code": clock.code, "run": clock.run, "due": clock.due_at, "rule": clock.rule_version}


def begin(record: Record, flow: Flow, at: datetime) -> tuple[Mapping[str, Any], ...]:
    """Start the clocks that run from creation; returns what the history writes down. The record is new: it has none."""
    made = Clock.objects.bulk_create(_new(record, flow.clock(code), at, 1) for code in flow.starts)
    return tuple(_note("start", clock) for clock in made)


def apply(
    record: Record, flow: Flow, move: Transition, at: datetime, reason: str, *, relevelled: bool
) -> tuple[Mapping[str, Any], ...]:
    """Do to the record's clocks what the transition says; returns what the history writes down.

    A changed level gives the clocks that depend on it their new length from the instant they started. In a final state
    every clock ends.
    """
    done: list[Mapping[str, Any]] = []
    clocks = _open(record)
    final = move.target is not None and flow.state(move.target).final
    for code, clock in clocks.items():
        if code in move.stops or (final and code not in move.starts):
            stop(clock, at, move.verb)
            done.append(_note("stop", clock))
        elif code in move.pauses and clock.paused_at is None:
            pause(clock, at, reason)
            done.append(_note("pause", clock))
        elif code in move.resumes and clock.paused_at is not None:
            resume(clock, at)
            done.append(_note("resume", clock))
        elif relevelled and "{level}" in flow.clock(code).rule and code not in move.starts:
            _relevel(record, flow.clock(code), clock)
            done.append(_note("relevel", clock))
    fresh = _start(record, [flow.clock(code) for code in move.starts], clocks, at)
    done += [_note("start", clock) for clock in fresh]
    return tuple(done)


def _relevel(record: Record, spec: ClockSpec, clock: Clock) -> None:
    limit = _limit(record, spec, clock.started_at)
    clock.span_s = (limit.due_at - clock.started_at).total_seconds()
    clock.due_at = limit.due_at + timedelta(seconds=clock.paused_s)
    clock.unit, clock.amount = limit.length.unit.value, limit.length.value
    clock.rule, clock.rule_version, clock.rule_source = limit.rule, limit.version, limit.source
    _plan(clock, clock.fired.values_list("percent", flat=True))
    clock.save()


def tick(at: datetime, batch: int = 200) -> int:
    """Fire every warn point that is reached at `at`; returns how many. Safe to run twice or in two processes at once.

    Each clock is its own transaction, so that one that fails (it is tried again a minute later) holds up no other.
    """
    fired = 0
    due = Clock.objects.filter(next_at__lte=at).order_by("next_at").values_list("pk", flat=True)
    for pk in list(due[:batch]):
        try:
            fired += _fire(pk, at)
        except Exception as error:
            if outage.is_away(error):
                raise
            log.exception("clock %s could not fire", pk)
            Clock.objects.filter(pk=pk, next_at__lte=at).update(next_at=at + _RETRY)
    return fired


@transaction.atomic
def _fire(pk: int, at: datetime) -> int:
    clock = Clock.objects.select_for_update(skip_locked=True).filter(pk=pk, next_at__lte=at).first()
    if clock is None:
        return 0
    before = set(clock.fired.values_list("percent", flat=True))
    reached = workflow.crossed(running(clock), [int(each) for each in clock.percents], before, at)
    for percent in reached:
        tell = clock.percents[str(percent)]
        ClockFired.objects.create(clock=clock, percent=percent, at=at, tell=tell)
        _announce(clock, percent, tell, at)
    clock.refresh_from_db()
    _plan(clock, before | set(reached))
    clock.save(update_fields=["next_at"])
    return len(reached)


def _announce(clock: Clock, percent: int, tell: str, at: datetime) -> None:
    from ecobureau.web.core import registry

    kind = registry.get(clock.kind)
    record = kind.records().filter(pk=clock.object_id).first()
    if record is None:
        return
    spec = kind.flow.clock(clock.code)
    notices.tell(tell, record, "core.notice.clock", {"clock": spec.name, "percent": percent}, at, clock=clock.code)
    if kind.on_clock is not None:
        kind.on_clock(record, clock, percent, tell)
    live.record_changed(record)


def badge(clock: Clock, spec: ClockSpec, at: datetime) -> parts.ClockBadge:
    """Return the badge of a clock as it stands at `at`, in the language in force."""
    value = running(clock)
    state = workflow.mood(value, at, WARN_PERCENT)
    said = workflow.words(value, at)
    note = ""
    if clock.stopped_at is not None:
        note = f"{say(spec.name)} {sentence(said.code, said.params)}"
        state = Mood.DONE
    elif clock.paused_at is not None:
        note = pause_words(clock)
    return parts.ClockBadge(
        label=say(spec.name),
        due=clock.due_at,
        state=state.value,
        now=at,
        warn_at=workflow.moment(value, WARN_PERCENT),
        legal=clock.legal,
        source=_source(clock),
        note=note,
    )


def _source(clock: Clock) -> str:
    """Return where a clock's length comes from, in the language in force; the key of its rule is for machines."""
    if clock.rule.startswith("record:"):
        return say(_("期限写在本件上"))
    where = cited(clock.rule_source, get_language() or "zh")
    return say(_("{where}（规则包 {version}）"), None, where=where, version=clock.rule_version)


def pause_words(clock: Clock) -> str:
    """Return the name of the reason for which a clock stands."""
    from ecobureau.web.core import registry

    flow = registry.get(clock.kind).flow
    reasons = [*flow.pause_reasons, *(reason for move in flow.transitions for reason in move.reasons)]
    name = next((reason.name for reason in reasons if reason.code == clock.pause_reason), clock.pause_reason)
    return say(name) if name else ""
