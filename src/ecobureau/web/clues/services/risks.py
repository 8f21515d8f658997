"""The risk of clues: reckoned from the rating, what lies round, the wind, and repeats; every new value is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import risk as domain
from ecobureau.rulepacks import load
from ecobureau.web.clues import scenarios, surroundings
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue, RiskScore
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.sources.models import Outlet


def weights(at: datetime | None = None) -> domain.Weights:
    """Return the weights in force on the day of an instant, today unless one is named."""
    return domain.read_weights(load("risk"), load("scenario_kinds"), beijing(at or now()).date())


def reckon(
    *,
    scenario: str,
    source_kind: str,
    level: str,
    severity: int | None,
    confidence: float | None,
    lon: float | None,
    lat: float | None,
    at: datetime,
    repeats: int,
    rated: int | None = None,
    outlet_id: int | None = None,
) -> dict[str, Any]:
    """Return the columns `severity`, `risk` and `risk_parts` of a clue.

    Args:
        severity: None takes the level's; confidence: None takes the source kind's (both from the pack).
        at: instant of the fact, for the wind; repeats: further reports. rated: what a judge has made of the first two.
    """
    by = weights()
    full = severity if severity is not None else by.severity_of_level.get(level, 3)
    sure = confidence if confidence is not None else by.confidence_of_source.get(source_kind, 0.5)
    placed = lon is not None and lat is not None
    medium = _medium(scenario, outlet_id)
    near: list[domain.Near] = []
    wind = None
    if placed:
        assert lon is not None and lat is not None
        near = surroundings.sensitive_near(lon, lat, by)
        wind = surroundings.wind_at(lon, lat, at, by) if medium != "water" else None
    found = domain.score(
        severity=full,
        confidence=sure,
        medium=medium,
        weights=by,
        near=near,
        repeats=repeats,
        wind=wind,
        located=placed,
        rated=rated,
    )
    parts = {
        "rated": rated,
        "severity": full,
        "confidence": sure,
        "rules": load("risk").version,
        "parts": [asdict(part) for part in found.parts],
    }
    return {"severity": full, "risk": found.score, "risk_parts": parts}


def _medium(scenario: str, outlet_id: int | None) -> str:
    medium = scenarios.medium_of(scenario)
    if medium == "any" and outlet_id is not None:
        of_outlet = Outlet.objects.filter(pk=outlet_id).values_list("medium", flat=True).first()
        return of_outlet if of_outlet in ("air", "water") else medium
    return medium


def repeats_of(clue: Clue) -> int:
    """Return how many further reports of the same matter there are: folded clues, further reporters, earlier clues."""
    folded = Clue.objects.filter(merged_into_id=clue.pk).count()
    reporters = max(0, clue.all_reporters.count() - 1 - folded)
    return folded + reporters + earlier_of(clue.subject, clue.created_at, but=clue.pk)


def earlier_of(subject: str, before: datetime, but: int | None = None) -> int:
    """Return how many clues of a subject came in the pack's days before an instant, folded ones left out."""
    if not subject:
        return 0
    since = before - timedelta(days=weights().repeat_days)
    rows = Clue.objects.filter(subject=subject, created_at__gte=since, created_at__lt=before)
    rows = rows.filter(merged_into__isnull=True)
    return (rows if but is None else rows.exclude(pk=but)).count()


def anew(clue: Clue, **changed: Any) -> dict[str, Any]:
    """Return the changed risk columns of a clue as it stands, with `changed` (level, severity, rated …) in front."""
    parts = clue.risk_parts if isinstance(clue.risk_parts, Mapping) else {}
    # Of a clue from before there were parts, the number it has is what its judge has rated.
    rated = parts.get("rated") if "parts" in parts else (clue.risk or None)
    values: dict[str, Any] = {
        "scenario": clue.scenario,
        "source_kind": clue.source.kind if clue.source is not None else "manual",
        "level": clue.level,
        "severity": clue.severity,
        "confidence": clue.confidence,
        "lon": clue.lon,
        "lat": clue.lat,
        "at": clue.last_at,
        "repeats": repeats_of(clue),
        "rated": rated,
        "outlet_id": clue.outlet_id,
    }
    found = reckon(**(values | changed))
    if (found["risk"], found["severity"]) == (clue.risk, clue.severity) and found["risk_parts"] == clue.risk_parts:
        return {}
    return found


def rated_of(clue: Clue) -> int:
    """Return what the judge has rated a clue at, without its surroundings."""
    parts = clue.risk_parts if isinstance(clue.risk_parts, Mapping) else {}
    rated = parts.get("rated")
    return int(rated) if isinstance(rated, int) else clue.risk


def note(clue: Clue, cause: str) -> None:
    """Keep what the risk of a clue is from now on, where it is another than before.

    Args:
        cause: `open`, `extend`, `merge`, `split`, `places`, `report`.
    """
    parts = clue.risk_parts.get("parts", []) if isinstance(clue.risk_parts, Mapping) else []
    last = RiskScore.objects.filter(clue=clue).order_by("-at", "-pk").values_list("score", "parts").first()
    if last == (clue.risk, parts):
        return
    RiskScore.objects.create(
        clue=clue,
        at=now(),
        score=clue.risk,
        level=clue.level,
        parts=parts,
        cause=cause,
        rules=str(clue.risk_parts.get("rules", "")) if isinstance(clue.risk_parts, Mapping) else "",
    )


def rescore_open(box: tuple[float, float, float, float] | None = None, cause: str = "places") -> int:
    """Reckon open clues with a place anew, those in a box (west, south, east, north) or all; returns how many moved."""
    rows = Clue.objects.filter(state__in=OPEN, lon__isnull=False, lat__isnull=False)
    if box is not None:
        west, south, east, north = box
        rows = rows.filter(lon__range=(west, east), lat__range=(south, north))
    moved = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        moved += _rescore(pk, cause)
    return moved


def _rescore(pk: int, cause: str) -> bool:
    with transaction.atomic():
        clue = Clue.objects.select_for_update(no_key=True).get(pk=pk)
        if clue.state not in OPEN:
            return False
        changes = anew(clue)
        if not changes:
            return False
        kernel.amend(clue, SYSTEM, changes, verb="rescore")
        note(clue, cause)
        return True
