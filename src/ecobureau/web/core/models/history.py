"""The append-only history. A trigger refuses UPDATE and DELETE, and the application's role has no right to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class History(models.Model):
    """One act on one record.

    `body` is canonical JSON of the act (all columns but the hashes, papers and digests of personal data included);
    `hash` = sha256(prev_hash + "\\n" + body) in hex, and `prev_hash` is the hash of seq - 1 (64 zeros for seq 1).
    """

    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    number = models.CharField(max_length=32)
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=32)
    from_state = models.CharField(max_length=24, blank=True)
    to_state = models.CharField(max_length=24)
    actor_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    at_device = models.DateTimeField(null=True)
    client_uuid = models.UUIDField(null=True)
    body = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id", "seq"], name="core_history_seq"),
            models.UniqueConstraint(fields=["kind", "object_id", "client_uuid"], name="core_history_client"),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="core_history_at")]


class HistoryPersonal(models.Model):
    """Personal words of an entry (note, names), kept outside the hashed text so that they can be erased.

    The entry's body holds sha256(salt + ":" + value) in hex under the same field name.
    """

    entry = models.ForeignKey(History, on_delete=models.DO_NOTHING, related_name="personal", db_constraint=False)
    field = models.CharField(max_length=32)
    salt = models.CharField(max_length=32)
    value = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["entry", "field"], name="core_personal_once")]
