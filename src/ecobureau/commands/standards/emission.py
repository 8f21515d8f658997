"""`ecobureau standards emission IN.csv OUT.csv`: hours and days of every outlet and factor from its samples."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache

import numpy as np

from ecobureau.commands.standards.emission_check import CHECKS
from ecobureau.commands.standards.emission_rows import time_text
from ecobureau.commands.standards.emission_run import Computed, Run, add_options, help_text
from ecobureau.commands.standards.table import WRONG_USAGE, CannotRun, Complaints, OutTable, guarded
from ecobureau.domain.emission.bulk import Floats
from ecobureau.domain.emission.days import Days, days_of
from ecobureau.domain.emission.grid import State
from ecobureau.domain.emission.limits import FurnaceDay, furnace_day
from ecobureau.domain.emission.marks import Meaning
from ecobureau.domain.emission.outlet import WATER_FLOW, FactorHours
from ecobureau.domain.emission.substitution import DONE, Way
from ecobureau.domain.emission.times import day_of
from ecobureau.domain.rules import NoRule, RulePack
from ecobureau.words import say

__all__ = ["CHECKS", "COLUMNS", "add_check_options", "add_parser", "day_rows", "hour_rows", "run"]
COLUMNS = (
    "level",
    "outlet_id",
    "time",
    "factor",
    "kind",
    "unit",
    "avg",
    "min",
    "max",
    "converted",
    "converted_by",
    "flow_m3",
    "rate_kg_h",
    "mass_kg",
    "valid",
    "coverage",
    "needed",
    "state",
    "substitute",
    "substitute_kg",
    "substitute_by",
    "limit",
    "over",
    "note",
)
_STATES = tuple(one.code for one in State)
_WAYS = tuple(one.code if one in DONE else "" for one in Way)
_CONVERTED_BY = ("", "computed", "reported", "", "", "kept_negative")
_CONVERT_NOTE = {3: "emission.reason.o2_high", 4: "emission.reason.no_o2", 5: "emission.reason.negative_kept"}


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `emission`."""
    parser = parts.add_parser("emission", help=help_text("emission.help"), description=say("emission.help"))
    add_options(parser)
    parser.add_argument("--levels", default="hour,day", metavar="hour,day", help=help_text("emission.levels.help"))


def add_check_options(parser: argparse.ArgumentParser) -> None:
    """Add what `standards check` needs for emissions."""
    parser.add_argument("--outlets", metavar="FILE.csv", help=help_text("emission.outlets.help"))


