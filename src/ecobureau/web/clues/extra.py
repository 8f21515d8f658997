"""What higher rooms add to the page of a clue: each registers a function in its `ready`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a clue's page: its template, and what the template reads as `part`."""

    template: str
    values: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[Viewer, Clue], Part | None]
_MAKERS: list[Maker] = []


def register(maker: Maker) -> None:
    """Ask `maker` for a part of every clue's page; None: nothing to add."""
    if maker not in _MAKERS:
        _MAKERS.append(maker)


def parts_of(viewer: Viewer, clue: Clue) -> list[Part]:
    """Return what is added to the page of a clue."""
    return [part for maker in _MAKERS if (part := maker(viewer, clue)) is not None]
