"""Ambient air: indices of days, good days and composite index, excluded days."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.statistics.models.common import Series
from ecobureau.web.statistics.models.words import Medium, Span


class AirSeriesManager(models.Manager["AirSeries"]):
    """Series of air only."""

    def get_queryset(self) -> models.QuerySet[AirSeries]:
        return super().get_queryset().filter(medium=Medium.AIR)


class AirSeries(Series):
    """The series of ambient air, without those of water."""

    objects: ClassVar = AirSeriesManager()

    class Meta:
        proxy = True
        verbose_name = _("空气统计对象")


class AirIndexDay(models.Model):
    """The daily index of a series. `primary` is a mask over the items in the order of the domain; `reason` as there."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="indices")
    day = models.DateField()
    aqi = models.SmallIntegerField(null=True)
    level = models.SmallIntegerField()
    primary = models.SmallIntegerField()
    missing = models.SmallIntegerField()
    reason = models.SmallIntegerField()
    edition = models.CharField(max_length=4)

    class Meta:
        verbose_name = _("日 AQI")
        constraints: ClassVar = [models.UniqueConstraint(fields=["series", "day"], name="statistics_index_once")]


class AirSummary(models.Model):
    """Good days and composite index over a month, quarter or year, by the rule of its last day."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="summaries")
    span = models.CharField(max_length=7, choices=Span.choices)
    start = models.DateField()
    days = models.SmallIntegerField()
    good = models.SmallIntegerField()
    heavy = models.SmallIntegerField()
    excluded = models.SmallIntegerField(default=0)
    good_rate = models.FloatField(null=True)
    composite = models.FloatField(null=True)
    rule = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("优良天数与综合指数")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series"], name="statistics_summary_once")
        ]


class DayMark(models.Model):
    """Days under sand-dust or a special event that statistics leave out (扣除): proposed, decided by a second person.

    It holds for every series of air at or below `org_path`. Daily figures and indices stay as they are.
    """

    class Kind(models.TextChoices):
        DUST = "dust", _("沙尘天气")
        SPECIAL = "special", _("特殊事件")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        ACCEPTED = "accepted", _("已扣除")
        REFUSED = "refused", _("不予扣除")
        WITHDRAWN = "withdrawn", _("已撤销")

    org_path = models.CharField(_("所属机构"), max_length=200, db_index=True)
    kind = models.CharField(_("类别"), max_length=7, choices=Kind.choices)
    first = models.DateField(_("第一天"))
    last = models.DateField(_("最后一天"))
    reason = models.CharField(_("理由"), max_length=200)
    source = models.CharField(_("依据文件"), max_length=200)
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(_("复核意见"), max_length=200, blank=True)
    withdrawn_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(_("撤销理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("扣除日")
        ordering = ["-first", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="statistics_mark_span"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="statistics_mark_second_person",
            ),
        ]
