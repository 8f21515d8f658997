"""Devices: who holds which socket, what was asked of them, what they told of themselves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
