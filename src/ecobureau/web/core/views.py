"""Saved views: writing and forgetting them."""

from __future__ import annotations

from ecobureau.clock import now
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import SavedView
from ecobureau.web.core.registry import Kind


def save(viewer: Viewer, kind: Kind, name: str, query: str, org_path: str = "") -> SavedView:
    """Keep `query` (the address's text behind '?') under a name; the same name is overwritten.

    Args:
        org_path: a place whose people see it as well; only one of the viewer's own.
    """
    shared = org_path if org_path in {grant.org_path for grant in viewer.grants} else ""
    saved, _ = SavedView.objects.update_or_create(
        user_id=viewer.id,
        kind=kind.code,
        name=name.strip(),
        defaults={"query": query, "org_path": shared, "made_at": now()},
    )
    return saved


def drop(viewer: Viewer, kind: Kind, pk: int) -> None:
    """Forget a saved view of the viewer's own; others' stay."""
    SavedView.objects.filter(pk=pk, kind=kind.code, user_id=viewer.id).delete()
