"""The second model's word on a finding: how far its factors stood from what was expected while it was watched.

Where the shape of the hours has been compared with all earlier ones (`profile`), a shape never seen before speaks too,
with less weight: honest events have shapes of their own.
"""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.outlet import expected_of
from ecobureau.domain.detection.model.profile import discord_score
from ecobureau.domain.detection.types import Case, Finding

# A band of 5 %..95 % leaves a tenth of honest values outside; a share of six tenths outside is as far as it counts.
_HONEST, _FULL = 0.1, 0.6
# A stretch twice as far from every earlier one as nearly all were is as new as it counts.
_NEW, _NEW_WEIGHT, _NEW_HISTORY = 2.0, 0.3, 240


def profile_key(factor: str) -> str:
    """Return the key under which (distances, width in hours) of a factor's matrix profile lie in the case's cache."""
    return f"profile:{factor}"


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
    return float(min(1.0, max(0.0, best, _newness(case, finding))))


def _newness(case: Case, finding: Finding) -> float:
    """Return 0..0.3: how unlike all earlier ones the stretches are that lie between start and raising of a finding."""
    per_hour = case.series.per_hour
    first, stop = (int(at) // per_hour for at in np.searchsorted(case.series.t, [finding.start, finding.raised_at]))
    best = 0.0
    for factor in finding.factors[:4]:
        known = case.cache.get(profile_key(factor))
        if not isinstance(known, tuple):
            continue
        distance, width = known
        key = f"discord:{factor}"
        if key not in case.cache:
            case.cache[key] = discord_score(distance, width, _NEW_HISTORY)
        score = case.cache[key]
        assert isinstance(score, np.ndarray)
        # Only stretches that had ended when it was raised.
        part = score[max(0, first) : max(0, stop - width + 1)]
        part = part[np.isfinite(part)]
        if len(part):
            best = max(best, _NEW_WEIGHT * (float(part.max()) - 1.0) / (_NEW - 1.0))
    return min(_NEW_WEIGHT, best)
