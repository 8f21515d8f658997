"""How urgent a clue looks (0-100): the rating of severity and confidence, lifted by people near, wind and repeats.

The base is severity x 20 x confidence, the one table of the house. Each lift takes its share of what is left up to 100,
so that a lift never overtakes certainty and never lowers anything. The score sorts; the level is decided elsewhere.
All numbers come from the rule pack `risk`, which is a proposal of ours and not law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ecobureau.domain.rules import RulePack


@dataclass(frozen=True, slots=True)
class Weights:
    """The numbers of the rule pack `risk` on one day; see the pack for their meaning and units."""

    severity_of_level: Mapping[str, int]
    confidence_of_source: Mapping[str, float]
    radius_m: Mapping[str, float]
    near: Mapping[str, Mapping[str, float]]
    near_most: float
    repeat_each: float
    repeat_most: float
    repeat_days: int
    wind: float
    wind_half_angle: float
    wind_calm: float
    wind_station_km: float
    wind_oldest_h: float
    per_severity: float


@dataclass(frozen=True, slots=True)
class Near:
    """A sensitive place near a clue: kind, name, distance in m, direction from the clue in degrees from north."""

    kind: str
    name: str
    distance_m: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class Wind:
    """Measured wind: speed in m/s, direction it comes FROM in degrees clockwise from north, where and when."""

    speed: float
    comes_from: float
    station: str
    distance_km: float
    at: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score: `code` names its sentence, `points` what it adds (may be negative for confidence)."""

    code: str
    points: int
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Risk:
    """The score, 0 to 100, and its parts; the points of the parts add up to the score."""

    score: int
    parts: tuple[Part, ...]


def read_weights(risk: RulePack, kinds: RulePack, on: date) -> Weights:
    """Return the weights in force on a day.

    Args:
        risk: pack `risk`; kinds: pack `scenario_kinds` (for `risk.per_severity`); on: day in Asia/Shanghai.

    Raises:
        NoRule: an entry is missing on that day.
    """

    def number(key: str) -> float:
        return float(str(risk.at(key, on).value))

    def table(key: str) -> dict[str, float]:
        value = risk.at(key, on).value
        assert isinstance(value, Mapping)
        return {str(name): float(str(each)) for name, each in value.items()}

    return Weights(
        severity_of_level={name: int(each) for name, each in table("severity.of_level").items()},
        confidence_of_source=table("confidence.of_source"),
        radius_m=table("near.radius_m"),
        near={medium: table(f"near.weight.{medium}") for medium in ("air", "water", "any")},
        near_most=number("near.most"),
        repeat_each=number("repeats.each"),
        repeat_most=number("repeats.most"),
        repeat_days=int(number("repeats.days")),
        wind=number("wind.weight"),
        wind_half_angle=number("wind.half_angle"),
        wind_calm=number("wind.calm_below"),
        wind_station_km=number("wind.station_km"),
        wind_oldest_h=number("wind.oldest_h"),
        per_severity=float(str(kinds.at("risk.per_severity", on).value)),
    )


def near_share(places: Sequence[Near], medium: str, weights: Weights) -> tuple[float, tuple[Near, ...]]:
    """Return the share (0 to `near_most`) of the places that count for a medium, and those places, nearest first.

    A place counts in full at distance 0 and not at all from its radius on; of each kind only the nearest counts.
    """
    table = weights.near.get(medium, weights.near["any"])
    share, counted = 0.0, []
    seen: set[str] = set()
    for place in sorted(places, key=lambda each: each.distance_m):
        radius = weights.radius_m.get(place.kind, 0.0)
        weight = table.get(place.kind, 0.0)
        if weight <= 0 or place.distance_m >= radius:
            continue
        counted.append(place)
        if place.kind not in seen:
            seen.add(place.kind)
            share += weight * (1 - place.distance_m / radius)
    return min(weights.near_most, share), tuple(counted)


def downwind(place: Near, wind: Wind, weights: Weights) -> bool:
    """Say whether the wind blows towards a place: within the half angle of its direction, and not calm."""
    if wind.speed < weights.wind_calm:
        return False
    towards = (wind.comes_from + 180.0) % 360.0
    turn = abs((place.bearing_deg - towards + 180.0) % 360.0 - 180.0)
    return turn <= weights.wind_half_angle


def score(
    *,
    severity: int,
    confidence: float,
    medium: str,
    weights: Weights,
    near: Sequence[Near] = (),
    repeats: int = 0,
    wind: Wind | None = None,
    located: bool = True,
    rated: int | None = None,
) -> Risk:
    """Return the risk of a clue with its parts.

    Args:
        severity: 1 to 5; confidence: 0 to 1. medium: `air`, `water` or `any` (what reaches people).
        near: sensitive places round it; repeats: further reports of the same matter; wind: None = not known.
        located: the clue has a point; without one nothing can be said of places and wind.
        rated: what the judge has made of severity and confidence itself, in place of the table.

    Raises:
        ValueError: severity or confidence out of range, negative repeats.
    """
    if not 1 <= severity <= 5 or not 0.0 <= confidence <= 1.0 or repeats < 0:
        raise ValueError(f"severity {severity}, confidence {confidence}, repeats {repeats}")
    full = max(0, min(100, round(severity * weights.per_severity)))
    base = round(full * confidence) if rated is None else max(0, min(100, rated))
    total = _Total(base)
    total.parts += [
        Part("risk.severity", full, {"severity": severity}),
        Part("risk.confidence", base - full, {"confidence": f"{confidence:.2f}"}),
    ]
    if located:
        _lift_around(total, near, medium, weights, wind)
    else:
        total.lift("risk.near.no_place", 0.0)
        total.lift("risk.wind.no_place", 0.0)
    share = min(weights.repeat_most, weights.repeat_each * repeats)
    total.lift("risk.repeats" if repeats else "risk.repeats.none", share, n=repeats)
    return Risk(round(total.reached), tuple(total.parts))


class _Total:
    """The score as it grows; each lift takes its share of what is left up to 100."""

    def __init__(self, base: int) -> None:
        self.reached = float(base)
        self.parts: list[Part] = []

    def lift(self, code: str, share: float, **params: object) -> None:
        before = round(self.reached)
        self.reached += (100.0 - self.reached) * share
        self.parts.append(Part(code, round(self.reached) - before, params))


def _lift_around(total: _Total, near: Sequence[Near], medium: str, weights: Weights, wind: Wind | None) -> None:
    """Add the parts of sensitive places and wind; what is not known is said, and adds nothing."""
    share, counted = near_share(near, medium, weights)
    if counted:
        first = counted[0]
        total.lift("risk.near", share, n=len(counted), kind=first.kind, name=first.name, m=round(first.distance_m))
    else:
        total.lift("risk.near.none", 0.0)
    if medium == "water":
        total.lift("risk.wind.not_asked", 0.0)
        return
    if wind is None:
        total.lift("risk.wind.unknown", 0.0)
        return
    said: dict[str, object] = {
        "speed": f"{wind.speed:.1f}",
        "comes_from": round(wind.comes_from),
        "station": wind.station,
        "km": f"{wind.distance_km:.1f}",
        "at": wind.at,
    }
    hit = next((each for each in counted if each.kind != "water_intake" and downwind(each, wind, weights)), None)
    if hit is not None:
        total.lift("risk.wind.towards", weights.wind, **said, name=hit.name)
    else:
        total.lift("risk.wind.calm" if wind.speed < weights.wind_calm else "risk.wind.away", 0.0, **said)
