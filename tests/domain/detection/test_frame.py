"""Masks, fusion, the run: what every detector stands on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.detection.shape_plant import START, changed, facts, params, plant, span
from ecobureau.domain.detection.fusion import fuse, merged
from ecobureau.domain.detection.masks import masks_of, running_top, widen
from ecobureau.domain.detection.registry import REGISTRY, Detector, load_all
from ecobureau.domain.detection.run import detect_outlet, together
from ecobureau.domain.detection.types import Case, Clue, Declaration, Finding, OutletSeries, Params

HOUR = 3600


def finding(pattern: str, start_h: float, hours: float, score: float = 0.7, **more: object) -> Finding:
    start = START + round(start_h * HOUR)
    base = Finding(pattern, start, start + round(hours * HOUR), start + HOUR, ("a21026",), 1.0, 1.0, score, 4)
    return replace(base, **more)  # type: ignore[arg-type]


def fused(*found: Finding) -> list[Clue]:
    return fuse("T1", found, params().part("fusion"))


def masks(series: OutletSeries, *declared: Declaration):  # type: ignore[no-untyped-def]
    return masks_of(series, facts(series.kind), declared, params().part("masks"))


def test_an_instrument_mark_is_widened_by_an_hour_on_both_sides() -> None:
    series = plant(days=3)
    marks = series.flag["a21026"].copy()
    marks[30] = "C"
    told = masks(replace(series, flag={**series.flag, "a21026": marks}))
    assert np.flatnonzero(told.inst_by["a21026"]).tolist() == [29, 30, 31]
    assert not told.use("a21026")[29:32].any()
    assert told.use("a21002")[29:32].all()
    assert told.inst[30]


def test_a_stop_of_production_is_not_judged_nor_are_its_edges() -> None:
    series = plant(days=6)
    power = series.avg["pw_prod"].copy()
    power[72:90] = 20.0
    told = masks(changed(series, pw_prod=power))
    assert not told.run[72:90].any()
    assert told.run[:72].all()
    assert told.run[90:].all()
    assert told.trans[90:94].all()
    assert not told.trans[94]
    assert not told.use("a21026")[72:94].any()


def test_a_declared_stop_is_masked_to_its_end() -> None:
    series = plant(days=3)
    told = masks(series, Declaration("T1", START + 10 * HOUR, START + 12 * HOUR, "stop"))
    assert np.flatnonzero(told.stop).tolist() == [10, 11]
    other = masks(series, Declaration("T2", START + 10 * HOUR, START + 12 * HOUR, "stop"))
    assert not other.stop.any()


def test_an_ordered_cut_is_no_stop() -> None:
    series = plant(days=3)
    assert not masks(series, Declaration("T1", START, START + DAY, "order_cut", 0.5)).stop.any()


DAY = 86400


def test_without_power_oxygen_tells_whether_the_plant_runs() -> None:
    series = plant(days=4)
    oxygen = series.avg["a19001"].copy()
    oxygen[40:60] = 20.8
    avg = {
        factor: values for factor, values in changed(series, a19001=oxygen).avg.items() if not factor.startswith("pw")
    }
    told = masks(replace(series, avg=avg))
    assert not told.run[40:60].any()
    assert told.run[:40].all()


def test_masks_know_only_the_past() -> None:
    series = plant(days=20)
    power = series.avg["pw_prod"].copy()
    power[200:220] = 15.0
    series = changed(series, pw_prod=power)
    whole, cut = masks(series), masks(series.first(230))
    assert np.array_equal(whole.run[:230], cut.run)
    assert np.array_equal(whole.trans[:230], cut.trans)


def test_widening_and_running_levels() -> None:
    assert widen(np.array([0, 0, 1, 0, 0, 0], dtype=bool), 1, 2).tolist() == [False, True, True, True, True, False]
    assert widen(np.zeros(3, dtype=bool), 1, 1).tolist() == [False] * 3
    top = running_top(np.concatenate([np.ones(60), np.full(60, 5.0)]), 95.0)
    assert top[59] == 1.0
    assert top[-1] > 1.0
    assert running_top(np.full(5, np.nan), 50.0).tolist() == [0.0] * 5


def test_a_prefix_holds_what_had_ended() -> None:
    series = plant(days=2)
    assert len(series.until(START + 5 * HOUR)) == 5
    assert len(series.until(START + 5 * HOUR + 3599)) == 5
    assert len(series.until(START)) == 0


def test_findings_of_one_pattern_close_together_are_one() -> None:
    joined = merged([finding("P01", 0, 6), finding("P01", 17, 6), finding("P01", 60, 6)], 12 * HOUR, 0.6)
    assert [(one.start - START, one.end - START) for one in joined] == [(0, 23 * HOUR), (60 * HOUR, 66 * HOUR)]


def test_what_is_too_weak_does_not_date_what_is_strong() -> None:
    weak = finding("P01", 0, 6, 0.3, raised_at=START)
    strong = finding("P01", 8, 6, 0.8, raised_at=START + 9 * HOUR)
    assert merged([weak, strong], 12 * HOUR, 0.6)[0].raised_at == START + 9 * HOUR


def test_a_pattern_that_explains_another_takes_it_in() -> None:
    clues = fused(finding("P11", 0, 48), finding("P01", 10, 20))
    assert [clue.pattern for clue in clues] == ["P11"]
    assert [one.pattern for one in clues[0].members] == ["P11", "P01"]
    apart = fused(finding("P11", 0, 48), finding("P01", 100, 20))
    assert sorted(clue.pattern for clue in apart) == ["P01", "P11"]


def test_two_groups_that_agree_raise_confidence() -> None:
    alone = fused(finding("P18", 0, 10, group="power"))[0]
    both = fused(finding("P18", 0, 10, group="power"), finding("P28", 0, 10, group="physics"))[0]
    assert both.pattern == "P18"
    assert both.groups == ("physics", "power")
    assert both.confidence > alone.confidence


def test_the_second_model_lifts_a_doubt_but_not_a_benign_explanation() -> None:
    part = params().part("fusion")
    weak = finding("P05", 0, 48, 0.5)
    assert fuse("T1", [weak], part) == []
    assert len(fuse("T1", [weak], part, lambda one: 0.9)) == 1
    benign = replace(weak, counter=("detection.counter.after_stop",))
    assert fuse("T1", [benign], part, lambda one: 0.9) == []


def test_what_is_not_worth_a_visit_is_no_clue() -> None:
    assert fused(finding("P27", 0, 300, 0.9, severity=2)) == []
    assert fused(finding("P02", 0, 48, 0.59)) == []
    assert len(fused(finding("P30", 0, 200, 0.7, severity=2))) == 1


def test_a_detector_that_stumbles_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: Case, p: Params) -> list[Finding]:
        raise ZeroDivisionError("made so")

    load_all()
    old = REGISTRY["P02"]
    monkeypatch.setitem(REGISTRY, "P02", Detector("P02", old.title, old.inputs, old.group, old.cost, broken))
    series = plant(days=20)
    values = series.avg["a21026"].copy()
    part = span(series, 12, 30)
    values[part] = values[part.start]
    result = detect_outlet(changed(series, a21026=values), facts(), (), params())
    assert result.failed == {"P02": "ZeroDivisionError: made so"}
    assert any(clue.pattern == "P01" for clue in result.clues)


@pytest.mark.parametrize("kind", ["gas", "water"])
def test_no_detector_fails_on_poor_data(kind: str) -> None:
    series = plant(kind, days=12)
    nothing = {factor: np.full(len(series), np.nan) for factor in series.avg}
    blank = {factor: np.full(len(series), "", dtype="<U1") for factor in series.avg}
    zero = {factor: np.zeros(len(series)) for factor in series.avg}
    for poor in (
        replace(series, avg=nothing, flag=blank),
        replace(series, avg=zero),
        replace(series, avg={}, zs={}, flag={}),
        series.first(1),
        series.first(3),
        series.first(0),
    ):
        result = detect_outlet(poor, facts(kind), (), params())
        assert result.failed == {}


def test_an_honest_plant_gets_no_clue() -> None:
    for kind in ("gas", "water"):
        for seed in (31, 32):
            result = detect_outlet(plant(kind, 30, seed=seed), facts(kind), (), params())
            assert result.failed == {}
            assert result.clues == ()


def test_what_many_show_at_once_is_the_network() -> None:
    result = detect_outlet(plant(days=12), facts(), (), params())
    clue = Clue("T1", START, START + DAY, "P16", 0.9, 3, START, (), ("flags",), (finding("P16", 0, 24),))
    many = [replace(result, outlet_id=f"T{n}", clues=(replace(clue, outlet_id=f"T{n}"),)) for n in range(6)]
    assert all(one.clues == () for one in together(many, params()))
    few = [many[0], *(replace(one, clues=()) for one in many[1:])]
    assert len(together(few, params())[0].clues) == 1
