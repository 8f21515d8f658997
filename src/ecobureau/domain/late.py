"""Libraries that take long to load and are seldom asked, loaded when they are: a process that starts does not wait."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


class Late:
    """A module that stands for another one and loads it at the first question.

    Args:
        name: of the module, as in an import. A name that does not exist is told then, not before.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, what: str) -> Any:
        return getattr(importlib.import_module(self._name), what)


if TYPE_CHECKING:
    from scipy import stats
else:
    stats = Late("scipy.stats")
    """Distributions: they took a third of the time of a start, for passes that run at night."""

__all__ = ["Late", "stats"]
