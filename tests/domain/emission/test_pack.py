"""Every number of the pack has source, clause, flag and date; the limits stand as the standards print them."""

import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from ecobureau import rulepacks
from ecobureau.domain.emission.limits import profile, profile_names
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.rules import Certainty, NoRule, RulePack
from ecobureau.domain.units import spelled

TOML = Path(rulepacks.__file__).parent / "emission.toml"
DUST, SO2, NOX, CO, HCL, HF, NH3 = "a34013", "a21026", "a21002", "a21005", "a21024", "a21018", "a21001"
# profile: (reference oxygen, {(factor, period): limit})
GAS = {
    "power_coal_new": (6, {DUST: 30, SO2: 100, NOX: 100, "a20057": 0.03}),
    "power_coal_existing": (6, {DUST: 30, SO2: 200, NOX: 100}),
    "power_coal_w_flame": (6, {DUST: 30, SO2: 200, NOX: 200}),
    "power_coal_key": (6, {DUST: 20, SO2: 50, NOX: 100}),
    "power_gas_boiler": (3, {SO2: 35, NOX: 100}),
    "power_gas_turbine": (15, {DUST: 5, SO2: 35, NOX: 50}),
    "power_other_gas_boiler": (3, {SO2: 100, NOX: 200}),
    "power_other_gas_turbine": (15, {SO2: 100, NOX: 120}),
    "power_ultra_low": (6, {DUST: 10, SO2: 35, NOX: 50}),
    "sinter_ultra_low": (16, {DUST: 10, SO2: 35, NOX: 50}),
    "cement_kiln": (10, {DUST: 30, SO2: 200, NOX: 400, NH3: 10}),
    "cement_kiln_key": (10, {DUST: 20, SO2: 100, NOX: 320, NH3: 8}),
    "boiler_coal_in_use": (9, {DUST: 80, SO2: 400, NOX: 400, "a20057": 0.05}),
    "boiler_oil_in_use": (3.5, {DUST: 60, SO2: 300, NOX: 400}),
    "boiler_gas_in_use": (3.5, {DUST: 30, SO2: 100, NOX: 400}),
    "boiler_coal_new": (9, {DUST: 50, SO2: 300, NOX: 300}),
    "boiler_oil_new": (3.5, {DUST: 30, SO2: 200, NOX: 250}),
    "boiler_gas_new": (3.5, {DUST: 20, SO2: 50, NOX: 200}),
    "boiler_coal_special": (9, {DUST: 30, SO2: 200, NOX: 200}),
    "boiler_oil_special": (3.5, {DUST: 30, SO2: 100, NOX: 200}),
    "boiler_gas_special": (3.5, {DUST: 20, SO2: 50, NOX: 150}),
    "hazardous_incineration": (11, {DUST: 30, CO: 100, NOX: 300, SO2: 100, HF: 4.0, HCL: 60}),
    "incineration": (11, {DUST: 30, NOX: 300, SO2: 100, HCL: 60, CO: 100}),
}
DAY = {
    "hazardous_incineration": {DUST: 20, CO: 80, NOX: 250, SO2: 80, HF: 2.0, HCL: 50},
    "incineration": {DUST: 20, NOX: 250, SO2: 80, HCL: 50, CO: 80},
    "sewage_1a": {"w01018": 50, "w01017": 10, "w01012": 10, "w21001": 15, "w21003": 5, "w21011": 0.5, "w02003": 1000},
    "sewage_1b": {"w01018": 60, "w01017": 20, "w01012": 20, "w21001": 20, "w21003": 8, "w21011": 1.0},
    "sewage_2": {"w01018": 100, "w01017": 30, "w01012": 30, "w21003": 25, "w21011": 3},
    "integrated_1": {"w01018": 100, "w01017": 20, "w01012": 70, "w21003": 15, "w22001": 5, "w23002": 0.5},
    "integrated_2": {"w01018": 150, "w01017": 30, "w01012": 150, "w21003": 25, "w22001": 10, "w01002": 80},
    "integrated_3": {"w01018": 500, "w01017": 300, "w01012": 400, "w22001": 20, "w23002": 2.0, "w21016": 1.0},
}


