"""The single-letter keys of the office pages, and the letters a person may put in their place (WCAG 2.1.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "j": _("下一条"),
    "k": _("上一条"),
    "d": _("派发"),
    "w": _("观察"),
    "m": _("并案"),
    "x": _("排除；在清单里是勾选"),
    "g": _("去别的页面（再按 D、M、T、C）"),
}
_LETTER = re.compile(r"[a-z]\Z")


@dataclass(frozen=True, slots=True)
class Key:
    """An action: the letter of the house, what it does, and the letter this person gave it."""

    letter: str
    name: Promise
    own: str


class BadKeys(ValueError):
    """Letters that cannot be: `code` names the message, `params` fill it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def of(kept: Mapping[str, str]) -> list[Key]:
    """Return every action with the person's letters; what is not kept has the letter of the house."""
    return [Key(letter, name, kept.get(letter, letter)) for letter, name in ACTIONS.items()]


def read(given: Mapping[str, str]) -> dict[str, str]:
    """Return what to keep of a form: house letter → own letter, where they differ.

    Raises:
        BadKeys: something else than one letter a–z, or one letter for two actions.
    """
    own = {letter: given.get(letter, "").strip().lower() or letter for letter in ACTIONS}
    for letter, wanted in own.items():
        if not _LETTER.match(wanted):
            raise BadKeys("shell.keys.letter", name=str(ACTIONS[letter]), given=wanted[:10])
    for wanted in own.values():
        twice = [letter for letter, each in own.items() if each == wanted]
        if len(twice) > 1:
            raise BadKeys(
                "shell.keys.twice", letter=wanted.upper(), names="、".join(str(ACTIONS[each]) for each in twice)
            )
    return {letter: wanted for letter, wanted in own.items() if wanted != letter}
