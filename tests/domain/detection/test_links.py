"""Every pattern of links, marks and totals: a golden case, a harmless twin, what must not change it, and causality."""

from __future__ import annotations

import numpy as np
import pytest

from domain.detection.link_plant import gas, water
from domain.detection.link_tales import OPEN, TALES, Tale, every, look, regular_calibration, told
from ecobureau.commands.detect import sentence
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.run import case_of
from ecobureau.domain.detection.types import NoOpinion, ParameterChange
from ecobureau.words import say, set_language


def test_two_nights_alike_tell_missing_rows_and_two_unlike_ones_do_not() -> None:
    alike = gas(30)
    alike.lose(24 * 25 + 1, 24 * 25 + 6)
    alike.lose(24 * 26 + 1, 24 * 26 + 6)
    (one,) = look("P15", alike.case())
    # The second gap must have ended: with the first row after it.
    assert one.raised_at == alike.t0 + (24 * 26 + 7) * 3600
    unlike = gas(30)
    unlike.lose(24 * 25 + 1, 24 * 25 + 6)
    unlike.lose(24 * 26 + 2, 24 * 26 + 8)
    assert look("P15", unlike.case()) == []


@pytest.mark.parametrize(("jitter", "hours"), [(0, 7 * 24 + 4), (6, 1.15 * 7.25 * 24)])
def test_calibration_by_the_clock_is_missed_hours_after_its_time(jitter: int, hours: float) -> None:
    plant = gas(50)
    for number, day in enumerate((2, 9, 16, 23)):
        plant.mark(24 * day + 9 + jitter * (number % 2), 24 * day + 10 + jitter * (number % 2), "C")
    (one,) = look("P23", plant.case())
    since = plant.t0 + (24 * 23 + 9 + jitter) * 3600
    assert abs((one.raised_at - since) / 3600 - hours) <= 2


