"""Where batches become durable: a few frames from here, many by the writing process.

The way to the writing process and back costs more than a few frames do; many frames are packed and deflated there while
the event loop goes on. One thread uses both, one batch at a time, so that batches keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from ecobureau.gateway.books import Books, Key, Numbers
from ecobureau.gateway.office import CONNECT
from ecobureau.gateway.scribe import APPLICATION
from ecobureau.gateway.writer import Sink
from ecobureau.storage.types import Arrival, Outcome
from ecobureau.storage.writer import Writer


class StorageSink:
    """`storage.Writer` on a connection of its own; enters what was received in the same transaction.

    Raises:
        psycopg.Error: the database is away.
    """

    def __init__(self, url: str, books: Books, numbers: Numbers) -> None:
        self._books = books
        self._numbers = numbers
        self._connection: psycopg.Connection[Any] = psycopg.connect(url, application_name=APPLICATION, **CONNECT)
        self._writer = Writer(self._connection)
        self._lent: Mapping[Key, int] = {}
        """What was received and went off with the frame under way."""

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write a batch in one transaction."""
        counts = self._books.take()
        try:
            return self._writer.write(batch, counts, self._numbers.of(batch))
        except BaseException:
            self._books.give_back(counts)
            raise

    @property
    def quick(self) -> StorageSink:
        return self

    def begin(self, arrival: Arrival) -> bool:
        """Send off a frame that comes alone, without waiting; False where it has to be written."""
        counts = self._books.take()
        self._lent = counts
        try:
            begun = self._writer.begin(arrival, counts, self._numbers.of([arrival]))
        except BaseException:
            self._books.give_back(counts)
            raise
        if not begun:
            self._books.give_back(counts)
        return begun

    def end(self) -> bool | None:
        """Say what became of it: True when it is durable, False when it has to be written, None while it is under
        way."""
        try:
            done = self._writer.end()
        except BaseException:
            self._books.give_back(self._lent)
            raise
        if done is False:
            self._books.give_back(self._lent)
        return done

    def fileno(self) -> int:
        """Return the socket that has something to read when `end` may have something to say."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BySize:
    """Two sinks as one: `near` takes batches of at most `few` frames, `far` larger ones.

    Raises:
        psycopg.Error, OSError: one of the two cannot be had; then neither is held.
    """

    def __init__(self, near: Callable[[], StorageSink], far: Callable[[], Sink], few: int) -> None:
        self._few = few
        self._far = far()
        try:
            self._near = near()
        except BaseException:
            self._far.close()
            raise

    @property
    def quick(self) -> StorageSink:
        return self._near

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write a batch in one transaction."""
        return (self._near if len(batch) <= self._few else self._far).write(batch)

    def close(self) -> None:
        """Close both."""
        try:
            self._near.close()
        finally:
            self._far.close()
