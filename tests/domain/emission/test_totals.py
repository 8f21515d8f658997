"""Totals, permits, twelve months, forecast, transmission."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.emission.bulk import micrograms
from ecobureau.domain.emission.days import days_of
from ecobureau.domain.emission.grid import Samples
from ecobureau.domain.emission.outlet import OutletSpec, outlet_hours
from ecobureau.domain.emission.permit import (
    account_quarter,
    against,
    direct_discharge,
    explained,
    forecast,
    reached_on,
    rolling,
)
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.times import PERIODS, day_number, period_days, period_index, period_name
from ecobureau.domain.emission.totals import Total, automatic_usable, kilograms, totals_of
from ecobureau.domain.emission.transmission import explained as sent_explained
from ecobureau.domain.emission.transmission import transmission


def a_total(period: str, operating: int, valid: int, kg: int = 100) -> Total:
    return Total(period, 220, 90, 2160, 2160 - operating, 0, operating, valid, 0, 0, kg * 10**9, 0, 0, 0, 0)


def a_year(rules: EmissionRules, seed: int = 0):
    hours = 24 * 365
    first = day_number(date(2025, 1, 1)) * 24
    chance = np.random.default_rng(seed)
    minutes = (first + np.arange(hours, dtype=np.int64)) * 60
    marks = np.where(chance.random(hours) < 0.03, 3, 0).astype(np.uint8)
    none = np.full(hours, np.nan)
    own = {
        "a21026": Samples(minutes, np.round(chance.random(hours) * 30, 3), marks, none),
        "a00000": Samples(minutes, np.round(50 + chance.random(hours), 3), np.zeros(hours, dtype=np.uint8), none),
    }
    return days_of(outlet_hours(own, OutletSpec("gas"), rules), "a21026", rules, "gas")


def test_periods_add_up_exactly(rules: EmissionRules):
    days = a_year(rules)
    totals = {period: list(totals_of(days, period)) for period in PERIODS}
    assert [len(totals[period]) for period in PERIODS] == [365, 12, 4, 1]
    for field in ("measured_ug", "substituted_ug", "hours", "valid", "operating", "substituted", "received"):
        sums = {sum(getattr(one, field) for one in own) for own in totals.values()}
        assert len(sums) == 1, field
    year = totals["year"][0]
    assert year.total_kg == kilograms(year.measured_ug + year.substituted_ug)
    assert year.total_kg == sum((one.total_kg for one in totals["month"]), Decimal(0))
    assert [one.name for one in totals["quarter"]] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert year.valid + year.substituted + year.lost == year.operating


def test_micrograms_are_whole_and_missing_ones_nothing():
    assert micrograms(np.array([1.0, np.nan, 0.0000000015, 1e-10])).tolist() == [10**9, 0, 2, 0]


def test_day_of_the_year_sums_to_the_sum_of_hours(rules: EmissionRules):
    # A value that no float adds up exactly: ten times 0.1 kg is 1 kg.
    assert kilograms(int(micrograms(np.full(10, 0.1)).sum())) == 1


def test_period_names_and_spans():
    days = np.array([day_number(date(2024, 2, 29))])
    names = [period_name(int(period_index(days, one)[0]), one) for one in PERIODS]
    assert names == ["2024-02-29", "2024-02", "2024-Q1", "2024"]
    assert period_days(int(period_index(days, "quarter")[0]), "quarter") == (date(2024, 1, 1), date(2024, 4, 1))
    with pytest.raises(ValueError, match="week"):
        period_index(days, "week")


def test_exactly_a_quarter_missing_may_still_be_used(rules: EmissionRules):
    assert automatic_usable(a_total("quarter", 2000, 1500), rules) is True
    assert automatic_usable(a_total("quarter", 2000, 1499), rules) is False
    assert automatic_usable(a_total("quarter", 0, 0), rules) is None
    assert automatic_usable(a_total("month", 2000, 0), rules) is None


def test_what_counts_for_a_quarter(rules: EmissionRules):
    good, bad = a_total("quarter", 2000, 1900), a_total("quarter", 2000, 1000)
    assert account_quarter(good, rules, must_automatic=True).way == "automatic"
    direct = account_quarter(bad, rules, must_automatic=True, manual_kg=Decimal(5), direct_kg=Decimal(900))
    assert (direct.way, direct.kg) == ("direct", Decimal(900))
    assert account_quarter(None, rules, must_automatic=True).reason == "emission.account.direct_unknown"
    assert account_quarter(bad, rules, must_automatic=False, manual_kg=Decimal(5)).way == "manual"
    assert account_quarter(None, rules, must_automatic=False, factors_kg=Decimal(7)).kg == 7
    assert account_quarter(None, rules, must_automatic=False).kg is None
    assert direct_discharge(Decimal(100), Decimal("2.5")) == 250
    with pytest.raises(ValueError, match="-1"):
        direct_discharge(Decimal(-1), Decimal(1))


def test_equal_to_the_permit_is_not_over(rules: EmissionRules):
    equal = against(Decimal(1000), Decimal(1000), rules)
    assert (equal.over, equal.excess_kg, equal.share, equal.warning) == (False, 0, 1, 1.0)
    over = against(Decimal("1000.000000001"), Decimal(1000), rules)
    assert over.over and over.excess_kg == Decimal("0.000000001")
    assert against(Decimal(1250), Decimal(1000), rules).multiple == Fraction(1, 4)


@pytest.mark.parametrize(("kg", "warning"), [(799, 0.0), (800, 0.8), (899, 0.8), (900, 0.9), (950, 0.95), (999, 0.95)])
def test_warnings(kg: int, warning: float, rules: EmissionRules):
    assert against(Decimal(kg), Decimal(1000), rules).warning == warning


def test_nothing_permitted(rules: EmissionRules):
    assert against(Decimal(1), Decimal(0), rules).over
    assert not against(Decimal(0), Decimal(0), rules).over
    assert against(Decimal(0), Decimal(0), rules).warning == 0
    with pytest.raises(ValueError, match="-5"):
        against(Decimal(1), Decimal(-5), rules)
    assert explained(against(Decimal(1), Decimal(2), rules), "2025").value == 0.5


def test_twelve_consecutive_months(rules: EmissionRules):
    months = {100 + at: at * 10**9 for at in range(14)}
    found = rolling(months, rules.rolling_months)
    assert [(one.last, one.total_kg) for one in found] == [(111, 66), (112, 78), (113, 90)]
    del months[105]
    assert rolling(months, rules.rolling_months) == []


def test_forecast(rules: EmissionRules):
    even = forecast([10.0] * 30, 335, rules)
    assert even is not None
    assert (even.low_kg, even.middle_kg, even.high_kg) == (3650, 3650, 3650)
    assert forecast([10.0] * 6, 335, rules) is None
    uneven = forecast([8.0, 12.0] * 15, 335, rules)
    assert uneven is not None and uneven.low_kg < uneven.middle_kg == 3650 < uneven.high_kg
    done = forecast([8.0, 12.0] * 15, 0, rules)
    assert done is not None and done.low_kg == done.high_kg == 300


@given(st.lists(st.floats(0, 1000), min_size=7, max_size=60), st.integers(0, 300))
def test_forecast_never_falls_below_what_was_emitted(daily: list[float], left: int):
    from ecobureau.rulepacks import load

    found = forecast(daily, left, EmissionRules.from_pack(load("emission"), date(2025, 6, 1)))
    assert found is not None
    assert found.high_kg >= found.middle_kg >= found.low_kg * (1 - 1e-12)
    assert found.low_kg >= sum(daily) * (1 - 1e-12)


def test_the_day_the_permit_was_passed():
    daily = [(date(2025, 1, day), Decimal(10)) for day in range(1, 6)]
    assert reached_on(daily, Decimal(30)) == date(2025, 1, 4)
    assert reached_on(daily, Decimal(50)) is None


def test_transmission():
    one = transmission(1000, 950, 900, 0.75)
    assert one.transmission == 0.95 and one.validity == pytest.approx(900 / 950)
    assert one.effective == pytest.approx(0.9) and one.reached is True
    other = transmission(1000, 950, 900, 0.9, of="should")
    assert other.validity == 0.9 and other.effective == pytest.approx(0.855) and other.reached is False
    assert transmission(0, 0, 0, 0.75).effective is None
    assert transmission(10, 0, 0, 0.75).effective == 0
    assert transmission(4, 3, 3, 0.75).reached is True
    assert sent_explained(one).value == one.effective
    with pytest.raises(ValueError, match="received 11"):
        transmission(10, 11, 3, 0.75)
    with pytest.raises(ValueError, match="valid"):
        transmission(10, 9, 3, 0.75, of="valid")
