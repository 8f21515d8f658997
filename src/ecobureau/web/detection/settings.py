"""The city's settings of patterns: on or off, and own parameters in front of the packs'."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import door, rules
from ecobureau.web.detection.models import PatternSetting


@transaction.atomic
def set_pattern(
    actor: Viewer, pattern: str, *, enabled: bool, params: Mapping[str, object], note: str
) -> PatternSetting:
    """Switch a pattern on or off and set the city's own parameters for it.

    Args:
        params: dotted key of this pattern (as `P01.gas_h`) → number; replaces what the city had set before, empty takes
            the packs' values again. note: why.

    Raises:
        Refused: not an administrator; unknown pattern; a key that the packs do not have, or no finite number.
    """
    door.must_set(actor)
    if pattern not in load_all():
        refuse(Refusal("detection.no_pattern", {"pattern": pattern}), actor=actor.user_id, what=pattern)
    known = rules.national(beijing(now()).date())
    clean: dict[str, float] = {}
    for key, value in params.items():
        if not key.startswith(f"{pattern}.") or not isinstance(known.get(key), int | float):
            refuse(Refusal("detection.no_parameter", {"key": key}), actor=actor.user_id, what=pattern)
        clean[key] = _number(actor, key, value)
    before = PatternSetting.objects.select_for_update().filter(pk=pattern).first()
    row, _made = PatternSetting.objects.update_or_create(
        pattern=pattern,
        defaults={
            "enabled": enabled,
            "params": clean,
            "note": note.strip()[:200],
            "updated_at": now(),
            "updated_by": actor.user_id,
            "updated_name": actor.name,
        },
    )
    audit.write(
        actor,
        "detection.pattern",
        kind="pattern",
        number=pattern,
        enabled=enabled,
        params=clean,
        note=row.note,
        before={"enabled": before.enabled, "params": before.params} if before else {},
    )
    return row


def _number(actor: Viewer, key: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        refuse(Refusal("detection.no_number", {"key": key, "value": str(value)}), actor=actor.user_id, what=key)
    return number
