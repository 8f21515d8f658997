"""How a figure came about: the inputs as they were, then step by step the rule, its clause, and what came out.

Texts are message codes with parameters, never sentences: the reader's language is chosen where they are shown
(`ecobureau.words.say`). A parameter that is itself a message code is a `Code`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecobureau.domain.rounding import plain


class Code(str):
    """A message code that stands as a parameter of another message."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Input:
    """One value that went into a figure.

    Attributes:
        name: message code of the quantity, or the column it came from.
        value: text of the value as it was given; empty = missing.
        unit: unit of the value.
        valid: whether it was counted; `reason`: message code of why not.
        at: time or period of the value as text, where it has one.
    """

    name: str
    value: str
    unit: str = ""
    valid: bool = True
    reason: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation.

    Attributes:
        rule: standard and edition, for example `HJ 633-2012`, or the key of the rule-pack entry.
        clause: its clause or table.
        text_code: message code of what was done, with `params`.
        params: values of the message.
        result: what came out of the step.
    """

    rule: str
    clause: str
    text_code: str
    params: Mapping[str, object] = field(default_factory=dict)
    result: object = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """A figure's whole way: `inputs` as given and `steps` in order; the last step's result is the figure."""

    steps: tuple[Step, ...]
    inputs: tuple[Input, ...] = ()

    @property
    def result(self) -> object:
        """What the last step came to; None without steps."""
        return self.steps[-1].result if self.steps else None

    def and_then(self, *steps: Step) -> Derivation:
        """Return this derivation with further steps."""
        return Derivation(self.steps + steps, self.inputs)

    def to_json(self) -> dict[str, Any]:
        """Return the derivation as plain objects, figures as texts; codes as `{"code": …}`."""
        return {
            "inputs": [
                {name: getattr(one, name) for name in ("name", "value", "unit", "valid", "reason", "at")}
                for one in self.inputs
            ],
            "steps": [
                {
                    "rule": step.rule,
                    "clause": step.clause,
                    "code": step.text_code,
                    "params": {name: _plain(value) for name, value in step.params.items()},
                    "result": _plain(step.result),
                }
                for step in self.steps
            ],
        }


def joined(*parts: Derivation) -> Derivation:
    """Return several derivations as one: all inputs, then all steps, in order."""
    return Derivation(
        tuple(step for part in parts for step in part.steps), tuple(one for part in parts for one in part.inputs)
    )


def _plain(value: object) -> Any:
    if isinstance(value, Code):
        return {"code": str(value)}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal | Fraction | float):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [_plain(one) for one in value]
    return str(value)
