"""What the city has changed in the tables of scene kinds and matters: dated, by two persons."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleChange(models.Model):
    """A new value of an entry of a rule pack from a day on: proposed by one person, decided by another, kept."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")

    pack = models.CharField(max_length=40)
    key = models.CharField(max_length=60)
    value = models.JSONField()
    before = models.JSONField(default=dict)
    valid_from = models.DateField(_("生效日"))
    why = models.CharField(_("理由"), max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.BigIntegerField()
    proposed_name = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(_("意见"), max_length=200, blank=True)

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["pack", "state", "key", "-valid_from"], name="clues_rules_in_force")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pack", "key"], condition=models.Q(state="proposed"), name="clues_rules_one_proposal"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("proposed_by")),
                name="clues_rules_four_eyes",
            ),
        ]
