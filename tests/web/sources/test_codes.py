"""Public codes: what a scan shows to whom, ended codes, who may issue and revoke, limits, and the printed labels."""

from __future__ import annotations

from datetime import date
from typing import Any

import pypdfium2
import pytest
from django.core.cache import cache

from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.sources import codes, services
from ecobureau.web.sources.models import PublicCode
from ecobureau.web.sources.pages import codes as pages
from web.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def where(thing: Any, what: str = "outlet", **query: str) -> str:
    found = codes.of(what, thing.pk)
    assert found is not None
    return f"/c/{codes.spaced(found.code)}/" + ("?public=1" if query else "")


def test_registering_gives_codes_that_cannot_be_guessed(outlet: Any, station: Any, enterprise: Any) -> None:
    given = [codes.of("enterprise", enterprise.pk), codes.of("outlet", outlet.pk), codes.of("station", station.pk)]
    texts = [each.code for each in given if each]
    assert len(set(texts)) == 3
    assert all(len(text) == 12 and set(text) <= set(codes.ALPHABET) for text in texts)
    assert len(codes.ALPHABET) ** codes.LENGTH > 2**58
    assert codes.tidy(f"https://x.example/c/{codes.spaced(texts[0]).lower()}/") == texts[0]
    assert codes.tidy("abc") == codes.tidy("0" * 12) == codes.tidy("") == ""


def test_the_public_sees_limits_and_owner_and_nothing_from_inside(client: Any, outlet: Any, enterprise: Any) -> None:
    services.change_enterprise(SYSTEM, enterprise, contact="张某某", phone="13812345678")
    services.sync_factors(SYSTEM)
    services.set_limit(
        SYSTEM, outlet, "a21026", value="35", source="排污许可证", valid_from=date(2026, 1, 1), unit="mg/m3"
    )
    answer = client.get(where(outlet))
    page = answer.content.decode()
    assert answer.status_code == 200 and "max-age" in answer["Cache-Control"] and "Cookie" in answer["Vary"]
    assert all(word in page for word in ("1号锅炉排气筒", "江北热电有限公司", "35 mg/m³", "排污许可证", "12345"))
    assert "张某某" not in page and "13812345678" not in page and "/wuhan/" not in page and "线索" not in page
    assert client.get(where(enterprise, "enterprise")).status_code == 200


def test_people_of_the_place_get_the_file_others_the_public_view(client: Any, outlet: Any) -> None:
    for name, place, status in (("here", "/wuhan/jiangan/", 302), ("away", "/wuhan/qingshan/", 200)):
        client.force_login(person(name, ("duty_officer", place)))
        answer = client.get(where(outlet))
        assert answer.status_code == status, name
        assert client.get(where(outlet, public="1")).status_code == 200
    assert answer.headers.get("Location") is None


def test_ended_and_unknown_codes_say_so(client: Any, outlet: Any) -> None:
    old = where(outlet)
    assert client.get(old).status_code == 200
    codes.reissue(SYSTEM, "outlet", outlet.pk, why="标牌丢失")
    gone = client.get(old)
    assert gone.status_code == 404 and "换成了新码" in gone.content.decode() and "1号锅炉" not in gone.content.decode()
    assert client.get(where(outlet)).status_code == 200
    last = where(outlet)
    codes.revoke(SYSTEM, "outlet", outlet.pk, why="被人冒用")
    assert "停用了" in client.get(last).content.decode()
    unknown = client.get("/c/2222-2222-2222/")
    assert unknown.status_code == 404 and "没有这个码" in unknown.content.decode()
    assert [row.what for row in Audit.objects.filter(what__startswith="code.").order_by("pk")] == [
        "code.replaced",
        "code.issue",
        "code.revoked",
    ]
    services.change_outlet(SYSTEM, outlet, active=False)
    codes.issue(SYSTEM, "outlet", outlet.pk)
    cache.clear()
    assert client.get(where(outlet)).status_code == 404


