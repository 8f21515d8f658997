"""What the pack `noise` says on a day, in the form the functions of this room take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rules import Entry, RulePack

DayPart = Literal["day", "night"]
_DAY_MINUTES = 24 * 60


class BadHours(ValueError):
    """Hours of day and night that cannot be: message code and its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def minutes_of(text: str) -> int:
    """Return the minute of the day of `HH:MM` (00:00 … 24:00).

    Raises:
        BadHours: it is no such time.

    >>> minutes_of("06:30"), minutes_of("24:00")
    (390, 0)
    """
    hour, _, minute = text.strip().partition(":")
    if not (hour.isdigit() and (minute or "00").isdigit()):
        raise BadHours("noise.hours.form", text=text)
    found = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or found > _DAY_MINUTES:
        raise BadHours("noise.hours.form", text=text)
    return found % _DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Hours:
    """When day begins and when night begins, in minutes of the local day."""

    day: int
    night: int

    @classmethod
    def of(cls, day: str, night: str, night_hours: float = 8) -> Hours:
        """Return the hours of `HH:MM` texts.

        Args:
            night_hours: how long a night must be (noise law art. 88).

        Raises:
            BadHours: no times, or the night has another length.
        """
        found = cls(minutes_of(day), minutes_of(night))
        length = (found.day - found.night) % _DAY_MINUTES
        if length != night_hours * 60:
            raise BadHours("noise.hours.length", day=day, night=night, hours=length / 60, wanted=night_hours)
        return found

    def part(self, minute: float) -> DayPart:
        """Return the part of the day of a minute of the local day."""
        return "day" if (minute - self.day) % _DAY_MINUTES < (self.night - self.day) % _DAY_MINUTES else "night"

    def part_at(self, local: datetime) -> DayPart:
        """Return the part of the day of a local time."""
        return self.part(local.hour * 60 + local.minute)

    def noise_day(self, local: datetime) -> date:
        """Return the date a local time counts to: a night counts to the date on which it begins."""
        before = local.hour * 60 + local.minute < self.day
        return local.date() - timedelta(days=1) if before else local.date()

    def span(self, on: date, part: DayPart) -> tuple[datetime, datetime]:
        """Return start and end (local, without zone) of the day or night of a date."""
        first = datetime.combine(on, time()) + timedelta(minutes=self.day)
        length = timedelta(minutes=(self.night - self.day) % _DAY_MINUTES)
        return (first, first + length) if part == "day" else (first + length, first + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Pair:
    """A limit of day and one of night in dB(A), and where it stands written."""

    day: float
    night: float
    entry: Entry

    def at(self, part: DayPart) -> float:
        return self.day if part == "day" else self.night


@dataclass(frozen=True, slots=True)
class NoiseRules:
    """The rules of one day.

    Attributes:
        hours: of day and night. zones: GB 3096 by zone; industry, social: boundary limits by zone.
        construction: GB 12523 in the edition of the day. indoor: (room, zone) → limits of structure-borne noise.
        night_lmax: allowed excess of Lmax at night by kind: zone, frequent, occasional, construction.
        indoor_minus: standard → what is taken off when measured indoors.
        background: difference → correction; `background_none` above it none.
        verdict_decimals, stored_decimals: settings of rounding.
        wind, drift: conditions of a measurement. hour_minutes, auto_wind, minute_share, period_share, span_share:
            automatic stations. area_day, road_day, night_minus, decimals: city statistics. penalty: of night in Ldn.
    """

    version: str
    hours: Hours
    zones: Mapping[str, Pair]
    industry: Mapping[str, Pair]
    social: Mapping[str, Pair]
    construction: Pair
    indoor: Mapping[tuple[str, str], Pair]
    night_lmax: Mapping[str, float]
    indoor_minus: Mapping[str, float]
    background: Mapping[int, float]
    background_none: int
    verdict_decimals: int
    stored_decimals: int
    wind: float
    drift: float
    hour_minutes: float
    auto_wind: float
    minute_share: float
    period_share: float
    span_share: float
    plausible: tuple[float, float]
    area_day: tuple[float, ...]
    road_day: tuple[float, ...]
    night_minus: float
    decimals: int
    penalty: float
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> NoiseRules:
        """Read the rules in force on the day `on` (Asia/Shanghai).

        Raises:
            NoRule: an entry is missing on that day. BadHours: the hours of a city are wrong.
        """
        at = _Reader(pack, on)
        lmax = at.table("gb12348.night_lmax")
        background = at.table("background")
        plausible = at.table("plausible")
        for key in ("auto.span_mean", "auto.zone_mean", "ldn_penalty", "night_belongs", "hours"):
            at.entry(key)
        return cls(
            version=pack.version,
            hours=hours_on(pack, on),
            zones={zone: at.pair(f"gb3096.{zone}") for zone in ("0", "1", "2", "3", "4a", "4b")},
            industry={zone: at.pair(f"gb12348.{zone}") for zone in "01234"},
            social={zone: at.pair(f"gb22337.{zone}") for zone in "01234"},
            construction=at.pair("gb12523.limit"),
            indoor=at.indoor(),
            night_lmax={
                "zone": at.number("gb3096.night_lmax"),
                "frequent": lmax["frequent"],
                "occasional": lmax["occasional"],
                "construction": at.number("gb12523.night_lmax"),
            },
            indoor_minus={name: at.number(f"{name}.indoor_minus") for name in ("gb12348", "gb22337", "gb12523")},
            background={int(key[3:]): value for key, value in background.items() if key.startswith("by_")},
            background_none=int(background["none_above"]),
            verdict_decimals=int(at.number("verdict_decimals")),
            stored_decimals=int(at.number("stored_decimals")),
            wind=at.number("condition.wind"),
            drift=at.number("condition.drift"),
            hour_minutes=at.number("auto.hour_minutes"),
            auto_wind=at.number("auto.wind"),
            minute_share=at.number("auto.minute_share"),
            period_share=at.number("auto.period_share"),
            span_share=at.number("auto.span_share"),
            plausible=(plausible["low"], plausible["high"]),
            area_day=at.numbers("hj640.area_day"),
            road_day=at.numbers("hj640.road_day"),
            night_minus=at.number("hj640.night_minus"),
            decimals=int(at.number("hj640.decimals")),
            penalty=at.number("ldn_penalty"),
            entries=at.seen,
        )


def hours_on(pack: RulePack, on: date) -> Hours:
    """Return the hours of day and night on a day; a city's own stand in its overlay.

    Raises:
        BadHours: the night is not eight hours long.
    """
    value = pack.at("hours", on).value
    if not isinstance(value, dict):
        raise TypeError("noise: hours is no table")
    return Hours.of(str(value["day"]), str(value["night"]), float(str(pack.at("night_hours", on).value)))


class _Reader(PackReader):
    def pair(self, key: str) -> Pair:
        table = self.table(key)
        return Pair(table["day"], table["night"], self.entry(key))

    def indoor(self) -> dict[tuple[str, str], Pair]:
        found = {}
        for key in self.pack.keys("indoor."):
            pair, value = self.pair(key), self.entry(key).value
            zones = value["zones"] if isinstance(value, dict) else []
            found.update({(key.split(".")[1], str(zone)): pair for zone in zones})
        return found
