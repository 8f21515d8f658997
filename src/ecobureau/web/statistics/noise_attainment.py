"""Whether levels of noise keep the limits of their zone, counted; levels of spans and zones. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

from ecobureau.domain.noise import DayPart, NoiseRules, judge_level, judge_night_lmax, ldn, span_level
from ecobureau.domain.rounding import fraction_of, half_even
from ecobureau.web.statistics.models import NoiseSummary


@dataclass(slots=True)
class Counts:
    """Point-days, point-nights and nights by their highest level: in all and within limits."""

    day_total: int = 0
    day_within: int = 0
    night_total: int = 0
    night_within: int = 0
    peak_total: int = 0
    peak_within: int = 0

    def add(self, other: Counts | NoiseSummary) -> None:
        """Add what another has counted."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def as_fields(self) -> dict[str, int]:
        """Return the counts by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def judged_day(levels: Mapping[str, float], zone: str, rules: NoiseRules) -> Counts:
    """Return whether a date's valid levels keep the limits of a zone; nothing is counted without a zone.

    Args:
        levels: `ld`, `ln`, `peak` in dB(A), those that are valid.
    """
    found = Counts()
    if zone not in rules.zones:
        return found
    if "ld" in levels:
        found.day_total, found.day_within = 1, int(keeps(levels["ld"], "day", zone, rules))
    if "ln" in levels:
        found.night_total, found.night_within = 1, int(keeps(levels["ln"], "night", zone, rules))
    if "peak" in levels:
        found.peak_total = 1
        found.peak_within = int(judge_night_lmax(levels["peak"], rules, "gb3096", zone).within)
    return found


def settled(level: float) -> float:
    """Return a level as it is compared with a limit: without the last digits, which the arithmetic of floats leaves."""
    return round(level, 9)


def keeps(level: float, part: DayPart, zone: str, rules: NoiseRules) -> bool:
    """Return whether a level keeps the limit of a zone."""
    return judge_level(settled(level), part, rules, "gb3096", zone).within


def span_levels(days: Mapping[str, Sequence[float]], rules: NoiseRules) -> dict[str, float]:
    """Return the levels of a span from its valid daily ones: Ld and Ln as energy means, Ldn of these two."""
    found = {item: span_level(days[item]) for item in ("ld", "ln") if days.get(item)}
    if len(found) == 2:
        found["ldn"] = ldn(found["ld"], found["ln"], rules.penalty)
    if days.get("peak"):
        found["peak"] = max(days["peak"])
    return found


def zone_mean(points: Iterable[NoiseSummary], item: str, rules: NoiseRules) -> float | None:
    """Return the arithmetic mean of the points' levels, rounded as city statistics are; None without any."""
    values = [fraction_of(value) for one in points if (value := getattr(one, item)) is not None]
    return float(half_even(sum(values, Fraction(0)) / len(values), rules.decimals)) if values else None


def result_words(row: NoiseSummary) -> str:
    """Return what a summary says in short, as revisions keep it: days and nights within limits, of all."""
    zone = f"{row.zone} " if row.zone else ""
    return f"{zone}Ld {row.day_within}/{row.day_total}, Ln {row.night_within}/{row.night_total}"
