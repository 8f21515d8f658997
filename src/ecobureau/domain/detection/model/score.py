"""The second model's word on a finding: how far its factors stood from what was expected while it was watched."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.outlet import expected_of
from ecobureau.domain.detection.types import Case, Finding

# A band of 5 %..95 % leaves a tenth of honest values outside; a share of six tenths outside is as far as it counts.
_HONEST, _FULL = 0.1, 0.6


def window_score(case: Case, finding: Finding) -> float:
    """Return 0..1: the share of samples outside the expected band, of the factor that is furthest off.

    Only samples up to the moment the finding was raised are looked at. 0 where the model has no opinion.
    """
    series = case.series
    a, b = np.searchsorted(series.t, [finding.start, finding.raised_at - series.step_s + 1])
    if b - a < 3:
        return 0.0
    best = 0.0
    for factor in finding.factors[:4]:
        e = expected_of(case, factor)
        if not isinstance(e, Expected):
            continue
        x = series.avg[factor][a:b]
        known = np.isfinite(x) & e.known[a:b]
        if known.sum() < max(3, 0.3 * (b - a)):
            continue
        outside = float(((x < e.lo[a:b]) | (x > e.hi[a:b]))[known].mean())
        best = max(best, (outside - _HONEST) / (_FULL - _HONEST))
    return float(min(1.0, max(0.0, best)))
