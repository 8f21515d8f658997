"""The one registry of detectors: it drives the run, the docs page, the settings page and the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from ecobureau.domain.detection.types import Case, Group, Opinion, Params

Function = Callable[[Case, Params], Opinion]


@dataclass(frozen=True, slots=True)
class Detector:
    """One pattern of the catalogue.

    Attributes:
        id: catalogue id, as `P05`; title: message code of its name; inputs: what it reads, in words of the field.
        group: independent kind of evidence it belongs to; cost: how its time grows, as `O(n)`.
    """

    id: str
    title: str
    inputs: tuple[str, ...]
    group: Group
    cost: str
    function: Function

    def look(self, case: Case) -> Opinion:
        """Return the findings of this pattern in `case`, or why it has no opinion."""
        return self.function(case, case.params.part(self.id))


REGISTRY: dict[str, Detector] = {}

_ROOMS = ("shape", "physics", "marks", "fleet")


def detector(
    *, id: str, title: str, inputs: tuple[str, ...], group: Group, cost: str
) -> Callable[[Function], Function]:
    """Register a detector function `(case, params of its id) -> findings or NoOpinion`.

    Raises:
        ValueError: the id is taken.
    """

    def enter(function: Function) -> Function:
        if id in REGISTRY:
            raise ValueError(f"detector {id} is registered twice")
        REGISTRY[id] = Detector(id, title, inputs, group, cost, function)
        return function

    return enter


def load_all() -> dict[str, Detector]:
    """Import every detector module and return the registry, sorted by id."""
    for room in _ROOMS:
        try:
            package = import_module(f"ecobureau.domain.detection.{room}")
        except ModuleNotFoundError:
            continue
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(REGISTRY.items()))
