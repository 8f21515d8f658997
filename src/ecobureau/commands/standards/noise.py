"""`ecobureau standards noise IN.csv OUT.csv`: minutes, hours, Ld, Ln and Ldn of a series of levels, long form."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache

import numpy as np

from ecobureau.clock import beijing, now
from ecobureau.commands.standards.check import Check
from ecobureau.commands.standards.noise_cells import Reader, Series, find_columns, text_of
from ecobureau.commands.standards.table import (
    FILE_TROUBLE,
    WRONG_USAGE,
    CannotRun,
    Chunk,
    Complaints,
    InTable,
    OutTable,
    add_in_out,
    guarded,
    number_of,
)
from ecobureau.domain.explain import Derivation
from ecobureau.domain.noise import (
    BadHours,
    Hours,
    NoiseRules,
    Period,
    explain_ldn,
    hours_on,
    interval_of,
    ldn,
    once,
    periods,
)
from ecobureau.domain.noise.series import KINDS, MINUTE, SECOND
from ecobureau.domain.rounding import half_even
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.words import say

COLUMNS = (
    "period_kind",
    "start",
    "end",
    "laeq",
    "l10",
    "l50",
    "l90",
    "sd",
    "lmin",
    "lmax",
    "count",
    "expected",
    "valid_share",
    "valid",
    "note",
)


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `noise`."""
    parser = parts.add_parser("noise", help=say("noise.help"), description=say("noise.help"))
    add_in_out(parser)
    parser.add_argument("--time", metavar="COLUMN", help=say("noise.time.help"))
    parser.add_argument("--level", metavar="COLUMN", help=say("noise.level.help"))
    parser.add_argument("--by", metavar="COLUMN", help=say("noise.by.help"))
    parser.add_argument("--stamp", choices=("start", "middle", "end"), default="start", help=say("noise.stamp.help"))
    parser.add_argument("--interval", type=float, metavar="SECONDS", help=say("noise.interval.help"))
    parser.add_argument("--night", metavar="HH:MM-HH:MM", help=say("noise.night.help"))
    parser.add_argument("--periods", default=",".join(KINDS), metavar="KINDS", help=say("noise.periods.help"))
    parser.add_argument("--digits", type=int, metavar="N", help=say("noise.digits.help"))


