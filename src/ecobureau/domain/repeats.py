"""Whether two reports may be the same matter: place, time and text. Proposes with reasons; a person decides.

Text likeness is the Dice coefficient of character bigrams, which needs no list of words and so serves Chinese as it is
written. Thresholds come from the rule pack `sla` (`merge.*`; workflow reference 1.6).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

from ecobureau.domain.geo import distance_m

_STOP = frozenset("的了在有是和与及或被我你他她们这那个一很都也就还吗呢吧啊请")
"""Function words of one character: they stand in every report and tell nothing apart."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is compared of a report.

    Attributes:
        subject: stable name of what it is about ('outlet:12'), '' where unknown.
        scenario: kind of scene; lon, lat: degrees or None; at: epoch seconds of the fact; text: title and words.
        spoken: written by people. Sentences that rules make are alike for every plant: their likeness says nothing.
    """

    subject: str
    scenario: str
    lon: float | None
    lat: float | None
    at: float
    text: str
    spoken: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """When two reports may be one: radius in m, gap in hours, likeness 0 to 1; for texts, their gap and radius."""

    radius_m: float
    hours: float
    text: float
    text_hours: float
    text_radius_m: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a repeat: message code and parameters."""

    code: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much two reports look like one matter: 0 to 1 for sorting, and why."""

    score: float
    reasons: tuple[Reason, ...]


def plain(text: str) -> str:
    """Return a text for comparison: full-width made plain, lower case, letters and digits only, stop characters out."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(sign for sign in folded if sign.isalnum() and sign not in _STOP)


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1: Dice coefficient of their character bigrams.

    Texts of fewer than four telling characters are too short to say anything: 0, even when they are equal.
    """
    left, right = _grams(one), _grams(other)
    if left is None or right is None:
        return 0.0
    shared = sum((left & right).values())
    return 2.0 * shared / (left.total() + right.total())


def _grams(text: str) -> Counter[str] | None:
    signs = plain(text)
    if len(signs) < 4:
        return None
    return Counter(signs[at : at + 2] for at in range(len(signs) - 1))


def compare(one: Told, other: Told, bounds: Bounds) -> Likeness | None:
    """Return whether two reports may be the same matter, None where nothing speaks for it.

    Any of these is enough: the same subject; nearer than the radius, of the same kind and within the hours; texts of
    people that are alike, within the hours and (where both have a place) the radius for texts.
    """
    hours = abs(one.at - other.at) / 3600.0
    away = None
    if one.lon is not None and one.lat is not None and other.lon is not None and other.lat is not None:
        away = distance_m(one.lon, one.lat, other.lon, other.lat)
    reasons: list[Reason] = []
    strength = 0.0
    if one.subject and one.subject == other.subject:
        reasons.append(Reason("repeat.subject", {}))
        strength = 0.9
    if away is not None and away <= bounds.radius_m and one.scenario == other.scenario and hours <= bounds.hours:
        reasons.append(Reason("repeat.near", {"m": round(away), "h": f"{hours:.1f}"}))
        closeness = 1.0 - 0.5 * (away / bounds.radius_m) - 0.25 * (hours / bounds.hours)
        strength = max(strength, 0.8 * closeness) + (0.05 if strength else 0.0)
    alike = likeness(one.text, other.text) if one.spoken and other.spoken else 0.0
    close_enough = away is None or away <= bounds.text_radius_m
    if alike >= bounds.text and hours <= bounds.text_hours and close_enough:
        reasons.append(Reason("repeat.text", {"percent": round(100 * alike)}))
        strength = max(strength, 0.75 * alike) + (0.1 if strength else 0.0)
    if not reasons:
        return None
    return Likeness(round(min(1.0, strength), 3), tuple(reasons))
