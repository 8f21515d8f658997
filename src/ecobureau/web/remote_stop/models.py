"""Permits of night work, and remote stops of construction noise."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.records import Record

BASES = (("repair", _("抢修、抢险")), ("need", _("生产工艺或特殊需要")))


class NightPermit(Record):
    """A proof that work may go on at night (夜间施工证明): for a station, or for all stations of an enterprise."""

    KIND: ClassVar[str] = "night_permit"

    station = models.ForeignKey(
        "sources.Station", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("站点")
    )
    enterprise = models.ForeignKey(
        "sources.Enterprise", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("企业")
    )
    reference = models.CharField(_("证明文号"), max_length=80)
    issuer = models.CharField(_("出具单位"), max_length=80)
    basis = models.CharField(_("事由"), max_length=8, choices=BASES)
    begins = models.DateTimeField(_("起"))
    ends = models.DateTimeField(_("止"))
    noticed_on = models.DateField(_("公告日期"), null=True, blank=True)
    notice = models.CharField(_("公告地点或网址"), max_length=300, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("夜间施工证明")
        verbose_name_plural = _("夜间施工证明")

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.reference} {self.issuer}"


class RemoteStop(Record):
    """One remote stop: from the trigger to silence, or to enforcement. Levels in dB(A)."""

    KIND: ClassVar[str] = "remote_stop"

    clue = models.ForeignKey("clues.Clue", models.PROTECT, null=True, blank=True, related_name="+")
    station = models.ForeignKey(
        "sources.Station", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("站点")
    )
    permit = models.ForeignKey(
        NightPermit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("夜间施工证明")
    )
    automatic = models.BooleanField(_("自动触发"), default=False)
    contact = models.CharField(_("工地联系人"), max_length=40, blank=True)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    reached = models.BooleanField(_("已联系上"), default=False)
    ordered_at = models.DateTimeField(_("停工令时间"), null=True, blank=True)
    limit_db = models.FloatField(_("限值 dB(A)"), null=True, blank=True)
    peak_before = models.FloatField(_("停工令前最大声级 dB(A)"), null=True, blank=True)
    peak_after = models.FloatField(_("停工令后最大声级 dB(A)"), null=True, blank=True)
    level_before = models.FloatField(_("停工令前 dB(A)"), null=True, blank=True)
    level_after = models.FloatField(_("停工令后 dB(A)"), null=True, blank=True)
    task_number = models.CharField(_("执法任务"), max_length=32, blank=True)
    case_basis = models.CharField(_("拟立案依据"), max_length=80, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("远程喊停")
        verbose_name_plural = _("远程喊停")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["clue"], condition=models.Q(closed_at__isnull=True), name="remote_stop_one_open"
            )
        ]

    def facts(self) -> dict[str, Any]:
        return {"reached": self.reached, "ordered_at": self.ordered_at}

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.contact} {self.task_number}"


class Camera(Record):
    """A camera that looks at a building site: the address at which the city's video platform shows it."""

    KIND: ClassVar[str] = "site_camera"

    station = models.ForeignKey(
        "sources.Station", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("站点")
    )
    enterprise = models.ForeignKey(
        "sources.Enterprise", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("企业")
    )
    address = models.URLField(_("视频地址"), max_length=500)
    looks_at = models.CharField(_("朝向、位置"), max_length=120, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("工地摄像头")
        verbose_name_plural = _("工地摄像头")

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.looks_at}"
