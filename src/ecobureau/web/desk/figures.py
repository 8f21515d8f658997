"""The figures of the day: each with its definition, its time, and the list behind it (workflow reference 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.dispatch import selectors as dispatch


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its definition; `key` is its stable name, `url` opens its list."""

    key: str
    name: str
    value: str
    unit: str
    how: str
    url: str
    tone: str = ""


def of_today(viewer: Viewer) -> list[Figure]:
    """Return the figures since midnight in Beijing for what the viewer may see."""
    at = now()
    midnight = datetime.combine(beijing(at).date(), datetime.min.time(), BEIJING)
    day = beijing(at).date().isoformat()
    clue_kind, task_kind = registry.get("clue"), registry.get("task")
    mine = clues.clues(viewer)
    tasks = dispatch.tasks(viewer)
    opened = mine.filter(created_at__gte=midnight).count()
    waiting = mine.filter(state="new").count()
    open_tasks = tasks.filter(closed_at__isnull=True).count()
    late = dispatch.late(viewer, at)
    closed = tasks.filter(state="closed", closed_at__gte=midnight)
    spans = sorted(
        (task.submitted_at - task.accepted_at)
        for task in closed.filter(submitted_at__isnull=False, accepted_at__isnull=False)[:500]
        if task.submitted_at and task.accepted_at
    )
    middle = spans[len(spans) // 2] if spans else None
    return [
        Figure(
            "new",
            _("今日新线索"),
            str(opened),
            _("条"),
            _("今天 0 时起登记的线索数"),
            addresses.of_list(clue_kind, {"since": day}),
        ),
        Figure(
            "waiting",
            _("待研判"),
            str(waiting),
            _("条"),
            _("状态为“新线索”的线索数"),
            addresses.of_list(clue_kind, {"state": "new"}),
            "orange" if waiting else "",
        ),
        Figure(
            "open",
            _("在办任务"),
            str(open_tasks),
            _("件"),
            _("未销号、未撤回的任务数"),
            addresses.of_list(task_kind, {"open": "1"}),
        ),
        Figure(
            "late",
            _("超时任务"),
            str(late),
            _("件"),
            _("有时限已过而未完成的在办任务数"),
            addresses.of_list(task_kind, {"late": "on", "open": "1"}),
            "red" if late else "",
        ),
        Figure(
            "median",
            _("处置用时中位数"),
            _minutes(middle),
            _("分钟"),
            _("今天销号的任务：提交时间 − 签收时间，共 {n} 件").format(n=len(spans)),
            addresses.of_list(task_kind, {"state": "closed"}),
        ),
    ]


def _minutes(span: timedelta | None) -> str:
    return "—" if span is None else str(round(span.total_seconds() / 60))
