"""What people do to clues, one function a verb, and what their tasks do to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue, ClueSource, Reporter
from ecobureau.web.clues.services import answers, pool, risks
from ecobureau.web.clues.services.findings import Piece, add_evidence, digest
from ecobureau.web.clues.services.twins import no_twin
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.services.records import as_path as kernel_path
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


@transaction.atomic
def register(
    actor: Viewer,
    *,
    title: str,
    org_path: str,
    level: str = "",
    grid: str = "",
    lon: float | None = None,
    lat: float | None = None,
    scenario: str = "",
    matter: str = "",
    text: str = "",
    source: str = "manual",
    reference: str = "",
    severity: int | None = None,
    confidence: float | None = None,
    at: datetime | None = None,
    station_id: int | None = None,
    outlet_id: int | None = None,
    reporter: Mapping[str, Any] | None = None,
    pieces: Sequence[Piece] = (),
    note: str = "",
    client_uuid: UUID | None = None,
) -> Clue:
    """Register a clue that a person or a source reports. A point's grid and place come from the polygons.

    Args:
        level: colour; default: that of the scenario. source: code of a registered source, `manual` or `import`.
        text: what was said of it; reference: its number at the source. at: instant of the fact, default now.
        severity (1-5), confidence (0-1): default: those of level and source kind. reporter: see `pool.add_reporter`.

    Raises:
        Refused: the actor may not register one there, the point lies elsewhere than `org_path`, or no such source.
    """
    if client_uuid is not None:
        earlier = Clue.objects.filter(client_uuid=client_uuid, created_by_id=actor.user_id).first()
        if earlier is not None:
            return earlier
    instant = at or now()
    org_path, grid = _place(actor, org_path, grid, lon, lat)
    from_where = _source(actor, source)
    scenario = scenario or from_where.scenario
    level = level or scenarios.level_of(scenario)
    subject = f"outlet:{outlet_id}" if outlet_id else f"station:{station_id}" if station_id else ""
    rating = risks.reckon(
        scenario=scenario,
        source_kind=from_where.kind,
        level=level,
        severity=severity,
        confidence=confidence,
        lon=lon,
        lat=lat,
        at=instant,
        repeats=risks.earlier_of(subject, now()),
        outlet_id=outlet_id,
    )
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
        source_id=from_where.pk,
        reference=reference,
        scenario=scenario,
        matter=matter,
        text=text,
        confidence=confidence,
        subject=subject,
        station_id=station_id,
        outlet_id=outlet_id,
        first_at=instant,
        last_at=instant,
        note=note,
        client_uuid=client_uuid,
        **rating,
    )
    add_evidence(clue, pieces)
    if reporter is not None:
        pool.add_reporter(clue, **reporter, at=instant, source=from_where)
    risks.note(clue, "open")
    return clue


def register_report(actor: Viewer, source: ClueSource, *, place: str, **values: Any) -> Clue:
    """Register what a source has sent; `actor` acts for it (`pool.acting_for`).

    Args:
        place: path of the place it names, or the source's own. values: as `register` takes them.

    Raises:
        Refused: the place lies outside the source's, or the point outside the place.
    """
    path = kernel_path(place)
    if not path.startswith(source.org_path) or places.organisation(path) is None:
        params = {"place": place, "own": source.org_path}
        refuse(Refusal("clues.intake.elsewhere", params), actor=actor.user_id, what=source.code)
    return register(actor, org_path=path, source=source.code, **values)


def _source(actor: Viewer, code: str) -> ClueSource:
    if code in (ClueSource.Kind.MANUAL, ClueSource.Kind.IMPORT):
        return pool.own_source(code)
    found = ClueSource.objects.filter(code=code).first()
    if found is None:
        refuse(Refusal("clues.source.unknown", {"code": code}), actor=actor.user_id, what="register")
    if not found.active:
        refuse(Refusal("clues.source.closed", {"name": found.name}), actor=actor.user_id, what="register")
    return found


def triage(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Take a clue up."""
    return kernel.perform(clue, "triage", actor, **act)


