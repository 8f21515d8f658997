"""Results of a laboratory: numbers, or below the detection limit, which counts as half of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ecobureau.clock import beijing, now
from ecobureau.domain.water import TABLE_1, below_detection
from ecobureau.web.statistics import rules as in_force
from ecobureau.words import say

_NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_BELOW = re.compile(rf"[<＜]\s*(?P<before>{_NUMBER})|(?P<after>{_NUMBER})\s*[Ll]")
_MISSING = {"", "-", "—", "/", "--"}
_HIGHEST = {"ph": 14.0}
_MOST = 1e6


class BadValue(ValueError):
    """A result that cannot be read: message code and parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def text(self) -> str:
        """Return what is wrong and how to mend it."""
        return say(self.code, **self.params)


@dataclass(frozen=True, slots=True)
class ItemWords:
    """An item of a sample: code, name in the reader's language, unit."""

    code: str
    name: str
    unit: str


def item_codes() -> tuple[str, ...]:
    """Return the items of the monthly assessment, and total nitrogen, which is judged apart."""
    rules = in_force.water_on(beijing(now()).date())
    wanted = set(rules.classes.monthly_items) | {"tn"} if rules is not None else set()
    return tuple(item for item in TABLE_1 if item in wanted)


def items_of() -> list[ItemWords]:
    """Return the items that a sample can have, in the order of the standard."""
    return [ItemWords(item, say(f"water.item.{item}"), "" if item == "ph" else "mg/L") for item in item_codes()]


def read_value(text: str, item: str) -> dict[str, Any] | None:
    """Return a result as it is kept: the text as given, the number that counts, whether it is below detection.

    None where there is none (empty, `-`, `/`). `<0.004` and `0.004L` count half the limit.

    Raises:
        BadValue: no such number, or not possible for the item.
    """
    given = text.strip()
    if given in _MISSING:
        return None
    below = _BELOW.fullmatch(given)
    if below is not None:
        rules = in_force.water_on(beijing(now()).date())
        limit = float(below["before"] or below["after"])
        if item == "ph" or rules is None or not 0 < limit < _MOST:
            raise BadValue("statistics.sample.value", text=given)
        return {"text": given, "value": below_detection(limit, rules.classes), "below": True}
    if not re.fullmatch(_NUMBER, given) or not 0 <= float(given) <= _HIGHEST.get(item, _MOST):
        raise BadValue("statistics.sample.value", text=given)
    return {"text": given, "value": float(given), "below": False}
