"""The limits and statistical rules of the air as values, taken from the rule pack `air` for one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ecobureau.domain.explain import Step
from ecobureau.domain.rounding import fraction_of
from ecobureau.domain.rules import Entry, NoRule, RulePack

PREFIXES = ("limit.", "valid.", "statistic.", "exclusion.", "state.")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a day under dust or a special event leaves out when the switch is on.

    Attributes:
        items: items whose value of that day is left out of means and percentiles.
        good_days: whether the day is left out of the good-day statistics, on both sides of the rate.
    """

    items: tuple[str, ...]
    good_days: bool


@dataclass(frozen=True)
class AirStatistics:
    """Limits (GB 3095) and statistical rules (HJ 663) in force on one day.

    Attributes:
        on: the day; `stage`: `2012`, `2026 transition` or `2026 final`.
        limits: grade 1 and grade 2 limit by item and period (`hour`, `day`, `mda8`, `quarter`, `annual`), ug/m3,
            CO mg/m3.
        hour_minutes, day_hours, eight_hours, year_days: how many make a valid hour, day, 8-hour mean, year.
        month_days, february_days: valid days that a month needs.
        mda8_windows: valid 8-hour means that an ozone day needs; `mda8_over_counts`: fewer are enough above the limit.
        season_months: valid months that a season needs.
        points_share: share of a city's points that must be valid.
        percentile: percent by item; `digits`: decimals by item, and of `multiple`, `rate`, `index`.
        good_top: highest index of a good day; `heavy_above`: index above which a day is heavily polluted.
        moving_years: years of the moving mean, None where the edition has none.
        exclusions: by kind of day (`dust`, `special`).
        entries: the pack's entries behind the values, by key: source, clause, flag, dates.
    """

    on: date
    stage: str
    limits: Mapping[tuple[str, str], tuple[Fraction, Fraction]]
    hour_minutes: int
    day_hours: int
    eight_hours: int
    year_days: int
    month_days: int
    february_days: int
    mda8_windows: int
    mda8_over_counts: bool
    season_months: int
    points_share: Fraction
    percentile: Mapping[str, int]
    digits: Mapping[str, int]
    good_top: int
    heavy_above: int
    moving_years: int | None
    exclusions: Mapping[str, Exclusion]
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> AirStatistics:
        """Return the rules in force on the day `on` (Asia/Shanghai; of a period its last day).

        Raises:
            NoRule: no rules are in force on that day.
        """
        entries: dict[str, Entry] = {"limit.stage": pack.at("limit.stage", on)}
        for prefix in PREFIXES:
            for key in pack.keys(prefix):
                try:
                    entries[key] = pack.at(key, on)
                except NoRule:
                    continue
        value = {key: entry.value for key, entry in entries.items()}
        month = _table(value["valid.month_days"])
        moving = value.get("statistic.moving_years")
        return cls(
            on=on,
            stage=str(value["limit.stage"]),
            limits=_limits(entries),
            hour_minutes=_whole(value["valid.hour_minutes"]),
            day_hours=_whole(value["valid.day_hours"]),
            eight_hours=_whole(value["valid.eight_hours"]),
            year_days=_whole(value["valid.year_days"]),
            month_days=_whole(month["usual"]),
            february_days=_whole(month["february"]),
            mda8_windows=_whole(value["valid.mda8_windows"]),
            mda8_over_counts=bool(value["valid.mda8_over_counts"]),
            season_months=_whole(value["valid.season_months"]),
            points_share=fraction_of(_number(value["valid.city_points_share"])),
            percentile={name: _whole(one) for name, one in _table(value["statistic.percentile"]).items()},
            digits={name: _whole(one) for name, one in _table(value["statistic.digits"]).items()},
            good_top=_whole(value["statistic.good_top"]),
            heavy_above=_whole(value["statistic.heavy_above"]),
            moving_years=None if moving is None else _whole(moving),
            exclusions={
                key.removeprefix("exclusion."): _exclusion(entry.value)
                for key, entry in entries.items()
                if key.startswith("exclusion.")
            },
            entries=entries,
        )

    def limit(self, item: str, period: str, grade: int = 2) -> Fraction:
        """Return a limit of GB 3095, ug/m3, CO mg/m3.

        Args:
            item: `so2`, `no2`, `co`, `o3`, `pm10`, `pm2_5`, `tsp`, `nox`, `pb`, `bap`.
            period: `hour`, `day`, `mda8`, `quarter`, `annual`.
            grade: 1 or 2.

        Raises:
            KeyError: the standard has no such limit.
        """
        return self.limits[item, period][grade - 1]

    def has_limit(self, item: str, period: str) -> bool:
        """Whether the standard limits that item over that period."""
        return (item, period) in self.limits

    def month_needs(self, month: int) -> int:
        """Return how many valid days a month (1 to 12) needs."""
        return self.february_days if month == 2 else self.month_days

    def step(self, key: str, text_code: str, params: Mapping[str, object], result: object = None) -> Step:
        """Return a step of a derivation that cites the entry `key`."""
        entry = self.entries[key]
        return Step(entry.source, entry.clause, text_code, params, result)


def _limits(entries: Mapping[str, Entry]) -> dict[tuple[str, str], tuple[Fraction, Fraction]]:
    found: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
    for key, entry in entries.items():
        parts = key.split(".")
        if parts[0] == "limit" and len(parts) == 3 and isinstance(entry.value, list):
            first, second = entry.value
            found[parts[1], parts[2]] = (fraction_of(first), fraction_of(second))
    return found


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"not a table: {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _number(value: object) -> int | float:
    if not isinstance(value, int | float):
        raise TypeError(f"not a number: {value!r}")
    return value


def _exclusion(value: object) -> Exclusion:
    table = _table(value)
    items = table["items"]
    if not isinstance(items, list):
        raise TypeError(f"not a list: {items!r}")
    return Exclusion(tuple(str(item) for item in items), bool(table["good_days"]))
