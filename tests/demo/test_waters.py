"""Rivers, lakes and basins of the invented city, and that shares are rolled up for each."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.demo.waters import build_waters
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Series, WaterSummary
from ecobureau.web.statistics.services import DayOfHours

LEVELS = {"ph": 7.6, "do": 8.1, "codmn": 3.2, "nh3n": 0.31, "tp": 0.08}
DAY = date(2026, 5, 4)


@pytest.mark.django_db
def test_sections_lie_on_rivers_and_count_towards_their_basin() -> None:
    with use_clock(ManualClock(datetime(2026, 5, 27, 1, tzinfo=UTC))):
        city = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
        for code, name, body in (
            ("jiangan", "江岸", "river"),
            ("jianghan", "江汉", "river"),
            ("hongshan", "洪山", "lake"),
        ):
            places.make_organisation(SYSTEM, parent=city, code=code, level="district", name=f"{name}分中心")
            sources.make_station(
                SYSTEM, code=code, name=f"演示{name}断面一", st="21", org_path=f"/wuhan/{code}/", water_body=body
            )
        assert build_waters() == build_waters() == 3
        sections = Series.objects.filter(medium="water", kind="point").order_by("code")
        assert [(one.river.name, one.river.parent.name) for one in sections if one.river and one.river.parent] == [
            ("东湖", "长江流域"),
            ("府河", "长江流域"),
            ("汉江", "汉江流域"),
        ]
        for at, one in enumerate(sections):
            rows = [
                DayOfHours(one.pk, item, DAY, [level * (1 + 2 * at * (item == "tp"))] * 24)
                for item, level in LEVELS.items()
            ]
            services.put_hours(rows, source="测试")
        while rollup.drain():
            pass
        shares = {
            row.series.name: (sum(row.counts), row.good_rate)
            for row in WaterSummary.objects.filter(span="month", series__kind="river").select_related("series")
        }
        assert set(shares) == {"东湖", "府河", "汉江", "长江流域", "汉江流域"}
        assert (shares["长江流域"][0], shares["汉江流域"][0]) == (2, 1)
        assert shares["汉江"] == shares["汉江流域"] == (1, 0.0)
