"""R-OVER: boundaries, marks, pending and keep-firing, hysteresis, conversion, units, days, back-fill, and the state."""

import itertools
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecobureau.domain.judging import Context, Declared, DeviceEvent, Neighbour, OverFacts, OverState, step_over
from ecobureau.domain.judging.over import forget
from ecobureau.web.core.refusals import sentence


def judge(make, params, points, *, limits=None, state=None, stream=None, **more):
    facts = OverFacts(
        make.where,
        more.pop("factor", "w01018"),
        stream or make.hour,
        points,
        limits if limits is not None else [make.limit()],
        **more,
    )
    return step_over(state or OverState(), facts, params, make.now)


def phases(findings):
    return [finding.phase for finding in findings]


def test_equal_to_the_limit_is_not_over(make, params):
    state, findings = judge(make, params, make.hours([80.0]))
    assert findings == []
    assert state.machines["max"].phase == "ok"


def test_one_hour_over_opens_and_says_the_numbers(make, params):
    _state, (finding,) = judge(make, params, make.hours([108.0], decimals=0), factor_word="factor.w01018")
    assert (finding.rule, finding.phase, finding.value, finding.threshold) == ("R-OVER", "open", 108.0, 80.0)
    assert (finding.first_at, finding.last_at) == (make.at(0), make.at(1))
    assert sentence(finding.title_code, finding.params, "zh") == "疑似超许可：COD 108，许可 80"
    assert (finding.level, finding.scenario) == ("orange", "K01")
    text = sentence(finding.reason_code, finding.params, "zh")
    assert "小时均值 108 mg/L，许可 80 mg/L（排污许可证），为许可的 1.35 倍" in text
    assert {piece.kind for piece in finding.evidence} == {"rule", "number", "series", "favour"}


def test_every_sentence_can_be_said_in_both_languages(make, params):
    context = Context(declared=(), events=(), neighbours=())
    points = make.rts([90] * 4) + make.rts([10] * 20, first=0.1)
    _state, findings = judge(make, params, points, stream=make.rt, context=context)
    assert phases(findings) == ["open", "end"]
    for finding, lang in itertools.product(findings, ("zh", "en")):
        said = [sentence(finding.title_code, finding.params, lang), sentence(finding.reason_code, finding.params, lang)]
        said += [sentence(piece.code, piece.params, lang) for piece in finding.evidence]
        assert all("{" not in text and "judging." not in text for text in said), said


@pytest.mark.parametrize("flag", ["C", "M", "F", "D", "B", "T", "S", "H", "?", "0", "1", "2"])
def test_only_normal_values_count(make, params, flag):
    state, findings = judge(make, params, make.hours([500.0, 500.0], flag=flag))
    assert findings == []
    assert state.machines["max"].phase == "ok"


@pytest.mark.parametrize("flag", ["N", "n", " N ", "3"])
def test_normal_marks_of_both_editions_count(make, params, flag):
    assert phases(judge(make, params, make.hours([81.0], flag=flag))[1]) == ["open"]


def test_unmarked_values_count_with_less_confidence(make, params):
    (marked,), (unmarked,) = (judge(make, params, make.hours([90.0], flag=flag))[1] for flag in ("N", ""))
    assert unmarked.confidence < marked.confidence


def test_no_number_and_no_flow_are_not_judged(make, params):
    points = [make.point(0, None), make.point(1, 500.0, discharging=False)]
    assert judge(make, params, points)[1] == []


def test_real_time_values_must_hold_for_the_pending_time(make, params):
    rule = params.over["rt"]
    enough = int(rule.pending_s / 60) + 1
    assert judge(make, params, make.rts([90] * (enough - 1)), stream=make.rt)[1] == []
    _state, findings = judge(make, params, make.rts([90] * enough), stream=make.rt)
    assert phases(findings) == ["open"]
    assert findings[0].first_at == make.at(0)
    assert any(piece.code == "judging.over.early" for piece in findings[0].evidence)


def test_a_dip_or_a_long_gap_begins_pending_anew(make, params):
    dip = make.rts([90, 90, 10, 90, 90])
    assert judge(make, params, dip, stream=make.rt)[1] == []
    gap = make.rts([90, 90]) + make.rts([90, 90], first=0.2)
    assert judge(make, params, gap, stream=make.rt)[1] == []


