"""One thing, one code (一企一码、一口一码): issuing, revoking, re-issuing, and finding what a scanned code stands for.

A *subject* is a kind of thing that has codes; the registry's own are enterprise, outlet and station, higher apps
register theirs. A code is 12 signs of an alphabet without look-alikes (about 59 bits), drawn at random.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.sources.models import PublicCode

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the public view: name and value, both already in the reader's language."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class PublicLimit:
    """One limit as the public sees it."""

    factor: str
    amount: str
    source: str


@dataclass(frozen=True, slots=True)
class PublicView:
    """What anybody may know of a thing: no names of persons, no numbers of theirs, nothing from inside the office."""

    title: str
    kind: str
    facts: tuple[Fact, ...]
    limits: tuple[PublicLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """Where a thing is, for those who go there: degrees WGS 84, path of the deepest unit that holds it."""

    title: str
    org_path: str
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of thing that has codes.

    Attributes:
        what: stable name; name: Chinese source text.
        rows: (viewer, words, place) → what the viewer may see, as a queryset with `pk`; for sheets.
        public: id → what everybody may see, None where it is not to be shown.
        label: rows of a queryset → (id, title, second line) for printed labels, in one or few queries.
        staff: id → address of its file; visible: (viewer, id) → may this person see it.
        administers: (viewer, id or None) → may this person issue and revoke codes of it (None: of any).
        where: id → where it is, None where it is no more; a kind without it is not checked from a scan.
    """

    what: str
    name: str
    rows: Callable[[Viewer, str, str], QuerySet[Any]]
    public: Callable[[int], PublicView | None]
    label: Callable[[Sequence[Any]], list[tuple[int, str, str]]]
    staff: Callable[[int], str]
    visible: Callable[[Viewer, int], bool]
    administers: Callable[[Viewer, int | None], bool]
    where: Callable[[int], Where | None] | None = None


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> Subject:
    """Make a kind of thing known (done once, when Django starts)."""
    _subjects[subject.what] = subject
    return subject


def subjects() -> list[Subject]:
    """Return every kind of thing that has codes."""
    return list(_subjects.values())


def subject(what: str) -> Subject | None:
    """Return a kind of thing by its name."""
    return _subjects.get(what)


def tidy(text: str) -> str:
    """Return a typed or scanned code as it is stored; also taken out of a whole address. '' where it cannot be one."""
    found = re.search(r"/c/([0-9A-Za-z-]+)", text)
    plain = re.sub(r"[\s-]", "", found[1] if found else text).upper()
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else ""


def spaced(code: str) -> str:
    """Return a code in groups of four, as it is printed."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def _new() -> str:
    return "".join(secrets.choice(ALPHABET) for _each in range(LENGTH))


def find(text: str) -> PublicCode | None:
    """Return the row of a code, in force or ended; None where there is none."""
    code = tidy(text)
    return PublicCode.objects.filter(code=code).first() if code else None


def of(what: str, object_id: int) -> PublicCode | None:
    """Return the code in force of a thing, or None."""
    return PublicCode.objects.filter(what=what, object_id=object_id, ended_at=None).first()


def many(what: str, ids: Collection[int]) -> dict[int, str]:
    """Return the codes in force of things, by id, in one query."""
    found = PublicCode.objects.filter(what=what, object_id__in=list(ids), ended_at=None)
    return dict(found.values_list("object_id", "code"))


def history(what: str, object_id: int) -> list[PublicCode]:
    """Return every code a thing has had, newest first."""
    return list(PublicCode.objects.filter(what=what, object_id=object_id).order_by("-issued_at", "-pk"))


def issue_all(what: str, ids: Collection[int], actor: Viewer) -> int:
    """Give a code to each of these things that has none; returns how many were given. Safe to run twice.

    The caller has asked the door; registering a thing issues its code as well.
    """
    made = 0
    for _each in range(_TRIES):
        lacking = sorted(set(ids) - many(what, ids).keys())
        if not lacking:
            return made
        at = now()
        rows = [
            PublicCode(code=_new(), what=what, object_id=each, issued_at=at, issued_by=actor.user_id)
            for each in lacking
        ]
        made += len(PublicCode.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True))
    raise IntegrityError(f"codes of {what} cannot be issued")


@transaction.atomic
def end(what: str, object_id: int, actor: Viewer, *, ending: str = "closed", why: str = "") -> PublicCode | None:
    """End the code in force of a thing, with an audit line; None where it has none."""
    found = PublicCode.objects.select_for_update().filter(what=what, object_id=object_id, ended_at=None).first()
    if found is None:
        return None
    found.ended_at, found.ended_by, found.ending, found.why = now(), actor.user_id, ending, why[:200]
    found.save()
    audit.write(
        actor, f"code.{ending}", kind=what, object_id=object_id, number=spaced(found.code), purpose=why, code=found.code
    )
    return found


def must_administer(actor: Viewer, what: str, object_id: int | None) -> Subject:
    """Return the kind of thing, or refuse who may not issue or revoke its codes.

    Raises:
        Refused: `core.no_access`, or `core.not_found` where there is no such kind.
    """
    known = subject(what)
    if known is None:
        refuse(Refusal("core.not_found", {"number": what}), actor=actor.user_id, what="code")
    if not known.administers(actor, object_id):
        refuse(Refusal("core.no_access"), actor=actor.user_id, what=f"code {what} {object_id}")
    return known


@transaction.atomic
def issue(actor: Viewer, what: str, object_id: int) -> PublicCode:
    """Give a thing its code; one that is in force is returned as it is.

    Raises:
        Refused: no right.
    """
    must_administer(actor, what, object_id)
    if issue_all(what, [object_id], actor):
        found = of(what, object_id)
        assert found is not None
        audit.write(actor, "code.issue", kind=what, object_id=object_id, number=spaced(found.code))
    found = of(what, object_id)
    assert found is not None
    return found


@transaction.atomic
def revoke(actor: Viewer, what: str, object_id: int, *, why: str) -> PublicCode:
    """End the code of a thing without a new one: its label is lost or misused.

    Raises:
        Refused: no right, no reason given, or no code in force.
    """
    must_administer(actor, what, object_id)
    if not why.strip():
        refuse(Refusal("code.why"), actor=actor.user_id, what=f"code {what} {object_id}")
    ended = end(what, object_id, actor, ending=PublicCode.Ending.REVOKED, why=why.strip())
    if ended is None:
        refuse(Refusal("code.none"), actor=actor.user_id, what=f"code {what} {object_id}")
    return ended


@transaction.atomic
def reissue(actor: Viewer, what: str, object_id: int, *, why: str) -> PublicCode:
    """End the code of a thing and give it a new one; the old label leads nowhere from now on.

    Raises:
        Refused: no right, or no reason given.
    """
    must_administer(actor, what, object_id)
    if not why.strip():
        refuse(Refusal("code.why"), actor=actor.user_id, what=f"code {what} {object_id}")
    end(what, object_id, actor, ending=PublicCode.Ending.REPLACED, why=why.strip())
    return issue(actor, what, object_id)
