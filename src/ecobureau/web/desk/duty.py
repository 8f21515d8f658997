"""The duty desk 值班台: what is worst now, why, and who should go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import repeats
from ecobureau.web.clues import selectors as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import access, addresses, parts, presence, registry, shared
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk import feeds
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.dispatch import sheet
from ecobureau.web.places import selectors as places

MOST_CARDS = 60
_MOTIONS = ("watch", "merge", "propose_dismissal")
_KEYS = {"watch": "w", "merge": "m", "propose_dismissal": "x"}


@require_GET
@signed_in
def duty_page(request: HttpRequest, number: str = "") -> HttpResponse:
    """The queue with one clue open beside it; `level` filters by colour."""
    viewer = viewer_in(request)
    level = request.GET.get("level", "")
    level = level if level in parts.LEVEL_MARK else ""
    key = ("queue", viewer.lang, viewer.grants, level, number, *_own(viewer))
    if request.GET.get("part") == "queue":
        return HttpResponse(shared.fragment(key, ("list:clue",), lambda: queue_part(viewer, number, level)))
    chosen = clues.clue(viewer, number) if number else clues.queue(viewer, level).first()
    if number and chosen is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="desk")
    request.live_topics = ["list:clue", "feed"]  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "queue": mark_safe(shared.fragment(key, ("list:clue",), lambda: queue_part(viewer, number, level))),
        "level": level,
        "chosen": chosen,
        "work_open": bool(number),
        "desk_url": reverse("desk:duty"),
    }
    context |= {"counts": level_counts(viewer), "watching": watched(viewer)}
    if chosen is not None:
        context |= chosen_context(viewer, chosen)
    return render(request, "desk/duty.html", context)


def _own(viewer: Viewer) -> tuple[frozenset[int], frozenset[int]]:
    """Return what makes a queue one's own: the clues that are shared with this person alone, and those one reads."""
    return access.shared_alone(viewer, "clue"), presence.opened(viewer, "clue")


def queue_part(viewer: Viewer, number: str, level: str) -> str:
    """Return the cards of the queue alone, as desks fetch them on news."""
    waiting = list(clues.queue(viewer, level)[:MOST_CARDS])
    chosen = clues.clue(viewer, number) if number else next(iter(waiting), None)
    context = {"cards": cards(viewer, waiting, chosen, level), "health": feeds.health()}
    return render_to_string("desk/_queue.html", context)


def level_counts(viewer: Viewer) -> list[dict[str, Any]]:
    """Return how many clues of each level wait, all of them first."""
    counted = clues.waiting_by_level(viewer)
    address = reverse("desk:duty")
    rows = [{"level": "", "count": sum(counted.values()), "url": address}]
    return rows + [
        {"level": level, "count": counted.get(level, 0), "url": f"{address}?level={level}"}
        for level in parts.LEVEL_MARK
    ]


def watched(viewer: Viewer) -> dict[str, Any]:
    """Return how many clues are being watched, and their list: they left the queue, not the sight."""
    kind = registry.get("clue")
    count = clues.clues(viewer).filter(state="watching").count()
    return {"count": count, "url": addresses.of_list(kind, {"state": "watching"})}


def merge_proposals(viewer: Viewer, clue: Clue, most: int = 3) -> list[dict[str, Any]]:
    """Return open clues that may be the same matter, with why; a person decides (workflow reference 1.6)."""
    return [
        {
            "clue": found.clue,
            "url": reverse("desk:duty_clue", args=[found.clue.number]),
            "why": found.why,
            "uuid": uuid4(),
        }
        for found in repeats.find(viewer, clue, most)
    ]


def cards(viewer: Viewer, waiting: Sequence[Clue], chosen: Clue | None, level: str) -> list[parts.ClueCard]:
    """Return the cards of the queue with their clocks and who else reads them, in few queries."""
    kind = registry.get("clue")
    clocks = kernel.clock_badges(kind, waiting)
    names = places.names_of({_district(clue.org_path) for clue in waiting})
    folded = clues.children_of(waiting)
    reading = presence.readers(viewer, "clue", [clue.pk for clue in waiting])
    tail = f"?level={level}" if level else ""
    return [
        parts.ClueCard(
            key=f"clue:{clue.pk}",
            level=clue.level,
            title=clue_evidence.title(clue),
            place=" · ".join(filter(None, (clue_evidence.subject_name(clue), names.get(_district(clue.org_path), "")))),
            url=reverse("desk:duty_clue", args=[clue.number]) + tail,
            clock=next(iter(clocks.get(clue.pk, ())), None),
            why=_("{n} 次").format(n=clue.findings) if clue.findings > 1 else "",
            risk=clue.risk,
            reading=parts.listed(reading.get(clue.pk, ())),
            selected=chosen is not None and clue.pk == chosen.pk,
            folded=[
                (f"{c.number} {c.heading}", reverse("core:detail", args=["clues", c.number])) for c in folded[clue.pk]
            ],
        )
        for clue in waiting
    ]


def _district(path: str) -> str:
    wanted = path.strip("/").split("/")[:2]
    return f"/{'/'.join(wanted)}/" if wanted != [""] else "/"


def chosen_context(viewer: Viewer, clue: Clue) -> dict[str, Any]:
    """Return what the right side of the desk shows of a clue."""
    kind = registry.get("clue")
    verbs = {verb.move.verb: verb for verb in kernel.verbs(viewer, clue)}
    context = clue_evidence.context(viewer, clue)
    context |= {
        "steps": kernel.steps(clue),
        "clocks": kernel.clock_badges(kind, [clue]).get(clue.pk, []),
        "motions": [(verbs[word], _KEYS[word]) for word in _MOTIONS if word in verbs],
        "sign": [verbs[word] for word in ("approve_dismissal", "refuse_dismissal") if word in verbs],
        "may_dispatch": "dispatch" in verbs,
        "tasks": dispatch.tasks_of(viewer, clue),
        "now": now(),
    }
    if "merge" in verbs:
        context |= {"proposals": merge_proposals(viewer, clue), "merge_url": verbs["merge"].url}
    if "dispatch" in verbs:
        plan = dispatch.plan(clue)
        context |= {"plan": plan, "sheet": sheet.sheet_of(clue, plan, after=reverse("desk:duty"))}
        best = plan.proposals[0] if plan.proposals else None
        context["best"] = {"who": sheet.words(best), "why": sheet.why(best)} if best else None
    return context
