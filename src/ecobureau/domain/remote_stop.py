"""Remote stop of construction noise (远程喊停): is night work covered by a permit, and has it stopped?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ecobureau.domain.noise import weighted_leq


class Cover(StrEnum):
    """What a permit is worth at an instant."""

    COVERS = "covers"
    NOT_YET = "not_yet"
    OVER = "over"
    NO_NOTICE = "no_notice"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit of night work.

    Attributes:
        begins, ends: instants between which it holds, the end excluded. repair: urgent repair or rescue, which needs no
        notice. noticed_on: day of the public notice (Beijing), None = none. revoked: taken back.
    """

    begins: datetime
    ends: datetime
    repair: bool = False
    noticed_on: date | None = None
    revoked: bool = False


def cover(permit: Permit, at: datetime, today: date) -> Cover:
    """Say whether a permit covers work at an instant.

    Args:
        at: aware instant. today: its day (Beijing).

    Source: Ecological Environment Code art. 572 (no night work but repair or proven need, with public notice).
    """
    if permit.revoked:
        return Cover.REVOKED
    if at < permit.begins:
        return Cover.NOT_YET
    if at >= permit.ends:
        return Cover.OVER
    noticed = permit.noticed_on is not None and permit.noticed_on <= today
    return Cover.COVERS if permit.repair or noticed else Cover.NO_NOTICE


@dataclass(frozen=True, slots=True)
class Level:
    """An equivalent level in dB(A) over [start, end)."""

    start: datetime
    end: datetime
    level: float


class Verdict(StrEnum):
    STOPPED = "stopped"
    RUNNING = "running"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Verified:
    """What the levels after an order say: verdict, Leq in dB(A) (None without levels), covered share of the window."""

    verdict: Verdict
    leq: float | None
    covered: float


def mean_level(levels: Sequence[Level], start: datetime, end: datetime) -> tuple[float | None, float]:
    """Return the energy mean of the levels that lie wholly in [start, end], and the share of it they cover (0 … 1)."""
    inside = [one for one in levels if start <= one.start < one.end <= end]
    if not inside or end <= start:
        return None, 0.0
    lengths = [(one.end - one.start).total_seconds() for one in inside]
    return weighted_leq([one.level for one in inside], lengths), min(sum(lengths) / (end - start).total_seconds(), 1.0)


def verify(
    levels: Sequence[Level], ordered_at: datetime, *, limit: float, settle_min: float, verify_min: float, share: float
) -> Verified:
    """Say whether work has stopped, by the levels from `settle_min` to `verify_min` minutes after the order.

    Args:
        levels: of the noise station, periods that do not overlap. limit: dB(A); a level equal to it is within it.
        settle_min: minutes that machines have to come to a stop, which do not count.
        share: least share of the window that must be covered by data.
    """
    start, end = ordered_at + timedelta(minutes=settle_min), ordered_at + timedelta(minutes=verify_min)
    level, covered = mean_level(levels, start, end)
    if level is None or covered < share:
        return Verified(Verdict.TOO_FEW, level, covered)
    return Verified(Verdict.STOPPED if level <= limit else Verdict.RUNNING, level, covered)
