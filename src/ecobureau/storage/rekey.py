"""Moving frames to their right start after a station's stamp rule was wrong. Never silent: each job leaves a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from ecobureau.storage import partitions, rollup, wire
from ecobureau.storage.rows import REKEYED
from ecobureau.storage.types import Kind

MOST = 500_000


class Refused(ValueError):
    """The job cannot be done; nothing was changed.

    Attributes:
        code: message code; params: its parameters.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(slots=True)
class Job:
    """One job as written down: the frames of a kind whose start lay in [from_at, to_at) moved by `shift`."""

    id: int
    station_id: int
    kind: Kind
    shift: timedelta
    from_at: datetime
    to_at: datetime
    frames: int
    asked_by: int
    reason: str
    made_at: datetime


def rekey(
    conn: Connection[Any],
    station_id: int,
    kind: Kind,
    shift: timedelta,
    from_at: datetime,
    to_at: datetime,
    *,
    asked_by: int,
    reason: str,
    at: datetime,
) -> Job:
    """Move the starts of a station's frames of one kind by `shift`, with their revisions, roll-ups and latest values.

    Args:
        conn: a connection of its own in autocommit mode; permission and audit entry are the caller's duty.
        shift: whole seconds, for example minus one hour when the device stamps the end of the period.
        reason: why, for the record; at: the instant of the job.

    Raises:
        Refused: no reason, nothing to move, too much at once, or a frame stands already where one would go.
    """
    seconds = int(shift.total_seconds())
    if not reason.strip():
        raise Refused("storage.rekey.reason")
    if not seconds or shift != timedelta(seconds=seconds):
        raise Refused("storage.rekey.shift")
    table = "frame_rt" if kind is Kind.RT else "frame_period"
    wire.register(conn)
    _make_room(conn, table, station_id, kind, shift, from_at, to_at)
    with conn.transaction():
        streams = [row[0] for row in wire.run(conn, "SELECT id FROM stream WHERE kind = %s", (kind.value,))]
        what = {"station": station_id, "streams": streams, "low": from_at, "high": to_at, "shift": shift}
        wire.run(
            conn,
            "SELECT 1 FROM stream_state WHERE station_id = %(station)s AND stream_id = ANY (%(streams)s) FOR UPDATE",
            what,
        )
        wire.run(conn, "DROP TABLE IF EXISTS pg_temp.moving")
        wire.run(conn, f"CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM {table} WHERE false")
        moving = wire.run(
            conn,
            f"WITH gone AS (DELETE FROM {table} WHERE station_id = %(station)s AND stream_id = ANY (%(streams)s)"
            " AND start >= %(low)s AND start < %(high)s RETURNING *) INSERT INTO pg_temp.moving SELECT * FROM gone",
            what,
        )
        frames = moving.rowcount
        if not frames:
            raise Refused("storage.rekey.nothing")
        if frames > MOST:
            raise Refused("storage.rekey.too_many", most=MOST)
        taken = wire.run(
            conn,
            f"SELECT count(*) FROM {table} f JOIN pg_temp.moving m ON f.station_id = m.station_id"
            " AND f.stream_id = m.stream_id AND f.start = m.start + %(shift)s::interval",
            what,
        ).fetchone()
        if taken and taken[0]:
            raise Refused("storage.rekey.taken", frames=taken[0])
        _move(conn, table, what)
        _follow(conn, table, kind, what)
        row = wire.run(
            conn,
            "INSERT INTO rekey (station_id, kind, shift_s, from_at, to_at, frames, asked_by, reason, made_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (station_id, kind.value, seconds, from_at, to_at, frames, asked_by, reason, at),
        ).fetchone()
        wire.run(
            conn,
            "INSERT INTO dirty (station_id, st, kind, interval_s, start_at, end_at, cause, made_at)"
            " SELECT %(station)s, s.st, s.kind, s.interval_s, least(min(m.start), min(m.start) + %(shift)s::interval),"
            " greatest(max(m.start), max(m.start) + %(shift)s::interval) + make_interval(secs => s.interval_s),"
            " 'revised', %(at)s FROM pg_temp.moving m JOIN stream s ON s.id = m.stream_id GROUP BY s.id",
            {**what, "at": at},
        )
        wire.run(conn, "NOTIFY eb_dirty")
    if row is None:
        raise RuntimeError("the job was not written down")
    return Job(row[0], station_id, kind, shift, from_at, to_at, frames, asked_by, reason, at)


def _make_room(
    conn: Connection[Any], table: str, station: int, kind: Kind, shift: timedelta, low: datetime, high: datetime
) -> None:
    """Make the partitions the frames will move into, in a transaction of its own."""
    days = wire.run(
        conn,
        f"SELECT DISTINCT (f.start + %s::interval) AT TIME ZONE 'Asia/Shanghai' FROM {table} f"
        " JOIN stream s ON s.id = f.stream_id WHERE f.station_id = %s AND s.kind = %s AND f.start >= %s"
        " AND f.start < %s"
        " LIMIT %s",
        (shift, station, kind.value, low, high, MOST),
    ).fetchall()
    wanted = sorted({day.date() for (day,) in days})
    for at in range(0, len(wanted), 500):
        partitions.ensure(conn, table, wanted[at : at + 500])


