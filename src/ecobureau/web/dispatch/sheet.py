"""The dispatch sheet: what the proposal of who should go looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.urls import reverse

from ecobureau.domain.workflow.routing import Proposal
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.parts import DispatchSheet, span_words
from ecobureau.web.dispatch import routing_words
from ecobureau.web.dispatch.selectors import Plan
from ecobureau.web.places import selectors as places
from ecobureau.words import say


def unit_name(path: str) -> str:
    """Return the name of a unit, its path where it has none."""
    return places.names_of({path}).get(path, path)


def target(proposal: Proposal) -> str:
    """Return the form value that means this candidate."""
    who = proposal.candidate
    return who.unit if who.person is None else f"{who.unit}|{who.person}"


def words(proposal: Proposal) -> str:
    """Return who it is in one line."""
    who = proposal.candidate
    return f"{who.unit_name} · {who.person_name}" if who.person is not None else who.unit_name


def why(proposal: Proposal) -> str:
    """Return what speaks for the candidate in one line: place, shift, load, distance."""
    return routing_words.line(proposal.reasons)


def rows(plan: Plan) -> Sequence[dict[str, Any]]:
    """Return every candidate for the page that shows them all."""
    return [{"value": target(each), "who": words(each), "why": why(each)} for each in plan.proposals]


def limits(plan: Plan) -> list[str]:
    """Return the limits that will run, in words."""
    from datetime import timedelta

    return [
        say(f"dispatch.limit.{code}", None, span=span_words(timedelta(minutes=plan.minutes[code])))
        for code in ("accept", "arrive", "first_result")
    ]


def sheet_of(clue: Clue, plan: Plan, after: str = "") -> DispatchSheet:
    """Return the dialog that sends a clue out in two actions: D, Enter."""
    best = plan.proposals[0] if plan.proposals else None
    hidden = [("task_kind", plan.task_kind), ("version", str(clue.version)), ("client_uuid", str(uuid4()))]
    if after:
        hidden.append(("next", after))
    return DispatchSheet(
        action=reverse("dispatch:send", args=[clue.number]),
        unit=best.candidate.unit_name if best else "",
        persons=best.candidate.person_name if best else "",
        why=routing_words.sentence(best) if best else "",
        limits=limits(plan),
        hidden=hidden,
        secure_ticked=plan.freeze_first,
        choices=[(target(each), words(each)) for each in plan.proposals],
        others_url=reverse("dispatch:send", args=[clue.number]),
    )
