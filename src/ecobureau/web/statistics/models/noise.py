"""The sound environment: how many days and nights kept the limits of their functional zone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.statistics.models.common import Series
from ecobureau.web.statistics.models.words import AnySpan


class NoiseSummary(models.Model):
    """Attainment over a period: point-days, point-nights and nights by their highest level, within limits and in all.

    Of a point one row (`zone`: by which its newest day was judged, empty: it has none and is not judged). Of a place
    one row for each zone of its points, and one with an empty zone for all. `ld`, `ln`, `ldn` of a point are the levels
    of the period; of a place the arithmetic mean of its points'. `points` had a judged day or night. `valid`: enough
    days.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="attainments")
    span = models.CharField(max_length=7, choices=AnySpan.choices)
    start = models.DateField()
    zone = models.CharField(max_length=4, blank=True)
    points = models.IntegerField(default=0)
    day_total = models.IntegerField(default=0)
    day_within = models.IntegerField(default=0)
    night_total = models.IntegerField(default=0)
    night_within = models.IntegerField(default=0)
    peak_total = models.IntegerField(default=0)
    peak_within = models.IntegerField(default=0)
    ld = models.FloatField(null=True)
    ln = models.FloatField(null=True)
    ldn = models.FloatField(null=True)
    valid = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("声环境达标")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series", "zone"], name="statistics_noise_once")
        ]
        indexes: ClassVar = [models.Index(fields=["series", "span", "start"], name="statistics_noise_series")]
