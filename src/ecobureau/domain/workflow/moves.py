"""What may be done now, by whom, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable

from ecobureau.domain.workflow.types import Context, Flow, Refusal, Transition


def verbs_for(flow: Flow, state: str, roles: Iterable[str], level: str) -> tuple[Transition, ...]:
    """Return the transitions that one of `roles` may do from `state` on a record of `level`, the primary ones first.

    Four eyes, papers and guards are not asked here: a button that would be refused explains itself.
    """
    held = frozenset(roles)
    found = [each for each in flow.transitions if state in each.sources and each.roles_for(level) & held]
    return tuple(sorted(found, key=lambda each: not each.primary))


def refusal(flow: Flow, state: str, verb: str, context: Context) -> Refusal | None:
    """Return why `verb` may not be done in `state`, None if it may.

    The order is: does it exist here, may this person, is it a second person, is there a reason, the data, the papers,
    then the guards of the declaration.
    """
    if verb not in flow.verbs():
        return Refusal("core.no_such_verb", {"verb": verb})
    move = flow.transition(state, verb)
    if move is None:
        name = next(each.name for each in flow.transitions if each.verb == verb)
        return Refusal("core.not_from_here", {"verb": name, "state": flow.state(state).name})
    checks = (_person(move, context), _four_eyes(flow, move, context), _reason(flow, move, context))
    for found in (*checks, _data(move, context), _papers(move, context)):
        if found is not None:
            return found
    return next((found for guard in move.guards if (found := guard(context)) is not None), None)


def _person(move: Transition, context: Context) -> Refusal | None:
    if move.roles_for(context.level) & context.roles:
        return None
    return Refusal("core.not_your_role", {"verb": move.name})


def _four_eyes(flow: Flow, move: Transition, context: Context) -> Refusal | None:
    for other in move.not_same_as:
        if context.actor is not None and context.actor in context.done_by.get(other, frozenset()):
            name = next((each.name for each in flow.transitions if each.verb == other), other)
            return Refusal("core.four_eyes", {"verb": move.name, "other": name})
    return None


def _reason(flow: Flow, move: Transition, context: Context) -> Refusal | None:
    if not context.reason:
        return Refusal("core.reason_missing", {"verb": move.name}) if move.reason_required else None
    closed = move.reasons or (flow.pause_reasons if move.pauses else ())
    if closed and context.reason not in {reason.code for reason in closed}:
        return Refusal("core.reason_unknown", {"verb": move.name, "reason": context.reason})
    return None


def _data(move: Transition, context: Context) -> Refusal | None:
    for key in move.needs:
        if context.data.get(key) in (None, "", (), []):
            return Refusal("core.data_missing", {"verb": move.name, "field": key})
    return None


def _papers(move: Transition, context: Context) -> Refusal | None:
    for paper in move.papers_for(context):
        have = context.papers.get(paper.kind, 0)
        if have < paper.least:
            return Refusal(
                "core.papers_missing", {"verb": move.name, "paper": paper.name, "least": paper.least, "have": have}
            )
    return None
