"""What is kept up at ingest: newest values and roll-ups."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


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
