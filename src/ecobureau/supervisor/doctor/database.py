"""The database: reachable, recent enough, the right roles, durable, migrated."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from ecobureau.supervisor.doctor.findings import Finding, Surroundings, bad, ok, warn

LEAST_SERVER = 150000
CLOCK_WARN = 2.0
CLOCK_BAD = 30.0
LONG_TRANSACTION_MINUTES = 10
APPEND_ONLY = ("raw_frame", "core_history", "core_audit")
"""Tables whose rows the application may add but never change."""


def ask(here: Surroundings, statement: str, *values: object) -> Any:
    """First column of the first row, None if there is none."""
    assert here.db is not None
    row = here.db.execute(statement, values).fetchone()
    return None if row is None else row[0]


def reachable(here: Surroundings) -> list[Finding]:
    if here.db is None:
        return [here.db_trouble] if here.db_trouble is not None else warn("doctor.db.none_yet")
    version = here.db.info.server_version
    shown = ask(here, "show server_version")
    if version < LEAST_SERVER:
        return bad("doctor.db.old", version=shown)
    if ask(here, "show server_encoding") != "UTF8":
        return bad("doctor.db.encoding", encoding=ask(here, "show server_encoding"))
    return ok("doctor.db.owned" if here.owned else "doctor.db.ok", version=shown)


def roles(here: Surroundings) -> list[Finding]:
    if here.db is None:
        return []
    role = ask(here, "select current_user")
    if ask(here, "select rolsuper from pg_roles where rolname = current_user"):
        return bad("doctor.roles.superuser", role=role)
    if here.app_url is not None:
        same = here.owner_url is None or urlsplit(here.owner_url).username == urlsplit(here.app_url).username
        if same:
            return warn("doctor.roles.one_url", role=role)
    owned = ask(here, "select count(*) from pg_tables where tableowner = current_user and schemaname = 'public'")
    if owned:
        return warn("doctor.roles.owns", role=role, count=owned)
    protected = [table for table in APPEND_ONLY if ask(here, "select to_regclass(%s)", table) is not None]
    for table in protected:
        if ask(here, "select has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')", table):
            return bad("doctor.roles.may_change", role=role, table=table)
    return ok("doctor.roles.ok", role=role) if protected else []


def durable(here: Surroundings) -> list[Finding]:
    """An answer to a device promises that its data is on disk: the server must keep that promise."""
    if here.db is None:
        return []
    found: list[Finding] = []
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if ask(here, "select current_setting(%s)", name) == "off":
            found += bad("doctor.durable.off", setting=name)
    return found or ok("doctor.durable.ok")


def connections(here: Surroundings) -> list[Finding]:
    if here.db is None:
        return []
    used = int(ask(here, "select count(*) from pg_stat_activity where backend_type = 'client backend'"))
    most = int(ask(here, "select current_setting('max_connections')"))
    if used > 0.85 * most:
        return warn("doctor.connections.many", used=used, most=most)
    return ok("doctor.connections.ok", used=used, most=most)


def long_transactions(here: Surroundings) -> list[Finding]:
    if here.db is None:
        return []
    count = ask(
        here,
        "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() "
        "and xact_start < clock_timestamp() - make_interval(mins => %s)",
        LONG_TRANSACTION_MINUTES,
    )
    if count:
        return warn("doctor.transactions.long", count=count, minutes=LONG_TRANSACTION_MINUTES)
    return []


def clocks_agree(here: Surroundings) -> list[Finding]:
    """Clock of the database's machine against ours (only another machine can differ)."""
    if here.db is None or here.app_url is None:
        return []
    gap = abs(float(ask(here, "select extract(epoch from clock_timestamp() - %s)", here.now)))
    if gap > CLOCK_BAD:
        return bad("doctor.db.clock", seconds=f"{gap:.0f}")
    if gap > CLOCK_WARN:
        return warn("doctor.db.clock", seconds=f"{gap:.0f}")
    return []


def migrations(here: Surroundings) -> list[Finding]:
    """Asks Django, in a process of its own, which migrations the database has not seen."""
    if here.db is None:
        return []
    env = {**os.environ, "ECOBUREAU_NO_POOL": "1", "ECOBUREAU_DATA": str(here.data), "DATABASE_URL": _dsn(here)}
    env.pop("ECOBUREAU_AS_OWNER", None)
    command = [sys.executable, "-m", "django", "showmigrations", "--plan", "--skip-checks"]
    command += ["--settings", "ecobureau.web.settings"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        return bad("doctor.migrations.unknown", why=(done.stderr.strip().splitlines() or ["?"])[-1])
    open_ones = [line.split("]", 1)[1].strip() for line in done.stdout.splitlines() if line.startswith("[ ]")]
    if open_ones:
        return bad("doctor.migrations.open", count=len(open_ones), first=open_ones[0])
    return ok("doctor.migrations.ok", count=sum(line.startswith("[X]") for line in done.stdout.splitlines()))


def _dsn(here: Surroundings) -> str:
    from ecobureau.supervisor.cluster import live_url

    return here.app_url or live_url(here.data) or ""


CHECKS = (reachable, roles, durable, connections, long_transactions, clocks_agree, migrations)
