"""The books of the gateway and the seals of the days."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class GatewayRun(models.Model):
    """One life of one gateway process."""

    id = models.AutoField(primary_key=True)
    process = models.TextField()
    host = models.TextField()
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    crashed = models.BooleanField(default=False)
    skipped_bytes = models.BigIntegerField(default=0)
    fault = models.TextField(default="")
    fault_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "gateway_run"
        verbose_name = _("网关运行")


class GatewayBatch(models.Model):
    """The newest batch of a run: whether it is in, and what became of its frames (one byte each)."""

    run_id = models.IntegerField(primary_key=True)
    batch = models.BigIntegerField()
    outcomes = models.BinaryField()

    class Meta:
        db_table = "gateway_batch"
        verbose_name = _("网关最新批次")


class GatewayReceived(models.Model):
    """Frames counted at the socket, by day of receipt (Beijing), run and station (0: unknown)."""

    pk = models.CompositePrimaryKey("day", "run_id", "station_id")
    day = models.DateField()
    run_id = models.IntegerField()
    station_id = models.IntegerField()
    frames = models.BigIntegerField()

    class Meta:
        db_table = "gateway_received"
        verbose_name = _("接收计数")


class FrameCounter(models.Model):
    """Frames by outcome, by day of receipt (Beijing), run and station (0: unknown)."""

    pk = models.CompositePrimaryKey("day", "run_id", "station_id", "outcome")
    day = models.DateField()
    run_id = models.IntegerField()
    station_id = models.IntegerField()
    outcome = models.TextField()
    frames = models.BigIntegerField()

    class Meta:
        db_table = "frame_counter"
        verbose_name = _("结果计数")


class Seal(models.Model):
    """Link of a station's evidence chain: the frames of a day. `seq` above 0 adds frames that came after the first."""

    pk = models.CompositePrimaryKey("station_id", "link")
    station_id = models.IntegerField()
    link = models.IntegerField()
    day = models.DateField()
    seq = models.IntegerField()
    frames = models.BigIntegerField()
    extra = ArrayField(models.BigIntegerField(), null=True)
    prev = models.BinaryField()
    head = models.BinaryField()
    snapshot = models.TextField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "seal"
        verbose_name = _("封存")


class Rekey(models.Model):
    """A job that moved the starts of a station's frames because its stamp rule was wrong."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    kind = models.TextField()
    shift_s = models.IntegerField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    frames = models.BigIntegerField()
    asked_by = models.IntegerField()
    reason = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "rekey"
        verbose_name = _("时标改键")
