"""Sensitive places and wind in the risk of a clue: counted when known, said when not, kept up."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import load_workbook

from ecobureau.clock import now
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import jobs, sensitive_file, surroundings
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import RiskScore, SensitivePlace
from ecobureau.web.clues.services import risks
from ecobureau.web.core import history
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.refusals import Refused
from ecobureau.web.core.tables import BadFile
from ecobureau.web.sources.models import Station
from web.clues.pool_scene import CITY, DISTRICT, OTHER, a_clue, who

pytestmark = pytest.mark.django_db


def a_school(**more: Any) -> SensitivePlace:
    given: dict[str, Any] = {"code": "S1", "kind": "school", "name": "育才小学", "lon": 114.302, "lat": 30.6} | more
    return clues.put_place(SYSTEM, **given)[0]


def codes(clue: Any) -> dict[str, int]:
    return {part["code"]: part["points"] for part in clue.risk_parts["parts"]}


def a_wind_station(lon: float = 114.31, lat: float = 30.6) -> Station:
    times = {"created_at": now(), "updated_at": now()}
    return Station.objects.create(
        name="花桥",
        name_sort="hua qiao",
        initials="hq",
        code="A1",
        st="22",
        org_path=DISTRICT,
        lon=lon,
        lat=lat,
        **times,
    )


def blow(monkeypatch: pytest.MonkeyPatch, speed: float | None, comes_from: float, *, flag: str = "N") -> None:
    """Let every station report one hour that has just ended."""
    end = now() - timedelta(minutes=10)

    def series(_conn: Any, _station: int, *_more: Any) -> dict[str, list[Any]]:
        def point(value: float | None) -> Any:
            return SimpleNamespace(start=end - timedelta(hours=1), end=end, value=value, flag=flag)

        return {surroundings.SPEED: [point(speed)], surroundings.FROM: [point(comes_from)]}

    monkeypatch.setattr(surroundings.read, "series", series)


def test_a_school_near_lifts_the_risk_and_the_page_says_so(city: None, client: Any) -> None:
    plain = a_clue("有人烧垃圾", scenario="K08")
    a_school()
    near = a_clue("又有人烧垃圾", scenario="K08")
    assert near.risk > plain.risk
    assert codes(near)["risk.near"] > 0 and codes(near)["risk.wind.unknown"] == 0
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    page = client.get(f"/clues/{near.number}/").content.decode()
    assert "育才小学" in page and "风向不明" in page


@pytest.mark.parametrize(
    ("speed", "comes_from", "flag", "code"),
    [
        (3.0, 270.0, "N", "risk.wind.towards"),
        (3.0, 90.0, "N", "risk.wind.away"),
        (0.2, 270.0, "N", "risk.wind.calm"),
        (None, 270.0, "N", "risk.wind.unknown"),
        (3.0, 270.0, "D", "risk.wind.unknown"),
    ],
)
def test_wind_counts_only_when_it_was_measured_and_blows_there(
    city: None, monkeypatch: pytest.MonkeyPatch, speed: float | None, comes_from: float, flag: str, code: str
) -> None:
    a_school()
    a_wind_station()
    blow(monkeypatch, speed, comes_from, flag=flag)
    found = codes(a_clue("有人烧垃圾", scenario="K08"))
    assert code in found
    assert (found[code] > 0) == (code == "risk.wind.towards")


def test_a_station_too_far_away_says_nothing_of_the_wind_here(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    a_wind_station(lon=114.6)
    blow(monkeypatch, 3.0, 270.0)
    assert surroundings.wind_at(114.3, 30.6, now(), risks.weights()) is None


def test_the_real_store_without_data_gives_no_wind(city: None) -> None:
    a_wind_station()
    assert surroundings.wind_at(114.3, 30.6, now(), risks.weights()) is None


def test_a_new_place_has_the_open_clues_reckoned_anew_and_the_past_is_kept(city: None) -> None:
    clue, done = a_clue("有人烧垃圾", scenario="K08"), a_clue("旧的", scenario="K08")
    type(done).objects.filter(pk=done.pk).update(state="closed")
    before = clue.risk
    a_school()
    jobs.rescore_clues()
    jobs.rescore_clues()
    clue.refresh_from_db()
    done.refresh_from_db()
    assert clue.risk > before and done.risk == before
    assert [(row.score, row.cause) for row in RiskScore.objects.filter(clue=clue)] == [
        (before, "open"),
        (clue.risk, "places"),
    ]
    assert history.verify_chain("clue", clue.pk, clue.version).ok
    clues.close_place(SYSTEM, SensitivePlace.objects.get())
    jobs.rescore_clues()
    clue.refresh_from_db()
    assert clue.risk == before


def test_what_a_judge_has_rated_is_lifted_not_replaced(city: None) -> None:
    a_school()
    from web.dispatch.test_loop import report

    clue, _new = clues.open_or_extend(report(risk=70, lon=114.3, lat=30.6, org_path=DISTRICT, grid="", scenario="K08"))
    assert clue.risk > 70 and clue.source is not None and (clue.source.code, clue.source.machine) == ("judging", True)
    risk = clue.risk
    again, _new = clues.open_or_extend(report(risk=60, lon=114.3, lat=30.6, org_path=DISTRICT, grid="", scenario="K08"))
    assert again.risk == risk, "a weaker finding lowers nothing"


def test_the_list_sorts_by_risk(city: None, client: Any) -> None:
    low = a_clue("小事", level="blue")
    high = a_clue("大事", level="red")
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    for sort, wanted in (("-risk", [high, low]), ("risk", [low, high])):
        assert client.get("/clues/", {"sort": sort}).context["page"].records == wanted


HEAD = "编号,类别,名称,经度,纬度,人数\n"


def test_a_file_is_tried_row_by_row_and_kept_whole_or_not_at_all(city: None) -> None:
    admin = who("administrator", CITY)
    bad = (
        HEAD + "S1,学校,育才小学,114.3,30.6,800\nS2,庙,归元寺,114.3,30.6,\n"
        "S3,学校,三小,200,30.6,\nS1,学校,重复,114.3,30.6,\n"
    )
    bad += "S5,医院,城外医院,120.0,20.0,\n"
    report = sensitive_file.run(admin, bad.encode(), "a.csv", apply=True)
    assert not report.applied and not SensitivePlace.objects.exists()
    assert [(each.row, each.column) for each in report.problems] == [(3, "类别"), (4, "经度"), (5, "编号"), (6, "")]
    good = HEAD + "S1,学校,育才小学,114.3,30.6,800\nS2,hospital,市一医院,114.31,30.61,\n"
    tried = sensitive_file.run(admin, good.encode("gb18030"), "a.csv", apply=False)
    assert (tried.good, tried.made, SensitivePlace.objects.count()) == (True, 2, 0)
    assert sensitive_file.run(admin, good.encode(), "a.csv", apply=True).made == 2
    again = sensitive_file.run(admin, good.replace("800", "900").encode(), "a.csv", apply=True)
    assert (again.made, again.changed, again.same) == (0, 1, 1)


def test_a_file_with_wrong_columns_is_refused(city: None) -> None:
    admin = who("administrator", CITY)
    report = sensitive_file.run(admin, "编号,颜色\nS1,红\n".encode(), "a.csv", apply=True)
    assert [each.column for each in report.problems] == ["颜色", ""]
    with pytest.raises(BadFile):
        sensitive_file.run(admin, b"\x00\x01", "a.csv", apply=True)


def test_the_import_page_shows_first_and_then_does(city: None, client: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(User.objects.get(pk=who("administrator", CITY).user_id))
    template = client.get("/sensitive-places/import/template.xlsx")
    assert load_workbook(io.BytesIO(template.content)).worksheets[0]["A1"].value == "编号 *"
    file = SimpleUploadedFile("a.csv", (HEAD + "S1,学校,育才小学,114.3,30.6,\n").encode())
    page = client.post("/sensitive-places/import/", {"file": file})
    assert page.status_code == 200 and not SensitivePlace.objects.exists()
    assert client.post("/sensitive-places/import/", {"sealed": page.context["sealed"]}).status_code == 302
    assert SensitivePlace.objects.get().name == "育才小学"
    assert client.post("/sensitive-places/import/", {"sealed": "x"}).status_code == 422


def test_a_districts_administrator_puts_places_in_the_own_district_only(city: None) -> None:
    admin = who("administrator", DISTRICT)
    given = {"code": "S9", "kind": "school", "name": "外区小学", "lat": 30.6}
    with pytest.raises(Refused, match="no_access"):
        clues.put_place(admin, lon=114.7, **given)
    assert not SensitivePlace.objects.exists()
    place, change = clues.put_place(admin, lon=114.3, **given)
    assert (place.org_path, change) == (DISTRICT, "made")
    with pytest.raises(Refused, match="no_access"):
        clues.close_place(who("administrator", OTHER), place)
