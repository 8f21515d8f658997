"""The state machine that R-OVER and R-RANGE share: a condition must hold for a while, and must be gone for a while.

    ok ──bad──► pending ──held long enough──► firing ──good long enough──► ok

A point is `bad`, `good`, `between` (no longer bad, not yet good: hysteresis) or `skip` (does not count). Points come
ordered by time; those at or before what was seen are late and are judged by themselves, see `late_runs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from ecobureau.domain.judging.params import Episode
from ecobureau.domain.judging.types import Phase, Point

Verdict = Literal["bad", "good", "between", "skip"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A point with its verdict.

    Attributes:
        value: the compared number; threshold: what it was compared with, both in `unit`.
        excess: how bad, larger is worse (for example value over threshold).
        note: why it counts or not, for the explanation; extra: what the rule wants to remember of the worst point.
    """

    point: Point
    verdict: Verdict
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    excess: float = 0.0
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of bad points: where it began and ended, how many, the worst of them, and what was skipped meanwhile."""

    first_at: datetime
    last_at: datetime
    points: int
    worst: float
    worst_at: datetime
    threshold: float
    unit: str
    excess: float
    decimals: int | None
    refs: tuple[str, ...] = ()
    late: bool = False
    unmarked: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "first_at": self.first_at.isoformat(),
            "last_at": self.last_at.isoformat(),
            "points": self.points,
            "worst": self.worst,
            "worst_at": self.worst_at.isoformat(),
            "threshold": self.threshold,
            "unit": self.unit,
            "excess": self.excess,
            "decimals": self.decimals,
            "refs": list(self.refs),
            "late": self.late,
            "unmarked": self.unmarked,
            "skipped": dict(self.skipped),
            "extra": dict(self.extra),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """Read what `to_json` wrote."""
        times = {name: datetime.fromisoformat(data[name]) for name in ("first_at", "last_at", "worst_at")}
        return cls(**{**data, **times, "refs": tuple(data["refs"])})


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch that has been told already, and how bad it was: points that come again are not told again."""

    first_at: datetime
    last_at: datetime
    excess: float


