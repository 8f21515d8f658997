"""From severity and confidence to risk and level, and from rule and station to the kind of scene."""

from __future__ import annotations

from ecobureau.domain.judging.params import Params
from ecobureau.domain.judging.types import Level


def rate(severity: int, confidence: float, params: Params) -> tuple[int, Level]:
    """Return risk (0-100) and level (red, orange, yellow, blue) of a severity (1-5) and a confidence (0-1)."""
    risk = max(0, min(100, round(severity * params.risk_per_severity * confidence)))
    for floor, level in params.level_floors:
        if risk >= floor:
            return risk, level
    return risk, "blue"


def clipped(confidence: float) -> float:
    """Return a confidence kept within 0.05 and 0.99: a machine is never sure, and never knows nothing."""
    return round(max(0.05, min(0.99, confidence)), 3)


def scenario_of(rule: str, st: str, params: Params) -> str:
    """Return the kind of scene that a rule opens at a station of system code `st`; K01 where nothing else is said."""
    return params.kind_of_rule.get(rule) or params.kind_of_st.get(st, "K01")
