"""What the statistics of air and surface water keep.

Both media share series, hours, days, figures of longer spans, reviews, revisions and the list of what is dirty; the
index and summary of air and the class of water have tables of their own.

Hours are originals: they are written as they came and never changed by a review. A review stands beside them and says
which hours do not count, with the reason and the second person. Days, indices and longer statistics are computed from
both, again and again as late or revised hours and reviews come in; each change of a day's figure is kept with why.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Medium(models.TextChoices):
    AIR = "air", _("空气")
    WATER = "water", _("地表水")


class Item(models.TextChoices):
    """Items of ambient air."""

    SO2 = "so2", _("二氧化硫")
    NO2 = "no2", _("二氧化氮")
    PM10 = "pm10", _("颗粒物(PM10)")
    PM2_5 = "pm2_5", _("细颗粒物(PM2.5)")
    CO = "co", _("一氧化碳")
    O3 = "o3", _("臭氧")


class WaterItem(models.TextChoices):
    """Items of surface water that automatic stations measure; the class rests on the first five."""

    PH = "ph", _("pH")
    DO = "do", _("溶解氧")
    CODMN = "codmn", _("高锰酸盐指数")
    NH3N = "nh3n", _("氨氮")
    TP = "tp", _("总磷")
    TN = "tn", _("总氮")
    CHLA = "chla", _("叶绿素 a")
    SD = "sd", _("透明度（塞氏盘）")


ALL_ITEMS = [*Item.choices, *WaterItem.choices]
"""Items of both media; their codes do not overlap."""


class Cause(models.TextChoices):
    """Why figures were computed (again)."""

    NEW = "new", _("新数据")
    LATE = "late", _("迟到数据")
    REVISED = "revised", _("数据修订")
    INVALIDATED = "invalidated", _("审核为无效")
    RESTORED = "restored", _("审核后恢复")
    RULES = "rules", _("规则变更")
    POINTS = "points", _("评价点位变更")
    EXCLUDED = "excluded", _("扣除日变更")


class Series(models.Model):
    """A point (station, section), place (city, district) or river that statistics of one medium are kept for.

    `parent` is the place whose figures a point counts towards, if it is `assessed` (评价点位); `river` the river it
    lies on, for water. Since when a point has counted is told by `PointChange`; `assessed` is what holds today. A place
    of air without points has days of its own, imported as published. `body`: river or lake, for points of water.
    """

    class Kind(models.TextChoices):
        POINT = "point", _("点位")
        PLACE = "place", _("城市或区县")
        RIVER = "river", _("河流湖库")

    medium = models.CharField(_("要素"), max_length=5, choices=Medium.choices, default=Medium.AIR)
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
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="points", verbose_name=_("计入")
    )
    river = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="sections", verbose_name=_("所在河流湖库")
    )
    body = models.CharField(
        _("水体类型"), max_length=8, blank=True, choices=[("river", _("河流")), ("lake", _("湖库"))]
    )
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

    Air in ug/m3, CO in mg/m3; water in mg/L, pH without unit, chlorophyll a in mg/m3, transparency in m.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="hours")
    item = models.CharField(max_length=6, choices=ALL_ITEMS)
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

    `value` is the official figure, rounded once; `total / parts / 10⁶` is the exact one behind it (`parts` 0: published
    elsewhere and imported as it was). `count` is hours, of ozone valid 8-hour means, of a place its points.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="days")
    item = models.CharField(max_length=6, choices=ALL_ITEMS)
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


class WaterSpan(models.TextChoices):
    """Periods that water has a class for."""

    DAY = "day", _("日")
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    YEAR = "year", _("年")


class Span(models.TextChoices):
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    YEAR = "year", _("年")


class Figure(models.Model):
    """An item's statistics over a month, quarter or year that begins on `start`, by the rules of its last day.

    Of water: `mean` is unrounded, `days` have a valid daily mean, of them `days_over` are worse than the class that
    multiples refer to, `rate` is the share of the others; `mean_multiple` the multiple, `meets` whether the mean keeps
    that class; `parts` is how many values (hours of a month, months of a quarter or year) the mean is of.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="figures")
    span = models.CharField(max_length=7, choices=Span.choices)
    start = models.DateField()
    item = models.CharField(max_length=6, choices=ALL_ITEMS)
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

    class Meta:
        verbose_name = _("浓度统计")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series", "item"], name="statistics_figure_once")
        ]


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


