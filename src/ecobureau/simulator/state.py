"""What a run remembers for the next one: up to when each logger collected, what it still owes, past incidents.

With it, a city that was switched off back-fills exactly what it missed, with the same values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ecobureau.simulator import content
from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.logger import Logger
from ecobureau.simulator.times import DAY, EAST

PERIODS = (content.MINUTE, content.HOUR_DATA, content.DAY_DATA)
SHORT_GAP = 600
"""Seconds."""


@dataclass(slots=True)
class State:
    """Contents of a state file.

    Attributes:
        seed: the city's seed. collected: MN -> epoch up to which all periods were made.
        owed: MN -> [command, start] of periods made but not answered. incidents: those of all runs so far.
        settings: MN -> fields of the plan that the platform has changed.
    """

    seed: int = 1
    collected: dict[str, int] = field(default_factory=dict)
    owed: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    settings: dict[str, dict[str, str | int | None]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> State:
        """Return the state in `path`; a fresh one where there is none or it cannot be read."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                seed=raw["seed"],
                collected=raw["collected"],
                owed={mn: [(cn, start) for cn, start in owed] for mn, owed in raw["owed"].items()},
                incidents=[Incident(**one) for one in raw["incidents"]],
                settings=raw["settings"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, path: Path) -> None:
        """Write the file whole (readable by the owner alone: it may hold a password)."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)


def owed_by(logger: Logger) -> list[tuple[str, int]]:
    """Return the periods that a logger has collected and nobody answered."""
    messages = [*logger.live, *logger.shelf.messages]
    if logger.waiting is not None:
        messages.append(logger.waiting.message)
    return [(message.cn, message.start) for message in messages if message.cn in PERIODS]


def missed(logger: Logger, since: int, until: int) -> list[tuple[str, int]]:
    """Return what a logger would have sent after `since` and collected up to `until`, oldest first.

    Minute data go back one day at most; real-time data come only where the gap is short (a logger that was started
    again, not one that stood still).
    """
    found: list[tuple[int, str, int]] = []
    for cn in (*PERIODS, content.RT) if until - since <= SHORT_GAP else PERIODS:
        step = logger.timetable.step(cn)
        length = 0 if cn == content.RT else step
        east = EAST if cn == content.DAY_DATA else 0
        after = (max(since, until - DAY) if cn == content.MINUTE else since) - logger.timetable.lag(cn)
        start = (int(after) - length + east) // step * step - east
        while start + length <= until:
            if start + length > after:
                found.append((start + length, cn, start))
            start += step
    return [(cn, start) for _end, cn, start in sorted(found)]


def take_up(state: State, loggers: Sequence[Logger], now: int) -> int:
    """Give every logger the back-fill that an earlier run left to it; return how many uploads that are."""
    count = 0
    for logger in loggers:
        mn = logger.plan.mn
        owed = list(state.owed.get(mn, ()))
        if mn in state.collected:
            owed += [one for one in missed(logger, state.collected[mn], now) if one not in owed]
        logger.shelf.owes = [(cn, start) for cn, start in owed if start >= now - 8 * DAY]
        count += len(logger.shelf.owes)
    return count


def note(state: State, loggers: Sequence[Logger], now: int) -> None:
    """Bring `state` up to date."""
    for logger in loggers:
        state.collected[logger.plan.mn] = now
        state.owed[logger.plan.mn] = [*owed_by(logger), *logger.shelf.owes]
        state.settings[logger.plan.mn] = {
            "pw": logger.plan.pw,
            "key": logger.plan.key,
            "rtd_interval": logger.plan.rtd_interval,
            "minute_interval": logger.plan.minute_interval,
        }
    state.incidents = [one for one in state.incidents if one.end > now - 9 * DAY]
