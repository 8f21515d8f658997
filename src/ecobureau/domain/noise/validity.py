"""Which noise data count: weather, calibration, and how much of a period was measured (HJ 906-2017, GB 12348-2008)."""

from __future__ import annotations

from dataclasses import dataclass

from ecobureau.domain.noise.rules import NoiseRules


@dataclass(frozen=True, slots=True)
class Weather:
    """Weather of a period; None = not known.

    Attributes:
        wind: m/s. wet: rain or snow. thunder: thunderstorm.
    """

    wind: float | None = None
    wet: bool | None = None
    thunder: bool | None = None


def weather_reason(weather: Weather, rules: NoiseRules, *, automatic: bool = True) -> str:
    """Return why weather rules a level out: a message code, or empty where it counts.

    Args:
        automatic: an automatic station (HJ 906: wind above 5 m/s is out); else a measurement by hand (GB 12348 5.2:
            wind must be below 5 m/s).
    """
    if weather.wet:
        return "noise.out.wet"
    if weather.thunder:
        return "noise.out.thunder"
    if weather.wind is None:
        return ""
    strong = weather.wind > rules.auto_wind if automatic else weather.wind >= rules.wind
    return "noise.out.wind" if strong else ""


def calibration_holds(before: float, after: float, rules: NoiseRules) -> bool:
    """Whether a measurement stands: calibration before and after differs by 0.5 dB at most (GB 12348 5.1)."""
    return round(abs(before - after), 6) <= rules.drift


def hour_is_valid(valid_minutes: float, rules: NoiseRules) -> bool:
    """Whether an hour of an automatic station counts: at least 45 valid minutes."""
    return valid_minutes >= rules.hour_minutes


def period_is_valid(valid_hours: int, hours: int, rules: NoiseRules) -> bool:
    """Whether a day (16 h) or night (8 h) counts: the share of valid hours that the pack asks for (a proposal)."""
    return valid_hours >= rules.period_share * hours
