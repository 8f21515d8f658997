"""Answers to those who reported: owed when the matter closes, given by its handlers, each reporter once."""

from __future__ import annotations

from django.db import transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.secret import unseal
from ecobureau.web.clues.models import Clue, Reporter
from ecobureau.web.core import access, audit, notices, people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse

HANDLERS = frozenset({str(role) for role in (Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD)})
"""Who handles a clue and so may see who reported it, masked until asked for with a purpose."""
CLOSED = ("closed", "dismissed")


def may_handle(viewer: Viewer, matter: Clue) -> bool:
    """Say whether the viewer handles the clue: acts on it by a grant, in an office that deals with reporters."""
    return bool(access.roles_at(viewer, "act", matter, shared=False) & HANDLERS)


def must_handle(viewer: Viewer, matter: Clue) -> None:
    """Refuse whoever does not handle the clue.

    Raises:
        Refused: `core.no_access`.
    """
    if not may_handle(viewer, matter):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"reporters of {matter.number}")


def is_owed(reporter: Reporter) -> bool:
    """Say whether an answer is owed: the matter is closed, and none was given since."""
    matter = reporter.matter
    if not reporter.wants_answer or matter.state not in CLOSED:
        return False
    return reporter.answered_at is None or (matter.closed_at is not None and reporter.answered_at < matter.closed_at)


@transaction.atomic
def answer(reporter: Reporter, actor: Viewer, *, way: str, text: str) -> History | None:
    """Note the answer that a reporter was given; written into the history of the matter.

    Args:
        way: code of `Reporter.Way`; text: what was said, at least two characters.

    Raises:
        Refused: the actor does not handle the matter; it is not closed; the answer was given already; no text.
    """
    locked = Reporter.objects.select_for_update(no_key=True, of=("self",)).select_related("matter").get(pk=reporter.pk)
    matter = Clue.objects.select_for_update(no_key=True).get(pk=locked.matter_id)
    locked.matter = matter
    must_handle(actor, matter)
    if len(text.strip()) < 2:
        refuse(Refusal("clues.answer.empty"), actor=actor.user_id, what=matter.number)
    if matter.state not in CLOSED:
        refuse(Refusal("clues.answer.too_early", {"number": matter.number}), actor=actor.user_id, what=matter.number)
    if not is_owed(locked):
        refuse(Refusal("clues.answer.given"), actor=actor.user_id, what=matter.number)
    locked.answered_at = now()
    locked.answered_by = actor.user_id
    locked.answered_name = actor.name
    locked.way = Reporter.Way(way).value
    locked.answer = text.strip()
    locked.save()
    return kernel.amend(
        matter, actor, {}, verb="answer", note=text.strip(), data={"reporter": locked.pk, "way": locked.way}
    )


@transaction.atomic
def unmask(reporter: Reporter, viewer: Viewer, *, purpose: str) -> dict[str, str]:
    """Return name, phone and own words of a reporter; who looked and what for stands in the audit.

    Raises:
        Refused: the viewer does not handle the matter, or names no purpose.
    """
    must_handle(viewer, reporter.matter)
    if len(purpose.strip()) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what=f"unmask {reporter.matter.number}")
    audit.write(
        viewer,
        "unmask",
        kind="clue",
        object_id=reporter.clue_id,
        number=reporter.clue.number,
        purpose=purpose.strip(),
        reporter=reporter.pk,
    )
    return {
        "name": opened(reporter.name_sealed),
        "phone": opened(reporter.phone_sealed),
        "words": opened(reporter.words_sealed),
    }


def opened(blob: bytes | memoryview | None) -> str:
    """Return a sealed text, '' for nothing."""
    return unseal(bytes(blob)) if blob is not None else ""


def remind(clue: Clue) -> None:
    """Tell the duty officers of the place that reporters of a matter that has just closed wait for an answer."""
    count = sum(is_owed(each) for each in clue.all_reporters.select_related("matter"))
    if count:
        at = now()
        who = people.holders(Role.DUTY_OFFICER, clue.org_path, at)
        notices.send(who, clue, "clues.notice.answers_owed", {"count": count}, at)
