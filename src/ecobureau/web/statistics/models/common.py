"""What all media share: series, hours, days, figures of longer spans, revisions, reviews, what is dirty."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.statistics.models.words import ALL_ITEMS, AnySpan, Cause, Medium, Span


class Series(models.Model):
    """A point (station, section), place (city, district) or river that statistics of one medium are kept for.

    `parent` is the place whose figures a point counts towards, if it is `assessed` (评价点位); `river` the river it
    lies on, for water, whose own `parent` is its basin. Since when a point has counted is told by `PointChange`;
    `assessed` is what holds today. A place of air without points has days of its own, imported as published. `body`:
    river or lake, for points of water. `zone`: functional zone (GB 3096) of a point of noise as the registry says
    today; each day keeps the zone that it was judged by. A point of emissions is an `outlet`, which counts towards its
    enterprise (a series of kind `firm`), whose own parent is its district.
    """

    class Kind(models.TextChoices):
        POINT = "point", _("点位")
        PLACE = "place", _("城市或区县")
        RIVER = "river", _("河流湖库")
        FIRM = "firm", _("企业")

    medium = models.CharField(_("要素"), max_length=8, choices=Medium.choices, default=Medium.AIR)
    kind = models.CharField(_("类别"), max_length=5, choices=Kind.choices)
    code = models.CharField(_("编号"), max_length=60)
    name = models.CharField(_("名称"), max_length=120)
    org_path = models.CharField(_("所属机构"), max_length=200, db_index=True)
    station = models.OneToOneField(
        "sources.Station",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="statistics_series",
        verbose_name=_("站点"),
    )
    outlet = models.OneToOneField(
        "sources.Outlet",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="statistics_series",
        verbose_name=_("排放口"),
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="points", verbose_name=_("计入")
    )
    river = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="sections", verbose_name=_("所在河流湖库")
    )
    body = models.CharField(
        _("水体类型"), max_length=8, blank=True, choices=[("river", _("河流")), ("lake", _("湖库"))]
    )
    zone = models.CharField(_("声环境功能区"), max_length=4, blank=True)
    assessed = models.BooleanField(_("评价点"), default=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("统计对象")
        verbose_name_plural = _("统计对象")
        ordering = ["kind", "name", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["medium", "code"], name="statistics_series_code"),
        ]

    def __str__(self) -> str:
        return self.name


class PointChange(models.Model):
    """When a point began or ceased to count (评价点位调整). The newest change that has begun by a day holds for it."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="changes")
    since = models.DateField(_("起始日"))
    before = models.BooleanField()
    assessed = models.BooleanField(_("评价点"))
    reason = models.CharField(_("理由"), max_length=200)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("评价点位调整")
        ordering = ["pk"]


class Hours(models.Model):
    """The 24 hourly means of an item on a natural day, ending 01:00 … 24:00; null = none.

    Air in ug/m3, CO in mg/m3; water in mg/L, pH without unit, chlorophyll a in mg/m3, transparency in m;
    noise in dB(A).
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="hours")
    item = models.CharField(max_length=10, choices=ALL_ITEMS)
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


class Day(models.Model):
    """The daily figure of an item: 24-hour mean, of ozone the highest 8-hour mean, of water the mean of valid hours.

    Of noise the unrounded energy means Ld, Ln and Ldn and the highest level of the night; `parts` is 0 there.

    `value` is the official figure, rounded once; `total / parts / 10⁶` is the exact one behind it (`parts` 0: published
    elsewhere and imported as it was). `count` is hours, of ozone valid 8-hour means, of a place its points.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="days")
    item = models.CharField(max_length=10, choices=ALL_ITEMS)
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


class Figure(models.Model):
    """An item's statistics over a month, quarter or year that begins on `start`, by the rules of its last day.

    Of water: `mean` is unrounded, `days` have a valid daily mean, of them `days_over` are worse than the class that
    multiples refer to, `rate` is the share of the others; `mean_multiple` the multiple, `meets` whether the mean keeps
    that class; `parts` is how many values (hours of a month, months of a quarter or year) the mean is of; `origin`
    tells a month of samples taken by hand. Of noise: `mean` is the energy mean of the valid days, `days_over` of them
    are over the limit of their zone, `meets` whether the mean keeps it, `rate` the share of days within.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="figures")
    span = models.CharField(max_length=7, choices=Span.choices)
    start = models.DateField()
    item = models.CharField(max_length=10, choices=ALL_ITEMS)
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
    parts = models.IntegerField(default=0)
    origin = models.CharField(max_length=6, default="auto", choices=[("auto", _("自动")), ("manual", _("手工"))])

    class Meta:
        verbose_name = _("浓度统计")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series", "item"], name="statistics_figure_once")
        ]


class SpanRevision(models.Model):
    """A class, share or attainment that changed after it had been computed: before, after, and why.

    `before`, `after`: water class of a section; the texts say the same, or the shares, in short. `item`: factor, where
    a figure is of one alone.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="span_revisions")
    span = models.CharField(max_length=7, choices=AnySpan.choices)
    start = models.DateField()
    item = models.CharField(max_length=20, blank=True)
    before = models.SmallIntegerField(null=True)
    after = models.SmallIntegerField(null=True)
    before_text = models.CharField(max_length=80, blank=True)
    after_text = models.CharField(max_length=80, blank=True)
    cause = models.CharField(max_length=11, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("类别与达标率修订")
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["series", "start"], name="statistics_class_revision")]


class Review(models.Model):
    """Hours that do not count (数据审核): proposed by one person with a reason, decided by a second."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        ACCEPTED = "accepted", _("已认定无效")
        REFUSED = "refused", _("未认定")
        RESTORED = "restored", _("已恢复")

    series = models.ForeignKey(Series, models.PROTECT, related_name="reviews")
    item = models.CharField(_("项目"), max_length=20, choices=ALL_ITEMS, blank=True)
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


class Revision(models.Model):
    """A day's figure that changed after it had been computed: before, after, and why."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="revisions")
    item = models.CharField(max_length=10, choices=ALL_ITEMS)
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


class Dirty(models.Model):
    """A day of a series whose figures must be computed; written with what made it so, in the same transaction."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="+")
    day = models.DateField()
    cause = models.CharField(max_length=11, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("待汇总")
        indexes: ClassVar = [models.Index(fields=["series", "day"], name="statistics_dirty_day")]
