"""Days under sand-dust or a special event that statistics of air leave out (扣除日). The figures of the days stay."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics.models import AirIndexDay, Cause, DayMark
from ecobureau.web.statistics.rights import DECIDES, PROPOSES, must, reaches, refused
from ecobureau.web.statistics.services_data import soil

LONGEST = timedelta(days=30)


@transaction.atomic
def propose_mark(
    viewer: Viewer, org_path: str, *, kind: str, first: date, last: date, reason: str, source: str
) -> DayMark:
    """Propose that statistics of air leave days out at a place and below; a second person decides.

    Args:
        kind: `dust` or `special`. first, last: natural days, both included, not after today.
        reason: what happened; source: the paper that the exclusion rests on.

    Raises:
        Refused: `core.no_access`, `statistics.mark.kind`, `statistics.mark.reason`, `statistics.mark.span`.
    """
    must(viewer, org_path, PROPOSES)
    if kind not in DayMark.Kind.values:
        refused(viewer, org_path, "statistics.mark.kind")
    if not reason.strip() or not source.strip():
        refused(viewer, org_path, "statistics.mark.reason")
    if last < first or last - first > LONGEST or last > beijing(now()).date():
        refused(viewer, org_path, "statistics.mark.span")
    mark = DayMark.objects.create(
        org_path=org_path,
        kind=kind,
        first=first,
        last=last,
        reason=reason.strip()[:200],
        source=source.strip()[:200],
        proposed_by_id=viewer.id,
        proposed_at=now(),
    )
    audit.write(viewer, "statistics.mark.propose", kind="statistics_mark", object_id=mark.pk)
    return mark


@transaction.atomic
def decide_mark(viewer: Viewer, mark_id: int, *, accept: bool, note: str = "") -> DayMark:
    """Decide on proposed days as the second person.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.same_person`.
    """
    mark = DayMark.objects.select_for_update().get(pk=mark_id)
    must(viewer, mark.org_path, DECIDES)
    if mark.state != DayMark.State.PROPOSED:
        refused(viewer, mark.org_path, "statistics.review.state")
    if mark.proposed_by_id == viewer.user_id:
        refused(viewer, mark.org_path, "statistics.review.same_person")
    mark.state = DayMark.State.ACCEPTED if accept else DayMark.State.REFUSED
    mark.decided_by_id, mark.decided_at, mark.decision = viewer.id, now(), note[:200]
    mark.save()
    if accept:
        _soil(mark, mark.reason)
    audit.write(viewer, "statistics.mark.decide", kind="statistics_mark", object_id=mark.pk, accept=accept)
    return mark


@transaction.atomic
def withdraw_mark(viewer: Viewer, mark_id: int, *, reason: str) -> DayMark:
    """Let accepted days count again; another person than the one who accepted may do so.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.reason`,
            `statistics.review.same_person`.
    """
    mark = DayMark.objects.select_for_update().get(pk=mark_id)
    must(viewer, mark.org_path, DECIDES)
    if mark.state != DayMark.State.ACCEPTED:
        refused(viewer, mark.org_path, "statistics.review.state")
    if not reason.strip():
        refused(viewer, mark.org_path, "statistics.review.reason")
    if mark.decided_by_id == viewer.user_id:
        refused(viewer, mark.org_path, "statistics.review.same_person")
    mark.state = DayMark.State.WITHDRAWN
    mark.withdrawn_by_id, mark.withdrawn_at, mark.withdrawn_why = viewer.id, now(), reason.strip()[:200]
    mark.save()
    _soil(mark, mark.withdrawn_why)
    audit.write(viewer, "statistics.mark.withdraw", kind="statistics_mark", object_id=mark.pk)
    return mark


def may_propose_mark(viewer: Viewer, org_path: str) -> bool:
    """Say whether the viewer may propose days at a place."""
    return reaches(viewer, org_path, PROPOSES)


def may_decide_mark(viewer: Viewer, mark: DayMark) -> bool:
    """Say whether the viewer may be the second person of proposed days."""
    return reaches(viewer, mark.org_path, DECIDES) and mark.proposed_by_id != viewer.user_id


def may_withdraw_mark(viewer: Viewer, mark: DayMark) -> bool:
    """Say whether the viewer may let accepted days count again."""
    return reaches(viewer, mark.org_path, DECIDES) and mark.decided_by_id != viewer.user_id


def _soil(mark: DayMark, reason: str) -> None:
    rows = AirIndexDay.objects.filter(
        series__org_path__startswith=mark.org_path, day__gte=mark.first, day__lte=mark.last
    )
    soil(dict.fromkeys(rows.values_list("series_id", "day"), Cause.EXCLUDED), reason=reason)
