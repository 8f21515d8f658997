"""Reading the pool: sources with false-clue rates, reporters and answers owed, sensitive places, risk history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues.models import Clue, ClueSource, Reporter, RiskScore, RuleChange, SensitivePlace
from ecobureau.web.clues.services.answers import CLOSED, HANDLERS, is_owed, may_handle, opened
from ecobureau.web.core import access, addresses, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import door
from ecobureau.words import _, say

SEES_SOURCES = frozenset(
    {
        str(role)
        for role in (
            Role.ADMINISTRATOR,
            Role.DUTY_OFFICER,
            Role.DISPATCHER,
            Role.UNIT_HEAD,
            Role.LEADER,
            Role.AUDITOR,
        )
    }
)
RATE_DAYS = 90
"""Over how many days the false-clue rate of a source is told."""


def must_see_sources(viewer: Viewer) -> None:
    """Refuse whoever does not work with sources of clues.

    Raises:
        Refused: `core.no_access`.
    """
    if not viewer.is_system and not viewer.has(*SEES_SOURCES):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="clue sources")


# --- sources ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """The false-clue rate of a source over RATE_DAYS, within the viewer's sight.

    `decided`: closed or dismissed clues; `false`: dismissed ones; `total`: all that came. `urls` open the very lists.
    """

    total: int
    decided: int
    false: int
    total_url: str
    decided_url: str
    false_url: str

    @property
    def percent(self) -> float | None:
        """The rate in percent, None where nothing has been decided."""
        return 100.0 * self.false / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the list, with its rate (None: the viewer sees no clues), and whether the viewer may change it."""

    source: ClueSource
    rate: Rate | None
    may_change: bool


def since_day(days: int = RATE_DAYS) -> datetime:
    """Return the first instant of the Beijing day `days` ago."""
    day = beijing(now()).date() - timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def sees_clues(viewer: Viewer) -> bool:
    """Say whether the viewer sees clues anywhere (an administrator does not)."""
    return access.may_somewhere(viewer, "view", registry.get("clue"))


def rates(viewer: Viewer, sources: Sequence[ClueSource]) -> dict[int, Rate]:
    """Return source id → its rate, in one query; nothing for who sees no clues at all: 0 would be untrue."""
    if not sees_clues(viewer):
        return {}
    since = since_day()
    counted = {
        row["source_id"]: row
        for row in access.scope(viewer, "view", Clue.objects.all())
        .filter(source_id__in=[source.pk for source in sources], created_at__gte=since)
        .order_by()
        .values("source_id")
        .annotate(
            total=Count("pk"),
            decided=Count("pk", filter=Q(state__in=CLOSED)),
            false=Count("pk", filter=Q(state="dismissed")),
        )
    }
    listed = addresses.of_list(registry.get("clue"))
    day = since.date().isoformat()
    made = {}
    for source in sources:
        row = counted.get(source.pk, {"total": 0, "decided": 0, "false": 0})
        base: dict[str, Any] = {"source": source.code, "since": day}
        made[source.pk] = Rate(
            row["total"],
            row["decided"],
            row["false"],
            f"{listed}?{urlencode(base)}",
            f"{listed}?{urlencode(base | {'state': list(CLOSED)}, doseq=True)}",
            f"{listed}?{urlencode(base | {'state': 'dismissed'})}",
        )
    return made


def sources(viewer: Viewer) -> list[SourceRow]:
    """Return every source with its false-clue rate within the viewer's sight.

    Raises:
        Refused: the viewer does not work with sources.
    """
    must_see_sources(viewer)
    rows = list(ClueSource.objects.select_related("account").order_by("-active", "kind", "name"))
    told = rates(viewer, rows)
    return [SourceRow(row, told.get(row.pk), may_change_source(viewer, row)) for row in rows]


def may_change_source(viewer: Viewer, source: ClueSource) -> bool:
    """Say whether the viewer may change a source: an administrator of its place, of the program's own any."""
    return viewer.has(Role.ADMINISTRATOR) if source.own else door.may_change(viewer, source.org_path)


def source(viewer: Viewer, code: str) -> ClueSource:
    """Return a source by its code.

    Raises:
        Refused: the viewer does not work with sources, or there is none.
    """
    must_see_sources(viewer)
    found = ClueSource.objects.select_related("account").filter(code=code).first()
    if found is None:
        refuse(Refusal("core.not_found", {"number": code}), actor=viewer.user_id, what="clue source")
    return found


def source_of_account(user_id: int) -> ClueSource | None:
    """Return the source that a service account reports for."""
    return ClueSource.objects.filter(account_id=user_id).first()


