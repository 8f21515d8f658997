"""Ranking by a number: ties share a rank, numbers that rest on too little get none."""

from __future__ import annotations

from collections.abc import Sequence


def ranks(
    values: Sequence[float | None], counts: Sequence[int], *, high: bool, least: int, decimals: int = 1
) -> list[int | None]:
    """Return the rank of each value; 1 is best, ties share a rank and the next one skips (1, 1, 3).

    Args:
        values: the numbers, None where there is nothing to reckon of. counts: what each rests on, same length.
        high: more is better. least: a number that rests on fewer gets no rank.
        decimals: of the numbers as they are shown: what reads the same is the same.
    """
    seen = [
        round(value, decimals) if value is not None and count >= least else None
        for value, count in zip(values, counts, strict=True)
    ]
    known = [value for value in seen if value is not None]
    return [
        None if value is None else 1 + sum(other > value if high else other < value for other in known)
        for value in seen
    ]
