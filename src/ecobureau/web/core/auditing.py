"""Reading the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import refuse
from ecobureau.words import say, templates

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines of the audit, newest first; `before` is the id to go on from (None at the end)."""

    lines: list[Audit]
    before: int | None
    what: str
    actor: str
    number: str


def _acts(asked: str) -> set[str]:
    """Return the acts a text means: those whose words hold it in the reader's language, and the act of that code."""
    told = (code.partition(".audit.") for code in templates() if ".audit." in code)
    return {asked} | {act for room, part, act in told if asked.lower() in say(f"{room}{part}{act}").lower()}


def page(viewer: Viewer, params: QueryDict) -> AuditPage:
    """Return a page of the audit by the filters `what` (words or code), `actor` (name), `number`, `before` (id).

    Raises:
        Refused: the viewer is neither auditor nor administrator.
    """
    if not viewer.has("auditor", "administrator"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="audit")
    what, actor, number = (params.get(key, "").strip()[:150] for key in ("what", "actor", "number"))
    asked = {"what": what, "actor": actor, "number": number}
    rows: Any = Audit.objects.all()
    rows = rows.filter(what__in=_acts(what)) if what else rows
    rows = rows.filter(actor_name__icontains=actor) if actor else rows
    rows = rows.filter(number=number) if number else rows
    before = params.get("before", "")
    rows = rows.filter(pk__lt=int(before)) if before.isdigit() else rows
    lines = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    audit.write(viewer, "read_audit", filters=" ".join(f"{key}={value}" for key, value in asked.items() if value))
    more = lines[PAGE_SIZE - 1].pk if len(lines) > PAGE_SIZE else None
    return AuditPage(lines[:PAGE_SIZE], more, what, actor, number)