def test_pending_survives_the_border_between_two_calls(make, params):
    state, none = judge(make, params, make.rts([90, 90]), stream=make.rt)
    _state, findings = judge(make, params, make.rts([90], first=2 / 60), stream=make.rt, state=state)
    assert (none, phases(findings)) == ([], ["open"])


def test_marked_values_neither_feed_nor_break_pending(make, params):
    points = [*make.rts([90, 90]), make.point(2 / 60, 500, "C", stream="rt"), *make.rts([90], first=3 / 60)]
    _state, (finding,) = judge(make, params, points, stream=make.rt)
    assert (finding.points, finding.value) == (3, 90)
    series = next(piece for piece in finding.evidence if piece.kind == "series")
    assert series.params["skipped"] == {"calibration": 1}


def test_hysteresis_keeps_firing_until_well_below_for_long_enough(make, params):
    edge = 80 * (1 - params.over_hysteresis)
    state, _opened = judge(make, params, make.hours([100.0]))
    state, still = judge(make, params, make.hours([edge + 0.1], first=1), state=state)
    assert (still, state.machines["max"].phase) == ([], "firing")
    state, ended = judge(make, params, make.hours([edge], first=2), state=state)
    assert phases(ended) == ["end"]
    assert state.machines["max"].phase == "ok"


def test_a_value_between_starts_the_calm_anew(make, params):
    state, _opened = judge(make, params, make.rts([90] * 3), stream=make.rt)
    calm = int(params.over["rt"].keep_s / 60)
    wobble = [10] * (calm - 1) + [79] + [10] * (calm - 1)
    state, none = judge(make, params, make.rts(wobble, first=0.1), stream=make.rt, state=state)
    assert none == []
    _state, ended = judge(make, params, make.rts([10] * 2, first=0.1 + len(wobble) / 60), stream=make.rt, state=state)
    assert phases(ended) == ["end"]


def test_going_on_extends_once_a_call_and_keeps_the_worst(make, params):
    state, _opened = judge(make, params, make.hours([100.0]))
    _state, (finding,) = judge(make, params, make.hours([130.0, 120.0], first=1), state=state)
    assert (finding.phase, finding.value, finding.points) == ("extend", 130.0, 3)
    assert (finding.first_at, finding.last_at) == (make.at(0), make.at(3))


def test_a_whole_day_in_one_call_tells_each_episode_once(make, params):
    points = make.hours([100, 110, 50, 50, 100, 100, 100, 50])
    _state, findings = judge(make, params, points)
    assert phases(findings) == ["open", "end", "open", "end"]
    assert [finding.points for finding in findings] == [2, 2, 3, 3]


def test_three_times_the_limit_and_toxic_matter_weigh_more(make, params):
    (grave,) = judge(make, params, make.hours([240.0]))[1]
    (toxic,) = judge(make, params, make.hours([81.0]), factor="w20115")[1]
    assert (grave.level, toxic.level) == ("red", "red")


def test_a_lower_bound(make, params):
    limits = [make.limit(9, kind="max", unit="1"), make.limit(6, kind="min", unit="")]
    state, findings = judge(make, params, make.hours([6.0, 5.9], unit="1"), limits=limits, factor="w01001")
    assert [(finding.bound, finding.value) for finding in findings] == [("min", 5.9)]
    assert findings[0].title_code == "judging.over.min.title"
    _state, findings = judge(make, params, make.hours([9.0, 9.2], first=2, unit="1"), limits=limits, state=state)
    assert {(finding.bound, finding.phase) for finding in findings} == {("max", "open"), ("min", "end")}


def test_the_limit_changes_at_midnight_in_beijing(make, params):
    limits = [
        make.limit(80, last_day=date(2026, 11, 22)),
        make.limit(50, first_day=date(2026, 11, 23)),
    ]
    _state, findings = judge(make, params, make.hours([60, 60], first=23), limits=limits)
    assert [(finding.first_at, finding.threshold) for finding in findings] == [(make.at(24), 50.0)]


