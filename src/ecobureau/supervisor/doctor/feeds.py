"""What flows through: keys, partitions, feeds, gateways, the judge's queue, jobs, seals, the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ecobureau.clock import beijing
from ecobureau.config import key_file
from ecobureau.secret import WrongKey, unseal
from ecobureau.storage import books
from ecobureau.supervisor.doctor.database import ask
from ecobureau.supervisor.doctor.findings import Finding, Surroundings, bad, ok, warn
from ecobureau.supervisor.loop import status

SILENT_AT_LEAST = timedelta(minutes=15)
"""A feed counts as dead after three of its intervals, but not before this."""
SHOWN = 5
GATEWAY_BEAT = timedelta(seconds=60)
DIRTY_WARN = timedelta(minutes=2)
DIRTY_BAD = timedelta(minutes=15)
JOB_WAIT = timedelta(minutes=10)
PART_WAIT = timedelta(hours=2)
DAY = timedelta(days=1)


def has(here: Surroundings, *tables: str) -> bool:
    """Is there a database, and are these tables in it, and may we read them?"""
    return here.db is not None and all(
        ask(here, "select coalesce(has_table_privilege(to_regclass(%s), 'SELECT'), false)", name) for name in tables
    )


def rows(here: Surroundings, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
    assert here.db is not None
    return here.db.execute(statement, values).fetchall()


def sealed_secrets(here: Surroundings) -> list[Finding]:
    """The key file must open what was sealed: a station whose password cannot be read is deaf."""
    if not has(here, "gateway_station"):
        return []
    sample = rows(here, "select mn, password_sealed from gateway_station where password_sealed is not null limit 20")
    if not sample:
        return []
    if not key_file().exists():
        return bad("doctor.key.lost", file=key_file())
    for mn, sealed in sample:
        try:
            unseal(bytes(sealed))
        except (WrongKey, ValueError):
            return bad("doctor.key.wrong", file=key_file(), mn=mn)
    return ok("doctor.key.ok", file=key_file())


def partitions(here: Surroundings) -> list[Finding]:
    """Today's and tomorrow's partitions, and the right to make more."""
    if not has(here, "raw_frame", "frame_rt", "frame_period"):
        return []
    if not ask(here, "select has_function_privilege('telemetry_ensure(text, date[])', 'EXECUTE')"):
        return bad("doctor.partitions.no_right", role=ask(here, "select current_user"))
    if not ask(here, "select exists (select 1 from gateway_run)"):
        return []
    today = beijing(here.now).date()
    missing = []
    for day in (today, today + DAY):
        for table, suffix in (("raw_frame", "%Y%m"), ("frame_rt", "%Y%m%d"), ("frame_period", "%Y%m")):
            if ask(here, "select to_regclass(%s)", f"{table}_{day.strftime(suffix)}") is None:
                missing.append(f"{table} {day}")
    if missing:
        table, day_text = missing[0].split()
        return warn("doctor.partitions.missing", count=len(missing), table=table, day=day_text)
    return ok("doctor.partitions.ok")


def gateways(here: Surroundings) -> list[Finding]:
    """A gateway that runs says so every few seconds; one that ended without saying so was killed."""
    if not has(here, "gateway_run"):
        return []
    alive = ask(
        here, "select count(*) from gateway_run where ended_at is null and heartbeat_at > %s", here.now - GATEWAY_BEAT
    )
    faults = rows(
        here,
        "select id, fault from gateway_run where fault_at > %s order by fault_at desc",
        here.now - DAY,
    )
    if faults:
        return bad("doctor.gateway.fault", count=len(faults), run=faults[0][0], text=faults[0][1])
    if alive:
        return ok("doctor.gateway.ok", count=alive)
    if status(here.data) is not None:
        return bad("doctor.gateway.silent", seconds=int(GATEWAY_BEAT.total_seconds()))
    return []


def feeds(here: Surroundings) -> list[Finding]:
    """Active stations that have sent nothing for three of their intervals (at least SILENT_AT_LEAST)."""
    if here.owned or not has(here, "gateway_station", "stream_state"):
        return []
    total = int(ask(here, "select count(distinct station_id) from gateway_station where active"))
    if not total:
        return []
    silent = rows(
        here,
        """
        select g.mn, max(s.received_at) as last
          from gateway_station g left join stream_state s using (station_id)
         where g.active
         group by g.mn, g.rtd_interval_s, g.accept_from
        having coalesce(max(s.received_at), '-infinity') < %s::timestamptz
                 - greatest(%s::interval, make_interval(secs => 3 * coalesce(g.rtd_interval_s, 0)))
         order by last desc nulls last, g.mn
        """,
        here.now,
        SILENT_AT_LEAST,
    )
    if not silent:
        return ok("doctor.feeds.ok", count=total)
    names = " ".join(mn for mn, _last in silent[:SHOWN]) + (" …" if len(silent) > SHOWN else "")
    if len(silent) == total:
        return bad("doctor.feeds.all_silent", count=total)
    return warn("doctor.feeds.silent", count=len(silent), total=total, names=names)


def dirty_queue(here: Surroundings) -> list[Finding]:
    """What the judge has still to look at. It is drained within seconds while the worker runs."""
    if not has(here, "dirty"):
        return []
    ((count, oldest),) = rows(here, "select count(*), min(made_at) from dirty")
    if not count or here.owned:
        return ok("doctor.dirty.ok", count=count)
    age = here.now - oldest
    params: dict[str, object] = {"count": count, "minutes": int(age.total_seconds() // 60)}
    if age > DIRTY_BAD:
        return bad("doctor.dirty.stuck", **params)
    if age > DIRTY_WARN:
        return warn("doctor.dirty.slow", **params)
    return ok("doctor.dirty.ok", count=count)


def jobs(here: Surroundings) -> list[Finding]:
    """Background jobs that wait too long, hang with a dead worker, or failed within a day."""
    if not has(here, "procrastinate_jobs", "procrastinate_events", "procrastinate_workers"):
        return []
    found: list[Finding] = []
    failed = rows(
        here,
        "select j.task_name, count(*) from procrastinate_jobs j join procrastinate_events e on e.job_id = j.id "
        "where j.status = 'failed' and e.type = 'failed' and e.at > %s group by 1 order by 2 desc",
        here.now - DAY,
    )
    if failed:
        found += warn("doctor.jobs.failed", count=sum(count for _, count in failed), name=failed[0][0])
    if here.owned:
        return found
    waiting = ask(
        here,
        "select count(distinct j.id) from procrastinate_jobs j join procrastinate_events e on e.job_id = j.id "
        "where j.status = 'todo' and e.type in ('deferred', 'deferred_for_retry') "
        "and coalesce(j.scheduled_at, e.at) < %s",
        here.now - JOB_WAIT,
    )
    if waiting:
        found += bad("doctor.jobs.waiting", count=waiting, minutes=int(JOB_WAIT.total_seconds() // 60))
    hanging = ask(
        here,
        "select count(*) from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id "
        "where j.status = 'doing' and coalesce(w.last_heartbeat, '-infinity') < %s",
        here.now - JOB_WAIT,
    )
    if hanging:
        found += warn("doctor.jobs.hanging", count=hanging)
    return found or ok("doctor.jobs.ok")


def pending_parts(here: Surroundings) -> list[Finding]:
    """Packets of split messages that never found their partners; they must end in another outcome."""
    if not has(here, "pending_part"):
        return []
    count = ask(
        here,
        "select count(*) from pending_part where outcome = 'pending_part' and received_at < %s",
        here.now - PART_WAIT,
    )
    return warn("doctor.parts.open", count=count) if count and not here.owned else []


def commands(here: Surroundings) -> list[Finding]:
    if not has(here, "command"):
        return []
    count = ask(
        here,
        "select count(*) from command where state in ('queued', 'sent', 'accepted') and expires_at < %s",
        here.now - GATEWAY_BEAT,
    )
    return warn("doctor.commands.open", count=count) if count and not here.owned else []


def quarantined(here: Surroundings) -> list[Finding]:
    if not has(here, "quarantine"):
        return []
    ((kinds, frames),) = rows(
        here, "select count(*), coalesce(sum(frames), 0) from quarantine where last_at > %s", here.now - DAY
    )
    return warn("doctor.quarantine.some", kinds=kinds, frames=frames) if kinds else []


def seals(here: Surroundings) -> list[Finding]:
    """Every closed day with frames is sealed within a day."""
    if not has(here, "seal", "frame_counter"):
        return []
    last_due = beijing(here.now).date() - 2 * DAY
    unsealed = ask(
        here,
        "select min(c.day) from frame_counter c where c.day between %s and %s and c.outcome in ('stored', 'revised') "
        "and not exists (select 1 from seal s where s.station_id = c.station_id and s.day >= c.day)",
        last_due - 30 * DAY,
        last_due,
    )
    return warn("doctor.seal.late", day=unsealed) if unsealed is not None else []


def book_balance(here: Surroundings) -> list[Finding]:
    """Frames received against frames with an outcome, of today and yesterday (Beijing), one line a run and station."""
    if not has(here, "gateway_run", "gateway_received", "frame_counter"):
        return []
    assert here.db is not None
    today = beijing(here.now).date()
    lines = [line for day in (today - DAY, today) for line in books.balance(here.db, day)]
    broken = [line for line in lines if not line.balances]
    if broken:
        worst = max(broken, key=lambda line: abs(line.difference))
        return bad(
            "doctor.books.broken",
            count=len(broken),
            day=worst.day,
            run=worst.run_id,
            station=worst.station_id,
            received=worst.received,
            settled=worst.settled,
        )
    cut_off = sum(line.difference for line in lines if line.verdict == "cut_off")
    return ok("doctor.books.ok", received=sum(line.received for line in lines), cut_off=cut_off)


CHECKS = (
    sealed_secrets,
    partitions,
    gateways,
    feeds,
    dirty_queue,
    jobs,
    pending_parts,
    commands,
    quarantined,
    seals,
    book_balance,
)
