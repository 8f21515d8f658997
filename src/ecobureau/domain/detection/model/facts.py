"""Quantities that several patterns share: levels of power in operation, hours, findings from spells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, lagged_median
from ecobureau.domain.detection.types import Case, Finding, Group


def samples(case: Case, hours: float) -> int:
    """Return how many samples `hours` are, at least one."""
    return max(1, round(hours * case.series.per_hour))


def usual(case: Case, name: str, values: Floats, use: Bools, *, days: float = 30.0, hold_d: float = 3.0) -> Floats:
    """Return the usual level of `values` where `use`, as known at every step (lags behind by up to `hold_d`), (n,)."""
    key = f"usual:{name}:{days}:{hold_d}"
    if key not in case.cache:
        case.cache[key] = lagged_median(
            values,
            use,
            hold=samples(case, 24 * hold_d),
            window=samples(case, 24 * days),
            every=samples(case, 6),
            least=samples(case, 18),
        )
    kept = case.cache[key]
    assert isinstance(kept, np.ndarray)
    return kept


def clip01(x: float) -> float:
    """Return x within 0..1."""
    return float(min(1.0, max(0.0, x)))


def finding(
    case: Case,
    pattern: str,
    spell: Spell,
    *,
    factors: tuple[str, ...],
    statistic: float,
    threshold: float,
    score: float,
    severity: int,
    group: Group,
    numbers: Mapping[str, float | str] | None = None,
    counter: tuple[str, ...] = (),
) -> Finding:
    """Return the finding of a spell of samples: times from indices, numbers rounded for the reader."""
    s = case.series
    hours = (spell.stop - spell.first) / s.per_hour
    told: dict[str, float | str] = {"hours": round(hours, 1), "factors": ", ".join(factors)}
    for name, value in (numbers or {}).items():
        told[name] = value if isinstance(value, str) else round(float(value), 3)
    return Finding(
        pattern=pattern,
        start=int(s.t[spell.first]),
        end=int(s.t[spell.stop - 1]) + s.step_s,
        raised_at=int(s.t[spell.raised]) + s.step_s,
        factors=factors,
        statistic=float(statistic),
        threshold=float(threshold),
        score=clip01(score),
        severity=severity,
        numbers=told,
        counter=counter,
        group=group,
    )


def median_of(x: Floats, where: slice | Bools) -> float:
    """Return the median of the finite values of `x[where]`, NaN where there is none."""
    part = x[where]
    part = part[np.isfinite(part)]
    return quick.median(part)


def mean_of(x: Floats, where: slice | Bools) -> float:
    """Return the mean of the finite values of `x[where]`, NaN where there is none."""
    part = x[where]
    part = part[np.isfinite(part)]
    return float(part.mean()) if part.size else float("nan")
