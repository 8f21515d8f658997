"""An outfall from its discovery to daily supervision, its procedures, and what is refused on the way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.clock import now
from ecobureau.web.core import attachments
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import Clock, History
from ecobureau.web.core.refusals import Refused
from ecobureau.web.outfalls import services
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.sources import codes
from web.files import jpeg

pytestmark = pytest.mark.django_db


def refused(code: str, call: Any, /, *args: Any, **kwargs: Any) -> None:
    """Call; it must be refused with `code`, and the record's history must not have grown."""
    before = History.objects.count()
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    assert History.objects.count() == before


def photo(outfall: Outfall, who: Any) -> None:
    upload = SimpleUploadedFile("a.jpg", jpeg())
    attachments.store(outfall, who, upload, paper="photo", uuid=uuid.uuid4())


def test_codes_are_given_in_order_and_never_twice(outfall: Outfall) -> None:
    second = services.register(SYSTEM, title="二号口", kind_code="NS", water="府河", lon=114.7, lat=30.5)
    third = services.register(SYSTEM, title="三号口", kind_code="GY", water="长江", lon=115.2, lat=30.5)
    assert [outfall.code, second.code, third.code] == [
        "420102-0001-GY-00",
        "420102-0002-NS-00",
        "420107-0001-GY-00",
    ]
    assert outfall.grid == "/wuhan/jiangan/g1/" and second.grid == ""
    Outfall.objects.filter(pk=second.pk).update(state="struck")
    assert (
        services.register(SYSTEM, title="四", kind_code="GY", water="府河", lon=114.2, lat=30.5).code[:11]
        == "420102-0003"
    )
    spot = {"water": "府河", "lon": 114.2, "lat": 30.5}
    for code, given in (
        ("outfall.code.taken", {"code": second.code, "kind_code": "NS"}),
        ("outfall.code.form", {"code": "420102-1-GY", "kind_code": "GY"}),
        ("outfall.code.kind", {"code": "420102-0009-NS-00", "kind_code": "GY"}),
        ("outfall.kind.unknown", {"kind_code": "ZZ"}),
        ("registry.place.outside", {"kind_code": "GY", "lon": 120.0}),
    ):
        refused(code, services.register, SYSTEM, title="坏", **{**spot, **given})
    assert codes.of("outfall", outfall.pk) is not None