@every
def test_golden_case_is_found(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.golden(plant)
    found = told(tale, plant)
    assert found
    covered = sum(min(f.end, plant.t0 + tale.last * 3600) - max(f.start, plant.t0 + tale.first * 3600) for f in found)
    assert covered >= 0.25 * (tale.last - tale.first) * 3600
    one = found[0]
    assert one.start < one.raised_at <= max(one.end, one.raised_at)
    assert 1 <= one.severity <= 5
    assert one.numbers


@every
def test_harmless_twin_stays_silent(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.twin(plant)
    assert told(tale, plant) == []


@every
def test_raised_with_what_was_known_then(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.golden(plant)
    case = plant.case()
    first = min(told(tale, plant), key=lambda f: f.raised_at)
    series = case.series.until(first.raised_at)
    again = look(tale.pattern, case_of(series, case.facts, case.declarations, case.params))
    same = [f for f in again if f.start == first.start and f.raised_at == first.raised_at]
    assert same, [(f.start - first.start, f.raised_at - first.raised_at) for f in again]
    assert same[0].score == pytest.approx(first.score, abs=0.1)


@every
def test_gaps_do_not_hide_it(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.golden(plant)
    rng = np.random.default_rng(5)
    holes = rng.random(len(plant.values["pw_prod"])) < 0.02
    for x in plant.values.values():
        x[holes] = np.nan
    assert told(tale, plant)


@every
def test_later_by_weeks_it_is_the_same(tale: Tale) -> None:
    # A calendar month comes again in a year.
    shift = (365 if tale.pattern == "P29" else 35) * 86_400
    plant, moved = tale.plant(tale.days), tale.plant(tale.days)
    moved.t0 += shift
    tale.golden(plant)
    tale.golden(moved)
    want = [(f.start + shift, f.raised_at + shift) for f in told(tale, plant)]
    assert [(f.start, f.raised_at) for f in told(tale, moved)] == want


@every
def test_in_other_units_it_is_the_same(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.golden(plant)
    plant.convert() if not plant.zs else None
    want = len(told(tale, plant))
    for f in plant.values:
        if f.startswith(("pw_", "a00000", "a01011", "w00000")):
            plant.values[f] = plant.values[f] * 3.0
    if not tale.scaled:
        # What is compared with a registered number: the number is told in the other unit too.
        plant.permits = {f: 3.0 * permit for f, permit in plant.permits.items()}
        plant.limits = {f: 3.0 * limit for f, limit in plant.limits.items()}
        for columns in (plant.values, plant.zs):
            for f in plant.limits:
                columns[f] = columns[f] * 3.0
        plant.permits = {f: 3.0 * permit for f, permit in plant.permits.items()}
    assert len(told(tale, plant)) == want


@every
def test_every_ten_minutes_it_is_found_too(tale: Tale) -> None:
    plant = tale.plant(34, 600)
    tale.golden(plant)
    assert told(tale, plant)


def test_honest_plants_raise_nothing() -> None:
    for make in (gas, water):
        plant = make(40, seed=11)
        regular_calibration(plant)
        case = plant.case()
        for pattern in sorted({tale.pattern for tale in TALES}):
            with np.errstate(all="ignore"):
                opinion = load_all()[pattern].look(case)
            if not isinstance(opinion, NoOpinion):
                assert [f for f in opinion if f.score >= OPEN] == [], pattern


# --- patterns of the running system ----------------------------------------------------------------------------------


def test_rewritten_value() -> None:
    plant = gas(10)
    revised = np.zeros(240, dtype=bool)
    revised[100] = True
    plant.extra["revised"] = {"a21026": revised}
    found = look("P35", plant.case())
    assert [(f.severity, f.numbers["kind"], f.factors) for f in found] == [(5, "rewritten", ("a21026",))]
    revised[100] = False
    assert look("P35", plant.case()) == []


def test_rows_from_the_future_and_in_one_second() -> None:
    plant = gas(10)
    ends = plant.t0 + 3600.0 * np.arange(1, 241)
    arrived = ends + 5.0
    plant.extra["arrived"] = arrived
    assert look("P35", plant.case()) == []
    arrived[50:60] = ends[50:60] - 1800
    arrived[100:120] = ends[140]
    kinds = [f.numbers["kind"] for f in look("P35", plant.case())]
    assert sorted(kinds) == ["batch", "future"]
    # A back-fill as soon as the line is back, in the order of the hours, is no batch.
    arrived[50:60] = ends[50:60] + 5
    arrived[100:120] = ends[119] + 60.0 * np.arange(20)
    assert look("P35", plant.case()) == []


def test_shifted_clock() -> None:
    plant = gas(30)
    for f in plant.values:
        if not f.startswith("pw_"):
            x = plant.values[f]
            x[480:] = np.r_[x[476:480], x[480:-4]]
    opinion = load_all()["P35"].look(plant.case())
    assert not isinstance(opinion, NoOpinion)
    found = [f for f in opinion if f.numbers["kind"] == "shifted"]
    assert found
    # It supports other findings and opens no clue alone.
    assert found[0].score < OPEN
    assert found[0].numbers["lag"] == 4


def test_parameter_without_filing() -> None:
    plant = gas(10)
    when = plant.t0 + 100 * 3600.0
    change = ParameterChange(when, "a21026", "slope", "1.00", "0.62", filed=False)
    plant.extra["parameters"] = (change,)
    found = look("P36", plant.case())
    assert [(f.severity, f.numbers["new"]) for f in found] == [(5, "0.62")]
    plant.extra["parameters"] = (ParameterChange(when, "a21026", "slope", "1.00", "0.62", filed=True),)
    assert look("P36", plant.case()) == []
    plant.extra["parameters"] = (ParameterChange(when, "a21026", "slope", "1.00", "0.62", filed=None),)
    assert load_all()["P36"].look(plant.case()) == NoOpinion("detection.no_filings")
    # A small trim beside a calibration is told, but speaks for the plant.
    plant.extra["parameters"] = (ParameterChange(when, "a21026", "slope", "1.00", "1.02", filed=False),)
    plant.mark(98, 100, "C")
    assert "detection.counter.calibrated_then" in look("P36", plant.case())[0].counter


def test_no_data_is_no_opinion() -> None:
    """A pattern whose inputs are missing says so."""
    plant = gas(10)
    for f in ("pw_prod", "pw_treat"):
        del plant.values[f]
    plant.inlet = {}
    case = plant.case()
    for pattern in ("P17", "P18", "P18b", "P21", "P24", "P26", "P32", "P33", "P36"):
        assert isinstance(load_all()[pattern].look(case), NoOpinion), pattern


@every
def test_reason_is_told_with_numbers_in_both_languages(tale: Tale) -> None:
    plant = tale.plant(tale.days)
    tale.golden(plant)
    found = told(tale, plant)
    for lang in ("zh", "en"):
        set_language(lang)
        try:
            text = sentence(found[0])
            notes = [say(code) for code in found[0].counter]
        finally:
            set_language("zh")
        assert any(digit in text for digit in "0123456789")
        assert not any(word in one for one in [text, *notes] for word in ("detection.", "{", " nan", "造假"))
        assert lang == "zh" or not any("\u4e00" <= sign <= "\u9fff" for sign in text)
