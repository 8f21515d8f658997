"""API keys: who makes them, what they open, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.accounts.keys import services as keys
from ecobureau.web.accounts.keys import token
from ecobureau.web.accounts.models import ApiKey
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit, History
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(AT)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def clue(clock: ManualClock) -> Clue:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    places.make_organisation(SYSTEM, parent=top, code="qingshan", level="district", name="青山")
    made: Clue = kernel.create("clue", SYSTEM, title="线索", org_path=GRID, grid=GRID, first_at=AT, last_at=AT)
    return made


@pytest.fixture
def machine(clue: Clue) -> Any:
    """A service account: no password opens it."""
    return person("machine", ("dispatcher", DISTRICT))


@pytest.fixture
def admin(clue: Clue) -> Any:
    return person("admin", ("administrator", "/"), password="a long enough password")


def bearer(text: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"})


def test_a_key_reads_and_acts_with_its_accounts_grants(clue: Clue, machine: Any, admin: Any) -> None:
    _key, text = keys.make(viewer_of(admin), machine, name="平台", days=30, may_write=True)
    client = bearer(text)
    assert client.get("/api/clues/").json()["count"] == 1
    answer = client.post(f"/api/clues/{clue.number}/do/triage/", json.dumps({}), content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "triaged")
    assert History.objects.get(kind="clue", verb="triage").actor_id == machine.pk
    elsewhere = kernel.create("clue", SYSTEM, title="别处", org_path="/wuhan/qingshan/", first_at=AT, last_at=AT)
    assert client.get(f"/api/clues/{elsewhere.number}/").status_code in (403, 404)
    form = {"title": "手工登记", "level": "yellow", "org_path": GRID}
    assert client.post("/api/clues/", json.dumps(form), content_type="application/json").status_code == 201
    acts = Audit.objects.filter(what="key_act").values_list("detail", flat=True)
    assert [each["path"] for each in acts] == [f"/api/clues/{clue.number}/do/triage/", "/api/clues/"]
    assert Audit.objects.filter(what="key_use").count() == 1


def test_a_key_opens_no_page_and_no_word_of_it_is_kept(clue: Clue, machine: Any, admin: Any) -> None:
    key, text = keys.make(viewer_of(admin), machine, name="平台", days=30)
    assert bearer(text).get("/clues/").status_code == 302
    assert key.secret_sha256 == token.digest(text) and text not in str(ApiKey.objects.values().get())
    assert text not in "".join(str(row) for row in Audit.objects.values())


def test_a_reading_key_changes_nothing(clue: Clue, machine: Any, admin: Any) -> None:
    _key, text = keys.make(viewer_of(admin), machine, name="平台", days=30)
    answer = bearer(text).post(f"/api/clues/{clue.number}/do/triage/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.key.read_only")
    clue.refresh_from_db()
    assert clue.state == "new"


def test_wrong_revoked_expired_and_disabled_keys_are_refused(
    clue: Clue, machine: Any, admin: Any, clock: ManualClock
) -> None:
    def code(text: str) -> tuple[int, str]:
        answer = bearer(text).get("/api/clues/")
        return answer.status_code, answer.json().get("code", "")

    who = viewer_of(admin)
    first, revoked = keys.make(who, machine, name="a", days=30)
    _second, expired = keys.make(who, machine, name="b", days=1)
    _third, disabled = keys.make(who, machine, name="c", days=30)
    keys.revoke(who, first)
    keys.revoke(who, first)
    assert Audit.objects.filter(what="key_revoke").count() == 1
    assert code(revoked) == (401, "accounts.key.revoked")
    assert code(disabled[:-1] + ("A" if disabled[-1] != "A" else "B")) == (401, "accounts.key.unknown")
    assert code("rubbish") == (401, "accounts.key.unknown")
    assert code(disabled)[0] == 200
    clock.advance(timedelta(days=1))
    assert code(expired) == (401, "accounts.key.expired")
    machine.is_active = False
    machine.save()
    assert code(disabled) == (401, "accounts.key.revoked")


def test_too_many_requests_in_a_minute_are_told_to_wait(
    clue: Clue, machine: Any, admin: Any, clock: ManualClock
) -> None:
    _key, text = keys.make(viewer_of(admin), machine, name="平台", days=30, per_minute=3)
    client = bearer(text)
    assert [client.get("/api/clues/").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/api/clues/")
    assert answer.headers["Retry-After"] == "55" and answer.json()["code"] == "accounts.key.too_fast"
    clock.advance(timedelta(seconds=55))
    assert client.get("/api/clues/").status_code == 200


def test_taking_a_role_away_takes_it_from_the_key(clue: Clue, machine: Any, admin: Any) -> None:
    _key, text = keys.make(viewer_of(admin), machine, name="平台", days=30)
    machine.assignments.update(valid_to=AT)
    assert bearer(text).get("/api/clues/").status_code == 403


def test_who_may_make_a_key_for_whom(clue: Clue, machine: Any, admin: Any) -> None:
    someone = person("li", ("dispatcher", DISTRICT), password="a long enough password")
    keys.make(viewer_of(someone), someone, name="我的", days=1)
    for actor, account in ((admin, someone), (someone, machine), (machine, admin)):
        with pytest.raises(Refused) as caught:
            keys.make(viewer_of(actor), account, name="别人的", days=1)
        assert caught.value.code == "accounts.key.not_yours"
    for wrong in ({"days": 0}, {"days": 367}, {"days": 1, "per_minute": 0}):
        with pytest.raises(Refused):
            keys.make(viewer_of(someone), someone, name="x", **wrong)
    assert ApiKey.objects.count() == 1
    with pytest.raises(Refused):
        keys.revoke(viewer_of(machine), ApiKey.objects.get())
    assert ApiKey.objects.get().revoked_at is None


def test_the_pages_show_a_key_once_and_revoke_it(clue: Clue, machine: Any, admin: Any, client: Client) -> None:
    client.force_login(admin)
    made = client.post(f"/users/{machine.pk}/keys/", {"name": "平台", "days": 90, "per_minute": 60})
    key = ApiKey.objects.get()
    text = made.content.decode().split('id="key-text"><b>')[1].split("</b>")[0]
    assert made.headers["Cache-Control"] == "no-store" and token.fits(text, key.secret_sha256)
    again = client.get(f"/users/{machine.pk}/keys/").content.decode()
    assert key.prefix in again and text not in again
    assert key.prefix in client.get("/users/keys/").content.decode()
    assert client.post(f"/users/{machine.pk}/keys/", {"name": "", "days": 900, "per_minute": 1}).status_code == 422
    assert client.post(f"/users/keys/{key.pk}/revoke/").status_code == 302
    assert bearer(text).get("/api/clues/").status_code == 401
    client.force_login(person("li", ("dispatcher", DISTRICT), password="a long enough password"))
    assert client.get("/me/keys/").status_code == 200
    for address in ("/users/keys/", f"/users/{machine.pk}/keys/"):
        assert client.get(address).status_code == 403
    assert client.post(f"/users/keys/{key.pk}/revoke/").status_code == 404
    client.logout()
    assert client.get("/me/keys/").status_code == 302


def test_the_administrator_makes_a_service_account_without_a_password(admin: Any, client: Client) -> None:
    client.force_login(admin)
    answer = client.post("/users/new/", {"username": "platform", "name": "市大数据平台", "service": "on"})
    assert answer.status_code == 302
    from ecobureau.web.accounts.models import User

    made = User.objects.get(username="platform")
    assert not made.has_usable_password() and not made.must_change_password
    assert keys.make(viewer_of(admin), made, name="取数", days=30)
