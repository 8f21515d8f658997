"""The pool of the demonstration city: sources, sensitive places near plants, complaints of which two look alike."""

from __future__ import annotations

import pytest

from ecobureau import clock
from ecobureau.demo.pool import PLACES, build_pool
from ecobureau.web.clues import repeats
from ecobureau.web.clues.models import Clue, ClueSource, Reporter, SensitivePlace
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.sources.models import Enterprise
from web.clues.pool_scene import OTHER

pytestmark = pytest.mark.django_db


def test_the_pool_is_filled_once_and_all_of_it_is_invented(city: None) -> None:
    at = clock.now()
    made = {"created_at": at, "updated_at": at, "org_path": OTHER, "name_sort": "y", "initials": "y"}
    for n in range(3):
        Enterprise.objects.create(name=f"演示{n}", code=f"91420100MA4K{n:05d}X", lon=114.7 + n / 100, lat=30.6, **made)
    build_pool(at)
    assert {"complaint", "video", "drone"} <= set(ClueSource.objects.values_list("kind", flat=True))
    places = list(SensitivePlace.objects.all())
    assert len(places) >= 10 and {place.kind for place in places} == {kind for kind, _name, _people in PLACES}
    assert all("演示" in place.name and "虚构" in place.source for place in places)
    complaints = list(Clue.objects.filter(source__code="demo-hotline").order_by("pk"))
    assert len(complaints) == Reporter.objects.count() == 3
    assert complaints[0] in [each.clue for each in repeats.find(SYSTEM, complaints[1])]
    before = (ClueSource.objects.count(), SensitivePlace.objects.count(), Clue.objects.count())
    build_pool(clock.now())
    assert (ClueSource.objects.count(), SensitivePlace.objects.count(), Clue.objects.count()) == before
