"""Names of places for their paths. The places app tells them; the kernel only keeps them for a minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ecobureau.clock import monotonic

_KEEP_SECONDS = 60.0
_source: Callable[[], Mapping[str, str]] = dict
_kept: tuple[float, Mapping[str, str]] | None = None


def register(source: Callable[[], Mapping[str, str]]) -> None:
    """Install the function that returns path → name of every place (done once, by the places app)."""
    global _source, _kept
    _source, _kept = source, None


def all_names() -> Mapping[str, str]:
    """Return path → name, at most a minute old."""
    global _kept
    if _kept is None or monotonic() - _kept[0] > _KEEP_SECONDS or monotonic() < _kept[0]:
        _kept = (monotonic(), dict(_source()))
    return _kept[1]


def forget() -> None:
    """Read the names anew at the next question."""
    global _kept
    _kept = None


def name_of(path: str) -> str:
    """Return the name of a place, or its path where nobody knows a name."""
    return all_names().get(path, path)
