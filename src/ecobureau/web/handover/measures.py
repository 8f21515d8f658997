"""The numbers of a shift, all of them, and nowhere else; a list is filtered by the very condition that counts it.

A span is [since, until), both aware. Measures with `of_now` tell how things stand at the moment of asking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from ecobureau.clock import now
from ecobureau.web.core.models import Clock
from ecobureau.words import _

SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: the records of `kind` that fulfil `condition(since, until)`.

    Attributes:
        code: stable name, also in addresses. name, how: Chinese source texts of its name and definition.
        of_now: it tells of the moment of asking and not of the span. cuts: by which slices of the figures it is cut.
    """

    code: str
    name: str
    how: str
    kind: str
    condition: Callable[[datetime, datetime], Q]
    of_now: bool = False
    cuts: tuple[str, ...] = ()


def _within(column: str) -> Callable[[datetime, datetime], Q]:
    return lambda since, until: Q(**{f"{column}__gte": since, f"{column}__lt": until})


def _late(since: datetime, until: datetime) -> Q:
    """One of the task's limits ended in the span and had not been met."""
    ended = Clock.objects.filter(kind="task", object_id=OuterRef("pk"), due_at__gte=since, due_at__lt=min(until, now()))
    missed = Q(stopped_at__gt=F("due_at")) | Q(stopped_at__isnull=True, paused_at__isnull=True)
    return Q(Exists(ended.filter(missed)))


def _running(since: datetime | None, until: datetime) -> Q:
    clocks = Clock.objects.filter(
        kind="task", object_id=OuterRef("pk"), stopped_at__isnull=True, paused_at__isnull=True, due_at__lt=until
    )
    return Q(closed_at__isnull=True) & Q(Exists(clocks.filter(due_at__gte=since) if since else clocks))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "came", _("新线索"), _("本班登记的线索"), "clue", _within("created_at"), cuts=("level", "scenario", "source")
    ),
    Measure("sent", _("派发任务"), _("本班派出的任务"), "task", _within("created_at")),
    Measure("handled", _("交出结果"), _("本班交出现场结果的任务"), "task", _within("submitted_at")),
    Measure("closed", _("销号任务"), _("本班销号的任务"), "task", _within("closed_at")),
    Measure("late", _("本班超时"), _("有一项时限在本班到期而没有按时完成的任务"), "task", _late),
    Measure(
        "waiting",
        _("待研判线索"),
        _("此刻还没有研判、派发的线索"),
        "clue",
        lambda since, until: Q(state__in=("new", "triaged")),
        of_now=True,
    ),
    Measure(
        "open",
        _("在办任务"),
        _("此刻没有办结的任务"),
        "task",
        lambda since, until: Q(closed_at__isnull=True),
        of_now=True,
        cuts=("level",),
    ),
    Measure(
        "overdue",
        _("已超时在办"),
        _("此刻没有办结、时限已过的任务"),
        "task",
        lambda since, until: _running(None, now()),
        of_now=True,
    ),
    Measure(
        "soon",
        _("两小时内到期"),
        _("此刻没有办结、两小时内有时限到期的任务"),
        "task",
        lambda since, until: _running(now(), now() + SOON),
        of_now=True,
    ),
)
BY_CODE = {each.code: each for each in MEASURES}
KINDS = tuple(dict.fromkeys(each.kind for each in MEASURES))
WEEKLY = tuple(each for each in MEASURES if not each.of_now)
