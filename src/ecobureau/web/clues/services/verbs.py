"""What people do to clues, one function a verb, and what their tasks do to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue
from ecobureau.web.clues.services.findings import Piece, add_evidence, digest
from ecobureau.web.clues.services.twins import no_twin
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import selectors as places


def _place(actor: Viewer, org_path: str, grid: str, lon: float | None, lat: float | None) -> tuple[str, str]:
    """Return (place, grid) of a clue that a person registers: those of its point, else the place that was named."""
    named = places.organisation(org_path)
    if named is not None and named.level == "grid":
        grid = grid or named.path
    if lon is None or lat is None:
        return org_path, grid
    spot = places.locate(lon, lat, beijing(now()).date())
    if spot.org_path and not spot.org_path.startswith(org_path):
        words = {"place": str(named or org_path), "found": spot.grid_name or spot.district_name or spot.org_path}
        refuse(Refusal("clues.point_elsewhere", words), actor=actor.user_id, what="register")
    return spot.org_path or org_path, spot.grid or grid


def register(
    actor: Viewer,
    *,
    title: str,
    level: str,
    org_path: str,
    grid: str = "",
    lon: float | None = None,
    lat: float | None = None,
    scenario: str = "",
    station_id: int | None = None,
    outlet_id: int | None = None,
    note: str = "",
    client_uuid: UUID | None = None,
) -> Clue:
    """Register a clue by hand. Where a point is given, its grid and place come from the polygons.

    Raises:
        Refused: the actor may not register one there, or the point lies elsewhere than `org_path`.
    """
    at = now()
    org_path, grid = _place(actor, org_path, grid, lon, lat)
    clue: Clue = kernel.create(
        "clue",
        actor,
        title=title,
        level=level,
        org_path=org_path,
        grid=grid,
        lon=lon,
        lat=lat,
        origin=Clue.Origin.MANUAL,
        scenario=scenario,
        subject=f"outlet:{outlet_id}" if outlet_id else f"station:{station_id}" if station_id else "",
        station_id=station_id,
        outlet_id=outlet_id,
        first_at=at,
        last_at=at,
        note=note,
        client_uuid=client_uuid,
    )
    return clue


def triage(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Take a clue up."""
    return kernel.perform(clue, "triage", actor, **act)


def watch(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Keep an eye on it; a reason is needed."""
    return kernel.perform(clue, "watch", actor, reason=reason, **act)


@transaction.atomic
def merge(clue: Clue, actor: Viewer, *, into: Clue, **act: Any) -> History:
    """Fold a repeat into another clue; a person confirms what the machine proposes (workflow reference 1.6).

    Raises:
        Refused: into itself, into a closed one, or one the actor may not see.
    """
    both = Clue.objects.select_for_update(no_key=True).filter(pk__in=[clue.pk, into.pk]).order_by("pk")
    target = next(each for each in both if each.pk == into.pk)
    if target.pk == clue.pk:
        refuse(Refusal("clues.merge_into_itself"), actor=actor.user_id, what=clue.number)
    if target.state not in OPEN:
        refuse(Refusal("clues.merge_target_closed", {"number": target.number}), actor=actor.user_id, what=clue.number)
    entry = kernel.perform(
        clue, "merge", actor, data={"into": target.number}, changes={"merged_into_id": target.pk}, **act
    )
    kernel.link(clue, "merged_into", target, actor)
    kernel.amend(target, actor, {}, verb="take_in", data={"from": clue.number})
    return entry


@transaction.atomic
def split(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Undo a merge.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    with no_twin(clue, actor):
        return kernel.perform(clue, "split", actor, reason=reason, changes={"merged_into_id": None}, **act)


@transaction.atomic
def propose_dismissal(clue: Clue, actor: Viewer, *, reason: str, sample: Mapping[str, Any], **act: Any) -> History:
    """Propose to dismiss; the data sample that shows why is frozen as evidence. A unit head decides.

    Args:
        sample: rows of the window as shown (`clues.selectors.sample`), at most a few hundred.
    """
    piece = Piece("sample", now(), "clues.evidence.sample", {"count": len(sample.get("rows", ())), **sample})
    entry = kernel.perform(
        clue, "propose_dismissal", actor, reason=reason, data={"sample": {"sha256": digest(piece)}}, **act
    )
    add_evidence(clue, [piece])
    return entry


def approve_dismissal(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Sign the dismissal: not by the one who proposed it."""
    return kernel.perform(clue, "approve_dismissal", actor, **act)


def refuse_dismissal(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Send it back to triage."""
    return kernel.perform(clue, "refuse_dismissal", actor, reason=reason, **act)


def reopen(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Open a closed or dismissed clue again within the reopening days.

    Raises:
        Refused: too late, or meanwhile another clue of the same subject and rule is open.
    """
    with no_twin(clue, actor):
        return kernel.perform(clue, "reopen", actor, reason=reason, **act)


def hand_to_task(clue: Clue, actor: Viewer, *, task: str, **act: Any) -> History:
    """Note that a task was made of it (called by `dispatch.services.send`)."""
    return kernel.perform(clue, "dispatch", actor, data={"task": task}, **act)


def take_back(clue: Clue, actor: Viewer, *, reason: str) -> History:
    """Note that its only open task was withdrawn."""
    return kernel.perform(clue, "take_back", actor, reason=reason)


def close_with_task(clue: Clue, *, task: str) -> History:
    """Close a clue whose last task has been closed."""
    return kernel.perform(clue, "close", SYSTEM, data={"task": task})


def follow_reopened(clue: Clue, *, task: str) -> History:
    """Go back to its reopened task.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    with no_twin(clue, SYSTEM):
        return kernel.perform(clue, "follow_reopened", SYSTEM, data={"task": task})
