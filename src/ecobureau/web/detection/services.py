"""The only writers of detection: passes over outlets, findings with their clues, settings, feedback, chain, permits."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.run import OutletResult, together
from ecobureau.domain.detection.types import Clue as Found
from ecobureau.domain.detection.types import Finding, Params
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue
from ecobureau.web.detection import cards, pool, reading, rules, telling
from ecobureau.web.detection.looking import Looked, Task, look, silent_shares
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
    refits: int = 0
    refit_s: float = 0.0


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
    round_ = _Round(kind, until, days, step_s, tuple(patterns), rules.params(beijing(until).date()), failed)
    for result in round_.results(ids, tally):
        tally.outlets += 1
        failed |= {f"{result.outlet_id}:{pattern}": text for pattern, text in result.failed.items()}
        for pattern in result.silent:
            silent[pattern] = silent.get(pattern, 0) + 1
        try:
            keep(result, until, tally)
        except Exception as error:
            log.exception("findings of outlet %s could not be kept", result.outlet_id)
            failed[result.outlet_id] = f"{type(error).__name__}: {error}"
    for name in ("outlets", "findings", "clues", "refits", "refit_s"):
        setattr(one, name, getattr(tally, name))
    one.failed, one.silent, one.ended_at = failed, silent, now()
    one.save()
    return one


@dataclass(slots=True)
class _Round:
    """One pass while it looks: what is the same for all outlets."""

    kind: str
    until: datetime
    days: float
    step_s: int
    patterns: tuple[str, ...]
    params: Params
    failed: dict[str, str]

    def results(self, ids: Sequence[int], tally: Tally) -> list[OutletResult]:
        """Return what the patterns say of outlets, looked at together; cards and features are kept on the way."""
        silent = self._silent()
        due = cards.due(ids, self.until) if self.kind == Pass.Kind.NIGHTLY else {}
        out: list[OutletResult] = []
        waiting: tuple[list[Task], Iterator[Looked]] | None = None
        # The next outlets are read while the processes compute the ones before.
        for begin in range(0, len(ids), CHUNK):
            tasks = self._tasks(ids[begin : begin + CHUNK], silent, due)
            started = tasks, pool.detect(tasks, self.params)
            if waiting is not None:
                out += self._take(*waiting, tally)
            waiting = started
        if waiting is not None:
            out += self._take(*waiting, tally)
        return together(out, self.params)

    def _silent(self) -> dict[int, Any]:
        present = reading.presence(self.until - timedelta(days=self.days), self.until, self.step_s)
        if len(present) < 2:
            return {}
        order = sorted(present)
        return dict(zip(order, silent_shares(np.array([present[pk] for pk in order])), strict=True))

    def _tasks(self, ids: Sequence[int], silent: Mapping[int, Any], due: Mapping[int, bool]) -> list[Task]:
        nightly = self.kind == Pass.Kind.NIGHTLY
        start = self.until - timedelta(days=self.days)
        found = reading.inputs(ids, start, self.until, self.step_s)
        peers = cards.peers_of([facts for _series, facts, _declared in found], self.until) if nightly else {}
        return [
            Task(
                one,
                self.patterns,
                silent.get(int(one[0].outlet_id)),
                peers.get(one[0].outlet_id, ()),
                weeks=nightly,
                refit=int(one[0].outlet_id) in due,
                boost=due.get(int(one[0].outlet_id), False),
            )
            for one in found
        ]

    def _take(self, tasks: Sequence[Task], looked: Iterator[Looked], tally: Tally) -> list[OutletResult]:
        done: list[Looked] = []
        try:
            done = list(looked)
        except Exception as error:
            log.exception("%d outlets cannot be looked at together", len(tasks))
            done = self._one_by_one(tasks, error)
        facts = {task.one[1].outlet_id: task.one[1] for task in tasks}
        for one in done:
            tally.refits += len(one.cards)
            tally.refit_s += sum(card.took_s for card in one.cards)
            cards.keep(int(one.result.outlet_id), one.cards)
            if one.features:
                cards.keep_weeks(facts[one.result.outlet_id], one.features, self.until)
        return [one.result for one in done]

    def _one_by_one(self, tasks: Sequence[Task], first: Exception) -> list[Looked]:
        out: list[Looked] = []
        for task in tasks:
            try:
                out.append(look(task, self.params))
            except Exception as error:
                self.failed[task.one[0].outlet_id] = f"{type(error).__name__}: {error}"
        if not self.failed:
            log.warning("each by itself could be looked at: %s", first)
        return out


@transaction.atomic
def keep(result: OutletResult, until: datetime, tally: Tally) -> None:
    """Keep the findings of one outlet, and open or extend a clue for each that is worth a visit."""
    outlet_id = int(result.outlet_id)
    rows = {(row.pattern, row.start_at, tuple(row.factors)): row for row in _known(outlet_id, result)}
    for finding in result.findings:
        tally.findings += _keep_finding(outlet_id, finding, rows)
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


def _keep_finding(outlet_id: int, finding: Finding, rows: Mapping[tuple[Any, ...], FindingRow]) -> bool:
    """Keep a finding. Returns whether it is new; what is there grows with it."""
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
        FindingRow.objects.create(
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
        return True
    if row.end_at != values["end_at"] or row.score != values["score"]:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
    return False


def _tell(found: Found, watched: Watched, until: datetime) -> bool:
    """Open or extend the clue of what was found. Returns whether a new clue was opened.

    What overlaps a clue of the same pattern and outlet, for one of the same factors, is the same matter.
    """
    head = found.members[0]
    subject, start, end = f"outlet:{watched.outlet_id}", _time(found.start), _time(found.end)
    factors = ["", *found.factors]
    earlier = (
        Clue.objects.filter(subject=subject, rule=found.pattern, factor__in=factors)
        .filter(last_at__gte=start, first_at__lte=end)
        .order_by("-last_at", "-pk")
        .first()
    )
    fresh = False
    if earlier is not None and (earlier.state not in OPEN or (earlier.first_at <= start and end <= earlier.last_at)):
        # What has been said and did not grow is not said again; a window that people have closed stays closed.
        clue = earlier
    else:
        judged = _judged(found, watched, start, end)
        if judged is not None:
            clue = judged
        else:
            factor = earlier.factor if earlier is not None else next(iter(found.factors), "")
            clue, fresh = clues.open_or_extend(_report(found, head, watched, subject, factor, until))
    FindingRow.objects.filter(
        outlet_id=watched.outlet_id or 0,
        clue=None,
        pattern__in={member.pattern for member in found.members},
        start_at__lte=end,
        end_at__gte=start,
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
    day = beijing(until).date()
    confidence = rules.calibrated(found.pattern, found.confidence, day)
    risk, level = rules.rate(found.severity, confidence, day)
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
        pieces=[
            *telling.pieces(found, watched, rules.version()),
            *telling.permit_pieces(found, watched, until),
        ],
        source="detection",
    )


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)


def _plain(value: Any) -> Any:
    """Return a number of numpy as JSON can hold it; what is no number becomes None."""
    if isinstance(value, str):
        return value
    number = float(value)
    return number if math.isfinite(number) else None
