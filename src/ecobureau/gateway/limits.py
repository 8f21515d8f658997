"""How much one peer may send: token buckets, one per station and one per address. Time is handed in."""

from __future__ import annotations

from collections import OrderedDict


class TokenBucket:
    """A rate with a burst: `capacity` tokens, filled up at `per_minute`.

    Args:
        per_minute: tokens that come back in a minute.
        capacity: most tokens that can be saved up; default one minute's worth.
    """

    __slots__ = ("_at", "_rate", "_tokens", "capacity")

    def __init__(self, per_minute: float, capacity: float | None = None) -> None:
        self._rate = per_minute / 60.0
        self.capacity = float(per_minute if capacity is None else capacity)
        self._tokens = self.capacity
        self._at: float | None = None

    def owe(self, now: float, count: float = 1.0) -> float:
        """Take `count` tokens even where they are missing; return the seconds until the debt is paid (0: none).

        The debt never grows beyond the capacity, so that nobody waits for ever.
        """
        self._fill(now)
        self._tokens = max(self._tokens - count, -self.capacity)
        return 0.0 if self._tokens >= 0 else -self._tokens / self._rate

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self.capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now


class Buckets:
    """A bucket for each key, the longest unused forgotten first, so that memory stays bounded.

    Args:
        per_minute: rate of each bucket.
        most: how many keys are remembered.
    """

    def __init__(self, per_minute: float, most: int = 10_000) -> None:
        self._per_minute = per_minute
        self._most = most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def owe(self, key: str, now: float) -> float:
        """Take one token of `key` even where none is left; return the seconds until its debt is paid (0: none)."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._per_minute)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.owe(now)

    def __len__(self) -> int:
        return len(self._buckets)
