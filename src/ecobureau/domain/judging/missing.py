"""R-MISSING: more than a share of the values due in a window did not come, or came without a number.

A value is due for every interval of the window in which the plant did not stand still by its own mark (F) or by a
declared stop. A value with a mark other than N came, but is not valid: it counts as there. This rule asks whether data
arrive; whether they are valid is asked by the statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ecobureau.domain.judging import marks
from ecobureau.domain.judging.params import Params
from ecobureau.domain.judging.rating import rate, scenario_of
from ecobureau.domain.judging.types import (
    Context,
    Declared,
    Evidence,
    Finding,
    Phase,
    Point,
    Stream,
    Where,
    instant_text,
    shown,
)

RULE = "R-MISSING"


@dataclass(frozen=True, slots=True)
class MissingFacts:
    """The window that ends at the newest point: how many values were due, came, came without a number.

    Attributes:
        start, end: the window; due: intervals in it less those of a stop; came: values with a number; empty: frames
            that held the factor without a number.
    """

    where: Where
    factor: str
    stream: Stream
    start: datetime
    end: datetime
    due: int
    came: int
    empty: int = 0
    stopped: int = 0
    factor_word: str = ""

    @property
    def missing(self) -> int:
        return max(0, self.due - self.came)

    @property
    def share(self) -> float:
        return self.missing / self.due if self.due > 0 else 0.0


@dataclass(frozen=True, slots=True)
class MissingState:
    """Whether the rule fires, since when, and how far it has looked."""

    firing: bool = False
    since: datetime | None = None
    seen_until: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "firing": self.firing,
            "since": self.since.isoformat() if self.since else None,
            "seen_until": self.seen_until.isoformat() if self.seen_until else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> MissingState:
        """Read what `to_json` wrote; empty or None is a fresh state."""
        if not data:
            return cls()
        times = [datetime.fromisoformat(data[name]) if data.get(name) else None for name in ("since", "seen_until")]
        return cls(bool(data.get("firing")), *times)


def count_window(
    where: Where,
    factor: str,
    stream: Stream,
    points: Iterable[Point],
    end: datetime,
    params: Params,
    *,
    since: datetime | None = None,
    context: Context | None = None,
    factor_word: str = "",
) -> MissingFacts:
    """Count what was due and what came in the window that ends at `end`.

    Args:
        points: the series of the factor in at least the window; each interval counts once.
        since: nothing was due before (commissioning, `accept_from`).
        context: declared stops, during which nothing is due.
    """
    start = end - timedelta(seconds=params.missing_window_s[stream.kind])
    start = max(start, since) if since else start
    step = timedelta(seconds=stream.interval_s or 1)
    slots = max(0, int((end - start) / step))
    stops = [notice for notice in (context.declared or () if context else ()) if notice.kind == "stop"]
    there = {int((point.start - start) / step): point for point in points if start <= point.start < end}
    stopped = sum(1 for slot in range(slots) if _stopped(there.get(slot), start + slot * step, stops, params))
    counted = [point for slot, point in there.items() if not _stopped(point, start + slot * step, stops, params)]
    came = sum(1 for point in counted if any(value is not None for value in point.values.values()))
    return MissingFacts(
        where, factor, stream, start, end, max(0, slots - stopped), came, len(counted) - came, stopped, factor_word
    )


def _stopped(point: Point | None, at: datetime, stops: Sequence[Declared], params: Params) -> bool:
    if point is not None and marks.meaning(point.flag, params) == "stopped":
        return True
    return any(notice.touches(at, at) for notice in stops)


def step_missing(
    state: MissingState, facts: MissingFacts, params: Params, now: datetime
) -> tuple[MissingState, list[Finding]]:
    """Compare the share of missing values with the threshold.

    Fires above the share (equal is not above) and at least the least number of missing values; ends at or below the
    share less its hysteresis.

    Args:
        state: of this station, stream and factor.
        now: instant of judging, aware.
    """
    if state.seen_until is not None and facts.end < state.seen_until:
        return state, []
    enough = facts.missing >= params.missing_min_count[facts.stream.kind]
    above = facts.share > params.missing_share and enough
    calm = facts.share <= params.missing_share * (1 - params.missing_hysteresis)
    phase: Phase | None = None
    if above:
        phase = "extend" if state.firing else "open"
    elif state.firing and calm:
        phase = "end"
    firing = above or (state.firing and not calm)
    since = (state.since or facts.start) if state.firing else facts.start if above else None
    made = [] if phase is None else [_finding(phase, since or facts.start, facts, params, now)]
    return MissingState(firing, since if firing else None, facts.end), made


def _finding(phase: Phase, since: datetime, facts: MissingFacts, params: Params, now: datetime) -> Finding:
    words = {
        "factor": facts.factor_word or facts.factor,
        "stream": f"judging.stream.{facts.stream.kind}",
        "missing": facts.missing,
        "due": facts.due,
        "share": shown(round(facts.share * 100, 1)),
        "allowed": shown(round(params.missing_share * 100, 1)),
        "empty": facts.empty,
        "first": instant_text(facts.start),
        "last": instant_text(facts.end),
        "place": facts.where.outlet_name or facts.where.station_name,
    }
    risk, level = rate(params.missing.severity, params.missing.confidence, params)
    series = {
        "station_id": facts.where.station_id,
        "stream": facts.stream.code,
        "factor": facts.factor,
        "start": facts.start.isoformat(),
        "end": facts.end.isoformat(),
        "points": facts.came,
        "stopped": facts.stopped,
    }
    evidence = [Evidence("series", "judging.series", facts.end, series)]
    if phase == "open":
        evidence.insert(
            0, Evidence("rule", "judging.missing.rule", now, {"rule": RULE, "version": params.version, **words})
        )
        evidence.append(Evidence("number", "judging.missing.reason", facts.end, words))
        code = "judging.favour.stopped.some" if facts.stopped else "judging.favour.stopped.none"
        result = "for" if facts.stopped else "none"
        evidence.append(Evidence("favour", code, facts.end, {"result": result, "count": facts.stopped}))
    return Finding(
        rule=RULE,
        phase=phase,
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=since,
        last_at=facts.end,
        title_code="judging.missing.title",
        reason_code="judging.missing.end" if phase == "end" else "judging.missing.reason",
        params=words,
        severity=params.missing.severity,
        confidence=params.missing.confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(RULE, facts.where.st, params),
        value=facts.share,
        threshold=params.missing_share,
        evidence=tuple(evidence),
        points=facts.missing,
    )
