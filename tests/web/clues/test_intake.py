"""`POST /api/clues`: a source's key opens clues and nothing else; twice is once; every wrong field is named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ecobureau.clock import now
from ecobureau.web.accounts.keys import services as keys
from ecobureau.web.clues import intake, pool
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.api import take
from ecobureau.web.clues.models import Clue, ClueIntake, ClueSource, Reporter
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit
from web.clues.pool_scene import CITY, DISTRICT, OTHER, who

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


@pytest.fixture
def drone(city: None) -> ClueSource:
    """A drone team of one district with a service account."""
    return clues.make_source(
        SYSTEM,
        code="drone-ja",
        name="江岸无人机队",
        kind="drone",
        org_path=DISTRICT,
        account="drone.ja",
        scenario="K08",
        contact="赵某",
        phone="027-1",
    )


@pytest.fixture
def send(client: Any, drone: ClueSource) -> Send:
    account = drone.account
    assert account is not None
    _key, text = keys.make(SYSTEM, account, name="上报", days=30, may_write=True, per_minute=30)

    def post(body: Any, key: str = "k1", **headers: str) -> Any:
        sent = body if isinstance(body, str | bytes) else json.dumps(body)
        head = {"Authorization": f"Bearer {text}", "Idempotency-Key": key, "Accept-Language": "zh"} | headers
        return client.post("/api/clues", sent, content_type="application/json", headers=head)

    return post


REPORT = {
    "title": "江滩边有人焚烧秸秆，烟很大",
    "lon": 114.3,
    "lat": 30.6,
    "text": "无人机 14:02 拍到三处火点",
    "reference": "D-77",
    "confidence": 0.9,
    "occurred_at": "2026-11-22T14:02:00+08:00",
    "reporter": {"name": "李大明", "phone": "13812345678", "words": "天天烧"},
    "evidence": [{"kind": "url", "text": "https://example.org/1.jpg"}, {"kind": "number", "text": "火点 3 处"}],
}


def test_a_report_becomes_a_clue_with_its_source_evidence_and_reporter(send: Send, drone: ClueSource) -> None:
    answer = send(REPORT)
    assert answer.status_code == 201, answer.content
    clue = Clue.objects.get(number=answer.json()["number"])
    assert (clue.source, clue.scenario, clue.reference) == (drone, "K08", "D-77")
    assert (clue.org_path, clue.level) == (DISTRICT, "orange"), "the kind's default level"
    assert clue.first_at.isoformat() == "2026-11-22T06:02:00+00:00"
    assert [piece.code for piece in clue.evidence.order_by("seq")] == [
        "clues.evidence.reported.url",
        "clues.evidence.reported.number",
    ]
    assert clue.risk == 72 and clue.risk_parts["confidence"] == 0.9
    assert clue.created_by == drone.account, "the history says who sent it"
    reporter = Reporter.objects.get()
    assert bytes(reporter.name_sealed or b"").find("李".encode()) == -1
    assert Audit.objects.filter(what="clue_intake", number=clue.number).exists()
    assert Audit.objects.filter(what="key_act").exists()


def test_twice_is_once_and_another_body_is_refused(send: Send) -> None:
    first, again = send(REPORT), send(REPORT)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"created": False}
    other = send(REPORT | {"title": "别的事情"})
    assert (other.status_code, other.json()["code"]) == (409, "clues.intake.key_taken")
    assert send(REPORT, key="k2").status_code == 201
    assert (Clue.objects.count(), Reporter.objects.count(), ClueIntake.objects.count()) == (2, 2, 2)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": None}, "title", "missing"),
        ({"title": " x "}, "title", "short"),
        ({"title": "长" * 201}, "title", "long"),
        ({"title": 7}, "title", "text"),
        ({"scenario": "K99"}, "scenario", "choice"),
        ({"level": "purple"}, "level", "choice"),
        ({"lon": "114"}, "lon", "number"),
        ({"lon": True}, "lon", "number"),
        ({"lat": 91}, "lat", "range"),
        ({"lat": None}, "lat", "both"),
        ({"severity": 2.5}, "severity", "integer"),
        ({"confidence": -0.1}, "confidence", "range"),
        ({"occurred_at": "2026-11-22T14:02:00"}, "occurred_at", "time"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at", "future"),
        ({"surprise": 1}, "surprise", "unknown"),
        ({"reporter": "李大明"}, "reporter", "object"),
        ({"reporter": {"nmae": "李"}}, "reporter.nmae", "unknown"),
        ({"reporter": {"wants_answer": "yes"}}, "reporter.wants_answer", "boolean"),
        ({"evidence": {}}, "evidence", "array"),
        ({"evidence": [{"kind": "note", "text": "x"}] * 21}, "evidence", "too_many"),
        ({"evidence": [{"kind": "photo", "text": "x"}]}, "evidence.0.kind", "choice"),
        ({"evidence": [{"kind": "note"}]}, "evidence.0.text", "missing"),
        ({"text": "a\x00b"}, "text", "text"),
    ],
)
def test_every_wrong_field_is_named(send: Send, change: dict[str, Any], field: str, code: str) -> None:
    answer = send(REPORT | change)
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "clues.intake.invalid"
    assert [(each["field"], each["code"]) for each in told["errors"]] == [(field, f"clues.intake.{code}")]
    assert told["errors"][0]["detail"] and not Clue.objects.exists() and not ClueIntake.objects.exists()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{", {}, 400),
        ('{"title": NaN}', {}, 400),
        ("[" * 60_000, {}, 400),
        ("[]", {}, 400),
        ("x" * (intake.MOST_BYTES + 1), {}, 413),
        (REPORT, {"Idempotency-Key": ""}, 400),
        (REPORT, {"Idempotency-Key": "a" * 81}, 400),
        (REPORT, {"Authorization": "Bearer ebk_no"}, 401),
        (REPORT | {"place": OTHER}, {}, 422),
        (REPORT | {"place": "/nowhere/"}, {}, 422),
        (REPORT | {"lon": 114.8}, {}, 422),
    ],
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(
    send: Send, body: Any, headers: dict[str, str], status: int
) -> None:
    answer = send(body, **headers)
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"]
    assert not Clue.objects.exists() and not ClueIntake.objects.exists() and not Reporter.objects.exists()


def test_a_session_does_not_count_and_a_reading_key_may_not_write(client: Any, drone: ClueSource) -> None:
    assert client.post("/api/clues", "{}", content_type="application/json").status_code == 401
    officer = who("duty_officer", CITY)
    from ecobureau.web.accounts.models import User

    client.force_login(User.objects.get(pk=officer.user_id))
    assert client.post("/api/clues", "{}", content_type="application/json").status_code == 401
    assert client.get("/api/clues").status_code == 405
    assert drone.account is not None
    _key, text = keys.make(SYSTEM, drone.account, name="只读", days=30)
    head = {"Authorization": f"Bearer {text}", "Idempotency-Key": "k"}
    body = json.dumps(REPORT)
    assert client.post("/api/clues", body, content_type="application/json", headers=head).status_code == 403


def test_an_account_without_a_source_and_a_closed_source_are_refused(
    client: Any, send: Send, drone: ClueSource
) -> None:
    clues.change_source(SYSTEM, drone, active=False)
    answer = send(REPORT)
    assert (answer.status_code, answer.json()["code"]) == (403, "clues.source.closed")
    ClueSource.objects.update(account=None)
    answer = send(REPORT)
    assert (answer.status_code, answer.json()["code"]) == (403, "clues.intake.no_source")
    assert not Clue.objects.exists()


def test_a_sources_account_may_report_and_nothing_else(client: Any, send: Send, drone: ClueSource) -> None:
    number = send(REPORT).json()["number"]
    assert drone.account is not None
    _key, text = keys.make(SYSTEM, drone.account, name="试探", days=30, may_write=True)
    head = {"Authorization": f"Bearer {text}"}
    for address in ("/api/clues/", f"/api/clues/{number}/", "/api/tasks/"):
        assert client.get(address, headers=head).status_code == 403, address
    tried = client.post(f"/api/clues/{number}/do/triage/", "{}", content_type="application/json", headers=head)
    assert tried.status_code == 403
    assert Clue.objects.get(number=number).state == "new"


def test_too_many_in_a_minute_are_told_when_to_come_back(client: Any, drone: ClueSource) -> None:
    assert drone.account is not None
    _key, text = keys.make(SYSTEM, drone.account, name="慢", days=30, may_write=True, per_minute=2)
    head = {"Authorization": f"Bearer {text}", "Idempotency-Key": "same"}
    body = json.dumps(REPORT)
    answers = [client.post("/api/clues", body, content_type="application/json", headers=head) for _ in range(3)]
    last = answers[-1]
    assert [each.status_code for each in answers[:1]] == [201]
    assert last.status_code == 429 and int(last.headers["Retry-After"]) >= 1
    assert Clue.objects.count() == 1


def test_the_schema_says_what_the_check_does(client: Any, city: None) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    answer = client.get("/api/clues/schema.json")
    assert answer.status_code == 200
    shape = answer.json()
    jsonschema.Draft202012Validator.check_schema(shape)
    validator = jsonschema.Draft202012Validator(shape)
    good = {key: value for key, value in REPORT.items() if key != "occurred_at"}
    bad = [
        {},
        {"title": "x" * 300},
        good | {"lat": 91},
        good | {"scenario": "K99"},
        good | {"more": 1},
        good | {"lon": "1"},
    ]
    bad += [good | {"evidence": [{"kind": "note"}]}, good | {"reporter": []}, good | {"severity": 6}]
    for body in (good, *bad):
        assert validator.is_valid(body) == (intake.check(body)[1] == []), body


def test_a_point_in_gcj02_is_kept_in_wgs84(send: Send) -> None:
    number = send(REPORT | {"system": "gcj02"}).json()["number"]
    clue = Clue.objects.get(number=number)
    assert clue.lon is not None and clue.lat is not None
    assert 0.002 < abs(clue.lon - 114.3) < 0.01


def test_the_false_clue_rate_is_per_source_and_opens_its_lists(client: Any, send: Send, drone: ClueSource) -> None:
    for key in ("a", "b", "c", "d"):
        assert send(REPORT, key=key).status_code == 201
    first, second, third, _fourth = Clue.objects.order_by("pk")
    Clue.objects.filter(pk=first.pk).update(state="dismissed")
    Clue.objects.filter(pk__in=[second.pk, third.pk]).update(state="closed")
    officer = who("duty_officer", DISTRICT)
    rate = pool.rates(officer, [drone])[drone.pk]
    assert (rate.total, rate.decided, rate.false) == (4, 3, 1)
    assert rate.percent == pytest.approx(33.33, abs=0.01)
    other = pool.rates(who("duty_officer", OTHER), [drone])[drone.pk]
    assert (other.total, other.percent) == (0, None), "another district counts its own"
    from ecobureau.web.accounts.models import User

    client.force_login(User.objects.get(pk=officer.user_id))
    for url, n in ((rate.total_url, 4), (rate.decided_url, 3), (rate.false_url, 1)):
        assert client.get(url).context["page"].total == n
    keeper = who("administrator", CITY)
    assert pool.rates(keeper, [drone]) == {}, "who sees no clues is told no number, which would be 0"
    client.force_login(User.objects.get(pk=keeper.user_id))
    for page in ("/clue-sources/", f"/clue-sources/{drone.code}/"):
        html = client.get(page).content.decode()
        assert 'href="/clues/' not in html
    assert "你看不到线索" in html


def test_a_source_out_of_time_is_not_counted(send: Send, drone: ClueSource) -> None:
    send(REPORT)
    Clue.objects.update(created_at=now() - timedelta(days=pool.RATE_DAYS + 1))
    assert pool.rates(SYSTEM, [drone])[drone.pk].total == 0


def test_a_person_registers_with_source_matter_and_reporter(client: Any, drone: ClueSource) -> None:
    from ecobureau.web.accounts.models import User

    clues.make_source(SYSTEM, code="line", name="热线", kind="complaint", org_path=DISTRICT)
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    form = {"title": "油烟扰民", "org_path": DISTRICT, "scenario": "K11", "matter": "kitchen_fume", "source": "line"}
    form |= {"reporter_name": "王二", "reporter_phone": "13812345678", "wants_answer": "0", "at": "2026-11-20 14:30"}
    assert client.post("/clues/new/", form | {"at": "2999-01-01 00:00"}).status_code == 422
    assert client.post("/clues/new/", form | {"lon": "114.3"}).status_code == 422
    assert not Clue.objects.exists()
    assert client.post("/clues/new/", form).status_code == 302
    clue = Clue.objects.get()
    assert clue.source is not None and (clue.source.code, clue.matter, clue.level) == ("line", "kitchen_fume", "yellow")
    assert clue.first_at.isoformat() == "2026-11-20T06:30:00+00:00"
    assert Reporter.objects.get().wants_answer is False


def test_a_table_brings_reports_with_reporters_dry_run_first(client: Any, drone: ClueSource) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from ecobureau.web.accounts.models import User

    clues.make_source(SYSTEM, code="line", name="热线", kind="complaint", org_path=DISTRICT)
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    head = "事情,区域,情形,线索来源,来源编号,举报人姓名,举报人电话\n"
    rows = "夜间施工,江岸区,K11,热线,H-1,王二,13812345678\n油烟,江岸区,K99,热线,H-2,,\n"

    def send(text: str, **more: str) -> Any:
        file = SimpleUploadedFile("a.csv", (head + text).encode())
        return client.post("/api/clues/import/", {"file": file, **more})

    bad = send(rows)
    assert bad.status_code == 422 and [each["row"] for each in bad.json()["problems"]] == [3]
    good = rows.replace("K99", "K07")
    tried = send(good, dry_run="1")
    assert (tried.status_code, tried.json()["made"], Clue.objects.count()) == (200, 2, 0), tried.content
    assert send(good).status_code == 201
    assert send(good).json()["same"] == 2
    assert [clue.reference for clue in Clue.objects.order_by("pk")] == ["H-1", "H-2"]
    assert Reporter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_twice_at_once_makes_one_clue() -> None:
    from django.db import connections

    from web.clues.pool_scene import build_city

    build_city()
    source = clues.make_source(
        SYSTEM, code="line", name="热线", kind="complaint", org_path=DISTRICT, account="line.api"
    )
    account = viewer_of(source.account)
    together = threading.Barrier(2)
    made: list[Any] = []

    def send() -> None:
        together.wait(30)
        try:
            values, problems = intake.check(REPORT)
            assert not problems
            made.append(take(account, source, "k", REPORT, values))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(fresh for _clue, fresh in made) == [False, True]
    assert len({clue.pk for clue, _fresh in made}) == 1
    assert (Clue.objects.count(), Reporter.objects.count(), ClueIntake.objects.count()) == (1, 1, 1)