def test_a_limit_that_ended_lets_the_matter_end(make, params):
    limits = [make.limit(80, last_day=date(2026, 11, 22))]
    _state, findings = judge(make, params, make.hours([100, 100], first=23), limits=limits)
    assert phases(findings) == ["open", "end"]


def test_day_limits_bind_day_data_alone(make, params):
    limits = [make.limit(50, period="day")]
    assert judge(make, params, make.hours([60]), limits=limits)[1] == []
    day = type(make.hour)("day", 86400)
    assert phases(judge(make, params, [make.point(0, 60, stream="day")], limits=limits, stream=day)[1]) == ["open"]


def test_the_converted_value_counts_where_the_limit_binds_it(make, params):
    limits = [make.limit(35, field="zs_avg", unit="mg/m3")]
    sent = [make.point(0, 20.0, unit="mg/m3", values={"avg": 20.0, "zs_avg": 40.0})]
    (finding,) = judge(make, params, sent, limits=limits, o2_ref=6.0)[1]
    assert finding.value == 40.0
    within = [make.point(0, 50.0, unit="mg/m3", values={"avg": 50.0, "zs_avg": 35.0})]
    assert judge(make, params, within, limits=limits, o2_ref=6.0)[1] == []


def test_a_missing_converted_value_is_reckoned_from_oxygen(make, params):
    limits = [make.limit(35, field="zs_avg", unit="mg/m3")]
    points = [make.point(0, 30.0, unit="mg/m3", o2=11.0)]
    (finding,) = judge(make, params, points, limits=limits, o2_ref=6.0)[1]
    assert finding.value == pytest.approx(30 * 15 / 10)
    assert any(piece.code == "judging.over.reckoned" for piece in finding.evidence)


@pytest.mark.parametrize("o2", [None, 20.0, 21.0, 22.5])
def test_no_conversion_near_the_oxygen_of_air(make, params, o2):
    limits = [make.limit(35, field="zs_avg", unit="mg/m3")]
    points = [make.point(0, 500.0, unit="mg/m3", o2=o2)]
    assert judge(make, params, points, limits=limits, o2_ref=6.0)[1] == []


def test_units_of_one_kind_are_compared_exactly(make, params):
    limits = [make.limit(0.3, unit="mg/L")]
    assert judge(make, params, make.hours([300.0], unit="ug/L"), limits=limits)[1] == []
    (finding,) = judge(make, params, make.hours([300.1], unit="ug/L"), limits=limits)[1]
    assert (finding.threshold, finding.unit) == (300.0, "ug/L")


def test_units_of_two_kinds_are_said_once_and_never_judged(make, params):
    limits = [make.limit(80, unit="mg/m3")]
    state, findings = judge(make, params, make.hours([500, 500]), limits=limits)
    assert [(finding.rule, finding.level) for finding in findings] == [("R-UNIT", "blue")]
    assert judge(make, params, make.hours([500], first=2), limits=limits, state=state)[1] == []


def test_back_fill_out_of_order_is_judged_by_itself_and_marked_late(make, params):
    state, _none = judge(make, params, make.hours([50.0], first=10))
    old = make.hours([100.0, 120.0, 50.0, 90.0], first=2, backfilled=True)
    after, findings = judge(make, params, old, state=state)
    assert [(finding.phase, finding.late, finding.points) for finding in findings] == [
        ("open", True, 2),
        ("open", True, 1),
    ]
    assert findings[0].value == 120.0
    assert after.machines["max"].phase == "ok"
    assert after.seen_until == state.seen_until
    assert judge(make, params, old, state=after) == (after, [])
    worse = [make.point(2, 300.0, backfilled=True)]
    assert phases(judge(make, params, worse, state=after)[1]) == ["open"]


def test_points_that_come_again_are_not_told_again(make, params):
    points = make.hours([50.0, 100.0, 110.0, 50.0, 90.0])
    state, findings = judge(make, params, points)
    assert phases(findings) == ["open", "end", "open"]
    assert judge(make, params, points, state=state) == (state, [])
    assert judge(make, params, points[2:], state=OverState.from_json(state.to_json())) == (state, [])
    rewritten = [make.point(0, 100.0)]
    assert phases(judge(make, params, rewritten, state=state)[1]) == ["open"]


