"""Running limits and the warn points they have fired."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Clock(models.Model):
    """One run of a clock on a record. A clock that is started anew is a new row with the next `run`."""

    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    code = models.CharField(max_length=24)
    run = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    span_s = models.FloatField()
    unit = models.CharField(max_length=12)
    amount = models.PositiveIntegerField()
    rule = models.CharField(max_length=120)
    rule_version = models.CharField(max_length=60)
    rule_source = models.CharField(max_length=200, blank=True)
    legal = models.BooleanField(default=False)
    percents = models.JSONField(default=dict)
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=60, blank=True)
    paused_s = models.FloatField(default=0)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=32, blank=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id", "code", "run"], name="core_clock_run"),
            models.UniqueConstraint(
                fields=["kind", "object_id", "code"],
                condition=models.Q(stopped_at__isnull=True),
                name="core_clock_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="core_clock_next"),
            models.Index(fields=["kind", "due_at"], condition=models.Q(stopped_at__isnull=True), name="core_clock_due"),
        ]


class ClockFired(models.Model):
    """A warn point that has been reached; the unique row makes each fire once, whatever happens."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="fired")
    percent = models.PositiveIntegerField()
    at = models.DateTimeField()
    tell = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "percent"], name="core_clock_fired_once")]
        indexes: ClassVar = [
            models.Index(fields=["at"], condition=models.Q(tell="city_centre"), name="core_clock_fired_city")
        ]
