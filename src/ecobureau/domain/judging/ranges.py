"""R-RANGE: a value that nature or the instrument cannot give, and that the device still calls normal.

Physical bounds (negative concentration, pH above 14) come from the rule pack, the measuring range from the registry. A
device that marks over-range itself (T) is honest and is not found here. Slightly negative values within the zero drift
of the instrument's range count as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ecobureau.domain import units
from ecobureau.domain.judging import favour, marks
from ecobureau.domain.judging.episodes import Machine, Run, Seen, advance, judge_late
from ecobureau.domain.judging.params import Params, PhysicalRange
from ecobureau.domain.judging.rating import clipped, rate, scenario_of
from ecobureau.domain.judging.types import (
    Context,
    Evidence,
    Finding,
    Phase,
    Point,
    RangeSpan,
    Stream,
    Where,
    civil_day,
    instant_text,
    shown,
)

RULE = "R-RANGE"
_ANYTHING = PhysicalRange(None, None)


@dataclass(frozen=True, slots=True)
class RangeFacts:
    """New points of one factor in one stream, ordered by start, and the instrument's ranges that may count."""

    where: Where
    factor: str
    stream: Stream
    points: Sequence[Point]
    ranges: Sequence[RangeSpan] = ()
    factor_word: str = ""
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class RangeState:
    """What the rule remembers between two calls."""

    seen_until: datetime | None = None
    machine: Machine = field(default_factory=Machine)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "seen_until": self.seen_until.isoformat() if self.seen_until else None,
            "machine": self.machine.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> RangeState:
        """Read what `to_json` wrote; empty or None is a fresh state."""
        if not data:
            return cls()
        until = data.get("seen_until")
        return cls(datetime.fromisoformat(until) if until else None, Machine.from_json(data["machine"]))


def step_range(state: RangeState, facts: RangeFacts, params: Params, now: datetime) -> tuple[RangeState, list[Finding]]:
    """Take new points and say what follows; late points are judged by themselves.

    Args:
        state: of this station, stream and factor.
        now: instant of judging, aware; only the evidence carries it.

    Returns:
        The new state and the findings, one an episode.
    """
    points = sorted(facts.points, key=lambda point: (point.start, point.end))
    fresh = [point for point in points if state.seen_until is None or point.end > state.seen_until]
    late = [point for point in points if state.seen_until is not None and point.end <= state.seen_until]
    rule = params.range[facts.stream.kind]
    gap = params.gap_factor * facts.stream.interval_s if facts.stream.interval_s else rule.keep_s
    machine, said = state.machine, list[tuple[Phase, Run]]()
    for seen in (_judge(point, facts, params) for point in fresh):
        machine, phase = advance(machine, seen, rule, gap)
        if phase is None or machine.run is None:
            continue
        if phase == "extend" and said and said[-1][0] in ("open", "extend"):
            said[-1] = (said[-1][0], machine.run)
        else:
            said.append((phase, machine.run))
    findings = [_finding(phase, run, facts, params, now) for phase, run in said]
    machine, runs = judge_late(machine, (_judge(point, facts, params) for point in late), rule, gap)
    findings += [_finding("open", run, facts, params, now) for run in runs]
    until = max([point.end for point in fresh], default=state.seen_until)
    return RangeState(until, machine), findings


def _judge(point: Point, facts: RangeFacts, params: Params) -> Seen:
    if not marks.counts(point.flag, params):
        return Seen(point, "skip", note=marks.meaning(point.flag, params))
    value = next((point.values[name] for name in ("rtd", "avg", "data") if point.values.get(name) is not None), None)
    if value is None:
        return Seen(point, "skip", note="no_value")
    span = next((span for span in facts.ranges if span.in_force(civil_day(point.start))), None)
    physical = _physical(facts.factor, point.unit, params)
    drift = _drift(span, point, params)
    for low, high, unit, kind, slack in _bounds(physical, span, drift):
        edges = _in_unit(low, high, unit, point.unit)
        if edges is None:
            continue
        low_here, high_here = edges
        if low_here is not None and value < low_here - slack:
            return _bad(point, value, low_here, kind, "below", span)
        if high_here is not None and value > high_here:
            return _bad(point, value, high_here, kind, "above", span)
    return Seen(point, "good", value, unit=point.unit)


