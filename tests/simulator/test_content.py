"""Frames of a fleet: the same for a seed, clean, within the limits; statistics that agree with each other."""

from __future__ import annotations

import pytest

from ecobureau.domain.hj212 import Edition, FrameReader, encode, flag
from ecobureau.simulator import content
from ecobureau.simulator.plan import PROFILES, StationPlan, fleet
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.statistics import energy_mean, hour_stats, joined, mean, minute_stats
from ecobureau.simulator.times import DAY, HOUR, digits

NOON = 1_795_320_000 // HOUR * HOUR
MIDNIGHT = (NOON + 8 * HOUR) // DAY * DAY - 8 * HOUR - 2 * DAY
PROFILE_NAMES = sorted(PROFILES)


def station(profile: str, **fields: object) -> Plant:
    st = {"flue": "31", "sewage": "32", "air": "22", "river": "21", "noise": "23"}[str(PROFILES[profile]["kind"])]
    plan = StationPlan("演示", "0011" + f"{PROFILE_NAMES.index(profile):020X}", "123456", st, profile, **fields)  # type: ignore[arg-type]
    return Plant(plan, 7)


def messages(plant: Plant) -> list[content.Message]:
    return [
        content.realtime(plant, NOON - 25),
        content.period(plant, content.MINUTE, NOON - HOUR),
        content.period(plant, content.HOUR_DATA, NOON - 5 * HOUR),
        content.period(plant, content.DAY_DATA, MIDNIGHT),
        content.run_hours(plant, MIDNIGHT),
    ]


def frames_of(plant: Plant) -> list[bytes]:
    plan, found = plant.plan, []
    for message in messages(plant):
        split = len(message.packets) > 1
        for number, cp in enumerate(message.packets, 1):
            found.append(
                encode(
                    qn=f"{digits(NOON + 100)}{len(found):03d}",
                    st=plan.st,
                    cn=message.cn,
                    pw=plan.pw,
                    mn=plan.mn,
                    flag=flag(Edition(plan.edition), answer=True, split=split),
                    cp=cp,
                    pnum=len(message.packets) if split else None,
                    pno=number if split else None,
                    key=bytes.fromhex(plan.key) if plan.key else None,
                )
            )
    return found


def values_of(message: content.Message, code: str, field: str) -> str:
    text = ";".join(message.packets).replace(";", ",")
    return dict(item.split("=", 1) for item in text.split(","))[f"{code}-{field}"]


def test_one_seed_gives_the_same_frames_and_another_seed_others() -> None:
    first = [frames_of(Plant(plan, 5)) for plan in fleet(18, 5)]
    again = [frames_of(Plant(plan, 5)) for plan in fleet(18, 5)]
    other = [frames_of(Plant(plan, 6)) for plan in fleet(18, 6)]
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_history_does_not_depend_on_the_order_it_is_asked_in() -> None:
    forward, backward = station("power"), station("power")
    hours = [NOON - step * HOUR for step in range(1, 30)]
    ahead = {hour: content.period(forward, content.HOUR_DATA, hour).packets for hour in hours}
    assert ahead == {hour: content.period(backward, content.HOUR_DATA, hour).packets for hour in reversed(hours)}


def test_every_frame_of_a_fleet_parses_clean_and_keeps_the_limits() -> None:
    editions, split = set(), 0
    for plan in fleet(72, 3):
        editions.add(plan.edition)
        reader = FrameReader(strict=True, key=bytes.fromhex(plan.key) if plan.key else None)
        for raw in frames_of(Plant(plan, 3)):
            frames = reader.feed(raw) + reader.close()
            assert [(frame.ok, frame.deviations) for frame in frames] == [(True, [])], raw
            assert len(frames[0].segment) <= 1024
            split += frames[0].is_split
    assert editions == {0, 1, 2}
    assert split > 0
    assert any(plan.key for plan in fleet(72, 3))


def test_packets_of_one_message_hold_each_factor_once_and_repeat_data_time() -> None:
    message = content.period(station("waste"), content.HOUR_DATA, NOON - HOUR)
    assert len(message.packets) > 1
    assert all(cp.startswith(f"DataTime={message.data_time};") for cp in message.packets)
    codes = [item.split("-")[0] for cp in message.packets for item in cp.split(";")[1:]]
    assert codes == list(station("waste").plan.factors)


