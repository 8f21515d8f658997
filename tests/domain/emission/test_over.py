"""Hours and days above the limits: at and around the limit, by the converted value, and bulk as scalar."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest

from ecobureau.domain.emission import Bound, EmissionRules, Samples, breaks, days_of, outlet_hours, over_days
from ecobureau.domain.emission.outlet import FactorSpec, OutletSpec
from ecobureau.domain.emission.times import day_number

FIRST = day_number(date(2025, 1, 1)) * 24
NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "found"), [(49.999, False), (50.0, False), (50.0000000001, False), (50.001, True), (NAN, None)]
)
def test_an_equal_value_passes_and_no_value_is_not_judged(value: float, found: bool | None) -> None:
    assert breaks(value, NAN, [Bound(50, False, "hour")], "hour") is found
    assert breaks(NAN, value, [Bound(50, True, "any")], "day") is found
    assert breaks(value, value, [Bound(50, False, "day")], "hour") is None


def test_of_two_limits_either_may_be_broken() -> None:
    both = [Bound(50, False, "hour"), Bound(40, True, "hour")]
    assert breaks(45.0, 39.0, both, "hour") is False
    assert breaks(45.0, 41.0, both, "hour") is True
    assert breaks(51.0, NAN, both, "hour") is True


def test_counts_by_day_are_what_hour_by_hour_gives(rules: EmissionRules) -> None:
    chance = random.Random(7)
    count = 24 * 9 - 5
    minutes = (FIRST * 60 + np.arange(count) * 60).astype(np.int64)

    def row(low: float, high: float, gaps: float) -> Samples:
        values = np.array([chance.uniform(low, high) for _ in range(count)])
        marks = np.array([chance.choice((1, 2, 4)) if chance.random() < gaps else 0 for _ in range(count)], np.uint8)
        return Samples(minutes, values, marks, np.full(count, np.nan))

    given = {"a21026": row(20, 60, 0.1), "a19001": row(5, 9, 0.05), "a00000": row(20, 40, 0.02)}
    spec = OutletSpec("gas", {"a21026": FactorSpec(o2_ref=6)})
    hours = outlet_hours(given, spec, rules, window=(FIRST, FIRST + count))
    one, days = hours.factors["a21026"], days_of(hours, "a21026", rules, "gas")
    change = int(days.day[4])

    def bounds(day: int) -> list[Bound]:
        return [Bound(50, True, "hour"), Bound(45, False, "day")] if day < change else [Bound(35, False, "any")]

    found = over_days(one, days, hours.first_hour, bounds)
    judged, over = np.zeros(len(days.day), int), np.zeros(len(days.day), int)
    for at in range(count):
        index = at // 24
        ok = one.hours.state[at] == 0
        mean, converted = (one.hours.mean[at], one.converted[at]) if ok else (NAN, NAN)
        result = breaks(float(mean), float(converted), bounds(int(days.day[index])), "hour")
        judged[index] += result is not None
        over[index] += bool(result)
    assert found.judged.tolist() == judged.tolist()
    assert found.over.tolist() == over.tolist()
    assert 0 < over.sum() < judged.sum() < count
    days_found = [
        breaks(float(days.mean[at]), float(days.converted[at]), bounds(int(days.day[at])), "day")
        for at in range(len(days.day))
    ]
    assert found.day_judged.tolist() == [int(one is not None) for one in days_found]
    assert found.day_over.tolist() == [int(bool(one)) for one in days_found]


def test_no_limit_judges_nothing(rules: EmissionRules) -> None:
    samples = Samples(
        (FIRST * 60 + np.arange(24) * 60).astype(np.int64),
        np.full(24, 90.0),
        np.zeros(24, np.uint8),
        np.full(24, np.nan),
    )
    hours = outlet_hours({"a21026": samples}, OutletSpec("gas"), rules, window=(FIRST, FIRST + 24))
    found = over_days(hours.factors["a21026"], days_of(hours, "a21026", rules, "gas"), FIRST, lambda day: [])
    assert (found.judged.sum(), found.over.sum(), found.day_judged.sum()) == (0, 0, 0)
