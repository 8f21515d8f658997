"""Joint handling: a record opened to another place by page, and closed again; only as far as was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import history, placenames
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import History, Share
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE, THERE = "/wuhan/jiangan/", "/wuhan/qingshan/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(AT)) as manual:
        assert isinstance(manual, ManualClock)
        yield manual


@pytest.fixture
def clue(clock: ManualClock) -> Clue:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    for code, name in (("jiangan", "江岸"), ("qingshan", "青山")):
        places.make_organisation(SYSTEM, parent=top, code=code, level="district", name=name)
    placenames.forget()
    made: Clue = kernel.create("clue", SYSTEM, title="跨区的河", org_path=HERE, first_at=AT, last_at=AT)
    return made


def test_a_unit_is_let_in_to_handle_and_out_again(clue: Clue, client: Any) -> None:
    owner, guest = person("主", ("dispatcher", HERE)), person("客", ("dispatcher", THERE))
    address = f"/clues/{clue.number}/shares/"
    client.force_login(guest)
    assert client.get(f"/clues/{clue.number}/").status_code in (403, 404)
    client.force_login(owner)
    assert address in client.get(f"/clues/{clue.number}/").content.decode()
    answer = client.post(address, {"unit": THERE, "why": "下游在青山", "may_act": "on", "days": "7"})
    assert answer.status_code == 302
    given = Share.objects.get()
    assert (given.org_path, given.may_act, given.ends_at) == (THERE, True, AT + timedelta(days=7))
    assert "青山" in client.get(address).content.decode()
    clues.triage(Clue.objects.get(), viewer_of(guest))
    client.force_login(guest)
    page = client.get(f"/clues/{clue.number}/").content.decode()
    assert "青山" in page and address not in page, "whom it was shared with does not hand it on"
    assert client.get(address).status_code == 403
    assert client.post(address, {"unit": "/wuhan/", "why": "再转"}).status_code == 403
    client.force_login(owner)
    assert client.post(f"{address}{given.pk}/end/").status_code == 302
    assert client.post(f"{address}{given.pk}/end/").status_code == 404
    with pytest.raises(Refused):
        clues.watch(Clue.objects.get(), viewer_of(guest), reason="看看")
    client.force_login(guest)
    assert client.get(f"/clues/{clue.number}/").status_code in (403, 404)
    fresh = Clue.objects.get()
    assert list(History.objects.order_by("seq").values_list("verb", flat=True)) == [
        "create",
        "share",
        "triage",
        "unshare",
    ]
    assert history.verify_chain("clue", fresh.pk, fresh.version).ok


def test_a_person_may_only_look_and_only_for_a_time(clue: Clue, client: Any, clock: ManualClock) -> None:
    guest = person("客", ("dispatcher", THERE))
    client.force_login(person("主", ("unit_head", HERE)))
    fields = {"person": str(guest.pk), "why": "请参考", "days": "1"}
    assert client.post(f"/clues/{clue.number}/shares/", fields).status_code == 302
    client.force_login(guest)
    assert client.get(f"/clues/{clue.number}/").status_code == 200
    with pytest.raises(Refused):
        clues.triage(Clue.objects.get(), viewer_of(guest))
    clock.advance(timedelta(days=1))
    assert client.get(f"/clues/{clue.number}/").status_code in (403, 404)
    assert Clue.objects.get().state == "new"


@pytest.mark.parametrize(
    "fields",
    [
        {"why": "没说给谁"},
        {"unit": THERE, "person": "1", "why": "两个"},
        {"unit": THERE, "why": ""},
        {"unit": "/beijing/", "why": "没有这个单位"},
        {"unit": THERE, "why": "太久", "days": "367"},
    ],
)
def test_a_wrong_form_shares_nothing(clue: Clue, client: Any, fields: dict[str, str]) -> None:
    client.force_login(person("主", ("dispatcher", HERE)))
    assert client.post(f"/clues/{clue.number}/shares/", fields).status_code == 422
    assert not Share.objects.exists() and History.objects.count() == 1
