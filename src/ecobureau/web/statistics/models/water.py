"""Surface water: classes of sections, shares of places and rivers, samples taken by hand."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.records import Record
from ecobureau.web.statistics.models.common import Series
from ecobureau.web.statistics.models.words import AnySpan


class WaterSummary(models.Model):
    """The water class of a point, or the shares of classes of a place or river, over a period.

    Points: `water_class` 1 … 6 (null: none, `reason` says why), the items that decide it, and `over`: items worse than
    the class that multiples refer to, as {item, class, multiple}. Places and rivers: `counts` of classes Ⅰ … 劣Ⅴ,
    `good_rate` (Ⅰ～Ⅲ) and `bad_rate` (劣Ⅴ) in percent, `grade`, the `method` it was found by, and `over` as the main
    pollutants {item, share}. `cwqi` is that of the section or of all sections; `tli` of lakes with all five items.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="classes")
    span = models.CharField(max_length=7, choices=AnySpan.choices)
    start = models.DateField()
    water_class = models.SmallIntegerField(null=True)
    deciding = ArrayField(models.CharField(max_length=10), default=list)
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


class WaterSample(Record):
    """A sample of a section taken by hand on a day, with the results of the laboratory.

    `values`: item → {text: as reported, value: the number that counts (mg/L, pH without unit), below: under the
    detection limit}. It counts in its month while it is accepted.
    """

    KIND: ClassVar[str] = "water_sample"

    series = models.ForeignKey(Series, models.PROTECT, related_name="samples", verbose_name=_("断面"))
    taken_on = models.DateField(_("采样日期"))
    laboratory = models.CharField(_("监测单位"), max_length=80)
    values = models.JSONField(_("监测结果"))

    class Meta(Record.Meta):
        verbose_name = _("手工监测样品")
        verbose_name_plural = _("手工监测样品")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["series", "taken_on"], name="statistics_sample_day"),
        ]

    def facts(self) -> dict[str, Any]:
        return {"taken_on": self.taken_on}

    def search_words(self) -> str:
        return f"{self.number} {self.title} {self.laboratory}"
