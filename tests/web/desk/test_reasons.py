"""Reasons of refusal and quarantine read as sentences that say what mends them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from ecobureau.clock import now
from ecobureau.storage import read
from ecobureau.web.desk.reasons import reason_of
from ecobureau.words.codes import gateway
from web.people import person

KEPT = [code for code in gateway.CODES if code.split(".", 1)[0] in ("frame", "station", "data_time", "cp")]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_reason_of_the_gateway_has_words_and_a_remedy(language: str) -> None:
    assert len(KEPT) > 10
    with translation.override(language):
        for code in (*KEPT, "poison.DataError"):
            reason = reason_of(code)
            assert reason.text not in ("", code)
            assert reason.mend
    assert reason_of("new.code").text == "new.code"


@pytest.mark.django_db
def test_the_quarantine_says_why_and_what_to_do(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = SimpleNamespace(reason="station.unknown", mn="X1", raw=b"##0000", peer="p", frames=2, last_at=now())
    monkeypatch.setattr(read, "quarantine", lambda *_a, **_k: [row])
    client.force_login(person("keeper", ("administrator", "/")))
    html = client.get("/quarantine/").content.decode()
    assert "MN 未登记" in html
    assert "请在登记里新建站点和数采仪" in html
    assert "station.unknown" not in html