def test_the_whole_way(outfall: Outfall, firm: Any, people: dict[str, Any], settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    officer, head = people["officer"], people["head"]
    refused("outfall.no_result", kernel.perform, outfall, "measure", officer)
    at = now() - timedelta(hours=3)
    act = uuid.uuid4()
    given = {"sampled_at": at, "values": {"w01018": Decimal("92"), "w01001": Decimal("7.1")}}
    limits = {"w01018": Decimal("80")}
    services.sample(outfall, people["worker"], **given, limits=limits, client_uuid=act)
    services.sample(outfall, people["worker"], **given, limits=limits, client_uuid=act)
    assert outfall.level == "orange"
    assert sorted(Result.objects.values_list("factor_id", "over")) == [("w01001", False), ("w01018", True)]
    kernel.perform(outfall, "measure", officer)
    refused("outfall.no_owner", services.trace, outfall, officer, how="走访")
    refused("outfall.firm.unknown", services.trace, outfall, officer, firm="91420100000000000X")
    services.trace(outfall, officer, firm=firm.code, how="管网图")
    assert (outfall.state, outfall.responsible) == ("traced", "江北印染有限公司")
    services.treat(outfall, officer, treatment="regulate", problem="COD 超限值")
    refused("core.papers_missing", kernel.perform, outfall, "hand_in", officer)
    photo(outfall, officer)
    kernel.perform(outfall, "hand_in", officer)
    refused("core.not_your_role", services.accept, outfall, officer)
    refused("outfall.no_removal", services.accept_removal, outfall, head)
    services.accept(outfall, head, sign=True)
    assert (outfall.state, outfall.level, outfall.sign, outfall.problem) == ("managed", "blue", True, "")
    assert not Clock.objects.filter(kind="outfall", object_id=outfall.pk, stopped_at=None).exists()
    services.patrol(outfall, people["worker"], finding="usual")
    assert verify_chain("outfall", outfall.pk, outfall.version).faults == ()  # type: ignore[comparison-overlap]


def test_who_hands_in_does_not_accept(outfall: Outfall, people: dict[str, Any], settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    head = people["head"]
    kernel.perform(outfall, "measure", head, reason="dry")
    services.trace(outfall, head, private_owner="王某", contact="13900000000")
    services.treat(outfall, head, treatment="remove", problem="无批准")
    photo(outfall, head)
    kernel.perform(outfall, "hand_in", head)
    refused("core.four_eyes", services.accept_removal, outfall, head)
    refused("outfall.removal", services.accept, outfall, people["other_head"])
    services.accept_removal(outfall, people["other_head"])
    assert outfall.state == "cancelled" and outfall.closed_at is not None
    assert codes.of("outfall", outfall.pk) is None
    assert "王某" not in "".join(History.objects.values_list("body", flat=True))


def test_procedures_have_their_clock_and_two_hands(outfall: Outfall, people: dict[str, Any]) -> None:
    officer, head = people["officer"], people["head"]
    refused("outfall.other_procedure", kernel.perform, outfall, "ask_registration", officer)
    kernel.perform(outfall, "ask_approval", officer)
    clock = Clock.objects.get(kind="outfall", object_id=outfall.pk, code="approve")
    assert (clock.unit, clock.amount) == ("workday", 20)
    services.grant(outfall, head, approval_number="武环排口〔2026〕1号")
    assert (outfall.state, outfall.approval_number) == ("managed", "武环排口〔2026〕1号")
    refused("outfall.no_change", services.ask_change, outfall, officer, title=outfall.title, size="")
    services.ask_change(outfall, officer, title=outfall.title, size="DN800")
    assert (outfall.size, outfall.pending) == ("", {"size": "DN800"})
    services.grant_change(outfall, head)
    assert (outfall.size, outfall.pending) == ("DN800", {})
    kernel.perform(outfall, "ask_cancel", head, reason="stopped")
    refused("core.four_eyes", services.grant_cancel, outfall, head)
    services.grant_cancel(outfall, people["other_head"])
    assert outfall.state == "cancelled" and codes.of("outfall", outfall.pk) is None


def test_bad_samples_change_nothing(outfall: Outfall, people: dict[str, Any]) -> None:
    worker = people["worker"]
    at = now() - timedelta(hours=1)
    refused("outfall.no_value", services.sample, outfall, worker, sampled_at=at, values={})
    refused("registry.factor.unknown", services.sample, outfall, worker, sampled_at=at, values={"zz": Decimal(1)})
    soon = now() + timedelta(hours=1)
    refused("outfall.future", services.sample, outfall, worker, sampled_at=soon, values={"w01018": Decimal(1)})
    refused("core.no_access", services.sample, outfall, people["away"], sampled_at=at, values={"w01018": Decimal(1)})
    assert not Result.objects.exists()


def test_the_page_and_the_api_do_the_same(client: Any, outfall: Outfall, people: dict[str, Any]) -> None:
    from ecobureau.web.accounts.models import User

    client.force_login(User.objects.get(username="officer"))
    form = {"sampled_at": "2026-11-01 08:00", "value_w01018": "45", "limit_w01018": "50", "version": outfall.version}
    answer = client.post(f"/api/outfalls/{outfall.number}/do/sample/", form)
    assert answer.status_code in (200, 201), answer.content
    page = client.get(f"/outfalls/{outfall.number}/").content.decode()
    assert "45 mg/L" in page and "未超" in page
    made = client.post(
        "/outfalls/new/",
        {"title": "新口", "kind_code": "NS", "water": "府河", "lon": "114.2", "lat": "30.4", "system": "wgs84",
         "entry": "pipe", "way": "broken"},
    )  # fmt: skip
    assert made.status_code == 302, made.content.decode()[-3000:]
    assert Outfall.objects.get(title="新口").code == "420102-0002-NS-00"
    listed = client.get("/api/outfalls/?kind_code=NS").json()
    assert [row["title"] for row in listed["results"]] == ["新口"]
