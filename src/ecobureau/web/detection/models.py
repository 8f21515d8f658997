"""What detection keeps: the chain of a plant, permitted amounts, orders, findings, passes, settings and feedback."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChainLink(models.Model):
    """One link of a plant's chain (全流程): which station and factor tells of production, treatment or inlet.

    The outlet's own stations need no link. `factor` is the code under which the station reports, empty for every factor
    of an inlet station. Values of several links of one role are added (twin devices of one line).
    """

    class Role(models.TextChoices):
        PRODUCTION = "prod", _("生产用电")
        TREATMENT = "treat", _("治污用电")
        INLET = "inlet", _("治污设施进口")

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="chain", verbose_name=_("排放口"))
    role = models.CharField(_("环节"), max_length=8, choices=Role.choices)
    station = models.ForeignKey("sources.Station", models.CASCADE, related_name="+", verbose_name=_("站点"))
    factor = models.CharField(_("因子编码"), max_length=20, blank=True)
    rated_kw = models.FloatField(_("额定功率（kW）"), null=True, blank=True)

    class Meta:
        verbose_name = _("全流程环节")
        verbose_name_plural = _("全流程环节")
        ordering = ["outlet", "role", "station"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outlet", "role", "station", "factor"], name="detection_chain_once")
        ]


class PermittedAmount(models.Model):
    """What a permit allows an outlet to emit of a factor in a month or a calendar year, kg; `valid_to` is inclusive."""

    class Period(models.TextChoices):
        MONTH = "month", _("月")
        YEAR = "year", _("年")

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="permitted", verbose_name=_("排放口"))
    factor = models.ForeignKey("sources.Factor", models.PROTECT, related_name="+", verbose_name=_("监测因子"))
    period = models.CharField(_("周期"), max_length=5, choices=Period.choices)
    kg = models.DecimalField(_("许可排放量（kg）"), max_digits=16, decimal_places=3)
    source = models.CharField(_("依据"), max_length=120)
    valid_from = models.DateField(_("生效日"))
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        verbose_name = _("许可排放量")
        verbose_name_plural = _("许可排放量")
        ordering = ["outlet", "factor", "period", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outlet", "factor", "period", "valid_from"], name="detection_permitted_once"
            ),
            models.CheckConstraint(condition=models.Q(kg__gt=0), name="detection_permitted_positive"),
        ]


class CurbOrder(models.Model):
    """An order to cut production at an outlet's plant (应急减排、错峰): the share of the usual production to be cut."""

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="curbs", verbose_name=_("排放口"))
    starts = models.DateTimeField(_("开始"))
    ends = models.DateTimeField(_("结束"))
    share = models.FloatField(_("减产比例"))
    source = models.CharField(_("依据"), max_length=120)

    class Meta:
        verbose_name = _("减排要求")
        verbose_name_plural = _("减排要求")
        ordering = ["-starts"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1) & models.Q(ends__gt=models.F("starts")),
                name="detection_curb_sound",
            )
        ]


class Pass(models.Model):
    """One run of the detectors over some outlets."""

    class Kind(models.TextChoices):
        ARRIVAL = "arrival", _("到达")
        HOURLY = "hourly", _("每小时")
        NIGHTLY = "nightly", _("每夜")
        REPLAY = "replay", _("回放")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    outlets = models.PositiveIntegerField(default=0)
    findings = models.PositiveIntegerField(default=0)
    clues = models.PositiveIntegerField(default=0)
    failed = models.JSONField(default=dict)
    silent = models.JSONField(default=dict)
    patterns = models.JSONField(default=list)
    result = models.JSONField(default=list)
    by = models.BigIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes: ClassVar = [models.Index(fields=["kind", "-started_at"], name="detection_pass_at")]


class FindingRow(models.Model):
    """What one pattern saw in one window of an outlet, as it was when last looked at.

    One row a (outlet, pattern, first factor, start); its end and score may grow while the window goes on.
    """

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="+")
    pattern = models.CharField(max_length=8)
    factors = models.JSONField(default=list)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    statistic = models.FloatField()
    threshold = models.FloatField()
    score = models.FloatField()
    severity = models.PositiveSmallIntegerField()
    numbers = models.JSONField(default=dict)
    counter = models.JSONField(default=list)
    group = models.CharField(max_length=10)
    rules = models.CharField(max_length=64)
    seen_at = models.DateTimeField()
    clue = models.ForeignKey("clues.Clue", models.SET_NULL, null=True, blank=True, related_name="pattern_findings")

    class Meta:
        ordering = ["start_at"]
        indexes: ClassVar = [
            models.Index(fields=["outlet", "pattern", "-end_at"], name="detection_finding_of"),
            models.Index(fields=["pattern", "-start_at"], name="detection_finding_by"),
        ]


class PatternSetting(models.Model):
    """What the city has set for a pattern: on or off, and parameters in place of the pack's (dotted key → value)."""

    pattern = models.CharField(max_length=8, primary_key=True)
    enabled = models.BooleanField(default=True)
    params = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField()
    updated_by = models.BigIntegerField(null=True)
    updated_name = models.CharField(max_length=150, blank=True)


class Verdict(models.Model):
    """What people found out on the spot about a clue of detection: the feedback that calibrates confidence."""

    class Outcome(models.TextChoices):
        VERIFIED = "verified", _("属实")
        FALSE = "false", _("误报")
        BENIGN = "benign", _("有正当原因")

    clue = models.OneToOneField("clues.Clue", models.CASCADE, related_name="verdict")
    pattern = models.CharField(max_length=8)
    outcome = models.CharField(_("结论"), max_length=8, choices=Outcome.choices)
    reason = models.CharField(_("原因"), max_length=200)
    confidence = models.FloatField(null=True)
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["pattern", "outcome"], name="detection_verdict_of")]
