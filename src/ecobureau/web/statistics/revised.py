"""The revisions of classes and attainments: what changed other than by new data, before, after, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Protocol, TypeVar

from ecobureau.clock import now
from ecobureau.web.statistics.models import Cause, SpanRevision

Why = Mapping[tuple[int, str, date], tuple[str, str]]
"""Series, span and first day → cause and reason of the revision, should a figure change."""


class Row(Protocol):
    """A summary of a series over a period."""

    series_id: int
    span: str
    start: date


R = TypeVar("R", bound=Row)


def keep(pairs: Iterable[tuple[R, R]], why: Why, words: Callable[[R], str], number: Callable[[R], int | None]) -> None:
    """Keep what of (before, after) differs in words and is not explained by new data.

    Args:
        words: what a row says in short. number: its class, where it has one.
    """
    at = now()
    made = []
    for old, new in pairs:
        cause, reason = why[new.series_id, new.span, new.start]
        if cause == Cause.NEW or words(old) == words(new):
            continue
        made.append(
            SpanRevision(
                series_id=new.series_id,
                item=getattr(new, "item", ""),
                span=new.span,
                start=new.start,
                before=number(old),
                after=number(new),
                before_text=words(old)[:80],
                after_text=words(new)[:80],
                cause=cause,
                reason=reason,
                at=at,
            )
        )
    SpanRevision.objects.bulk_create(made, batch_size=2_000)
