"""What the frame of every page shows of the duties: health of the feeds, the shift, what waits for me."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Role
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core.access import Viewer
from ecobureau.web.desk import feeds as feed_page
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.places import selectors as places
from ecobureau.web.shell.hooks import Feeds

_DESK = (Role.DUTY_OFFICER, Role.DISPATCHER)


def feeds(viewer: Viewer) -> Feeds | None:
    """Return the health of the data for those who work in the office; the page about it where they may read it."""
    if not viewer.grants:
        return None
    health = feed_page.health()
    url = reverse("desk:feeds") if feed_page.may_read(viewer) else ""
    return Feeds(health.good, health.total, health.late, url)


def shift(viewer: Viewer) -> str:
    """Return the hours of the shift that the person is on now; a whole day has a word of its own."""
    if viewer.user_id is None:
        return ""
    duty = places.duty_of(viewer.user_id, now())
    if duty is None:
        return ""
    if duty.ends - duty.starts >= timedelta(days=1):
        return _("全天班")
    return f"{beijing(duty.starts):%H:%M}–{beijing(duty.ends):%H:%M}"


def counts(viewer: Viewer) -> dict[str, int]:
    """Return what waits for this person, by item of the navigation."""
    found: dict[str, int] = {}
    if viewer.has(*_DESK):
        found["clues"] = sum(clues.waiting_by_level(viewer).values())
        found["tasks"] = dispatch.to_decide(viewer).count()
    if viewer.has(Role.UNIT_HEAD, Role.LEADER):
        found["review"] = dispatch.to_review(viewer).count()
    if viewer.has(Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER):
        mine = dispatch.in_hand(viewer).count()
        found |= {"tasks": mine + found.get("tasks", 0), "phone_tasks": mine}
    return found
