"""Pages of the frame: preferences, passes for live news, worker, manifest, error pages, navigation."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.live import read_token
from ecobureau.web.places import services as organisations
from ecobureau.web.shell import hooks, navigation, pages
from ecobureau.web.shell.navigation import ITEMS, ORDER, RAIL, rail
from web.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_files(settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture
def client() -> Client:
    return Client()


def signed_in(name: str = "lin", *roles: tuple[str, str]) -> tuple[Client, Any]:
    user = person(name, *(roles or (("duty_officer", "/wuhan/"),)))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


@pytest.mark.parametrize(
    ("name", "value", "cookie"),
    [("theme", "dark", "eb_theme"), ("large", "1", "eb_large"), ("language", "en", "django_language")],
)
def test_a_choice_works_before_sign_in(client: Client, name: str, value: str, cookie: str) -> None:
    answer = client.post("/prefs/", {"name": name, "value": value, "next": "/accounts/login/?next=/x/"})
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/x/"
    assert answer.cookies[cookie].value == value
    html = client.get("/accounts/login/").content.decode()
    expected = {"theme": 'data-bs-theme="dark"', "large": "data-eb-large", "language": 'lang="en"'}[name]
    assert expected in html


def test_a_choice_is_kept_with_the_person(client: Client) -> None:
    client, user = signed_in()
    client.post("/prefs/", {"name": "theme", "value": "dark"})
    client.post("/prefs/", {"name": "large", "value": "1"})
    client.post("/prefs/", {"name": "language", "value": "en"})
    user.refresh_from_db()
    assert (user.theme, user.large_type, user.language) == ("dark", True, "en")


@pytest.mark.parametrize(
    ("name", "value"), [("theme", "pink"), ("large", "2"), ("language", "xx"), ("is_superuser", "1"), ("", "")]
)
def test_a_choice_that_is_none_is_refused_and_changes_nothing(name: str, value: str) -> None:
    client, user = signed_in()
    answer = client.post("/prefs/", {"name": name, "value": value})
    assert answer.status_code == 400
    assert not answer.cookies
    before = (user.theme, user.large_type, user.language, user.is_superuser)
    user.refresh_from_db()
    assert (user.theme, user.large_type, user.language, user.is_superuser) == before


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_back_stays_in_the_house(client: Client, target: str) -> None:
    assert client.post("/prefs/", {"name": "theme", "value": "dark", "next": target})["Location"] == "/"


def test_a_choice_needs_the_form_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/prefs/", {"name": "theme", "value": "dark"})
    assert answer.status_code == 403
    assert "eb_theme" not in answer.cookies
    assert "这一页放得太久了" in answer.content.decode()


def test_a_live_pass_holds_only_what_the_person_may_hear() -> None:
    client, user = signed_in()
    other = person("other", ("duty_officer", "/wuhan/"))
    answer = client.get("/live-token/", {"t": [f"user:{user.pk}", f"user:{other.pk}", "feed"]})
    ticket = read_token(answer.json()["token"])
    assert set(ticket.topics) == {f"user:{user.pk}", "feed"}
    assert answer["Cache-Control"].startswith("max-age=0")


def test_nobody_gets_a_live_pass(client: Client) -> None:
    answer = client.get("/live-token/", {"t": "feed"})
    assert answer.status_code == 403
    assert "token" not in answer.json()


@pytest.mark.parametrize("topic", ["list:nothing", "record:nothing:1", "record:clue:x"])
def test_a_topic_that_does_not_exist_is_named(topic: str) -> None:
    client, _user = signed_in()
    answer = client.get("/live-token/", {"t": topic})
    assert answer.status_code == 400
    assert topic in answer.json()["error"]


def test_a_forged_pass_is_refused() -> None:
    with pytest.raises(signing.BadSignature):
        read_token("eyJ1IjoxfQ:forged:xx")


def test_the_policy_holds_and_the_import_map_carries_its_nonce(client: Client) -> None:
    answer = client.get("/accounts/login/")
    nonce = re.search(r"'nonce-([^']+)'", answer["Content-Security-Policy"])
    assert nonce
    html = answer.content.decode()
    found = re.search(r'<script type="importmap" nonce="([^"]+)">(.*?)</script>', html)
    assert found
    assert found.group(1) == nonce.group(1)
    imports = json.loads(found.group(2))["imports"]
    assert {"eb/chart", "echarts", "maplibre-gl", "maplibre-gl-worker"} <= set(imports)
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_the_worker_serves_the_files_of_this_release(client: Client) -> None:
    answer = client.get("/sw.js")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == "/"
    assert "/static/eb/js/queue.js" in text
    assert "&quot;" not in text


def test_the_manifest_installs_the_phone_pages(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest").json()
    assert manifest["start_url"] == "/m/"
    assert manifest["icons"]


def test_error_pages_say_what_to_do(client: Client, rf: RequestFactory, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert "没有这一页" in answer.content.decode()
    for address in ("/api/nothing/", "/api/tasks/RW-x/"):
        told = client.get(address)
        assert (told.status_code, told.json()["code"]) == (404, "core.no_address")
        assert address in told.json()["detail"]
    failed = pages.server_error(rf.get("/x/"))
    code = re.search(r"<b[^>]*>([0-9A-F]{4})</b>", failed.content.decode())
    assert failed.status_code == 500
    assert code
    assert f"code {code.group(1)}" in caplog.text


def test_the_error_page_survives_a_broken_frame(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("frame")

    monkeypatch.setattr(pages, "render", broken)
    answer = pages.server_error(rf.get("/x/"))
    assert answer.status_code == 500
    assert "出错了，编号" in answer.content.decode()


def test_every_role_may_open_whatever_its_navigation_holds() -> None:
    city = organisations.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = organisations.make_organisation(SYSTEM, parent=city, code="jiangan", level="district", name="江岸")
    organisations.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    assert set(RAIL) == set(ORDER)
    for role, places in RAIL.items():
        keys = (*places.above, *places.below, *places.more)
        assert set(keys) <= set(ITEMS)
        assert len(keys) == len(set(keys)), role
        client, _user = signed_in(role, (role, "/wuhan/jiangan/g1/" if role == "grid_worker" else "/wuhan/"))
        drawn = rail([role], "/")
        refused = [
            entry.url
            for entry in (*drawn.above, *drawn.below, *drawn.more)
            if client.get(entry.url).status_code not in (200, 302)
        ]
        assert not refused, (role, refused)


def test_the_leader_has_four_places_and_the_rest_under_more() -> None:
    drawn = rail(["leader"], "/tasks/RW-1/")
    assert [entry.word for entry in drawn.above] == ["今日", "目标", "督办", "一张图"]
    assert [entry.key for entry in drawn.more if entry.current] == ["tasks"]
    assert drawn.more_current
    assert rail(["leader"], "/", {"review": 7}).more_count == 7
    client, _user = signed_in("lead", ("leader", "/wuhan/"))
    html = client.get("/help/").content.decode()
    assert re.search(r'<details class="eb-menu eb-rail-more">\s*<summary\s*>.{0,400}更多.*href="/clues/"', html, re.S)
    assert 'aria-current="true"' in client.get("/tasks/").content.decode()


def test_the_health_of_the_feeds_is_a_link_for_who_may_open_their_page() -> None:
    for role, opens in (("duty_officer", True), ("enforcement_officer", False)):
        client, _user = signed_in(role, (role, "/wuhan/"))
        html = client.get("/help/").content.decode()
        assert 'id="eb-feeds"' in html
        assert ('href="/feeds/"\n' in html or 'href="/feeds/" ' in html) is opens


def test_the_current_item_is_the_longest_address_that_begins_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"desk": "/desk/", "map": "/desk/map/", "help": "/help/"}
    by_icon = {ITEMS[key].icon: url for key, url in addresses.items()}
    monkeypatch.setattr(navigation, "_address", lambda item: by_icon.get(item.icon))
    drawn = rail(["duty_officer"], "/desk/map/x/", {"map": 3})
    assert ("desk", False, 0) in [(entry.key, entry.current, entry.count) for entry in drawn.above]
    assert ("map", True, 3) in [(entry.key, entry.current, entry.count) for entry in drawn.above]
    assert [entry.key for entry in drawn.below] == ["help"]
    assert not drawn.more_current


def test_a_person_with_several_roles_gets_one_rail() -> None:
    assert navigation.leading_role(["grid_worker", "duty_officer"]) == "duty_officer"
    assert navigation.leading_role([]) is None


def test_hooks_that_are_set_exist() -> None:
    for name, path in settings.SHELL_HOOKS.items():
        assert name in {"feeds", "shift", "counts", "unread", "demo_people"}
        assert callable(hooks._function(path))


def test_the_list_of_people_shows_in_the_demo_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [hooks.DemoPerson("lin", "demo-pass", "林某", "值班员")]
    monkeypatch.setattr(hooks, "ask", lambda name, *_a, default=None: people if name == "demo_people" else default)
    with override_settings(DEMO=False):
        assert "demo-pass" not in client.get("/accounts/login/").content.decode()
    with override_settings(DEMO=True):
        html = client.get("/accounts/login/").content.decode()
    assert 'data-login="lin"' in html
    assert "演示数据" in html


def test_help_is_there(client: Client) -> None:
    client, _user = signed_in()
    assert client.get(reverse("shell:help")).status_code == 200
