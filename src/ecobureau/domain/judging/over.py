"""R-OVER: a value stands over the permit limit (or under a lower bound), for long enough, by values that count.

- A limit of hours is compared with hour data as it stands; with real-time and minute data as an early sign, which must
  hold for the pending time. A limit of days is compared with day data alone.
- Equal to the limit is not over (GB/T 8170-2008 s. 5, full-value comparison).
- Where the limit binds converted values (折算) the converted value counts: as sent, else reckoned from the oxygen of
  the same period, C × (21 − O2ref) / (21 − O2) (HJ 212-2017 D.2, eq. 28); none near 21 % oxygen.
- The limit in force on the day (Asia/Shanghai) of a period's start counts for it. One of the day or the night alone
  (noise) binds the hours that begin in that part of the day, and hour data only: a loud minute is no exceedance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ecobureau.domain import units
from ecobureau.domain.judging import favour, marks
from ecobureau.domain.judging.episodes import Machine, Run, Seen, advance, judge_late
from ecobureau.domain.judging.params import Params
from ecobureau.domain.judging.rating import clipped, rate, scenario_of
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

RULE = "R-OVER"
UNIT_RULE = "R-UNIT"
Bound = Literal["max", "min"]
BOUNDS: tuple[Bound, ...] = ("max", "min")


@dataclass(frozen=True, slots=True)
class OverFacts:
    """What is to be judged: new points of one factor in one stream, ordered by start, and the limits that may bind.

    Attributes:
        factor: HJ 212 code; factor_word: what people call it (a catalogue code or a name).
        points: the new points; rewritten ones may come again.
        limits: all limits of the outlet for this factor that are in force on any of the points' days.
        o2_ref: reference oxygen of the outlet in percent, None = no conversion.
        context: what was looked up in the plant's favour.
    """

    where: Where
    factor: str
    stream: Stream
    points: Sequence[Point]
    limits: Sequence[LimitSpan]
    o2_ref: float | None = None
    factor_word: str = ""
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class OverState:
    """What the rule remembers between two calls. `seen_until` is the end of the newest point it has taken."""

    seen_until: datetime | None = None
    machines: Mapping[str, Machine] | None = None
    unit_noted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "seen_until": self.seen_until.isoformat() if self.seen_until else None,
            "machines": {name: machine.to_json() for name, machine in (self.machines or {}).items()},
            "unit_noted": self.unit_noted,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> OverState:
        """Read what `to_json` wrote; empty or None is a fresh state."""
        if not data:
            return cls()
        until = data.get("seen_until")
        return cls(
            datetime.fromisoformat(until) if until else None,
            {name: Machine.from_json(each) for name, each in data.get("machines", {}).items()},
            bool(data.get("unit_noted")),
        )


def step_over(state: OverState, facts: OverFacts, params: Params, now: datetime) -> tuple[OverState, list[Finding]]:
    """Take new points and say what follows.

    Points newer than all before drive the state machine; older ones (back-fill out of order, rewritten values) are
    judged by themselves and give findings marked late.

    Args:
        state: of this station, stream and factor.
        now: instant of judging, aware; only the evidence carries it.

    Returns:
        The new state, and at most one finding a bound and episode: open, extend or end.
    """
    points = sorted(facts.points, key=lambda point: (point.start, point.end))
    fresh = [point for point in points if state.seen_until is None or point.end > state.seen_until]
    late = [point for point in points if state.seen_until is not None and point.end <= state.seen_until]
    machines = dict(state.machines or {})
    findings: list[Finding] = []
    mismatch: Seen | None = None
    for bound in BOUNDS:
        if not any(limit.kind == bound for limit in facts.limits) and bound not in machines:
            continue
        seen_fresh = [_judge(point, bound, facts, params) for point in fresh]
        seen_late = [_judge(point, bound, facts, params) for point in late]
        mismatch = mismatch or next((seen for seen in [*seen_fresh, *seen_late] if seen.note == "unit"), None)
        machines[bound], said = _drive(machines.get(bound, Machine()), seen_fresh, facts, params)
        findings += [_finding(phase, run, bound, facts, params, now) for phase, run in said]
        rule, gap = params.over[facts.stream.kind], _gap_s(facts.stream, params)
        machines[bound], runs = judge_late(machines[bound], seen_late, rule, gap)
        findings += [_finding("open", run, bound, facts, params, now) for run in runs]
    if mismatch is not None and not state.unit_noted:
        findings.append(_unit_finding(mismatch, facts, params, now))
    until = max([point.end for point in fresh], default=state.seen_until)
    return OverState(until, machines, state.unit_noted or mismatch is not None), findings


def _drive(
    machine: Machine, points: Iterable[Seen], facts: OverFacts, params: Params
) -> tuple[Machine, list[tuple[Phase, Run]]]:
    rule, gap = params.over[facts.stream.kind], _gap_s(facts.stream, params)
    said: list[tuple[Phase, Run]] = []
    for seen in points:
        machine, phase = advance(machine, seen, rule, gap)
        if phase is None or machine.run is None:
            continue
        if phase == "extend" and said and said[-1][0] in ("open", "extend"):
            said[-1] = (said[-1][0], machine.run)
        else:
            said.append((phase, machine.run))
    return machine, said


def _gap_s(stream: Stream, params: Params) -> float:
    return params.gap_factor * stream.interval_s if stream.interval_s else params.over[stream.kind].keep_s


def limit_for(limits: Iterable[LimitSpan], stream: Stream, bound: Bound, at: datetime) -> LimitSpan | None:
    """Return the limit that binds a stream at an instant: in force then, of its period; converted ones first."""
    periods = {"day", "any"} if stream.kind == "day" else {"hour", "any"}
    binding = [
        limit
        for limit in limits
        if limit.kind == bound
        and limit.holds_at(at)
        and limit.period in periods
        and (not limit.part or stream.kind == "hour")
        and (stream.kind == "rt" or limit.field not in ("rtd", "zs_rtd"))
    ]
    return min(
        binding,
        key=lambda limit: (not limit.field.startswith("zs_"), limit.value if bound == "max" else -limit.value),
        default=None,
    )


def compared_value(
    point: Point, limit: LimitSpan, stream: Stream, o2_ref: float | None, params: Params
) -> tuple[float | None, str]:
    """Return the number of a point that a limit is compared with, and how it came about: sent, reckoned, or why not."""
    base = "rtd" if stream.kind == "rt" else "avg"
    raw = point.values.get(base)
    if raw is None:
        raw = point.values.get("data")
    if not limit.field.startswith("zs_"):
        return raw, "sent" if raw is not None else "no_value"
    sent = point.values.get(f"zs_{base}")
    if sent is not None:
        return sent, "sent"
    if raw is None:
        return None, "no_value"
    if o2_ref is None or point.o2 is None or point.o2 >= params.o2_near_top:
        return None, "no_converted"
    return raw * (params.o2_top - o2_ref) / (params.o2_top - point.o2), "reckoned"


def _judge(point: Point, bound: Bound, facts: OverFacts, params: Params) -> Seen:
    limit = limit_for(facts.limits, facts.stream, bound, point.start)
    if limit is None:
        return Seen(point, "good", note="no_limit")
    if not marks.counts(point.flag, params):
        return Seen(point, "skip", note=marks.meaning(point.flag, params))
    if point.discharging is False:
        return Seen(point, "skip", note="no_flow")
    value, how = compared_value(point, limit, facts.stream, facts.o2_ref, params)
    if value is None:
        return Seen(point, "skip", note=how)
    step = units.factor(limit.unit, point.unit or limit.unit)
    if step is None:
        return Seen(point, "skip", note="unit", extra={"limit_unit": limit.unit})
    threshold = float(Decimal(str(limit.value)) * step)
    slack = abs(threshold) * params.over_hysteresis
    if bound == "max":
        bad, good = value > threshold, value <= threshold - slack
        excess = value / threshold if threshold > 0 else 1 + value - threshold
    else:
        bad, good = value < threshold, value >= threshold + slack
        excess = 1 + (threshold - value) / (abs(threshold) or 1.0)
    extra = {
        "field": limit.field,
        "how": how,
        "limit": shown(threshold),
        "source": limit.source,
        "clause": limit.clause,
        "flag": limit.flag,
        "limit_ref": limit.ref,
        "since": limit.first_day.isoformat(),
        "period": limit.period,
        "part": limit.part,
    }
    verdict: Literal["bad", "good", "between"] = "bad" if bad else "good" if good else "between"
    return Seen(point, verdict, value, threshold, point.unit or limit.unit, excess, how, extra)


def _finding(phase: Phase, run: Run, bound: Bound, facts: OverFacts, params: Params, now: datetime) -> Finding:
    stat = f"judging.stat.{facts.stream.kind}.{'zs' if str(run.extra.get('field', '')).startswith('zs_') else 'raw'}"
    words = {
        "factor": facts.factor_word or facts.factor,
        "stat": stat,
        "value": shown(run.worst, run.decimals),
        "threshold": run.extra.get("limit", shown(run.threshold)),
        "unit": units.spelled(run.unit) if units.spelled(run.unit) != "1" else "",
        "source": run.extra.get("source", ""),
        "first": instant_text(run.first_at),
        "last": instant_text(run.last_at),
        "points": run.points,
        "times": shown(round(run.excess, 2)) if bound == "max" else "",
        "place": facts.where.outlet_name or facts.where.station_name,
    }
    part = str(run.extra.get("part", ""))
    if part:
        over = abs(Decimal(str(run.worst or 0)) - Decimal(str(run.threshold or 0)))
        words |= {"part": f"judging.part.{part}", "over": shown(float(over))}
    texts = "judging.over.noise" if part else f"judging.over.{bound}"
    evidence = _evidence(phase, run, texts, facts, params, words, now)
    severity = _severity(run, bound, facts.factor, params)
    confidence = _confidence(run, facts.stream, params, favoured=favour.speaks_for(evidence))
    risk, level = rate(severity, confidence, params)
    return Finding(
        rule=RULE,
        phase=phase,
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=run.first_at,
        last_at=run.last_at,
        title_code=f"{texts}.title",
        reason_code=f"{texts}.{'end' if phase == 'end' else 'reason'}",
        params=words,
        severity=severity,
        confidence=confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(RULE, facts.where.st, params),
        field=str(run.extra.get("field", "")),
        bound=bound,
        value=run.worst,
        threshold=run.threshold,
        unit=run.unit,
        evidence=evidence,
        late=run.late,
        points=run.points,
    )


def _severity(run: Run, bound: Bound, factor: str, params: Params) -> int:
    table = params.over_severity
    if factor in params.toxic:
        return int(table["toxic"])
    grave = bound == "max" and run.excess >= table["grave_ratio"]
    return int(table["grave"] if grave else table["base"])


def _confidence(run: Run, stream: Stream, params: Params, *, favoured: bool) -> float:
    table = params.over_confidence
    number = table[stream.kind]
    number += table["unmarked"] if run.unmarked else 0.0
    number += table["late"] if run.late else 0.0
    return clipped(number + (table["favour"] if favoured else 0.0))


def _evidence(
    phase: Phase, run: Run, texts: str, facts: OverFacts, params: Params, words: Mapping[str, Any], now: datetime
) -> tuple[Evidence, ...]:
    number = Evidence("number", f"{texts}.number", run.worst_at, {**words, "at": instant_text(run.worst_at)})
    series = Evidence(
        "series",
        "judging.series",
        run.last_at,
        {
            "station_id": facts.where.station_id,
            "stream": facts.stream.code,
            "factor": facts.factor,
            "field": run.extra.get("field", ""),
            "start": run.first_at.isoformat(),
            "end": run.last_at.isoformat(),
            "points": run.points,
            "skipped": dict(run.skipped),
        },
    )
    if phase != "open":
        return (number, series) if phase == "extend" else (series,)
    rule = Evidence(
        "rule",
        "judging.over.noise.rule" if "part" in words else "judging.over.rule",
        now,
        {
            "rule": RULE,
            "limit": run.extra.get("limit", ""),
            "unit": words["unit"],
            "field": run.extra.get("field", ""),
            "source": run.extra.get("source", ""),
            "clause": run.extra.get("clause", ""),
            "flag": run.extra.get("flag", ""),
            "since": run.extra.get("since", ""),
            "limit_ref": run.extra.get("limit_ref"),
            "version": params.version,
            **({"part": words["part"]} if "part" in words else {}),
        },
    )
    notes = []
    if run.extra.get("how") == "reckoned":
        notes.append(Evidence("note", "judging.over.reckoned", run.worst_at, {"o2_ref": shown(facts.o2_ref)}))
    if facts.stream.kind in ("rt", "minute") and run.extra.get("period") == "hour":
        notes.append(Evidence("note", "judging.over.early", run.first_at, {}))
    frames = [Evidence("frame", "judging.frame", run.first_at, {"ref": ref}) for ref in run.refs]
    return (
        rule,
        number,
        series,
        *notes,
        *frames,
        *favour.checks(facts.context, _window(run, facts), run.first_at, run.last_at, params),
    )


def _window(run: Run, facts: OverFacts) -> list[Point]:
    points = facts.points if facts.context.points is None else facts.context.points
    return [point for point in points if run.first_at <= point.start and point.end <= run.last_at]


def _unit_finding(seen: Seen, facts: OverFacts, params: Params, now: datetime) -> Finding:
    risk, level = rate(params.unit.severity, params.unit.confidence, params)
    words = {
        "factor": facts.factor_word or facts.factor,
        "unit": seen.point.unit,
        "limit_unit": str(seen.extra["limit_unit"]),
        "place": facts.where.outlet_name or facts.where.station_name,
    }
    return Finding(
        rule=UNIT_RULE,
        phase="open",
        where=facts.where,
        factor=facts.factor,
        stream=facts.stream,
        first_at=seen.point.start,
        last_at=seen.point.end,
        title_code="judging.unit.title",
        reason_code="judging.unit.reason",
        params=words,
        severity=params.unit.severity,
        confidence=params.unit.confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(UNIT_RULE, facts.where.st, params),
        unit=seen.point.unit,
        evidence=(Evidence("note", "judging.unit.reason", now, words),),
        late=seen.point.backfilled,
    )


def forget(state: OverState, bound: Bound) -> OverState:
    """Return the state with one bound back at ok (a person has closed the matter; the next bad run opens anew)."""
    machines = {name: machine for name, machine in (state.machines or {}).items() if name != bound}
    return replace(state, machines=machines)
