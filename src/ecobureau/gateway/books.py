"""What was counted at the socket: totals of this run, which the database learns again and again.

Totals and not differences: said twice, late or in another order they stay right. The transaction of a batch carries the
totals that changed; beside it a beat does, so that frames that wait for a database are in the books before anything
became of them.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import is_

Key = tuple[int, date]
"""station or 0, day of receipt (Beijing)"""


class Books:
    """Frames counted at the socket in this run, by station and day of receipt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: Counter[Key] = Counter()
        self._changed: set[Key] = set()
        self._lent: set[Key] = set()

    def count(self, keys: Sequence[Key]) -> None:
        """Count a frame for each (station or 0, day)."""
        with self._lock:
            for key in keys:
                self._totals[key] += 1
            self._changed.update(keys)

    def take(self) -> dict[Key, int]:
        """Return the totals that no transaction holds yet, for the transaction of a batch. What the beat is writing at
        this moment is among them: its write may fail when the batch's does not."""
        with self._lock:
            keys = self._changed | self._lent
            self._changed.clear()
            return {key: self._totals[key] for key in keys}

    def lend(self) -> dict[Key, int]:
        """Return the totals that changed, for the beat; say `entered` or `give_back` afterwards."""
        with self._lock:
            self._lent |= self._changed
            self._changed.clear()
            return {key: self._totals[key] for key in self._lent}

    def entered(self) -> None:
        """What was lent is durable. Totals of days long over are forgotten."""
        with self._lock:
            self._lent.clear()
            newest = max((day for _station, day in self._totals), default=None)
            for key in [key for key in self._totals if newest and (newest - key[1]).days > 1]:
                if key not in self._changed:
                    del self._totals[key]

    def give_back(self, counts: Mapping[Key, int] | Iterable[Key]) -> None:
        """What was taken or lent could not be entered."""
        with self._lock:
            self._changed.update(counts)
            self._lent.difference_update(counts)


class Numbers:
    """Numbers of batches in a run. The same frames tried again are the same batch: the database may hold it already."""

    def __init__(self) -> None:
        self._number = 0
        self._batch: list[object] = []

    def of(self, batch: Sequence[object]) -> int:
        """Return the number of a batch: that of the last one if it holds the very same objects."""
        same = len(batch) == len(self._batch) and all(map(is_, batch, self._batch))
        if not same:
            self._number += 1
            self._batch = list(batch)
        return self._number
