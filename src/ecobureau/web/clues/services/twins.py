"""One open clue a matter: the unique index of subject, factor and rule, and what it says to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse


def is_twin(error: IntegrityError) -> bool:
    """Say whether the database refused a second open clue of one matter."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "clues_one_open"


def _refuse_twin(clue: Clue, actor: Viewer) -> None:
    """Refuse to open a clue again while a later one of the same subject, factor and rule is open."""
    if not clue.rule:
        return
    twin = Clue.objects.filter(subject=clue.subject, factor=clue.factor, rule=clue.rule, state__in=OPEN)
    other = twin.exclude(pk=clue.pk).values_list("number", flat=True).first()
    if other is not None:
        refuse(Refusal("clues.twin_is_open", {"number": other}), actor=actor.user_id, what=clue.number)


@contextmanager
def no_twin(clue: Clue, actor: Viewer) -> Iterator[None]:
    """Do what opens a clue again, whole or not at all.

    The look beforehand gives the clear answer nearly always; the unique index decides when the judge opens another in
    the same instant, and its refusal becomes the same answer.

    Raises:
        Refused: another clue of the same subject, factor and rule is open.
    """
    _refuse_twin(clue, actor)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not is_twin(error):
            raise
        _refuse_twin(clue, actor)
        refuse(Refusal("core.changed_meanwhile", {"number": clue.number}), actor=actor.user_id, what=clue.number)