def test_back_fill_in_order_is_marked_late_too(make, params):
    (finding,) = judge(make, params, make.hours([100.0, 120.0], backfilled=True))[1]
    assert (finding.late, finding.phase) == (True, "open")


def test_what_speaks_in_favour_is_written_down_and_lowers_confidence(make, params):
    stop = Declared("stop", make.at(-1), None, make.at(-2), "年检")
    context = Context(
        declared=(stop,),
        events=(DeviceEvent(make.at(0.5), "calibration"),),
        neighbours=(Neighbour("江南站", 60.0, 40.0), Neighbour("江西站", 41.0, 40.0)),
    )
    (finding,) = judge(make, params, make.hours([100.0]), context=context)[1]
    results = {piece.code: piece.params["result"] for piece in finding.evidence if piece.kind == "favour"}
    assert results == {
        "judging.favour.marks.normal": "none",
        "judging.favour.events.calibration": "for",
        "judging.favour.declared.some": "for",
        "judging.favour.neighbours.calm": "none",
    }
    (without,) = judge(make, params, make.hours([100.0]), context=Context((), (), ()))[1]
    assert finding.confidence < without.confidence
    assert "没有查到停产、检修或校准申报" in sentence("judging.favour.declared.none", {}, "zh")


def test_what_was_not_looked_up_is_said_to_be_unknown(make, params):
    (finding,) = judge(make, params, make.hours([100.0]))[1]
    unknown = [piece.code for piece in finding.evidence if piece.params.get("result") == "unknown"]
    assert unknown == [
        "judging.favour.events.unknown",
        "judging.favour.declared.unknown",
        "judging.favour.neighbours.unknown",
    ]


def test_neighbours_without_a_usual_level_are_shown_not_judged(make, params):
    context = Context((), (), (Neighbour("江南站", 60.0), Neighbour("江西站", None)))
    (finding,) = judge(make, params, make.hours([100.0]), context=context)[1]
    piece = next(piece for piece in finding.evidence if "neighbours" in piece.code)
    assert (piece.params["result"], piece.params["values"]) == ("unknown", "江南站 60")


def test_forgetting_lets_the_next_value_open_anew(make, params):
    state, _opened = judge(make, params, make.hours([100.0]))
    _state, findings = judge(make, params, make.hours([100.0], first=1), state=forget(state, "max"))
    assert phases(findings) == ["open"]


values = st.lists(
    st.tuples(st.sampled_from([10.0, 76.0, 78.0, 80.0, 81.0, 200.0]), st.sampled_from(["N", "C", "F", ""])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(values, st.integers(1, 5), st.sampled_from(["hour", "rt", "minute"]))
def test_any_cut_into_calls_gives_the_same_state_and_whole_episodes(make, params, series, size, kind):
    step = {"hour": 1.0, "rt": 1 / 60, "minute": 1 / 6}[kind]
    points = [make.point(number * step, value, flag, stream=kind) for number, (value, flag) in enumerate(series)]
    stream = {"hour": make.hour, "rt": make.rt, "minute": make.minute}[kind]
    whole, said = judge(make, params, points, stream=stream)
    state, parts = OverState(), []
    for start in range(0, len(points), size):
        state = OverState.from_json(json.loads(json.dumps(state.to_json())))
        state, findings = judge(make, params, points[start : start + size], stream=stream, state=state)
        parts += findings
    assert state == whole
    assert [phase for phase in phases(parts) if phase != "extend"] == [
        phase for phase in phases(said) if phase != "extend"
    ]
    open_now = 0
    for phase in phases(parts):
        open_now += {"open": 1, "extend": 0, "end": -1}[phase]
        assert open_now in (0, 1)
    assert open_now == (state.machines["max"].phase == "firing")
    for finding in parts:
        assert finding.value is None or finding.value > 80
        assert 0 <= finding.risk <= 100


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 80), max_size=30), st.randoms())
def test_values_within_the_limit_never_open_in_any_order(make, params, series, chance):
    points = make.hours(series)
    chance.shuffle(points)
    state = OverState()
    for point in points:
        state, findings = judge(make, params, [point], state=state)
        assert findings == []
    assert state.seen_until is None or state.seen_until <= make.at(0) + timedelta(hours=len(series))
