"""Where batches become durable: a few frames from here, many by the writing process.

The way to the writing process and back costs more than a few frames do; many frames are packed and deflated there while
the event loop goes on. One thread uses both, one batch at a time, so that batches keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from ecobureau.gateway.books import Books, Numbers
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

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write a batch in one transaction."""
        counts = self._books.take()
        try:
            return self._writer.write(batch, counts, self._numbers.of(batch))
        except BaseException:
            self._books.give_back(counts)
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BySize:
    """Two sinks as one: `near` takes batches of at most `few` frames, `far` larger ones.

    Raises:
        psycopg.Error, OSError: one of the two cannot be had; then neither is held.
    """

    def __init__(self, near: Callable[[], Sink], far: Callable[[], Sink], few: int) -> None:
        self._few = few
        self._far = far()
        try:
            self._near = near()
        except BaseException:
            self._far.close()
            raise

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write a batch in one transaction."""
        return (self._near if len(batch) <= self._few else self._far).write(batch)

    def close(self) -> None:
        """Close both."""
        try:
            self._near.close()
        finally:
            self._far.close()
