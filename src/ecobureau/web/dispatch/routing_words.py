"""What routing says for a candidate, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow.routing import Proposal, Why
from ecobureau.words import say


def of(code: str, params: Mapping[str, Any]) -> str:
    """Return one reason; an instant among its values is said as a time of day, with the date on another day."""
    said = {key: _when(str(value)) if key == "until" else value for key, value in params.items()}
    return say(code, None, **said)


def _when(iso: str) -> str:
    at = beijing(datetime.fromisoformat(iso))
    return at.strftime("%H:%M" if at.date() == beijing(now()).date() else "%m-%d %H:%M")


def of_row(row: Any) -> str:
    """Return one reason as a task keeps it: `[code, params]`, of older tasks the bare code."""
    return of(row, {}) if isinstance(row, str) else of(row[0], row[1])


def line(reasons: Iterable[Why]) -> str:
    """Return the reasons in one line."""
    return say("routing.between").join(of(why.code, why.params) for why in reasons)


def sentence(proposal: Proposal) -> str:
    """Return the whole proposal: to whom, and why."""
    return say("routing.to", None, unit=proposal.candidate.unit_name, why=line(proposal.reasons))
