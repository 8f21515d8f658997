"""What a person has: saved views and notices."""

from __future__ import annotations

from django.urls import reverse

from ecobureau.web.core import registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Notice, SavedView
from ecobureau.web.core.refusals import sentence
from ecobureau.web.core.registry import Kind


def saved_views(viewer: Viewer, kind: Kind) -> list[SavedView]:
    """Return the saved views of the viewer, and those shared with a place they serve."""
    shared = {grant.org_path for grant in viewer.grants}
    rows = SavedView.objects.filter(kind=kind.code, user_id=viewer.id) | SavedView.objects.filter(
        kind=kind.code, org_path__in=shared - {""}
    )
    return list(rows.order_by("name", "pk"))


def inbox(viewer: Viewer, *, unread: bool = True, limit: int = 50) -> list[tuple[Notice, str, str]]:
    """Return (notice, sentence, address) of the viewer's notices, newest first."""
    rows = Notice.objects.filter(user_id=viewer.id)
    made = []
    for notice in (rows.filter(read_at__isnull=True) if unread else rows).order_by("-at", "-pk")[:limit]:
        url = reverse("core:detail", args=[registry.get(notice.kind).plural, notice.number])
        made.append((notice, sentence(notice.code, notice.params), url))
    return made
