"""Saying a derivation: its steps as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from ecobureau.domain.explain import Code, Derivation
from ecobureau.domain.rounding import plain
from ecobureau.words import language, say


def lines(derivation: Derivation) -> Iterator[str]:
    """Yield one line for each step: rule and clause, what was done, and what came out."""
    for step in derivation.steps:
        text = say(step.text_code, **{name: word(value) for name, value in step.params.items()})
        came = "" if step.result is None else f" → {word(step.result)}"
        yield f"{step.rule} {step.clause}: {text}{came}" if step.clause else f"{step.rule}: {text}{came}"


def word(value: object) -> str:
    """Return one parameter as text: codes are said, lists joined, figures without an exponent."""
    if isinstance(value, Code):
        return say(value)
    if isinstance(value, bool):
        return say("standards.yes" if value else "standards.no")
    if isinstance(value, Decimal | Fraction | float):
        return plain(value)
    if isinstance(value, Mapping):
        return listed([f"{word(name)} {word(one)}" for name, one in value.items()])
    if isinstance(value, tuple | list):
        return listed([word(one) for one in value])
    return str(value)


def listed(words: list[str]) -> str:
    """Join words as a list of the reader's language."""
    return ("、" if language() == "zh" else ", ").join(words)


def sentences(parts: list[str]) -> str:
    """Join short remarks into one cell."""
    return ("；" if language() == "zh" else "; ").join(parts)
