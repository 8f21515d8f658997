"""The only readers of clues and their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Q, QuerySet, When

from ecobureau.clock import now
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.clues.flow import DISMISS_REASONS, OPEN
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.clues.services import Piece
from ecobureau.web.core import access
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.words import say

_RELATED = ("station", "outlet", "outlet__enterprise", "merged_into", "source")
WAITING = ("new", "triaged")


def clues(viewer: Viewer) -> QuerySet[Clue]:
    """Return the clues the viewer may see."""
    return access.scope(viewer, "view", Clue.objects.select_related(*_RELATED))


def clue(viewer: Viewer, number: str) -> Clue | None:
    """Return one clue by its number if the viewer may see it."""
    return clues(viewer).filter(number=number).first()


def queue(viewer: Viewer, level: str = "") -> QuerySet[Clue]:
    """Return what waits for triage, the riskiest and then the oldest first."""
    waiting = clues(viewer).filter(state__in=WAITING)
    return (waiting.filter(level=level) if level else waiting).order_by("-risk", "created_at", "pk")


def worst(viewer: Viewer, most: int) -> tuple[list[Clue], int]:
    """Return the open clues, the most urgent level and then the riskiest first, at most `most`; and how many."""
    found = clues(viewer).filter(state__in=OPEN)
    rank = Case(*(When(level=level, then=place) for place, level in enumerate(("red", "orange", "yellow"))), default=3)
    rows = found.annotate(level_rank=rank).order_by("level_rank", "-risk", "created_at", "pk")
    return list(rows[:most]), found.order_by().count()


def evidence(clue: Clue) -> list[Evidence]:
    """Return the evidence of a clue in its order."""
    return list(clue.evidence.order_by("seq"))


def same_kind_last_year(viewer: Viewer, clue: Clue) -> int:
    """Return how many other clues of this scenario its subject had in the 365 days before."""
    since = clue.created_at - timedelta(days=365)
    return (
        clues(viewer)
        .filter(subject=clue.subject, scenario=clue.scenario, created_at__gte=since, created_at__lt=clue.created_at)
        .exclude(pk=clue.pk)
        .count()
        if clue.subject
        else 0
    )


def window_rows(clue: Clue, most: int = 500) -> list[dict[str, Any]]:
    """Return the stored values of a clue's factor in its window and a day before it, the newest `most` of them."""
    stream = stream_of(clue)
    if stream is None or clue.station_id is None:
        return []
    connection.ensure_connection()
    start = clue.first_at - timedelta(days=1)
    points = read.series(
        connection.connection,
        clue.station_id,
        None,
        stream[0],
        stream[1] or None,
        [clue.factor],
        start,
        clue.last_at + timedelta(seconds=1),
    )
    return [
        {
            "start": point.start.isoformat(),
            "end": point.end.isoformat(),
            "values": {stat: point.text(stat) for stat in point.reading.stats},
            "unit": point.reading.unit,
            "flag": point.flag,
            "raw": point.raw_id,
        }
        for point in points.get(clue.factor, [])[-most:]
    ]


def stream_of(clue: Clue) -> tuple[Kind, int] | None:
    """Return the kind of data and the interval that the clue's newest series evidence names, None where it has none."""
    if not clue.factor:
        return None
    newest = clue.evidence.filter(kind="series").order_by("-seq").first()
    kind, _colon, interval = str(newest.params.get("stream", "")).partition(":") if newest else ("", "", "")
    return (Kind(kind), int(interval or 0)) if kind in set(Kind) else None


def sample(clue: Clue) -> dict[str, Any]:
    """Return the data sample that goes with a proposed dismissal: the window's rows as stored."""
    rows = window_rows(clue)
    return {"factor": clue.factor, "rows": rows, "count": len(rows)}


def frozen_copy(clue: Clue) -> Piece:
    """Return the copy of the data that is frozen before anybody at the plant is told."""
    return Piece("frozen", now(), "clues.evidence.frozen", sample(clue))


def by_place(viewer: Viewer, states: Sequence[str] = OPEN) -> QuerySet[Clue]:
    """Return open clues with a place, for the map."""
    return clues(viewer).filter(state__in=states, lon__isnull=False)


def open_at(viewer: Viewer, at: datetime) -> QuerySet[Clue]:
    """Return the clues with a place that were open at an instant, for the map's slider (as they are now)."""
    alive = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    return clues(viewer).filter(alive, created_at__lte=at, lon__isnull=False)


def waiting_by_level(viewer: Viewer) -> dict[str, int]:
    """Return level → how many clues wait for triage."""
    counted = clues(viewer).filter(state__in=WAITING).order_by().values_list("level").annotate(n=Count("pk"))
    return dict(counted)


def children_of(of: Sequence[Clue]) -> dict[int, list[Clue]]:
    """Return the clues folded into each of `of`, in one query."""
    found: dict[int, list[Clue]] = {clue.pk: [] for clue in of}
    for child in Clue.objects.filter(merged_into_id__in=list(found)).order_by("created_at"):
        assert child.merged_into_id is not None
        found[child.merged_into_id].append(child)
    return found


def about(
    viewer: Viewer,
    *,
    outlet_id: int | None = None,
    station_id: int | None = None,
    outlet_ids: Sequence[int] = (),
    most: int = 8,
) -> list[Clue]:
    """Return the newest clues about an outlet, a station or several outlets."""
    wanted = Q(outlet_id__in=[*outlet_ids, *([outlet_id] if outlet_id else [])])
    if station_id is not None:
        wanted |= Q(station_id=station_id)
    return list(clues(viewer).filter(wanted).order_by("-created_at")[:most])


def to_sign(viewer: Viewer) -> QuerySet[Clue]:
    """Return the proposed dismissals that lie within the viewer's reach to sign, oldest first."""
    reach = access.scope(viewer, "act", Clue.objects.select_related(*_RELATED))
    return reach.filter(state="dismissing").order_by("updated_at")


def why_dismissed(found: Sequence[Clue]) -> dict[int, str]:
    """Return for each proposed dismissal the reason given for it, in words; by the clue's id."""
    if not found:
        return {}
    names = {reason.code: reason.name for reason in DISMISS_REASONS}
    rows = History.objects.filter(kind="clue", verb="propose_dismissal", object_id__in=[clue.pk for clue in found])
    return {
        pk: say(names.get(reason, reason)) for pk, reason in rows.order_by("seq").values_list("object_id", "reason")
    }
