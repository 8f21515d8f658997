"""Emission monitoring: hours that counted, means, masses, transmission and hours over limits, factor by factor."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.web.statistics.models.common import Series
from ecobureau.web.statistics.models.words import AnySpan


class EmissionSummary(models.Model):
    """What an outlet, enterprise or place emitted of a factor over a period, and how well that was measured.

    `mean` and `converted` (at the reference oxygen) are of outlets alone: of a day the mean of its valid hours, of a
    longer span that of its valid days, mg/m3 or mg/L. `low`, `high`: hourly values. `flow` m3. Masses are whole
    micrograms. Hours: `operating` are `measured`, `substituted` or `lost`; `stopped` and `quiet` (nothing discharged)
    are no part of them; `valid_hours` have a valid concentration. `should`, `received`, `valid_items`: the counts of
    the transmission rate. `judged` hours and days had a limit and a value, `over` ones were above it. `state`: of an
    outlet's day. `days` have data, of them `valid_days` a valid mean; `valid`: enough of them. `outlets`: of a place
    the outlets that counted, of a longer span on its fullest day.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="emissions")
    item = models.CharField(max_length=20)
    span = models.CharField(max_length=7, choices=AnySpan.choices)
    start = models.DateField()
    outlets = models.IntegerField(default=1)
    days = models.IntegerField(default=1)
    valid_days = models.IntegerField(default=0)
    mean = models.FloatField(null=True)
    converted = models.FloatField(null=True)
    converted_days = models.IntegerField(default=0)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    flow = models.FloatField(default=0)
    measured_ug = models.BigIntegerField(default=0)
    substituted_ug = models.BigIntegerField(default=0)
    operating = models.IntegerField(default=0)
    stopped = models.IntegerField(default=0)
    quiet = models.IntegerField(default=0)
    measured = models.IntegerField(default=0)
    substituted = models.IntegerField(default=0)
    lost = models.IntegerField(default=0)
    valid_hours = models.IntegerField(default=0)
    should = models.IntegerField(default=0)
    received = models.IntegerField(default=0)
    valid_items = models.IntegerField(default=0)
    judged = models.IntegerField(default=0)
    over = models.IntegerField(default=0)
    judged_days = models.IntegerField(default=0)
    over_days = models.IntegerField(default=0)
    state = models.CharField(max_length=16, blank=True)
    valid = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("排放统计")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["span", "start", "series", "item"], name="statistics_emission_once")
        ]
        indexes: ClassVar = [models.Index(fields=["series", "span", "start"], name="statistics_emission_series")]