def source_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the sources that a person may name when registering a clue by hand."""
    rows = ClueSource.objects.filter(active=True, machine=False).exclude(kind__in=("manual", "import"))
    own = [("manual", say(_("人工登记"))), ("import", say(_("表格导入")))]
    return own + [(row.code, row.label) for row in rows if viewer.is_system or _at_place(viewer, row.org_path)]


def _at_place(viewer: Viewer, path: str) -> bool:
    return any(grant.org_path.startswith(path) or path.startswith(grant.org_path) for grant in viewer.grants)


# --- reporters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReporterRow:
    """A reporter as the handlers see one: masked; `owed` says whether an answer is due."""

    reporter: Reporter
    name: str
    phone: str
    owed: bool

    @property
    def way(self) -> str:
        return str(Reporter.Way(self.reporter.way).label) if self.reporter.way else ""


def masked_name(name: str) -> str:
    """Return a name with everything but its first character hidden; '' stays ''."""
    return f"{name[0]}{'*' * min(2, max(1, len(name) - 1))}" if name else ""


def masked_phone(phone: str) -> str:
    """Return a phone number with its middle hidden; one too short to hide is hidden whole."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****" if phone else ""


def _row(reporter: Reporter) -> ReporterRow:
    name = masked_name(opened(reporter.name_sealed))
    return ReporterRow(reporter, name or say(_("匿名")), masked_phone(opened(reporter.phone_sealed)), is_owed(reporter))


def reporters(viewer: Viewer, clue: Clue) -> list[ReporterRow]:
    """Return who reported a clue or one folded into it, masked; nobody for those who do not handle it."""
    if not may_handle(viewer, clue):
        return []
    rows = Reporter.objects.filter(Q(matter=clue) | Q(clue=clue)).select_related("clue", "matter", "source")
    return [_row(each) for each in rows]


def reporter(viewer: Viewer, pk: int) -> Reporter:
    """Return a reporter whose matter the viewer handles.

    Raises:
        Refused: no such reporter, or not the viewer's to handle.
    """
    found = Reporter.objects.select_related("clue", "matter", "source").filter(pk=pk).first()
    if found is None or not may_handle(viewer, found.matter):
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="reporter")
    return found


def row_of(viewer: Viewer, pk: int) -> ReporterRow:
    """Return a reporter as the handlers see one.

    Raises:
        Refused: no such reporter, or not the viewer's to handle.
    """
    return _row(reporter(viewer, pk))


def handled(viewer: Viewer) -> QuerySet[Clue]:
    """Return the clues that the viewer handles (acts on by a grant; shares do not count for reporters)."""
    if not viewer.is_system and not viewer.has(*HANDLERS):
        return Clue.objects.none()
    return access.scope(viewer, "act", Clue.objects.all())


def owed(viewer: Viewer) -> QuerySet[Reporter]:
    """Return the reporters whose matter has closed and who wait for an answer, the longest waiting first."""
    late = Q(answered_at__isnull=True) | Q(answered_at__lt=F("matter__closed_at"))
    rows = Reporter.objects.filter(
        late, wants_answer=True, matter__state__in=CLOSED, matter__in=handled(viewer).values("pk")
    )
    return rows.select_related("clue", "matter", "source").order_by("matter__closed_at", "pk")


def owed_rows(viewer: Viewer, start: int, most: int) -> tuple[list[ReporterRow], int]:
    """Return a page of the answers owed, and how many there are.

    Raises:
        Refused: the viewer handles no clues.
    """
    if not viewer.is_system and not viewer.has(*HANDLERS):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="answers owed")
    rows = owed(viewer)
    return [_row(each) for each in rows[start : start + most]], rows.count()


# --- the rest ---------------------------------------------------------------------------------------------------------


def risk_history(clue: Clue) -> list[RiskScore]:
    """Return what the risk of a clue has been, oldest first."""
    return list(clue.risk_history.order_by("at", "pk"))


def sensitive(viewer: Viewer, words: str = "", kind: str = "") -> QuerySet[SensitivePlace]:
    """Return the sensitive places that the viewer may see.

    Raises:
        Refused: the viewer sees no part of the registry.
    """
    if not door.sees_registry(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="sensitive places")
    rows = SensitivePlace.objects.filter(door.visible(viewer))
    if kind in SensitivePlace.Kind.values:
        rows = rows.filter(kind=kind)
    if words.strip():
        rows = rows.filter(Q(name__icontains=words.strip()) | Q(code__istartswith=words.strip()))
    return rows.order_by("-active", "kind", "name", "pk")


def changes(pack: str | None = None, key: str | None = None) -> QuerySet[RuleChange]:
    """Return the changes of the tables, waiting ones first. The caller has asked the door."""
    rows = RuleChange.objects.all()
    rows = rows.filter(pack=pack) if pack else rows
    rows = rows.filter(key=key) if key else rows
    return rows.order_by("-state", "-proposed_at", "-pk")
