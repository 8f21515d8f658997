"""What the worker does for tasks."""

from __future__ import annotations

from ecobureau.web.core.jobs import every, job
from ecobureau.web.core.models import Clock
from ecobureau.web.dispatch.models import Task


@job
def resume_task(pk: int) -> None:
    """Let a task go on whose pause is used up."""
    from ecobureau.web.dispatch import services

    services.resume_overdue(pk)


@every("20 0 * * *")
def delete_tracks() -> None:
    """Each night: delete the tracks of visits whose day has come."""
    from ecobureau.web.dispatch import visits

    visits.delete_old_tracks()


def on_clock(task: Task, clock: Clock, percent: int, tell: str) -> None:
    """A pause that is used up ends. Later, in a job: the tick holds the clock, and a verb takes the record first."""
    if clock.code == "pause" and percent >= 100:
        resume_task.defer(unique=f"resume-task-{task.pk}", pk=task.pk)
