"""Frames as they came and as they are kept: raw bytes, packed values, what was rewritten, what waits."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class RawFrame(models.Model):
    """A frame as received. `raw` is deflated: read it through `storage.read.raw_frame`."""

    id = models.BigIntegerField(primary_key=True)
    received_at = models.DateTimeField()
    station_id = models.IntegerField()
    run_id = models.IntegerField()
    session_id = models.BigIntegerField(null=True)
    codec = models.SmallIntegerField()
    sha256 = models.BinaryField()
    cn = models.TextField()
    outcome = models.TextField()
    reason = models.TextField(null=True)
    deviations = models.TextField(null=True)
    raw = models.BinaryField()

    class Meta:
        db_table = "raw_frame"
        verbose_name = _("原始报文")


class _Frame(models.Model):
    """A packed row: the values of one frame in the slots of its layout."""

    pk = models.CompositePrimaryKey("station_id", "stream_id", "start")
    start = models.DateTimeField()
    raw_id = models.BigIntegerField()
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    layout_id = models.IntegerField()
    lag = models.IntegerField()
    note = models.SmallIntegerField()
    v = ArrayField(models.IntegerField(), null=True)
    marks = models.TextField(null=True)
    wide = ArrayField(models.FloatField(), null=True)
    exact = models.BinaryField(null=True)
    parts = models.TextField(null=True)

    class Meta:
        abstract = True


class FrameRt(_Frame):
    """Real-time frames, a partition a day (Beijing)."""

    class Meta:
        db_table = "frame_rt"
        verbose_name = _("实时数据帧")


class FramePeriod(_Frame):
    """Minute, hour and day frames, a partition a month (Beijing)."""

    class Meta:
        db_table = "frame_period"
        verbose_name = _("时段数据帧")


class FrameSource(models.Model):
    """A further raw frame that gave a row some of its factors (merge, revision, packet of a split message)."""

    pk = models.CompositePrimaryKey("station_id", "stream_id", "start", "raw_id")
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    start = models.DateTimeField()
    raw_id = models.BigIntegerField()
    factors = ArrayField(models.TextField())

    class Meta:
        db_table = "frame_source"
        verbose_name = _("数据帧来源")


class Revision(models.Model):
    """A value that a later frame rewrote: both are kept, as text with their decimals."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    start = models.DateTimeField()
    factor = models.TextField()
    stat = models.TextField()
    old_text = models.TextField(null=True)
    new_text = models.TextField(null=True)
    old_raw_id = models.BigIntegerField()
    new_raw_id = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "revision"
        verbose_name = _("修订")


class PendingPart(models.Model):
    """A packet of a split message; `outcome` is its final one as soon as it has one."""

    raw_id = models.BigIntegerField(primary_key=True)
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    cn = models.TextField()
    qn = models.TextField()
    pnum = models.IntegerField()
    pno = models.IntegerField()
    start = models.DateTimeField(null=True)
    readings = models.JSONField(null=True)
    received_at = models.DateTimeField()
    run_id = models.IntegerField()
    outcome = models.TextField()
    reason = models.TextField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "pending_part"
        verbose_name = _("拆分包")


class Quarantine(models.Model):
    """Frames of strangers and frames with a bad check: one row a distinct content; `overflow` rows count a flood."""

    id = models.BigAutoField(primary_key=True)
    digest = models.BinaryField(unique=True)
    overflow = models.BooleanField()
    reason = models.TextField()
    peer = models.TextField()
    mn = models.TextField()
    cn = models.TextField()
    raw = models.BinaryField()
    frames = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    run_id = models.IntegerField()

    class Meta:
        db_table = "quarantine"
        verbose_name = _("隔离报文")


class Dirty(models.Model):
    """Work for the judge: a stretch of a stream that changed."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    st = models.TextField()
    kind = models.TextField()
    interval_s = models.IntegerField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    cause = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "dirty"
        verbose_name = _("待研判区间")
