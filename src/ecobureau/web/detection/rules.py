"""Which patterns are on, with which parameters, and how confidence becomes a level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from ecobureau.domain import judging
from ecobureau.domain.detection import calibration
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


def params(on: date, own: Mapping[str, Mapping[str, object]] | None = None) -> Params:
    """Return the parameters in force on a day, with the city's own in front of the packs'.

    Args:
        own: pattern → parameters in place of what the city has set for it, for a trial.
    """
    values = national(on)
    trial = own or {}
    for setting in PatternSetting.objects.exclude(pattern__in=trial):
        values |= setting.params
    for mine in trial.values():
        values |= mine
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


def calibrated(pattern: str, confidence: float, on: date) -> float:
    """Return a confidence after what people found out on the spot about this pattern's clues.

    Args:
        confidence: 0..1 as fused; on: the day whose rules hold. A pattern without verdicts keeps its word.
    """
    return clipped(calibration.calibrated(confidence, told(pattern), _feedback(on)))


def told(pattern: str = "") -> list[calibration.Told]:
    """Return the verdicts of a pattern (of all: empty), each with the confidence that was fused, oldest first."""
    rows = Verdict.objects.filter(pattern=pattern) if pattern else Verdict.objects.all()
    return [
        calibration.Told(float(fused), outcome == Verdict.Outcome.VERIFIED)
        for outcome, fused in rows.order_by("at", "pk").values_list("outcome", "fused")
        if fused is not None
    ]


def shown(pattern: str = "") -> list[calibration.Told]:
    """Return the verdicts of a pattern (of all: empty) with the confidence that people were told, oldest first."""
    rows = Verdict.objects.filter(pattern=pattern) if pattern else Verdict.objects.all()
    found = rows.order_by("at", "pk").values_list("outcome", "confidence")
    return [
        calibration.Told(float(value), outcome == Verdict.Outcome.VERIFIED)
        for outcome, value in found
        if value is not None
    ]


def edges(on: date) -> list[float]:
    """Return the limits of the bins of the reliability table."""
    value = load("detection_feedback").at("calibration.edges", on).value
    assert isinstance(value, list | tuple)
    return [float(one) for one in value]


def least_verdicts(on: date) -> int:
    """Return how many verdicts of a pattern it takes until steps are fitted to them."""
    return _feedback(on).least


@lru_cache(maxsize=8)
def _feedback(on: date) -> calibration.Settings:
    params = Params.of([load("detection_feedback")], on).part("calibration")
    return calibration.Settings(int(params["least"]), params["prior"], params["most"])
