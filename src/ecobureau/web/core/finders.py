"""What the search of the top bar finds beside records: each higher room registers a finder in its `ready`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ecobureau.web.core.access import Viewer

MOST = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A thing: its name, a second line, the address of its page."""

    name: str
    beside: str
    url: str


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds one kind of thing.

    Attributes:
        name: Chinese source text. find: (viewer, words, most) → what the viewer may see. more: words → list of all.
    """

    name: str
    find: Callable[[Viewer, str, int], Sequence[Found]]
    more: Callable[[str], str]


_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Let the search look there too (done once, when Django starts)."""
    if finder not in _finders:
        _finders.append(finder)


def finders() -> tuple[Finder, ...]:
    """Return them in order of registration."""
    return tuple(_finders)
