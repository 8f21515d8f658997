"""One visit of the doctor: find the database, run every check, say what was found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO

from ecobureau.supervisor.cluster import live_url
from ecobureau.supervisor.doctor import database, feeds, machine, messages, program
from ecobureau.supervisor.doctor.findings import Finding, Surroundings
from ecobureau.supervisor.errors import PostgresError
from ecobureau.supervisor.postgres import EmbeddedPostgres
from ecobureau.words import say

Check = Callable[[Surroundings], list[Finding]]
CHECKS: tuple[Check, ...] = (*machine.CHECKS, *program.CHECKS, *database.CHECKS, *feeds.CHECKS, *messages.CHECKS)
SIGNS = {"ok": "✓", "warn": "!", "bad": "✗"}


@contextlib.contextmanager
def with_database(here: Surroundings) -> Iterator[Surroundings]:
    """`here` with a connection as the application: to the external server, to the embedded one that runs, or to one
    started for the length of the visit. A folder without a cluster stays without."""
    with contextlib.ExitStack() as stack:
        url, owned = here.app_url or live_url(here.data), False
        if url is None and (here.data / "pg" / "PG_VERSION").exists():
            try:
                url, owned = stack.enter_context(EmbeddedPostgres(here.data)).url(), True
            except PostgresError as error:
                yield replace(here, db_trouble=Finding("bad", error.code, error.params))
                return
        if url is None:
            yield here
            return
        import psycopg

        try:
            db = stack.enter_context(psycopg.connect(url, autocommit=True, connect_timeout=5))
        except psycopg.OperationalError as error:
            trouble = Finding("bad", "supervisor.db.unreachable", {"why": str(error).strip()})
            yield replace(here, db_trouble=trouble)
            return
        db.execute("set statement_timeout = '15s'")
        yield replace(here, db=db, owned=owned)


def examine(here: Surroundings, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """All findings. A check that breaks is itself a finding, and does not keep the others from running."""
    found: list[Finding] = []
    with with_database(here) as seen:
        for check in checks:
            try:
                found += check(seen)
            except Exception as error:  # one broken check must not hide what the others see
                name = f"{check.__module__.rsplit('.', 1)[-1]}.{check.__name__}"
                found.append(Finding("bad", "doctor.check.failed", {"check": name, "why": f"{error}".strip()}))
    return found


def report(found: list[Finding], out: IO[str]) -> int:
    """Writes the findings, worst last; returns the exit code: 1 if anything is broken."""
    order = ("ok", "warn", "bad")
    for finding in sorted(found, key=lambda finding: order.index(finding.level)):
        first, *more = say(finding.code, None, **finding.params).splitlines() or [""]
        out.write(f"{SIGNS[finding.level]} {first}\n")
        out.writelines(f"  {line}\n" for line in more)
    count = {level: sum(finding.level == level for finding in found) for level in order}
    out.write(say("doctor.sum", None, ok=count["ok"], warn=count["warn"], bad=count["bad"]) + "\n")
    return 1 if count["bad"] else 0
