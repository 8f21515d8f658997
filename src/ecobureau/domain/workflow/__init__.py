"""What a record can go through: states, transitions, clocks and working days, as data and pure functions."""

from ecobureau.domain.workflow.check import BadFlow, checked, faults
from ecobureau.domain.workflow.clocks import Mood, Running, crossed, moment, mood, next_moment, words
from ecobureau.domain.workflow.days import Calendar, Length, Unit, UnknownYear, beijing_day, due, end_of, resumed
from ecobureau.domain.workflow.moves import refusal, verbs_for
from ecobureau.domain.workflow.types import (
    ClockSpec,
    Context,
    Flow,
    Guard,
    Level,
    Paper,
    PapersRule,
    Reason,
    Refusal,
    Role,
    State,
    Transition,
)

__all__ = [
    "BadFlow",
    "Calendar",
    "ClockSpec",
    "Context",
    "Flow",
    "Guard",
    "Length",
    "Level",
    "Mood",
    "Paper",
    "PapersRule",
    "Reason",
    "Refusal",
    "Role",
    "Running",
    "State",
    "Transition",
    "Unit",
    "UnknownYear",
    "beijing_day",
    "checked",
    "crossed",
    "due",
    "end_of",
    "faults",
    "moment",
    "mood",
    "next_moment",
    "refusal",
    "resumed",
    "verbs_for",
    "words",
]
