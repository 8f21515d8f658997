"""The only readers of channels, preferences and the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from ecobureau.clock import now
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import sentence
from ecobureau.web.messages import door
from ecobureau.web.messages.models import Channel, Delivery, Preference

PAGE = 50
FAILED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: the delivery, what it says, and why it stands as it does."""

    delivery: Delivery
    said: str
    why: str


def _readable(viewer: Viewer) -> Q:
    reached = Q(pk__in=())
    for place in door.readable(viewer):
        reached |= Q(org_path__startswith=place)
    return reached


def channels(viewer: Viewer) -> QuerySet[Channel]:
    """Return the channels of the viewer's places, each with `failed`: how many messages failed within a day."""
    failed = Q(deliveries__state=Delivery.State.FAILED, deliveries__made_at__gt=now() - FAILED_WITHIN)
    return Channel.objects.filter(_readable(viewer)).annotate(failed=Count("deliveries", filter=failed))


def channel(viewer: Viewer, pk: int) -> Channel | None:
    """Return one channel the viewer may look at."""
    return channels(viewer).filter(pk=pk).first()


def preference(viewer: Viewer) -> Preference:
    """Return what the viewer wants; the house's defaults where they have not said."""
    return Preference.objects.filter(user_id=viewer.id).first() or Preference(user_id=viewer.id)


def log(viewer: Viewer, *, state: str = "", channel_id: int | None = None, before: int | None = None) -> list[Line]:
    """Return up to PAGE + 1 lines of the log of the viewer's places, newest first; older than `before` (an id)."""
    found = Delivery.objects.filter(channel__in=Channel.objects.filter(_readable(viewer)))
    if state in Delivery.State.values:
        found = found.filter(state=state)
    if channel_id is not None:
        found = found.filter(channel_id=channel_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return _lines(found.select_related("channel", "user").order_by("-pk")[: PAGE + 1])


def own_log(viewer: Viewer, most: int = 20) -> list[Line]:
    """Return the newest messages that were for the viewer."""
    mine = Delivery.objects.filter(user_id=viewer.id).select_related("channel", "user")
    return _lines(mine.order_by("-made_at", "-pk")[:most])


def delivery(viewer: Viewer, pk: int) -> Delivery | None:
    """Return one line of the log of the viewer's places."""
    readable = Channel.objects.filter(_readable(viewer))
    return Delivery.objects.filter(pk=pk, channel__in=readable).select_related("channel").first()


def _lines(rows: Sequence[Delivery] | Any) -> list[Line]:
    return [Line(row, _said(row), sentence(row.why, {}) if row.why else "") for row in rows]


def _said(row: Delivery) -> str:
    params = {key: value for key, value in row.params.items() if key != "lines"}
    return sentence(row.code, params)