@pytest.mark.parametrize("profile", ["power", "glass", "urban", "river"])
def test_an_hour_is_the_mean_of_its_minutes_and_spans_them(profile: str) -> None:
    plant = station(profile)
    for hour in range(NOON - 30 * HOUR, NOON, HOUR):
        minutes = [content.stats_of(plant, content.MINUTE, hour + step * 600) for step in range(6)]
        for code, stat in content.stats_of(plant, content.HOUR_DATA, hour).items():
            used = [one[code] for one in minutes if stat.flag != "N" or one[code].flag == "N"]
            assert stat.avg == mean(sum(one.avg for one in used), len(used))
            assert (stat.low, stat.high) == (min(one.low for one in used), max(one.high for one in used))
            if stat.cou is not None:
                assert stat.cou == sum(one[code].cou or 0 for one in minutes)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_an_hour_without_marks_is_reckoned_as_any_other(profile: str) -> None:
    plant = station(profile)
    for hour in range(NOON // HOUR - 30, NOON // HOUR):
        block = plant.block(hour)
        pieces = [minute_stats(plant.plan, block, first, first + 10) for first in range(0, 60, 10)]
        assert hour_stats(plant.plan, block) == joined(plant.plan, pieces)


def test_an_hour_of_waste_water_is_weighted_with_flow() -> None:
    plant = station("municipal")
    seen = 0
    for hour in range(NOON - 30 * HOUR, NOON, HOUR):
        minutes = [content.stats_of(plant, content.MINUTE, hour + step * 600) for step in range(6)]
        stat = content.stats_of(plant, content.HOUR_DATA, hour)["w01018"]
        volumes = [one["w00000"].cou or 0 for one in minutes]
        if stat.flag == "N":
            seen += 1
            total = sum(one["w01018"].avg * volume for one, volume in zip(minutes, volumes, strict=True))
            assert stat.avg == mean(total, sum(volumes))
    assert seen > 20


def test_noise_is_averaged_by_energy() -> None:
    plant = station("street")
    minutes = [content.stats_of(plant, content.MINUTE, NOON - HOUR + step * 600)["Leq"].avg for step in range(6)]
    hour = content.stats_of(plant, content.HOUR_DATA, NOON - HOUR)
    assert hour["Leq"].avg == energy_mean(minutes)
    assert hour["LMn"].avg <= hour["L90"].avg <= hour["L50"].avg <= hour["L10"].avg <= hour["LMx"].avg
    assert energy_mean([600, 700]) == 674


def test_a_day_is_the_mean_of_its_hours_and_calibration_does_not_spoil_it() -> None:
    plant = station("power")
    hours = [content.stats_of(plant, content.HOUR_DATA, MIDNIGHT + step * HOUR)["a21002"] for step in range(24)]
    day = content.stats_of(plant, content.DAY_DATA, MIDNIGHT)["a21002"]
    used = [one for one in hours if one.flag == "N"]
    assert len(used) < 24
    assert day.flag == "N"
    assert day.avg == mean(sum(one.avg for one in used), len(used))


def test_converted_values_follow_the_oxygen() -> None:
    plant = station("power")
    block = plant.block(NOON // HOUR - 1)
    for raw, o2, converted in zip(
        block.values["a21002"], block.values["a19001"], block.converted["a21002"], strict=True
    ):
        assert raw is not None and o2 is not None and converted is not None
        assert converted == pytest.approx(raw * (21 - 6) / (21 - o2 / 100), abs=0.51)


def test_a_day_shift_stands_still_at_night_and_is_marked_so() -> None:
    plant = station("plating")
    night = content.stats_of(plant, content.HOUR_DATA, MIDNIGHT + 4 * HOUR)
    assert {stat.flag for stat in night.values()} <= {"F", "C"}
    assert night["w00000"].cou == 0


def test_each_night_the_analysers_are_calibrated() -> None:
    plant = station("power")
    marks = [mark for step in range(24) for mark in plant.block(MIDNIGHT // HOUR + step).marks["a21002"]]
    assert 20 <= marks.count("C") < 40
    assert "C" not in [m for step in range(24) for m in plant.block(MIDNIGHT // HOUR + step).marks["a00000"]]


def test_stamps_are_starts_or_ends_by_the_station_s_rule() -> None:
    start, end = station("power"), station("power", edition=0, stamp="end")
    assert content.period(start, content.HOUR_DATA, NOON - HOUR).data_time == digits(NOON - HOUR)
    assert content.period(end, content.HOUR_DATA, NOON - HOUR).data_time == digits(NOON)
    assert content.period(end, content.MINUTE, NOON - 600).data_time == digits(NOON)
    assert content.period(start, content.DAY_DATA, MIDNIGHT).data_time.endswith("000000")


def test_2005_loggers_use_the_old_codes() -> None:
    plant = station("power", edition=0)
    assert set(plant.plan.factors) == {code for code in plant.plan.factors if plant.plan.wire(code) != code}
    assert "03-Rtd=" in content.realtime(plant, NOON).packets[0]


def test_traffic_days_differ_from_nights() -> None:
    plant = station("street")
    day, night = (content.stats_of(plant, content.HOUR_DATA, MIDNIGHT + step * HOUR)["Leq"].avg for step in (8, 3))
    assert day > night + 40


@pytest.mark.parametrize(("profile", "day", "night"), [("street", 700, 550), ("homes", 550, 450)])
def test_noise_keeps_the_limits_of_its_zone_while_nothing_happens(profile: str, day: int, night: int) -> None:
    plant = station(profile)
    for step in range(-72, 24):
        level = content.stats_of(plant, content.HOUR_DATA, MIDNIGHT + step * HOUR)["Leq"].avg
        assert level <= (day if 6 <= step % 24 < 22 else night)
