"""The writers of samples: entered by one person, accepted or not by another; months are computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.statistics.models import Cause, Medium, Series, WaterSample
from ecobureau.web.statistics.services_data import soil

_STANDS = ("entered", "accepted")


@transaction.atomic
def enter(
    actor: Viewer,
    *,
    section: str,
    taken_on: date,
    laboratory: str,
    values: Mapping[str, Mapping[str, Any]],
    **fields: Any,
) -> WaterSample:
    """Enter a sample; nothing counts until a second person accepts it.

    Args:
        section: code of the point of surface water. values: item → what `read_value` gives.

    Raises:
        Refused: no such section, a day to come, a sample of that day is there already, or the door says no.
    """
    series = Series.objects.select_for_update(of=("self",)).filter(medium=Medium.WATER, kind="point", code=section)
    found = series.first()
    if found is None:
        refuse(Refusal("statistics.sample.section", {"section": section}), actor=actor.user_id, what="sample")
    if taken_on > beijing(now()).date():
        refuse(Refusal("statistics.sample.future"), actor=actor.user_id, what="sample")
    uuid = fields.get("client_uuid")
    there = WaterSample.objects.filter(series=found, taken_on=taken_on, state__in=_STANDS)
    twice = there.exclude(client_uuid=uuid) if uuid else there
    if twice.exists():
        params = {"section": found.name, "day": taken_on.isoformat()}
        refuse(Refusal("statistics.sample.twice", params), actor=actor.user_id, what="sample")
    made: WaterSample = kernel.create(
        "water_sample",
        actor,
        title=f"{found.name} {taken_on.isoformat()}",
        level="blue",
        org_path=found.org_path,
        series=found,
        taken_on=taken_on,
        laboratory=laboratory,
        values=dict(values),
        **fields,
    )
    return made


@transaction.atomic
def accept(record: WaterSample, actor: Viewer, **act: Any) -> History:
    """Let a sample count in its month."""
    entry = kernel.perform(record, "accept", actor, **act)
    _soil(record)
    return entry


@transaction.atomic
def withdraw(record: WaterSample, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Let an accepted sample count no more."""
    entry = kernel.perform(record, "withdraw", actor, reason=reason, **act)
    _soil(record, reason)
    return entry


def _soil(record: WaterSample, reason: str = "") -> None:
    soil({(record.series_id, record.taken_on): Cause.SAMPLED}, reason=f"{record.number} {reason}".strip())
