"""Data reviews: hours that do not count, proposed by one person and decided by another."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics.models import Cause, Review, Series
from ecobureau.web.statistics.rights import DECIDES, PROPOSES, must, reaches, refused
from ecobureau.web.statistics.services_data import soil


@transaction.atomic
def propose_review(
    viewer: Viewer, series: Series, *, starts: datetime, ends: datetime, reason: str, item: str = ""
) -> Review:
    """Propose that hours do not count (数据审核). Nothing changes until a second person accepts.

    Args:
        starts, ends: hours that overlap [starts, ends) are meant; item: one item, empty = all.

    Raises:
        Refused: `core.no_access`, `statistics.review.reason`, `statistics.review.span`.
    """
    must(viewer, series.org_path, PROPOSES)
    if not reason.strip():
        refused(viewer, series.code, "statistics.review.reason")
    if ends <= starts or ends - starts > timedelta(days=366):
        refused(viewer, series.code, "statistics.review.span")
    review = Review.objects.create(
        series=series,
        item=item,
        starts=starts,
        ends=ends,
        reason=reason.strip()[:200],
        proposed_by_id=viewer.id,
        proposed_at=now(),
    )
    audit.write(viewer, "statistics.review.propose", kind="air_review", object_id=review.pk)
    return review


@transaction.atomic
def decide_review(viewer: Viewer, review_id: int, *, accept: bool, note: str = "") -> Review:
    """Decide on a proposed review as the second person.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.same_person`.
    """
    review = Review.objects.select_for_update().select_related("series").get(pk=review_id)
    must(viewer, review.series.org_path, DECIDES)
    if review.state != Review.State.PROPOSED:
        refused(viewer, review.series.code, "statistics.review.state")
    if review.proposed_by_id == viewer.user_id:
        refused(viewer, review.series.code, "statistics.review.same_person")
    review.state = Review.State.ACCEPTED if accept else Review.State.REFUSED
    review.decided_by_id, review.decided_at, review.decision = viewer.id, now(), note[:200]
    review.save()
    if accept:
        soil(dict.fromkeys(_days_of(review), Cause.INVALIDATED), reason=review.reason)
    audit.write(viewer, "statistics.review.decide", kind="air_review", object_id=review.pk, accept=accept)
    return review


@transaction.atomic
def restore_review(viewer: Viewer, review_id: int, *, reason: str) -> Review:
    """Let hours count again that a review took out; another person than the one who decided may do so.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.reason`,
            `statistics.review.same_person`.
    """
    review = Review.objects.select_for_update().select_related("series").get(pk=review_id)
    must(viewer, review.series.org_path, DECIDES)
    if review.state != Review.State.ACCEPTED:
        refused(viewer, review.series.code, "statistics.review.state")
    if not reason.strip():
        refused(viewer, review.series.code, "statistics.review.reason")
    if review.decided_by_id == viewer.user_id:
        refused(viewer, review.series.code, "statistics.review.same_person")
    review.state = Review.State.RESTORED
    review.restored_by_id, review.restored_at, review.restored_why = viewer.id, now(), reason.strip()[:200]
    review.save()
    soil(dict.fromkeys(_days_of(review), Cause.RESTORED), reason=review.restored_why)
    audit.write(viewer, "statistics.review.restore", kind="air_review", object_id=review.pk)
    return review


def may_propose(viewer: Viewer, series: Series) -> bool:
    """Say whether the viewer may propose a review of a series."""
    return reaches(viewer, series.org_path, PROPOSES)


def may_decide(viewer: Viewer, review: Review) -> bool:
    """Say whether the viewer may be the second person of a review."""
    return reaches(viewer, review.series.org_path, DECIDES) and review.proposed_by_id != viewer.user_id


def may_restore(viewer: Viewer, review: Review) -> bool:
    """Say whether the viewer may let the hours of an accepted review count again."""
    return reaches(viewer, review.series.org_path, DECIDES) and review.decided_by_id != viewer.user_id


def _days_of(review: Review) -> list[tuple[int, date]]:
    first = review.starts.astimezone(BEIJING).date()
    last = (review.ends - timedelta(microseconds=1)).astimezone(BEIJING).date()
    return [(review.series_id, first + timedelta(days=at)) for at in range((last - first).days + 1)]
