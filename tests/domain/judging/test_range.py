"""R-RANGE: what cannot be, what the instrument cannot give, honest marks, zero drift, and a machine of its own."""

from datetime import date

import pytest

from ecobureau.domain.judging import RangeFacts, RangeSpan, RangeState, step_range
from ecobureau.web.core.refusals import sentence

SPAN = RangeSpan(0, 200, "mg/L", date(2024, 1, 1), None, "A-100")


def judge(make, params, points, *, factor="w01018", ranges=(SPAN,), state=None, stream=None):
    facts = RangeFacts(make.where, factor, stream or make.hour, points, ranges)
    return step_range(state or RangeState(), facts, params, make.now)


@pytest.mark.parametrize(
    ("factor", "value", "unit", "ranges", "code"),
    [
        ("w01018", -5.0, "mg/L", (), "judging.range.physical.below.title"),
        ("w01001", 14.1, "1", (), "judging.range.physical.above.title"),
        ("w01001", -0.1, "1", (), "judging.range.physical.below.title"),
        ("a19001", 26.0, "%", (), "judging.range.physical.above.title"),
        ("w01018", 201.0, "mg/L", (SPAN,), "judging.range.instrument.above.title"),
        ("w01018", 201000.0, "ug/L", (SPAN,), "judging.range.instrument.above.title"),
    ],
)
def test_what_cannot_be_is_found(make, params, factor, value, unit, ranges, code):
    _state, (finding,) = judge(make, params, [make.point(0, value, unit=unit)], factor=factor, ranges=ranges)
    assert (finding.rule, finding.phase, finding.title_code) == ("R-RANGE", "open", code)
    for lang in ("zh", "en"):
        for said in [(finding.title_code, finding.params), *((e.code, e.params) for e in finding.evidence)]:
            assert "{" not in sentence(*said, lang)


@pytest.mark.parametrize(
    ("factor", "value", "unit"),
    [
        ("w01001", 14.0, "1"),
        ("w01001", 0.0, "1"),
        ("w01018", 200.0, "mg/L"),
        ("w01018", 0.0, "mg/L"),
        ("a01013", -3.0, "kPa"),
        ("a01012", -10.0, "degC"),
        ("w01018", 200.0, "furlong"),
        ("w01099", -120.0, "mV"),
        ("i99999", -1.0, ""),
    ],
)
def test_edges_and_what_may_be_negative_are_fine(make, params, factor, value, unit):
    assert judge(make, params, [make.point(0, value, unit=unit)], factor=factor)[1] == []


def test_zero_drift_of_the_instrument_is_tolerated(make, params):
    drift = 200 * params.zero_drift
    assert judge(make, params, [make.point(0, -drift)])[1] == []
    (finding,) = judge(make, params, [make.point(0, -drift - 0.1)])[1]
    assert finding.bound == "min"


@pytest.mark.parametrize("flag", ["T", "C", "D", "M"])
def test_a_device_that_says_so_itself_is_honest(make, params, flag):
    assert judge(make, params, [make.point(0, 999.0, flag)])[1] == []


def test_an_instrument_of_another_time_does_not_count(make, params):
    old = RangeSpan(0, 100, "mg/L", date(2020, 1, 1), date(2026, 11, 21))
    assert judge(make, params, [make.point(0, 150.0)], ranges=(old,))[1] == []


def test_real_time_values_must_hold_and_the_end_is_told(make, params):
    count = int(params.range["rt"].pending_s / 60) + 1
    assert judge(make, params, make.rts([999.0] * (count - 1)), stream=make.rt)[1] == []
    state, (opened,) = judge(make, params, make.rts([999.0] * count), stream=make.rt)
    calm = int(params.range["rt"].keep_s / 60) + 1
    _state, (ended,) = judge(make, params, make.rts([10.0] * calm, first=count / 60), stream=make.rt, state=state)
    assert (opened.phase, ended.phase) == ("open", "end")
    assert RangeState.from_json(state.to_json()) == state


def test_late_points_are_judged_by_themselves(make, params):
    state, _none = judge(make, params, make.hours([10.0], first=9))
    after, (finding,) = judge(make, params, make.hours([999.0], first=1, backfilled=True), state=state)
    assert finding.late
    assert after.seen_until == state.seen_until
    assert judge(make, params, make.hours([999.0], first=1, backfilled=True), state=after)[1] == []
