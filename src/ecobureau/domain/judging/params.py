"""Parameters of the judge, read once from the rule packs for a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecobureau.domain.judging.types import Level
from ecobureau.domain.rules import NoRule, RulePack

LEVELS: tuple[Level, ...] = ("red", "orange", "yellow", "blue")
PHYSICAL = "range.physical."


@dataclass(frozen=True, slots=True)
class Episode:
    """Times of the state machine for one kind of data, in seconds."""

    pending_s: float
    min_points: int
    keep_s: float


@dataclass(frozen=True, slots=True)
class PhysicalRange:
    """Bounds that nature sets for a factor, in `unit` (empty = the unit sent)."""

    low: float | None
    high: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """Severity and confidence of a rule; after `long_s` seconds `long_severity` counts."""

    severity: int
    confidence: float
    long_severity: int = 0
    long_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Params:
    """Everything the rules need, as of a day. `version` names the packs that it comes from."""

    version: str
    marks: Mapping[str, str]
    unmarked_counts: bool
    over: Mapping[str, Episode]
    over_hysteresis: float
    gap_factor: float
    over_severity: Mapping[str, float]
    over_confidence: Mapping[str, float]
    toxic: frozenset[str]
    o2_top: float
    o2_near_top: float
    range: Mapping[str, Episode]
    zero_drift: float
    range_severity: Mapping[str, int]
    range_confidence: Mapping[str, float]
    physical: Mapping[str, PhysicalRange]
    default_units: frozenset[str]
    missing_window_s: Mapping[str, float]
    missing_share: float
    missing_min_count: Mapping[str, int]
    missing_hysteresis: float
    missing: Rating
    offline_after_s: float
    offline_intervals: float
    offline: Rating
    nodata_intervals: float
    nodata_at_least_s: float
    nodata: Rating
    revised_least_share: float
    revised_quiet_s: float
    revised: Rating
    revised_over: Rating
    favour_window_s: float
    neighbours_m: float
    neighbour_share: float
    unit: Rating
    risk_per_severity: float
    level_floors: tuple[tuple[float, Level], ...]
    kind_of_st: Mapping[str, str]
    kind_of_rule: Mapping[str, str]


def read_params(judging: RulePack, kinds: RulePack, on: date) -> Params:
    """Return the parameters in force on the day `on` (Asia/Shanghai).

    Args:
        judging: pack `judging`; kinds: pack `scenario_kinds`.

    Raises:
        NoRule: an entry is missing on that day; ValueError, TypeError: an entry has the wrong form.
    """
    at = _Reader(judging, on)
    of_kinds = _Reader(kinds, on)
    rating = at.table("revised.rating")
    return Params(
        version=f"{judging.version}/{kinds.version}",
        marks={str(key): str(value) for key, value in at.table("marks.meaning").items()},
        unmarked_counts=bool(at.value("marks.unmarked_counts")),
        over=at.episodes("over"),
        over_hysteresis=at.number("over.hysteresis"),
        gap_factor=at.number("over.gap_factor"),
        over_severity=at.numbers("over.severity"),
        over_confidence=at.numbers("over.confidence"),
        toxic=frozenset(map(str, at.items("over.toxic_factors"))),
        o2_top=at.number("over.o2_top"),
        o2_near_top=at.number("over.o2_near_top"),
        range=at.episodes("range"),
        zero_drift=at.number("range.zero_drift"),
        range_severity={key: int(value) for key, value in at.numbers("range.severity").items()},
        range_confidence=at.numbers("range.confidence"),
        physical={key.removeprefix(PHYSICAL): at.physical(key) for key in at.keys(PHYSICAL)},
        default_units=frozenset(map(str, at.items("range.default_units"))),
        missing_window_s=at.numbers("missing.window_s"),
        missing_share=at.number("missing.share"),
        missing_min_count={key: int(value) for key, value in at.numbers("missing.min_count").items()},
        missing_hysteresis=at.number("missing.hysteresis"),
        missing=at.rating("missing.rating"),
        offline_after_s=at.number("offline.after_s"),
        offline_intervals=at.number("offline.intervals"),
        offline=at.rating("offline.rating"),
        nodata_intervals=at.number("nodata.intervals"),
        nodata_at_least_s=at.number("nodata.at_least_s"),
        nodata=at.rating("nodata.rating"),
        revised_least_share=at.number("revised.least_share"),
        revised_quiet_s=at.number("revised.quiet_s"),
        revised=at.rating("revised.rating"),
        revised_over=Rating(int(rating["over_to_under"]), float(rating["over_confidence"])),
        favour_window_s=at.number("favour.window_s"),
        neighbours_m=at.number("favour.neighbours_m"),
        neighbour_share=at.number("favour.neighbour_share"),
        unit=at.rating("unit.rating"),
        risk_per_severity=of_kinds.number("risk.per_severity"),
        level_floors=tuple((of_kinds.number(f"level.{level}.min_risk"), level) for level in LEVELS),
        kind_of_st={str(key): str(value) for key, value in of_kinds.table("kind.of_st").items()},
        kind_of_rule={str(key): str(value) for key, value in of_kinds.table("kind.of_rule").items()},
    )


class _Reader:
    def __init__(self, pack: RulePack, on: date) -> None:
        self._pack = pack
        self._on = on

    def value(self, key: str) -> Any:
        return self._pack.at(key, self._on).value

    def keys(self, prefix: str) -> list[str]:
        found = []
        for key in self._pack.keys(prefix):
            try:
                self._pack.at(key, self._on)
            except NoRule:
                continue
            found.append(key)
        return found

    def number(self, key: str) -> float:
        return float(self.value(key))

    def table(self, key: str) -> Mapping[str, Any]:
        value = self.value(key)
        if not isinstance(value, dict):
            raise TypeError(f"{self._pack.name}: {key} is no table")
        return value

    def items(self, key: str) -> list[Any]:
        value = self.value(key)
        if not isinstance(value, list):
            raise TypeError(f"{self._pack.name}: {key} is no list")
        return value

    def numbers(self, key: str) -> dict[str, float]:
        return {str(name): float(value) for name, value in self.table(key).items()}

    def episodes(self, rule: str) -> dict[str, Episode]:
        pending, points, keep = (self.numbers(f"{rule}.{name}") for name in ("pending_s", "min_points", "keep_s"))
        return {kind: Episode(pending[kind], int(points[kind]), keep[kind]) for kind in pending}

    def rating(self, key: str) -> Rating:
        table = self.table(key)
        return Rating(
            int(table["severity"]),
            float(table["confidence"]),
            int(table.get("long_severity", 0)),
            float(table.get("long_s", 0)),
        )

    def physical(self, key: str) -> PhysicalRange:
        table = self.table(key)
        low, high = (None if table.get(name) is None else float(table[name]) for name in ("low", "high"))
        return PhysicalRange(low, high, str(table.get("unit", "")))
