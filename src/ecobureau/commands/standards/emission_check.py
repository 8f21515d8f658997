"""What `standards check` recomputes of emissions: the converted value of every row that carries one.

The oxygen of a row is that of the same outlet and time in the same file, so the file is read once before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from ecobureau.commands.standards.check import Check
from ecobureau.commands.standards.emission_rows import factor_table, minute_of
from ecobureau.commands.standards.emission_specs import Given, profile_of, read_outlets
from ecobureau.commands.standards.table import WRONG_USAGE, CannotRun, Chunk, Complaints, InTable, number_of
from ecobureau.domain.emission.figure import Figure
from ecobureau.domain.emission.gas import converted
from ecobureau.domain.emission.marks import Meaning, meaning_of
from ecobureau.domain.emission.outlet import GAS_O2, STATE_FACTORS
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.times import day_of
from ecobureau.domain.explain import Derivation
from ecobureau.domain.rounding import half_even
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.words import say

_FIELD = "converted"
_NEEDED = ("outlet_id", "time", "factor", "avg", "zs_avg")


class _Work:
    """Recomputes rows; holds the oxygen by outlet and minute."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._pack = load("emission")
        path = getattr(arguments, "outlets", None)
        if path is None:
            raise CannotRun("emission.check.no_outlets", WRONG_USAGE)
        self._given: dict[str, Given] = read_outlets(path, Complaints(), arguments.encoding)
        self._oxygen: dict[tuple[str, int], float] = {}
        self._rules: dict[date, EmissionRules | None] = {}
        with InTable(arguments.source, Complaints(), arguments.encoding) as table:
            table.need(*_NEEDED)
            for chunk in table.chunks():
                for at in range(len(chunk)):
                    self._note_oxygen(chunk.cells(at))

    def _note_oxygen(self, cells: Mapping[str, str]) -> None:
        own = {name.lower(): cell.strip() for name, cell in cells.items()}
        if _factor(own["factor"]) != GAS_O2:
            return
        try:
            minute, value = minute_of(own["time"]), number_of(own["avg"])
        except ValueError:
            return
        rules = self._rules_on(day_of(minute // 1440))
        if value is not None and rules is not None and _normal(own.get("flag", ""), rules):
            self._oxygen[own["outlet_id"], minute] = float(value)

    def _rules_on(self, day: date) -> EmissionRules | None:
        if day not in self._rules:
            try:
                self._rules[day] = EmissionRules.from_pack(self._pack, day)
            except NoRule:
                self._rules[day] = None
        return self._rules[day]

    def figure(self, cells: Mapping[str, str]) -> Figure | None:
        """Return the converted value of one row; None where there is none to make."""
        own = {name.lower(): cell.strip() for name, cell in cells.items()}
        factor = _factor(own["factor"])
        if factor in STATE_FACTORS or not factor.startswith("a"):
            return None
        try:
            minute, value = minute_of(own["time"]), number_of(own["avg"])
        except ValueError:
            return None
        day = day_of(minute // 1440)
        rules, given = self._rules_on(day), self._given.get(own["outlet_id"])
        if value is None or rules is None or given is None:
            return None
        spec, profile = given.factors.get(factor), profile_of(given, self._pack, day)
        o2_ref = spec.o2_ref if spec is not None else None
        if o2_ref is None and profile is not None:
            o2_ref = profile.o2_ref
        if o2_ref is None:
            return None
        flag = meaning_of(own.get("flag", ""), rules)
        o2_air = None if spec is None else spec.o2_air
        oxygen = self._oxygen.get((own["outlet_id"], minute))
        stopped = flag is Meaning.STOPPED
        return converted(float(value), oxygen, o2_ref, rules, o2_air=o2_air, stopped=stopped)


def _factor(text: str) -> str:
    text = text.strip()
    return factor_table()[1].get(text, text).lower()


def _normal(flag: str, rules: EmissionRules) -> bool:
    return meaning_of(flag, rules) is Meaning.NORMAL


_last: list[tuple[tuple[object, ...], _Work]] = []


def _work(arguments: argparse.Namespace) -> _Work:
    # The frame asks for derivations one row at a time; the file is read once for all of them.
    key = (id(arguments), arguments.source, arguments.outlets)
    if not _last or _last[0][0] != key:
        _last[:] = [(key, _Work(arguments))]
    return _last[0][1]


def _prepare(
    arguments: argparse.Namespace, table: InTable
) -> Callable[[Chunk, Complaints], Sequence[Mapping[str, str]]]:
    table.need(*_NEEDED)
    if arguments.source == "-":
        raise CannotRun("emission.check.no_stdin", WRONG_USAGE)
    work = _work(arguments)

    def recompute(chunk: Chunk, _: Complaints) -> list[Mapping[str, str]]:
        return [_result(work.figure(chunk.cells(at))) for at in range(len(chunk))]

    return recompute


def _result(one: Figure | None) -> Mapping[str, str]:
    if one is None:
        return {}
    note = say(one.reason) if one.reason else ""
    return {_FIELD: "" if one.value is None else repr(one.value).removesuffix(".0"), "note": note}


def _same(_: str, published: str, computed: str) -> bool:
    """Compare at the decimals that were published (GB/T 8170)."""
    if not computed:
        return False
    try:
        said = Decimal(published)
    except ArithmeticError:
        return False
    exponent = said.as_tuple().exponent
    return said.is_finite() and half_even(float(computed), -int(exponent) if int(exponent) < 0 else 0) == said


def _explain(cells: Mapping[str, str], _: str, arguments: argparse.Namespace) -> Derivation | None:
    found = _work(arguments).figure(cells)
    return None if found is None else found.derivation


CHECKS = (
    Check(
        kind="emission",
        columns=_NEEDED,
        fields=(_FIELD,),
        field_of=lambda column: _FIELD if column.lower() in ("zs_avg", _FIELD) else None,
        prepare=_prepare,
        same=_same,
        explain=_explain,
    ),
)
