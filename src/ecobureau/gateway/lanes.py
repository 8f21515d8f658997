"""Two bounded queues between the event loop and the writer thread: live data, and back-fill that never delays it.

The loop puts and asks; one writer takes. No timer: `take` returns as soon as anything is there.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that waits in a lane."""

    @property
    def size(self) -> int:
        """Bytes it holds."""

    @property
    def live(self) -> bool:
        """Whether it travels on the live lane."""


T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait.

    Attributes:
        live, backfill: frames of each lane above which the sockets that feed it are not read.
        bytes: of each lane, the same.
        batch: most frames of one batch.
        share: most frames of the back-fill lane in one batch.
    """

    live: int
    backfill: int
    bytes: int
    batch: int
    share: int


class Lanes(Generic[T]):
    """Frames on their way to the database."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._live: deque[T] = deque()
        self._backfill: deque[T] = deque()
        self._bytes = [0, 0]
        self._again: list[T] = []
        self._closed = False
        self._idle = False
        self._lent = False
        self._change = threading.Condition()

    def put(self, item: T) -> None:
        """Queue `item` on its lane. Never blocks and never refuses: the caller stops reading when `full`."""
        with self._change:
            (self._live if item.live else self._backfill).append(item)
            self._bytes[item.live] += item.size
            self._change.notify()

    def put_all(self, items: list[T]) -> None:
        """Queue several at once, in order."""
        with self._change:
            for item in items:
                (self._live if item.live else self._backfill).append(item)
                self._bytes[item.live] += item.size
            if not self._lent:
                self._change.notify()

    def lend(self) -> bool:
        """Have the writer stand still, if it waits for work and nothing is queued; end that with `give_back`.

        Until then whoever asked may do the writer's work in its place.
        """
        with self._change:
            if self._lent or self._closed or not self._idle or self._live or self._backfill or self._again:
                return False
            self._lent = True
            return True

    def give_back(self, again: Sequence[T] = ()) -> None:
        """Let the writer go on; `again` is its next batch, whatever else is queued."""
        with self._change:
            self._lent = False
            self._again += again
            if self._again or self._live or self._backfill or self._closed:
                self._change.notify()

    def take(self) -> list[T]:
        """Wait until something is queued and return the next batch; an empty list once closed and drained.

        Live frames come first. The back-fill lane gets an eighth of a full batch at least, so that it moves on
        under any load, and `share` frames at most, so that the commit stays short.
        """
        with self._change:
            while self._lent or not (self._live or self._backfill or self._again):
                if self._closed and not self._lent:
                    return []
                self._idle = True
                self._change.wait()
            self._idle = False
            if self._again:
                batch, self._again = self._again, []
                return batch
            late = min(len(self._backfill), self.bounds.share)
            kept_free = min(late, self.bounds.batch // 8)
            now = min(len(self._live), self.bounds.batch - kept_free)
            late = min(late, self.bounds.batch - now)
            batch = [self._live.popleft() for _ in range(now)]
            batch += [self._backfill.popleft() for _ in range(late)]
            for item in batch:
                self._bytes[item.live] -= item.size
            return batch

    def close(self) -> None:
        """Let `take` return an empty list once everything is taken."""
        with self._change:
            self._closed = True
            self._change.notify()

    def full(self, live: bool) -> bool:
        """Say whether this lane is above its bounds."""
        waiting, most = (self._live, self.bounds.live) if live else (self._backfill, self.bounds.backfill)
        return len(waiting) >= most or self._bytes[live] >= self.bounds.bytes

    def easy(self, live: bool) -> bool:
        """Say whether this lane has drained enough (below half its bounds) to read its sockets again."""
        waiting, most = (self._live, self.bounds.live) if live else (self._backfill, self.bounds.backfill)
        return len(waiting) * 2 < most and self._bytes[live] * 2 < self.bounds.bytes

    def depth(self) -> tuple[int, int, int]:
        """Return the frames of the live lane, of the back-fill lane, and the bytes of both."""
        return len(self._live), len(self._backfill), sum(self._bytes)
