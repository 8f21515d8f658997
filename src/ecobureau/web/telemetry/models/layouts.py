"""What the packed values mean: streams and layouts."""

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
