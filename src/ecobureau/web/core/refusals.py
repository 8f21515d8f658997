"""How a refusal travels: raised as `Refused`, counted and logged once, said in the reader's language."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from prometheus_client import Counter

from ecobureau.domain.workflow import Refusal
from ecobureau.words import say

log = logging.getLogger("ecobureau.refusals")
_LONELY = re.compile(r" +(?=[，。；：、）（])| +(?=[,;.](?:\s|\Z))")
REFUSALS = Counter("ecobureau_refusals_total", "Acts and looks that were refused", ["code"])


class Refused(Exception):
    """Something may not be done. `code` and `params` name the message; nothing has been changed."""

    def __init__(self, code: str, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})

    def text(self, lang: str | None = None) -> str:
        """Return the sentence; parameters that are catalogue words are translated as well."""
        return sentence(self.code, self.params, lang)

    def __str__(self) -> str:
        return f"{self.code}: {self.text('zh')}"


def sentence(code: str, params: Mapping[str, Any], lang: str | None = None) -> str:
    """Return the message of `code`, its text parameters taken through the catalogue first.

    An empty parameter (pH has no unit) leaves no space before a mark behind.
    """
    said = {key: say(value, lang) if isinstance(value, str) and value else value for key, value in params.items()}
    return _LONELY.sub("", say(code, lang, **said))


def refuse(refusal: Refusal, *, actor: int | None = None, what: str = "") -> NoReturn:
    """Count and log a refusal and raise it.

    Raises:
        Refused: always.
    """
    REFUSALS.labels(refusal.code).inc()
    log.warning("refused %s to user %s at %s", refusal.code, actor, what)
    raise Refused(refusal.code, refusal.params)
