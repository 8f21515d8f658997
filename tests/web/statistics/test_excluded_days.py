"""Excluded days: two persons set them, the statistics leave them out and take them back, what pages say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ecobureau.web.core.access import NOBODY, SYSTEM
from ecobureau.web.core.refusals import Refused
from ecobureau.web.statistics import selectors, services
from ecobureau.web.statistics.models import (
    AirIndexDay,
    AirSummary,
    DayMark,
    Figure,
    Series,
)
from ecobureau.web.statistics.services import DayOfHours
from web.people import person, viewer
from web.statistics.settings_scene import DAYS, air_point, client, day_of, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seventh_of_may")]


def dusty(place: Series) -> Series:
    one = air_point(place, "p1", 30.0)
    services.put_hours([DayOfHours(one.pk, "pm10", DAYS[1], [600.0] * 24)], source="测试")
    settle()
    return one


def test_dust_days_leave_the_statistics_and_come_back(place: Series) -> None:
    one = dusty(place)
    before = AirIndexDay.objects.get(series=one, day=DAYS[1]).aqi
    summary = AirSummary.objects.get(series=one, span="month")
    assert (summary.days, summary.good, summary.excluded) == (3, 2, 0)
    assert Figure.objects.get(series=one, span="month", item="pm10").mean == 242
    officer = viewer(person("o"), "duty_officer", "/wuhan/")
    head = viewer(person("h"), "unit_head", "/wuhan/")
    other = viewer(person("x"), "leader", "/wuhan/")
    mark = services.propose_mark(
        officer, "/wuhan/", kind="dust", first=DAYS[1], last=DAYS[1], reason="沙尘过境", source="总站通报〔2026〕5号"
    )
    settle()
    assert AirSummary.objects.get(series=one, span="month").excluded == 0
    services.decide_mark(head, mark.pk, accept=True)
    settle()
    for series in (one, place):
        summary = AirSummary.objects.get(series=series, span="month")
        assert (summary.days, summary.good, summary.excluded, summary.good_rate) == (2, 2, 1, 100)
        assert Figure.objects.get(series=series, span="month", item="pm10").mean == 63
        # Dust leaves particles out, not gases.
        assert Figure.objects.get(series=series, span="month", item="no2").days == 3
    assert AirIndexDay.objects.get(series=one, day=DAYS[1]).aqi == before
    assert day_of(one, DAYS[1]).value == 30
    how = selectors.good_days_explained(SYSTEM, one.pk, "month", date(2026, 5, 1))
    assert how is not None
    assert how.result == 100
    services.withdraw_mark(other, mark.pk, reason="复核后不是沙尘")
    settle()
    summary = AirSummary.objects.get(series=one, span="month")
    assert (summary.days, summary.excluded) == (3, 0)


def test_only_two_persons_with_the_right_exclude_days(place: Series) -> None:
    head = viewer(person("h"), "unit_head", "/wuhan/")
    auditor = viewer(person("a"), "auditor", "/wuhan/")
    away = viewer(person("w"), "unit_head", "/wuhan/qingshan/")
    day, later = DAYS[0], date(2026, 5, 8)
    good = {"kind": "dust", "first": day, "last": day, "reason": "沙尘", "source": "通报"}
    for who, change, code in [
        (NOBODY, {}, "core.no_access"),
        (auditor, {}, "core.no_access"),
        (away, {}, "core.no_access"),
        (head, {"kind": "rain"}, "statistics.mark.kind"),
        (head, {"reason": " "}, "statistics.mark.reason"),
        (head, {"source": " "}, "statistics.mark.reason"),
        (head, {"last": day - timedelta(days=1)}, "statistics.mark.span"),
        (head, {"last": later}, "statistics.mark.span"),
        (head, {"first": day - timedelta(days=60)}, "statistics.mark.span"),
    ]:
        with pytest.raises(Refused) as refused:
            services.propose_mark(who, "/wuhan/", **{**good, **change})  # type: ignore[arg-type]
        assert refused.value.code == code
    assert DayMark.objects.count() == 0
    mark = services.propose_mark(head, "/wuhan/", **good)  # type: ignore[arg-type]
    for who, code in [(head, "statistics.review.same_person"), (auditor, "core.no_access"), (away, "core.no_access")]:
        with pytest.raises(Refused) as refused:
            services.decide_mark(who, mark.pk, accept=True)
        assert refused.value.code == code
    mark.refresh_from_db()
    assert mark.state == "proposed"
    leader = viewer(person("l"), "leader", "/wuhan/")
    services.decide_mark(leader, mark.pk, accept=True)
    for who, reason, code in [
        (leader, "x", "statistics.review.same_person"),
        (head, " ", "statistics.review.reason"),
        (away, "x", "core.no_access"),
    ]:
        with pytest.raises(Refused) as refused:
            services.withdraw_mark(who, mark.pk, reason=reason)
        assert refused.value.code == code


def test_the_pages_of_excluded_days(place: Series) -> None:
    dusty(place)
    officer, head = client("o", "duty_officer", "/wuhan/jiangan/"), client("h", "unit_head", "/wuhan/")
    form = {
        "place": "/wuhan/jiangan/",
        "kind": "dust",
        "first": "2026-05-05",
        "last": "2026-05-05",
        "reason": "沙尘过境",
        "source": "总站通报",
    }
    for bad in ({**form, "place": "/wuhan/qingshan/"}, {**form, "first": "x"}, {}):
        assert officer.post("/statistics/excluded/new/", bad).status_code == 302
    assert DayMark.objects.count() == 0
    assert officer.post("/statistics/excluded/new/", form).status_code == 302
    mark = DayMark.objects.get()
    assert "同意扣除" not in officer.get("/statistics/excluded/").content.decode()
    text = head.get("/statistics/excluded/").content.decode()
    assert "同意扣除" in text
    assert "总站通报" in text
    assert head.post(f"/statistics/excluded/{mark.pk}/colour/").status_code == 404
    assert head.post(f"/statistics/excluded/{mark.pk}/accept/", {"note": "属实"}).status_code == 302
    assert "已扣除" in officer.get("/statistics/excluded/").content.decode()
    settle()
    point = Series.objects.get(code="p1")
    assert "扣除 1 天" in officer.get(f"/statistics/air/{point.pk}/").content.decode()
    away = client("w", "unit_head", "/wuhan/qingshan/")
    assert "沙尘过境" not in away.get("/statistics/excluded/").content.decode()
    assert away.post(f"/statistics/excluded/{mark.pk}/withdraw/", {"note": "x"}).status_code == 404
