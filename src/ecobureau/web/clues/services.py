"""The only writers of clues. Findings of the program open or extend them; people triage, watch, merge and dismiss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import selectors as places


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence: kind, message code, parameters (JSON), instant of the fact."""

    kind: str
    at: datetime
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the judge found out about one subject, ready to become a clue.

    Attributes:
        subject, factor, rule: what the clue is about; one open clue each.
        title_code, reason_code, params: message codes with their values; Chinese text is made of them for the search.
        title: the Chinese title; level: colour; severity 1–5; confidence 0–1 or None; risk 0–100 with its parts.
        first_at, last_at: window of the fact; late: it rests on back-filled data.
        place: org_path, grid, lon, lat of the subject.
        pieces: evidence, in order.
    """

    subject: str
    factor: str
    rule: str
    title: str
    title_code: str
    reason_code: str
    params: Mapping[str, Any]
    level: str
    first_at: datetime
    last_at: datetime
    scenario: str = ""
    severity: int = 2
    confidence: float | None = None
    risk: int = 0
    risk_parts: Mapping[str, Any] = field(default_factory=dict)
    late: bool = False
    org_path: str = "/"
    grid: str = ""
    lon: float | None = None
    lat: float | None = None
    station_id: int | None = None
    outlet_id: int | None = None
    pieces: Sequence[Piece] = ()


_LEVELS = ("blue", "yellow", "orange", "red")


def add_evidence(clue: Clue, pieces: Iterable[Piece]) -> list[Evidence]:
    """Append pieces to a clue, each with the SHA-256 of its canonical JSON. The caller holds the clue's lock."""
    last = clue.evidence.order_by("-seq").values_list("seq", flat=True).first() or 0
    rows = [
        Evidence(
            clue=clue,
            seq=last + step,
            kind=piece.kind,
            at=piece.at,
            code=piece.code,
            params=dict(piece.params),
            sha256=digest(piece),
        )
        for step, piece in enumerate(pieces, start=1)
    ]
    return Evidence.objects.bulk_create(rows)