def watch(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Keep an eye on it; a reason is needed."""
    return kernel.perform(clue, "watch", actor, reason=reason, **act)


@transaction.atomic
def merge(clue: Clue, actor: Viewer, *, into: Clue, why: Sequence[Mapping[str, Any]] = (), **act: Any) -> History:
    """Fold a repeat into another clue; a person confirms what the machine proposes (workflow reference 1.6).

    The folded clue keeps its own reporters; they are owed their answer when the clue it lies in closes.

    Args:
        why: reasons that the machine gave (codes and parameters), kept with the act.

    Raises:
        Refused: into itself, into a closed one, or one the actor may not see.
    """
    both = Clue.objects.select_for_update(no_key=True).filter(pk__in=[clue.pk, into.pk]).order_by("pk")
    target = next(each for each in both if each.pk == into.pk)
    if target.pk == clue.pk:
        refuse(Refusal("clues.merge_into_itself"), actor=actor.user_id, what=clue.number)
    if target.state not in OPEN:
        refuse(Refusal("clues.merge_target_closed", {"number": target.number}), actor=actor.user_id, what=clue.number)
    data = {"into": target.number} | ({"why": [dict(each) for each in why]} if why else {})
    entry = kernel.perform(clue, "merge", actor, data=data, changes={"merged_into_id": target.pk}, **act)
    Reporter.objects.filter(matter=clue).update(matter=target)
    kernel.link(clue, "merged_into", target, actor)
    kernel.amend(target, actor, risks.anew(target), verb="take_in", data={"from": clue.number})
    risks.note(target, "merge")
    return entry


def _folded(clue: Clue) -> list[int]:
    """Return a clue and everything that is folded into it, however deep."""
    found, ring = [clue.pk], [clue.pk]
    while ring:
        ring = list(Clue.objects.filter(merged_into_id__in=ring).values_list("pk", flat=True))
        found += ring
    return found


@transaction.atomic
def split(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Undo a merge; the reporters of the clue go with it.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    was_in = clue.merged_into_id
    with no_twin(clue, actor):
        entry = kernel.perform(clue, "split", actor, reason=reason, changes={"merged_into_id": None}, **act)
    Reporter.objects.filter(clue__in=_folded(clue)).update(matter=clue)
    target = Clue.objects.select_for_update(no_key=True).filter(pk=was_in or 0).first()
    if target is not None and target.state in OPEN:
        kernel.amend(target, SYSTEM, risks.anew(target), verb="let_go", data={"from": clue.number})
        risks.note(target, "split")
    return entry


@transaction.atomic
def propose_dismissal(
    clue: Clue,
    actor: Viewer,
    *,
    reason: str,
    sample: Mapping[str, Any],
    looked: Sequence[int] = (),
    seen: str = "",
    **act: Any,
) -> History:
    """Propose to dismiss; what was looked at is frozen as evidence. A unit head decides.

    Args:
        sample: rows of the window as shown (`clues.selectors.sample`), at most a few hundred.
        looked: numbers of the pieces of evidence that were looked at; seen: in words, where there is nothing stored.

    Raises:
        Refused: nothing says what was looked at; or a piece that the clue does not have.
    """
    pieces = {each.seq: each for each in clue.evidence.filter(seq__in=list(looked))}
    if set(looked) - set(pieces):
        refuse(Refusal("clues.no_such_evidence"), actor=actor.user_id, what=clue.number)
    told = {
        "count": len(sample.get("rows", ())),
        **sample,
        "looked": [{"seq": seq, "sha256": pieces[seq].sha256} for seq in sorted(pieces)],
        "seen": seen.strip(),
    }
    if not (told["count"] or pieces or told["seen"]):
        refuse(Refusal("clues.no_sample"), actor=actor.user_id, what=clue.number)
    piece = Piece("sample", now(), "clues.evidence.sample", told)
    entry = kernel.perform(
        clue, "propose_dismissal", actor, reason=reason, data={"sample": {"sha256": digest(piece)}}, **act
    )
    add_evidence(clue, [piece])
    return entry


def approve_dismissal(clue: Clue, actor: Viewer, **act: Any) -> History:
    """Sign the dismissal: not by the one who proposed it. Its reporters are owed an answer now."""
    with transaction.atomic():
        entry = kernel.perform(clue, "approve_dismissal", actor, **act)
        answers.remind(clue)
        return entry


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
    """Close a clue whose last task has been closed. Its reporters are owed an answer now."""
    entry = kernel.perform(clue, "close", SYSTEM, data={"task": task})
    answers.remind(clue)
    return entry


def follow_reopened(clue: Clue, *, task: str) -> History:
    """Go back to its reopened task.

    Raises:
        Refused: meanwhile another clue of the same subject and rule is open.
    """
    with no_twin(clue, SYSTEM):
        return kernel.perform(clue, "follow_reopened", SYSTEM, data={"task": task})
