"""Targets of a year."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.statistics.models.common import Series


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
