"""People who sign in, and the roles they hold."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person of the bureau."""

    name = models.CharField(_("姓名"), max_length=40, blank=True)
    name_sort = models.CharField(max_length=160, blank=True, editable=False)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    certificate = models.CharField(_("执法证号"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def __str__(self) -> str:
        return self.name or self.username
