"""The audit of the simulated city day: nothing lost, nothing twice, every reporter answered, every clock right."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import city_day_books as books
from city_day_city import START
from city_day_run import PLURAL, Day

LAWFUL = {"closed", "dismissed", "merged"}
"""States a clue may end in."""


def audit(day: Day) -> tuple[list[str], dict[str, Any]]:
    """Check the books of a day that is over; returns what is wrong in words, and the figures."""
    wrong = [*_clues(day), *_tasks(day), *_history(day)]
    differ, compared, points = _clocks(day)
    wrong += [*differ, *_told(), *_reporters(), *_chains(day)]
    if day.silent:
        wrong.append(f"{day.silent} refusals without words")
    return wrong, _figures(day) | {"clocks compared": compared, "warn points fired": points}


def _clues(day: Day) -> list[str]:
    """Every report is one clue, every clue came to an end, every merged one lies in one that did."""
    from ecobureau.web.clues.models import Clue, ClueIntake

    wrong: list[str] = []
    clues = list(Clue.objects.values_list("number", "state", "reference", "merged_into__number"))
    books.no_difference(
        "reports and clues", sorted(f"R{n:05d}" for n in day.plans), sorted(row[2] for row in clues), wrong.append
    )
    books.no_difference("intake rows", len(day.plans), ClueIntake.objects.count(), wrong.append)
    state_of = {row[0]: row[1] for row in clues}
    for number, state, _reference, _root in clues:
        if state not in LAWFUL:
            last = day.last_of(number)
            wrong.append(f"{number} ended as {state}; last: {last or 'nobody tried'}")
    wrong += [
        f"{number} lies in {root}, which is {state_of.get(root)}"
        for number, state, _reference, root in clues
        if state == "merged" and state_of.get(root) not in LAWFUL
    ]
    books.no_difference("clues", sum(state in LAWFUL for state in state_of.values()), len(day.plans), wrong.append)
    return wrong


def _tasks(day: Day) -> list[str]:
    """Every task ended; a closed clue has one closed task and another has none; a dispatch made one task."""
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.dispatch.models import Task

    tasks = list(Task.objects.values_list("number", "state", "clue__number"))
    wrong = [f"{number} ended as {state}" for number, state, _clue in tasks if state not in ("closed", "withdrawn")]
    closing = Counter(clue for _number, state, clue in tasks if state == "closed")
    for number, state in Clue.objects.values_list("number", "state"):
        if closing[number] != (1 if state == "closed" else 0):
            wrong.append(f"{number} is {state} and has {closing[number]} closed tasks")
    sent = Counter(act.number for act in day.acts if act.verb == "dispatch")
    books.no_difference(
        "dispatches and tasks", dict(sent), dict(Counter(clue for _number, _state, clue in tasks)), wrong.append
    )
    return wrong


def _history(day: Day) -> list[str]:
    """Every act that the program answered with yes stands in the history as often, and none besides.

    Adds to the acts of the day what the program ends by itself with a task: help and orders.
    """
    from ecobureau.web.core.models import History

    ours = Counter((act.kind, act.number, act.verb, act.who) for act in day.acts if act.verb != "create")
    verbs = {(kind, verb) for kind, _number, verb, _who in ours}
    rows = list(History.objects.filter(kind__in=PLURAL).values_list("kind", "number", "verb", "actor_id", "seq", "at"))
    people = Counter(row[:4] for row in rows if row[3] is not None and row[:1] + row[2:3] in verbs)
    wrong = [
        f"{key}: {people[key]} times in the history" for key, times in ours.items() if key[3] and people[key] != times
    ]
    wrong += [f"{key}: in the history alone" for key in people.keys() - ours.keys()]
    day.acts += [
        books.Act(at.timestamp(), kind, number, verb, seq, None)
        for kind, number, verb, who, seq, at in rows
        if who is None and kind in ("help", "supervision") and verb in ("close", "withdraw")
    ]
    return wrong


def _names() -> dict[tuple[str, int], str]:
    """Return (kind, id) → number of every record that has clocks."""
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.dispatch.models import Help, Supervision, Task

    models: dict[str, Any] = {"clue": Clue, "task": Task, "help": Help, "supervision": Supervision}
    return {
        (kind, pk): number for kind, model in models.items() for pk, number in model.objects.values_list("pk", "number")
    }


def _clocks(day: Day) -> tuple[list[str], int, dict[int, int]]:
    """Every clock began, stood, fired and ended as reckoned anew from the acts of the day."""
    from ecobureau.web.core.models import Clock, ClockFired

    fired: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for clock, percent, at in ClockFired.objects.values_list("clock_id", "percent", "at"):
        fired[clock][percent].append(at.timestamp())
    names = _names()
    kept = {
        (each.kind, names[each.kind, each.object_id], each.code, each.run): books.Kept(
            each.started_at.timestamp(),
            each.due_at.timestamp(),
            each.stopped_at.timestamp() if each.stopped_at else None,
            fired[each.pk],
        )
        for each in Clock.objects.filter(kind__in=PLURAL)
    }
    return books.differences(day.records, day.acts, kept, day.steps)


def _told() -> list[str]:
    """Somebody was told of every warn point that fired, and nobody twice of the same."""
    from ecobureau.web.core.models import ClockFired, Notice

    told: Counter[tuple[Any, ...]] = Counter()
    for kind, number, user, at, params in Notice.objects.filter(code="core.notice.clock").values_list(
        "kind", "number", "user_id", "at", "params"
    ):
        told[kind, number, user, at, params.get("clock"), params.get("percent")] += 1
    wrong = [f"told twice: {key}" for key, times in told.items() if times > 1]
    names = _names()
    fires = {
        (each.clock.kind, names[each.clock.kind, each.clock.object_id])
        for each in ClockFired.objects.select_related("clock")
    }
    return wrong + [f"nobody was told of {each}" for each in fires - {(key[0], key[1]) for key in told}]


def _owed() -> list[Any]:
    from ecobureau.web.clues.models import Reporter

    return list(Reporter.objects.filter(wants_answer=True).select_related("matter", "clue"))


def _reporters() -> list[str]:
    """Everybody who wants an answer has one, given after the matter was closed, and hangs on where the clue lies."""
    owed = _owed()
    wrong = [
        f"reporter of {each.clue.number} (matter {each.matter.number}) has no answer"
        for each in owed
        if each.answered_at is None or each.matter.closed_at is None or each.answered_at < each.matter.closed_at
    ]
    return wrong + [
        f"reporter {each.pk} does not hang on where {each.clue.number} lies"
        for each in owed
        if each.clue.merged_into_id and each.matter_id == each.clue_id
    ]


def _chains(day: Day) -> list[str]:
    """The history of about 300 clues and 300 tasks is unbroken."""
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.core.history import verify_chain
    from ecobureau.web.dispatch.models import Task

    models: dict[str, Any] = {"clue": Clue, "task": Task}
    return [
        f"chain of {kind} {pk} is broken"
        for kind, model in models.items()
        for pk, version in model.objects.values_list("pk", "version")[:: max(1, len(day.plans) // 300)]
        if not verify_chain(kind, pk, version).ok
    ]


def _figures(day: Day) -> dict[str, Any]:
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.core.models import Clock
    from ecobureau.web.dispatch.models import Help, Supervision, Task

    states = Counter(Clue.objects.values_list("state", flat=True))
    tasks = Counter(Task.objects.values_list("state", flat=True))
    accepted = Counter(act.number for act in day.acts if (act.kind, act.verb) == ("task", "accept"))
    owed = _owed()
    worked = Task.objects.filter(submitted_at__isnull=False, accepted_at__isnull=False)
    spent = [
        (submitted - began).total_seconds() / 3600
        for began, submitted in worked.values_list("accepted_at", "submitted_at")
        if submitted >= began
    ]
    late = {
        each.object_id
        for each in Clock.objects.filter(kind="task", code="first_result", stopped_at__isnull=False)
        if each.stopped_at and each.stopped_at > each.due_at
    }
    median, p90 = books.quantiles(spent, (0.5, 0.9)) or (0.0, 0.0)
    return {
        "people": day.town.people,
        "clues": sum(states.values()),
        "states": dict(states),
        "tasks": dict(tasks),
        "accepted by": {
            "one": sum(times == 1 for times in accepted.values()),
            "anew": sum(times > 1 for times in accepted.values()),
        },
        "kinds": len({plan.kind for plan in day.plans.values()}),
        "merge refused": sum(n for (what, _code), n in day.refusals.items() if what == "clue: merge"),
        "looked again": day.again_looked,
        "handled_in_time_percent": round(100 * (1 - len(late) / max(1, sum(tasks.values()))), 1),
        "handling_h": {
            "mean": round(sum(spent) / max(1, len(spent)), 2),
            "median": round(median, 2),
            "p90": round(p90, 2),
        },
        "reporters": {
            "owed": len(owed),
            "of merged clues": sum(each.matter_id != each.clue_id for each in owed),
            "answers": sum(day.answered.values()),
        },
        "help": Help.objects.count(),
        "orders": Supervision.objects.count(),
        "notices": day.notices,
        "acts": len(day.acts),
        "steps": len(day.steps),
        "days": round((day.steps[-1] - START.timestamp()) / 86400, 1),
    }


def show(day: Day, figures: dict[str, Any]) -> None:
    """Print the figures, what each action cost, and what was refused."""
    for name, value in figures.items():
        print(f"{name:26} {json.dumps(value, ensure_ascii=False)}")
    print(f"\n{'action':30}{'times':>8}{'queries':>9}{'ms CPU':>9}")
    count = day.counting
    for label in sorted(count.times):
        n = count.times[label]
        print(f"{label:30}{n:>8}{count.queries[label] / n:>9.1f}{1000 * count.seconds[label] / n:>9.1f}")
    print("\nrefused, in words:")
    for (what, code), n in sorted(day.refusals.items()):
        print(f"  {what:28}{code:34}{n:>6}")
