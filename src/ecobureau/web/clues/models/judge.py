"""What the judge remembers between two frames, and what it could not judge."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class RuleState(models.Model):
    """What a rule remembers of one station, stream and factor between two frames, in the form of `domain.judging`."""

    station = models.ForeignKey("sources.Station", models.CASCADE, related_name="+")
    stream = models.CharField(max_length=24)
    factor = models.CharField(max_length=12, blank=True)
    rule = models.CharField(max_length=24)
    state = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["station", "stream", "factor", "rule"], name="clues_rulestate_once")
        ]


class JudgeFault(models.Model):
    """A stretch that the judge could not judge, with the error, so that nobody takes silence for health."""

    station = models.ForeignKey("sources.Station", models.CASCADE, related_name="+")
    stream = models.CharField(max_length=40)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    error = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="clues_fault_at")]
