"""Sensitive places (敏感目标): where people or their water would suffer first."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SensitivePlace(models.Model):
    """A school, hospital, home, care home or water intake. WGS 84; `code` is unique and what a file is matched by."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("学校")
        HOSPITAL = "hospital", _("医院")
        CARE_HOME = "care_home", _("养老机构")
        HOMES = "homes", _("居民区")
        WATER_INTAKE = "water_intake", _("饮用水取水口")

    code = models.CharField(_("编号"), max_length=40, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=120)
    lon = models.FloatField(_("经度"))
    lat = models.FloatField(_("纬度"))
    people = models.PositiveIntegerField(_("人数"), null=True, blank=True)
    org_path = models.CharField(_("区域"), max_length=200)
    source = models.CharField(_("数据来源"), max_length=120, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    made_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("敏感目标")
        verbose_name_plural = _("敏感目标")
        ordering = ["kind", "name"]
        indexes: ClassVar = [models.Index(fields=["lon", "lat"], name="clues_sensitive_at")]

    def __str__(self) -> str:
        return self.name
