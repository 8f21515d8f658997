"""The checklist of a visit: which questions a task asks, and what it keeps of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from ecobureau.clock import beijing, now
from ecobureau.domain import visits
from ecobureau.domain.rules import NoRule
from ecobureau.domain.visits import Choice, Question
from ecobureau.rulepacks import load
from ecobureau.web.dispatch.models import Task


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered: `rows` as the task keeps them, `data` for the act's history."""

    rows: list[dict[str, str]]
    data: dict[str, Any]


def of(task: Task) -> tuple[Question, ...]:
    """Return the questions of a task: those of its kind, then those of its scene."""
    pack, day = load("visits"), beijing(now()).date()
    lists: list[object] = []
    for key in (f"checklist.{task.task_kind}", f"checklist.scene.{task.scene}"):
        try:
            lists.append(pack.at(key, day).value)
        except NoRule:
            continue
    return visits.questions(*lists)


def judge(task: Task, answers: Mapping[str, str]) -> Answers:
    """Return what to keep; where an answer lacks, `data` names the question under `unanswered`: the flow refuses."""
    asked = of(task)
    rows = visits.kept(asked, answers)
    data: dict[str, Any] = {"checks": {row["code"]: row["answer"] for row in rows}, "checklist": load("visits").version}
    for each in visits.missing(asked, answers)[:1]:
        data["unanswered"] = ask(each)
    return Answers(rows, data)


def _english() -> bool:
    return (get_language() or "").startswith("en")


def ask(question: Question) -> str:
    """Return a question in the language in force."""
    return question.en if _english() else question.zh


def said(choice: Choice) -> str:
    """Return an answer in the language in force."""
    return choice.en if _english() else choice.zh


def told(task: Task) -> list[tuple[str, str]]:
    """Return the kept questions and answers of a task in the language in force."""
    end = "_en" if _english() else ""
    return [(str(row[f"ask{end}"]), str(row[f"said{end}"])) for row in task.checks]
