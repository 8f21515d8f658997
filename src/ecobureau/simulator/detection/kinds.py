"""The table of all kinds: what fleets are dealt."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection import benign as b
from ecobureau.simulator.detection import frauds_marks as m
from ecobureau.simulator.detection import frauds_physics as p
from ecobureau.simulator.detection import frauds_values as v
from ecobureau.simulator.detection.event import Kind
from ecobureau.simulator.detection.plant import Plant

POWER = frozenset({"power"})
INLET = frozenset({"inlet"})


def _moving(plant: Plant) -> bool:
    on = plant.load[plant.load > 0.03]
    moves = bool(len(on) and np.std(on) / np.mean(on) > 0.1)
    return moves and (plant.kind == "gas" or plant.style["tank"] < 2.5)


def _all_day(plant: Plant) -> bool:
    return bool(np.mean(plant.load > 0.03) > 0.85)


def _night_load(plant: Plant) -> bool:
    return bool(np.mean(plant.load[(plant.grid.hour >= 23) | (plant.grid.hour < 5)] > 0.03) > 0.8)


def _often_calibrated(plant: Plant) -> bool:
    return plant.style["cal_days"] <= 3


def _seldom(plant: Plant) -> bool:
    return plant.style["cal_days"] >= 2


def _noisy(plant: Plant) -> bool:
    return all(plant.style[f"sd_{f}"] > 0.05 for f in plant.limits)


def _may_be_cut(plant: Plant) -> bool:
    return _all_day(plant) and plant.industry.name != "municipal"


EVENTS: tuple[Kind, ...] = (
    Kind("flat_one", "P01", (14, 96), read=v.freeze),
    Kind("flat_all", "P01", (12, 60), read=v.freeze_all),
    Kind("invented_noise", "P02", (40, 140), fits=_noisy, read=v.invent),
    Kind("clipping", "P03", (96, 300), stack=v.raise_to_limit, read=v.clip),
    Kind("range_cap", "P04", (96, 300), fits=_noisy, read=v.cap),
    Kind("slope", "P05", (96, 360), read=v.slope),
    Kind("offset", "P06", (96, 320), read=v.offset),
    Kind("oxygen_low", "P07", (40, 200), only="gas", read=p.low_oxygen),
    Kind("oxygen_fixed", "P07", (40, 160), only="gas", read=p.fixed_oxygen),
    Kind("false_conversion", "P07", (30, 200), only="gas", read=p.conversion),
    Kind("dilution_air", "P08", (10, 110), only="gas", read=p.air_dilution),
    Kind("dilution_nitrogen", "P08", (10, 110), only="gas", read=p.nitrogen_dilution),
    Kind("dilution_water", "P08", (16, 120), only="water", read=p.water_dilution),
    Kind("replay", "P09", (20, 96), fits=_noisy, read=v.replay),
    Kind("linked", "P10", (36, 140), fits=_noisy, read=v.link),
    Kind("bucket", "P11", (36, 120), only="water", fits=_all_day, read=v.bucket),
    Kind("hugging", "P12", (140, 340), stack=v.hug, read=v.hug_read),
    Kind("drop_at_limit", "P13", (120, 280), read=v.drop),
    Kind("night_low", "P14", (140, 320), fits=_night_load, read=v.night_low),
    Kind("night_high", "P14", (140, 320), fits=_night_load, operate=v.night_high, stack=v.night_high_stack),
    Kind("night_gaps", "P15", (120, 300), fits=_night_load, report=m.night_gaps),
    Kind("offline", "P16", (26, 96), report=m.offline),
    Kind("bypass", "P17", (72, 240), needs=POWER, fits=_all_day, read=p.bypass),
    Kind("treatment_off", "P18", (4, 72), needs=POWER, fits=_all_day, operate=p.treatment_off),
    Kind("under_treatment", "P18b", (36, 200), needs=POWER, fits=_all_day, operate=p.under_treatment),
    Kind("false_area", "P19", (60, 320), only="gas", read=p.false_area),
    Kind("false_flow", "P19", (96, 320), needs=POWER, read=p.false_velocity),
    Kind("declared_but_running", "P20", (8, 60), needs=POWER, fits=_all_day, operate=m.declared_but_running,
         report=m.declared_flags),
    Kind("values_while_stopped", "P21", (10, 60), needs=POWER, fits=_all_day, operate=p.stop_in_secret),
    Kind("flag_abuse", "P22", (100, 300), stack=m.high_for_flags, report=m.abuse_flags),
    Kind("calibration_missing", "P23", (360, 620), fits=_often_calibrated, operate=m.no_calibration),
    Kind("calibration_often", "P23", (72, 240), fits=_seldom, report=m.many_calibrations),
    Kind("inlet_below_outlet", "P24", (10, 80), needs=INLET, read=p.inlet_behind),
    Kind("fixed_efficiency", "P24", (30, 120), needs=INLET, fits=_noisy, read=p.fixed_efficiency),
    Kind("ammonia_over_total", "P25", (12, 96), only="water", read=p.ammonia_over_total),
    Kind("impossible_gas", "P25", (8, 60), only="gas", read=p.impossible_gas),
    Kind("decoupled", "P26", (190, 400), needs=POWER, fits=_moving, operate=p.decouple),
    Kind("exceedance", "P28", (5, 60), stack=p.exceed),
    Kind("over_total", "P29", (48, 50), book=m.over_total, alone=False),
    Kind("drift", "P30", (220, 440), read=v.drift),
    Kind("spikes", "P31", (36, 140), read=v.spikes),
    Kind("jump", "P31", (6, 24), read=v.jump),
    Kind("order_ignored", "P32", (24, 80), needs=POWER, fits=_may_be_cut, operate=m.order),
)  # fmt: skip
"""Frauds, faults and violations with the catalogue's pattern."""

BENIGN: tuple[Kind, ...] = (
    Kind("fuel_change", "", (72, 300), only="gas", stack=b.fuel_change),
    Kind("retrofit", "", (240, 340), fits=_all_day, operate=b.retrofit, stack=b.retrofit_stack),
    Kind("still_tank", "", (72, 200), only="water", stack=b.still_tank),
    Kind("constant_load", "", (120, 190), fits=_all_day, operate=b.constant_load),
    Kind("tariff_shift", "", (120, 300), fits=_all_day, operate=b.tariff),
    Kind("back_purge", "", (120, 300), report=b.back_purge),
    Kind("fouling", "", (280, 480), only="gas", read=b.fouling, report=b.fouling_marks),
    Kind("trace_nights", "", (100, 280), fits=_all_day, operate=b.trace_nights, stack=b.trace_nights_stack),
    Kind("short_over_range", "", (1, 2), read=b.short_over_range),
    Kind("easy_load", "", (48, 140), fits=_all_day, operate=b.easy_load),
    Kind("strict_control", "", (160, 400), stack=b.strict),
    Kind("order_obeyed", "", (24, 80), needs=POWER, fits=_may_be_cut, operate=b.obeyed),
    Kind("more_production", "", (100, 300), fits=_all_day, operate=b.more_production),
    Kind("inlet_surge", "", (36, 140), stack=b.inlet_surge),
    Kind("zero_drift", "", (48, 160), read=b.zero_drift),
)
"""Harmless look-alikes. Rain, declared stops, marked faults, outages and power cuts come on top, by themselves."""
