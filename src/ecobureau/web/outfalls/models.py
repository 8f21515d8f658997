"""Outfalls to water (入河入海排污口) and what was measured at them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.domain import units
from ecobureau.web.core.models import Record
from ecobureau.words import say


class Outfall(Record):
    """An outfall to a river, lake or the sea, from its discovery to daily supervision. The title is its name.

    `code` is never reused: records are not deleted. `kind_code` is one of the pack's `outfall.kind.*`. `pending` holds
    the columns that an asked-for change would set.
    """

    KIND: ClassVar[str] = "outfall"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"private_owner", "contact"})

    class Entry(models.TextChoices):
        PIPE = "pipe", _("管道")
        CHANNEL = "channel", _("明渠")
        CULVERT = "culvert", _("涵闸")
        PUMP = "pump", _("泵站")
        OTHER = "other", _("其他")

    class Way(models.TextChoices):
        STEADY = "steady", _("连续排放")
        BROKEN = "broken", _("间歇排放")
        RAIN = "rain", _("雨天排放")
        NONE = "none", _("无流量")

    class Treatment(models.TextChoices):
        REMOVE = "remove", _("依法取缔")
        MERGE = "merge", _("清理合并")
        REGULATE = "regulate", _("规范整治")

    code = models.CharField(_("排污口编码"), max_length=24, unique=True)
    division = models.CharField(_("行政区划代码"), max_length=6, db_index=True, editable=False)
    kind_code = models.CharField(_("类型"), max_length=4)
    water = models.CharField(_("受纳水体"), max_length=80)
    function_zone = models.CharField(_("水功能区"), max_length=80, blank=True)
    water_class = models.CharField(_("水质目标"), max_length=4, blank=True)
    protected = models.BooleanField(_("在饮用水水源保护区内"), default=False)
    entry = models.CharField(_("入河方式"), max_length=8, choices=Entry.choices, default=Entry.PIPE)
    way = models.CharField(_("排放方式"), max_length=8, choices=Way.choices, default=Way.BROKEN)
    size = models.CharField(_("口门尺寸"), max_length=60, blank=True)
    flow_m3d = models.FloatField(_("排放量（m³/d）"), null=True, blank=True)
    pollutants = models.CharField(_("主要污染物"), max_length=200, blank=True)
    limits = models.CharField(_("执行标准与限值"), max_length=300, blank=True)
    firm = models.ForeignKey(
        "sources.Enterprise", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("责任企业")
    )
    outlet = models.ForeignKey(
        "sources.Outlet", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("对应排放口")
    )
    owner_name = models.CharField(_("责任主体"), max_length=120, blank=True)
    private_owner = models.CharField(_("责任人（个人）"), max_length=60, blank=True)
    contact = models.CharField(_("联系电话"), max_length=40, blank=True)
    approval_number = models.CharField(_("批准或登记文号"), max_length=60, blank=True)
    approval_date = models.DateField(_("批准或登记日期"), null=True, blank=True)
    permit_number = models.CharField(_("排污许可证编号"), max_length=40, blank=True)
    problem = models.CharField(_("存在问题"), max_length=300, blank=True)
    treatment = models.CharField(_("整治方式"), max_length=8, blank=True, choices=Treatment.choices)
    treat_by = models.DateField(_("整治期限"), null=True, blank=True)
    sign = models.BooleanField(_("已设标志牌"), default=False)
    found_on = models.DateField(_("排查日期"), null=True, blank=True)
    pending = models.JSONField(default=dict, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("入河排污口")
        verbose_name_plural = _("入河排污口")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["firm"], name="outfalls_outfall_firm"),
            models.Index(fields=["outlet"], name="outfalls_outfall_outlet"),
        ]

    @property
    def kind_name(self) -> str:
        """The kind in the language in force."""
        return say(f"outfall.kind.{self.kind_code}")

    @property
    def responsible(self) -> str:
        """Who answers for it, as office pages show it; empty while it is not traced."""
        return (self.firm.name if self.firm is not None else "") or self.owner_name or self.private_owner

    def facts(self) -> dict[str, Any]:
        from ecobureau.web.outfalls.selectors import approval_of

        return {
            "results": Result.objects.filter(outfall_id=self.pk).count() if self.pk else 0,
            "traced": bool(self.responsible),
            "treatment": self.treatment,
            "approval": approval_of(self.kind_code),
        }

    def search_words(self) -> str:
        firm = self.firm.name if self.firm is not None else ""
        return f"{self.number} {self.title} {self.code} {self.water} {firm} {self.owner_name}"


class Result(models.Model):
    """One measured value of a sample taken at an outfall. Corrections are further samples; rows are not changed.

    `seq` is the entry of the outfall's history that registered it.
    """

    outfall = models.ForeignKey(Outfall, models.PROTECT, related_name="results")
    seq = models.PositiveIntegerField(editable=False)
    factor = models.ForeignKey("sources.Factor", models.PROTECT, related_name="+", verbose_name=_("监测因子"))
    sampled_at = models.DateTimeField(_("采样时间"))
    value = models.DecimalField(_("监测值"), max_digits=16, decimal_places=6)
    unit = models.CharField(_("单位"), max_length=20)
    most = models.DecimalField(_("上限"), max_digits=16, decimal_places=6, null=True, blank=True)
    least = models.DecimalField(_("下限"), max_digits=16, decimal_places=6, null=True, blank=True)
    over = models.BooleanField(_("超出限值"), default=False)
    lab = models.CharField(_("监测单位"), max_length=80, blank=True)
    report = models.CharField(_("报告编号"), max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("监测结果")
        verbose_name_plural = _("监测结果")
        ordering: ClassVar = ["-sampled_at", "factor_id"]
        indexes: ClassVar = [models.Index(fields=["outfall", "-sampled_at"], name="outfalls_result_of")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outfall", "seq", "factor"], name="outfalls_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.outfall_id} {self.factor_id} {self.value}"

    @property
    def amount(self) -> str:
        """The value with its unit as people read it: `45 mg/L`, `7.2`."""
        return _plain(self.value, self.unit)

    @property
    def bound(self) -> str:
        """The upper limit with its unit, a dash where there is none."""
        return "—" if self.most is None else _plain(self.most, self.unit)


def _plain(value: Decimal, unit: str) -> str:
    number, spelled = format(value.normalize(), "f"), units.spelled(unit)
    return number if spelled in ("", "1") else f"{number} {spelled}"
