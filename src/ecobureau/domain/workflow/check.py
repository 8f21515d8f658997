"""Does a declared flow hold together? Run when a kind is registered, so that a mistake stops the start, not a case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ecobureau.domain.workflow.types import Flow, Level, Role

_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")


class BadFlow(ValueError):
    """A flow contradicts itself; the message lists every fault."""


def checked(flow: Flow) -> Flow:
    """Return `flow` if it holds together.

    Raises:
        BadFlow: with all faults found.
    """
    found = faults(flow)
    if found:
        raise BadFlow(f"flow {flow.kind!r}: " + "; ".join(found))
    return flow


def faults(flow: Flow) -> list[str]:
    """Return every contradiction in `flow`, in words for its author; empty when it holds together."""
    return [*_names(flow), *_roads(flow), *_people(flow), *_clocks(flow)]


def _twice(words: Iterable[str]) -> list[str]:
    return sorted(word for word, times in Counter(words).items() if times > 1)


def _names(flow: Flow) -> Iterator[str]:
    states = {state.code for state in flow.states}
    for what, words in (
        ("state", [state.code for state in flow.states]),
        ("clock", [clock.code for clock in flow.clocks]),
        ("step", [str(state.step) for state in flow.states if state.step]),
    ):
        for word in _twice(words):
            yield f"{what} {word!r} is declared twice"
    for word in [*states, *flow.verbs(), *(clock.code for clock in flow.clocks)]:
        if not _WORD.match(word):
            yield f"{word!r} is not a lower-case word"
    if flow.initial not in states:
        yield f"initial state {flow.initial!r} is not declared"
    for move in flow.transitions:
        if move.verb == "create":
            yield "the verb 'create' belongs to the kernel"
        for state in (*move.sources, *([move.target] if move.target else [])):
            if state not in states:
                yield f"{move.verb}: state {state!r} is not declared"
        if not move.sources:
            yield f"{move.verb}: starts from no state"
    for pair in _twice(f"{move.verb} from {state}" for move in flow.transitions for state in move.sources):
        yield f"{pair} is declared twice"


def _roads(flow: Flow) -> Iterator[str]:
    reached, edge = {flow.initial}, [flow.initial]
    while edge:
        here = edge.pop()
        for move in flow.transitions:
            if here in move.sources and move.target and move.target not in reached:
                reached.add(move.target)
                edge.append(move.target)
    for state in flow.states:
        if state.code not in reached:
            yield f"state {state.code!r} cannot be reached"
        leaves = any(state.code in move.sources and move.target not in (None, state.code) for move in flow.transitions)
        if not state.final and not leaves:
            yield f"state {state.code!r} is no end and has no way out"
    if flow.states and not any(state.final for state in flow.states):
        yield "no state is final"


def _people(flow: Flow) -> Iterator[str]:
    known, levels = {role.value for role in Role}, {level.value for level in Level}
    verbs = {*flow.verbs(), "create"}
    for move in flow.transitions:
        for role in (*move.roles, *(role for roles in move.roles_at.values() for role in roles)):
            if role not in known:
                yield f"{move.verb}: role {role!r} is unknown"
        if not move.roles and not move.roles_at:
            yield f"{move.verb}: nobody may do it"
        for level in move.roles_at:
            if level not in levels:
                yield f"{move.verb}: level {level!r} is unknown"
        for other in move.not_same_as:
            if other not in verbs:
                yield f"{move.verb}: four eyes against {other!r}, which is no verb"
        for code in _twice(reason.code for reason in move.reasons):
            yield f"{move.verb}: reason {code!r} is declared twice"


def _clocks(flow: Flow) -> Iterator[str]:
    known = {clock.code for clock in flow.clocks}
    used: dict[str, set[str]] = {"starts": set(flow.starts), "stops": set(), "pauses": set(), "resumes": set()}
    for move in flow.transitions:
        for what, codes in used.items():
            codes.update(getattr(move, what))
        if move.pauses and not (move.reasons or flow.pause_reasons):
            yield f"{move.verb}: pauses a clock without a closed list of reasons"
        if move.pauses and not move.reason_required:
            yield f"{move.verb}: pauses a clock without asking for the reason"
    for what, codes in used.items():
        for code in sorted(codes - known):
            yield f"{what} names clock {code!r}, which is not declared"
    for clock in flow.clocks:
        if clock.code not in used["starts"]:
            yield f"clock {clock.code!r} is never started"
        if clock.code not in used["stops"] and not clock.open_end:
            yield f"clock {clock.code!r} is never stopped"
        if clock.code in used["pauses"] and clock.code not in used["resumes"]:
            yield f"clock {clock.code!r} is paused and never resumed"
        if ":" not in clock.rule or (clock.escalate and ":" not in clock.escalate):
            yield f"clock {clock.code!r}: rule and escalate are written 'pack:key'"
