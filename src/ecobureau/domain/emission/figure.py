"""A figure of emission monitoring: its value or why there is none, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecobureau.domain.explain import Derivation, Input, Step

HJ212 = "HJ 212-2017"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a scalar function of this package returns.

    Attributes:
        value: the figure, None where the rule gives none.
        reason: message code `emission.reason.…`: why there is no value, or what is special about it; empty = plain.
        derivation: inputs and steps that led to it.
    """

    value: float | None
    reason: str
    derivation: Derivation

    def __float__(self) -> float:
        if self.value is None:
            raise ValueError(self.reason)
        return self.value


def figure(
    value: float | None,
    clause: str,
    text_code: str,
    params: Mapping[str, object],
    inputs: tuple[Input, ...] = (),
    *,
    rule: str = HJ212,
    reason: str = "",
) -> Figure:
    """Return a figure with a derivation of one step."""
    shown = dict(params)
    if reason:
        shown["reason"] = reason
    return Figure(value, reason, Derivation((Step(rule, clause, text_code, shown, value),), inputs))


def given(name: str, value: float | None, unit: str) -> Input:
    """Return an input of a derivation; `name` is the end of the message code `emission.input.…`."""
    text = "" if value is None else repr(value).removesuffix(".0")
    return Input(f"emission.input.{name}", text, unit, value is not None)
