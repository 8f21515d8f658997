"""Tasks: somebody is sent to a place because of a clue."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import beijing, now
from ecobureau.rulepacks import load
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import reopening
from ecobureau.web.clues.snapshot import has_series
from ecobureau.web.core.models import Record
from ecobureau.web.core.models.record import LEVELS, OwnLimit


class Task(Record):
    """A task (任务): what, where, who, by when. `owner_unit` and `owner_person` say who has it now."""

    KIND: ClassVar[str] = "task"

    class TaskKind(models.TextChoices):
        GRID_CHECK = "grid_check", _("网格巡查")
        ENFORCEMENT_VISIT = "enforcement_visit", _("执法检查")

    clue = models.ForeignKey("clues.Clue", models.PROTECT, null=True, blank=True, related_name="tasks")
    task_kind = models.CharField(_("任务类型"), max_length=20, choices=TaskKind.choices, default=TaskKind.GRID_CHECK)
    order = models.TextField(_("要求"), blank=True)
    route_why = models.JSONField(_("派发理由"), default=list, blank=True)
    keep_data_first = models.BooleanField(_("先固定数据副本，暂不通知企业"), default=False)
    result = models.TextField(_("现场结果"), blank=True)
    officers = models.JSONField(_("执法人员"), default=list, blank=True)
    accepted_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("到场时间"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    returns = models.PositiveSmallIntegerField(_("退回次数"), default=0)
    route_override = models.CharField(_("不按建议派发的理由"), max_length=200, blank=True)
    transfer_to = models.CharField(_("拟接收单位"), max_length=200, blank=True)
    suspensions = models.PositiveSmallIntegerField(_("中止次数"), default=0)
    supervised = models.CharField(_("督办"), max_length=8, blank=True, choices=LEVELS)
    checks = models.JSONField(_("检查清单"), default=list, blank=True)
    about_what = models.CharField(max_length=20, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("任务")
        verbose_name_plural = _("任务")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["clue"], name="dispatch_task_clue"),
            models.Index(fields=["owner_unit", "state"], name="dispatch_task_unit"),
            models.Index(fields=["about_what", "about_id"], name="dispatch_task_about"),
        ]

    @property
    def heading(self) -> str:
        return self.clue.heading if self.clue is not None else self.title

    @property
    def scene(self) -> str:
        """Scene kind that its checklist goes by: the clue's; an outfall that somebody checks unasked is K05."""
        if self.clue is not None:
            return self.clue.scenario
        return "K05" if self.about_what == "outfall" else ""

    def own_limit(self, step: str, on: date) -> OwnLimit | None:
        return scenarios.own_limit(self.clue.scenario, self.level, step, on) if self.clue is not None else None

    def waits_for(self, clock: str) -> tuple[int | None, str]:
        """A transfer waits for the unit that is asked, a hand-back for the dispatchers of the place."""
        if clock == "transfer" and self.transfer_to:
            return None, self.transfer_to
        if clock == "decide":
            return None, self.org_path
        return super().waits_for(clock)

    def facts(self) -> dict[str, Any]:
        pack, day = load("sla"), beijing(now()).date()
        return {
            "task_kind": self.task_kind,
            "has_series": has_series(self.clue),
            "owner_person": self.owner_person_id,
            "returns": self.returns,
            "returns_before_leader": pack.at("task.returned_signs", day).value,
            "owner_unit": self.owner_unit,
            "suspensions": self.suspensions,
            "suspensions_most": pack.at("task.pause_times", day).value,
            "helpers_waiting": self.helpers.filter(state__in=("asked", "accepted")).count() if self.pk else 0,
            **reopening(self.closed_at),
        }


class Help(Record):
    """What an assisting unit (配合单位) does for a task that another leads (牵头); `owner_unit` is the assistant."""

    KIND: ClassVar[str] = "help"

    task = models.ForeignKey(Task, models.PROTECT, related_name="helpers")
    demand = models.TextField(_("请配合做什么"))
    result = models.TextField(_("配合结果"), blank=True)
    answered_at = models.DateTimeField(_("反馈时间"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("配合事项")
        verbose_name_plural = _("配合事项")
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["task", "state"], name="dispatch_help_task")]

    @property
    def heading(self) -> str:
        return self.task.heading


class Supervision(Record):
    """A supervision order (督办单) on a task; its `level` is its own and sets its own clocks."""

    KIND: ClassVar[str] = "supervision"

    task = models.ForeignKey(Task, models.PROTECT, related_name="supervisions")
    demand = models.TextField(_("督办要求"))
    answer = models.TextField(_("反馈"), blank=True)
    answered_at = models.DateTimeField(_("反馈时间"), null=True, blank=True)
    pressed = models.PositiveSmallIntegerField(_("再督次数"), default=0)

    class Meta(Record.Meta):
        verbose_name = _("督办单")
        verbose_name_plural = _("督办单")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["task", "state"], name="dispatch_supervision_task"),
        ]

    @property
    def heading(self) -> str:
        return self.task.heading


class TrackPart(models.Model):
    """A piece of the way a person walked on a visit; kept until `delete_on` (Asia/Shanghai) and then gone.

    `points` are `[ISO instant by the phone's clock, lon, lat, accuracy in metres or null]`. Not in the hashed history,
    since it is deleted.
    """

    uuid = models.UUIDField(unique=True)
    task = models.ForeignKey(Task, models.CASCADE, related_name="track")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    points = models.JSONField()
    received_at = models.DateTimeField()
    delete_on = models.DateField(db_index=True)

    class Meta:
        verbose_name = _("巡查轨迹")
        verbose_name_plural = _("巡查轨迹")
        ordering: ClassVar = ["pk"]
