"""The only writers of detection: passes over outlets, findings with their clues, settings, feedback, chain, permits."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.run import Input, OutletResult, detect_outlet, together
from ecobureau.domain.detection.types import Clue as Found
from ecobureau.domain.detection.types import Finding, Params
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue
from ecobureau.web.detection import pool, reading, rules, telling
from ecobureau.web.detection.models import FindingRow, Pass
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.selectors import Watched

log = logging.getLogger("ecobureau.detection")
CHUNK = 20
"""Outlets whose series are held in memory at once."""


@dataclass(slots=True)
class Tally:
    """What a pass did."""

    outlets: int = 0
    findings: int = 0
    clues: int = 0


def run_pass(
    kind: str,
    outlet_ids: Iterable[int],
    until: datetime,
    *,
    days: float,
    step_s: int = reading.HOUR_S,
    only: Iterable[str] | None = None,
) -> Pass:
    """Run the detectors over outlets on what is there until `until`, keep what they find and open or extend clues.

    Args:
        kind: `arrival`, `hourly` or `nightly`; days: how far back the series reach; only: pattern ids, default all that
            the city has switched on.

    Returns:
        The finished pass. An outlet that cannot be looked at is named in `failed` and stops no other.
    """
    ids, patterns = sorted(set(outlet_ids)), sorted(rules.enabled(only))
    one = Pass.objects.create(kind=kind, started_at=now(), until=until, patterns=patterns)
    tally = Tally()
    failed: dict[str, str] = {}
    silent: dict[str, int] = {}
    for result in _results(ids, until, days, step_s, patterns, failed):
        tally.outlets += 1
        failed |= {f"{result.outlet_id}:{pattern}": text for pattern, text in result.failed.items()}
        for pattern in result.silent:
            silent[pattern] = silent.get(pattern, 0) + 1
        try:
            keep(result, until, tally)
        except Exception as error:
            log.exception("findings of outlet %s could not be kept", result.outlet_id)
            failed[result.outlet_id] = f"{type(error).__name__}: {error}"
    for name in ("outlets", "findings", "clues"):
        setattr(one, name, getattr(tally, name))
    one.failed, one.silent, one.ended_at = failed, silent, now()
    one.save()
    return one


def _results(
    ids: Sequence[int],
    until: datetime,
    days: float,
    step_s: int,
    patterns: Sequence[str],
    failed: dict[str, str],
) -> list[OutletResult]:
    params = rules.params(beijing(until).date())
    out: list[OutletResult] = []
    for begin in range(0, len(ids), CHUNK):
        found = reading.inputs(ids[begin : begin + CHUNK], until - timedelta(days=days), until, step_s)
        try:
            out += pool.detect(found, params, patterns)
        except Exception as error:
            log.exception("outlets %s to %s cannot be looked at together", ids[begin], ids[begin + len(found) - 1])
            out += _one_by_one(found, params, patterns, failed, error)
    return together(out, params)


def _one_by_one(
    found: Sequence[Input], params: Params, patterns: Sequence[str], failed: dict[str, str], first: Exception
) -> list[OutletResult]:
    out: list[OutletResult] = []
    for one in found:
        try:
            out.append(detect_outlet(*one, params, patterns))
        except Exception as error:
            failed[one[0].outlet_id] = f"{type(error).__name__}: {error}"
    if not failed:
        log.warning("each by itself could be looked at: %s", first)
    return out


@transaction.atomic
def keep(result: OutletResult, until: datetime, tally: Tally) -> None:
    """Keep the findings of one outlet, and open or extend a clue for each that is worth a visit."""
    outlet_id = int(result.outlet_id)
    rows = {(row.pattern, row.start_at, tuple(row.factors)): row for row in _known(outlet_id, result)}
    kept: dict[int, FindingRow] = {}
    for finding in result.findings:
        row, fresh = _keep_finding(outlet_id, finding, rows)
        tally.findings += fresh
        kept[id(finding)] = row
    if not result.clues:
        return
    watched = next(iter(sources.watched_at(None, outlet_id)), None)
    if watched is None:
        return
    for found in result.clues:
        tally.clues += _tell(found, watched, until)


def _known(outlet_id: int, result: OutletResult) -> list[FindingRow]:
    starts = [_time(finding.start) for finding in result.findings]
    if not starts:
        return []
    return list(FindingRow.objects.filter(outlet_id=outlet_id, start_at__gte=min(starts)).select_related("clue"))


def _keep_finding(
    outlet_id: int, finding: Finding, rows: Mapping[tuple[Any, ...], FindingRow]
) -> tuple[FindingRow, bool]:
    start = _time(finding.start)
    values = {
        "end_at": _time(finding.end),
        "statistic": _plain(finding.statistic),
        "threshold": _plain(finding.threshold),
        "score": _plain(finding.score),
        "severity": finding.severity,
        "numbers": {key: _plain(value) for key, value in finding.numbers.items()},
        "counter": list(finding.counter),
    }
    row = rows.get((finding.pattern, start, finding.factors))
    if row is None:
        row = FindingRow.objects.create(
            outlet_id=outlet_id,
            pattern=finding.pattern,
            factors=list(finding.factors),
            start_at=start,
            raised_at=_time(finding.raised_at),
            group=finding.group,
            rules=rules.version()[:64],
            seen_at=now(),
            **values,
        )
        return row, True
    if row.end_at != values["end_at"] or row.score != values["score"]:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
    return row, False


def _tell(found: Found, watched: Watched, until: datetime) -> bool:
    """Open or extend the clue of what was found. Returns whether a new clue was opened."""
    head = found.members[0]
    subject, factor = f"outlet:{watched.outlet_id}", found.factors[0] if found.factors else ""
    start, end = _time(found.start), _time(found.end)
    earlier = (
        Clue.objects.filter(subject=subject, rule=found.pattern, factor=factor, last_at__gte=start, first_at__lte=end)
        .order_by("-last_at")
        .first()
    )
    # What has been said and did not grow is not said again; a window that people have closed stays closed.
    if earlier is not None and (earlier.last_at >= end or earlier.state not in OPEN):
        return False
    judged = _judged(found, watched, start, end)
    if judged is not None:
        clue, fresh = judged, False
    else:
        clue, fresh = clues.open_or_extend(_report(found, head, watched, subject, factor, until))
    FindingRow.objects.filter(
        outlet_id=watched.outlet_id or 0,
        clue=None,
        pattern__in={member.pattern for member in found.members},
        start_at__gte=start,
        end_at__lte=end,
    ).update(clue=clue)
    return fresh


def _judged(found: Found, watched: Watched, start: datetime, end: datetime) -> Clue | None:
    """Return the clue by which the judge on arrival has told the same matter already: one matter, one visit."""
    rule = rules.TOLD_BY.get(found.pattern)
    if rule is None:
        return None
    said = Clue.objects.filter(outlet_id=watched.outlet_id or 0, rule=rule, last_at__gte=start, first_at__lte=end)
    return said.filter(factor__in=["", *found.factors]).order_by("-last_at").first()


def _report(found: Found, head: Finding, watched: Watched, subject: str, factor: str, until: datetime) -> clues.Report:
    confidence = rules.calibrated(found.pattern, found.confidence)
    risk, level = rules.rate(found.severity, confidence, beijing(until).date())
    spot = None
    if watched.lon is not None and watched.lat is not None:
        spot = places.locate(watched.lon, watched.lat, beijing(until).date())
    said = telling.params(head, watched)
    return clues.Report(
        subject=subject,
        factor=factor,
        rule=found.pattern,
        title=telling.title(head, watched, "zh"),
        title_code="detection.clue.title",
        reason_code=telling.reason_code(head),
        params=said,
        level=level,
        first_at=_time(found.start),
        last_at=_time(found.end),
        scenario=rules.scenario(found.pattern, watched.st, beijing(until).date()),
        severity=found.severity,
        confidence=confidence,
        risk=risk,
        risk_parts={"severity": found.severity, "confidence": confidence},
        # A clue that the first look at old data raises is no news of this hour.
        late=until - _time(found.raised_at) > timedelta(days=2),
        org_path=(spot.org_path if spot and spot.org_path else watched.org_path) or "/",
        grid=spot.grid if spot else "",
        lon=watched.lon,
        lat=watched.lat,
        station_id=watched.station_id,
        outlet_id=watched.outlet_id,
        pieces=telling.pieces(found, watched, rules.version()),
    )


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)


def _plain(value: Any) -> Any:
    """Return a number of numpy as JSON can hold it; what is no number becomes None."""
    if isinstance(value, str):
        return value
    number = float(value)
    return number if math.isfinite(number) else None
