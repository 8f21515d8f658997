"""Incidents: what they do to the readings, and what a wrong script is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecobureau.simulator import content
from ecobureau.simulator.incidents import Incident, incident_of, load_incidents
from ecobureau.simulator.plan import StationPlan, fleet, load_fleet, save_fleet
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.times import DAY, HOUR, day_start, moment_of, seconds_of

NOON = 1_795_320_000 // HOUR * HOUR
POWER = StationPlan("演示电厂", "A" * 24, "123456", "31", "power", limits={"a21002": 50.0})
RIVER = StationPlan("演示河", "B" * 24, "123456", "21", "river")
STREET = StationPlan("演示街", "C" * 24, "123456", "23", "street")


def hour(plan: StationPlan, *incidents: Incident, at: int = NOON) -> dict[str, Any]:
    return content.stats_of(Plant(plan, 7, incidents), content.HOUR_DATA, at)


def whole_hour(kind: str, plan: StationPlan, **fields: Any) -> Incident:
    return Incident(kind, plan.mn, NOON - 600, NOON + HOUR, **fields)


def test_over_limit_lifts_the_converted_value_over_the_permit_and_leaves_the_rest() -> None:
    calm = hour(POWER)
    stats = hour(POWER, whole_hour("over_limit", POWER, factor="a21002", times=1.6))
    assert stats["a21002"].zs_avg / 100 == pytest.approx(80, rel=0.02)
    assert stats["a21002"].flag == "N"
    assert stats["a21026"] == calm["a21026"]


def test_an_incident_leaves_the_time_outside_alone() -> None:
    incident = Incident("over_limit", POWER.mn, NOON + 20 * 60, NOON + 30 * 60, factor="a21002", times=2.0)
    calm, plant = Plant(POWER, 7), Plant(POWER, 7, [incident])
    for step in (0, 1, 3, 4, 5):
        start = NOON + step * 600
        assert content.stats_of(plant, content.MINUTE, start) == content.stats_of(calm, content.MINUTE, start)
    assert content.stats_of(plant, content.MINUTE, NOON + 1200) != content.stats_of(calm, content.MINUTE, NOON + 1200)
    assert hour(POWER, incident, at=NOON + HOUR) == hour(POWER, at=NOON + HOUR)


def test_treatment_off_lifts_all_pollutants() -> None:
    calm, stats = hour(POWER), hour(POWER, whole_hour("treatment_off", POWER, times=4.0))
    for code in ("a21026", "a21002", "a34013"):
        assert stats[code].avg > 3.5 * calm[code].avg
    assert stats["a00000"] == calm["a00000"]
    run_time = content.run_hours(Plant(POWER, 7, [whole_hour("treatment_off", POWER)]), day_start(NOON))
    assert run_time.packets[0].endswith("SB1-RT=22.8")


def test_flat_stands_still() -> None:
    stats = hour(POWER, whole_hour("flat", POWER, factor="a21026"))
    assert stats["a21026"].low == stats["a21026"].high
    assert stats["a21002"].low < stats["a21002"].high


def test_missing_leaves_the_factor_out() -> None:
    incident = whole_hour("missing", POWER, factor="a21026")
    assert "a21026" not in hour(POWER, incident)
    assert "a21026" not in content.realtime(Plant(POWER, 7, [incident]), NOON + 60).packets[0]


def test_out_of_range_with_and_without_mark() -> None:
    assert hour(POWER, whole_hour("out_of_range", POWER, factor="a19001", to=26.0))["a19001"].avg == 2601
    marked = hour(POWER, whole_hour("out_of_range", POWER, factor="a21002", times=1.2, mark="T"))
    assert marked["a21002"].flag == "T"


def test_a_river_falls_in_class_and_a_street_grows_loud() -> None:
    calm, stats = hour(RIVER), hour(RIVER, whole_hour("water_class", RIVER, times=4.0))
    assert stats["w21003"].avg > 3 * calm["w21003"].avg and stats["w01009"].avg < calm["w01009"].avg / 2
    assert hour(STREET, whole_hour("night_noise", STREET))["Leq"].avg - hour(STREET)["Leq"].avg == pytest.approx(
        180, abs=2
    )


def test_another_station_is_not_touched() -> None:
    incident = whole_hour("over_limit", POWER, factor="a21002", times=2.0)
    other = StationPlan("演示电厂二", "D" * 24, "123456", "31", "power")
    assert hour(other, incident) == hour(other)


def test_a_script_is_read_and_placed_in_time(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text(
        '[[incident]]\nkind = "over_limit"\nstation = "power"\nstart = "+30s"\nduration = "40m"\nfactor = "a21002"\n'
        '[[incident]]\nkind = "offline"\nstation = "2"\nstart = "-1d 23:30"\nduration = "2h"\nbackfill = false\n'
    )
    first, second = load_incidents(script, [POWER, RIVER], NOON + 5)
    assert (first.mn, first.start, first.end, first.times) == (POWER.mn, NOON + 35, NOON + 35 + 2400, 1.6)
    assert (second.mn, second.start) == (RIVER.mn, day_start(NOON) - DAY + 23 * HOUR + 1800)
    assert not second.backfill


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "fire", "station": "1"}, "no such kind"),
        ({"kind": "flat", "station": "9"}, "no station '9'"),
        ({"kind": "missing", "station": "1"}, "needs a factor"),
        ({"kind": "missing", "station": "1", "factor": "w01018"}, "does not measure"),
        ({"kind": "flat", "station": "1", "start": "soon"}, "no span of time"),
        ({"kind": "flat", "station": "1", "colour": "red"}, "unknown field colour"),
    ],
)
def test_a_wrong_entry_is_told_what_is_wrong(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        incident_of(entry, [POWER], NOON)


def test_a_wrong_script_names_file_and_entry(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[[incident]]\nkind = "fire"\n')
    with pytest.raises(ValueError, match=r"script\.toml: incident 1: no such kind"):
        load_incidents(script, [POWER], NOON)
    script.write_text("[[incident")
    with pytest.raises(ValueError, match=r"script\.toml"):
        load_incidents(script, [POWER], NOON)


def test_moments_and_spans() -> None:
    assert seconds_of("2h 30m") == 9000 and seconds_of("-1d") == -DAY and seconds_of(45) == 45
    assert moment_of("-40m", NOON) == NOON - 2400
    assert moment_of("22:30", NOON) == day_start(NOON) + 22 * HOUR + 1800
    assert moment_of("20260101000000", NOON) == 1_767_196_800


def test_a_fleet_survives_its_file_and_a_wrong_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stations.json"
    save_fleet(path, fleet(12, 4))
    assert load_fleet(path) == fleet(12, 4)
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('[{"name": "x", "mn": "1", "pw": "1", "st": "31", "profile": "moon"}]')
    with pytest.raises(ValueError, match=r"entry 1: .*no such profile"):
        load_fleet(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match="a list of stations"):
        load_fleet(path)
