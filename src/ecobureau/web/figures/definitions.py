"""The figures of command and dispatch, all of them, and nowhere else (workflow reference 1.8).

A figure is a share or a length over the records of one kind. `of` says which records count at all, `counted` which of
them are the share; both are conditions of the database, by which the list behind a number is filtered too: a number and
its list cannot part. All times are those of the records' creation, by days of Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q

from ecobureau.clock import now
from ecobureau.web.core.models import Clock, History
from ecobureau.words import _

Condition = Callable[[], Q]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        code: stable name, also in addresses. name, how: Chinese source texts of its name and definition.
        kind: kind of record it is reckoned over. unit: `%` or `min`.
        of, counted: see above; `counted` is None for a length.
        span: (from, to), columns between which the length runs; stat: `mean`, `p50`, `p90`.
        better: `high` or `low` if more or less of it is better, so that units can be ranked by it; '' if neither.
    """

    code: str
    name: str
    how: str
    kind: str
    unit: str
    of: Condition
    counted: Condition | None = None
    span: tuple[str, str] | None = None
    stat: str = ""
    better: str = ""


def _sent() -> Q:
    return ~Q(state="withdrawn")


def _clock(code: str, **more: object) -> Exists:
    return Exists(Clock.objects.filter(kind="task", object_id=OuterRef("pk"), code=code, **more))


def _in_time() -> Q:
    """A first result came before its limit."""
    return Q(_clock("first_result", stopped_at__isnull=False, stopped_at__lte=F("due_at")))


def _never_late() -> Q:
    """None of the task's limits was passed before it was met."""
    late = Clock.objects.filter(kind="task", object_id=OuterRef("pk"), stopped_at__gt=F("due_at"))
    return ~Q(Exists(late))


def _handed_in() -> Q:
    return _sent() & Q(submitted_at__isnull=False)


def _timed() -> Q:
    return _handed_in() & Q(accepted_at__isnull=False, submitted_at__gte=F("accepted_at"))


def _open() -> Q:
    return ~Q(state__in=("closed", "withdrawn"))


def _late_now() -> Q:
    """One of the task's limits that runs is over."""
    running = Clock.objects.filter(kind="task", object_id=OuterRef("pk"), stopped_at__isnull=True)
    return Q(Exists(running.filter(paused_at__isnull=True, due_at__lt=now())))


def _ever(verb: str) -> Q:
    return Q(Exists(History.objects.filter(kind="task", object_id=OuterRef("pk"), verb=verb)))


def _decided() -> Q:
    return Q(state__in=("closed", "dismissed"))


_SPAN = ("accepted_at", "submitted_at")
FIGURES: tuple[Figure, ...] = (
    Figure(
        "handled",
        _("办理率"),
        _("已销号、或在时限内交出初步结果的任务 ÷ 已派发的任务（不含撤回）"),
        "task",
        "%",
        _sent,
        lambda: _sent() & (Q(state="closed") | _in_time()),
        better="high",
    ),
    Figure(
        "within",
        _("按时办结率"),
        _("各项时限都没有超过的任务 ÷ 已销号的任务"),
        "task",
        "%",
        lambda: Q(state="closed"),
        lambda: Q(state="closed") & _never_late(),
        better="high",
    ),
    Figure(
        "mean",
        _("处置用时（平均）"),
        _("从签收到交出现场结果的分钟数，取平均；不含撤回和没有交出结果的任务"),
        "task",
        "min",
        _timed,
        span=_SPAN,
        stat="mean",
        better="low",
    ),
    Figure(
        "median",
        _("处置用时（中位数）"),
        _("从签收到交出现场结果的分钟数，一半的任务不超过它"),
        "task",
        "min",
        _timed,
        span=_SPAN,
        stat="p50",
        better="low",
    ),
    Figure(
        "p90",
        _("处置用时（九成）"),
        _("从签收到交出现场结果的分钟数，九成的任务不超过它"),
        "task",
        "min",
        _timed,
        span=_SPAN,
        stat="p90",
        better="low",
    ),
    Figure(
        "returned",
        _("退回率"),
        _("审核时退回过的任务 ÷ 交出过结果的任务（不含撤回）"),
        "task",
        "%",
        _handed_in,
        lambda: _handed_in() & Q(returns__gt=0),
        better="low",
    ),
    Figure(
        "reopened",
        _("重开率"),
        _("销号后又重开过的任务 ÷ 销过号的任务"),
        "task",
        "%",
        lambda: _ever("close"),
        lambda: _ever("close") & _ever("reopen"),
        better="low",
    ),
    Figure(
        "late_now",
        _("此刻超时占比"),
        _("此刻在办、有时限已过而未完成的任务 ÷ 此刻在办的任务"),
        "task",
        "%",
        _open,
        lambda: _open() & _late_now(),
        better="low",
    ),
    Figure(
        "false",
        _("误报率"),
        _("排除的线索 ÷ 已有结论的线索（排除和销号）"),
        "clue",
        "%",
        _decided,
        lambda: Q(state="dismissed"),
        better="low",
    ),
    Figure(
        "machine",
        _("机器发现占比"),
        _("来源登记为机器发现的线索 ÷ 全部线索"),
        "clue",
        "%",
        Q,
        lambda: Q(source__machine=True),
    ),
    Figure(
        "repeat",
        _("重复占比"),
        _("并入别的线索的 ÷ 全部线索（并案前的条数）"),
        "clue",
        "%",
        Q,
        lambda: Q(state="merged"),
    ),
)
BY_CODE = {figure.code: figure for figure in FIGURES}
KINDS = tuple(dict.fromkeys(figure.kind for figure in FIGURES))
