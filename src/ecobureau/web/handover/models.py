"""A shift as it was handed over."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.records import Record


class Handover(Record):
    """One shift of one centre: its numbers frozen when it was handed over, and words for the next shift.

    `report` holds what `report.Report.frozen` writes: each number with the keys of the records behind it.
    """

    KIND: ClassVar[str] = "handover"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"notes"})

    starts = models.DateTimeField(_("班次开始"))
    ends = models.DateTimeField(_("班次结束"))
    notes = models.TextField(_("交班说明"), blank=True)
    report = models.JSONField(default=dict, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("交接班")
        verbose_name_plural = _("交接班")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["org_path", "starts", "ends"], condition=~Q(state="void"), name="handover_once"
            ),
            models.CheckConstraint(condition=Q(ends__gt=models.F("starts")), name="handover_order"),
        ]

    def facts(self) -> dict[str, Any]:
        return {}

    def search_words(self) -> str:
        return f"{self.number} {self.title}"
