"""The pages of detection: what they show, who may see and change, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.detection.registry import load_all
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.models import Audit
from ecobureau.web.detection import accounting, reading, replay, services, totals
from ecobureau.web.detection.models import (
    ChainLink,
    Pass,
    PatternSetting,
    PermittedAmount,
    SettingProposal,
    Verdict,
)
from ecobureau.words import templates
from web.detection.plants import Plant, fill, make_plant, write
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
HOURS = 14 * 24
LINK = {"role": "treat", "station": "E0002", "factor": "kw2", "rated_kw": "30"}
AMOUNT = {"factor": "a21026", "period": "year", "kg": "9000", "source": "许可证第9页", "valid_from": "2026-01-01"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(NOON)):
        yield


@pytest.fixture
def plant() -> Plant:
    return make_plant(NOON.date())


def client(name: str, role: str, place: str = "/wuhan/") -> Client:
    found = Client()
    found.force_login(person(name, (role, place)), backend="django.contrib.auth.backends.ModelBackend")
    return found


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def test_the_chain_shows_every_link_on_one_axis_and_names_what_is_missing(plant: Plant, database_url: str) -> None:
    fill(database_url, plant, NOON, HOURS, frozen=30)
    services.run_pass(Pass.Kind.NIGHTLY, [plant.outlet.pk], NOON, days=60)
    address = f"/outlets/{plant.outlet.pk}/chain/"
    leader = client("leader", "leader")
    seen = leader.get(address)
    chart = seen.context["process"].chart
    assert [plot.unit for plot in chart.plots] == ["kW", "mg/m3", "m3/s", "kg"]
    assert {(plot.points[0].start, plot.points[-1].end) for plot in chart.plots} == {(NOON - timedelta(days=7), NOON)}
    assert any("P01" in str(band.words) for band in chart.bands)
    page = seen.content.decode()
    assert "没有接入" in page and "治污用电" in page and "许可限值 100" in page
    # Only who may change the registry is offered the form.
    assert "/chain/new/" not in page
    assert "/chain/new/?role=treat" in text(client("admin", "administrator"), address)
    for days in (3, 30):
        drawn = leader.get(address, {"days": days}).context["process"].chart
        assert drawn.end - drawn.start == timedelta(days=days)
    assert leader.get(address, {"days": "x", "factor": "nothing"}).context["process"].factor == "a21002"
    assert f"{address}" in text(leader, f"/outlets/{plant.outlet.pk}/")


def test_the_month_adds_up_hour_by_hour(plant: Plant, database_url: str) -> None:
    write(database_url, plant.stack, NOON - timedelta(hours=10), {"a21002": [50.0] * 10, "a00000": [20.0] * 10})
    found = client("leader", "leader").get(f"/outlets/{plant.outlet.pk}/chain/").context["process"]
    # 50 mg/m3 · 20 m3/s · 3600 s = 3.6 kg an hour
    assert found.month_kg == pytest.approx(36.0)
    assert found.permitted_kg == 4000


def test_a_place_that_is_not_ones_own_is_not_shown(plant: Plant) -> None:
    away = client("away", "leader", "/wuhan/qingshan/")
    for address in (f"/outlets/{plant.outlet.pk}/chain/", f"/totals/{plant.outlet.pk}/a21002/"):
        text(away, address, 404)
    assert "1号锅炉" not in text(away, "/totals/")
    assert Client().get("/totals/").status_code == 302
    assert "这段时间没有小时数据" in text(client("near", "leader"), f"/outlets/{plant.outlet.pk}/chain/")


def test_an_administrator_connects_and_disconnects_a_station(plant: Plant) -> None:
    address = f"/outlets/{plant.outlet.pk}/chain/new/"
    admin = client("admin", "administrator")
    for wrong, words in (
        ({"station": "E9999"}, "没有编号为“E9999”的站点"),
        ({"factor": ""}, "用电环节要填写因子编码"),
        ({"rated_kw": "-1"}, "额定功率要大于 0"),
        ({"role": "prod", "station": "E0001", "factor": "kw1"}, "已经是该排口的同一环节"),
        ({"role": "inlet", "station": "G0001", "factor": ""}, "进口环节要用另一个站点"),
    ):
        answer = admin.post(address, LINK | wrong)
        assert answer.status_code == 422 and words in answer.content.decode(), wrong
    assert ChainLink.objects.count() == 1
    assert client("leader", "leader").post(address, LINK).status_code == 403
    assert ChainLink.objects.count() == 1
    assert admin.post(address, LINK).status_code == 302
    row = ChainLink.objects.get(role="treat")
    assert (row.station_id, row.factor, row.rated_kw) == (plant.spare.pk, "kw2", 30)
    assert Audit.objects.filter(what="registry.chain").count() == 1
    end = f"/outlets/{plant.outlet.pk}/chain/{row.pk}/end/"
    last = {"last": "2026-11-20", "reason": "电表拆除"}
    assert client("duty", "duty_officer").post(end, last).status_code == 403
    assert admin.post(end, last | {"reason": " "}).status_code == 422
    assert ChainLink.objects.get(pk=row.pk).valid_to is None
    assert admin.post(end, last).status_code == 302
    assert ChainLink.objects.get(pk=row.pk).valid_to == date(2026, 11, 20)
    assert "2026-11-20 结束" in admin.post(end, last).content.decode()
    assert "已结束的环节" in text(admin, f"/outlets/{plant.outlet.pk}/chain/")
    assert Audit.objects.filter(what="registry.chain_end").count() == 1
    # Ended, the same meter may be connected again.
    assert admin.post(address, LINK | {"valid_from": "2026-11-22"}).status_code == 302
    text(admin, f"/outlets/{plant.outlet.pk}/chain/99999/end/", 404)


def test_a_changed_link_leaves_the_past_as_it_was(plant: Plant, database_url: str) -> None:
    start = NOON - timedelta(hours=48)
    write(database_url, plant.stack, start, {"a21002": [50.0] * 48, "a00000": [20.0] * 48})
    write(database_url, plant.meter, start, {"kw1": [1500.0] * 48, "kw2": [70.0] * 48})
    row = ChainLink.objects.get(role="prod")
    admin = client("admin", "administrator")
    change = f"/outlets/{plant.outlet.pk}/chain/{row.pk}/change/"
    assert admin.post(change, {"since": "2026-11-22", "factor": "", "reason": "换表"}).status_code == 422
    assert ChainLink.objects.count() == 1 and ChainLink.objects.get().valid_to is None
    assert admin.post(change, {"since": "2026-11-22", "factor": "kw2", "reason": "换表"}).status_code == 302
    [(series, _facts, _declared)] = reading.inputs([plant.outlet.pk], start, NOON)
    power = series.avg["pw_prod"]
    midnight = 36
    assert list(power[:midnight]) == [1500.0] * midnight and list(power[midnight:]) == [70.0] * (48 - midnight)


def test_totals_against_the_permit_with_a_forecast(plant: Plant, database_url: str) -> None:
    hours = 21 * 24 + 12
    write(
        database_url, plant.stack, NOON - timedelta(hours=hours), {"a21002": [50.0] * hours, "a00000": [36.0] * hours}
    )
    leader = client("leader", "leader")
    assert totals.refresh([plant.outlet.pk], NOON) == 22
    [line] = leader.get("/totals/").context["lines"]
    # 50 mg/m3 · 36 m3/s · 3600 s = 6.48 kg an hour, since the first of November
    assert float(line.month.share.total_kg) == pytest.approx(6.48 * hours)
    assert line.month.warning == 80 and line.year.warning == 0
    low, middle, high = line.month.ahead_percents
    assert low <= middle <= high and middle == pytest.approx(100 * 6.48 * 24 * 30 / 4000, rel=0.03)
    page = text(leader, f"/totals/{plant.outlet.pk}/a21002/?day=2026-11-21")
    assert page.count("/frames/") >= 24 and "6.480" in page and "实测" in page
    rows = b"".join(leader.get("/totals.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 3 and "83.59" in rows[1]
    assert Audit.objects.filter(what="detection.totals").exists()
    text(leader, f"/totals/{plant.outlet.pk}/nothing/", 404)


def test_an_outlet_without_flow_has_no_amount(plant: Plant, database_url: str) -> None:
    write(database_url, plant.stack, NOON - timedelta(hours=5), {"a21002": [50.0] * 5})
    leader = client("leader", "leader")
    assert "不能计算排放量" in text(leader, f"/outlets/{plant.outlet.pk}/chain/")
    totals.refresh([plant.outlet.pk], NOON)
    assert "没有流量数据" in text(leader, f"/totals/{plant.outlet.pk}/a21002/")
    assert accounting.account(plant.outlet, "a34013", NOON.date(), NOON) is None


def test_a_permitted_amount_is_entered_by_the_administrator(plant: Plant) -> None:
    address = f"/outlets/{plant.outlet.pk}/permitted/"
    admin = client("admin", "administrator")
    for wrong in ({"factor": "x1"}, {"kg": "0"}, {"kg": "NaN"}, {"valid_to": "2025-01-01"}):
        assert admin.post(address, AMOUNT | wrong).status_code == 422
    assert client("head", "unit_head").post(address, AMOUNT).status_code == 403
    assert PermittedAmount.objects.count() == 2
    assert admin.post(address, AMOUNT).status_code == 302
    assert PermittedAmount.objects.get(factor_id="a21026").kg == 9000
    answer = admin.post(address, AMOUNT)
    assert answer.status_code == 422 and "已经登记" in answer.content.decode()


def test_patterns_are_read_by_the_office_and_set_by_the_administrator(plant: Plant) -> None:
    admin, head = client("admin", "administrator"), client("head", "unit_head")
    page = text(head, "/patterns/")
    assert "P01" in page and "P36" in page and "恒值" in page
    text(client("grid", "grid_worker"), "/patterns/", 403)
    page = text(head, "/patterns/P01/")
    assert "P01.gas_hours" in page and "本系统建议" in page and "保存设置" not in page
    assert head.post("/patterns/P01/", {"enabled": "on"}).status_code == 403
    assert not PatternSetting.objects.exists()
    assert admin.post("/patterns/P01/", {"P01.gas_hours": "abc"}).status_code == 422
    assert not PatternSetting.objects.exists()
    wish = {"P01.gas_hours": "7.5", "note": "试行"}
    assert "请写明原因" in admin.post("/patterns/P01/", wish | {"note": ""}).content.decode()
    assert admin.post("/patterns/P01/", wish).status_code == 302
    assert not PatternSetting.objects.exists() and SettingProposal.objects.get().params == {"P01.gas_hours": 7.5}
    assert "批准" in text(head, "/patterns/P01/") and "撤回" in text(admin, "/patterns/P01/")
    assert "待批准的设置" in text(head, "/patterns/")
    decide = "/patterns/P01/decide/"
    assert admin.post(decide, {"verb": "approve"}).status_code == 403
    assert "回放还没有成功完成" in head.post(decide, {"verb": "approve"}, follow=True).content.decode()
    assert not PatternSetting.objects.exists()
    replay.run(Pass.objects.get().pk, 30)
    far = client("far", "unit_head", "/wuhan/jiangan/")
    assert far.post(decide, {"verb": "approve"}).status_code == 403
    assert "请写明原因" in head.post(decide, {"verb": "reject"}, follow=True).content.decode()
    assert head.post(decide, {"verb": "approve", "words": "同意"}).status_code == 302
    row = PatternSetting.objects.get()
    assert (row.pattern, row.enabled, row.params) == ("P01", False, {"P01.gas_hours": 7.5})
    page = text(admin, "/patterns/P01/")
    assert "<b>7.5</b>" in page and "停用中" in page and "同意" in page
    assert set(Audit.objects.filter(what__startswith="detection.").values_list("what", flat=True)) == {
        "detection.propose", "detection.replay", "detection.approve",
    }  # fmt: skip
    text(admin, "/patterns/P99/", 404)


def test_a_replay_says_what_it_would_have_opened(plant: Plant, database_url: str) -> None:
    fill(database_url, plant, NOON, HOURS, frozen=30)
    admin = client("admin", "administrator")
    assert admin.post("/patterns/P01/replay/", {"days": "900"}).status_code == 302
    assert not Pass.objects.exists()
    address = admin.post("/patterns/P01/replay/", {"days": "10"})["Location"]
    one = Pass.objects.get()
    assert "?part=body" in text(admin, address) and "正在运行" in text(admin, "/patterns/P01/")
    replay.run(one.pk, 10)
    page = text(admin, address)
    assert "会打开 1 条线索" in page and "41.37" in page and "?part=body" not in page
    assert not Clue.objects.exists()
    other = text(client("far", "leader", "/wuhan/qingshan/"), address)
    assert "41.37" not in other and "其中 1 条不在您的辖区" in other
    assert "<h1" not in text(admin, f"{address}?part=body")


def test_passes_name_what_failed(plant: Plant) -> None:
    Pass.objects.create(
        kind="nightly", started_at=NOON, ended_at=NOON + timedelta(seconds=90), until=NOON, outlets=1,
        failed={f"{plant.outlet.pk}:P05": "ValueError: x"},
    )  # fmt: skip
    head = client("head", "unit_head")
    assert "90.0 秒" in text(head, "/passes/")
    page = text(head, f"/passes/{Pass.objects.get().pk}/")
    assert "1号锅炉排气筒" in page and "ValueError: x" in page
    text(head, "/passes/999999/", 404)


def test_a_clue_shows_its_members_and_takes_a_verdict(plant: Plant, database_url: str) -> None:
    fill(database_url, plant, NOON, HOURS, frozen=30)
    services.run_pass(Pass.Kind.NIGHTLY, [plant.outlet.pk], NOON, days=60)
    clue = Clue.objects.get()
    address, verdict = f"/clues/{clue.number}/", f"/clues/{clue.number}/verdict/"
    head, leader = client("head", "unit_head"), client("leader", "leader")
    page = text(head, address)
    assert "P01 恒值" in page and f"/clues/{clue.number}/pack/" in page and verdict in page
    assert verdict not in text(leader, address)
    assert leader.post(verdict, {"outcome": "false", "reason": "x"}).status_code == 403
    assert "请写明原因" in head.post(verdict, {"outcome": "false"}, follow=True).content.decode()
    assert not Verdict.objects.exists()
    page = head.post(verdict, {"outcome": "benign", "reason": "仪表检修"}, follow=True).content.decode()
    assert "已记录核实结论" in page and "仪表检修" in page
    assert Verdict.objects.get().outcome == "benign"
    away = client("away", "unit_head", "/wuhan/qingshan/")
    assert away.post(verdict, {"outcome": "verified"}).status_code == 404


def test_every_input_of_a_pattern_has_words() -> None:
    known = templates()
    missing = [one for each in load_all().values() for one in each.inputs if f"detection.input.{one}" not in known]
    assert not missing


def test_in_english(plant: Plant, database_url: str) -> None:
    fill(database_url, plant, NOON, 48)
    user = person("anna", ("administrator", "/wuhan/"))
    user.language = "en"
    user.save()
    english = Client()
    english.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Whole process" in text(english, f"/outlets/{plant.outlet.pk}/chain/")
    assert "Outlets without opinion" in text(english, "/patterns/")
