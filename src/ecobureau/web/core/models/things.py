"""What hangs on a record: attachments, links, shares; and what a person has: notices, saved views. And the audit."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Attachment(models.Model):
    """A file of a record. The original lies under its hash; `shared_sha256` is the copy without EXIF for display."""

    uuid = models.UUIDField(unique=True)
    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    paper = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    shared_sha256 = models.CharField(max_length=64, blank=True)
    shared_type = models.CharField(max_length=60, blank=True)
    client_sha256 = models.CharField(max_length=64, blank=True)
    shot_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    uploaded_by = models.BigIntegerField(null=True)
    in_history = models.PositiveIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.BigIntegerField(null=True)
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "object_id", "received_at"], name="core_attachment_record")]


class Link(models.Model):
    """One record is bound to another: `relation` reads from left to right ('merged_into', 'task_of' …)."""

    from_kind = models.CharField(max_length=24)
    from_id = models.BigIntegerField()
    relation = models.CharField(max_length=24)
    to_kind = models.CharField(max_length=24)
    to_id = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["from_kind", "from_id", "relation", "to_kind", "to_id"], name="core_link_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["to_kind", "to_id"], name="core_link_to")]


class Share(models.Model):
    """A record opened to a person or a unit that its place does not reach (joint handling)."""

    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    org_path = models.CharField(max_length=200, blank=True)
    may_act = models.BooleanField(default=False)
    why = models.CharField(max_length=200)
    given_by = models.BigIntegerField(null=True)
    given_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "object_id"], name="core_share_record"),
            models.Index(fields=["user"], name="core_share_user"),
            models.Index(fields=["org_path"], name="core_share_org"),
        ]


class Notice(models.Model):
    """A line in a person's inbox: message code and parameters about a record."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    object_id = models.BigIntegerField()
    number = models.CharField(max_length=32)
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "read_at", "-at"], name="core_notice_inbox")]


class SavedView(models.Model):
    """A list's filters under a name, for one person or for everyone of a unit."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    query = models.TextField(blank=True)
    org_path = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "kind", "name"], name="core_savedview_once")]


class Audit(models.Model):
    """Who looked, exported, signed in or administered, and why. Append-only like the history."""

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    what = models.CharField(max_length=40)
    kind = models.CharField(max_length=24, blank=True)
    object_id = models.BigIntegerField(null=True)
    number = models.CharField(max_length=32, blank=True)
    purpose = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=36, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-at"], name="core_audit_at"),
            models.Index(fields=["actor_id", "-at"], name="core_audit_actor"),
            models.Index(fields=["what", "-at"], name="core_audit_what"),
        ]
