"""From a finding of the domain to a clue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ecobureau.clock import beijing
from ecobureau.domain.judging import Finding
from ecobureau.web.clues import services
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.refusals import sentence
from ecobureau.web.places import selectors as places
from ecobureau.web.sources.selectors import Watched


def subject_of(finding: Finding) -> str:
    """Return what the clue is about: the outlet where there is one, else the station; for silence, the station."""
    if finding.where.outlet_id is not None and finding.factor:
        return f"outlet:{finding.where.outlet_id}"
    return f"station:{finding.where.station_id}"


def act_on(findings: Iterable[Finding], watched: Watched, now: datetime) -> list[Clue]:
    """Open, extend or mark as ended the clue of each finding; returns those that were touched."""
    touched: list[Clue] = []
    for finding in findings:
        if finding.phase == "end":
            pieces = [services.Piece(e.kind, e.at, e.code, e.params) for e in finding.evidence]
            ended = services.mark_ended(subject_of(finding), finding.factor, finding.rule, finding.last_at, pieces)
            touched += [ended] if ended is not None else []
        else:
            touched.append(services.open_or_extend(_report(finding, watched, now))[0])
    return touched


def _report(finding: Finding, watched: Watched, now: datetime) -> services.Report:
    spot = None
    if watched.lon is not None and watched.lat is not None:
        spot = places.locate(watched.lon, watched.lat, beijing(now).date())
    return services.Report(
        subject=subject_of(finding),
        factor=finding.factor,
        rule=finding.rule,
        title=sentence(finding.title_code, finding.params, "zh"),
        title_code=finding.title_code,
        reason_code=finding.reason_code,
        params=finding.params,
        level=finding.level,
        first_at=finding.first_at,
        last_at=finding.last_at,
        scenario=finding.scenario,
        severity=finding.severity,
        confidence=finding.confidence,
        risk=finding.risk,
        risk_parts={"severity": finding.severity, "confidence": finding.confidence},
        late=finding.late,
        org_path=(spot.org_path if spot and spot.org_path else watched.org_path) or "/",
        grid=spot.grid if spot else "",
        lon=watched.lon,
        lat=watched.lat,
        station_id=watched.station_id,
        outlet_id=finding.where.outlet_id,
        pieces=[services.Piece(e.kind, e.at, e.code, e.params) for e in finding.evidence],
    )
