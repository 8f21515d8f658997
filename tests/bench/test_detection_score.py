"""The counting rules of the quality bench, on cases made by hand (hours as time, one outlet)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HOUR = 3600.0


def _load() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "bench" / "detection_score.py"
    spec = importlib.util.spec_from_file_location("detection_score", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["detection_score"] = module
    spec.loader.exec_module(module)
    return module


S = _load()


def said(start: float, end: float, pattern: str = "P01", outlet: str = "A", raised: float | None = None):  # type: ignore[no-untyped-def]
    return S.Said(outlet, start * HOUR, end * HOUR, pattern, (end if raised is None else raised) * HOUR)


def event(start: float, end: float, pattern: str = "P01", outlet: str = "A"):  # type: ignore[no-untyped-def]
    return S.Happening(outlet, start * HOUR, end * HOUR, "kind", pattern)


def test_clues_of_one_pattern_less_than_12_h_apart_are_one() -> None:
    assert len(S.merged([said(0, 5), said(16, 20)])) == 1
    assert len(S.merged([said(0, 5), said(17, 20)])) == 2
    assert len(S.merged([said(0, 5), said(6, 20, "P02")])) == 2
    assert len(S.merged([said(0, 5), said(6, 20, outlet="B")])) == 2
    both = S.merged([said(10, 30, raised=31), said(0, 5, raised=2)])[0]
    assert (both.start, both.end, both.raised_at) == (0, 30 * HOUR, 2 * HOUR)


def test_merging_follows_a_long_clue_that_holds_a_short_one() -> None:
    assert len(S.merged([said(0, 100), said(10, 20), said(105, 110)])) == 1


def test_a_clue_is_true_with_half_its_time_in_events_widened_by_3_h() -> None:
    events = [event(100, 120)]
    assert S.judge([said(97, 100)], events).true == (True,)
    assert S.judge([said(83, 111)], events).true == (True,)
    assert S.judge([said(82, 111)], events).true == (False,)
    assert S.judge([said(100, 120, outlet="B")], events).true == (False,)


def test_overlapping_events_do_not_count_twice() -> None:
    assert S.judge([said(90, 160)], [event(100, 120), event(100, 120, "P05")]).true == (False,)


def test_an_event_is_found_by_6_hours_or_5_percent_of_short_ones() -> None:
    long = [event(0, 200)]
    assert S.judge([said(10, 16)], long).found == (True,)
    assert S.judge([said(10, 15.5)], long).found == (False,)
    assert S.judge([said(10, 12)], [event(0, 40)]).found == (True,)
    assert S.judge([said(10, 11.9)], [event(0, 40)]).found == (False,)
    assert S.judge([said(10, 10.9)], [event(9, 12)]).found == (False,)
    assert S.judge([said(10, 11)], [event(9, 12)]).found == (True,)


def test_pieces_add_up_and_false_clues_find_nothing() -> None:
    events = [event(0, 200)]
    assert S.judge([said(10, 13), said(50, 53)], events).found == (True,)
    assert S.judge([said(190, 400)], events).found == (False,)


def test_type_needs_the_right_pattern_to_cover_enough() -> None:
    verdict = S.judge([said(10, 40, "P05")], [event(0, 50, "P06")])
    assert (verdict.found, verdict.typed) == ((True,), (False,))
    assert S.judge([said(10, 40, "P18B")], [event(0, 50, "P18b")]).typed == (True,)


def test_false_clues_of_an_outlet_share_a_visit_for_72_h() -> None:
    verdict = S.judge([said(0, 5), said(30, 35), said(71, 75), said(90, 95), said(0, 5, outlet="B")], [])
    assert verdict.visits == 3
    assert S.judge([said(0, 200)], []).visits == 1
    assert S.judge([said(0, 200)], []).visits_long == 3


def test_time_to_detect_is_to_the_first_true_clue_and_never_negative() -> None:
    events = [event(100, 200)]
    late = S.judge([said(100, 150, raised=130), said(100, 150, "P05", raised=120)], events)
    assert late.hours_to_detect == (20.0,)
    assert S.judge([said(98, 150, raised=99)], events).hours_to_detect == (0.0,)
    assert S.judge([], events).hours_to_detect == (None,)


def test_score_puts_figures_together() -> None:
    verdict = S.judge([said(0, 20), said(300, 310)], [event(0, 20), event(100, 120, "P05")])
    total = S.score([verdict], outlet_months=2.0)
    assert (total.precision, total.recall, total.typed, total.visits) == (0.5, 0.5, 0.5, 0.5)
    assert total.f1 == pytest.approx(0.5)


def test_nothing_said_scores_nothing() -> None:
    total = S.score([S.judge([], [event(0, 10)])], 1.0)
    assert (total.f1, total.visits) == (0.0, 0.0)


def test_chance_recall_of_a_detector_that_always_shouts_is_full() -> None:
    events = [event(100, 150), event(300, 900)]
    always = S.chance([said(0, 1000)], events, 0.0, 1000 * HOUR, tries=3)
    assert always == 1.0
    assert S.chance([said(100, 101)], [event(100, 150)], 0.0, 1000 * HOUR, tries=50) < 0.3
