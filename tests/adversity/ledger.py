"""What the loggers count as answered against what the store holds: each value once, and the books balance."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from ecobureau import clock
from ecobureau.gateway.content import STATISTICS
from ecobureau.simulator.content import length_of
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.times import from_digits
from ecobureau.storage import books, read, seal
from ecobureau.storage.partitions import day_of
from ecobureau.storage.types import Kind
from supervisor.helpers import environment

Conn = psycopg.Connection[Any]
KINDS = {"2011": Kind.RT, "2051": Kind.MINUTE, "2061": Kind.HOUR, "2031": Kind.DAY}
NO_DATA = ("9", "1")
"""First digits of commands that store nothing."""


def answered_values(
    plans: Sequence[StationPlan], lines: Iterable[dict[str, Any]]
) -> dict[str, dict[tuple[Kind, datetime, str], dict[str, str]]]:
    """Return what loggers count as answered: MN -> (kind, start, factor) -> statistic or `flag` -> text as sent."""
    by_mn = {plan.mn: plan for plan in plans}
    out: dict[str, dict[tuple[Kind, datetime, str], dict[str, str]]] = defaultdict(dict)
    for line in lines:
        if line["cn"] not in KINDS:
            continue
        plan = by_mn[line["mn"]]
        epoch = from_digits(line["data_time"])
        assert epoch is not None
        if plan.stamp == "end" and line["cn"] != "2011":
            epoch -= length_of(plan, line["cn"])
        start = datetime.fromtimestamp(epoch, UTC)
        codes = {plan.wire(code): code for code in plan.factors}
        for item in line["cp"].split(";"):
            for pair in item.split(","):
                name, _, text = pair.partition("=")
                if name == "DataTime":
                    continue
                sent, _, field = name.rpartition("-")
                stat = "flag" if field == "Flag" else STATISTICS[field]
                values = out[line["mn"]].setdefault((KINDS[line["cn"]], start, codes.get(sent, sent)), {})
                assert stat not in values, f"{line['mn']} {line['cn']} {line['data_time']}: {name} answered twice"
                values[stat] = text
    return out


def check_values(conn: Conn, plans: Sequence[StationPlan], lines: Sequence[dict[str, Any]]) -> int:
    """Every value that a logger counts as answered is stored exactly once, as it was sent; returns how many there are.

    Nothing else is stored either, no value was ever rewritten, and each upload was taken as new exactly once.
    """
    stations = dict(conn.execute("select mn, station_id from gateway_station").fetchall())
    told, checked = answered_values(plans, lines), 0
    for mn, values in told.items():
        stored = stored_values(conn, stations[mn], {kind for kind, _start, _code in values})
        doubled = [key for key, found in stored.items() if len(found) > 1]
        assert not doubled, f"{mn}: stored more than once: {doubled[:3]}"
        missing = sorted(values.keys() - stored.keys())
        assert not missing, f"{mn}: answered and not stored: {len(missing)} of {len(values)}, first {missing[0]}"
        strange = sorted(stored.keys() - values.keys())
        assert not strange, f"{mn}: stored and not answered: {len(strange)}, first {strange[0]}"
        for key, texts in values.items():
            assert stored[key][0] == texts, f"{mn} {key}: sent {texts}, stored {stored[key][0]}"
            checked += len(texts) - ("flag" in texts)
    assert conn.execute("select count(*) from revision").fetchone() == (0,)
    check_uploads(conn, stations, lines)
    return checked


def stored_values(
    conn: Conn, station: int, kinds: Iterable[Kind]
) -> dict[tuple[Kind, datetime, str], list[dict[str, str | None]]]:
    """Return what is stored of a station: (kind, start, factor) -> one mapping of statistics for each time it is."""
    out: dict[tuple[Kind, datetime, str], list[dict[str, str | None]]] = defaultdict(list)
    now = clock.now()
    for kind in kinds:
        found = read.series(conn, station, None, kind, None, None, now - timedelta(days=3), now + timedelta(hours=1))
        for code, points in found.items():
            for point in points:
                texts = {stat: point.text(stat) for stat in point.reading.stats if point.text(stat) is not None}
                out[kind, point.start, code].append({**texts, "flag": point.flag} if point.flag else texts)
    return out


def check_uploads(conn: Conn, stations: Mapping[str, int], lines: Sequence[dict[str, Any]]) -> None:
    """Of each answered upload one frame is stored; whatever came again is kept as a duplicate."""
    once = Counter((stations[one["mn"]], one["cn"]) for one in lines if not one["cn"].startswith(NO_DATA))
    query = (
        "select station_id, cn, count(*) from raw_frame where outcome in ('stored', 'revised')"
        " and left(cn, 1) <> all (%s) group by 1, 2"
    )
    stored = {(station, cn): count for station, cn, count in conn.execute(query, (list(NO_DATA),))}
    assert stored == dict(once)
    twice = (
        "select count(*) from (select 1 from device_event group by station_id, at, kind, digest having count(*) > 1) d"
    )
    assert conn.execute(twice).fetchone() == (0,)


def check_books(conn: Conn, days: Iterable[date], answered: int) -> dict[str, int]:
    """The books of all runs balance after the bureau has stopped; returns frames by verdict of the difference.

    Runs that were killed are marked first; what they received and nobody answered is told as cut off.
    """
    books.mark_crashed(conn, clock.now(), silent=timedelta(0))
    seen: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for day in days:
        for line in books.balance(conn, day):
            assert line.verdict in ("balanced", "cut_off"), line
            assert line.difference >= 0, line
            seen[line.verdict] += 1
            seen["frames_cut_off"] += line.difference
            outcomes.update({outcome.value: frames for outcome, frames in line.outcomes.items()})
        assert books.recount(conn, day) == []
    assert sum(outcomes.values()) >= answered, "every answer has an outcome"
    return dict(seen) | dict(outcomes)


def check_evidence(conn: Conn, url: str, data: Path) -> str:
    """Seals all there is and lets `ecobureau verify` check it; returns what it said."""
    then = clock.now() + timedelta(days=2)
    assert seal.seal_days(conn, then)
    assert seal.append_heads(conn, data / "heads", then)
    command = [sys.executable, "-m", "ecobureau", "--lang", "en", "verify", "--database", url]
    env = {**environment(), "ECOBUREAU_DATA": str(data)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def days_of(begin: datetime) -> list[date]:
    """The days in Beijing from `begin` to now."""
    first, last = day_of(begin), day_of(clock.now())
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
