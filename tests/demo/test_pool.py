"""The demo's clue pool: sources, sensitive places near plants, complaints of which two look like one matter."""

from __future__ import annotations

from demo.conftest import City
from ecobureau import clock
from ecobureau.demo.pool import build_pool
from ecobureau.web.clues import repeats
from ecobureau.web.clues.models import Clue, ClueSource, Reporter, SensitivePlace
from ecobureau.web.core.access import SYSTEM


def test_the_pool_is_filled_once_and_all_of_it_is_invented(city: City) -> None:
    assert {"complaint", "video", "drone"} <= set(ClueSource.objects.values_list("kind", flat=True))
    places = list(SensitivePlace.objects.filter(code__startswith="DEMO-"))
    assert len(places) >= 10 and all("演示" in place.name and "虚构" in place.source for place in places)
    assert {place.kind for place in places} == set(SensitivePlace.Kind.values)
    complaints = list(Clue.objects.filter(source__code="demo-hotline").order_by("pk"))
    assert len(complaints) == Reporter.objects.count() == 3
    assert [each.clue for each in repeats.find(SYSTEM, complaints[1])] == [complaints[0]]
    before = (ClueSource.objects.count(), SensitivePlace.objects.count(), Clue.objects.count())
    build_pool(clock.now())
    assert (ClueSource.objects.count(), SensitivePlace.objects.count(), Clue.objects.count()) == before
