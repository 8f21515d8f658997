"""People who sign in, and the roles they hold."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

ROLES = (
    ("duty_officer", _("值班员")),
    ("dispatcher", _("调度员")),
    ("grid_worker", _("网格员")),
    ("enforcement_officer", _("执法人员")),
    ("unit_head", _("单位负责人")),
    ("leader", _("局领导")),
    ("auditor", _("审计员")),
    ("administrator", _("管理员")),
)
THEMES = (("auto", _("跟随系统")), ("light", _("日间")), ("dark", _("夜间")))


class User(AbstractUser):
    """A person of the bureau."""

    name = models.CharField(_("姓名"), max_length=40, blank=True)
    name_sort = models.CharField(max_length=160, blank=True, editable=False)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    certificate = models.CharField(_("执法证号"), max_length=40, blank=True)
    language = models.CharField(_("语言"), max_length=8, choices=settings.LANGUAGES, default="zh-hans")
    theme = models.CharField(_("主题"), max_length=8, choices=THEMES, default="auto")
    large_type = models.BooleanField(_("大字"), default=False)
    sound = models.BooleanField(_("红色线索提示音"), default=False)
    keys = models.JSONField(_("快捷键"), default=dict, blank=True)
    must_change_password = models.BooleanField(_("下次登录须改密码"), default=False)

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        indexes: ClassVar = [models.Index(fields=["name_sort"], name="accounts_user_sort")]

    def __str__(self) -> str:
        return self.name or self.username


class Assignment(models.Model):
    """A role of a person for a place and, where it is about grids, for single grids; from a day to a day.

    `org_path` is the path of an organisation ('/wuhan/jiangan/'); `grid_ids` are paths of grids. A delegation names who
    handed it on. Assignments are ended, never deleted.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(_("岗位"), max_length=24, choices=ROLES)
    org_path = models.CharField(_("机构"), max_length=200)
    grid_ids = models.JSONField(_("网格"), default=list, blank=True)
    valid_from = models.DateTimeField(_("起"))
    valid_to = models.DateTimeField(_("止"), null=True, blank=True)
    delegated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        verbose_name = _("任岗")
        verbose_name_plural = _("任岗")
        indexes: ClassVar = [models.Index(fields=["role", "org_path"], name="accounts_role_place")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} {self.org_path}"


class ApiKey(models.Model):
    """A key by which a machine acts as a person or a service account (an account that no password opens).

    `prefix` is its public name; of its text only the SHA-256 is kept. `minute_at` and `minute_count` count requests.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(_("用途"), max_length=60)
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    may_write = models.BooleanField(default=False)
    per_minute = models.PositiveIntegerField(default=120)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    last_used_at = models.DateTimeField(null=True)
    last_ip = models.GenericIPAddressField(null=True)
    minute_at = models.DateTimeField(null=True)
    minute_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("接口密钥")
        verbose_name_plural = _("接口密钥")

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"