class WaterSummary(models.Model):
    """The water class of a point, or the shares of classes of a place or river, over a period.

    Points: `water_class` 1 … 6 (null: none, `reason` says why), the items that decide it, and `over`: items worse than
    the class that multiples refer to, as {item, class, multiple}. Places and rivers: `counts` of classes Ⅰ … 劣Ⅴ,
    `good_rate` (Ⅰ～Ⅲ) and `bad_rate` (劣Ⅴ) in percent, `grade`, the `method` it was found by, and `over` as the main
    pollutants {item, share}. `cwqi` is that of the section or of all sections; `tli` of lakes with all five items.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="classes")
    span = models.CharField(max_length=7, choices=WaterSpan.choices)
    start = models.DateField()
    water_class = models.SmallIntegerField(null=True)
    deciding = ArrayField(models.CharField(max_length=6), default=list)
    over = models.JSONField(default=list)
    reason = models.CharField(max_length=40, blank=True)
    valid = models.BooleanField(default=True)
    days = models.SmallIntegerField(default=0)
    counts = ArrayField(models.SmallIntegerField(), size=6, default=list)
    good_rate = models.FloatField(null=True)
    bad_rate = models.FloatField(null=True)
    grade = models.CharField(max_length=10, blank=True)
    method = models.CharField(max_length=6, blank=True)
    cwqi = models.FloatField(null=True)
    tli = models.FloatField(null=True)

    class Meta:
        verbose_name = _("水质类别")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series"], name="statistics_class_once")
        ]
        indexes: ClassVar = [models.Index(fields=["series", "span", "start"], name="statistics_class_series")]


class WaterRevision(models.Model):
    """A water class that changed after it had been computed: before, after, and why."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="class_revisions")
    span = models.CharField(max_length=7, choices=WaterSpan.choices)
    start = models.DateField()
    before = models.SmallIntegerField(null=True)
    after = models.SmallIntegerField(null=True)
    before_text = models.CharField(max_length=80, blank=True)
    after_text = models.CharField(max_length=80, blank=True)
    cause = models.CharField(max_length=11, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("水质类别修订")
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["series", "start"], name="statistics_class_revision")]


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


class Target(models.Model):
    """What a place, point or river is to reach in a year (目标任务), and where that is written."""

    class Kind(models.TextChoices):
        GOOD_RATE = "good_rate", _("优良天数比率（％）")
        HEAVY_DAYS = "heavy_days", _("重度及以上污染天数")
        PM25_MEAN = "pm25_mean", _("PM2.5 年均浓度（µg/m³）")
        O3_P90 = "o3_p90", _("O₃ 日最大 8 小时第 90 百分位数（µg/m³）")
        WATER_CLASS = "water_class", _("断面水质类别")
        WATER_GOOD = "water_good", _("Ⅰ～Ⅲ 类断面比例（％）")

    series = models.ForeignKey(Series, models.PROTECT, related_name="targets", verbose_name=_("对象"))
    year = models.SmallIntegerField(_("年度"))
    kind = models.CharField(_("指标"), max_length=11, choices=Kind.choices)
    value = models.FloatField(_("目标值"))
    source = models.CharField(_("目标出处"), max_length=200)
    revision = models.SmallIntegerField(default=0)
    entered_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        verbose_name = _("目标任务")
        ordering = ["-year", "kind", "series__name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "year", "kind"], name="statistics_target_once")
        ]


class Review(models.Model):
    """Hours that do not count (数据审核): proposed by one person with a reason, decided by a second."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        ACCEPTED = "accepted", _("已认定无效")
        REFUSED = "refused", _("未认定")
        RESTORED = "restored", _("已恢复")

    series = models.ForeignKey(Series, models.PROTECT, related_name="reviews")
    item = models.CharField(_("项目"), max_length=6, choices=ALL_ITEMS, blank=True)
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
    item = models.CharField(max_length=6, choices=ALL_ITEMS)
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
