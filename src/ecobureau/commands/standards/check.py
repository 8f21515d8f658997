"""`ecobureau standards check IN.csv --against COLUMN`: recompute a published column and list the differences.

A part module that can recompute something names it in `CHECKS`, a tuple of `Check`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from ecobureau.commands.standards.table import (
    BAD_CELLS,
    WRONG_USAGE,
    CannotRun,
    Chunk,
    Complaints,
    InTable,
    OutTable,
    add_encoding,
    guarded,
)
from ecobureau.commands.standards.telling import lines
from ecobureau.domain.explain import Derivation
from ecobureau.words import say

_NOTHING = ("", "-", "—", "无", "NA")
"""What a published column says where there is nothing to compare with."""


@dataclass(frozen=True)
class Check:
    """How one kind of table is recomputed.

    Attributes:
        kind: name for `--kind`.
        columns: the kind is taken when the table has all of these.
        fields: names of the results that can be compared.
        field_of: which result a published column holds, None = cannot tell.
        prepare: takes the command line, gives the function that recomputes a chunk: the results by name for each row,
            with `note` for what should be said about it.
        same: whether a published and a recomputed text of a field say the same.
        explain: takes one row by column name, the field and the command line; gives the derivation, or None.
    """

    kind: str
    columns: Sequence[str]
    fields: Sequence[str]
    field_of: Callable[[str], str | None]
    prepare: Callable[[argparse.Namespace, InTable], Callable[[Chunk, Complaints], Sequence[Mapping[str, str]]]]
    same: Callable[[str, str, str], bool]
    explain: Callable[[Mapping[str, str], str, argparse.Namespace], Derivation | None]


def checks() -> dict[str, Check]:
    """Return every check that the part modules of this build offer, by kind."""
    from ecobureau.commands.standards import parts_here

    found: dict[str, Check] = {}
    for name in parts_here():
        if name != "check":
            module = importlib.import_module(f"ecobureau.commands.standards.{name}")
            offered: Sequence[Check] = getattr(module, "CHECKS", ())
            found |= {check.kind: check for check in offered}
    return found


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`; a part module may add options of its own by `add_check_options(parser)`."""
    parser = parts.add_parser("check", help=say("standards.check.help"), description=say("standards.check.help"))
    parser.add_argument("source", metavar="IN.csv", help=say("standards.in.help"))
    parser.add_argument("--against", required=True, metavar="COLUMN", help=say("standards.check.against.help"))
    parser.add_argument("--kind", choices=sorted(checks()), help=say("standards.check.kind.help"))
    parser.add_argument("--field", metavar="NAME", help=say("standards.check.field.help"))
    parser.add_argument("--out", metavar="OUT.csv", help=say("standards.check.out.help"))
    parser.add_argument("--show", type=int, default=20, metavar="N", help=say("standards.check.show.help"))
    add_encoding(parser)
    from ecobureau.commands.standards import parts_here

    for name in parts_here():
        add = getattr(importlib.import_module(f"ecobureau.commands.standards.{name}"), "add_check_options", None)
        if add is not None:
            add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; exit code 0 when all published values are met, 3 when some differ or cells could not be read."""
    return guarded(_run, arguments)


@dataclass
class _Tally:
    same: int = 0
    different: int = 0
    unpublished: int = 0
    only_computed: int = 0


def _run(arguments: argparse.Namespace) -> int:
    complaints = Complaints()
    with InTable(arguments.source, complaints, arguments.encoding) as table:
        table.need(arguments.against)
        check = _chosen(table, arguments.kind)
        field = str(arguments.field or check.field_of(arguments.against) or "")
        if field not in check.fields:
            names = ", ".join(check.fields)
            raise CannotRun("standards.check.no_field", WRONG_USAGE, column=arguments.against, fields=names)
        tally = _Tally()
        if arguments.out is None:
            _compare(table, check, field, arguments, complaints, tally, None)
        else:
            with OutTable(arguments.out, [*table.columns, "published", "computed", "note"]) as out:
                _compare(table, check, field, arguments, complaints, tally, out)
    if tally.different > arguments.show:
        print(say("standards.check.more", count=tally.different - arguments.show), file=_stream(arguments))
    counts = {"compared": tally.same + tally.different, "same": tally.same, "different": tally.different}
    rest = {"unpublished": tally.unpublished, "only_computed": tally.only_computed}
    print(say("standards.check.summary", kind=check.kind, field=field, **counts, **rest), file=_stream(arguments))
    code = complaints.exit_code()
    return BAD_CELLS if tally.different else code


def _stream(arguments: argparse.Namespace) -> TextIO:
    return sys.stderr if arguments.out == "-" else sys.stdout


def _chosen(table: InTable, kind: str | None) -> Check:
    known = checks()
    if kind is not None:
        return known[kind]
    fitting = [check for check in known.values() if all(table.has(name) for name in check.columns)]
    if not fitting:
        raise CannotRun("standards.check.no_kind", WRONG_USAGE, file=table.name, kinds=", ".join(known))
    return fitting[0]


def _compare(
    table: InTable,
    check: Check,
    field: str,
    arguments: argparse.Namespace,
    complaints: Complaints,
    tally: _Tally,
    out: OutTable | None,
) -> None:
    recompute = check.prepare(arguments, table)
    for chunk in table.chunks():
        published = chunk.column(arguments.against) or []
        for at, results in enumerate(recompute(chunk, complaints)):
            said, found = published[at].strip(), results.get(field, "")
            if said in _NOTHING:
                tally.unpublished += 1
                tally.only_computed += int(bool(found) and found != "NA")
            elif check.same(field, said, found):
                tally.same += 1
            else:
                tally.different += 1
                if tally.different <= arguments.show:
                    _tell(chunk, at, said, found, results.get("note", ""), check, field, arguments)
                if out is not None:
                    out.write([[*chunk.rows[at], said, found, results.get("note", "")]])


def _tell(
    chunk: Chunk,
    at: int,
    said: str,
    found: str,
    note: str,
    check: Check,
    field: str,
    arguments: argparse.Namespace,
) -> None:
    stream = _stream(arguments)
    row = chunk.numbers[at]
    print(say("standards.check.difference", row=row, published=said, computed=found), file=stream)
    if note:
        print("    " + say("standards.check.note", note=note), file=stream)
    derivation = check.explain(chunk.cells(at), field, arguments)
    if derivation is not None:
        for line in lines(derivation):
            print("    " + line, file=stream)
