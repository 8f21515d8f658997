"""Answers of a visit's checklist for tests."""

from ecobureau.web.dispatch import checklists
from ecobureau.web.dispatch.models import Task


def answers(task: Task) -> dict[str, str]:
    """Return the first answer of each question a task asks."""
    return {asked.code: asked.choices[0].code for asked in checklists.of(task)}


def form_answers(task: Task) -> dict[str, str]:
    """Return the same as the fields of the form."""
    return {f"check_{code}": answer for code, answer in answers(task).items()}
