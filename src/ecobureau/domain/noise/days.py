"""Days and longer spans of an automatic station of noise, from its hourly levels; with how each came about.

Hours are a row of natural days, 24 to a day, cell = start of the hour (local); NaN = none or not valid. A night
counts to the date on which it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.noise.city import Attainment
from ecobureau.domain.noise.levels import DAY_HOURS, NIGHT_HOURS, Floats, ldn, leq, percentile_level, weighted_leq
from ecobureau.domain.noise.rules import DayPart, Hours, NoiseRules
from ecobureau.domain.noise.series import HOUR, SECOND, Period, periods
from ecobureau.domain.noise.validity import hour_is_valid, period_is_valid
from ecobureau.domain.rounding import plain

DayItem = Literal["ld", "ln", "ldn", "peak"]
_EPOCH = datetime.combine(date(1970, 1, 1), time())
_ITEMS: dict[str, DayItem] = {"Ld": "ld", "Ln": "ln", "Ldn": "ldn"}


@dataclass(frozen=True, slots=True)
class DayLevel:
    """A level of a date: unrounded dB(A), whether enough hours were valid, how many, and a note (message code)."""

    value: float
    valid: bool
    hours: int
    note: str = ""


def day_levels(
    first: date, hours: Floats, rules: NoiseRules, hours_of: Callable[[date], Hours] | None = None
) -> dict[date, dict[DayItem, DayLevel]]:
    """Return Ld, Ln and Ldn of every date that has one.

    Args:
        first: first natural day of `hours`, shape (days * 24,), hourly Leq in dB(A).
        hours_of: hours of day and night of a date; default: those of `rules`.

    The first date lacks its morning's night and the last date its night after midnight unless the row reaches there.
    """
    there = np.flatnonzero(np.isfinite(hours))
    found: dict[date, dict[DayItem, DayLevel]] = {}
    if not there.size:
        return found
    start = (first - _EPOCH.date()).days * 24
    times = (start + there).astype(np.int64) * HOUR
    for one in periods(times, hours[there], rules, interval=HOUR, hours_of=hours_of):
        item = _ITEMS.get(one.kind)
        if item is not None:
            level = DayLevel(one.leq, bool(one.valid), one.count, one.note)
            found.setdefault(_date_of(one), {})[item] = level
    return found


def _date_of(one: Period) -> date:
    at = one.end - 1 if one.note else one.start
    return (_EPOCH + timedelta(seconds=at / SECOND)).date()


def night_peak(
    first: date, lmax: Floats, on: date, rules: NoiseRules, hours_of: Callable[[date], Hours] | None = None
) -> DayLevel | None:
    """Return the highest level of the night that begins on a date, None without any hour of it.

    Args:
        first: first natural day of `lmax`, shape (days * 24,), highest level of each hour in dB(A).
    """
    some = lmax[part_slice(first, on, "night", (hours_of or (lambda _: rules.hours))(on))]
    known = some[np.isfinite(some)]
    if not known.size:
        return None
    return DayLevel(float(known.max()), period_is_valid(int(known.size), NIGHT_HOURS, rules), int(known.size))


def part_slice(first: date, on: date, part: DayPart, hours: Hours) -> slice:
    """Return where the hours that begin in the day or night of a date lie in a row that begins with `first`."""
    begin, end = hours.span(on, part)
    midnight = datetime.combine(first, time())
    low = -int(-((begin - midnight) / timedelta(hours=1)) // 1)
    high = -int(-((end - midnight) / timedelta(hours=1)) // 1)
    return slice(max(low, 0), max(high, 0))


@dataclass(frozen=True, slots=True)
class HourLevel:
    """An hour reckoned from shorter levels, dB(A); percentiles are those of the shorter levels, None of one alone."""

    leq: float
    l10: float | None
    l50: float | None
    l90: float | None


def hour_from_minutes(levels: Sequence[float], seconds: Sequence[float], rules: NoiseRules) -> HourLevel | None:
    """Return an hour's levels from those of its minutes; None where fewer minutes are valid than the rules ask for.

    Args:
        levels: Leq of the valid minutes; seconds: how long each is.
    """
    if not levels or not hour_is_valid(sum(seconds) / 60, rules):
        return None
    several = len(levels) > 1
    shares = [percentile_level(levels, share) if several else None for share in (10, 50, 90)]
    return HourLevel(weighted_leq(levels, seconds), *shares)


def span_level(levels: Sequence[float] | Floats) -> float:
    """Return the level of a month, quarter or year: the energy mean of its valid days, each counting once.

    Raises:
        NoLevels: there is none.

    >>> round(span_level([50.0, 60.0]), 2)
    57.4
    """
    return leq(levels)


def span_is_valid(days: int, length: int, rules: NoiseRules) -> bool:
    """Whether a month, quarter or year counts: the share of valid days that the pack asks for (a proposal)."""
    return days >= rules.span_share * length


# --- how they came about ----------------------------------------------------------------------------------------------


def explain_part(
    part: DayPart, hours: Sequence[tuple[str, float | None, str]], rules: NoiseRules, *, peak: bool = False
) -> Derivation:
    """Return how Ld, Ln or the night's highest level came about.

    Args:
        hours: (time, level or None, message code of why it does not count or empty), in order.
    """
    length = NIGHT_HOURS if part == "night" else DAY_HOURS
    name = "noise.input.hour_max" if peak else "noise.input.hour"
    inputs = tuple(
        Input(
            name,
            "" if value is None else plain(value, 1),
            "dB",
            not reason and value is not None,
            reason or ("" if value is not None else "noise.input.missing"),
            at,
        )
        for at, value, reason in hours
    )
    known = [value for _, value, reason in hours if value is not None and not reason]
    if not known:
        return Derivation((Step("GB 3096-2008", "", "noise.none.levels"),), inputs)
    level = max(known) if peak else leq(known)
    params: dict[str, object] = {"count": len(known), "leq": plain(level, 3)}
    code = "noise.step.peak" if peak else "noise.step.hours"
    entry = rules.entries["auto.period_share"]
    needed: dict[str, object] = {
        "part": Code(f"noise.part.{part}"),
        "count": len(known),
        "length": length,
        "needed": plain(rules.period_share * length),
    }
    good = period_is_valid(len(known), length, rules)
    return Derivation(
        (
            Step("GB 3096-2008", "Lmax" if peak else "Leq", code, params, plain(level, 3)),
            Step(entry.source, entry.clause, "noise.step.part_valid", needed, good),
        ),
        inputs,
    )


def explain_span(name: str, days: Mapping[date, float], length: int, rules: NoiseRules) -> Derivation:
    """Return how the level of a month, quarter or year came about.

    Args:
        name: message code of the level. days: valid daily levels; length: days of the span.
    """
    inputs = tuple(Input(name, plain(value, 1), "dB", at=on.isoformat()) for on, value in sorted(days.items()))
    if not days:
        return Derivation((Step("GB 3096-2008", "", "noise.none.levels"),), inputs)
    how, share = rules.entries["auto.span_mean"], rules.entries["auto.span_share"]
    level = span_level([days[on] for on in sorted(days)])
    params: dict[str, object] = {"count": len(days), "leq": plain(level, 3)}
    needed: dict[str, object] = {"count": len(days), "length": length, "needed": plain(rules.span_share * length)}
    return Derivation(
        (
            Step(how.source, how.clause, "noise.step.days", params, plain(level, 3)),
            Step(share.source, share.clause, "noise.step.span_valid", needed, span_is_valid(len(days), length, rules)),
        ),
        inputs,
    )


def explain_span_ldn(ld: float, ln: float, rules: NoiseRules) -> Derivation:
    """Return how Ldn of a span came about from its Ld and Ln."""
    entry = rules.entries["ldn_penalty"]
    value = ldn(ld, ln, rules.penalty)
    params: dict[str, object] = {
        "ld": plain(ld, 3),
        "ln": plain(ln, 3),
        "penalty": plain(rules.penalty),
        "ldn": plain(value, 3),
    }
    inputs = (Input("noise.input.ld", plain(ld, 3), "dB"), Input("noise.input.ln", plain(ln, 3), "dB"))
    return Derivation((Step(entry.source, entry.clause, "noise.step.ldn", params, plain(value, 3)),), inputs)


def explain_attainment(found: Attainment, part: DayPart, rules: NoiseRules) -> Derivation:
    """Return how the attainment of zones came about, zone by zone and in total."""
    entry = rules.entries["auto.zone_mean"]
    steps = []
    for zone in (*sorted(found.total), None):
        rate = found.rate(zone)
        if rate is None:
            continue
        limit = rules.zones[zone] if zone is not None else None
        params: dict[str, object] = {
            "part": Code(f"noise.part.{part}"),
            "zone": zone or Code("noise.zone.all"),
            "within": found.within.get(zone, 0) if zone is not None else sum(found.within.values()),
            "total": found.total[zone] if zone is not None else sum(found.total.values()),
            "rate": plain(rate * 100, 1),
            "limit": plain(limit.at(part)) if limit is not None else "",
        }
        code = "noise.step.attained" if limit is not None else "noise.step.attained_all"
        source = limit.entry if limit is not None else entry
        steps.append(Step(source.source, source.clause, code, params, f"{plain(rate * 100, 1)} %"))
    return Derivation(tuple(steps))