def _physical(factor: str, unit: str, params: Params) -> PhysicalRange:
    own = params.physical.get(factor)
    if own is not None:
        return own
    if units.spelled(unit) in params.default_units:
        return params.physical.get("default", _ANYTHING)
    return _ANYTHING


Bounds = tuple[float | None, float | None, str, str, float]


def _bounds(physical: PhysicalRange, span: RangeSpan | None, drift: float) -> Iterable[Bounds]:
    yield physical.low, physical.high, physical.unit, "physical", drift
    if span is not None:
        yield span.low, span.high, span.unit, "instrument", drift


def _in_unit(low: float | None, high: float | None, unit: str, wanted: str) -> tuple[float | None, float | None] | None:
    if not unit or not wanted:
        return low, high
    step = units.factor(unit, wanted)
    if step is None:
        return None
    return tuple(None if edge is None else float(Decimal(str(edge)) * step) for edge in (low, high))  # type: ignore[return-value]


def _drift(span: RangeSpan | None, point: Point, params: Params) -> float:
    if span is None or span.high is None:
        return 0.0
    edges = _in_unit(span.low, span.high, span.unit, point.unit)
    if edges is None or edges[1] is None:
        return 0.0
    return abs(edges[1] - (edges[0] or 0.0)) * params.zero_drift


def _bad(point: Point, value: float, edge: float, kind: str, side: str, span: RangeSpan | None) -> Seen:
    extra = {"kind": kind, "side": side, "instrument": span.name if span else ""}
    return Seen(point, "bad", value, edge, point.unit, abs(value - edge), kind, extra)


def _finding(phase: Phase, run: Run, facts: RangeFacts, params: Params, now: datetime) -> Finding:
    kind, side = str(run.extra.get("kind", "physical")), str(run.extra.get("side", "below"))
    words = {
        "factor": facts.factor_word or facts.factor,
        "value": shown(run.worst, run.decimals),
        "edge": shown(run.threshold),
        "unit": units.spelled(run.unit) if units.spelled(run.unit) != "1" else "",
        "first": instant_text(run.first_at),
        "last": instant_text(run.last_at),
        "points": run.points,
        "place": facts.where.outlet_name or facts.where.station_name,
    }
    table = params.range_confidence
    confidence = table[kind] + (table["unmarked"] if run.unmarked else 0.0) + (table["late"] if run.late else 0.0)
    severity = params.range_severity[kind]
    risk, level = rate(severity, clipped(confidence), params)
    return Finding(
        rule=RULE,
        phase=phase,
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=run.first_at,
        last_at=run.last_at,
        title_code=f"judging.range.{kind}.{side}.title",
        reason_code="judging.range.end" if phase == "end" else f"judging.range.{kind}.{side}.reason",
        params=words,
        severity=severity,
        confidence=clipped(confidence),
        risk=risk,
        level=level,
        scenario=scenario_of(RULE, facts.where.st, params),
        bound="min" if side == "below" else "max",
        value=run.worst,
        threshold=run.threshold,
        unit=run.unit,
        evidence=_evidence(phase, run, facts, words, params, now),
        late=run.late,
        points=run.points,
    )


def _evidence(
    phase: Phase, run: Run, facts: RangeFacts, words: Mapping[str, Any], params: Params, now: datetime
) -> tuple[Evidence, ...]:
    series = Evidence(
        "series",
        "judging.series",
        run.last_at,
        {
            "station_id": facts.where.station_id,
            "stream": facts.stream.code,
            "factor": facts.factor,
            "start": run.first_at.isoformat(),
            "end": run.last_at.isoformat(),
            "points": run.points,
            "skipped": dict(run.skipped),
        },
    )
    if phase != "open":
        return (series,)
    rule = Evidence(
        "rule", "judging.range.rule", now, {"rule": RULE, "version": params.version, **dict(run.extra), **words}
    )
    number = Evidence("number", "judging.range.number", run.worst_at, {**words, "at": instant_text(run.worst_at)})
    frames = [Evidence("frame", "judging.frame", run.first_at, {"ref": ref}) for ref in run.refs]
    points = facts.points if facts.context.points is None else facts.context.points
    window = [point for point in points if run.first_at <= point.start and point.end <= run.last_at]
    return (rule, number, series, *frames, *favour.checks(facts.context, window, run.first_at, run.last_at, params))
