"""What the judge finds: it opens a clue or lets the open one grow, each with its evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau.clock import now
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.clues.services import risks
from ecobureau.web.clues.services.pool import own_source
from ecobureau.web.clues.services.twins import is_twin
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM


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
        title: the Chinese title; level: colour; severity 1–5; confidence 0–1 or None;
            risk 0–100 as rated by these two (0: not rated, the table of the house is taken).
        first_at, last_at: window of the fact; late: it rests on back-filled data.
        place: org_path, grid, lon, lat of the subject.
        pieces: evidence, in order. source: code of the program's own source (`judging`, `detection`).
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
    """Kept for callers; the parts that are shown are reckoned when the clue is opened."""
    late: bool = False
    org_path: str = "/"
    grid: str = ""
    lon: float | None = None
    lat: float | None = None
    station_id: int | None = None
    outlet_id: int | None = None
    pieces: Sequence[Piece] = ()
    source: str = "judging"


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
            if not is_twin(error):
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
    if risks.rated_of(clue) > risks.rated_of(target):
        lifted = {"severity": clue.severity, "confidence": clue.confidence, "rated": risks.rated_of(clue)}
        changes |= risks.anew(target, **lifted)
    data = {"from": clue.number}
    if "level" in changes and target.state == "watching":
        kernel.perform(target, "resurface", SYSTEM, changes=changes, data=data)
    elif changes:
        kernel.amend(target, SYSTEM, changes, verb="extend", data=data)
    risks.note(target, "extend")


def _open(report: Report) -> Clue:
    source = own_source(report.source)
    rating = risks.reckon(
        scenario=report.scenario,
        source_kind=source.kind,
        level=report.level,
        severity=report.severity,
        confidence=report.confidence,
        lon=report.lon,
        lat=report.lat,
        at=report.last_at,
        repeats=risks.earlier_of(report.subject, now()),
        rated=report.risk or None,
        outlet_id=report.outlet_id,
    )
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
        confidence=report.confidence,
        late=report.late,
        first_at=report.first_at,
        last_at=report.last_at,
        source_id=source.pk,
        **rating,
    )
    add_evidence(clue, report.pieces)
    risks.note(clue, "open")
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
    if report.risk > risks.rated_of(clue):
        told = {"severity": report.severity, "confidence": report.confidence, "rated": report.risk}
        changes |= risks.anew(clue, **told, at=changes["last_at"])
    if again:
        kernel.perform(clue, "resurface", SYSTEM, changes=changes)
    else:
        kernel.amend(clue, SYSTEM, changes, verb="extend")
    add_evidence(clue, report.pieces)
    risks.note(clue, "extend")


@transaction.atomic
def mark_ended(subject: str, factor: str, rule: str, at: datetime, pieces: Sequence[Piece] = ()) -> Clue | None:
    """Note that the condition is over; a person still closes the clue. Returns it, None if none is open."""
    clue = _alive(subject, factor, rule)
    if clue is None or clue.ended_at is not None:
        return None
    kernel.amend(clue, SYSTEM, {"ended_at": at, "last_at": max(clue.last_at, at)}, verb="extend")
    add_evidence(clue, pieces)
    return clue
