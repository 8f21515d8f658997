"""How clues are counted against what really happened. Pure: no files, no clock.

Rules (times in epoch seconds, spans half open):
- Clues of one outlet and pattern less than 12 h apart are one; it is raised when its first part was.
- A clue is true when at least half of its time lies in events of its outlet, each widened by 3 h on both sides.
- An event is found when true clues of its outlet cover 6 h of it; of short events 5 %, at least 1 h is enough: the
  need is min(6 h, max(1 h, 5 % of its length)), and never more than the whole event.
- It is found by type when true clues of its own pattern alone cover that much.
- False clues of one outlet cost one visit per 72 h: a false clue that starts within 72 h of the visit's first one is
  looked at on the same visit; one that lasts longer does not cost another (`visits`), or does (`visits_long`).
- Precision is true clues / all clues after merging, recall is found events / all events, F1 their harmonic mean.
- The time to detect an event is from its start to the first `raised_at` of the true clues that touch it, at least 0.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

HOUR = 3600.0
JOIN = 12 * HOUR
MARGIN = 3 * HOUR
VISIT = 72 * HOUR
MONTH = 30 * 24 * HOUR

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event (pattern set) or something harmless (pattern empty) at an outlet."""

    outlet: str
    start: float
    end: float
    kind: str
    pattern: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A clue as a detector wrote it."""

    outlet: str
    start: float
    end: float
    pattern: str
    raised_at: float
    confidence: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of every clue and event."""

    clues: tuple[Said, ...]
    true: tuple[bool, ...]
    events: tuple[Happening, ...]
    found: tuple[bool, ...]
    typed: tuple[bool, ...]
    hours_to_detect: tuple[float | None, ...]
    visits: int
    visits_long: int


def merged(clues: Iterable[Said]) -> list[Said]:
    """Join clues of one outlet and pattern that are less than 12 h apart."""
    out: list[Said] = []
    for clue in sorted(clues, key=lambda c: (c.outlet, c.pattern, c.start, c.end)):
        last = out[-1] if out else None
        same = last is not None and (last.outlet, last.pattern) == (clue.outlet, clue.pattern)
        if last is not None and same and clue.start - last.end < JOIN:
            out[-1] = replace(last, end=max(last.end, clue.end), raised_at=min(last.raised_at, clue.raised_at))
        else:
            out.append(clue)
    return out


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the spans joined where they touch, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif end > start:
            out.append((start, end))
    return out


def covered(span: Span, spans: Sequence[Span]) -> float:
    """Return how many seconds of `span` lie in `spans` (which do not overlap)."""
    return sum(max(0.0, min(span[1], end) - max(span[0], start)) for start, end in spans)


def need(event: Happening) -> float:
    """Return how many seconds of an event true clues must cover."""
    length = event.end - event.start
    return min(length, 6 * HOUR, max(HOUR, 0.05 * length))


def judge(clues: Iterable[Said], events: Iterable[Happening]) -> Verdict:
    """Count clues against events (harmless happenings must be left out)."""
    by_outlet: dict[str, list[Happening]] = defaultdict(list)
    for event in events:
        by_outlet[event.outlet].append(event)
    said = merged(clues)
    wide = {o: union((e.start - MARGIN, e.end + MARGIN) for e in those) for o, those in by_outlet.items()}
    true = [_true(clue, wide.get(clue.outlet, [])) for clue in said]
    good: dict[str, list[Said]] = defaultdict(list)
    for clue, right in zip(said, true, strict=True):
        if right:
            good[clue.outlet].append(clue)
    all_events = [event for those in by_outlet.values() for event in those]
    found, typed, delays = [], [], []
    for event in all_events:
        own = good[event.outlet]
        hit = _covers(event, own)
        found.append(hit)
        typed.append(_covers(event, [c for c in own if c.pattern.lower() == event.pattern.lower()]))
        delays.append(_delay(event, own) if hit else None)
    visits, long = _visits([clue for clue, right in zip(said, true, strict=True) if not right])
    return Verdict(tuple(said), tuple(true), tuple(all_events), tuple(found), tuple(typed), tuple(delays), visits, long)


def _true(clue: Said, wide: Sequence[Span]) -> bool:
    length = clue.end - clue.start
    if length <= 0:
        return any(start <= clue.start <= end for start, end in wide)
    return covered((clue.start, clue.end), wide) >= 0.5 * length


def _covers(event: Happening, clues: Sequence[Said]) -> bool:
    return covered((event.start, event.end), union((c.start, c.end) for c in clues)) >= need(event) > 0


def _delay(event: Happening, clues: Sequence[Said]) -> float:
    touching = [c.raised_at for c in clues if c.start < event.end and c.end > event.start]
    return max(0.0, min(touching) - event.start) / HOUR


def _visits(false: Sequence[Said]) -> tuple[int, int]:
    by_outlet: dict[str, list[Said]] = defaultdict(list)
    for clue in false:
        by_outlet[clue.outlet].append(clue)
    visits = long = 0
    for clues in by_outlet.values():
        until = looked = float("-inf")
        for clue in sorted(clues, key=lambda c: c.start):
            if clue.start >= until:
                visits += 1
                until = clue.start + VISIT
            here = max(clue.start, looked)
            while here < clue.end or here == clue.start == clue.end:
                long += 1
                looked = here = here + VISIT
    return visits, long


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one or several suites together."""

    events: int
    clues: int
    precision: float
    recall: float
    f1: float
    typed: float
    visits: float
    visits_long: float
    hours: float


def score(verdicts: Sequence[Verdict], outlet_months: float) -> Score:
    """Put verdicts together; `visits` are per outlet-month of 30 days."""
    true = sum(sum(v.true) for v in verdicts)
    clues = sum(len(v.clues) for v in verdicts)
    found = sum(sum(v.found) for v in verdicts)
    events = sum(len(v.events) for v in verdicts)
    delays = [d for v in verdicts for d in v.hours_to_detect if d is not None]
    precision = true / clues if clues else 0.0
    recall = found / events if events else 0.0
    return Score(
        events=events,
        clues=clues,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        typed=sum(sum(v.typed) for v in verdicts) / events if events else 0.0,
        visits=sum(v.visits for v in verdicts) / outlet_months,
        visits_long=sum(v.visits_long for v in verdicts) / outlet_months,
        hours=sum(delays) / len(delays) if delays else float("nan"),
    )


def chance(clues: Sequence[Said], events: Sequence[Happening], start: float, end: float, tries: int = 20) -> float:
    """Return the recall of the same clues moved round the record by random amounts, another for each outlet and try."""
    rng = random.Random(7)
    whole = end - start
    outlets = sorted({clue.outlet for clue in clues})
    total = 0.0
    for _try in range(tries):
        moves = {outlet: rng.uniform(0.0, whole) for outlet in outlets}
        moved = [part for clue in clues for part in _moved(clue, moves[clue.outlet], start, whole)]
        verdict = judge(moved, events)
        total += sum(verdict.found) / max(1, len(verdict.events))
    return total / tries


def _moved(clue: Said, by: float, start: float, whole: float) -> list[Said]:
    length = min(clue.end - clue.start, whole)
    first = start + (clue.start - start + by) % whole
    over = first + length - (start + whole)
    if over <= 0:
        return [replace(clue, start=first, end=first + length)]
    return [replace(clue, start=first, end=start + whole), replace(clue, start=start, end=start + over)]
