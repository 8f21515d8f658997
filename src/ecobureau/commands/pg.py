"""`ecobureau pg PROGRAM …`: a PostgreSQL program (psql, pg_dump, pg_restore …) on this installation's database."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("pg", help=say("pg.help"), description=say("pg.help"))
    parser.add_argument("--role", choices=("owner", "app", "superuser"), default="owner", help=say("pg.role"))
    parser.add_argument("program", help=say("pg.program"))
    parser.add_argument("words", nargs=argparse.REMAINDER, help=say("pg.words"))


def surroundings(url: str) -> dict[str, str]:
    """The environment variables by which PostgreSQL's own programs find a database, so that no password is on their
    command line."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    values = {
        "PGHOST": unquote(parts.hostname or "") or query.get("host", ""),
        "PGPORT": str(parts.port or query.get("port", "")),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    return {name: value for name, value in values.items() if value}


def run(args: argparse.Namespace) -> int:
    from ecobureau.config import data_dir, database_url
    from ecobureau.supervisor.cluster import find_binaries
    from ecobureau.supervisor.errors import SupervisorError
    from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url

    with contextlib.ExitStack() as stack:
        try:
            url = database_url("app" if args.role == "app" else "owner")
            if url is None:
                url = live_url(data_dir(), args.role)
            elif args.role == "superuser":
                raise SupervisorError("pg.no_superuser")
            if url is None and not (data_dir() / "pg" / "PG_VERSION").exists():
                raise SupervisorError("supervisor.pg.not_started", folder=str(data_dir()))
            if url is None:
                url = stack.enter_context(EmbeddedPostgres(data_dir())).url(args.role)
            program = str(find_binaries() / args.program) if "/" not in args.program else args.program
            if not os.access(program, os.X_OK):
                program = shutil.which(args.program) or ""
            if not program:
                raise SupervisorError("pg.no_program", program=args.program)
        except SupervisorError as error:
            print(error.say(), file=sys.stderr)
            return 1
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run([program, *args.words], env={**environment, **surroundings(url)}, check=False).returncode
