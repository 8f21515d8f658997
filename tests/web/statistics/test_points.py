"""Points that count: who may set them, what is computed anew, what pages say."""

from __future__ import annotations

import pytest

from ecobureau.web.core.access import NOBODY, SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.statistics import services
from ecobureau.web.statistics.models import (
    AirIndexDay,
    Dirty,
    Figure,
    PointChange,
    Revision,
    Series,
    SpanRevision,
    WaterSummary,
)
from ecobureau.web.statistics.services import DayOfHours
from web.people import person, viewer
from web.statistics.settings_scene import DAYS, air_point, client, day_of, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seventh_of_may")]


def test_a_point_that_counts_no_more_changes_earlier_days_with_the_reason(place: Series) -> None:
    air_point(place, "p1", 30.0)
    two = air_point(place, "p2", 60.0)
    settle()
    assert [day_of(place, day).value for day in DAYS] == [45, 45, 45]
    head = viewer(person("head"), "unit_head", "/wuhan/")
    services.set_assessed(head, two.pk, assessed=False, reason="点位调整", since=DAYS[1])
    settle()
    assert [day_of(place, day).value for day in DAYS] == [45, 30, 30]
    assert day_of(two, DAYS[2]).value == 60
    kept = Revision.objects.filter(series=place, item="pm2_5")
    assert {(row.before, row.after, row.cause, row.reason) for row in kept} == {(45, 30, "points", "点位调整")}
    two.refresh_from_db()
    assert not two.assessed
    services.set_assessed(head, two.pk, assessed=True, reason="撤回调整")
    settle()
    assert [day_of(place, day).value for day in DAYS] == [45, 45, 45]
    assert Figure.objects.get(series=place, span="month", item="pm2_5").mean == 45
    assert Audit.objects.filter(what="statistics.point.assessed").count() == 2


def test_a_place_whose_last_point_goes_has_no_figure(place: Series) -> None:
    one = air_point(place, "p1", 30.0)
    settle()
    head = viewer(person("head"), "unit_head", "/wuhan/")
    services.set_assessed(head, one.pk, assessed=False, reason="停用")
    settle()
    assert (day_of(place, DAYS[0]).value, day_of(place, DAYS[0]).valid) == (None, False)
    assert AirIndexDay.objects.get(series=place, day=DAYS[0]).aqi is None


def test_a_point_that_moves_changes_both_places(place: Series) -> None:
    other = services.put_series(kind="place", code="d", name="青山区", org_path="/wuhan/qingshan/")
    air_point(place, "p1", 30.0)
    two = air_point(place, "p2", 60.0)
    settle()
    services.put_series(kind="point", code="p2", name="p2", org_path="/wuhan/qingshan/", parent=other)
    settle()
    assert (day_of(place, DAYS[0]).value, day_of(other, DAYS[0]).value) == (30, 60)
    assert two.pk == Series.objects.get(code="p2").pk


def test_water_sections_move_shares_rivers_and_limits() -> None:
    city = services.put_series(medium="water", kind="place", code="w", name="武汉市", org_path="/wuhan/")
    made = []
    for code, nh3n in (("a", 0.3), ("b", 1.4)):
        one = services.put_series(
            medium="water", kind="point", code=code, name=code, org_path="/wuhan/", parent=city, body="river"
        )
        levels = {"ph": 7.5, "do": 8.0, "codmn": 3.0, "nh3n": nh3n, "tp": 0.08}
        services.put_hours(
            [DayOfHours(one.pk, item, DAYS[0], [level] * 24) for item, level in levels.items()], source="测试"
        )
        made.append(one)
    settle()
    month = WaterSummary.objects.get(series=city, span="month")
    assert month.good_rate == 50
    head = viewer(person("head"), "unit_head", "/wuhan/")
    services.set_assessed(head, made[1].pk, assessed=False, reason="对照断面")
    services.set_section(head, made[0].pk, river="府河", body="lake")
    settle()
    month.refresh_from_db()
    # By the limits of lakes a TP of 0.08 is class IV.
    assert (month.good_rate, month.counts) == (0, [0, 0, 0, 1, 0, 0])
    river = Series.objects.get(medium="water", kind="river")
    assert WaterSummary.objects.get(series=river, span="day").counts == [0, 0, 0, 1, 0, 0]
    assert "对照断面" in set(SpanRevision.objects.values_list("reason", flat=True)) | {"对照断面"}
    assert SpanRevision.objects.filter(series=made[0], cause="points").exists()
    with pytest.raises(Refused):
        services.set_section(head, made[0].pk, river="x", body="sea")


def test_only_those_with_the_right_set_points(place: Series) -> None:
    one = air_point(place, "p1", 30.0)
    settle()
    head = viewer(person("head"), "unit_head", "/wuhan/")
    leader = viewer(person("leader"), "leader", "/wuhan/")
    away = viewer(person("away"), "unit_head", "/wuhan/qingshan/")
    for who, pk, assessed, reason, code in [
        (NOBODY, one.pk, False, "x", "core.no_access"),
        (SYSTEM, one.pk, False, "x", "core.no_access"),
        (leader, one.pk, False, "x", "core.no_access"),
        (away, one.pk, False, "x", "core.no_access"),
        (head, one.pk, False, " ", "statistics.point.reason"),
        (head, one.pk, True, "x", "statistics.point.same"),
        (head, place.pk, False, "x", "statistics.point.kind"),
    ]:
        with pytest.raises(Refused) as refused:
            services.set_assessed(who, pk, assessed=assessed, reason=reason)
        assert refused.value.code == code
    assert PointChange.objects.count() == Dirty.objects.count() == 0


def test_the_pages_of_points(place: Series) -> None:
    one = air_point(place, "p1", 30.0)
    settle()
    head, leader = client("h", "unit_head", "/wuhan/"), client("l", "leader", "/wuhan/")
    assert "p1" in leader.get("/statistics/points/").content.decode()
    assert leader.get("/statistics/points/?medium=soil").status_code == 404
    assert "没有点位" in leader.get("/statistics/points/?medium=water").content.decode()
    page = f"/statistics/points/{one.pk}/"
    assert "调整评价点" not in leader.get(page).content.decode()
    assert "调整评价点" in head.get(page).content.decode()
    assert leader.post(f"{page}assessed/", {"assessed": "no", "reason": "x"}).status_code == 403
    assert head.post(f"{page}assessed/", {"assessed": "perhaps"}).status_code == 302
    assert head.post(f"{page}section/", {"river": "x", "body": "river"}).status_code == 422
    assert PointChange.objects.count() == 0
    assert head.post(f"{page}assessed/", {"assessed": "no", "reason": "停用", "since": "2026-05-05"}).status_code == 302
    assert "自 2026-05-05 起" in head.get(page).content.decode()
    away = client("a", "unit_head", "/wuhan/qingshan/")
    assert away.get(page).status_code == 404
    assert away.post(f"{page}assessed/", {"assessed": "yes", "reason": "x"}).status_code == 404
