"""Told as soon as it is certain, and not before: what dates a clue, and what keeps it silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.detection.link_plant import Plant, gas, water
from domain.detection.link_tales import look as opened
from domain.detection.shape_cases import disguised, disguised_twin, finer
from domain.detection.shape_plant import case, changed, look, overlaps, plant, span, strong
from ecobureau.domain.detection.model.profile import nearest_earlier
from ecobureau.domain.detection.model.score import profile_key, window_score
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.types import Finding


@pytest.mark.parametrize("fine", [False, True])
def test_a_replay_in_disguise_is_told_by_its_shape(fine: bool) -> None:
    series, part = finer(*disguised()) if fine else disguised()
    (one,) = strong(look("P09", series))
    assert overlaps(one, series, part)
    assert one.numbers["kind"] == "disguised"
    assert one.numbers["lag_h"] == 228
    assert abs(float(one.numbers["times"]) - 0.9) < 0.05
    assert one.raised_at <= int(series.t[part.start]) + 36 * 3600


def test_a_copy_by_an_odd_shift_of_ten_minutes_is_told_value_for_value() -> None:
    series = plant(days=20, step=600)
    part, back = span(series, 14, 24), 5 * 144 + 17
    out = {f: series.avg[f].copy() for f in ("a21026", "a21002")}
    for values in out.values():
        values[part] = values[part.start - back : part.stop - back]
    (one,) = strong(look("P09", changed(series, **out)))
    assert overlaps(one, series, part)
    assert one.factors == ("a21002", "a21026")
    assert one.numbers["lag_h"] == pytest.approx(back / 6)


def test_days_of_one_recipe_and_single_wild_values_are_no_replay() -> None:
    assert strong(look("P09", disguised_twin())) == []
    series = plant(days=40)
    values = series.avg["a21026"].copy()
    values[100::168] = 900.0
    assert strong(look("P09", changed(series, a21026=values))) == []


def test_a_level_that_leaves_is_told_at_once_and_its_way_back_is_not() -> None:
    series = plant(days=40)
    part = span(series, 20, 200)
    values = series.avg["a21026"].copy()
    values[part] *= 2.5
    (one,) = strong(look("P31", changed(series, a21026=values)))
    first = int(series.t[part.start])
    assert one.numbers["kind"] == "left"
    assert abs(one.start - first) <= 3 * 3600
    assert one.raised_at - first <= 12 * 3600
    # Two days of it are told; what it grows into is another pattern's.
    assert one.end - one.start == 48 * 3600


def test_a_jump_that_comes_back_ends_with_it() -> None:
    series = plant(days=40)
    part = span(series, 20, 18)
    values = series.avg["a21026"].copy()
    values[part] *= 2.5
    (one,) = strong(look("P31", changed(series, a21026=values)))
    assert one.numbers["kind"] == "jump"
    assert abs(one.end - int(series.t[part.stop])) <= 3 * 3600


def test_a_night_that_begins_like_a_clear_one_before_is_told_in_the_night() -> None:
    series = plant()
    # A calm kiln: four hours say enough.
    values = 22 * np.exp(0.4 * np.log(series.avg["a21026"] / 22))
    dark = (series.hour_of_day >= 22) | (series.hour_of_day < 6)
    dark[: 15 * 24 + 12] = False
    values[dark] *= 0.4
    one = min(strong(look("P14", changed(series, a21026=values))), key=lambda each: each.raised_at)
    second = int(series.t[0]) + (16 * 24 + 22) * 3600
    assert one.raised_at == second + 4 * 3600
    cut = look("P14", changed(series, a21026=values).until(one.raised_at))
    assert [each.raised_at for each in strong(cut)] == [one.raised_at]


def test_a_single_clear_night_is_not_told() -> None:
    series = plant()
    values = series.avg["a21026"].copy()
    values[15 * 24 + 22 : 16 * 24 + 6] *= 0.25
    assert strong(look("P14", changed(series, a21026=values))) == []


def calibrated(every: int, days: range, jitter: int = 0) -> Plant:
    one = gas(50)
    for number, day in enumerate(range(days.start, days.stop, every)):
        hour = 24 * day + 9 + jitter * (number % 2)
        one.mark(hour, hour + 1, "C")
    return one


def test_two_missed_in_a_row_tell_a_short_rhythm_that_was_long_kept() -> None:
    one = calibrated(3, range(2, 30))
    (found,) = opened("P23", one.case())
    last = one.t0 + (24 * 29 + 10) * 3600
    assert (found.raised_at - last) / 3600 == pytest.approx(2 * 72 + 3, abs=2)
    # Kept for a fortnight only: the rule's own week counts.
    few = calibrated(3, range(2, 14))
    (late,) = opened("P23", few.case())
    assert (late.raised_at - few.t0) / 3600 - (24 * 11 + 10) >= 7 * 24
    # One that stayed out before may stay out again: the rule's own week counts.
    used = calibrated(3, range(2, 30))
    used.mark(24 * 14 + 9, 24 * 14 + 10, "N")
    (known,) = opened("P23", used.case())
    assert (known.raised_at - last) / 3600 >= 7 * 24 - 1


def test_a_purge_at_the_hour_of_the_daily_peak_is_no_abuse() -> None:
    one = gas(40)
    for day in range(20, 34):
        values = one.values["a21026"]
        values[one.span(24 * day + 5, 24 * day + 12)] *= 2.5
        one.mark(24 * day + 9, 24 * day + 11, "M", ("a21026",))
    assert [f for f in opened("P22", one.case()) if f.numbers.get("kind") != "often" and f.score > 0.75] == []


def test_water_that_runs_low_with_its_load_is_no_false_meter() -> None:
    """A load never seen before: the line drawn there says more water than there was."""
    one = water(30)
    for f, k in (("pw_prod", 0.62), ("pw_treat", 0.95), ("w00000", 0.6)):
        one.values[f][one.span(500, 560)] *= k
    assert opened("P19", one.case()) == []
    one = water(30)
    one.values["w00000"][one.span(500, 560)] *= 0.6
    assert opened("P19", one.case())


def test_a_handful_of_cycles_alike_by_chance_is_no_fixed_efficiency() -> None:
    one = water(40)
    s = one.span(600, 612)
    one.values["w01018"][s] = 0.08 * one.inlet["w01018"][s]
    with np.errstate(all="ignore"):
        found = load_all()["P24"].look(one.case())
    assert not [f for f in found if getattr(f, "numbers", {}).get("kind") == "constant"]  # type: ignore[union-attr]


def test_water_that_stands_exactly_still_is_a_flat_line_and_no_bucket() -> None:
    series = plant("water")
    part = span(series, 15, 48)
    still = {f: series.avg[f].copy() for f in series.avg if f.startswith(("w21", "w01018"))}
    for values in still.values():
        values[part] = values[part.start]
    series = changed(series, **still)
    assert strong(look("P11", series)) == []
    assert len(strong(look("P01", series))[0].factors) == len(still)


def test_a_shape_never_seen_is_a_weak_second_word() -> None:
    rng = np.random.default_rng(4)
    made = np.sin(2 * np.pi * np.arange(40 * 24) / 24) + 0.05 * rng.standard_normal(40 * 24)
    made[700:730] = np.linspace(1, -1, 30) ** 3
    series = plant(days=40)
    whole = case(series)
    one = Finding(
        "P05", *(int(series.t[at]) for at in (700, 760, 735)), ("x",), 1.0, 1.0, 0.5, 5, {"x": 1.0}, (), "shape"
    )
    assert window_score(whole, one) == 0.0
    whole.cache[profile_key("x")] = (nearest_earlier(made, 24)[0], 24)
    assert 0.1 < window_score(whole, one) <= 0.3
    # What had not ended when it was raised does not count.
    early = replace(one, raised_at=int(series.t[712]))
    assert window_score(whole, early) == 0.0


@pytest.mark.parametrize(("share", "clear"), [(0.8, False), (0.2, True)])
def test_ammonia_that_is_most_of_the_nitrogen_moves_with_it_by_nature(share: float, clear: bool) -> None:
    series = plant("water")
    part = span(series, 15, 72)
    values = series.avg["w21001"].copy()
    values[part] = series.avg["w21003"][part] / share
    found = [one for one in look("P10", changed(series, w21001=values)) if set(one.factors) == {"w21001", "w21003"}]
    assert found
    assert bool(strong(found)) == clear
    assert ("detection.counter.part_of_whole" in found[0].counter) != clear


def test_a_rhythm_behind_lost_rows_is_still_kept() -> None:
    """Days without rows hide the calibrations that were due: the next two missed ones tell it all the same."""
    one = calibrated(1, range(2, 26))
    one.lose(24 * 12, 24 * 15)
    (found,) = opened("P23", one.case())
    last = one.t0 + (24 * 25 + 10) * 3600
    assert (found.raised_at - last) / 3600 == pytest.approx(2 * 24 + 3, abs=2)


def test_a_plant_of_one_shift_is_compared_over_some_of_its_days() -> None:
    series = plant(days=40)
    off = (series.hour_of_day < 7) | (series.hour_of_day >= 19)
    power = np.where(off, 15.0, series.avg["pw_prod"])
    part = span(series, 25, 24 * 6)
    values = series.avg["a21002"].copy()
    values[part] = 1.37 * series.avg["a21026"][part]
    assert strong(look("P10", changed(series, pw_prod=power))) == []
    (one,) = strong(look("P10", changed(series, pw_prod=power, a21002=values)))
    assert overlaps(one, series, part)
    assert one.raised_at <= int(series.t[part.start]) + 5 * 24 * 3600
