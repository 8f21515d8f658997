"""What a data mark means for judging: only normal values count; unknown marks never do."""

from __future__ import annotations

from ecobureau.domain.judging.params import Params

NORMAL = "normal"
UNMARKED = "unmarked"
OTHER = "other"


def meaning(flag: str, params: Params) -> str:
    """Return what a mark as sent means: normal, unmarked, or why the value does not count."""
    mark = flag.strip()
    if not mark:
        return UNMARKED
    return params.marks.get(mark.upper(), OTHER)


def counts(flag: str, params: Params) -> bool:
    """Say whether a value with this mark may be judged."""
    found = meaning(flag, params)
    return found == NORMAL or (found == UNMARKED and params.unmarked_counts)
