"""Every pattern of links, marks and totals: what happens at a golden plant, and at its harmless twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from domain.detection.link_plant import GAS, WATER, Plant, gas, water
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.types import Case, Declaration, Finding, NoOpinion

OPEN = 0.6
Change = Callable[[Plant], None]


def look(pattern: str, case: Case) -> list[Finding]:
    """Return what opens a clue."""
    with np.errstate(all="ignore"):
        opinion = load_all()[pattern].look(case)
    assert not isinstance(opinion, NoOpinion), opinion
    return [one for one in opinion if one.score >= OPEN]


@dataclass(frozen=True)
class Tale:
    """One golden case: hours of the happening, what to change, and its harmless twin."""

    pattern: str
    plant: Callable[..., Plant]
    first: float
    last: float
    golden: Change
    twin: Change
    days: int = 40
    fine: bool = True  # holds at a step of 10 minutes too
    scaled: bool = True

    @property
    def name(self) -> str:
        return f"{self.pattern}-{self.golden.__name__}"


def at(p: Plant, factor: str, first: float, last: float, k: float) -> None:
    p.values[factor][p.span(first, last)] *= k


# --- golden and twin -------------------------------------------------------------------------------------------------


def conversion(p: Plant) -> None:
    p.convert()
    for f in GAS:
        p.zs[f][p.span(600, 648)] *= 0.7


def startup_cap(p: Plant) -> None:
    """Start-up with O2 near air: the rule caps the conversion."""
    s = p.span(600, 648)
    p.values["a19001"][s] = 20.5 + 0.2 * np.random.default_rng(2).normal(size=s.stop - s.start)
    p.convert()
    for f in GAS:
        p.zs[f][p.span(600, 648)] = p.values[f][p.span(600, 648)]


def low_oxygen(p: Plant) -> None:
    p.values["a19001"][p.span(600, 680)] -= 2.6


def high_load(p: Plant) -> None:
    """O2 falls because the load rises."""
    for f in ("pw_prod", "pw_treat", "a00000", "a01011"):
        at(p, f, 600, 680, 1.25)
    p.values["a19001"][p.span(600, 680)] -= 4.0 * np.log(1.25)


def frozen_oxygen(p: Plant) -> None:
    rng = np.random.default_rng(1)
    s = p.span(600, 680)
    p.values["a19001"][s] = 9.3 + 0.01 * rng.normal(size=s.stop - s.start)


def nothing(_p: Plant) -> None:
    """The same plant without the happening."""


def air_in_sample(p: Plant) -> None:
    for f in GAS:
        at(p, f, 600, 636, 0.5)
    s = p.span(600, 636)
    p.values["a19001"][s] = 20.9 - 0.5 * (20.9 - p.values["a19001"][s])
    p.values["a01014"][s] *= 0.5


def better_treatment(p: Plant) -> None:
    """All values fall, O2 stays: a better scrubber, not a leak."""
    for f in GAS:
        at(p, f, 600, 636, 0.5)


def tap_water(p: Plant) -> None:
    for f in WATER:
        at(p, f, 600, 640, 0.45)
    s = p.span(600, 640)
    p.values["w01001"][s] = 7.0 + 0.45 * (p.values["w01001"][s] - 7.0)


def rain(p: Plant) -> None:
    for f in WATER:
        at(p, f, 600, 640, 0.45)
    at(p, "w00000", 600, 640, 2.0)


def bypass(p: Plant) -> None:
    for first in (600, 624, 648):
        for f in ("a00000", "a01011"):
            at(p, f, first, first + 5, 0.45)
        p.values["a01012"][p.span(first, first + 5)] -= 12


def low_load(p: Plant) -> None:
    for first in (600, 624, 648):
        for f in ("a00000", "a01011", "pw_prod", "pw_treat"):
            at(p, f, first, first + 5, 0.6)


def treatment_off(p: Plant) -> None:
    p.values["pw_treat"][p.span(600, 612)] = 2.0


def plant_off(p: Plant) -> None:
    p.values["pw_treat"][p.span(600, 624)] = 2.0
    p.values["pw_prod"][p.span(600, 624)] = 20.0


def treatment_low(p: Plant) -> None:
    at(p, "pw_treat", 600, 650, 0.4)


def both_low(p: Plant) -> None:
    for f in ("pw_treat", "pw_prod"):
        at(p, f, 600, 650, 0.75)


def area(p: Plant) -> None:
    at(p, "a00000", 600, 660, 0.85)


def hot_gas(p: Plant) -> None:
    """Warmer gas flows faster for the same dry flow."""
    s = p.span(600, 660)
    p.values["a01011"][s] *= (273 + p.values["a01012"][s] + 15) / (273 + p.values["a01012"][s])
    p.values["a01012"][s] += 15


def low_flow(p: Plant) -> None:
    for f in ("a00000", "a01011"):
        at(p, f, 600, 700, 0.6)


def low_water_flow(p: Plant) -> None:
    at(p, "w00000", 600, 700, 0.6)


def values_at_standstill(p: Plant) -> None:
    p.values["pw_prod"][p.span(600, 624)] = 20.0


def honest_standstill(p: Plant) -> None:
    s = p.span(600, 624)
    p.values["pw_prod"][s] = 20.0
    n = s.stop - s.start
    p.values["a19001"][s] = 20.9
    p.values["a01012"][s] = 25 + 30 * np.exp(-np.arange(n) * p.step / 3600 / 4)
    for f in ("a00000", "a01011", *GAS):
        p.values[f][s] *= 0.02


def inverted(p: Plant) -> None:
    s = p.span(600, 624)
    p.inlet["a21026"][s] = 0.6 * p.values["a21026"][s]


def inlet_surge(p: Plant) -> None:
    s = p.span(600, 624)
    p.inlet["a21026"][s] *= 2.5
    p.values["a21026"][s] *= 2.5


def fixed_efficiency(p: Plant) -> None:
    s = p.span(600, 660)
    p.values["a21026"][s] = 0.05 * p.inlet["a21026"][s]


def ammonia(p: Plant) -> None:
    at(p, "w21003", 600, 620, 9.0)


def both_nitrogens(p: Plant) -> None:
    at(p, "w21003", 600, 620, 9.0)
    at(p, "w21001", 600, 620, 9.0)


def above_air(p: Plant) -> None:
    p.values["a19001"][p.span(600, 610)] = 23.0


def air(p: Plant) -> None:
    p.values["a19001"][p.span(600, 610)] = 20.9


def decoupled(p: Plant) -> None:
    rng = np.random.default_rng(3)
    s = p.span(600, 780)
    n = s.stop - s.start
    walk = np.convolve(rng.normal(size=n + 400), np.ones(200) / 200, mode="valid")[:n]
    walk = walk / walk.std()
    p.values["a00000"][s] = 50 * np.exp(0.12 * walk)
    p.values["a01011"][s] = 18 * np.exp(0.12 * walk)
    p.values["a19001"][s] = 10 + 0.4 * np.roll(walk, 37)
    p.values["a01012"][s] = 55 + 0.4 * np.roll(walk, 71)


def steady_week(p: Plant) -> None:
    """The load stands still: nothing can follow it."""
    rng = np.random.default_rng(3)
    s = p.span(600, 780)
    n = s.stop - s.start
    for f, level in (("pw_prod", 1000.0), ("pw_treat", 90.0), ("a00000", 50.0), ("a01011", 18.0)):
        p.values[f][s] = level * np.exp(0.01 * rng.normal(size=n))


def night_gaps(p: Plant) -> None:
    for day in (25, 26, 27, 28):
        p.lose(24 * day + 1, 24 * day + 6)


def power_cut(p: Plant) -> None:
    """The same nights, but the power log is silent too and production stands."""
    for day in (25, 26, 27, 28):
        p.values["pw_prod"][p.span(24 * day, 24 * day + 7)] = 20.0
        p.lose(24 * day + 1, 24 * day + 6)


def offline(p: Plant) -> None:
    p.lose(600, 640)


def short_gap(p: Plant) -> None:
    p.lose(600, 607)


def declared_but_running(p: Plant) -> None:
    p.declarations.append(Declaration("X", p.t0 + 600 * 3600, p.t0 + 640 * 3600, "stop"))


def declared_and_stopped(p: Plant) -> None:
    declared_but_running(p)
    p.values["pw_prod"][p.span(599, 641)] = 20.0


def marked_but_running(p: Plant) -> None:
    p.mark(600, 620, "F", GAS)


def marked_when_high(p: Plant) -> None:
    for day in (25, 26, 27, 28, 29):
        first = 24 * day + 3 * (day - 24)
        at(p, "a21026", first - 2, first + 6, 3.0)
        p.mark(first, first + 6, "M", ("a21026",))


def marked_at_random(p: Plant) -> None:
    for day in (25, 27, 30):
        p.mark(24 * day + 9, 24 * day + 11, "M")


def regular_calibration(p: Plant) -> None:
    for day in range(2, 40):
        p.mark(24 * day + 9, 24 * day + 10, "C")


def no_calibration(p: Plant) -> None:
    for day in range(2, 40):
        if not 22 <= day < 36:
            p.mark(24 * day + 9, 24 * day + 10, "C")


def calibration_without_end(p: Plant) -> None:
    for day in range(2, 40):
        p.mark(24 * day + 9, 24 * day + 10, "C")
    for hour in range(600, 660, 3):
        p.mark(hour, hour + 1, "C")


def beyond(p: Plant) -> None:
    p.values["a21026"][p.span(600, 612)] = 180.0


def beyond_at_startup(p: Plant) -> None:
    p.values["a21026"][p.span(600, 606)] = 180.0
    p.declarations.append(Declaration("X", p.t0 + 599 * 3600, p.t0 + 607 * 3600, "startup"))


def beyond_total(p: Plant) -> None:
    p.permits["a21026"] = 2600.0


def within_total(p: Plant) -> None:
    p.permits["a21026"] = 9000.0


def order_ignored(p: Plant) -> None:
    p.declarations.append(Declaration("X", p.t0 + 600 * 3600, p.t0 + 672 * 3600, "order_cut", 0.4))


def order_obeyed(p: Plant) -> None:
    order_ignored(p)
    for f in ("pw_prod", "pw_treat", "a00000", "a01011"):
        at(p, f, 600, 672, 0.58)


TALES = [
    Tale("P07", gas, 600, 648, conversion, startup_cap),
    Tale("P07", gas, 600, 680, low_oxygen, high_load),
    Tale("P07", gas, 600, 680, frozen_oxygen, nothing),
    Tale("P08", gas, 600, 636, air_in_sample, better_treatment),
    Tale("P08", water, 600, 640, tap_water, rain),
    Tale("P17", gas, 600, 653, bypass, low_load),
    Tale("P18", gas, 600, 612, treatment_off, plant_off),
    Tale("P18", water, 600, 612, treatment_off, plant_off),
    Tale("P18b", gas, 600, 650, treatment_low, both_low),
    Tale("P19", gas, 600, 660, area, hot_gas),
    Tale("P19", gas, 600, 700, low_flow, low_load),
    Tale("P19", water, 600, 700, low_water_flow, nothing),
    Tale("P21", gas, 600, 624, values_at_standstill, honest_standstill),
    Tale("P24", gas, 600, 624, inverted, inlet_surge),
    Tale("P24", gas, 600, 660, fixed_efficiency, nothing),
    Tale("P25", water, 600, 620, ammonia, both_nitrogens),
    Tale("P25", gas, 600, 610, above_air, air),
    Tale("P26", gas, 600, 780, decoupled, steady_week),
    Tale("P15", gas, 601, 678, night_gaps, power_cut),
    Tale("P16", gas, 600, 640, offline, short_gap),
    Tale("P20", gas, 600, 640, declared_but_running, declared_and_stopped),
    Tale("P20", gas, 600, 620, marked_but_running, nothing),
    Tale("P22", gas, 600, 740, marked_when_high, marked_at_random),
    Tale("P23", gas, 530, 870, no_calibration, regular_calibration),
    Tale("P23", gas, 600, 660, calibration_without_end, regular_calibration),
    Tale("P28", gas, 600, 612, beyond, beyond_at_startup, scaled=False),
    Tale("P29", gas, 480, 744, beyond_total, within_total, scaled=False),
    Tale("P32", gas, 600, 672, order_ignored, order_obeyed),
]
every = pytest.mark.parametrize("tale", TALES, ids=lambda t: t.name)


def told(tale: Tale, plant: Plant) -> list[Finding]:
    """Return findings of the tale that touch its hours."""
    found = look(tale.pattern, plant.case())
    return [f for f in found if f.start < plant.t0 + tale.last * 3600 and f.end > plant.t0 + tale.first * 3600]
