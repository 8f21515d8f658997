"""The pages of the pool ask the database as much for many rows as for few."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecobureau.web.accounts.models import User
from ecobureau.web.clues import services as clues
from ecobureau.web.core.access import SYSTEM
from web.clues.pool_scene import DISTRICT, a_clue, closed, who

pytestmark = pytest.mark.django_db


def grow(n: int) -> None:
    for at in range(n):
        code = f"{n}-{at}"
        clues.make_source(SYSTEM, code=f"s{code}", name=f"来源{code}", kind="complaint", org_path=DISTRICT)
        clues.put_place(SYSTEM, code=f"P{code}", kind="school", name=f"小学{code}", lon=114.3 + at / 1000, lat=30.6)
        clue = a_clue(f"花桥街工地夜里两点还在施工打桩 {code}", source=f"s{code}", lon=114.3 + at / 100_000)
        clues.add_reporter(clue, name=f"举报人{code}", phone="13812345678")
        closed(a_clue("办结的", source=f"s{code}", reporter={"name": f"等答复{code}"}))


def test_pages_ask_as_much_for_many_as_for_few(city: None, client: Any) -> None:
    clue = a_clue("花桥街工地夜里两点还在施工打桩")
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    pages = ["/clues/", "/clue-sources/", "/clues/answers/", "/sensitive-places/", "/scene-kinds/"]
    pages.append(f"/clues/{clue.number}/")

    def asks() -> dict[str, int]:
        found = {}
        for page in pages:
            found[page] = min(asked(page) for _each in range(3))
        return found

    def asked(page: str) -> int:
        """The frame remembers some answers for seconds: the least of three counts."""
        with CaptureQueriesContext(connection) as seen:
            assert client.get(page).status_code == 200
        return len(seen)

    grow(3)
    few = asks()
    grow(9)
    assert asks() == few
    assert max(few.values()) <= 45, few
