"""What `standards emission` and `standards totals` share: options, tables beside, and the outlets computed in turn."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TypeVar

from ecobureau.commands.standards.emission_rows import Key, Rows, factor_table, minute_of, outlets_in_turn, time_text
from ecobureau.commands.standards.emission_specs import (
    BASE_UNIT,
    Given,
    Manual,
    manual_hours,
    outlet_spec,
    profile_of,
    read_checks,
    read_manual,
    read_outlets,
    read_stops,
)
from ecobureau.commands.standards.table import WRONG_USAGE, CannotRun, Complaints, InTable, add_in_out
from ecobureau.domain import units
from ecobureau.domain.emission.grid import Samples
from ecobureau.domain.emission.limits import Profile
from ecobureau.domain.emission.outlet import STATE_FACTORS, OutletHours, OutletSpec, outlet_hours
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.times import day_of
from ecobureau.domain.rules import NoRule, RulePack
from ecobureau.rulepacks import load
from ecobureau.words import say

T = TypeVar("T")
LONGEST_HOURS = 24 * 366 * 20
RECENT = date(2026, 1, 1)
"""Rules by which the marks of the rows are read; they have not changed since 2005."""


def help_text(code: str) -> str:
    """Return a message as argparse takes it: a per cent sign is doubled."""
    return say(code).replace("%", "%%")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what both parts share."""
    add_in_out(parser)
    for name in ("outlets", "checks", "manual", "declarations"):
        parser.add_argument(f"--{name}", metavar="FILE.csv", help=help_text(f"emission.{name}.help"))
    parser.add_argument("--flow", choices=("standard", "actual"), help=help_text("emission.flow.help"))
    parser.add_argument(
        "--day-rule", choices=("hours", "share"), default="hours", help=help_text("emission.day_rule.help")
    )
    parser.add_argument(
        "--convert", choices=("means", "samples"), default="means", help=help_text("emission.convert.help")
    )
    parser.add_argument("--start", metavar="TIME", help=help_text("emission.start.help"))
    parser.add_argument("--end", metavar="TIME", help=help_text("emission.end.help"))


@dataclass(frozen=True)
class Computed:
    """One outlet, computed.

    Attributes:
        outlet, medium: whose; spec, given, profile: what is known of it; hours: result; rules: those in force on its
            first day.
    """

    outlet: str
    medium: str
    spec: OutletSpec
    given: Given
    profile: Profile | None
    hours: OutletHours
    rules: EmissionRules

    def unit(self, factor: str) -> str:
        """Return the unit in which this factor's values stand."""
        if factor in STATE_FACTORS or factor in self.rules.unweighted:
            return units.spelled(factor_table()[0].get(factor, ""))
        return self.given.units.get(factor) or BASE_UNIT[self.medium]


class Run:
    """One run over IN.csv.

    Args:
        arguments: of the command line; complaints: takes what cannot be read.

    Raises:
        CannotRun: a wrong option or a missing column.
    """

    def __init__(self, arguments: argparse.Namespace, complaints: Complaints) -> None:
        self._arguments, self._complaints = arguments, complaints
        self._encoding: str = arguments.encoding
        self.pack: RulePack = load("emission")
        self._start, self._end = self._time("start"), self._time("end")
        if self._start is not None and self._end is not None and self._end <= self._start:
            raise CannotRun("emission.empty_window", WRONG_USAGE)
        self._given = self._beside("outlets", read_outlets) or {}
        self._checks = self._beside("checks", read_checks) or {}
        self._stops = self._beside("declarations", read_stops) or {}
        self._manual: Manual = self._beside("manual", read_manual) or {}
        self.rows: Rows

    def _beside(self, name: str, read: Callable[[str, Complaints, str], T]) -> T | None:
        path = getattr(self._arguments, name)
        return None if path is None else read(path, self._complaints, self._encoding)

    def _time(self, name: str) -> int | None:
        text = getattr(self._arguments, name)
        if text is None:
            return None
        try:
            return minute_of(text) // 60
        except ValueError:
            mend = say("emission.mend.time")
            raise CannotRun("emission.bad_option", WRONG_USAGE, option=f"--{name}", text=text, mend=mend) from None

    def rules_on(self, day: date) -> EmissionRules:
        """Return the rules in force on a day.

        Raises:
            NoRule: there are none.
        """
        return _rules(self.pack, day, self._arguments.convert)

    def open(self, stack: ExitStack) -> None:
        """Open IN.csv and check its columns; `rows.read()` reads it."""
        table = stack.enter_context(InTable(self._arguments.source, self._complaints, self._encoding))
        self.rows = stack.enter_context(Rows(table, self._complaints, self.rules_on(RECENT)))

    def outlets(self) -> Iterator[Computed]:
        """Yield the outlets in order, each computed; problems of a whole outlet go to stderr and leave it out."""
        repeats, told = 0, set[str]()
        for key, samples in outlets_in_turn(self.rows):
            found = self._compute(key, samples)
            if found is None:
                continue
            self._tell_units(found, told)
            repeats += found.hours.repeats
            yield found
        if repeats:
            print(say("emission.repeats", count=repeats), file=sys.stderr)

    def _compute(self, key: Key, samples: dict[str, Samples]) -> Computed | None:
        outlet, medium = key
        first = min(int(one.minutes.min()) for one in samples.values()) // 60
        last = max(int(one.minutes.max()) for one in samples.values()) // 60 + 1
        first, last = self._start if self._start is not None else first, self._end if self._end is not None else last
        if last <= first:
            return None
        if last - first > LONGEST_HOURS:
            self._trouble(
                "emission.long_span",
                outlet=outlet,
                first=time_text(first * 60),
                last=time_text(last * 60),
                hours=last - first,
                most=LONGEST_HOURS,
            )
            return None
        try:
            rules = self.rules_on(day_of(first // 24))
        except NoRule:
            self._trouble("emission.no_rule", outlet=outlet, day=day_of(first // 24))
            return None
        given = self._given.get(outlet)
        own = profile_of(given, self.pack, day_of((last - 1) // 24))
        spec = outlet_spec(given, own, medium, self._arguments.flow, set(samples))
        manual = manual_hours(
            self._manual.get(outlet, {}), first, last - first, self.rules_on(day_of((last - 1) // 24))
        )
        hours = outlet_hours(
            samples,
            spec,
            rules,
            window=(first, last),
            checks=self._checks.get(outlet),
            manual=manual,
            stops=self._stops.get(outlet, ()),
            rules_on=self.rules_on,
        )
        return Computed(outlet, medium, spec, given or Given(), own, hours, rules)

    def _trouble(self, code: str, **params: object) -> None:
        self._complaints.count += 1
        print(say(code, **params), file=sys.stderr)

    def _tell_units(self, one: Computed, told: set[str]) -> None:
        for factor in one.hours.factors:
            table = units.spelled(factor_table()[0].get(factor, ""))
            taken = one.unit(factor)
            convertible = units.factor(table, BASE_UNIT[one.medium]) is not None
            if factor in told or factor in one.given.units or not convertible or table == taken:
                continue
            told.add(factor)
            print(say("emission.unit_taken", factor=factor, table=table, taken=taken), file=sys.stderr)


@lru_cache(maxsize=4096)
def _rules(pack: RulePack, day: date, convert: str) -> EmissionRules:
    return replace(EmissionRules.from_pack(pack, day), convert_from=convert)
