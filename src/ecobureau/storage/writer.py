"""The only way into the telemetry store: one batch, one transaction, durable when `write` returns, idempotent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from time import perf_counter
from typing import Any

from psycopg import Connection, Cursor, errors

from ecobureau.storage import (
    newest,
    notes,
    parts,
    put,
    rawcodec,
    rawframes,
    rollup,
    rows,
    single,
    strangers,
    upkeep,
    wire,
)
from ecobureau.storage.batch import Batch, Maker
from ecobureau.storage.collide import Collisions
from ecobureau.storage.direct import Direct
from ecobureau.storage.rawframes import UNKNOWN
from ecobureau.storage.rows import BACKFILLED, Row
from ecobureau.storage.types import Arrival, Kind, Outcome, Part

_TRIES = 5
FEW = 32
"""Up to so many frames a batch goes out without waiting for each statement; beyond, COPY is cheaper."""
_STAGES = ("prepare", "begin", "frames", "collisions", "raw", "upkeep", "other", "commit")


class Writer:
    """Writes batches of frames. One writer has one connection and is used by one thread at a time.

    Args:
        conn: a psycopg connection of its own in autocommit mode, in the application's role.
        timer: what `seconds` is measured with.

    Attributes:
        seconds: time spent by stage since the writer was made, for benches and metrics.
        stepwise: go the long way always, so that each stage has its own time.
    """

    def __init__(self, conn: Connection[Any], timer: Callable[[], float] = perf_counter) -> None:
        if not conn.autocommit:
            raise ValueError("a writer needs a connection of its own in autocommit mode")
        self.conn = conn
        self._timer = timer
        self._inside = 0.0
        self.seconds: dict[str, float] = dict.fromkeys(_STAGES, 0.0)
        self.maker = Maker(conn)
        self._is_first = True
        self.stepwise = False
        self._direct = Direct(conn)
        rows.prepare(conn)

    def write(
        self,
        batch: Sequence[Arrival],
        received: Mapping[tuple[int, date], int] | None = None,
        number: int | None = None,
    ) -> list[Outcome]:
        """Write a batch in one transaction.

        Args:
            batch: frames in the order received; all of one gateway run.
            received: frames counted at the socket in all of the run so far, (station or 0, Beijing day) -> frames;
                those that have not changed may be left out.

            number: of the batch in its run, rising. A batch whose number is the newest in the database is in already
                (the connection was lost before anybody heard of its commit): its outcomes are returned, nothing is
                written. Without a number the batch is written in any case.

        Returns:
            One outcome a frame, in the order of the batch. When it returns, everything is durable.

        Raises:
            psycopg.Error: nothing of the batch was written; write it again when the database answers.
        """
        if not batch:
            return []
        if number is not None and self._is_first:
            kept = upkeep.newest_batch(self.conn, batch[0].run_id)
            if kept is not None and kept[0] == number and len(kept[1]) == len(batch):
                return kept[1]
        self._is_first = False
        with self._stage("prepare"):
            work = self.maker.make(batch, received or {}, number)
        with self._stage("raw"):
            work.raw = [rawcodec.encode(arrival.raw) for arrival in batch]
        for tries_left in range(_TRIES, -1, -1):
            try:
                return self._commit(work)
            except (errors.DeadlockDetected, errors.SerializationFailure, errors.InvalidSqlStatementName):
                self.maker.forget()
                if not tries_left:
                    raise
            except errors.CheckViolation as error:
                self.maker.forget()
                if not tries_left or "no partition of relation" not in str(error):
                    raise
                self.maker.known.clear()
            except BaseException:
                self.maker.forget()
                raise
            self.maker.ensure_partitions(work)
        raise AssertionError("unreachable")

    def begin(self, arrival: Arrival, received: Mapping[tuple[int, date], int], number: int | None) -> bool:
        """Send off a frame that comes alone, without waiting for the database; `end` says what became of it.

        Args:
            arrival, received, number: as for `write` of this frame alone.

        Returns:
            False where it cannot be said in one call of which all parts are known: then nothing was sent.

        Raises:
            psycopg.OperationalError: the database is away; nothing was written.
        """
        if self._is_first or self.stepwise or not self.maker.ready(arrival):
            return False
        work = self.maker.make([arrival], received, number)
        if not single.fits(work):
            return False
        work.raw = [rawcodec.encode(arrival.raw)]
        return single.send(self._direct, work, self.maker.catalog.stream_key(work.first[0].stream))

    def end(self) -> bool | None:
        """Return True once the frame of `begin` is durable, False where `write` has to see to it, and None while the
        database has not answered. Nothing else may be asked of this writer in between.

        Raises:
            psycopg.Error: as for `write`. After an outage the frame may be in: `write` it again with the same number.
        """
        try:
            return single.sent(self._direct)
        except errors.Error:
            self.maker.forget()
            raise

    # -- the transaction ----------------------------------------------------------------------------------------------

    def _commit(self, work: Batch) -> list[Outcome]:
        if not self.stepwise and single.fits(work):
            with self._stage("frames"):
                if single.put(self._direct, work, self.maker.catalog.stream_key(work.first[0].stream)):
                    return [Outcome.STORED]
        outcomes: list[Outcome | None] = [None] * len(work.arrivals)
        with self._transaction() as cursor:
            with self._stage("other"):
                self._tell(cursor, work, outcomes)
            tried = not (self.stepwise or work.again or work.split) and len(work.first) < rows.COPY_FROM
            if not tried or not self._short_way(cursor, work, outcomes):
                self._long_way(cursor, work, outcomes, inserted=tried)
            with self._stage("commit"):
                self._direct.run(b"COMMIT")
        return [outcome for outcome in outcomes if outcome is not None]

    def _short_way(self, cursor: Cursor[Any], work: Batch, outcomes: list[Outcome | None]) -> bool:
        """Write a batch whose keys are new; False where a frame met another one. Then its rows stand, nothing else."""
        done = [outcome or Outcome.STORED for outcome in outcomes]
        touched = _by_stream(work.data)
        alone = len(touched) == len(work.first)
        tops = work.first if alone else [newest.newest_of(touched[place]) for place in sorted(touched)]
        chosen = {id(row) for row in tops}
        made_at = max(work.at)
        with self._stage("frames"):
            result = put.put(
                self._direct,
                work.first,
                [True] * len(tops) if alone else [id(row) in chosen for row in work.first],
                self._kept(work, done),
                work.arrivals[0].run_id,
                made_at,
                work.received,
                None if work.number is None else (work.number, upkeep.packed_outcomes(done)),
            )
        if not result.ok:
            return False
        with self._stage("upkeep"):
            self._settle(cursor, touched, tops, result)
            strange = [at for at, outcome in enumerate(done) if outcome is Outcome.QUARANTINED]
            if strange:
                upkeep.count(cursor, self._counted(work, done, strange))
        outcomes[:] = done
        return True

    def _settle(
        self, cursor: Cursor[Any], touched: dict[newest.Place, list[Row]], tops: Sequence[Row], result: put.Put
    ) -> None:
        """Newest frames that the short way could not place, hours and days that are over."""
        opened = result.opened
        if result.all_tops:
            opened = {(row.station, row.stream): row.start - row.start % rollup.HOUR for row in tops} | opened
        if not result.all_tops or len(tops) < sum(map(len, touched.values())):
            opened = opened | newest.settle(cursor, self.maker.catalog, touched, tops, opened)
        rollup.close(cursor, touched, opened)

    def _long_way(self, cursor: Cursor[Any], work: Batch, outcomes: list[Outcome | None], *, inserted: bool) -> None:
        """Write a batch in which frames meet others, or packets of split messages."""
        digests = {id_: a.sha256 for id_, a in zip(work.ids, work.arrivals, strict=True)}
        made_at = max(a.received_at for a in work.arrivals)
        meeting = Collisions(cursor, self.maker.catalog, digests, made_at)
        with self._stage("frames"):
            met = self._met(cursor, work, meeting, inserted=inserted)
        with self._stage("collisions"):
            for row in met:
                outcomes[row.arrival] = meeting.apply(row)
            joined = self._join(cursor, work, meeting, outcomes)
            meeting.flush()
        for row in work.data:
            if outcomes[row.arrival] is None:
                outcomes[row.arrival] = Outcome.STORED
        done = [outcome for outcome in outcomes if outcome is not None]
        if len(done) != len(outcomes):
            raise AssertionError("a frame without an outcome")
        with self._in_one_go(len(done)):
            with self._stage("raw"):
                self._raw(cursor, work, done)
            with self._stage("upkeep"):
                self._keep_up(cursor, work, meeting, done, joined)
            if work.number is not None:
                upkeep.keep_batch(cursor, work.arrivals[0].run_id, work.number, upkeep.packed_outcomes(done))

    def _in_one_go(self, frames: int) -> AbstractContextManager[object]:
        """For a few frames, send all that is left of the transaction without waiting for each answer: the way to and
        fro is then most of the time. The last answer is awaited at the end, so that it is durable then."""
        return self.conn.pipeline() if frames <= FEW else nullcontext()

    @contextmanager
    def _transaction(self) -> Iterator[Cursor[Any]]:
        with self.conn.cursor() as cursor:
            with self._stage("begin"):
                self._direct.run(b"BEGIN")
            try:
                yield cursor
            except BaseException:
                if not self.conn.closed:
                    self._direct.run(b"ROLLBACK")
                raise

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Measure a stage without the stages inside it."""
        began, outside, self._inside = self._timer(), self._inside, 0.0
        try:
            yield
        finally:
            spent = self._timer() - began
            self.seconds[name] += spent - self._inside
            self._inside = outside + spent

    def _met(self, cursor: Cursor[Any], work: Batch, meeting: Collisions, *, inserted: bool) -> list[Row]:
        """Insert the rows whose key is new, unless they are; returns those that met another frame, as received."""
        met = list(work.again)
        for table in ("frame_rt", "frame_period"):
            mine = [row for row in work.first if rows.table_of(row.kind) == table]
            if mine and (inserted or rows.insert(cursor, table, mine) < len(mine)):
                taken = meeting.lock(mine)
                met += [row for row in mine if row.key in taken]
        if work.again:
            of_others = set(meeting.current)
            again = {row.key for row in work.again}
            for row in work.first:
                if row.key in again and row.key not in of_others:
                    meeting.hold(row)
        return sorted(met, key=lambda row: row.arrival)

    def _join(
        self, cursor: Cursor[Any], work: Batch, meeting: Collisions, outcomes: list[Outcome | None]
    ) -> list[tuple[Row, Outcome]]:
        """Bring the packets of split messages together; returns the rows that waiting packets changed."""
        if not work.split:
            return []
        parts.lock(cursor, [work.arrivals[at].station_id or UNKNOWN for at in work.split])
        told = {row.arrival: row for row in work.data}
        changed: list[tuple[Row, Outcome]] = []
        for at in work.split:
            arrival, part = work.arrivals[at], work.arrivals[at].part
            if part is None or arrival.station_id is None:
                continue
            own = told.get(at)
            if own is not None:
                outcome = outcomes[at] or Outcome.STORED
                parts.keep(cursor, arrival, work.ids[at], own.stream, own.start, outcome)
                for join in parts.waiting(cursor, arrival, own.stream, own.start):
                    result = self._merge(meeting, arrival, join)
                    parts.settle(cursor, join.raw_id, join.start, result[1], arrival.received_at)
                    changed.append(result)
                continue
            stream = self.maker.catalog.stream(part.st, part.kind, part.interval_s)
            start = parts.find_start(cursor, arrival, stream)
            if start is None:
                outcomes[at] = Outcome.PENDING_PART
            else:
                join = parts.Join(work.ids[at], at, start, part, stream, arrival.station_id, False)
                row, outcomes[at] = self._merge(meeting, arrival, join)
                changed.append((row, outcomes[at] or Outcome.STORED))
            parts.keep(cursor, arrival, work.ids[at], stream, start, outcomes[at] or Outcome.STORED)
        return changed

    def _merge(self, meeting: Collisions, arrival: Arrival, join: parts.Join) -> tuple[Row, Outcome]:
        part: Part = join.part
        end = join.start if part.kind is Kind.RT else join.start + part.interval_s * 1_000_000
        row = self.maker.packed(
            join.station, join.stream, join.start, end, part.kind, part.readings, wire.micros(arrival.received_at),
            not arrival.live, f"{part.pno}/{part.pnum}", join.raw_id, join.arrival,
        )  # fmt: skip
        meeting.lock([row])
        outcome = meeting.apply(row)
        return meeting.current[row.key], outcome

    def _tell(self, cursor: Cursor[Any], work: Batch, outcomes: list[Outcome | None]) -> None:
        """Store events, parameters and strangers; give the frames that hold no values their outcome."""
        news = dict.fromkeys(work.told, 0)
        for at in work.told:
            arrival, id_ = work.arrivals[at], work.ids[at]
            news[at] += notes.keep_events(cursor, arrival.events, id_, arrival.received_at)
            news[at] += notes.keep_parameters(cursor, arrival.parameters, id_, arrival.received_at)
        for at, arrival in enumerate(work.arrivals):
            if arrival.verdict == "quarantine":
                outcomes[at] = Outcome.QUARANTINED
            elif arrival.verdict == "refused":
                outcomes[at] = Outcome.REFUSED
            elif arrival.period is not None or arrival.part is not None:
                continue
            elif at in news and arrival.verdict == "event":
                outcomes[at] = Outcome.STORED if news[at] else Outcome.DUPLICATE
            else:
                outcomes[at] = Outcome.CONTROL
        strangers.keep(cursor, [a for a in work.arrivals if a.verdict == "quarantine"])

    def _kept(self, work: Batch, outcomes: Sequence[Outcome]) -> list[rawframes.Kept]:
        return [
            rawframes.Kept(arrival, id_, at, codec, stored, outcome)
            for arrival, id_, at, (codec, stored), outcome in zip(
                work.arrivals, work.ids, work.at, work.raw, outcomes, strict=True
            )
            if outcome is not Outcome.QUARANTINED
        ]

    def _raw(self, cursor: Cursor[Any], work: Batch, outcomes: Sequence[Outcome]) -> None:
        kept = self._kept(work, outcomes)
        if len(work.arrivals) <= FEW:
            rawframes.insert(cursor, kept)
        else:
            rawframes.copy(cursor, kept)

    def _counted(
        self, work: Batch, outcomes: Sequence[Outcome], which: Iterable[int]
    ) -> Counter[tuple[int, int, int, Outcome]]:
        """Return some frames by day, run, station and outcome."""
        arrivals, days = work.arrivals, work.days
        return Counter(
            [(days[at], arrivals[at].run_id, arrivals[at].station_id or UNKNOWN, outcomes[at]) for at in which]
        )

    def _keep_up(
        self, cursor: Cursor[Any], work: Batch, meeting: Collisions, outcomes: Sequence[Outcome],
        joined: Sequence[tuple[Row, Outcome]],
    ) -> None:  # fmt: skip
        changed: list[tuple[Row, str]] = []
        for row in work.data:
            outcome = outcomes[row.arrival]
            if outcome is not Outcome.DUPLICATE:
                changed.append((meeting.current.get(row.key, row), _cause(row, outcome)))
        changed += [
            (meeting.current[row.key], _cause(row, outcome))
            for row, outcome in joined
            if outcome is not Outcome.DUPLICATE
        ]
        touched = _by_stream(row for row, _why in changed)
        if touched:
            rollup.close(cursor, touched, newest.keep(cursor, self.maker.catalog, touched))
        upkeep.count(cursor, self._counted(work, outcomes, range(len(outcomes))))
        upkeep.count_received(cursor, work.arrivals[0].run_id, work.received)
        if changed:
            streams = {stream: self.maker.catalog.stream_key(stream) for _station, stream in touched}
            upkeep.dirty(cursor, changed, streams, max(a.received_at for a in work.arrivals))


def _by_stream(some: Iterable[Row]) -> dict[newest.Place, list[Row]]:
    """Return rows by station and stream, in their order."""
    found: dict[newest.Place, list[Row]] = {}
    for row in some:
        found.setdefault((row.station, row.stream), []).append(row)
    return found


def _cause(row: Row, outcome: Outcome) -> str:
    if outcome is Outcome.REVISED:
        return "revised"
    return "late" if row.note & BACKFILLED else "new"
