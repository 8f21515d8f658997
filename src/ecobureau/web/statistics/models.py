"""What the air statistics keep.

Hours are originals: they are written as they came and never changed by a review. A review stands beside them and says
which hours do not count, with the reason and the second person. Days, indices and longer statistics are computed from
both, again and again as late or revised hours and reviews come in; each change of a day's figure is kept with why.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Item(models.TextChoices):
    SO2 = "so2", _("二氧化硫")
    NO2 = "no2", _("二氧化氮")
    PM10 = "pm10", _("颗粒物(PM10)")
    PM2_5 = "pm2_5", _("细颗粒物(PM2.5)")
    CO = "co", _("一氧化碳")
    O3 = "o3", _("臭氧")


class Cause(models.TextChoices):
    """Why figures were computed (again)."""

    NEW = "new", _("新数据")
    LATE = "late", _("迟到数据")
    REVISED = "revised", _("数据修订")
    INVALIDATED = "invalidated", _("审核为无效")
    RESTORED = "restored", _("审核后恢复")
    RULES = "rules", _("规则变更")


class AirSeries(models.Model):
    """A point (station) or place (city, district) that air statistics are kept for.

    `parent` is the place whose figures a point counts towards, if it is `assessed` (评价点). A place without points
    has days of its own, imported as published.
    """

    class Kind(models.TextChoices):
        POINT = "point", _("点位")
        PLACE = "place", _("城市或区县")

    kind = models.CharField(_("类别"), max_length=5, choices=Kind.choices)
    code = models.CharField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    org_path = models.CharField(_("所属机构"), max_length=200, db_index=True)
    station = models.OneToOneField(
        "sources.Station", models.PROTECT, null=True, blank=True, related_name="air_series", verbose_name=_("站点")
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="points", verbose_name=_("计入")
    )
    assessed = models.BooleanField(_("评价点"), default=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("空气统计对象")
        verbose_name_plural = _("空气统计对象")
        ordering = ["kind", "name", "code"]

    def __str__(self) -> str:
        return self.name


class AirHours(models.Model):
    """The 24 hourly means of an item on a natural day, ending 01:00 … 24:00; null = none. ug/m3, CO mg/m3."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="hours")
    item = models.CharField(max_length=6, choices=Item.choices)
    day = models.DateField()
    hours = ArrayField(models.FloatField(null=True), size=24)
    source = models.CharField(max_length=80)
    revision = models.SmallIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("小时浓度")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "day", "item"], name="statistics_hours_once")
        ]


class AirDay(models.Model):
    """The daily figure of an item: 24-hour mean, of ozone the highest 8-hour mean.

    `value` is the official figure, rounded once; `total / parts / 10⁶` is the exact one behind it (`parts` 0: published
    elsewhere and imported as it was). `count` is hours, of ozone valid 8-hour means, of a place its points.
    """

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="days")
    item = models.CharField(max_length=6, choices=Item.choices)
    day = models.DateField()
    value = models.FloatField(null=True)
    valid = models.BooleanField()
    count = models.SmallIntegerField()
    total = models.BigIntegerField()
    parts = models.IntegerField()
    revision = models.SmallIntegerField(default=0)

    class Meta:
        verbose_name = _("日浓度")
        constraints: ClassVar = [models.UniqueConstraint(fields=["series", "day", "item"], name="statistics_day_once")]


class AirIndexDay(models.Model):
    """The daily index of a series. `primary` is a mask over the items in the order of the domain; `reason` as there."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="indices")
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


class Span(models.TextChoices):
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    YEAR = "year", _("年")


class AirFigure(models.Model):
    """An item's statistics over a month, quarter or year that begins on `start`, by the rules of its last day."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="figures")
    span = models.CharField(max_length=7, choices=Span.choices)
    start = models.DateField()
    item = models.CharField(max_length=6, choices=Item.choices)
    valid = models.BooleanField()
    days = models.SmallIntegerField()
    days_over = models.SmallIntegerField()
    mean = models.FloatField(null=True)
    percentile = models.FloatField(null=True)
    mean_multiple = models.FloatField(null=True)
    percentile_multiple = models.FloatField(null=True)
    meets = models.BooleanField(null=True)
    rate = models.FloatField(null=True)
    stage = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("浓度统计")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series", "item"], name="statistics_figure_once")
        ]


class AirSummary(models.Model):
    """Good days and composite index over a month, quarter or year, by the rule of its last day."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="summaries")
    span = models.CharField(max_length=7, choices=Span.choices)
    start = models.DateField()
    days = models.SmallIntegerField()
    good = models.SmallIntegerField()
    heavy = models.SmallIntegerField()
    good_rate = models.FloatField(null=True)
    composite = models.FloatField(null=True)
    rule = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("优良天数与综合指数")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series"], name="statistics_summary_once")
        ]


class AirReview(models.Model):
    """Hours that do not count (数据审核): proposed by one person with a reason, decided by a second."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        ACCEPTED = "accepted", _("已认定无效")
        REFUSED = "refused", _("未认定")
        RESTORED = "restored", _("已恢复")

    series = models.ForeignKey(AirSeries, models.PROTECT, related_name="reviews")
    item = models.CharField(_("项目"), max_length=6, choices=Item.choices, blank=True)
    starts = models.DateTimeField(_("开始"))
    ends = models.DateTimeField(_("结束"))
    reason = models.CharField(_("理由"), max_length=200)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(_("复核意见"), max_length=200, blank=True)
    restored_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    restored_at = models.DateTimeField(null=True)
    restored_why = models.CharField(_("恢复理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("数据审核")
        ordering = ["-proposed_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["series", "starts"], name="statistics_review_series")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(ends__gt=models.F("starts")), name="statistics_review_span"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="statistics_review_second_person",
            ),
        ]


class AirRevision(models.Model):
    """A day's figure that changed after it had been computed: before, after, and why."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="revisions")
    item = models.CharField(max_length=6, choices=Item.choices)
    day = models.DateField()
    before = models.FloatField(null=True)
    before_valid = models.BooleanField()
    after = models.FloatField(null=True)
    after_valid = models.BooleanField()
    cause = models.CharField(max_length=11, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("统计值修订")
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["series", "day"], name="statistics_revision_day")]


class AirDirty(models.Model):
    """A day of a series whose figures must be computed; written with what made it so, in the same transaction."""

    series = models.ForeignKey(AirSeries, models.CASCADE, related_name="+")
    day = models.DateField()
    cause = models.CharField(max_length=11, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("待汇总")
        indexes: ClassVar = [models.Index(fields=["series", "day"], name="statistics_dirty_day")]
