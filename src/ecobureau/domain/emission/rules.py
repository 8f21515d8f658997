"""The rules of emission monitoring as values: read once from the rule pack, for the day of the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from ecobureau.domain.rules import RulePack

PREFIX = "emission."


@dataclass(frozen=True, slots=True)
class SubstitutionRow:
    """One row of the substitution table for gas.

    Attributes:
        capture_from: least capture rate of the quarter, share.
        hours_to: longest invalid run in hours, None = any.
        last_valid_hours: of how many valid hours before the run the greatest emission is taken.
    """

    capture_from: float
    hours_to: float | None
    last_valid_hours: int


@dataclass(frozen=True, slots=True)
class EmissionRules:
    """Rules in force on one day; see `rulepacks/emission.toml` for source, clause and certainty of each.

    Attributes (units): kelvin K; pressure kPa; molar_volume L/mol; o2_air %; no2_mass, no_mass g/mol;
        minute_samples, hour_minutes, day_hours, month_days, month_days_february counts; longer_spans, operating_share,
        capture_target, quarter_missing, water_day_share, transmission_target shares; substitution rows strictest first;
        water_ph `median` or `never`; manual_first whether hand samples go before the previous span; due_hour o'clock of
        the next day; warn shares of the permitted amount; forecast_z width of the range, forecast_days least days.
    """

    kelvin: float
    pressure: float
    molar_volume: float
    o2_air: float
    no2_mass: float
    no_mass: float
    minute_samples: int
    hour_minutes: int
    day_hours: int
    month_days: int
    month_days_february: int
    longer_spans: float
    operating_share: float
    partial_stop: bool
    convert_from: str
    capture_target: float
    substitution: tuple[SubstitutionRow, ...]
    quarter_missing: float
    negative_rate: str
    water_day_share: float
    ph_factor: str
    unweighted: frozenset[str]
    water_ph: str
    manual_first: bool
    manual_per_day: int
    manual_interval: float
    marks: tuple[tuple[str, str], ...]
    unmarked_counts: bool
    transmission_target: float
    warn: tuple[float, ...]
    forecast_z: float
    forecast_days: int
    rolling_months: int

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> EmissionRules:
        """Read the rules in force on the day `on` (Asia/Shanghai).

        Raises:
            NoRule: the pack has no rule for that day.
        """

        def at(key: str) -> Any:
            return pack.at(PREFIX + key, on).value

        water = at("water.substitute")
        manual = at("water.manual") if water["manual_first"] else {"per_day": 0, "interval_hours": 0}
        forecast = at("total.forecast")
        return cls(
            kelvin=float(at("constant.kelvin")),
            pressure=float(at("constant.pressure")),
            molar_volume=float(at("constant.molar_volume")),
            o2_air=float(at("constant.o2_air")),
            no2_mass=float(at("constant.no2_molar_mass")),
            no_mass=float(at("constant.no_molar_mass")),
            minute_samples=int(at("valid.minute_samples")),
            hour_minutes=int(at("valid.hour_minutes")),
            day_hours=int(at("valid.day_hours")),
            month_days=int(at("valid.month_days")),
            month_days_february=int(at("valid.month_days_february")),
            longer_spans=float(at("valid.longer_spans")),
            operating_share=float(at("valid.operating_share")),
            partial_stop=bool(at("valid.partial_stop")),
            convert_from=str(at("valid.convert_from")),
            capture_target=float(at("capture.target")),
            substitution=tuple(_row(one) for one in at("substitute.gas")),
            quarter_missing=float(at("substitute.quarter_missing")),
            negative_rate=str(at("substitute.negative_rate")),
            water_day_share=float(at("water.day_share")),
            ph_factor=str(at("water.ph_factor")),
            unweighted=frozenset(at("water.unweighted")),
            water_ph=str(water["ph"]),
            manual_first=bool(water["manual_first"]),
            manual_per_day=int(manual["per_day"]),
            manual_interval=float(manual["interval_hours"]),
            marks=tuple(sorted(cast("Mapping[str, str]", at("mark.device")).items())),
            unmarked_counts=bool(at("mark.unmarked_counts")),
            transmission_target=float(_or_latest(pack, "transmission.target", on)),
            warn=tuple(float(one) for one in at("total.warn")),
            forecast_z=float(forecast["z"]),
            forecast_days=int(forecast["min_days"]),
            rolling_months=int(at("total.rolling_months")),
        )


def _row(one: Mapping[str, Any]) -> SubstitutionRow:
    hours = one.get("hours_to")
    return SubstitutionRow(float(one["capture_from"]), None if hours is None else float(hours), one["last_valid_hours"])


def _or_latest(pack: RulePack, key: str, on: date) -> Any:
    # The pass mark of transmission came later than the formulas; before it, no share can fail it.
    try:
        return pack.at(PREFIX + key, on).value
    except KeyError:
        return 0.0
