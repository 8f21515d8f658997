"""A water matter that is sent out is told to the units upstream, once, and they may look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecobureau.web.clues import services as clues
from ecobureau.web.core import access
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import Notice, Share
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch import upstream
from ecobureau.web.places import services as places
from ecobureau.web.places.selectors import organisation
from web.dispatch.conftest import DISTRICT, GRID
from web.people import person

pytestmark = pytest.mark.django_db
ABOVE = "/wuhan/jianghan/"


@pytest.fixture
def above(office: dict[str, Any]) -> Any:
    """The dispatcher of the sub-centre upstream of jiangan."""
    top = organisation("/wuhan/")
    assert top is not None
    places.make_organisation(SYSTEM, parent=top, code="jianghan", level="district", name="江汉分中心")
    return person("above", ("dispatcher", ABOVE))


def a_clue(scenario: str, **more: Any) -> Any:
    return clues.register(SYSTEM, title="断面溶解氧下降", org_path=GRID, scenario=scenario, **more)


def test_those_upstream_hear_of_a_water_matter_once_and_may_look(
    office: dict[str, Any], above: Any, who: Callable[[str], Viewer]
) -> None:
    clue = a_clue("K04")
    task = tasks.send(clue, who("dispatcher"), unit=GRID)
    told = Notice.objects.filter(user=above)
    assert [(row.code, row.number) for row in told] == [("dispatch.notice.upstream", clue.number)]
    assert access.allowed(viewer_of(above), "view", clue) is None
    assert access.allowed(viewer_of(above), "act", clue) is not None, "looking, not acting"
    assert access.allowed(viewer_of(above), "view", task) is not None
    tasks.withdraw(task, who("dispatcher"), reason="派错了")
    clue.refresh_from_db()
    tasks.send(clue, who("dispatcher"), unit=GRID)
    assert told.count() == 1 and Share.objects.filter(why=upstream.WHY).count() == 1
    clue.refresh_from_db()
    assert verify_chain("clue", clue.pk, clue.version).ok


def test_other_matters_and_places_without_water_above_stay_among_themselves(
    office: dict[str, Any], above: Any, who: Callable[[str], Viewer]
) -> None:
    tasks.send(a_clue("K07"), who("dispatcher"), unit=GRID)
    assert not Notice.objects.filter(user=above).exists() and not Share.objects.filter(why=upstream.WHY).exists()
    at = a_clue("K04").created_at
    assert upstream.units_above(DISTRICT, at) == [ABOVE]
    assert upstream.units_above("/wuhan/", at) == upstream.units_above("/wuhan/hannan/", at) == []
