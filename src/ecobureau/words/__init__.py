"""All words of the program, in one catalogue that is readable without Django.

Source texts are Chinese. English stands in `locale/en/LC_MESSAGES/django.po`, compiled to `.mo` at set-up.
Results of the domain leave it as message code and parameters; the Chinese templates of the codes stand in
`words/codes/<room>.py`.
"""

from __future__ import annotations

import gettext as _gettext
import importlib
import pkgutil
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = ("zh", "en")

_language: ContextVar[str] = ContextVar("ecobureau_language", default="zh")


def _(text: str) -> str:
    """Mark a Chinese source text for the catalogue; returns it unchanged."""
    return text


def language() -> str:
    """Return the language in force in this context: `zh` or `en`."""
    return _language.get()


def set_language(lang: str) -> None:
    """Set the language of this context (`zh` or `en`).

    Raises:
        ValueError: another language.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no such language: {lang}")
    _language.set(lang)


@lru_cache(maxsize=4)
def _catalogue(lang: str) -> _gettext.NullTranslations:
    if lang == "zh":
        return _gettext.NullTranslations()
    return _gettext.translation("django", localedir=str(LOCALE_DIR), languages=[lang], fallback=True)


@lru_cache(maxsize=1)
def templates() -> dict[str, str]:
    """Return every message code with its Chinese template, from all modules of `words.codes`.

    Raises:
        ValueError: two rooms define one code.
    """
    found: dict[str, str] = {}
    package = importlib.import_module("ecobureau.words.codes")
    for module in pkgutil.iter_modules(package.__path__):
        texts: dict[str, str] = importlib.import_module(f"ecobureau.words.codes.{module.name}").CODES
        twice = found.keys() & texts.keys()
        if twice:
            raise ValueError(f"message codes defined twice: {sorted(twice)}")
        found.update(texts)
    return found


def say(code_or_text: str, lang: str | None = None, /, **params: object) -> str:
    """Return the sentence of a message code, or of a Chinese source text, in a language.

    Args:
        code_or_text: a code of `templates()`, or a Chinese text of the catalogue.
        lang: `zh` or `en`; default: the language of the context.
        params: values of the template's `{names}`.
    """
    source = templates().get(code_or_text, code_or_text)
    text = _catalogue(lang or language()).gettext(source) if source else source
    return text.format(**params) if params else text