def run(arguments: argparse.Namespace) -> int:
    """Compute; exit codes as in `commands.standards`."""
    return guarded(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    complaints = Complaints()
    work = Run(arguments, complaints)
    levels = {one.strip() for one in arguments.levels.split(",")}
    for level in sorted(levels - {"hour", "day"}):
        raise CannotRun("emission.bad_option", WRONG_USAGE, option="--levels", text=level, mend="hour, day")
    with ExitStack() as stack:
        work.open(stack)
        kept = work.rows.kept_columns
        with OutTable(arguments.target, [*COLUMNS, *(one for one in kept if one.lower() not in COLUMNS)]) as out:
            work.rows.read()
            for one in work.outlets():
                for factor in one.hours.factors.values():
                    cells = work.rows.constant((one.outlet, one.medium), factor.factor)
                    more = [cell for name, cell in zip(kept, cells, strict=True) if name.lower() not in COLUMNS]
                    if "hour" in levels:
                        out.write([[*row, *more] for row in hour_rows(one, factor)])
                    if "day" in levels:
                        by_share = arguments.day_rule == "share"
                        days = days_of(one.hours, factor.factor, one.rules, one.medium, by_share=by_share)
                        furnace = furnace_days(one, factor.factor, work.pack)
                        out.write([[*row, *more] for row in day_rows(one, factor, days, furnace)])
    return complaints.exit_code()


def _texts(values: Floats, form: str = ".12g") -> list[str]:
    return ["" if one != one else format(one, form) for one in values.tolist()]


def _kg(values: Floats) -> list[str]:
    return ["" if one != one else format(one, ".9f") for one in values.tolist()]


def _limit(one: Computed, factor: FactorHours, period: str) -> float | None:
    own = one.given.limits.get(factor.factor)
    if own is not None or one.profile is None:
        return own
    row = one.profile.row(factor.factor, period)
    return None if row is None else row.value


def _over(values: Floats, converted: Floats, factor: FactorHours, limit: float | None) -> list[str]:
    if limit is None:
        return [""] * len(values)
    judged = converted if factor.spec.o2_ref is not None else values
    return ["" if one != one else str(int(one > limit)) for one in judged.tolist()]


def hour_rows(one: Computed, factor: FactorHours) -> Iterator[Sequence[object]]:
    """Yield the rows of level `hour` of one factor, in the order of `COLUMNS`."""
    hours = factor.hours
    ok = hours.state == State.OK
    avg = np.where(ok, hours.mean, np.nan)
    is_flow = factor.factor in (WATER_FLOW, "a00000")
    flow = one.hours.flow if factor.spec.mass or is_flow else np.full(len(avg), np.nan)
    neutral = factor.neutral
    # During stops the rate is 0; a partly stopped hour's mass lies below its rate.
    kg = factor.kg
    limit = _limit(one, factor, "hour")
    substitute = factor.substitute
    by_gas = one.medium == "gas"
    in_unit = np.full(len(avg), np.nan) if by_gas else substitute.value
    kinds = zip(
        [time_text((one.hours.first_hour + at) * 60) for at in range(one.hours.count)],
        _texts(avg),
        _texts(factor.converted),
        factor.convert_state.tolist(),
        _texts(flow),
        _texts(kg),
        _kg(kg),
        ok.tolist(),
        hours.valid.tolist(),
        hours.state.tolist(),
        hours.cause.tolist(),
        factor.rate_state.tolist(),
        neutral.tolist(),
        _texts(in_unit),
        _kg(factor.kg_substitute),
        substitute.way.tolist(),
        substitute.run.tolist(),
        substitute.there.tolist(),
        factor.capture.tolist(),
        _over(avg, factor.converted, factor, limit),
        factor.negative.tolist(),
        strict=True,
    )
    needed, unit = one.rules.hour_minutes, one.unit(factor.factor)
    limit_text = "" if limit is None else format(limit, "g")
    for (
        time,
        mean,
        converted,
        how,
        volume,
        rate,
        mass,
        valid,
        minutes,
        state,
        cause,
        rate_state,
        idle,
        filled,
        filled_kg,
        way,
        length,
        there,
        capture,
        over,
        negative,
    ) in kinds:
        note = _hour_note(state, cause, rate_state, how, negative, factor, one.hours.has_flow)
        if way:
            note = _join(note, _way(way, length, there, capture))
        yield (
            "hour",
            one.outlet,
            time,
            factor.factor,
            one.medium,
            unit,
            mean,
            "",
            "",
            converted,
            _CONVERTED_BY[how],
            "" if idle and not factor.spec.mass else volume,
            rate,
            mass,
            int(valid),
            minutes,
            needed,
            _STATES[state],
            filled,
            filled_kg,
            _WAYS[way],
            limit_text,
            over,
            note,
        )


@lru_cache(maxsize=4096)
def _state_text(state: int, cause: int) -> str:
    if state == State.OK:
        return ""
    if state == State.INVALID:
        return say("emission.state.invalid", cause=say(f"emission.mark.{Meaning(cause).code}"))
    return say(f"emission.state.{State(state).code}")


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _hour_note(
    state: int, cause: int, rate_state: int, how: int, negative: bool, factor: FactorHours, has_flow: bool
) -> str:
    if state == State.OK and rate_state == State.OK and how < 3 and not negative:
        return ""
    parts = [_state_text(state, cause)]
    if how in _CONVERT_NOTE:
        parts.append(say(_CONVERT_NOTE[how]))
    if factor.spec.mass and has_flow and rate_state == State.NO_FLOW and state != State.NO_FLOW:
        parts.append(say("emission.reason.no_flow"))
    if negative:
        parts.append(say("emission.reason.negative_zero"))
    return _join(*parts)


@lru_cache(maxsize=65536)
def _way(way: int, length: int, there: int, capture: float) -> str:
    shown = "" if capture != capture else f"{capture:.4g}"
    return say(f"emission.way.{Way(way).code}", run=length, there=there, capture=shown)


def furnace_days(one: Computed, factor: str, pack: RulePack) -> dict[int, tuple[FurnaceDay, float]]:
    """Return by day number how a furnace kept its temperature, and the least one; empty where that is not judged.

    Judged for outlets of the industries `incineration` and `hazardous_incineration` with samples of 5 minutes or less.
    """
    means = one.hours.furnace.get(factor)
    if means is None:
        return {}
    out: dict[int, tuple[FurnaceDay, float]] = {}
    flat = means.reshape(-1)
    steps = one.hours.first_hour * 12 + np.arange(len(flat))
    for day in range(int(steps[0]) // 288, int(steps[-1]) // 288 + 1):
        try:
            rule = pack.at(f"emission.furnace.{one.given.industry}", day_of(day))
        except NoRule:
            continue
        own = steps // 288 == day
        found = furnace_day(((steps[own] % 288) * 5).tolist(), flat[own].tolist(), rule)
        assert isinstance(rule.value, dict)
        out[day] = (found, float(rule.value["min"]))
    return out


def day_rows(
    one: Computed, factor: FactorHours, days: Days, furnace: Mapping[int, tuple[FurnaceDay, float]] | None = None
) -> Iterator[Sequence[object]]:
    """Yield the rows of level `day` of one factor, in the order of `COLUMNS`."""
    furnace = furnace or {}
    limit = _limit(one, factor, "day")
    limit_text = "" if limit is None else format(limit, "g")
    over = _over(days.mean, days.converted, factor, limit)
    mean, low, high, converted = (_texts(value) for value in (days.mean, days.low, days.high, days.converted))
    has_mass = factor.spec.mass and one.hours.has_flow and factor.factor not in one.rules.unweighted | {WATER_FLOW}
    shows_flow = has_mass or factor.factor in (WATER_FLOW, "a00000")
    reported = "reported" if 2 in factor.convert_state else "computed"
    for at in range(len(days.day)):
        hot = furnace.get(int(days.day[at]))
        measured, substituted = int(days.measured_ug[at]), int(days.substituted_ug[at])
        yield (
            "day",
            one.outlet,
            time_text(int(days.day[at]) * 1440),
            factor.factor,
            one.medium,
            one.unit(factor.factor),
            mean[at],
            low[at],
            high[at],
            converted[at],
            reported if converted[at] else "",
            format(days.flow[at], ".12g") if shows_flow else "",
            "",
            _micro(measured) if has_mass else "",
            int(days.valid[at]),
            int(days.valid_hours[at]),
            int(days.needed[at]),
            State(int(days.state[at])).code,
            "",
            _micro(substituted) if has_mass and days.substituted[at] else "",
            "",
            limit_text if hot is None else format(hot[1], "g"),
            over[at] if hot is None else int(hot[0].violation),
            _join(_day_note(one, factor, days, at, has_mass), "" if hot is None else _furnace_note(*hot)),
        )


def _furnace_note(day: FurnaceDay, least: float) -> str:
    return say("emission.note.furnace", low=day.low, means=day.means, least=f"{least:g}", allowed=day.allowed)


def _micro(micrograms: int) -> str:
    return f"{micrograms // 10**9}.{micrograms % 10**9:09d}"


def _day_note(one: Computed, factor: FactorHours, days: Days, at: int, has_mass: bool) -> str:
    parts = [_state_text(int(days.state[at]), 0)]
    if factor.factor == one.rules.ph_factor:
        parts.append(say("emission.reason.ph_range"))
    to_weigh = one.medium == "water" and factor.spec.mass and factor.factor not in one.rules.unweighted | {WATER_FLOW}
    if to_weigh and days.valid[at] and not days.weighted[at]:
        parts.append(say("emission.reason.no_flow_arithmetic"))
    if has_mass and days.lost_hours[at]:
        parts.append(say("emission.note.lost", hours=int(days.lost_hours[at])))
    return _join(*parts)
