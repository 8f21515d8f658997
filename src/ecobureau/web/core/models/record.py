"""What every record has, and the series that number them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func
from django.utils.translation import gettext_lazy as _

LEVELS = (("red", _("红")), ("orange", _("橙")), ("yellow", _("黄")), ("blue", _("蓝")))


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """A limit in minutes that stands in place of a level's: its rule, the rule's version, and who set it."""

    minutes: int
    rule: str
    version: str
    source: str


class Record(models.Model):
    """A matter of the bureau: number, state, owner, place. Written by `core.services` alone.

    `org_path` and `grid` are those of the day it was made ('/wuhan/jiangan/…/', with a slash at both ends); they do not
    follow later changes of the organisation. `version` counts the entries of its history.
    """

    number = models.CharField(_("编号"), max_length=32, unique=True, editable=False)
    title = models.CharField(_("标题"), max_length=200)
    state = models.CharField(_("状态"), max_length=24, editable=False)
    level = models.CharField(_("等级"), max_length=8, choices=LEVELS, default="yellow")
    org_path = models.CharField(_("区域"), max_length=200)
    grid = models.CharField(_("网格"), max_length=200, blank=True)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    owner_unit = models.CharField(_("承办单位"), max_length=200, blank=True)
    owner_person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("承办人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("登记时间"), editable=False)
    updated_at = models.DateTimeField(_("更新时间"), editable=False)
    closed_at = models.DateTimeField(_("办结时间"), null=True, editable=False)
    client_uuid = models.UUIDField(null=True, unique=True, editable=False)
    search = models.TextField(blank=True, default="", editable=False)

    KIND: ClassVar[str]
    """Code of the record's kind; each concrete model sets it."""
    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    """Columns that name or lead to a private person: the history keeps them outside its hashed text."""

    class Meta:
        abstract = True
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(Func(F("search"), function="bigrams", output_field=models.TextField()), name="%(class)s_bigrams"),
            models.Index(fields=["state", "-created_at", "-id"], name="%(class)s_state"),
            models.Index(fields=["-created_at", "-id"], name="%(class)s_newest"),
            models.Index(fields=["owner_person", "state"], name="%(class)s_person"),
            models.Index(fields=["org_path"], name="%(class)s_org", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def heading(self) -> str:
        """The title as people read it. A kind whose titles the program makes says them in the reader's language."""
        return self.title

    def facts(self) -> dict[str, Any]:
        """Return what guards and paper rules may know of this record beyond the common fields."""
        return {}

    def waits_for(self, clock: str) -> tuple[int | None, str]:
        """Return whose act a running clock waits for: the person (None: whoever of the unit) and the unit's path."""
        return self.owner_person_id, self.owner_unit or self.org_path

    def own_limit(self, step: str, on: date) -> OwnLimit | None:
        """Return a limit that this record has in place of its level's, None where the level's holds.

        Args:
            step: last part of the rule's key (`accept` of `task.sla.{level}.accept`). on: day of the start (Beijing).
        """
        return None

    def search_words(self) -> str:
        """Return the text that the search looks through, number and title included."""
        return f"{self.number} {self.title}"


class Series(models.Model):
    """The last number given in a series on a day; the row's lock makes the next one race-free and without gaps."""

    prefix = models.CharField(max_length=8)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["prefix", "day"], name="core_series_once")]
