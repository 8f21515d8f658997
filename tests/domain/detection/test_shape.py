"""Each pattern of the values' shape: a golden case, a harmless twin, only the past, other units, gaps, steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.detection.shape_cases import FINE, GOLDEN, LEAST, finer, slope
from domain.detection.shape_plant import (
    facts,
    look,
    overlaps,
    plant,
    strong,
)
from ecobureau.commands.detect import sentence
from ecobureau.domain.detection.types import Declaration
from ecobureau.words import set_language


@pytest.mark.parametrize("pattern", GOLDEN)
def test_the_golden_case_is_told(pattern: str) -> None:
    series, part = GOLDEN[pattern][0]()
    found = strong(look(pattern, series), LEAST.get(pattern, 0.6))
    assert any(overlaps(one, series, part) for one in found), found
    assert all(
        one.numbers and one.raised_at >= int(series.t[part.start]) for one in found if overlaps(one, series, part)
    )


@pytest.mark.parametrize("pattern", GOLDEN)
def test_the_harmless_twin_stays_silent(pattern: str) -> None:
    assert strong(look(pattern, GOLDEN[pattern][1]()), LEAST.get(pattern, 0.6)) == []


@pytest.mark.parametrize("pattern", GOLDEN)
@pytest.mark.parametrize("kind", ["gas", "water"])
def test_an_honest_plant_is_left_in_peace(pattern: str, kind: str) -> None:
    if (pattern, kind) == ("P11", "gas"):
        pytest.skip("water only")
    for seed in (21, 22, 23):
        assert strong(look(pattern, plant(kind, 40, seed=seed))) == []


@pytest.mark.parametrize("pattern", GOLDEN)
def test_only_the_past_counts(pattern: str) -> None:
    """What the whole series raises at a time, the series that ends there raises too."""
    series, part = GOLDEN[pattern][0]()
    least = LEAST.get(pattern, 0.6)
    told = next(one for one in strong(look(pattern, series), least) if overlaps(one, series, part))
    cut = series.until(told.raised_at)
    again = strong(look(pattern, cut), least)
    same = [one for one in again if one.raised_at == told.raised_at]
    assert same, (told, again)
    assert abs(same[0].start - told.start) <= 6 * 3600
    assert set(same[0].factors) & set(told.factors)


@pytest.mark.parametrize("pattern", GOLDEN)
def test_steps_of_ten_minutes(pattern: str) -> None:
    series, part = FINE[pattern](600) if pattern in FINE else finer(*GOLDEN[pattern][0]())
    found = strong(look(pattern, series), LEAST.get(pattern, 0.6))
    assert any(overlaps(one, series, part) for one in found)


@pytest.mark.parametrize("pattern", GOLDEN)
def test_a_shift_in_time_changes_nothing(pattern: str) -> None:
    series, _part = GOLDEN[pattern][0]()
    later = replace(series, t=series.t + 21 * 86400)
    moved = [(one.start - 21 * 86400, one.end - 21 * 86400) for one in look(pattern, later)]
    assert moved == [(one.start, one.end) for one in look(pattern, series)]


@pytest.mark.parametrize("pattern", GOLDEN)
def test_in_other_units_it_is_the_same(pattern: str) -> None:
    series, _part = GOLDEN[pattern][0]()
    # A power of two loses no digit.
    known = facts(series.kind)
    rows = {
        code: replace(one, limit=4 * one.limit, range_max=4 * one.range_max, resolution=4 * one.resolution)
        for code, one in known.factors.items()
        if one.limit and one.range_max and one.resolution
    }
    scaled = {code: values * 4 if code in rows else values for code, values in series.avg.items()}
    told = look(pattern, replace(series, avg=scaled), facts=replace(known, factors=rows))
    assert [(one.start, one.raised_at) for one in told] == [(one.start, one.raised_at) for one in look(pattern, series)]


@pytest.mark.parametrize("pattern", GOLDEN)
def test_gaps_do_no_harm(pattern: str) -> None:
    series, part = GOLDEN[pattern][0]()
    rng = np.random.default_rng(9)
    gone = rng.random(len(series)) < 0.04
    avg = {factor: np.where(gone, np.nan, values) for factor, values in series.avg.items()}
    flag = {factor: np.where(gone, "", marks) for factor, marks in series.flag.items()}
    found = strong(look(pattern, replace(series, avg=avg, flag=flag)), LEAST.get(pattern, 0.6))
    assert any(overlaps(one, series, part) for one in found)


def test_a_declared_stop_before_a_step_speaks_for_the_plant() -> None:
    series, part = slope()
    at = int(series.t[part.start])
    found = look("P05", series, (Declaration("T1", at - 30 * 3600, at - 3600, "stop"),))
    assert strong(found) == []
    assert all("detection.counter.after_stop" in one.counter for one in found)


@pytest.mark.parametrize("pattern", GOLDEN)
def test_the_reason_can_be_said_in_both_tongues(pattern: str) -> None:
    series, part = GOLDEN[pattern][0]()
    told = next(one for one in strong(look(pattern, series), LEAST.get(pattern, 0.6)) if overlaps(one, series, part))
    try:
        for lang in ("zh", "en"):
            set_language(lang)
            text = sentence(told)
            assert "{" not in text
            assert any(sign.isdigit() for sign in text)
            assert (lang == "zh") == any("\u4e00" <= sign <= "\u9fff" for sign in text)
    finally:
        set_language("zh")
