"""Files of history that were handed in on a page."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class HistoryFile(models.Model):
    """A table of measured history: handed in, tried without writing, then loaded.

    `result`: what `Report` counts, problems by row (row, column, text, code, params), unknown stations. `fault`: why
    the whole file cannot be taken, as message code and parameters. `stored`: name of the file in the data folder, empty
    once it is gone.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("等待检查")
        CHECKING = "checking", _("正在检查")
        CHECKED = "checked", _("已检查，未载入")
        QUEUED = "queued", _("等待载入")
        LOADING = "loading", _("正在载入")
        DONE = "done", _("已载入")
        FAILED = "failed", _("不能载入")
        DROPPED = "dropped", _("已放弃")

    name = models.CharField(_("文件"), max_length=200)
    stored = models.CharField(max_length=60, blank=True)
    size = models.BigIntegerField(_("大小"))
    sha256 = models.CharField(max_length=64)
    format = models.CharField(_("格式"), max_length=40, blank=True)
    station = models.CharField(_("站点"), max_length=80, blank=True)
    start = models.CharField(_("第一行的起始时刻"), max_length=40, blank=True)
    stamp = models.CharField(
        _("时刻是时段的"), max_length=5, default="start", choices=[("start", _("开始")), ("end", _("结束"))]
    )
    encoding = models.CharField(_("编码"), max_length=20, default="utf-8")
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.SmallIntegerField(default=0)
    result = models.JSONField(default=dict)
    fault = models.JSONField(default=dict)
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("提交人"))
    asked_at = models.DateTimeField(_("提交时间"))
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("历史数据文件")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name
