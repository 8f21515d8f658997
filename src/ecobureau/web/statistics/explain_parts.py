"""What a page of derivations shows: figures with how each came about, the rules, and the points that counted."""

from __future__ import annotations

from dataclasses import dataclass

from ecobureau.domain.explain import Derivation
from ecobureau.domain.rules import Entry
from ecobureau.web.statistics.models import Series


@dataclass(frozen=True, slots=True)
class Part:
    """A figure and how it came about; `name`: message code, `item`: of the item it is of, or empty."""

    name: str
    derivation: Derivation
    item: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """All figures of a series in a period, the rules they rest on, and for a place the points that counted."""

    parts: list[Part]
    rules: list[Entry]
    sections: list[tuple[Series, str]]
