"""Device marks, production-state marks with their hours and due times, limits, furnace temperature."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from ecobureau.domain.emission.limits import exceedance, exceeds, furnace_day, profile, sewage_row, strictest
from ecobureau.domain.emission.marks import (
    BEIJING,
    Meaning,
    StateMark,
    exemption,
    marked_in_time,
    marking_due,
    meaning_of,
    year_hours,
)
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.rules import RulePack
from ecobureau.words import say

DAY = date(2025, 6, 1)
NOON = datetime(2025, 6, 2, 12, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("flag", "meaning"),
    [
        ("N", Meaning.NORMAL),
        ("n", Meaning.NORMAL),
        (" N ", Meaning.NORMAL),
        ("", Meaning.NORMAL),
        ("F", Meaning.STOPPED),
        ("M", Meaning.MAINTENANCE),
        ("S", Meaning.MANUAL),
        ("D", Meaning.FAULT),
        ("C", Meaning.CALIBRATION),
        ("T", Meaning.OVER_RANGE),
        ("B", Meaning.COMMS),
        ("P", Meaning.POWER),
        ("3", Meaning.NORMAL),
        ("0", Meaning.CALIBRATION),
        ("]", Meaning.OTHER),
    ],
)
def test_meaning_of_device_marks(flag: str, meaning: Meaning, rules: EmissionRules):
    assert meaning_of(flag, rules) is meaning
    assert say(f"emission.mark.{meaning.code}", "en") != f"emission.mark.{meaning.code}"


def test_marks_are_due_at_noon_of_the_next_day():
    assert marking_due(DAY, 12) == NOON
    assert marked_in_time(DAY, NOON, 12)
    assert not marked_in_time(DAY, NOON + timedelta(seconds=1), 12)


def start(hour: int) -> datetime:
    return datetime(2025, 6, 1, hour, tzinfo=BEIJING)


def mark(state: str, hours: int, marked_at: datetime = NOON) -> StateMark:
    return StateMark(state, start(0), start(0) + timedelta(hours=hours), marked_at)


def test_a_boiler_s_cold_start_is_exempt_for_four_hours_of_nox(pack: RulePack):
    found = exemption(mark("cold_start", 6), "boiler", pack)
    assert found.reason == "emission.exempt.first_hours"
    assert [found.covers(start(hour), "a21002") for hour in (0, 3, 4)] == [True, True, False]
    assert not found.covers(start(0), "a21026")
    assert exemption(mark("cold_start", 4), "boiler", pack).reason == "emission.exempt.whole"


@pytest.mark.parametrize(
    ("trade", "state", "hours"),
    [
        ("boiler", "cold_start", 4),
        ("boiler", "hot_start", 2),
        ("boiler", "stop", 1),
        ("cement", "cold_start", 36),
        ("cement", "hot_start", 8),
        ("sinter", "cold_start", 8),
        ("incineration", "fault", 4),
    ],
)
def test_windows_by_trade(trade: str, state: str, hours: int, pack: RulePack):
    found = exemption(mark(state, 100), trade, pack)
    assert found.exempt_to == start(0) + timedelta(hours=hours)


def test_late_marks_and_other_trades_have_no_effect(pack: RulePack):
    late = exemption(mark("cold_start", 4, NOON + timedelta(minutes=1)), "boiler", pack)
    assert late.reason == "emission.exempt.late" and not late.covers(start(0), "a21002")
    assert exemption(mark("cold_start", 4), "paper", pack).reason == "emission.exempt.no_rule"
    before = StateMark("cold_start", start(0).replace(year=2022), start(4).replace(year=2022), start(5))
    assert exemption(before, "boiler", pack).reason == "emission.exempt.no_rule"


def test_hours_of_faults_in_a_year():
    spans = [(start(0), start(4)), (start(2), start(6)), (start(0).replace(year=2024), start(4).replace(year=2024))]
    found = year_hours(spans, 2025, 6)
    assert (found.used, found.left, found.over) == (6, 0, False)
    assert year_hours([(start(0), start(7))], 2025, 6).over
    over_new_year = (datetime(2024, 12, 31, 22, tzinfo=BEIJING), datetime(2025, 1, 1, 3, tzinfo=BEIJING))
    assert year_hours([over_new_year], 2025, 60).used == 3


def test_equal_to_the_limit_passes(pack: RulePack):
    row = profile(pack, "power_ultra_low", DAY).row("a21026", "hour")
    assert row is not None
    assert exceedance(35, row).value == 0
    assert exceedance(35.0001, row).value == pytest.approx(0.0001 / 35)
    assert exceedance(70, row).value == 1
    assert exceedance(None, row).value is None
    assert exceeds(np.array([35.0, 35.1, np.nan]), row).tolist() == [False, True, False]
    step = exceedance(70, row).derivation.steps[0]
    assert "环发" in step.rule and "70" in say(step.text_code, "en", **step.params)


def test_lower_limit_of_ph(pack: RulePack):
    row = profile(pack, "sewage_1a", DAY).row("w01001", "day", kind="min")
    assert row is not None
    assert exceedance(6, row).value == 0
    assert exceedance(5.5, row).value == 0.5
    assert exceeds(np.array([6.0, 5.9]), row).tolist() == [False, True]


def test_mixed_stacks_take_the_strictest(pack: RulePack):
    rows = [profile(pack, name, DAY).row("a21002", "hour") for name in ("boiler_coal_new", "boiler_gas_new")]
    found = strictest([row for row in rows if row is not None])
    assert found is not None and found.value == 200
    assert strictest([]) is None


def test_sewage_limits_by_temperature_and_age(pack: RulePack):
    own = profile(pack, "sewage_1a", DAY)

    def value(factor: str, temperature: float | None = None, early: bool = False) -> float:
        row = sewage_row(own, factor, water_temperature=temperature, cold=12, early=early)
        assert row is not None
        return row.value

    assert [value("w21003", one) for one in (12.0, 12.1, None)] == [8, 5, 5]
    assert [value("w21011", early=one) for one in (False, True)] == [0.5, 1.0]
    assert value("w01018") == 50


def test_furnace_below_850_more_than_five_times_is_a_violation(pack: RulePack):
    rule = pack.at("emission.furnace.incineration", DAY)
    minutes = list(range(0, 1440, 1))

    def day(low: int, exempt: bool = False) -> tuple[int, int, bool]:
        values = [849.9 if minute < low * 5 else 850.0 for minute in minutes]
        marks = [minute < 5 for minute in minutes] if exempt else None
        found = furnace_day(minutes, values, rule, marks)
        return found.means, found.low, found.violation

    assert day(5) == (288, 5, False)
    assert day(6) == (288, 6, True)
    assert day(6, exempt=True) == (287, 5, False)
    hot = pack.at("emission.furnace.hazardous_incineration", DAY)
    assert furnace_day([0, 5], [1099.0, 1100.0], hot).low == 1
    # Five minutes are judged by their mean, not by single readings.
    assert furnace_day([0, 1, 2], [800.0, 850.0, 900.0], rule).low == 0
