"""Many at once: a silence that many outlets share is a fault of net or current, not of a plant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.types import OutletSeries


def silent_shares(all_series: Sequence[OutletSeries]) -> list[Floats]:
    """Return for every series the share of the OTHER outlets that are silent at each of its samples, [(n,)...].

    An outlet counts as silent from its first row to the last moment any outlet reported, so that an area that stays
    silent to the end is seen; series of other steps are compared at the times of the samples. Put each into the cache
    of its case as `marks.gaps.SILENT_SHARE`.
    """
    end = max((s.end for s in all_series), default=0)
    silent: list[tuple[OutletSeries, Bools]] = []
    for s in all_series:
        present = s.present
        first = int(np.argmax(present)) if present.any() else len(present)
        quiet = ~present
        quiet[:first] = False
        silent.append((s, quiet))
    out: list[Floats] = []
    for k, (s, _own) in enumerate(silent):
        total, count = np.zeros(len(s)), np.zeros(len(s))
        for j, (other, quiet) in enumerate(silent):
            if j == k or not len(other):
                continue
            at = np.searchsorted(other.t, s.t, side="right") - 1
            inside = (at >= 0) & (s.t < end)
            total += np.where(inside, quiet[np.maximum(at, 0)], False)
            count += inside
        out.append(total / np.maximum(count, 1))
    return out
