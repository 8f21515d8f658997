"""`ecobureau standards aqi IN.csv OUT.csv --kind hourly|daily`: the air quality index of every row."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from ecobureau.commands.standards.aqi_worker import ADDED, COLUMNS, SHOWN, Options, Worker
from ecobureau.commands.standards.check import Check
from ecobureau.commands.standards.table import (
    Chunk,
    Complaints,
    InTable,
    add_columns,
    add_in_out,
    guarded,
    number_of,
)
from ecobureau.domain.air import (
    Kind,
)
from ecobureau.domain.explain import Derivation
from ecobureau.words import say


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `aqi`."""
    parser = parts.add_parser("aqi", help=say("air.aqi.help"), description=say("air.aqi.help"))
    add_in_out(parser)
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], required=True, help=say("air.aqi.kind.help"))
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `aqi` and the check of its columns share."""
    parser.add_argument("--edition", default="auto", metavar="auto|2012|2026", help=say("air.aqi.edition.help"))
    parser.add_argument("--time-column", metavar="NAME", help=say("air.aqi.time.help"))
    parser.add_argument("--zero", choices=("auto", "value", "missing"), default="auto", help=say("air.aqi.zero.help"))
    parser.add_argument("--not-planned", default="", metavar="ITEMS", help=say("air.aqi.not_planned.help"))


def run(arguments: argparse.Namespace) -> int:
    """Compute the index of every row; exit code as `commands.standards` says."""
    return guarded(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    work = Worker(Kind(arguments.kind), Options.of(arguments))
    return add_columns(
        arguments.source, arguments.target, ADDED, work.cells, needs=work.check, encoding=arguments.encoding
    )


def add_check_options(parser: argparse.ArgumentParser) -> None:
    """Add to `check` what the index needs to know."""
    add_options(parser)


def _check(kind: Kind) -> Check:
    def prepare(
        arguments: argparse.Namespace, table: InTable
    ) -> Callable[[Chunk, Complaints], Sequence[Mapping[str, str]]]:
        worker = Worker(kind, Options.of(arguments))
        worker.check(table)

        def recompute(chunk: Chunk, complaints: Complaints) -> Sequence[Mapping[str, str]]:
            rows = worker.cells(chunk, complaints)
            return [{**dict(zip(ADDED, cells, strict=True)), "note": cells[9]} for cells in rows]

        return recompute

    def explain(row: Mapping[str, str], field: str, arguments: argparse.Namespace) -> Derivation | None:
        return Worker(kind, Options.of(arguments)).derivation(row)

    return Check(
        kind=kind.value,
        columns=tuple(COLUMNS[kind].values()),
        fields=ADDED[:9],
        field_of=_field_of,
        prepare=prepare,
        same=_same,
        explain=explain,
    )


def _field_of(column: str) -> str | None:
    name = column.lower()
    if name in ADDED[:9]:
        return name
    for item in SHOWN:
        if f"iaqi_{item}" in name:
            return f"iaqi_{item}"
    for words, found in (
        (("primary", "首要"), "primary"),
        (("category", "level", "quality", "类别", "等级", "质量"), "category"),
        (("aqi",), "aqi"),
    ):
        if any(word in name for word in words):
            return found
    return None


def _same(field: str, published: str, computed: str) -> bool:
    if field == "primary":
        said = published.replace("，", ",").replace("、", ",")
        blank = {"", "-", "—", "无"}
        return {one.strip() for one in said.split(",")} - blank == set(computed.split(",")) - blank
    if published == computed:
        return True
    try:
        return number_of(published) == number_of(computed) and bool(computed)
    except ValueError:
        return False


CHECKS = tuple(_check(kind) for kind in Kind)
"""What `ecobureau standards check` can recompute here."""
