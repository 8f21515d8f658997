"""Clues with their evidence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import beijing, now
from ecobureau.rulepacks import load
from ecobureau.web.core.models import Record
from ecobureau.web.core.models.record import OwnLimit
from ecobureau.web.core.refusals import sentence


def reopening(closed_at: datetime | None) -> dict[str, int]:
    """Return how many whole days a record has been closed and how many are allowed; empty while it is open."""
    if closed_at is None:
        return {}
    limit = load("sla").at("task.reopen_days", beijing(now()).date()).value
    return {"days_since_closed": (now() - closed_at).days, "reopen_days": int(str(limit))}


class Clue(Record):
    """A matter that a rule, a person or another office has noticed (线索).

    `subject` names what it is about ('outlet:12', 'station:7'); with factor and rule it is unique among open clues.
    `source` is who reported it, `reference` its number there; `text` is what was said of it, in the words of people.
    Times are instants of the facts: `first_at` start of the first period, `last_at` end of the last one.
    """

    KIND: ClassVar[str] = "clue"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})

    class Origin(models.TextChoices):
        RULE = "rule", _("到达判断")
        MANUAL = "manual", _("人工登记")

    origin = models.CharField(_("来源"), max_length=12, choices=Origin.choices, default=Origin.RULE)
    source = models.ForeignKey(
        "clues.ClueSource", models.PROTECT, null=True, blank=True, related_name="clues", verbose_name=_("线索来源")
    )
    reference = models.CharField(_("来源编号"), max_length=80, blank=True)
    scenario = models.CharField(_("情形"), max_length=8, blank=True)
    matter = models.CharField(_("事项"), max_length=24, blank=True)
    text = models.TextField(_("经过"), blank=True)
    subject = models.CharField(max_length=40)
    station = models.ForeignKey(
        "sources.Station", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("站点")
    )
    outlet = models.ForeignKey(
        "sources.Outlet", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("排放口")
    )
    factor = models.CharField(_("监测因子"), max_length=12, blank=True)
    rule = models.CharField(_("规则"), max_length=24, blank=True)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_params = models.JSONField(default=dict, blank=True)
    title_code = models.CharField(max_length=60, blank=True)
    severity = models.PositiveSmallIntegerField(_("严重程度"), default=2)
    confidence = models.FloatField(_("疑似程度"), null=True, blank=True)
    risk = models.PositiveSmallIntegerField(_("风险"), default=0)
    risk_parts = models.JSONField(default=dict, blank=True)
    late = models.BooleanField(_("补传数据"), default=False)
    first_at = models.DateTimeField(_("起"))
    last_at = models.DateTimeField(_("止"))
    ended_at = models.DateTimeField(_("恢复时间"), null=True, blank=True)
    findings = models.PositiveIntegerField(_("次数"), default=1)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta(Record.Meta):
        verbose_name = _("线索")
        verbose_name_plural = _("线索")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "factor", "rule"],
                condition=models.Q(state__in=["new", "triaged", "watching", "dismissing", "tasked"])
                & ~models.Q(rule=""),
                name="clues_one_open",
            ),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["subject", "-last_at"], name="clues_subject"),
            models.Index(fields=["state", "-risk", "created_at"], name="clues_queue"),
            models.Index(fields=["source", "-created_at"], name="clues_of_source"),
            models.Index(fields=["scenario", "-created_at"], name="clues_of_scenario"),
        ]

    @property
    def heading(self) -> str:
        return sentence(self.title_code, self.reason_params) if self.title_code else self.title

    def own_limit(self, step: str, on: date) -> OwnLimit | None:
        from ecobureau.web.clues import scenarios  # it reads the changes that stand in this package

        return scenarios.own_limit(self.scenario, self.level, step, on)

    def facts(self) -> dict[str, Any]:
        return {"subject": self.subject, "rule": self.rule, "origin": self.origin, **reopening(self.closed_at)}


class Evidence(models.Model):
    """One piece of what a clue rests on, in the order it came. Rows are only added.

    `kind`: frame (a raw frame by id and hash), series (a window), rule (rule, threshold, source), number, favour (what
    spoke in the plant's favour), note.
    """

    clue = models.ForeignKey(Clue, models.PROTECT, related_name="evidence")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    code = models.CharField(max_length=60, blank=True)
    params = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["seq"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clue", "seq"], name="clues_evidence_once")]
