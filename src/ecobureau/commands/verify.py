"""`ecobureau verify [--heads FILE]`: check all evidence and say exactly what differs."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("verify", help=say("storage.verify.help"), description=say("storage.verify.help"))
    parser.add_argument("--heads", type=Path, metavar="FILE", help=say("storage.verify.heads"))
    parser.add_argument("--database", metavar="URL", help=say("storage.verify.url"))


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0: everything agrees; 1: something differs, or there is no database."""
    import psycopg

    from ecobureau.config import data_dir
    from ecobureau.storage.seal import FILE
    from ecobureau.storage.verify import verify
    from ecobureau.supervisor.errors import SupervisorError

    heads: Path | None = arguments.heads
    usual = data_dir() / "heads" / FILE
    if heads is None and usual.exists():
        heads = usual
    with contextlib.ExitStack() as stack:
        try:
            url = arguments.database or _database(stack)
            conn = stack.enter_context(psycopg.connect(url, autocommit=True))
        except (SupervisorError, psycopg.OperationalError) as error:
            why = error.say() if isinstance(error, SupervisorError) else str(error).strip().splitlines()[0]
            print(say("storage.verify.no_database", why=why), file=sys.stderr)
            return 1
        report = verify(conn, heads)
    print(
        say(
            "storage.verify.summary", frames=report.frames, links=report.links, unsealed=report.unsealed,
            lines=report.lines, entries=report.entries,
        )
    )  # fmt: skip
    if not report.faults:
        print(say("storage.verify.good"))
        return 0
    print(say("storage.verify.bad", count=len(report.faults)))
    for fault in report.faults:
        print("  " + say(fault.code, **fault.params))
    return 1


def _database(stack: contextlib.ExitStack) -> str:
    """Return the DSN in force; owns the embedded PostgreSQL for the length of the command where it is not running."""
    from ecobureau.config import data_dir, database_url
    from ecobureau.supervisor.errors import SupervisorError
    from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url

    url = database_url("app") or live_url(data_dir(), "app")
    if url is not None:
        return url
    if not (data_dir() / "pg" / "PG_VERSION").exists():
        raise SupervisorError("supervisor.pg.not_started", folder=str(data_dir()))
    return stack.enter_context(EmbeddedPostgres(data_dir())).url("app")
