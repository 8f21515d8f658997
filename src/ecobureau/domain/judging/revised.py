"""R-REVISED: a value that was already stored came again with another number. Both are kept; the change is the clue.

Differences below a share of the first value are rounding. A change that takes a value from over the limit to within it,
or takes away its normal mark while it stood over the limit, weighs more. Rewrites that follow one another extend one
matter; it ends when none has come for the quiet time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ecobureau.domain import units
from ecobureau.domain.judging import favour, marks
from ecobureau.domain.judging.over import OverFacts, compared_value, limit_for
from ecobureau.domain.judging.params import Params
from ecobureau.domain.judging.rating import rate, scenario_of
from ecobureau.domain.judging.types import (
    Context,
    Evidence,
    Finding,
    LimitSpan,
    Phase,
    Point,
    Stream,
    Where,
    instant_text,
    shown,
)

RULE = "R-REVISED"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rewritten value: the point as it was and as it came again, with the instants of receipt."""

    was: Point
    now: Point
    was_received: datetime | None
    now_received: datetime
    field: str = "avg"


@dataclass(frozen=True, slots=True)
class RevisedFacts:
    """New rewrites of one factor in one stream, ordered by receipt; may be empty on a tick."""

    where: Where
    factor: str
    stream: Stream
    rewrites: Sequence[Rewrite] = ()
    limits: Sequence[LimitSpan] = ()
    o2_ref: float | None = None
    factor_word: str = ""
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class RevisedState:
    """The running matter: first and last rewritten period, number of rewrites, receipt of the last one."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    heard_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        times = {name: getattr(self, name) for name in ("first_at", "last_at", "heard_at")}
        return {"count": self.count, **{name: at.isoformat() if at else None for name, at in times.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> RevisedState:
        """Read what `to_json` wrote; empty or None is a fresh state."""
        if not data:
            return cls()
        times = [
            datetime.fromisoformat(data[name]) if data.get(name) else None
            for name in ("first_at", "last_at", "heard_at")
        ]
        return cls(int(data.get("count", 0)), *times)


def step_revised(
    state: RevisedState, facts: RevisedFacts, params: Params, now: datetime
) -> tuple[RevisedState, list[Finding]]:
    """Take new rewrites (or none, on a tick) and say what follows: open, extend, or end after the quiet time.

    Args:
        state: of this station, stream and factor.
        now: aware instant.
    """
    findings: list[Finding] = []
    for rewrite in facts.rewrites:
        if not _matters(rewrite, params):
            continue
        phase: Phase = "extend" if state.count else "open"
        state = RevisedState(
            state.count + 1,
            min(state.first_at or rewrite.was.start, rewrite.was.start),
            max(state.last_at or rewrite.was.end, rewrite.was.end),
            rewrite.now_received,
        )
        findings.append(_finding(phase, state, rewrite, facts, params, now))
    quiet = state.heard_at is not None and (now - state.heard_at).total_seconds() >= params.revised_quiet_s
    if state.count and quiet and not findings:
        findings.append(_end(state, facts, params))
        state = RevisedState()
    return state, findings


def _value(point: Point, name: str) -> float | None:
    return point.values.get(name)


def _matters(rewrite: Rewrite, params: Params) -> bool:
    was, now = _value(rewrite.was, rewrite.field), _value(rewrite.now, rewrite.field)
    if was is None:
        return False
    if now is None:
        return True
    step = units.factor(rewrite.now.unit, rewrite.was.unit) if rewrite.now.unit and rewrite.was.unit else 1
    if step is None:
        return True
    changed = abs(now * float(step) - was) > abs(was) * params.revised_least_share
    return (
        changed
        or (now != was and was == 0)
        or marks.counts(rewrite.was.flag, params) != marks.counts(rewrite.now.flag, params)
    )


def _over(point: Point, facts: RevisedFacts, params: Params) -> bool | None:
    """Say whether a point stands outside its limits by values that count; None where there is none to compare with."""
    like = OverFacts(facts.where, facts.factor, facts.stream, (point,), facts.limits, facts.o2_ref)
    known = False
    for bound in ("max", "min"):
        limit = limit_for(like.limits, like.stream, bound, point.start)
        if limit is None:
            continue
        value, _how = compared_value(point, limit, facts.stream, facts.o2_ref, params)
        step = units.factor(point.unit or limit.unit, limit.unit)
        if value is None or step is None:
            continue
        known = True
        outside = value * float(step) > limit.value if bound == "max" else value * float(step) < limit.value
        if outside and marks.counts(point.flag, params):
            return True
    return False if known else None


def _words(rewrite: Rewrite, state: RevisedState, facts: RevisedFacts) -> dict[str, Any]:
    unit = units.spelled(rewrite.was.unit)
    return {
        "factor": facts.factor_word or facts.factor,
        "stream": f"judging.stream.{facts.stream.kind}",
        "was": shown(_value(rewrite.was, rewrite.field), rewrite.was.decimals),
        "now": shown(_value(rewrite.now, rewrite.field), rewrite.now.decimals),
        "was_mark": rewrite.was.flag or "-",
        "now_mark": rewrite.now.flag or "-",
        "unit": "" if unit == "1" else unit,
        "period": instant_text(rewrite.was.start),
        "received": instant_text(rewrite.now_received),
        "count": state.count,
        "place": facts.where.outlet_name or facts.where.station_name,
    }


def _finding(
    phase: Phase, state: RevisedState, rewrite: Rewrite, facts: RevisedFacts, params: Params, now: datetime
) -> Finding:
    hidden = _over(rewrite.was, facts, params) is True and _over(rewrite.now, facts, params) is not True
    rating = params.revised_over if hidden else params.revised
    words = _words(rewrite, state, facts)
    risk, level = rate(rating.severity, rating.confidence, params)
    evidence = [
        Evidence("number", "judging.revised.reason", rewrite.now_received, words),
        *(
            Evidence("frame", "judging.frame", point.start, {"ref": point.ref})
            for point in (rewrite.was, rewrite.now)
            if point.ref
        ),
    ]
    if phase == "open":
        evidence.insert(
            0, Evidence("rule", "judging.revised.rule", now, {"rule": RULE, "version": params.version, **words})
        )
        checks = favour.checks(facts.context, (rewrite.was, rewrite.now), rewrite.was.start, rewrite.was.end, params)
        evidence += [piece for piece in checks if not piece.code.startswith("judging.favour.neighbours")]
    return Finding(
        rule=RULE,
        phase=phase,
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=state.first_at or rewrite.was.start,
        last_at=state.last_at or rewrite.was.end,
        title_code="judging.revised.over.title" if hidden else "judging.revised.title",
        reason_code="judging.revised.reason",
        params=words,
        severity=rating.severity,
        confidence=rating.confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(RULE, facts.where.st, params),
        field=rewrite.field,
        value=_value(rewrite.now, rewrite.field),
        threshold=_value(rewrite.was, rewrite.field),
        unit=rewrite.was.unit,
        evidence=tuple(evidence),
        points=state.count,
    )


def _end(state: RevisedState, facts: RevisedFacts, params: Params) -> Finding:
    rating = params.revised
    risk, level = rate(rating.severity, rating.confidence, params)
    first = state.first_at or state.heard_at
    last = state.last_at or state.heard_at
    if first is None or last is None:
        raise ValueError("a matter without times cannot end")
    words = {
        "factor": facts.factor_word or facts.factor,
        "count": state.count,
        "place": facts.where.outlet_name or facts.where.station_name,
    }
    return Finding(
        rule=RULE,
        phase="end",
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=first,
        last_at=last,
        title_code="judging.revised.title_end",
        reason_code="judging.revised.end",
        params=words,
        severity=rating.severity,
        confidence=rating.confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(RULE, facts.where.st, params),
        points=state.count,
    )
