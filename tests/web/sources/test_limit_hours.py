"""Limits of the day and the night alone: dated apart, never overlapping, on pages and in imports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import selectors, services
from ecobureau.web.sources.models import Limit

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)


@pytest.fixture
def boundary(enterprise: Any) -> Any:
    services.sync_factors(SYSTEM)
    return services.make_outlet(SYSTEM, enterprise, code="ZS001", name="东厂界", medium="noise")


def _set(outlet: Any, value: int, hours: str, first: date = FIRST) -> Limit:
    return services.set_limit(SYSTEM, outlet, "Leq", value=value, hours=hours, source="GB 12348-2008", valid_from=first)


def test_day_and_night_stand_side_by_side_and_end_apart(boundary: Any) -> None:
    day, night = _set(boundary, 65, "day"), _set(boundary, 55, "night")
    later = _set(boundary, 50, "night", date(2026, 6, 1))
    day.refresh_from_db()
    night.refresh_from_db()
    assert (day.valid_to, night.valid_to, later.valid_to) == (None, date(2026, 5, 31), None)


def test_two_of_one_part_never_overlap(boundary: Any) -> None:
    _set(boundary, 55, "night")
    with pytest.raises(Invalid):
        _set(boundary, 50, "night")
    assert [row.value for row in Limit.objects.all()] == [Decimal(55)]


def test_another_part_of_the_day_is_refused(boundary: Any) -> None:
    with pytest.raises(Invalid):
        _set(boundary, 55, "noon")
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    ("instant", "day", "night"),
    [
        (datetime(2026, 11, 21, 21, 59, tzinfo=UTC), False, True),
        (datetime(2026, 11, 21, 22, 0, tzinfo=UTC), True, False),
        (datetime(2026, 11, 22, 13, 59, tzinfo=UTC), True, False),
        (datetime(2026, 11, 22, 14, 0, tzinfo=UTC), False, True),
    ],
)
def test_which_limit_holds_now(boundary: Any, instant: datetime, day: bool, night: bool) -> None:
    rows = [_set(boundary, 65, "day"), _set(boundary, 55, "night"), _set(boundary, 90, "any")]
    assert [selectors.holds_at(row, instant) for row in rows] == [day, night, True]


def test_profiles_are_offered_by_kind_of_outlet_and_day() -> None:
    assert "noise_zone_2" in services.profile_names()
    offered = services.profile_names(medium="noise", on=FIRST)
    assert {"noise_boundary_3", "noise_construction"} <= set(offered)
    assert all(name.startswith("noise_") for name in offered)
    assert services.profile_names(medium="noise", on=date(1999, 1, 1)) == []
    assert "coal_power" in services.profile_names(medium="air", on=FIRST)


def test_a_profile_of_another_medium_changes_nothing(boundary: Any) -> None:
    with pytest.raises(Invalid):
        services.apply_profile(SYSTEM, boundary, "coal_power", valid_from=FIRST)
    assert not Limit.objects.exists()


def test_the_edition_in_force_on_the_day_counts(boundary: Any) -> None:
    rows = services.apply_profile(SYSTEM, boundary, "noise_construction", valid_from=date(2025, 6, 1))
    assert {row.source for row in rows} == {"GB 12523-2011"}
    rows = services.apply_profile(SYSTEM, boundary, "noise_construction", valid_from=FIRST)
    assert {(row.source, row.flag) for row in rows} == {("GB 12523-2025", "likely")}


def test_a_zone_that_is_not_there_is_refused(boundary: Any) -> None:
    with pytest.raises(Invalid):
        services.make_station(SYSTEM, code="N1", name="声环境点", st="23", noise_zone="5")
    made = services.make_station(SYSTEM, code="N1", name="声环境点", st="23", noise_zone="4a")
    with pytest.raises(Invalid):
        services.change_station(SYSTEM, made, noise_zone="4")
    made.refresh_from_db()
    assert made.noise_zone == "4a"
    assert selectors.zone_limits(made.noise_zone, FIRST)[1].value == 55
