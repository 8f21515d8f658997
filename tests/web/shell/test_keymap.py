"""A person's own keys and sound: kept with the account, wrong letters refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from ecobureau.web.shell import keymap
from web.people import person

pytestmark = pytest.mark.django_db


def test_letters_are_kept_with_the_person_and_given_to_the_page(client: Any) -> None:
    user = person("zhang", ("duty_officer", "/wuhan/"))
    client.force_login(user)
    assert client.post("/prefs/keys/", {"d": "E", "w": "", "j": "n", "next": "/help/"})["Location"] == "/help/"
    user.refresh_from_db()
    assert user.keys == {"d": "e", "j": "n"}
    page = client.get("/help/").content.decode()
    assert "&quot;d&quot;: &quot;e&quot;" in page and 'name="d"' in page
    client.post("/prefs/keys/", {"reset": "1"})
    user.refresh_from_db()
    assert user.keys == {}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"d": "w"}, "shell.keys.twice"),
        ({"d": "1"}, "shell.keys.letter"),
        ({"d": "派"}, "shell.keys.letter"),
        ({"d": "ab"}, "shell.keys.letter"),
    ],
)
def test_letters_that_cannot_be_are_refused_and_nothing_changes(client: Any, given: dict[str, str], code: str) -> None:
    with pytest.raises(keymap.BadKeys) as caught:
        keymap.read(given)
    assert caught.value.code == code
    user = person("zhang", ("duty_officer", "/wuhan/"))
    client.force_login(user)
    answer = client.post("/prefs/keys/", {**given, "next": "/help/"}, follow=True)
    user.refresh_from_db()
    assert user.keys == {} and ("请换一个" in answer.content.decode() or "A 到 Z" in answer.content.decode())


def test_two_letters_may_change_places() -> None:
    assert keymap.read({"d": "w", "w": "d"}) == {"d": "w", "w": "d"}


def test_sound_is_off_until_it_is_turned_on_and_kept(client: Any) -> None:
    user = person("zhang", ("duty_officer", "/wuhan/"))
    client.force_login(user)
    assert 'data-on="0"' in client.get("/desk/").content.decode()
    assert client.post("/prefs/", {"name": "sound", "value": "1"}, headers={"X-EB-Quiet": "1"}).status_code == 204
    user.refresh_from_db()
    assert user.sound and 'data-on="1"' in client.get("/desk/").content.decode()
    assert client.post("/prefs/", {"name": "sound", "value": "loud"}).status_code == 400
    client.logout()
    assert client.post("/prefs/keys/", {"d": "e"}).status_code == 400
