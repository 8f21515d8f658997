"""The values of a data frame: texts of CP to readings, and what in it is no number of a factor.

The keys of a station's frames hardly ever change. They are made into a plan once; then a frame costs one check of all
its texts, one conversion, and a reading for each factor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from ecobureau.gateway.factors import Pick, Plan, PlanRow, Spec, Translator
from ecobureau.storage.sheet import FactorForm, Form, Sheet
from ecobureau.storage.types import MAX_DECIMALS, Reading, number

STATISTICS = {
    "Rtd": "rtd",
    "Avg": "avg",
    "Min": "min",
    "Max": "max",
    "Cou": "cou",
    "ZsRtd": "zs_rtd",
    "ZsAvg": "zs_avg",
    "ZsMin": "zs_min",
    "ZsMax": "zs_max",
    "Data": "data",
}
"""Field of CP to statistic of storage."""

DAY_NIGHT = {"DayData": "Day", "NightData": "Night"}
"""Noise of day and night: two values of one factor and day, kept as two factors `Leq.Day`, `Leq.Night`."""

NO_NUMBER = frozenset({"nan", "null", "none", "na", "n/a", "inf", "infinity"})
"""Words that stand for a missing number; other letters are a state sent as a value and are kept as an event."""

MOST_PLANS = 64
Cp = Mapping[str, str | dict[str, str]]
Others = dict[str, dict[str, str]]


def read_content(cp: Cp, factors: Translator) -> tuple[Sequence[Reading], Others]:
    """Split CP into readings and what is no number of a factor: facility states, information, letters as values.

    Two codes of one frame that mean one factor: the first stands, the other goes to what is left.
    """
    keys = tuple(cp)
    plans = factors.plans
    plan = plans.get(keys)
    if plan is None:
        if len(plans) >= MOST_PLANS:
            plans.clear()
        plans[keys] = _plan_of(cp, factors)
    elif plan.form is not None:
        sheet = _by_plan(cp, plan.rows, plan.form)
        if sheet is not None:
            return sheet, {}
    return _carefully(cp, factors)


def _by_plan(cp: Cp, rows: tuple[PlanRow, ...], form: Form) -> Sheet | None:
    """Read a frame whose keys are those of a plan; None where anything is not as plain as it should be."""
    texts: list[str] = []
    flags: list[str] = []
    try:
        for sent, size, flagged, pick in rows:
            fields = cp[sent]
            if len(fields) != size:
                return None
            texts += pick(fields)
            flags.append(fields["Flag"] if flagged else "")  # type: ignore[index]
    except KeyError:
        return None
    if not _PLAIN(",".join(texts)):
        return None
    try:
        values = tuple(map(float, texts))
    except ValueError:
        return None
    decimals = tuple([len(text) - point if (point := text.find(".") + 1) else 0 for text in texts])
    if not values or max(decimals) > MAX_DECIMALS:
        return None
    return Sheet(form, values, decimals, tuple(flags))


def _plan_of(cp: Cp, factors: Translator) -> Plan:
    """Return the plan of a frame's keys; an empty one where they are not for the short way."""
    rows: list[PlanRow] = []
    made: dict[str, FactorForm] = {}
    for sent, fields in cp.items():
        if isinstance(fields, str):
            continue
        spec = factors.spec(sent)
        stats, names, halves = _fields_of(tuple(fields))
        if not spec.numeric or spec.code in made or halves or not names:
            return Plan()
        made[spec.code] = (spec.code, spec.unit, stats, spec.dialect)
        pick: Pick = itemgetter(*names) if len(names) > 1 else _one(names[0])
        rows.append(PlanRow(sent, len(fields), "Flag" in fields, pick))
    return Plan(tuple(rows), Form.of(tuple(made.values()))) if rows else Plan()


def _one(name: str) -> Pick:
    return lambda fields: (fields[name],)


def _carefully(cp: Cp, factors: Translator) -> tuple[list[Reading], Others]:
    readings: list[Reading] = []
    others: Others = {}
    taken: set[str] = set()
    for sent, fields in cp.items():
        if isinstance(fields, str):
            continue
        spec = factors.spec(sent)
        if not spec.numeric or spec.code in taken:
            others[sent] = fields
            continue
        taken.add(spec.code)
        _read_factor(spec, fields, sent, readings, others)
    return readings, others


class _Fields(NamedTuple):
    """What the fields of a factor, in the order sent, mean: statistics, and how to pick their texts."""

    stats: tuple[str, ...]
    names: tuple[str, ...]
    halves: tuple[str, ...]


@lru_cache(maxsize=4096)
def _fields_of(names: tuple[str, ...]) -> _Fields:
    known = tuple(name for name in names if name in STATISTICS)
    halves = tuple(name for name in names if name in DAY_NIGHT)
    return _Fields(tuple(STATISTICS[name] for name in known), known, halves)


_PLAIN = re.compile("-?[0-9.]+(?:,-?[0-9.]+)*").fullmatch


def _read_factor(spec: Spec, fields: dict[str, str], sent: str, readings: list[Reading], others: Others) -> None:
    stats, names, halves = _fields_of(tuple(fields))
    flag = fields.get("Flag", "")
    for name in halves:
        readings.append(Reading.of(f"{spec.code}.{DAY_NIGHT[name]}", spec.unit, {"data": fields[name]}, flag))
    if halves and not stats:
        return
    texts = [fields[name] for name in names]
    values: tuple[float | None, ...]
    try:
        if not _PLAIN(",".join(texts)):
            raise ValueError
        values = tuple(map(float, texts))
        decimals = tuple([len(text) - point if (point := text.find(".") + 1) else 0 for text in texts])
        if max(decimals) > MAX_DECIMALS:
            raise ValueError
    except ValueError:
        pairs = [number(text) for text in texts]
        values, decimals = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
        for name, text, value in zip(names, texts, values, strict=True):
            if value is None and text[:1].isalpha() and text.lower() not in NO_NUMBER:
                others.setdefault(sent, {})[name] = text
    readings.append(Reading(spec.code, spec.unit, stats, values, decimals, flag, spec.dialect))
