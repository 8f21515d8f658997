"""Levels against limits: zones, boundaries, construction sites, indoors, sudden noise at night, background noise.

A level equal to its limit is within it. Whether a level is rounded before the comparison is a setting of the pack
(`verdict_decimals`); the standards' own text does not ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.noise.rules import DayPart, NoiseRules, Pair
from ecobureau.domain.rounding import decimal_of, fraction_of, half_even, plain
from ecobureau.domain.rules import Entry

Standard = Literal["gb3096", "gb12348", "gb22337", "gb12523"]
Sudden = Literal["frequent", "occasional"]


class NoLimit(KeyError):
    """The standard has no such limit: message code and its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level against a limit.

    Attributes:
        level: as compared; limit: in dB(A); over: level - limit, 0 or below where it is kept.
        within: whether the limit is kept; entry: where the limit stands written.
    """

    level: Decimal
    limit: Decimal
    within: bool
    entry: Entry

    @property
    def over(self) -> Decimal:
        return self.level - self.limit


def limit_pair(rules: NoiseRules, standard: Standard, zone: str = "") -> Pair:
    """Return the limits of day and night.

    Args:
        standard: gb3096 zone, gb12348 industrial boundary, gb22337 social life, gb12523 construction site (the edition
            of the day for which the rules were read).
        zone: 0, 1, 2, 3, 4a, 4b in GB 3096; 0 … 4 at boundaries; none for construction.

    Raises:
        NoLimit: no such zone there.
    """
    if standard == "gb12523":
        return rules.construction
    table = {"gb3096": rules.zones, "gb12348": rules.industry, "gb22337": rules.social}[standard]
    if zone not in table:
        raise NoLimit("noise.no_zone", zone=zone, zones=", ".join(table))
    return table[zone]


def judge_level(
    level: float,
    part: DayPart,
    rules: NoiseRules,
    standard: Standard,
    zone: str = "",
    *,
    indoors: bool = False,
    rounded: bool = False,
) -> Verdict:
    """Return whether an equivalent level keeps its limit.

    Args:
        level: Leq in dB(A). part: day or night.
        indoors: measured in the room of the sensitive building because the boundary is closer than 1 m: limit - 10
            (GB 12348 4.1.5, GB 22337 4.1.3, GB 12523 4.3).
        rounded: compare the level rounded to `rules.verdict_decimals`.

    Raises:
        NoLimit: no such zone, or GB 3096 indoors.
    """
    pair = limit_pair(rules, standard, zone)
    limit = decimal_of(pair.at(part))
    if indoors:
        if standard not in rules.indoor_minus:
            raise NoLimit("noise.no_indoor", standard=standard)
        limit -= decimal_of(rules.indoor_minus[standard])
    return _verdict(level, limit, pair.entry, rules.verdict_decimals if rounded else None)


def judge_indoor(level: float, part: DayPart, rules: NoiseRules, room: str, zone: str) -> Verdict:
    """Return whether structure-borne noise in a room keeps its limit (GB 12348, GB 22337 table 2).

    Args:
        room: A (sleep at night) or B (other). zone: 0 … 4.

    Raises:
        NoLimit: no such room and zone.
    """
    pair = rules.indoor.get((room, zone))
    if pair is None:
        raise NoLimit("noise.no_room", room=room, zone=zone)
    return _verdict(level, decimal_of(pair.at(part)), pair.entry, None)


def judge_night_lmax(
    lmax: float, rules: NoiseRules, standard: Standard, zone: str = "", kind: Sudden | None = None
) -> Verdict:
    """Return whether the highest level of a night keeps its limit. Each point is judged alone.

    Args:
        kind: GB 12348 only: `frequent` noise may exceed the night limit by 10 dB, `occasional` by 15 dB (4.1.2, 4.1.3).

    Raises:
        NoLimit: no such zone, the kind is missing for GB 12348, or the standard has no such rule (GB 22337).
    """
    pair = limit_pair(rules, standard, zone)
    if standard == "gb22337" or (standard == "gb12348") != (kind is not None):
        raise NoLimit("noise.no_lmax", standard=standard)
    name = {"gb3096": "zone", "gb12523": "construction"}.get(standard, kind or "")
    limit = decimal_of(pair.night) + decimal_of(rules.night_lmax[name])
    entry = rules.entries[f"{standard}.night_lmax"]
    return _verdict(lmax, limit, entry, None)


def _verdict(level: float, limit: Decimal, entry: Entry, decimals: int | None) -> Verdict:
    compared = decimal_of(float(level)) if decimals is None else half_even(float(level), decimals)
    return Verdict(compared, limit, compared <= limit, entry)


def explain_verdict(verdict: Verdict, part: DayPart) -> Derivation:
    """Return how a verdict came about."""
    params: dict[str, object] = {
        "level": plain(verdict.level),
        "limit": plain(verdict.limit),
        "part": Code(f"noise.part.{part}"),
        "over": plain(verdict.over),
    }
    code = "noise.step.within" if verdict.within else "noise.step.over"
    step = Step(verdict.entry.source, verdict.entry.clause, code, params, verdict.within)
    return Derivation((step,), (Input("noise.input.level", plain(verdict.level), "dB"),))


@dataclass(frozen=True, slots=True)
class Corrected:
    """A level without its background.

    Attributes:
        level: corrected, None where the background is too near: reduce it and measure again.
        difference: whole number the table was read by, None where none was needed.
        correction: what was taken off, in dB.
    """

    level: Decimal | None
    difference: int | None
    correction: Decimal


def subtract_background(measured: float, background: float, rules: NoiseRules) -> Corrected:
    """Return a measured level corrected for background noise by the table of GB 12348-2008 5.7.

    A difference above 10 dB needs none. From 3 to 10 dB it is made a whole number first (half to even) and the table is
    read: 3 takes 3 off, 4 and 5 take 2, 6 to 10 take 1. Below 3 dB there is no result.
    """
    gap = fraction_of(measured) - fraction_of(background)
    level = decimal_of(measured)
    if gap > rules.background_none:
        return Corrected(level, None, Decimal(0))
    if gap < min(rules.background):
        return Corrected(None, None, Decimal(0))
    whole = int(half_even(gap, 0))
    correction = decimal_of(rules.background[whole])
    return Corrected(level - correction, whole, correction)


def explain_background(measured: float, background: float, rules: NoiseRules) -> Derivation:
    """Return how a correction came about."""
    found = subtract_background(measured, background, rules)
    entry = rules.entries["background"]
    params: dict[str, object] = {
        "measured": plain(measured),
        "background": plain(background),
        "difference": "-" if found.difference is None else found.difference,
        "correction": plain(found.correction),
        "level": "-" if found.level is None else plain(found.level),
    }
    code = "noise.step.background"
    if found.level is None:
        code = "noise.step.background_near"
    elif found.difference is None:
        code = "noise.step.background_none"
    inputs = (
        Input("noise.input.level", plain(measured), "dB"),
        Input("noise.input.background", plain(background), "dB"),
    )
    return Derivation((Step(entry.source, entry.clause, code, params, params["level"]),), inputs)
