"""What was looked at in the plant's favour: marks, calibration, declared stops and upkeep, neighbours.

Every check leaves a piece of evidence, also where nothing was found or nothing could be looked up: the file says what
is known and what is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ecobureau.domain.judging import marks
from ecobureau.domain.judging.params import Params
from ecobureau.domain.judging.types import Context, Evidence, Point, instant_text, shown

FOR, NONE, UNKNOWN = "for", "none", "unknown"
_CALIBRATING = frozenset({"calibration", "check"})


def checks(
    context: Context, points: Iterable[Point], first: datetime, last: datetime, params: Params
) -> tuple[Evidence, ...]:
    """Return one piece of evidence a check for the window [first, last].

    Args:
        context: what was looked up.
        points: all points of the window, also those that do not count.
    """
    span = timedelta(seconds=params.favour_window_s)
    return (
        _marks(points, last, params),
        _events(context, first - span, last + span, last),
        _declared(context, first, last),
        _neighbours(context, last, params),
    )


def speaks_for(evidence: Iterable[Evidence]) -> bool:
    """Say whether any check speaks in the plant's favour."""
    return any(piece.kind == "favour" and piece.params.get("result") == FOR for piece in evidence)


def _marks(points: Iterable[Point], at: datetime, params: Params) -> Evidence:
    odd: dict[str, int] = {}
    unmarked = normal = 0
    for point in points:
        found = marks.meaning(point.flag, params)
        unmarked += found == marks.UNMARKED
        normal += found == marks.NORMAL
        if found not in (marks.NORMAL, marks.UNMARKED):
            odd[point.flag.strip()] = odd.get(point.flag.strip(), 0) + 1
    if odd:
        listed = ", ".join(f"{mark} × {number}" for mark, number in sorted(odd.items()))
        return _piece("judging.favour.marks.some", at, FOR, count=sum(odd.values()), marks=listed)
    if unmarked:
        return _piece("judging.favour.marks.unmarked", at, NONE, count=unmarked)
    return _piece("judging.favour.marks.normal", at, NONE, count=normal)


def _events(context: Context, start: datetime, end: datetime, at: datetime) -> Evidence:
    if context.events is None:
        return _piece("judging.favour.events.unknown", at, UNKNOWN)
    near = [event for event in context.events if start <= event.at <= end]
    calibrating = [event for event in near if event.kind in _CALIBRATING]
    if calibrating:
        return _piece(
            "judging.favour.events.calibration",
            at,
            FOR,
            count=len(calibrating),
            when=instant_text(calibrating[0].at),
        )
    return _piece("judging.favour.events.none", at, NONE, others=len(near))


def _declared(context: Context, first: datetime, last: datetime) -> Evidence:
    if context.declared is None:
        return _piece("judging.favour.declared.unknown", last, UNKNOWN)
    touching = [notice for notice in context.declared if notice.touches(first, last)]
    if not touching:
        return _piece("judging.favour.declared.none", last, NONE)
    notice = touching[0]
    return _piece(
        "judging.favour.declared.some",
        last,
        FOR,
        what=f"judging.declared.{notice.kind}",
        starts=instant_text(notice.starts),
        ends=instant_text(notice.ends) if notice.ends else "judging.open_end",
        filed=instant_text(notice.filed_at),
        after_the_fact=notice.filed_at > first,
    )


def _neighbours(context: Context, at: datetime, params: Params) -> Evidence:
    if context.neighbours is None:
        return _piece("judging.favour.neighbours.unknown", at, UNKNOWN)
    known = [near for near in context.neighbours if near.value is not None and near.usual]
    seen = [near for near in context.neighbours if near.value is not None]
    if not known and seen:
        listed = "、".join(f"{near.name} {shown(near.value)}" for near in seen[:4])
        return _piece("judging.favour.neighbours.values", at, UNKNOWN, count=len(seen), values=listed)
    if not known:
        return _piece("judging.favour.neighbours.none", at, NONE)
    risen = [
        near for near in known if near.value and near.usual and near.value / near.usual - 1 >= params.neighbour_share
    ]
    code = "judging.favour.neighbours.rise" if len(risen) * 2 > len(known) else "judging.favour.neighbours.calm"
    result = FOR if len(risen) * 2 > len(known) else NONE
    return _piece(
        code, at, result, count=len(known), risen=len(risen), names="、".join(near.name for near in known[:4])
    )


def _piece(code: str, at: datetime, result: str, **params: object) -> Evidence:
    return Evidence("favour", code, at, {"result": result, **params})
