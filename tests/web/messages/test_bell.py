"""The inbox of the house: the bell with its number, and what a person wants."""

from __future__ import annotations

from typing import Any

import pytest

from ecobureau.web.core import live
from ecobureau.web.core.access import viewer_of
from ecobureau.web.core.models import Notice
from ecobureau.web.messages.models import Preference

pytestmark = pytest.mark.django_db


def test_the_bell_counts_what_is_unread_and_is_called_by_news(client: Any, reader: Any, tell: Any) -> None:
    client.force_login(reader)
    assert "条未读" not in client.get("/inbox/bell/").content.decode()
    tell()
    tell()
    bell = client.get("/inbox/bell/").content.decode()
    assert "2<span" in bell.replace(" ", "").replace("\n", "") and f'data-eb-topics="user:{reader.pk}"' in bell
    assert live.read_token(live.token(viewer_of(reader), [f"user:{reader.pk}"])).hears(f"user:{reader.pk}", "")
    ids = list(Notice.objects.values_list("pk", flat=True))
    client.post("/inbox/read/", {"id": ids})
    assert "条未读" not in client.get("/inbox/bell/").content.decode()


def test_many_of_a_kind_are_folded_in_the_inbox(client: Any, reader: Any, tell: Any) -> None:
    client.force_login(reader)
    for _ in range(8):
        tell()
    tell(code="dispatch.notice.withdrawn")
    page = client.get("/inbox/").content.decode()
    assert "同类还有 5 条" in page and page.count('name="id"') == 9 and page.index("已撤回") < page.index("同类还有")


def test_wishes_are_kept_and_half_a_span_is_refused(client: Any, reader: Any) -> None:
    client.force_login(reader)
    form = {"by_email": "on", "email": "me@bureau.example", "quiet_from": "21:00", "quiet_to": "06:30"}
    assert client.post("/me/messages/", form).status_code == 302
    kept = Preference.objects.get()
    assert (kept.by_email, kept.by_sms, f"{kept.quiet_from:%H:%M}") == (True, False, "21:00")
    assert client.post("/me/messages/", {**form, "quiet_to": ""}).status_code == 422
    kept.refresh_from_db()
    assert f"{kept.quiet_to:%H:%M}" == "06:30"
    assert "me@bureau.example" in client.get("/me/messages/").content.decode()


def test_who_has_not_signed_in_sees_no_settings(client: Any) -> None:
    for address in ("/me/messages/", "/channels/", "/channels/log/", "/inbox/bell/"):
        assert client.get(address).status_code == 302