@dataclass(frozen=True, slots=True)
class Machine:
    """State of one condition. `calm_since` is the start of the good run while firing; `told` the newest stretches."""

    phase: Literal["ok", "pending", "firing"] = "ok"
    run: Run | None = None
    calm_since: datetime | None = None
    told: tuple[Told, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "phase": self.phase,
            "run": self.run.to_json() if self.run else None,
            "calm_since": self.calm_since.isoformat() if self.calm_since else None,
            "told": [[each.first_at.isoformat(), each.last_at.isoformat(), each.excess] for each in self.told],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Machine:
        """Read what `to_json` wrote."""
        calm = data.get("calm_since")
        return cls(
            data["phase"],
            Run.from_json(data["run"]) if data.get("run") else None,
            datetime.fromisoformat(calm) if calm else None,
            tuple(
                Told(datetime.fromisoformat(first), datetime.fromisoformat(last), excess)
                for first, last, excess in data.get("told", ())
            ),
        )


_MOST_REFS = 12
_MOST_TOLD = 40


def remember(machine: Machine, run: Run) -> Machine:
    """Return the machine that knows that this run has been told."""
    others = tuple(each for each in machine.told if each.first_at != run.first_at)
    told = (*others, Told(run.first_at, run.last_at, run.excess))
    return replace(machine, told=told[-_MOST_TOLD:])


def was_told(machine: Machine, run: Run) -> bool:
    """Say whether a run lies within a stretch that has been told, and is no worse than that."""
    return any(
        each.first_at <= run.first_at and run.last_at <= each.last_at and run.excess <= each.excess
        for each in machine.told
    )


def _begin(seen: Seen) -> Run:
    point = seen.point
    return Run(
        first_at=point.start,
        last_at=point.end,
        points=1,
        worst=seen.value or 0.0,
        worst_at=point.start,
        threshold=seen.threshold or 0.0,
        unit=seen.unit,
        excess=seen.excess,
        decimals=point.decimals,
        refs=(point.ref,) if point.ref else (),
        late=point.backfilled,
        unmarked=not point.flag.strip(),
        extra=dict(seen.extra),
    )


def _join(run: Run, seen: Seen) -> Run:
    point = seen.point
    joined = replace(
        run,
        last_at=max(run.last_at, point.end),
        points=run.points + 1,
        refs=(*run.refs, point.ref) if point.ref and len(run.refs) < _MOST_REFS else run.refs,
        late=run.late and point.backfilled,
        unmarked=run.unmarked or not point.flag.strip(),
    )
    if seen.excess <= run.excess:
        return joined
    return replace(
        joined,
        worst=seen.value or 0.0,
        worst_at=point.start,
        threshold=seen.threshold or 0.0,
        unit=seen.unit,
        excess=seen.excess,
        decimals=point.decimals,
        extra=dict(seen.extra),
    )


def _skip(run: Run, seen: Seen) -> Run:
    return replace(run, skipped={**run.skipped, seen.note: run.skipped.get(seen.note, 0) + 1})


def held(run: Run, rule: Episode) -> bool:
    """Say whether a run is long enough: enough points, and its time covers the pending time."""
    return run.points >= rule.min_points and (run.last_at - run.first_at).total_seconds() >= rule.pending_s


def advance(machine: Machine, seen: Seen, rule: Episode, gap_s: float) -> tuple[Machine, Phase | None]:
    """Take one point, newer than all before.

    Args:
        gap_s: a longer silence than this breaks a pending run.

    Returns:
        The new state and what to say: open, extend, end, or None. After `end` the run stays in the state until the
        next one begins, so that the last word can still be told from it.
    """
    after, said = _advance(machine, seen, rule, gap_s)
    after = replace(after, told=machine.told)
    if said in ("open", "extend") and after.run is not None:
        after = remember(after, after.run)
    return after, said


def _advance(machine: Machine, seen: Seen, rule: Episode, gap_s: float) -> tuple[Machine, Phase | None]:
    run = machine.run
    if machine.phase == "firing" and run is not None:
        return _while_firing(machine, run, seen, rule)
    if seen.verdict == "bad":
        fresh = run is None or machine.phase == "ok" or (seen.point.start - run.last_at).total_seconds() > gap_s
        now = _begin(seen) if fresh or run is None else _join(run, seen)
        return (Machine("firing", now), "open") if held(now, rule) else (Machine("pending", now), None)
    if seen.verdict == "skip" and machine.phase == "pending" and run is not None:
        return replace(machine, run=_skip(run, seen)), None
    return (Machine(), None) if seen.verdict != "skip" else (machine, None)


def _while_firing(machine: Machine, run: Run, seen: Seen, rule: Episode) -> tuple[Machine, Phase | None]:
    if seen.verdict == "bad":
        return Machine("firing", _join(run, seen)), "extend"
    if seen.verdict == "skip":
        return replace(machine, run=_skip(run, seen)), None
    if seen.verdict == "between":
        return Machine("firing", run), None
    since = machine.calm_since or seen.point.start
    if (seen.point.end - since).total_seconds() >= rule.keep_s:
        return Machine("ok", run), "end"
    return Machine("firing", run, since), None


def judge_late(machine: Machine, points: Iterable[Seen], rule: Episode, gap_s: float) -> tuple[Machine, list[Run]]:
    """Return the runs among late points that have not been told yet, and the machine that remembers them."""
    fresh: list[Run] = []
    for run in late_runs(points, rule, gap_s):
        if not was_told(machine, run):
            fresh.append(run)
            machine = remember(machine, run)
    return machine, fresh


def late_runs(points: Iterable[Seen], rule: Episode, gap_s: float) -> Iterator[Run]:
    """Yield the runs among late points (ordered by time) that are long enough by themselves."""
    machine, found = Machine(), False
    for seen in points:
        broken = machine.run is not None and (seen.point.start - machine.run.last_at).total_seconds() > gap_s
        if found and machine.run is not None and (broken or seen.verdict in ("good", "between")):
            yield replace(machine.run, late=True)
            machine, found = Machine(), False
        machine, said = advance(machine, seen, rule, gap_s)
        found = found or said == "open"
    if found and machine.run is not None:
        yield replace(machine.run, late=True)
