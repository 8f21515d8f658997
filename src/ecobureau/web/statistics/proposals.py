"""What one person proposes and another decides, as pages show it: who did what, and the buttons to decide by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from ecobureau.web.statistics.models import DayMark, Review


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did: who, when, and what they said."""

    by: Any
    at: datetime | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button by which somebody decides."""

    url: str
    words: str
    main: bool


def shown(
    row: Review | DayMark, undone: Deed, address: str, words: Mapping[str, str], may: tuple[bool, bool]
) -> dict[str, Any]:
    """Return a proposal as its page shows it.

    Args:
        undone: who undid it. address: name of where decisions go. words: of the verbs: accept, refuse, and to undo.
        may: whether the viewer may decide on a proposal, and undo one that was accepted.
    """
    *first, undo = words
    verbs = {"proposed": first if may[0] else [], "accepted": [undo] if may[1] else []}.get(row.state, [])
    return {
        "row": row,
        "deeds": [Deed(row.proposed_by, row.proposed_at), Deed(row.decided_by, row.decided_at, row.decision), undone],
        "choices": [Choice(reverse(address, args=[row.pk, verb]), words[verb], verb == "accept") for verb in verbs],
    }


def decided(
    request: HttpRequest, verb: str, decide: Callable[[bool, str], Any], undo: tuple[str, Callable[[str], Any]]
) -> None:
    """Let a second person accept or refuse what was proposed, or undo what was accepted, with a note.

    Args:
        verb: of the address. decide: takes whether it is accepted, and the note. undo: its verb, and what takes the
            note.

    Raises:
        Http404: another verb.
    """
    note = request.POST.get("note", "")
    if verb in ("accept", "refuse"):
        decide(verb == "accept", note)
    elif verb == undo[0]:
        undo[1](note)
    else:
        raise Http404
