"""What a logger has collected and nobody has answered yet: kept for back-fill, oldest first."""

from __future__ import annotations

from collections import deque

from ecobureau.simulator import content
from ecobureau.simulator.content import Message

MOST = 20_000
"""Most uploads that a logger keeps."""


class Shelf:
    """Uploads that wait for back-fill.

    Args:
        keep_realtime: how many real-time uploads are kept; of more the oldest go.

    Attributes:
        owes: periods of earlier runs as (command, start), made only when their turn comes, after the messages.
    """

    def __init__(self, keep_realtime: int) -> None:
        self.messages: deque[Message] = deque()
        self.owes: list[tuple[str, int]] = []
        self._keep_realtime = keep_realtime

    def __bool__(self) -> bool:
        return bool(self.messages or self.owes)

    def keep(self, message: Message) -> int:
        """Put an upload on the shelf, marked as late; returns how many were dropped to make room.

        Heartbeats, and answers to what was asked, are not worth keeping.
        """
        if not message.data_time or message.cn.startswith("9"):
            return 0
        message.late = True
        self.messages.append(message)
        if message.cn == content.RT:
            realtime = [one for one in self.messages if one.cn == content.RT]
            if len(realtime) > self._keep_realtime:
                self.messages.remove(realtime[0])
                return 1
        elif len(self.messages) > MOST:
            self.messages.popleft()
            return 1
        return 0

    def next_owed(self) -> tuple[str, int] | None:
        """Take the next period of an earlier run; None while there are messages, or nothing is owed."""
        return self.owes.pop(0) if not self.messages and self.owes else None

    def take(self) -> Message:
        """Take the oldest message."""
        return self.messages.popleft()
