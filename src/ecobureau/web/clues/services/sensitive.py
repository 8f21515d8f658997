"""Sensitive places: put in, changed, closed; a file of them is read row by row, all or nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.geo import to_wgs84
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.models import SensitivePlace
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import door
from ecobureau.web.places import selectors as places

SYSTEMS = ("wgs84", "gcj02", "bd09")


def put_place(
    actor: Viewer,
    *,
    code: str,
    kind: str,
    name: str,
    lon: float,
    lat: float,
    people: int | None = None,
    source: str = "",
    system: str = "wgs84",
    rescore: bool = True,
) -> tuple[SensitivePlace, str]:
    """Put a sensitive place in, or change the one of that code.

    Args:
        lon, lat: degrees in `system` (`wgs84`, `gcj02`, `bd09`). rescore: reckon the risk of clues anew.

    Returns:
        The place, and `made`, `changed` or `same`.

    Raises:
        Refused: the point lies in no known place, or the actor may not change the registry there (or where it was).
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        refuse(Refusal("clues.sensitive.no_point", {"code": code}), actor=actor.user_id, what="sensitive place")
    lon, lat = to_wgs84(lon, lat, system)
    spot = places.locate(lon, lat, beijing(now()).date())
    if not spot.org_path:
        refuse(Refusal("clues.sensitive.outside", {"code": code}), actor=actor.user_id, what="sensitive place")
    door.must_change(actor, spot.org_path)
    values = {
        "kind": kind,
        "name": name.strip(),
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "people": people,
        "org_path": spot.org_path,
        "source": source.strip(),
        "active": True,
    }
    with transaction.atomic():
        row = SensitivePlace.objects.select_for_update().filter(code=code).first()
        if row is None:
            row = SensitivePlace.objects.create(code=code, made_at=now(), updated_at=now(), **values)
            _told(actor, row, {name: [None, value] for name, value in values.items()}, rescore=rescore)
            return row, "made"
        door.must_change(actor, row.org_path)
        changed = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return row, "same"
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now()
        row.save()
        _told(actor, row, changed, rescore=rescore)
        return row, "changed"


@transaction.atomic
def close_place(actor: Viewer, place: SensitivePlace) -> None:
    """Take a place out of use; clues from now on do not count it.

    Raises:
        Refused: the actor may not change the registry there.
    """
    door.must_change(actor, place.org_path)
    if SensitivePlace.objects.filter(pk=place.pk, active=True).update(active=False, updated_at=now()):
        _told(actor, place, {"active": [True, False]}, rescore=True)


def _told(actor: Viewer, place: SensitivePlace, changed: Mapping[str, Any], *, rescore: bool) -> None:
    from ecobureau.web.clues.jobs import rescore_clues

    audit.write(actor, "sensitive", kind="sensitive", object_id=place.pk, number=place.code[:32], changed=dict(changed))
    if rescore:
        rescore_clues.defer(unique="clues-rescore")
