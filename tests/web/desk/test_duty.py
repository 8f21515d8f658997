"""The duty desk: proposals to merge, four eyes said aloud, clues that are watched and come back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import selectors
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Clock, History
from ecobureau.web.core.refusals import Refused, sentence
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


def report(**changes: Any) -> clues.Report:
    fields: dict[str, Any] = {
        "subject": "outlet:9",
        "factor": "a21002",
        "rule": "R",
        "title": "NOx 62",
        "title_code": "",
    }
    fields |= {"reason_code": "", "params": {}, "level": "yellow", "first_at": AT, "last_at": AT, "org_path": GRID}
    return clues.Report(**{**fields, "grid": GRID, **changes})


def opened(**changes: Any) -> Clue:
    return clues.open_or_extend(report(**changes))[0]


@pytest.fixture
def city() -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    grid = places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    for unit in (district, grid):
        places.set_area(SYSTEM, unit, SQUARE, valid_from=AT.date().replace(year=2020))


def test_a_repeat_is_proposed_and_one_click_folds_it(client: Any, city: None) -> None:
    first, second = opened(), opened(factor="a21026", title="SO2 40")
    client.force_login(person("d", ("duty_officer", DISTRICT)))
    page = client.get(f"/desk/{second.number}/").content.decode()
    assert "可能是同一件事" in page and "同一对象" in page
    form = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page[page.index("same-head") :]).group(1)  # type: ignore[union-attr]
        for name in ("into", "version", "client_uuid", "next")
    }
    assert form["into"] == first.number
    answer = client.post(f"/clues/{second.number}/do/merge/", form)
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/{first.number}/")
    second.refresh_from_db()
    assert (second.state, second.merged_into_id) == ("merged", first.pk)
    page = client.get("/desk/").content.decode()
    assert "1 条并入" in page and second.number in page


def test_a_clue_that_goes_on_is_new_since_it_was_registered(city: None) -> None:
    with use_clock(ManualClock(AT)) as clock:
        clue = opened()
        clock.set(AT + timedelta(hours=2))
        assert opened(last_at=AT + timedelta(hours=2)).pk == clue.pk
        clue.refresh_from_db()
        assert History.objects.filter(kind="clue", object_id=clue.pk).count() == 2
        assert selectors.steps(clue)[0].at == "11-22 20:00"


def test_an_empty_unit_leaves_no_space_before_a_mark() -> None:
    given = {"place": "W1", "factor": "pH", "stat": "X", "value": "15", "unit": "", "threshold": "9", "source": "P"}
    given |= {"times": "1.7", "first": "1", "last": "2", "points": 3}
    assert sentence("judging.over.max.reason", given, "zh").startswith("W1 pH X 15，许可 9（P），为许可的 1.7 倍")
    assert " ," not in sentence("judging.over.max.reason", given, "en")


def test_who_proposed_a_dismissal_reads_why_he_cannot_sign_it(client: Any, city: None) -> None:
    both = person("b", ("duty_officer", DISTRICT), ("unit_head", DISTRICT))
    clue = opened()
    clues.propose_dismissal(clue, viewer_of(both), reason="calibration", sample={"rows": []}, seen="看过曲线")
    client.force_login(both)
    page = client.get(f"/desk/{clue.number}/").content.decode()
    assert f"/clues/{clue.number}/do/approve_dismissal/" not in page and "同意排除：" in page


def test_the_head_reads_in_the_review_why_it_is_to_be_dismissed(client: Any, city: None) -> None:
    officer, head = person("officer", ("duty_officer", DISTRICT)), person("head", ("unit_head", DISTRICT))
    clue = opened()
    clues.propose_dismissal(clue, viewer_of(officer), reason="calibration", sample={"rows": []}, seen="看过曲线")
    client.force_login(head)
    page = client.get("/review/").content.decode()
    assert clue.number in page and "校准、维护期间的数据" in page


def test_a_watched_clue_is_counted_and_comes_back_when_it_gets_worse(client: Any, city: None) -> None:
    user = person("d", ("duty_officer", DISTRICT))
    clue = opened()
    clues.watch(clue, viewer_of(user), reason="等下一小时")
    client.force_login(user)
    page = client.get("/desk/").content.decode()
    assert "/clues/?state=watching" in page and "数据源" in page
    clues.open_or_extend(report())
    clue.refresh_from_db()
    assert clue.state == "watching", "the same again is no news"
    clues.open_or_extend(report(level="red"))
    clue.refresh_from_db()
    assert (clue.state, clue.level, clue.findings) == ("new", "red", 3)
    assert Clock.objects.filter(kind="clue", object_id=clue.pk, code="triage", stopped_at=None).count() == 1
    assert clue.number in client.get("/desk/?part=queue").content.decode()


def test_a_watched_clue_whose_condition_ended_comes_back_when_it_begins_anew(city: None) -> None:
    clue = opened()
    clues.watch(clue, viewer_of(person("d", ("duty_officer", DISTRICT))), reason="等")
    clues.mark_ended(clue.subject, clue.factor, clue.rule, AT)
    clues.open_or_extend(report())
    clue.refresh_from_db()
    assert (clue.state, clue.ended_at) == ("new", None)


def test_a_clue_registered_by_hand_lies_in_the_grid_of_its_point(city: None) -> None:
    who = viewer_of(person("d", ("duty_officer", DISTRICT)))
    common = {"title": "河边有异味", "level": "yellow", "org_path": DISTRICT}
    made = clues.register(who, **common, lon=114.5, lat=30.5, scenario="K05")
    assert (made.grid, made.org_path, made.scenario) == (GRID, GRID, "K05")
    assert clues.register(who, **{**common, "org_path": GRID}).grid == GRID
    places.make_organisation(
        SYSTEM, parent=places_parent(), code="qingshan", level="district", name="青山"
    )  # fmt: skip
    city_wide = viewer_of(person("c", ("duty_officer", "/wuhan/")))
    before = Clue.objects.count()
    with pytest.raises(Refused) as caught:
        clues.register(city_wide, **{**common, "org_path": "/wuhan/qingshan/"}, lon=114.5, lat=30.5)
    assert caught.value.code == "clues.point_elsewhere" and Clue.objects.count() == before


def places_parent() -> Any:
    from ecobureau.web.places.selectors import organisation

    return organisation("/wuhan/")


def test_the_form_of_a_new_clue_offers_the_scene_kinds(client: Any, city: None) -> None:
    client.force_login(person("d", ("duty_officer", DISTRICT)))
    page = client.get("/clues/new/").content.decode()
    assert all(f"K{n:02d} " in page for n in range(1, 12))
    form = {"title": "焚烧", "level": "orange", "org_path": GRID, "scenario": "K08"}
    assert client.post("/clues/new/", form).status_code == 302
    assert (Clue.objects.get().scenario, Clue.objects.get().grid) == ("K08", GRID)