def test_every_entry_has_all_its_papers():
    entries = tomllib.loads(TOML.read_text(encoding="utf-8"))["entry"]
    assert len(entries) > 200
    for entry in entries:
        assert {"key", "value", "unit", "source", "clause", "flag", "valid_from"} <= entry.keys(), entry
        assert entry["key"].startswith("emission.")
        assert entry["source"] and entry["clause"]
        assert entry["flag"] in {one.value for one in Certainty}
        assert isinstance(entry["valid_from"], date)
        assert entry.get("valid_to", entry["valid_from"]) >= entry["valid_from"]


def test_no_two_entries_of_a_key_hold_on_one_day():
    entries = tomllib.loads(TOML.read_text(encoding="utf-8"))["entry"]
    spans: dict[str, list[tuple[date, date]]] = {}
    for entry in entries:
        spans.setdefault(entry["key"], []).append((entry["valid_from"], entry.get("valid_to", date.max)))
    for key, own in spans.items():
        own.sort()
        for (_, end), (start, _) in pairwise(own):
            assert end < start, key


@pytest.mark.parametrize("name", sorted(GAS))
def test_limits_of_gas_are_as_printed(name: str, pack: RulePack):
    o2_ref, limits = GAS[name]
    found = profile(pack, name, date(2025, 6, 1))
    assert found.o2_ref == o2_ref
    for factor, limit in limits.items():
        row = found.row(factor, "hour")
        assert row is not None, factor
        assert (row.value, spelled(row.unit)) == (limit, "mg/m³")


@pytest.mark.parametrize("name", sorted(DAY))
def test_limits_of_days_are_as_printed(name: str, pack: RulePack):
    found = profile(pack, name, date(2025, 6, 1))
    assert found.judged == "day"
    for factor, limit in DAY[name].items():
        row = found.row(factor, "day")
        assert row is not None and row.value == limit, factor


def test_every_profile_is_tested():
    pack = rulepacks.load("emission")
    assert set(profile_names(pack)) == GAS.keys() | DAY.keys()


def test_special_cases_of_the_sewage_table(pack: RulePack):
    for name, cold, early in (("sewage_1a", 8, 1.0), ("sewage_1b", 15, 1.5), ("sewage_2", 30, None)):
        found = profile(pack, name, date(2025, 6, 1))
        warm, chill = found.row("w21003", "day"), found.row("w21003", "day", when="cold")
        assert chill is not None and warm is not None and chill.value == cold > warm.value
        row = found.row("w21011", "day", when="before_2006")
        plain = found.row("w21011", "day")
        assert row is not None and plain is not None
        assert row.value == (plain.value if early is None else early)
        low, high = found.row("w01001", "day", kind="min"), found.row("w01001", "day")
        assert low is not None and high is not None and (low.value, high.value) == (6, 9)


def test_certainty_follows_the_reading(pack: RulePack):
    day = date(2025, 6, 1)
    assert pack.at("emission.limit.boiler_coal_new.a21026.hour", day).flag is Certainty.CERTAIN
    assert pack.at("emission.limit.power_coal_new.a21026.hour", day).flag is Certainty.LIKELY
    assert pack.at("emission.limit.power_coal_new.a34013.hour", day).flag is Certainty.TO_BE_CHECKED
    assert pack.at("emission.limit.incineration.a34013.hour", day).flag is Certainty.TO_BE_CHECKED
    assert pack.at("emission.total.warn", day).flag is Certainty.PROPOSAL


def test_limits_have_dates(pack: RulePack):
    with pytest.raises(NoRule):
        profile(pack, "hazardous_incineration", date(2021, 6, 30))
    assert profile(pack, "hazardous_incineration", date(2021, 7, 1)).row(HF, "day") is not None
    # Mercury of power plants holds from 2015 only.
    assert profile(pack, "power_coal_new", date(2014, 12, 31)).row("a20057", "hour") is None
    assert profile(pack, "power_coal_new", date(2015, 1, 1)).row("a20057", "hour") is not None


def test_rules_change_on_their_day(pack: RulePack):
    before, after = (EmissionRules.from_pack(pack, day) for day in (date(2020, 3, 23), date(2020, 3, 24)))
    assert (before.water_ph, before.manual_first) == ("median", False)
    assert (after.water_ph, after.manual_first) == ("never", True)
    with pytest.raises(NoRule):
        EmissionRules.from_pack(pack, date(2007, 7, 31))
