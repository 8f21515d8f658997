"""State of the telemetry tables for Django. SQL makes them (`migrations/sql`), `ecobureau.storage` writes them.

Station and factor are plain numbers and codes here: the store outlives the registry's rows and never waits for them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Stream(models.Model):
    """System code + kind + interval: what a station's frames of one sort belong to."""

    id = models.AutoField(primary_key=True)
    st = models.TextField()
    kind = models.TextField()
    interval_s = models.IntegerField()

    class Meta:
        db_table = "stream"
        verbose_name = _("数据流")


class Layout(models.Model):
    """Immutable meaning of a packed row: factors in order, and for each slot its factor, statistic and decimals."""

    id = models.AutoField(primary_key=True)
    digest = models.BinaryField(unique=True)
    factors = ArrayField(models.TextField())
    units = ArrayField(models.TextField())
    dialects = ArrayField(models.TextField())
    slot_factor = ArrayField(models.SmallIntegerField())
    slot_stat = ArrayField(models.TextField())
    slot_decimals = ArrayField(models.SmallIntegerField())
    slot_role = ArrayField(models.SmallIntegerField())

    class Meta:
        db_table = "layout"
        verbose_name = _("数据布局")


class LayoutFactor(models.Model):
    """Where in a row of a layout the own and the converted value of a factor stand; slots and numbers count from 1."""

    pk = models.CompositePrimaryKey("layout_id", "number")
    layout_id = models.IntegerField()
    number = models.SmallIntegerField()
    factor = models.TextField(db_collation="C")
    slot = models.SmallIntegerField(null=True)
    decimals = models.SmallIntegerField()
    scale = models.FloatField()
    zs_slot = models.SmallIntegerField(null=True)
    zs_decimals = models.SmallIntegerField()
    zs_scale = models.FloatField()

    class Meta:
        db_table = "layout_factor"
        verbose_name = _("数据布局因子")


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


class StreamState(models.Model):
    """Newest frame of a station's stream, packed; its row is the lock under which hours are rolled up."""

    pk = models.CompositePrimaryKey("station_id", "stream_id")
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    newest = models.DateTimeField()
    received_at = models.DateTimeField()
    open_hour = models.DateTimeField()
    was_open = models.DateTimeField()
    raw_id = models.BigIntegerField()
    layout_id = models.IntegerField()
    lag = models.IntegerField()
    note = models.SmallIntegerField()
    v = ArrayField(models.IntegerField(), null=True)
    marks = models.TextField(null=True)
    wide = ArrayField(models.FloatField(), null=True)
    exact = models.BinaryField(null=True)

    class Meta:
        db_table = "stream_state"
        verbose_name = _("数据流状态")


class LatestRest(models.Model):
    """Newest value of a series that the newest frame of its stream does not hold. All series: view `latest`."""

    pk = models.CompositePrimaryKey("station_id", "stream_id", "factor")
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    factor = models.TextField(db_collation="C")
    layout_id = models.IntegerField()
    start = models.DateTimeField()
    received_at = models.DateTimeField()
    raw_id = models.BigIntegerField()
    value = models.FloatField(null=True)
    zs_value = models.FloatField(null=True)
    decimals = models.SmallIntegerField()
    zs_decimals = models.SmallIntegerField()
    flag = models.TextField()
    backfilled = models.BooleanField()

    class Meta:
        db_table = "latest_rest"
        verbose_name = _("最新值")


class _Rollup(models.Model):
    """Count, sum and extremes of one series over an hour or a day (Beijing); `valid` counts those with a valid mark."""

    pk = models.CompositePrimaryKey("station_id", "stream_id", "start", "factor")
    station_id = models.IntegerField()
    stream_id = models.IntegerField()
    factor = models.TextField(db_collation="C")
    start = models.DateTimeField()
    n = models.IntegerField()
    valid = models.IntegerField()
    total = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    zs_valid = models.IntegerField()
    zs_total = models.FloatField(null=True)
    zs_high = models.FloatField(null=True)
    cou = models.FloatField(null=True)

    class Meta:
        abstract = True


class RollupHour(_Rollup):
    class Meta:
        db_table = "rollup_hour"
        verbose_name = _("小时汇总")


class RollupDay(_Rollup):
    class Meta:
        db_table = "rollup_day"
        verbose_name = _("日汇总")


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


class DeviceEvent(models.Model):
    """What a device told that is no number."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    at = models.DateTimeField()
    kind = models.TextField()
    digest = models.BinaryField()
    fields = models.JSONField()
    raw_id = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "device_event"
        verbose_name = _("设备事件")


class Parameter(models.Model):
    """A parameter of a device with its validity in time."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    device = models.TextField()
    name = models.TextField()
    value = models.TextField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    raw_id = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "parameter"
        verbose_name = _("设备参数")


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


class GatewaySession(models.Model):
    """Which process holds the socket of which station; open where `closed_at` is null."""

    id = models.BigAutoField(primary_key=True)
    run_id = models.IntegerField()
    station_id = models.IntegerField()
    mn = models.TextField()
    peer = models.TextField()
    opened_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        db_table = "gateway_session"
        verbose_name = _("设备连接")


class Command(models.Model):
    """A command to a device, from the queue to its execution result."""

    id = models.BigAutoField(primary_key=True)
    station_id = models.IntegerField()
    cn = models.TextField()
    params = models.JSONField()
    asked_by = models.IntegerField()
    asked_at = models.DateTimeField()
    state = models.TextField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    session_id = models.BigIntegerField(null=True)
    qn = models.TextField(default="")
    qn_rtn = models.TextField(default="")
    exe_rtn = models.TextField(default="")
    frames = models.IntegerField(default=0)

    class Meta:
        db_table = "command"
        verbose_name = _("反控命令")


class CommandEvent(models.Model):
    """One step of a command."""

    id = models.BigAutoField(primary_key=True)
    command = models.ForeignKey(Command, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    state = models.TextField()
    note = models.TextField()

    class Meta:
        db_table = "command_event"
        verbose_name = _("命令步骤")


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