def test_looks_and_misses_are_limited(client: Any, outlet: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "MISSES_AN_HOUR", 3)
    assert [client.get("/c/2222-2222-2222/").status_code for _each in range(5)] == [404, 404, 404, 429, 429]
    assert client.get(where(outlet)).status_code == 429
    cache.clear()
    monkeypatch.setattr(pages, "SCANS_A_MINUTE", 2)
    answers = [client.get(where(outlet)) for _each in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "60"


def test_typing_a_code(client: Any, outlet: Any) -> None:
    found = codes.of("outlet", outlet.pk)
    assert found is not None
    assert client.get("/c/").status_code == 200
    assert client.get("/c/", {"code": found.code.lower()})["Location"] == where(outlet)
    wrong = client.get("/c/", {"code": "<b>0"})
    assert wrong.status_code == 422 and "&lt;b&gt;0" in wrong.content.decode()


# who, where -> may see the code's page, may issue and revoke it
TABLE = [
    ("administrator", "/wuhan/", True, True),
    ("administrator", "/wuhan/jiangan/", True, True),
    ("administrator", "/wuhan/qingshan/", False, False),
    ("duty_officer", "/wuhan/jiangan/", True, False),
    ("unit_head", "/wuhan/jiangan/", True, False),
    ("leader", "/wuhan/", True, False),
    ("duty_officer", "/wuhan/qingshan/", False, False),
]


def test_who_may_issue_and_revoke(client: Any, outlet: Any) -> None:
    """At page, service and print: the table above, and a refusal changes nothing."""
    path = f"/codes/outlet/{outlet.pk}/"
    for number, (role, place, sees, may) in enumerate(TABLE):
        user = person(f"p{number}", (role, place))
        client.force_login(user)
        before = list(PublicCode.objects.order_by("pk").values_list("code", "ended_at"))
        assert client.get(path).status_code == (200 if sees else 404), (role, place)
        answer = client.post(f"{path}reissue/", {"why": "测试"})
        assert answer.status_code == (302 if may else 403 if sees else 404), (role, place)
        if not may:
            with pytest.raises(Refused):
                codes.revoke(viewer_of(user), "outlet", outlet.pk, why="测试")
            assert list(PublicCode.objects.order_by("pk").values_list("code", "ended_at")) == before
        printed = client.post("/codes/sheet/", {"what": "outlet", "purpose": "测试", "q": ""})
        got = printed.headers.get("Content-Type") == "application/pdf"
        assert got == may, (role, place, printed.status_code)
    client.logout()
    assert client.post(f"{path}reissue/", {"why": "测试"}).status_code == 302
    assert codes.of("outlet", outlet.pk) is not None


def test_without_a_reason_nothing_is_revoked(client: Any, outlet: Any) -> None:
    client.force_login(person("admin", ("administrator", "/wuhan/")))
    before = codes.of("outlet", outlet.pk)
    answer = client.post(f"/codes/outlet/{outlet.pk}/revoke/", {"why": " "})
    assert answer.status_code == 422 and "请写明原因" in answer.content.decode()
    assert codes.of("outlet", outlet.pk) == before


def test_labels_carry_name_code_and_phone(client: Any, enterprise: Any) -> None:
    for number in range(1, 12):
        name = f"{number}号废水总排放口" + "（长名字）" * 12 * (number == 1)
        services.make_outlet(SYSTEM, enterprise, code=f"DW{number:03d}", name=name, medium="water")
    client.force_login(person("admin", ("administrator", "/wuhan/")))
    answer = client.post("/codes/sheet/", {"what": "outlet", "purpose": "换标牌", "q": "DW"})
    assert answer.status_code == 200, answer.content.decode()[:3000]
    pdf = pypdfium2.PdfDocument(answer.content)
    assert len(pdf) == 2
    text = "".join(page.get_textpage().get_text_range() for page in pdf)
    pdf.close()
    plain = "".join(text.split())
    assert "12345" in plain and "11号废水总排放口" in plain and "…" in plain
    assert all(
        codes.spaced(code) in plain for code in PublicCode.objects.filter(what="outlet").values_list("code", flat=True)
    )
    row = Audit.objects.get(what="code.sheet")
    assert (row.purpose, row.detail["rows"]) == ("换标牌", 11)
    none = client.post("/codes/sheet/", {"what": "outlet", "purpose": "换标牌", "q": "没有的"})
    assert none.status_code == 422
