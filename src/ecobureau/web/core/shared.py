"""Fragments that several readers share: made once in a web process until news of their topics come.

When a clue changes, every desk of its place fetches the same queue within moments. The live hub of the process tells
what it hears (`heard`); a fragment is handed out again only while nothing was heard of its topics since before it was
made, for a moment at the longest, and not at all while the hub does not listen. The key must name everything that the
fragment depends on beyond those topics: language, grants, what is shared with the reader alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from ecobureau.clock import monotonic

MOST = 200
SECONDS = 2.0
"""How long a fragment is shared without news: its clocks count on from the instant it was made."""


@dataclass(slots=True)
class _Slot:
    """One fragment with what had been heard of its topics before it was made."""

    lock: Lock = field(default_factory=Lock)
    mark: tuple[int, ...] | None = None
    made_at: float = 0.0
    text: str = ""


_heard: dict[str, int] = {}
_listening = 0
_epoch = 0
_slots: OrderedDict[Hashable, _Slot] = OrderedDict()
_lock = Lock()


def listening(on: bool) -> None:
    """Note that a hub of this process begins to listen, or has lost its connection."""
    global _listening, _epoch
    with _lock:
        _listening = max(0, _listening + (1 if on else -1))
        _epoch += 1


def heard(topic: str) -> None:
    """Note that there was news of a topic."""
    _heard[topic] = _heard.get(topic, 0) + 1


def _mark(topics: Sequence[str]) -> tuple[int, ...] | None:
    return (_epoch, *(_heard.get(topic, 0) for topic in topics)) if _listening else None


def fragment(key: Hashable, topics: Sequence[str], make: Callable[[], str]) -> str:
    """Return the fragment of a key, made now where there is none that is still true.

    Of several who ask at once, one makes it and the others wait for it.
    """
    if _mark(topics) is None:
        return make()
    with _lock:
        slot = _slots.setdefault(key, _Slot())
        _slots.move_to_end(key)
        while len(_slots) > MOST:
            _slots.popitem(last=False)
    with slot.lock:
        before = _mark(topics)
        if before is not None and slot.mark == before and monotonic() - slot.made_at < SECONDS:
            return slot.text
        text = make()
        slot.mark, slot.made_at, slot.text = before, monotonic(), text
        return text
