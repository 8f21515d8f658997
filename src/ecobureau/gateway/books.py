"""What was counted at the socket and is not yet in the books of the database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date


class Books:
    """Frames counted at the socket by station and day of receipt (Beijing), until a transaction enters them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[int, date]] = Counter()

    def count(self, keys: Sequence[tuple[int, date]]) -> None:
        """Count a frame for each (station or 0, day)."""
        with self._lock:
            for key in keys:
                self._counts[key] += 1

    def take(self) -> dict[tuple[int, date], int]:
        """Hand out what is counted, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
            return taken

    def give_back(self, counts: Mapping[tuple[int, date], int]) -> None:
        """Take back what could not be entered."""
        with self._lock:
            self._counts.update(counts)