def _move(conn: Connection[Any], table: str, what: dict[str, Any]) -> None:
    wire.run(
        conn,
        f"INSERT INTO {table} (start, raw_id, station_id, stream_id, layout_id, lag, note, v, marks,"
        " wide, exact, parts)"
        " SELECT start + %(shift)s::interval, raw_id, station_id, stream_id, layout_id,"
        " lag - extract(epoch FROM %(shift)s::interval)::int, note | %(rekeyed)s::smallint, v, marks,"
        " wide, exact, parts"
        " FROM pg_temp.moving ORDER BY station_id, stream_id, start",
        {**what, "rekeyed": REKEYED},
    )
    # frame_source has the start in its key: out first, then in, so that neighbours do not meet on the way.
    wire.run(conn, "CREATE TEMP TABLE moving_frame_source ON COMMIT DROP AS SELECT * FROM frame_source WHERE false")
    wire.run(
        conn,
        "WITH gone AS (DELETE FROM frame_source x USING pg_temp.moving m WHERE x.station_id = m.station_id"
        " AND x.stream_id = m.stream_id AND x.start = m.start RETURNING x.*)"
        " INSERT INTO pg_temp.moving_frame_source SELECT * FROM gone",
    )
    wire.run(
        conn,
        "INSERT INTO frame_source (station_id, stream_id, start, raw_id, factors)"
        " SELECT station_id, stream_id, start + %(shift)s::interval, raw_id, factors FROM pg_temp.moving_frame_source",
        what,
    )
    for name in ("revision", "pending_part"):
        wire.run(
            conn,
            f"UPDATE {name} x SET start = x.start + %(shift)s::interval FROM pg_temp.moving m"
            " WHERE x.station_id = m.station_id AND x.stream_id = m.stream_id AND x.start = m.start",
            what,
        )


def _follow(conn: Connection[Any], table: str, kind: Kind, what: dict[str, Any]) -> None:
    """Bring latest values, stream states and roll-ups after the frames."""
    wire.run(
        conn,
        "UPDATE latest_rest SET start = start + %(shift)s::interval WHERE station_id = %(station)s"
        " AND stream_id = ANY (%(streams)s) AND start >= %(low)s AND start < %(high)s",
        what,
    )
    wire.run(
        conn,
        "UPDATE stream_state t SET newest = n.start, open_hour = date_trunc('hour', n.start, 'Asia/Shanghai'),"
        " raw_id = n.raw_id, layout_id = n.layout_id, lag = n.lag, note = n.note, v = n.v, marks ="
        " n.marks, wide = n.wide,"
        f" exact = n.exact FROM (SELECT DISTINCT ON (stream_id) * FROM {table} WHERE station_id = %(station)s"
        "  AND stream_id = ANY (%(streams)s) ORDER BY stream_id, start DESC) n"
        " WHERE t.station_id = %(station)s AND t.stream_id = n.stream_id",
        what,
    )
    rows = wire.run(
        conn,
        "SELECT DISTINCT stream_id, date_trunc('hour', b, 'Asia/Shanghai') FROM pg_temp.moving,"
        " LATERAL (VALUES (start), (start + %(shift)s::interval)) AS x(b)",
        what,
    ).fetchall()
    station = what["station"]
    hours = [(station, stream, wire.micros(hour)) for stream, hour in rows]
    days = sorted({(a, b, rollup.day_start(c)) for a, b, c in hours})
    with conn.cursor() as cursor:
        for name, buckets in (("rollup_hour", hours), ("rollup_day", days)):
            cursor.execute(
                f"DELETE FROM {name} r USING unnest(%(station)s::int4[], %(stream)s::int4[], %(start)s::timestamptz[])"
                " AS b(station_id, stream_id, start) WHERE r.station_id = b.station_id AND r.stream_id = b.stream_id"
                " AND r.start = b.start",
                {k: v for k, v in rollup.bucket_params(buckets).items() if k in ("station", "stream", "start")},
            )
        opened = {
            stream: wire.micros(hour)
            for stream, hour in wire.run(
                conn,
                "SELECT stream_id, open_hour FROM stream_state WHERE station_id = %(station)s"
                " AND stream_id = ANY (%(streams)s)",
                what,
            )
        }
        over = [d for d in days if d[2] < rollup.day_start(opened.get(d[1], d[2]))]
        if kind in (Kind.RT, Kind.MINUTE):
            rollup.roll_hours(cursor, table, [h for h in hours if h[2] < opened.get(h[1], h[2])])
            rollup.sum_days(cursor, over)
        elif kind is Kind.HOUR:
            rollup.roll_days(cursor, over)


def jobs(conn: Connection[Any], station_id: int | None = None, limit: int = 100) -> list[Job]:
    """Return the newest jobs, of one station or of all."""
    rows = wire.run(
        conn,
        "SELECT id, station_id, kind, shift_s, from_at, to_at, frames, asked_by, reason, made_at FROM rekey"
        " WHERE %s::int IS NULL OR station_id = %s ORDER BY id DESC LIMIT %s",
        (station_id, station_id, limit),
    ).fetchall()
    return [Job(r[0], r[1], Kind(r[2]), timedelta(seconds=r[3]), *r[4:]) for r in rows]
