"""Who has a record open now. Rows live as long as the page beats."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Presence(models.Model):
    """A person looks at a record; `seen_at` is the last beat of the page."""

    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id", "user"], name="core_presence_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["seen_at"], name="core_presence_seen")]
