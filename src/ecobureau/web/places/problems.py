"""How the registry says what is wrong with what was handed in: field, message code, parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ecobureau.words import say


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: message code and parameters of `words/codes/registry.py`."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """Return the sentence: what is wrong and how to mend it."""
        return say(self.code, lang, **self.params)


class Invalid(Exception):
    """Something handed in was refused, and nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = problems


def invalid(field_name: str, code: str, **params: Any) -> Invalid:
    """Return the refusal of one field."""
    return Invalid(Problem(field_name, code, params))
