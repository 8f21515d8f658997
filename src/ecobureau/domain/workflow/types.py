"""The words of a flow: states, transitions, clocks. Values only; `check` says whether a flow holds together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How urgent a record is, in the bureau's four colours."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"


class Role(StrEnum):
    """What a person may be for an organisation. SYSTEM is the program itself."""

    DUTY_OFFICER = "duty_officer"
    DISPATCHER = "dispatcher"
    GRID_WORKER = "grid_worker"
    ENFORCEMENT_OFFICER = "enforcement_officer"
    UNIT_HEAD = "unit_head"
    LEADER = "leader"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be done: message code and the values of its template."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """A state of a record.

    Attributes:
        code: stable name in data and addresses; name: Chinese source text.
        final: the matter is closed in it (`closed_at` is set on entry, cleared on leaving).
        step: its place on the main road of the stepper (1, 2, …); 0 = a side state, drawn only when reached.
        bound: nothing may be deleted or withdrawn any more from here on (after the first dispatch).
    """

    code: str
    name: str
    final: bool = False
    step: int = 0
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of a closed list of reasons."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that must lie with the record: kind of attachment and how many at least."""

    kind: str
    name: str
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a transition may look at. Built by the kernel, so that guards stay pure.

    Attributes:
        actor: id of the person who acts; None for the program itself.
        roles: roles the actor holds for this record (its place, not in general).
        level: level of the record.
        done_by: verb → ids of those who have done it on this record (`create` included).
        reason: code of the reason given, or its text where the list is open; note: free text.
        data: what the act brings along; facts: what the record says of itself.
        papers: kind of attachment → how many lie with the record, those of this act included.
        now: instant of the act, aware.
    """

    actor: int | None
    roles: frozenset[str]
    level: str
    now: datetime
    done_by: Mapping[str, frozenset[int]] = field(default_factory=dict)
    reason: str | None = None
    note: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    papers: Mapping[str, int] = field(default_factory=dict)


Guard = Callable[[Context], Refusal | None]
PapersRule = Callable[[Context], tuple[Paper, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One verb: who may do it from where, what it needs, where it leads.

    Attributes:
        verb: English word in data, addresses and services; name: Chinese source text of its button.
        sources: states it starts from; target: state it leads to, None = the state stays.
        roles: who may do it; roles_at: roles for single levels, in place of `roles`.
        not_same_as: four eyes; whoever has done one of these verbs on the record may not do this one.
        reason_required: a reason must be given; reasons: the closed list it must come from (empty = open text).
        needs: keys that `data` must hold with a value.
        papers: papers that must be there, or a function of the context that names them.
        guards: further conditions; the first refusal stands.
        starts, stops, pauses, resumes: codes of clocks. Starting a running clock starts it anew.
        primary: the one main action of its states; danger: the button asks once more.
    """

    verb: str
    name: str
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[str, ...]
    roles_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_same_as: tuple[str, ...] = ()
    reason_required: bool = False
    reasons: tuple[Reason, ...] = ()
    needs: tuple[str, ...] = ()
    papers: tuple[Paper, ...] | PapersRule = ()
    guards: tuple[Guard, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    primary: bool = False
    danger: bool = False

    def roles_for(self, level: str) -> frozenset[str]:
        """Return who may do it on a record of `level`."""
        return frozenset(self.roles_at.get(level, self.roles))

    def papers_for(self, context: Context) -> tuple[Paper, ...]:
        """Return the papers that this act must find."""
        return self.papers(context) if callable(self.papers) else self.papers


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSpec:
    """A clock of a flow.

    Attributes:
        code: stable name; name: Chinese source text.
        rule: `pack:key` of its length, where `{level}` stands for the record's level; or `record:<field>`, the day
            (Beijing) with whose end it ends, as it stands in the record when the clock starts.
        escalate: `pack:prefix` of its warn points; entries `<prefix>.<percent>` say who is told.
        legal: a time limit of the law (scales icon), not one of the house (bell).
        open_end: nobody stops it by a verb; it ends with the record.
    """

    code: str
    name: str
    rule: str
    escalate: str = ""
    legal: bool = False
    open_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Everything a kind of record can go through, as data.

    Attributes:
        kind: code of the record kind. initial: state at creation. starts: clocks that run from creation.
        pause_reasons: closed list for verbs that pause a clock.
    """

    kind: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    initial: str
    clocks: tuple[ClockSpec, ...] = ()
    starts: tuple[str, ...] = ()
    pause_reasons: tuple[Reason, ...] = ()

    def state(self, code: str) -> State:
        """Return the state of that code.

        Raises:
            KeyError: there is none.
        """
        for state in self.states:
            if state.code == code:
                return state
        raise KeyError(f"{self.kind}: no state {code!r}")

    def clock(self, code: str) -> ClockSpec:
        """Return the clock of that code.

        Raises:
            KeyError: there is none.
        """
        for clock in self.clocks:
            if clock.code == code:
                return clock
        raise KeyError(f"{self.kind}: no clock {code!r}")

    def transition(self, state: str, verb: str) -> Transition | None:
        """Return the transition that `verb` means in `state`, None if it cannot be done there."""
        return next((each for each in self.transitions if each.verb == verb and state in each.sources), None)

    def verbs(self) -> tuple[str, ...]:
        """Return every verb once, in order of declaration."""
        return tuple(dict.fromkeys(each.verb for each in self.transitions))

    def main_road(self) -> tuple[State, ...]:
        """Return the states of the stepper's main road, in order."""
        return tuple(sorted((each for each in self.states if each.step), key=lambda each: each.step))
