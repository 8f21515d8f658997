"""What detection keeps: a plant's chain, permitted amounts, daily totals, orders, findings, passes, model cards,
settings with their proposals, and feedback."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChainLink(models.Model):
    """One link of a plant's chain (全流程): which station and factor tells of production, treatment or inlet.

    The outlet's own stations need no link. `factor` is the code under which the station reports, empty for every factor
    of an inlet station. Values of several links of one role are added (twin devices of one line). A link holds from the
    begin of `valid_from` (empty: always) to the end of `valid_to`; a change ends one row and begins another, so that
    what was computed of the past stays as it was. A row that ends before it begins never held.
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
    valid_from = models.DateField(_("生效日"), null=True, blank=True)
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        verbose_name = _("全流程环节")
        verbose_name_plural = _("全流程环节")
        ordering = ["outlet", "role", "station"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outlet", "role", "station", "factor"],
                condition=models.Q(valid_to=None),
                name="detection_chain_once",
            )
        ]

    def holds_on(self, day: date) -> bool:
        """Whether the link holds on a day (Beijing)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def void(self) -> bool:
        """Whether it never held: it ends before it begins."""
        return self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from


class PermittedAmount(models.Model):
    """What a permit allows an outlet to emit of a factor in a month or a calendar year, kg; `valid_to` is inclusive.

    A change ends one row and begins another. A row that ends before it begins was entered by mistake and never held.
    """

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
                fields=["outlet", "factor", "period", "valid_from"],
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="detection_permitted_once",
            ),
            models.CheckConstraint(condition=models.Q(kg__gt=0), name="detection_permitted_positive"),
        ]

    @property
    def void(self) -> bool:
        """Whether it never held: it ends before it begins."""
        return self.valid_to is not None and self.valid_to < self.valid_from


class DailyTotal(models.Model):
    """What an outlet emitted of a factor on a day (Beijing): the roll-up that months, quarters and years are read from.

    `measured_ug` and `substituted_ug` are whole micrograms, so that sums are exact. `sign` tells the hours of the store
    it was made from (how many, from which frames), `basis` the rules, declared stops and links; a day is computed again
    where one of them differs.
    """

    class Cause(models.TextChoices):
        NEW = "new", _("新数据")
        LATE = "late", _("补报")
        REVISED = "revised", _("改写或标记变化")
        RULES = "rules", _("规则、停产申报或环节变化")
        NEIGHBOUR = "neighbour", _("其他日期的数据改变了替代值")
        INVALIDATED = "invalidated", _("审核为无效")
        RESTORED = "restored", _("审核后恢复")

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="+")
    factor = models.CharField(max_length=20)
    day = models.DateField()
    measured_ug = models.BigIntegerField()
    substituted_ug = models.BigIntegerField()
    stopped = models.PositiveSmallIntegerField()
    quiet = models.PositiveSmallIntegerField()
    operating = models.PositiveSmallIntegerField()
    measured = models.PositiveSmallIntegerField()
    substituted = models.PositiveSmallIntegerField()
    lost = models.PositiveSmallIntegerField()
    flow = models.FloatField()
    sign = models.CharField(max_length=64)
    basis = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["outlet", "factor", "day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outlet", "factor", "day"], name="detection_daily_once")
        ]


class TotalChange(models.Model):
    """A closed day whose total became another afterwards: from what, to what, when and why. Only ever added to."""

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="+")
    factor = models.CharField(max_length=20)
    day = models.DateField()
    before_ug = models.BigIntegerField()
    after_ug = models.BigIntegerField()
    cause = models.CharField(max_length=11, choices=DailyTotal.Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["outlet", "factor", "-at"], name="detection_change_of")]

    @property
    def before_kg(self) -> float:
        """Mass before, kg."""
        return self.before_ug / 1e9

    @property
    def after_kg(self) -> float:
        """Mass after, kg."""
        return self.after_ug / 1e9


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
    params = models.JSONField(default=dict)
    refits = models.PositiveIntegerField(default=0)
    refit_s = models.FloatField(default=0)
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


class ModelCard(models.Model):
    """What the newest refit of the data model of an outlet's factor learnt; one row a factor, refit on one weekday.

    `start_at`, `end_at`: training period; the days between its end and `fitted_at` are the hold-off. `holdout_robust`,
    `holdout_boosted`: mean absolute error on the last fifth of the training rows; `took_s`: seconds of the refit.
    """

    outlet = models.ForeignKey("sources.Outlet", models.CASCADE, related_name="+")
    factor = models.CharField(max_length=20)
    inputs = models.JSONField(default=list)
    family = models.CharField(max_length=8)
    logs = models.BooleanField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    fitted_at = models.DateTimeField()
    samples = models.PositiveIntegerField()
    scale = models.FloatField()
    explained = models.FloatField()
    holdout_robust = models.FloatField(null=True)
    holdout_boosted = models.FloatField(null=True)
    took_s = models.FloatField()

    class Meta:
        ordering = ["outlet", "factor"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["outlet", "factor"], name="detection_card_of")]


class WeekFeatures(models.Model):
    """Features of an outlet's weeks as the last nightly pass saw them, for its peers of the industry to compare."""

    outlet = models.OneToOneField("sources.Outlet", models.CASCADE, related_name="+")
    peers = models.CharField(max_length=140)
    until = models.DateTimeField()
    features = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["peers", "until"], name="detection_weeks_of")]


class PatternSetting(models.Model):
    """What the city has set for a pattern: on or off, and parameters in place of the pack's (dotted key → value)."""

    pattern = models.CharField(max_length=8, primary_key=True)
    enabled = models.BooleanField(default=True)
    params = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField()
    updated_by = models.BigIntegerField(null=True)
    updated_name = models.CharField(max_length=150, blank=True)


class SettingProposal(models.Model):
    """A setting of a pattern that one person proposes and another approves, with the replay that shows what it does."""

    class State(models.TextChoices):
        OPEN = "open", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("已退回")
        WITHDRAWN = "withdrawn", _("已撤回")

    pattern = models.CharField(max_length=8)
    enabled = models.BooleanField()
    params = models.JSONField(default=dict)
    note = models.CharField(max_length=200)
    replay = models.ForeignKey(Pass, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    proposed_by = models.BigIntegerField(null=True)
    proposed_name = models.CharField(max_length=150, blank=True)
    proposed_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pattern"], condition=models.Q(state="open"), name="detection_proposal_one_open"
            )
        ]


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
    fused = models.FloatField(null=True)
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["pattern", "outcome"], name="detection_verdict_of")]
