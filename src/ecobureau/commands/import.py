"""`ecobureau import KIND FILE [--dry-run]`: tables into the registry, whole or not at all; history into the store."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecobureau.commands import import_history
from ecobureau.words import say

if TYPE_CHECKING:
    from ecobureau.web.sources.importing import Report

KINDS = ("organisations", "rosters", "enterprises", "outlets", "stations", "limits", "outfalls")
HISTORY = "history"
"""Measured history goes to the store, row by row (`import_history`)."""


def add_parser(commands: Any) -> None:
    """Add `import`."""
    parser = commands.add_parser("import", help=say("import.help"), description=say("import.help"))
    parser.add_argument("kind", choices=(*KINDS, HISTORY), help=say("import.kind"))
    parser.add_argument("file", type=Path, help=say("import.file"))
    parser.add_argument("--dry-run", action="store_true", help=say("import.dry_run"))
    import_history.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Import a file; 0 done (or good, when dry), 1 refused; history: 3 done, but some rows were not taken."""
    if args.kind == HISTORY:
        return import_history.run(args)
    from ecobureau.commands._django import own_database

    try:
        data = args.file.read_bytes()
    except OSError:
        print(say("import.no_file", None, file=args.file), file=sys.stderr)
        return 1
    os.environ.setdefault("ECOBUREAU_NO_POOL", "1")
    with own_database():
        import django

        django.setup()
        return _run(args, data)


def _run(args: argparse.Namespace, data: bytes) -> int:
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.sources.importing import BadFile, kind_of, read_table, run_import

    kind = kind_of(args.kind)
    assert kind is not None
    try:
        report = run_import(kind, read_table(data, args.file.name), SYSTEM, dry_run=args.dry_run)
    except BadFile as error:
        print(error.text(), file=sys.stderr)
        return 1
    return _tell(report)


def _tell(report: Report) -> int:
    counts = {"rows": report.rows, "made": report.made, "changed": report.changed, "same": report.same}
    if report.good:
        print(say("import.done" if report.applied else "import.would", None, **counts))
        return 0
    for problem in report.problems:
        place = "import.row_column" if problem.column else "import.row"
        where = say(place, None, row=problem.row, column=problem.column)
        print(f"{where}: {problem.text()}", file=sys.stderr)
    if report.problem_count > len(report.problems):
        print(say("import.more", None, most=len(report.problems)), file=sys.stderr)
    print(say("import.refused", None, count=report.problem_count), file=sys.stderr)
    return 1