def digest(piece: Piece) -> str:
    """Return the SHA-256 of a piece's canonical JSON (keys sorted, UTF-8, no blanks)."""
    text = json.dumps(
        {"kind": piece.kind, "at": piece.at.isoformat(), "code": piece.code, "params": dict(piece.params)},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def open_or_extend(report: Report) -> tuple[Clue, bool]:
    """Open a clue, or add the finding to the one that is open (or folded into an open one) for this subject and rule.

    Returns:
        The clue, and whether it is new.
    """
    clue = _alive(report.subject, report.factor, report.rule)
    if clue is None:
        try:
            with transaction.atomic():
                return _open(report), True
        except IntegrityError as error:
            if not _is_twin(error):
                raise
        # Somebody opened an earlier clue of this matter again in the same instant: that one grows.
        clue = _alive(report.subject, report.factor, report.rule)
        assert clue is not None
    _extend(clue, report)
    if clue.merged_into_id is not None:
        _raise_target(clue)
    return clue, False


def _alive(subject: str, factor: str, rule: str) -> Clue | None:
    """Return, locked, the open clue of a subject, factor and rule, else the one that lies folded in an open clue."""
    of_rule = Clue.objects.select_for_update(no_key=True).filter(subject=subject, factor=factor, rule=rule)
    found = of_rule.filter(state__in=OPEN).first()
    if found is not None or not rule:
        return found
    targets = Clue.objects.filter(state__in=OPEN).values("pk")
    return of_rule.filter(state="merged", merged_into__in=targets).order_by("-pk").first()


def _raise_target(clue: Clue) -> None:
    """Let the clue that another is folded into become as urgent as that one: a fold must hide nothing."""
    assert clue.merged_into_id is not None
    target = Clue.objects.select_for_update(no_key=True).get(pk=clue.merged_into_id)
    changes: dict[str, Any] = {}
    if _LEVELS.index(clue.level) > _LEVELS.index(target.level):
        changes["level"] = clue.level
    if clue.risk > target.risk:
        changes |= {"risk": clue.risk, "risk_parts": clue.risk_parts, "severity": clue.severity}
    data = {"from": clue.number}
    if "level" in changes and target.state == "watching":
        kernel.perform(target, "resurface", SYSTEM, changes=changes, data=data)
    elif changes:
        kernel.amend(target, SYSTEM, changes, verb="extend", data=data)


def _open(report: Report) -> Clue:
    clue: Clue = kernel.create(
        "clue",
        SYSTEM,
        title=report.title,
        level=report.level,
        org_path=report.org_path,
        grid=report.grid,
        lon=report.lon,
        lat=report.lat,
        origin=Clue.Origin.RULE,
        scenario=report.scenario,
        subject=report.subject,
        station_id=report.station_id,
        outlet_id=report.outlet_id,
        factor=report.factor,
        rule=report.rule,
        title_code=report.title_code,
        reason_code=report.reason_code,
        reason_params=dict(report.params),
        severity=report.severity,
        confidence=report.confidence,
        risk=report.risk,
        risk_parts=dict(report.risk_parts),
        late=report.late,
        first_at=report.first_at,
        last_at=report.last_at,
    )
    add_evidence(clue, report.pieces)
    return clue


def _extend(clue: Clue, report: Report) -> None:
    """Let a clue grow by a finding. A watched one comes back for triage when it gets worse or begins anew."""
    worse = _LEVELS.index(report.level) > _LEVELS.index(clue.level)
    again = clue.state == "watching" and (worse or clue.ended_at is not None)
    changes: dict[str, Any] = {
        "first_at": min(clue.first_at, report.first_at),
        "last_at": max(clue.last_at, report.last_at),
        "findings": clue.findings + 1,
        "ended_at": None,
    }
    if report.last_at >= clue.last_at:
        changes |= {"reason_code": report.reason_code, "reason_params": dict(report.params), "title": report.title}
    if worse:
        changes["level"] = report.level
    if report.risk > clue.risk:
        changes |= {"risk": report.risk, "risk_parts": dict(report.risk_parts), "severity": report.severity}
    if again:
        kernel.perform(clue, "resurface", SYSTEM, changes=changes)
    else:
        kernel.amend(clue, SYSTEM, changes, verb="extend")
    add_evidence(clue, report.pieces)


@transaction.atomic
def mark_ended(subject: str, factor: str, rule: str, at: datetime, pieces: Sequence[Piece] = ()) -> Clue | None:
    """Note that the condition is over; a person still closes the clue. Returns it, None if none is open."""
    clue = _alive(subject, factor, rule)
    if clue is None or clue.ended_at is not None:
        return None
    kernel.amend(clue, SYSTEM, {"ended_at": at, "last_at": max(clue.last_at, at)}, verb="extend")
    add_evidence(clue, pieces)
    return clue


def _place(actor: Viewer, org_path: str, grid: str, lon: float | None, lat: float | None) -> tuple[str, str]:
    """Return (place, grid) of a clue that a person registers: those of its point, else the place that was named."""
    named = places.organisation(org_path)
    if named is not None and named.level == "grid":
        grid = grid or named.path
    if lon is None or lat is None:
        return org_path, grid
    spot = places.locate(lon, lat, beijing(now()).date())
    if spot.org_path and not spot.org_path.startswith(org_path):
        words = {"place": str(named or org_path), "found": spot.grid_name or spot.district_name or spot.org_path}
        refuse(Refusal("clues.point_elsewhere", words), actor=actor.user_id, what="register")
    return spot.org_path or org_path, spot.grid or grid


def register(
    actor: Viewer,
    *,
    title: str,
    level: str,
    org_path: str,
    grid: str = "",
    lon: float | None = None,
    lat: float | None = None,
    scenario: str = "",
    station_id: int | None = None,
    outlet_id: int | None = None,
    note: str = "",
    client_uuid: UUID | None = None,
) -> Clue:
    """Register a clue by hand. Where a point is given, its grid and place come from the polygons.

    Raises:
        Refused: the actor may not register one there, or the point lies elsewhere than `org_path`.
    """
    at = now()
    org_path, grid = _place(actor, org_path, grid, lon, lat)
    clue: Clue = kernel.create(
        "clue",
        actor,
        title=title,
        level=level,
        org_path=org_path,
        grid=grid,
        lon=lon,
        lat=lat,
        origin=Clue.Origin.MANUAL,
        scenario=scenario,
        subject=f"outlet:{outlet_id}" if outlet_id else f"station:{station_id}" if station_id else "",
        station_id=station_id,
        outlet_id=outlet_id,
        first_at=at,
        last_at=at,
        note=note,
        client_uuid=client_uuid,
    )
    return clue


def triage(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Take a clue up."""
    return kernel.perform(clue, "triage", actor, **act)


def watch(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Keep an eye on it; a reason is needed."""
    return kernel.perform(clue, "watch", actor, reason=reason, **act)


@transaction.atomic
def merge(clue: Clue, actor: Viewer, *, into: Clue, **act: Any) -> History:
    """Fold a repeat into another clue; a person confirms what the machine proposes (workflow reference 1.6).

    Raises:
        Refused: into itself, into a closed one, or one the actor may not see.
    """
    both = Clue.objects.select_for_update(no_key=True).filter(pk__in=[clue.pk, into.pk]).order_by("pk")
    target = next(each for each in both if each.pk == into.pk)
    if target.pk == clue.pk:
        refuse(Refusal("clues.merge_into_itself"), actor=actor.user_id, what=clue.number)
    if target.state not in OPEN:
        refuse(Refusal("clues.merge_target_closed", {"number": target.number}), actor=actor.user_id, what=clue.number)
    entry = kernel.perform(
        clue, "merge", actor, data={"into": target.number}, changes={"merged_into_id": target.pk}, **act
    )
    kernel.link(clue, "merged_into", target, actor)
    kernel.amend(target, actor, {}, verb="take_in", data={"from": clue.number})
    return entry


def _is_twin(error: IntegrityError) -> bool:
    """Say whether the database refused a second open clue of one matter."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "clues_one_open"


def _refuse_twin(clue: Clue, actor: Viewer) -> None:
    """Refuse to open a clue again while a later one of the same subject, factor and rule is open."""
    if not clue.rule:
        return
    twin = Clue.objects.filter(subject=clue.subject, factor=clue.factor, rule=clue.rule, state__in=OPEN)
    other = twin.exclude(pk=clue.pk).values_list("number", flat=True).first()
    if other is not None:
        refuse(Refusal("clues.twin_is_open", {"number": other}), actor=actor.user_id, what=clue.number)


@contextmanager
def _no_twin(clue: Clue, actor: Viewer) -> Iterator[None]:
    """Do what opens a clue again, whole or not at all.

    The look beforehand gives the clear answer nearly always; the unique index decides when the judge opens another in
    the same instant, and its refusal becomes the same answer.

    Raises:
        Refused: another clue of the same subject, factor and rule is open.
    """
    _refuse_twin(clue, actor)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not _is_twin(error):
            raise
        _refuse_twin(clue, actor)
        refuse(Refusal("core.changed_meanwhile", {"number": clue.number}), actor=actor.user_id, what=clue.number)


@transaction.atomic
def split(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Undo a merge.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    with _no_twin(clue, actor):
        return kernel.perform(clue, "split", actor, reason=reason, changes={"merged_into_id": None}, **act)


@transaction.atomic
def propose_dismissal(clue: Clue, actor: Viewer, *, reason: str, sample: Mapping[str, Any], **act: Any) -> History:
    """Propose to dismiss; the data sample that shows why is frozen as evidence. A unit head decides.

    Args:
        sample: rows of the window as shown (`clues.selectors.sample`), at most a few hundred.
    """
    piece = Piece("sample", now(), "clues.evidence.sample", {"count": len(sample.get("rows", ())), **sample})
    entry = kernel.perform(
        clue, "propose_dismissal", actor, reason=reason, data={"sample": {"sha256": digest(piece)}}, **act
    )
    add_evidence(clue, [piece])
    return entry


def approve_dismissal(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Sign the dismissal: not by the one who proposed it."""
    return kernel.perform(clue, "approve_dismissal", actor, **act)


def refuse_dismissal(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Send it back to triage."""
    return kernel.perform(clue, "refuse_dismissal", actor, reason=reason, **act)


def reopen(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Open a closed or dismissed clue again within the reopening days.

    Raises:
        Refused: too late, or meanwhile another clue of the same subject and rule is open.
    """
    with _no_twin(clue, actor):
        return kernel.perform(clue, "reopen", actor, reason=reason, **act)


def hand_to_task(clue: Clue, actor: Viewer, *, task: str, **act: Any) -> History:
    """Note that a task was made of it (called by `dispatch.services.send`)."""
    return kernel.perform(clue, "dispatch", actor, data={"task": task}, **act)


def take_back(clue: Clue, actor: Viewer, *, reason: str) -> History:
    """Note that its only open task was withdrawn."""
    return kernel.perform(clue, "take_back", actor, reason=reason)


def close_with_task(clue: Clue, *, task: str) -> History:
    """Close a clue whose last task has been closed."""
    return kernel.perform(clue, "close", SYSTEM, data={"task": task})


def follow_reopened(clue: Clue, *, task: str) -> History:
    """Go back to its reopened task.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    with _no_twin(clue, SYSTEM):
        return kernel.perform(clue, "follow_reopened", SYSTEM, data={"task": task})
