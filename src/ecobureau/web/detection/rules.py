"""Which patterns are on, with which parameters, and how confidence becomes a level."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from ecobureau.domain import judging
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.types import Params
from ecobureau.domain.judging.rating import clipped, scenario_of
from ecobureau.domain.judging.rating import rate as _rate
from ecobureau.rulepacks import load
from ecobureau.web.detection.models import PatternSetting, Verdict

PACKS = ("detection", "detection_shape", "detection_physics")
FAST = frozenset({"P03", "P04", "P07", "P13", "P16", "P18", "P20", "P24", "P25", "P28", "P29", "P35", "P36"})
"""Patterns that a single new hour can complete; looked at on arrival."""
TOLD_BY = {"P16": "R-OFFLINE", "P28": "R-OVER", "P31": "R-RANGE", "P35": "R-REVISED"}
"""Patterns that tell the same matter as a rule of the judge on arrival, who is earlier."""
_PRIOR = 8.0
"""Weight of what the detector says itself, in clues: feedback takes over as it grows."""


def national(on: date) -> dict[str, object]:
    """Return the packs' parameters in force on a day by dotted key, before the city's settings."""
    values: dict[str, object] = {}
    for name in PACKS:
        pack = load(name)
        for key in pack.keys():  # noqa: SIM118 - a pack is no mapping
            try:
                values[key] = pack.at(key, on).value
            except KeyError:
                continue
    return values


def params(on: date) -> Params:
    """Return the parameters in force on a day, with the city's own in front of the packs'."""
    values = national(on)
    for setting in PatternSetting.objects.all():
        values |= setting.params
    return Params(values)


def enabled(only: Iterable[str] | None = None) -> set[str]:
    """Return the ids of the patterns that the city has not switched off, of `only` or of all."""
    off = set(PatternSetting.objects.filter(enabled=False).values_list("pattern", flat=True))
    return set(only if only is not None else load_all()) - off


def version() -> str:
    """Return the versions of the packs that decide; stored with every finding."""
    return "+".join(load(name).version for name in PACKS)


@lru_cache(maxsize=8)
def _judging(on: date) -> judging.Params:
    return judging.read_params(load("judging"), load("scenario_kinds"), on)


def rate(severity: int, confidence: float, on: date) -> tuple[int, str]:
    """Return risk (0–100) and level of a severity and a confidence, by the one table of the house."""
    return _rate(severity, confidence, _judging(on))


def scenario(pattern: str, st: str, on: date) -> str:
    """Return the kind of scene that a pattern opens."""
    return scenario_of(pattern, st, _judging(on))


def calibrated(pattern: str, confidence: float) -> float:
    """Return a confidence drawn towards the share of this pattern's clues that proved true on the spot.

    Args:
        confidence: 0..1 as fused. The detector's word weighs as much as eight clues: a pattern without feedback keeps
            it, one that was wrong forty times loses it.
    """
    outcomes = list(Verdict.objects.filter(pattern=pattern).values_list("outcome", flat=True))
    true = sum(outcome == Verdict.Outcome.VERIFIED for outcome in outcomes)
    return clipped((confidence * _PRIOR + true) / (_PRIOR + len(outcomes)))
