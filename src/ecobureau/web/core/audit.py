"""Writing the audit: who looked, exported, signed in, administered."""

from __future__ import annotations

from typing import Any

from ecobureau.clock import now
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Audit


def write(
    viewer: Viewer,
    what: str,
    *,
    kind: str = "",
    object_id: int | None = None,
    number: str = "",
    purpose: str = "",
    actor_name: str = "",
    **detail: Any,
) -> Audit:
    """Append a line. `detail` holds plain values and no personal words beyond what the act itself is about."""
    return Audit.objects.create(
        at=now(),
        actor_id=viewer.user_id,
        actor_name=actor_name or viewer.name,
        what=what,
        kind=kind,
        object_id=object_id,
        number=number,
        purpose=purpose[:200],
        ip=viewer.ip,
        request_id=viewer.request_id,
        detail=detail,
    )