def run(arguments: argparse.Namespace) -> int:
    """Write the periods of the series; exit codes as for all parts."""
    return guarded(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    pack = load("noise")
    try:
        rules = NoiseRules.from_pack(pack, beijing(now()).date())
        night = None if arguments.night is None else _night(arguments.night)
    except BadHours as error:
        raise CannotRun(error.code, WRONG_USAGE, **error.params) from None
    kinds = [one.strip() for one in arguments.periods.split(",")]
    if not set(kinds) <= set(KINDS) or (arguments.interval is not None and arguments.interval <= 0):
        raise CannotRun("noise.bad_usage", WRONG_USAGE, kinds=", ".join(KINDS))

    @cache
    def hours_of(on: date) -> Hours:
        if night is not None:
            return night
        try:
            return hours_on(pack, on)
        except NoRule:
            return rules.hours

    complaints = Complaints()
    with InTable(arguments.source, complaints, arguments.encoding) as table:
        where = find_columns(table, arguments.time, arguments.level, arguments.by)
        reader = Reader(where, rules.plausible, rules.auto_wind, complaints)
        for chunk in table.chunks():
            reader.take(chunk)
    by = [] if arguments.by is None else [arguments.by]
    with OutTable(arguments.target, [*by, *COLUMNS]) as out:
        for place, series in reader.series.items():
            rows = _rows(series, rules, arguments, hours_of, complaints)
            head = [place] * len(by)
            out.write([[*head, *row] for kind, row in rows if kind in kinds])
    if not any(len(piece) for one in reader.series.values() for piece in one.times):
        print(say("noise.empty", file=arguments.source), file=sys.stderr)
        return complaints.exit_code() or FILE_TROUBLE
    return complaints.exit_code()


def _night(text: str) -> Hours:
    first, dash, last = text.partition("-")
    if not dash:
        raise BadHours("noise.hours.form", text=text)
    return Hours.of(last, first)


def _rows(
    series: Series,
    rules: NoiseRules,
    arguments: argparse.Namespace,
    hours_of: Callable[[date], Hours],
    complaints: Complaints,
) -> Iterator[tuple[str, list[str]]]:
    if not series.times:
        return
    times, levels, numbers = series.joined()
    ordered, kept, contradicts, repeated = once(times, levels)
    for number in np.sort(numbers[contradicts]).tolist():
        complaints.row(number, "noise.mend.twice")
    if repeated or series.out:
        print(say("noise.left_out", repeated=repeated, out=series.out), file=sys.stderr)
    interval = interval_of(ordered) if arguments.interval is None else round(arguments.interval * SECOND)
    shift = {"start": 0, "middle": (interval or 0) // 2, "end": interval or 0}[arguments.stamp]
    for one in periods(ordered - shift, kept, rules, interval=interval, hours_of=hours_of):
        yield one.kind, _cells(one, interval, arguments.digits)


def _cells(one: Period, interval: int | None, digits: int | None) -> list[str]:
    levels = (one.leq, one.l10, one.l50, one.l90, one.sd, one.lmin, one.lmax)
    return [
        one.kind,
        text_of(one.start),
        text_of(one.end),
        *("" if level is None else _figure(level, digits) for level in levels),
        str(one.count),
        "" if one.expected is None else f"{one.expected:.10g}",
        "" if one.share is None else f"{one.share:.6g}",
        "" if one.valid is None else str(int(one.valid)),
        _note(one, interval),
    ]


def _figure(level: float, digits: int | None) -> str:
    return repr(level) if digits is None else str(half_even(level, digits))


def _note(one: Period, interval: int | None) -> str:
    notes = [say(one.note)] if one.note else []
    if one.expected is not None and one.count < one.expected:
        notes.append(say("noise.note.gap", count=f"{one.expected - one.count:.10g}"))
    if one.valid is False:
        notes.append(say("noise.note.invalid"))
    if one.kind != "Ldn":
        if one.count == 1:
            notes.append(say("noise.note.single"))
        elif interval is not None and interval >= MINUTE:
            notes.append(say("noise.note.coarse", seconds=f"{interval / SECOND:.10g}"))
    return say("noise.note.join").join(notes)


def _prepare(_: argparse.Namespace, table: InTable) -> Callable[[Chunk, Complaints], list[dict[str, str]]]:
    penalty = NoiseRules.from_pack(load("noise"), beijing(now()).date()).penalty

    def recompute(chunk: Chunk, complaints: Complaints) -> list[dict[str, str]]:
        days, nights = chunk.column("ld") or [], chunk.column("ln") or []
        found = []
        for number, pair in zip(chunk.numbers, zip(days, nights, strict=True), strict=True):
            levels = [_read(text, number, name, complaints) for text, name in zip(pair, ("ld", "ln"), strict=True)]
            known = [level for level in levels if level is not None]
            found.append({"ldn": repr(ldn(known[0], known[1], penalty)) if len(known) == 2 else "", "note": ""})
        return found

    return recompute


def _read(text: str, number: int, column: str, complaints: Complaints) -> float | None:
    try:
        found = number_of(text)
    except ValueError:
        complaints.cell(number, column, text, "noise.mend.level")
        return None
    return None if found is None else float(found)


def _same(_: str, published: str, computed: str) -> bool:
    try:
        said = number_of(published)
    except ValueError:
        return False
    if said is None or not computed:
        return False
    digits = -int(said.as_tuple().exponent)
    return half_even(float(computed), digits) == said


def _explain(cells: Mapping[str, str], _field: str, _arguments: argparse.Namespace) -> Derivation | None:
    lower = {name.lower(): text for name, text in cells.items()}
    try:
        pair = number_of(lower["ld"]), number_of(lower["ln"])
    except ValueError:
        return None
    if pair[0] is None or pair[1] is None:
        return None
    penalty = NoiseRules.from_pack(load("noise"), beijing(now()).date()).penalty
    return explain_ldn(float(pair[0]), float(pair[1]), penalty)


CHECKS = (
    Check(
        "noise",
        ("ld", "ln"),
        ("ldn",),
        lambda name: "ldn" if "ldn" in name.lower() else None,
        _prepare,
        _same,
        _explain,
    ),
)
"""What `ecobureau standards check` can recompute here: Ldn of rows that carry Ld and Ln."""
