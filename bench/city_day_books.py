"""The books of the simulated city day, reckoned a second time from what people did.

Nothing here asks the program's own clocks: the limits, the holidays and the arithmetic are written anew from
`workflows` 1.4, so that an error in one of the two shows. `expected` replays the acts of every record (who did which
verb when) and says when each clock ran, stood and ended, and which warn points it must have fired at which step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

HERE = timezone(timedelta(hours=8))
POINTS = (80, 100, 150, 200)
MINUTE = 60.0
DAY = 1440

# Minutes: triage, accept, arrive, first result, close.
TABLE = {
    "red": (5, 5, 30, 120, DAY),
    "orange": (15, 15, 60, 240, 3 * DAY),
    "yellow": (60, 60, 240, DAY, 7 * DAY),
    "blue": (DAY, DAY, 3 * DAY, 7 * DAY, 30 * DAY),
}
PLACE = {"triage": 0, "accept": 1, "arrive": 2, "first_result": 3, "close": 4}
# Supervision orders: sign in minutes; answer in minutes, or in working days where negative.
ORDERS = {"red": (30, 240), "orange": (120, DAY), "yellow": (240, -3), "blue": (DAY, -5)}
DECIDE, TRANSFER, PAUSE = 30, -2, -15
FREE = {date(2026, 10, day) for day in range(1, 8)}
WORKED = {date(2026, 9, 20), date(2026, 10, 10)}

ALL = ("accept", "arrive", "first_result", "close", "decide", "transfer", "pause")
# Verb → (stops, starts, stands, goes on).
TASK: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "create": ((), ("accept", "arrive", "first_result", "close"), (), ()),
    "route": (("decide",), ("accept",), (), ()),
    "insist": (("decide",), ("accept",), (), ()),
    "accept": (("accept",), (), (), ()),
    "hand_back": (("accept",), ("decide",), (), ()),
    "arrive": (("arrive",), (), (), ()),
    "submit": (("first_result",), (), (), ()),
    "send_back": ((), ("first_result",), (), ()),
    "close": (ALL, (), (), ()),
    "withdraw": (ALL, (), (), ()),
    "suspend": ((), ("pause",), ("arrive", "first_result", "close"), ()),
    "resume": (("pause",), (), (), ("arrive", "first_result", "close")),
    "hand_over": ((), ("accept",), (), ()),
    "transfer": (("accept", "decide"), ("transfer",), (), ()),
    "take_over": (("transfer",), ("accept",), (), ()),
    "refuse_transfer": (("transfer",), ("accept",), (), ()),
    "reopen": ((), ("accept", "arrive", "first_result", "close"), (), ()),
}
_END = (("triage",), (), (), ())
_TAKEN_UP = ("triage", "dispatch", "watch", "merge", "propose_dismissal")
CLUE = {"create": ((), ("triage",), (), ())} | dict.fromkeys(_TAKEN_UP, _END)
HELP = {
    "create": ((), ("accept", "answer"), (), ()),
    "accept": (("accept",), (), (), ()),
    "answer": (("answer",), (), (), ()),
    "return": ((), ("answer",), (), ()),
    "close": (("accept", "answer"), (), (), ()),
    "withdraw": (("accept", "answer"), (), (), ()),
    "decline": (("accept", "answer"), (), (), ()),
}
ORDER = {
    "create": ((), ("sign", "answer"), (), ()),
    "sign": (("sign",), (), (), ()),
    "answer": (("answer",), (), (), ()),
    "press": ((), ("sign", "answer"), (), ()),
    "lift": (("sign", "answer"), (), (), ()),
    "withdraw": (("sign", "answer"), (), (), ()),
}
MOVES = {"clue": CLUE, "task": TASK, "help": HELP, "supervision": ORDER}


def works(day: date) -> bool:
    """Say whether the city works on a day of the autumn of 2026 (State Council's arrangement)."""
    return day in WORKED or (day not in FREE and day.isoweekday() < 6)


def limit_of(kind: str, code: str, level: str) -> int:
    """Return a limit in minutes, or in working days where it is negative."""
    if kind == "supervision":
        return ORDERS[level][0 if code == "sign" else 1]
    if kind == "help":
        return TABLE[level][1 if code == "accept" else 3]
    fixed = {"decide": DECIDE, "transfer": TRANSFER, "pause": PAUSE}
    return fixed[code] if code in fixed else TABLE[level][PLACE[code]]


def end_of(start: float, limit: int) -> float:
    """Return when a limit ends that begins at `start` (epoch seconds)."""
    if limit >= 0:
        return start + limit * MINUTE
    day, left = datetime.fromtimestamp(start, HERE).date(), -limit
    while left > 0:
        day += timedelta(days=1)
        left -= 1 if works(day) else 0
    midnight = datetime(day.year, day.month, day.day, tzinfo=HERE) + timedelta(days=1)
    return midnight.timestamp()


@dataclass(slots=True)
class Run:
    """One run of a clock: when it began, its span in seconds, when it stood, when it ended."""

    start: float
    span: float
    stood: list[list[float | None]] = field(default_factory=list)
    stop: float | None = None

    @property
    def stands(self) -> bool:
        return bool(self.stood) and self.stood[-1][1] is None

    def moment(self, percent: int) -> float | None:
        """Return when `percent` of the span has run off, None if it stood before that and never went on."""
        left, here = self.span * percent / 100, self.start
        for begin, end in self.stood:
            assert begin is not None
            if here + left <= begin:
                return here + left
            if end is None:
                return None
            left -= begin - here
            here = end
        return here + left

    @property
    def due(self) -> float:
        """When the limit ends: its span and what it stood. What was left, or was late already, stays over a pause."""
        return self.start + self.span + sum(end - begin for begin, end in self.stood if begin and end)

    def points(self, steps: Sequence[float]) -> dict[int, float]:
        """Return warn point → the step (a tick of the worker) at which it must have fired."""
        made = {}
        for percent in POINTS:
            at = self.moment(percent)
            if at is None or (self.stop is not None and at > self.stop + 1e-6):
                continue
            place = bisect_left(steps, at - 1e-6)
            if place < len(steps):
                made[percent] = steps[place]
        return made


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did: at (epoch seconds), to what, which verb, as which version of the record."""

    at: float
    kind: str
    number: str
    verb: str
    version: int
    who: int | None


def replay(kind: str, level: str, acts: Iterable[Act]) -> dict[tuple[str, int], Run]:
    """Return (clock, run number) → its run, for one record whose acts come in order."""
    open_: dict[str, Run] = {}
    runs: dict[str, list[Run]] = defaultdict(list)
    for act in acts:
        stops, starts, stands, goes = MOVES[kind].get(act.verb, ((), (), (), ()))
        for code in (*stops, *(code for code in starts if code in open_)):
            if code in open_:
                open_.pop(code).stop = act.at
        for code in stands:
            if code in open_ and not open_[code].stands:
                open_[code].stood.append([act.at, None])
        for code in goes:
            if code in open_ and open_[code].stands:
                open_[code].stood[-1][1] = act.at
        for code in starts:
            run = Run(act.at, end_of(act.at, limit_of(kind, code, level)) - act.at)
            open_[code] = run
            runs[code].append(run)
    return {(code, place): run for code, several in runs.items() for place, run in enumerate(several, 1)}


@dataclass(frozen=True, slots=True)
class Kept:
    """A clock as the program kept it; times in epoch seconds. `fired`: warn point → all instants it fired at."""

    start: float
    due: float
    stop: float | None
    fired: Mapping[int, Sequence[float]]


def differences(
    records: Mapping[tuple[str, str], str],
    acts: Iterable[Act],
    kept: Mapping[tuple[str, str, str, int], Kept],
    steps: Sequence[float],
) -> tuple[list[str], int, dict[int, int]]:
    """Compare every clock of the program with the replayed one.

    Args:
        records: (kind, number) → level. acts: everything that was done. kept: (kind, number, clock, run) → as kept.
        steps: the instants at which the worker ticked, ascending.

    Returns:
        What differs in words; how many clocks were compared; warn point → how many fired.
    """
    by_record: dict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in acts:
        by_record[act.kind, act.number].append(act)
    wrong: list[str] = []
    seen: set[tuple[str, str, str, int]] = set()
    counted = dict.fromkeys(POINTS, 0)
    for (kind, number), level in records.items():
        mine = sorted(by_record[kind, number], key=lambda act: act.version)
        for (code, run), wanted in replay(kind, level, mine).items():
            key = (kind, number, code, run)
            seen.add(key)
            found = kept.get(key)
            if found is None:
                wrong.append(f"{key}: the program has no such clock")
                continue
            wrong += [f"{key} {why}" for why in _unlike(wanted, found, steps)]
            for percent, times in found.fired.items():
                counted[percent] += len(times)
    wrong += [f"{key}: nobody started it" for key in kept.keys() - seen]
    return wrong, len(seen), counted


def _unlike(wanted: Run, found: Kept, steps: Sequence[float]) -> list[str]:
    made = []
    if abs(wanted.start - found.start) > 1e-3:
        made.append(f"starts {_at(found.start)}, should {_at(wanted.start)}")
    if abs(wanted.due - found.due) > 1e-3:
        made.append(f"ends {_at(found.due)}, should {_at(wanted.due)}")
    if (wanted.stop is None) != (found.stop is None) or abs((wanted.stop or 0.0) - (found.stop or 0.0)) > 1e-3:
        made.append(f"stopped {_at(found.stop)}, should {_at(wanted.stop)}")
    points = wanted.points(steps)
    twice = [percent for percent, times in found.fired.items() if len(times) != 1]
    if twice:
        made.append(f"fired more than once: {twice}")
    told = {percent: times[0] for percent, times in found.fired.items()}
    if told != points:
        made.append(f"fired {_points(told)}, should {_points(points)}")
    return made


def _points(points: Mapping[int, float]) -> dict[int, str]:
    return {percent: _at(at) for percent, at in sorted(points.items())}


def _at(instant: float | None) -> str:
    return "never" if instant is None else datetime.fromtimestamp(instant, HERE).isoformat()


def quantiles(values: Sequence[float], shares: Iterable[float]) -> list[float]:
    """Return the values that the shares of all do not exceed (nearest rank)."""
    ranked: list[float] = sorted(values)
    return [ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)] for share in shares] if ranked else []


def no_difference(name: str, left: Any, right: Any, say: Callable[[str], None]) -> None:
    """Say that two sides of the books differ."""
    if left != right:
        say(f"{name}: {left!r} against {right!r}")
