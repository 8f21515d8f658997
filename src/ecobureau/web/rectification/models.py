"""A matter to be rectified, and an account that hangs until there is proof."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import beijing, now
from ecobureau.web.core.records import Record

SOURCES = (
    ("central", _("中央生态环境保护督察")),
    ("province", _("省级生态环境保护督察")),
    ("city", _("市级督察")),
    ("congress", _("人大、政协监督")),
    ("other", _("其他交办")),
)


class Dated(Record):
    """What both have: somebody answers for it, something is asked, and a day by which it has to be so."""

    demand = models.TextField(_("整改目标"))
    due_on = models.DateField(_("完成时限"))

    class Meta(Record.Meta):
        abstract = True

    @property
    def days_left(self) -> int:
        """Days until the limit's last day; below 0 once it is over."""
        return (self.due_on - beijing(now()).date()).days


class Rectification(Dated):
    """One item of an inspection's feedback (督察整改任务): unit, goal, time, key steps, accepting unit (Code 29)."""

    KIND: ClassVar[str] = "rectification"

    source = models.CharField(_("来源"), max_length=12, choices=SOURCES, default="central")
    batch = models.CharField(_("督察批次"), max_length=80, blank=True)
    item = models.CharField(_("反馈条目号"), max_length=40, blank=True)
    feedback_on = models.DateField(_("反馈日期"))
    key_steps = models.TextField(_("主要措施"))
    accepting_unit = models.CharField(_("验收单位"), max_length=200)
    progress = models.PositiveSmallIntegerField(_("进度"), default=0)
    publicity_until = models.DateTimeField(_("公示期满"), null=True, blank=True)
    rebounds = models.PositiveSmallIntegerField(_("反弹次数"), default=0)

    class Meta(Dated.Meta):
        verbose_name = _("督察整改")
        verbose_name_plural = _("督察整改")

    def facts(self) -> dict[str, Any]:
        return {"progress": self.progress, "publicity_until": self.publicity_until, "due_on": self.due_on}

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.batch} {self.item} {self.demand}"

    def begun_on(self) -> date:
        """Return the day from which its time is counted."""
        return self.feedback_on


class Hanging(Dated):
    """An account that hangs (挂账督办): it stays until there is proof, whatever else is said about it."""

    KIND: ClassVar[str] = "hanging"

    hung_on = models.DateField(_("挂账日期"))
    leader = models.CharField(_("包保领导"), max_length=40, blank=True)
    answer = models.TextField(_("举证说明"), blank=True)
    refusals = models.PositiveSmallIntegerField(_("退回次数"), default=0)

    class Meta(Dated.Meta):
        verbose_name = _("挂账督办")
        verbose_name_plural = _("挂账督办")

    def facts(self) -> dict[str, Any]:
        return {"due_on": self.due_on}

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.demand} {self.leader}"
