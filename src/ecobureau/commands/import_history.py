"""`ecobureau import history FILE.csv`: measured history into the store."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecobureau import clock
from ecobureau.commands.standards.emission_rows import factor_table
from ecobureau.config import database_url
from ecobureau.history.formats import BadRow, BadTable, Column, Format, formats, moment, recognise, with_interval
from ecobureau.rulepacks import load
from ecobureau.words import say

if TYPE_CHECKING:
    from ecobureau.history.parallel import Result

DONE, REFUSED, BAD_ROWS = 0, 1, 3
_SHOWN = 50


def add_options(parser: Any) -> None:
    """Add what only history needs."""
    known = sorted(formats(load("history_formats"), clock.now().date()))
    parser.add_argument("--format", choices=known, help=say("history.format.help"))
    parser.add_argument("--station", metavar="CODE", help=say("history.station.help"))
    parser.add_argument("--stations", type=Path, metavar="MAP.csv", help=say("history.stations.help"))
    parser.add_argument("--columns", type=Path, metavar="MAP.csv", help=say("history.columns.help"))
    parser.add_argument("--start", metavar="TIME", help=say("history.start.help"))
    parser.add_argument("--stamp", choices=("start", "end"), default="start", help=say("history.stamp.help"))
    parser.add_argument("--interval", type=int, metavar="SECONDS", help=say("history.interval.help"))
    parser.add_argument("--encoding", default="utf-8", help=say("history.encoding.help"))
    parser.add_argument("--again", action="store_true", help=say("history.again.help"))


def run(arguments: argparse.Namespace) -> int:
    """Load a file; 0 done, 1 refused whole, 3 done without the rows that were told."""
    from ecobureau.commands._django import own_database

    os.environ.setdefault("ECOBUREAU_NO_POOL", "1")
    try:
        with own_database():
            return _run(arguments)
    except BadTable as problem:
        print(say(problem.code, **problem.params), file=sys.stderr)
    except LookupError:
        print(say("history.no_encoding", encoding=arguments.encoding), file=sys.stderr)
    except OSError as error:
        print(say("history.no_file", file=error.filename, reason=error.strerror), file=sys.stderr)
    return REFUSED


def _run(arguments: argparse.Namespace) -> int:
    import psycopg

    from ecobureau.history.load import Lines, digest_of, loaded_before, plan_for, record_file, registry
    from ecobureau.history.parallel import Job, load_file

    url = database_url() or ""
    start, only, ends = _start(arguments.start), arguments.station, arguments.stamp == "end"
    with arguments.file.open("rb") as stream:
        columns = Lines(stream, arguments.encoding).columns
    found = _format(arguments, columns)
    plan_for(found, columns, start=start, only=only is not None)
    digest = digest_of(arguments.file)
    with psycopg.connect(url, autocommit=True) as conn:
        before = loaded_before(conn, digest)
        if before is not None and not arguments.again:
            print(say("history.loaded_before", at=before.astimezone(clock.BEIJING).isoformat(" ", "seconds")))
            return DONE
        stations = registry(conn)
        job = Job(
            arguments.file,
            arguments.encoding,
            found,
            stations,
            None if arguments.dry_run else url,
            _alias(arguments.stations),
            only,
            start,
            ends,
            factor_table()[0],
        )
        bar = _Bar(arguments.file.stat().st_size)
        result = load_file(job, bar.show)
        bar.end()
        if not arguments.dry_run:
            by_id = {one.id: one for one in stations.values()}
            record_file(conn, by_id, result.report, arguments.file.name, digest, found.name)
    return _tell(arguments, found, result)


def _format(arguments: argparse.Namespace, columns: list[str]) -> Format:
    known = formats(load("history_formats"), clock.now().date())
    if arguments.columns is None:
        return with_interval(recognise(columns, known, arguments.format), arguments.interval)
    own = []
    for row in _table(arguments.columns, "column", "factor"):
        unit = row.get("unit") or _unit(row["factor"])
        own.append(Column(row["column"].strip().lower(), row["factor"].strip(), unit, row.get("stat") or "avg"))
    missing = [one.name for one in own if one.name not in columns]
    if missing:
        raise BadTable("history.no_column", missing=", ".join(missing), columns=", ".join(columns))
    base = known["air_station_hours"]
    time = ("time",) if "time" in columns else ()
    medium = "32" if own and own[0].factor.startswith("w") else "31"
    free = Format("columns", (), "station", time, medium, base.kind, base.interval_s, tuple(own))
    return with_interval(free, arguments.interval)


def _table(path: Path, *needed: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or any(name not in rows[0] for name in needed):
        raise BadTable("history.bad_map", file=path, columns=", ".join(needed))
    return rows


def _alias(path: Path | None) -> Mapping[str, str]:
    if path is None:
        return {}
    return {row["name"].strip(): row["station"].strip() for row in _table(path, "name", "station")}


def _start(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return moment(text)
    except ValueError:
        raise BadTable("history.bad_start", text=text) from None


def _unit(factor: str) -> str:
    return factor_table()[0].get(factor, "")


def _complain(row: int, what: BadRow) -> None:
    code = "history.bad_cell" if what.column else "history.bad_row"
    mend = say(what.code, **what.params)
    print(say(code, row=row, column=what.column, text=what.text[:60], mend=mend), file=sys.stderr)


class _Bar:
    """How far a file is, on stderr when it is a terminal."""

    def __init__(self, size: int) -> None:
        self._size, self._shown = size, False

    def show(self, done: int) -> None:
        if sys.stderr.isatty():
            share = min(100, 100 * done // max(1, self._size))
            print(f"\r[{'#' * (share // 4):25s}] {share} %", end="", file=sys.stderr, flush=True)
            self._shown = True

    def end(self) -> None:
        if self._shown:
            print(file=sys.stderr)


def _tell(arguments: argparse.Namespace, found: Format, result: Result) -> int:
    from ecobureau.storage.types import Outcome

    report = result.report
    for row, what in result.problems[:_SHOWN]:
        _complain(row, what)
    if result.count > _SHOWN:
        print(say("history.more", count=result.count - _SHOWN), file=sys.stderr)
    for name, rows in report.unknown.most_common(20):
        print(say("history.unknown_station", name=name or "—", rows=rows), file=sys.stderr)
    span = {"first": _day(report.first), "last": _day(report.last), "stations": len(report.stations)}
    counts = {"format": found.name, "rows": report.rows, "values": report.values, "bad": report.bad}
    counts |= {"empty": report.empty, "cells": report.cells}
    if arguments.dry_run:
        print(say("history.would", **counts, **span))
    else:
        done = {one.value: report.outcomes[one] for one in (Outcome.STORED, Outcome.REVISED, Outcome.DUPLICATE)}
        print(say("history.done", **counts, **span, **done))
    return BAD_ROWS if result.count or report.bad else DONE


def _day(at: datetime | None) -> str:
    return "—" if at is None else at.astimezone(clock.BEIJING).isoformat(" ", "minutes")[:16]
