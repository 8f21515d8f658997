"""R-MISSING: the share counts what was due; stops are not due; equal to the share is not above; hysteresis."""

import pytest

from ecobureau.domain.judging import Context, Declared, MissingState, count_window, step_missing
from ecobureau.web.core.refusals import sentence


def window(make, params, points, **more):
    return count_window(make.where, "w01018", make.hour, points, make.at(24), params, **more)


def test_a_full_day_misses_nothing(make, params):
    facts = window(make, params, make.hours([10.0] * 24))
    assert (facts.due, facts.came, facts.missing) == (24, 24, 0)
    assert step_missing(MissingState(), facts, params, make.now)[1] == []


@pytest.mark.parametrize(("there", "fires"), [(18, False), (17, True), (0, True)])
def test_the_share_is_a_border(make, params, there, fires):
    """A quarter of 24 is 6: six missing are at the share, seven above it."""
    assert params.missing_share == 0.25
    facts = window(make, params, make.hours([10.0] * there))
    _state, findings = step_missing(MissingState(), facts, params, make.now)
    assert bool(findings) is fires
    for finding in findings:
        assert finding.phase == "open"
        assert sentence(finding.title_code, finding.params, "zh").startswith("数据缺失")
        assert "{" not in sentence(finding.reason_code, finding.params, "en")


def test_frames_without_a_number_are_missing_values(make, params):
    facts = window(make, params, make.hours([10.0] * 14 + [None] * 10))
    assert (facts.came, facts.empty, facts.missing) == (14, 10, 10)
    assert step_missing(MissingState(), facts, params, make.now)[1]


def test_values_with_a_mark_came(make, params):
    facts = window(make, params, make.hours([10.0] * 24, flag="C"))
    assert facts.missing == 0


def test_a_stop_is_not_due_by_mark_or_by_notice(make, params):
    marked = window(make, params, make.hours([0.0] * 20, flag="F") + make.hours([10.0] * 4, first=20))
    assert (marked.due, marked.missing, marked.stopped) == (4, 0, 20)
    stop = Declared("stop", make.at(-1), make.at(20), make.at(-2))
    told = window(make, params, make.hours([10.0] * 3, first=21), context=Context(declared=(stop,)))
    assert (told.due, told.came) == (3, 3)


def test_nothing_is_due_before_the_beginning(make, params):
    facts = window(make, params, make.hours([10.0] * 2, first=22), since=make.at(22))
    assert (facts.due, facts.missing) == (2, 0)


def test_few_missing_values_of_a_short_time_are_no_matter(make, params):
    facts = window(make, params, [], since=make.at(22))
    assert facts.share == 1.0
    assert facts.missing < params.missing_min_count["hour"]
    assert step_missing(MissingState(), facts, params, make.now)[1] == []


def test_open_extend_end_with_hysteresis(make, params):
    state, (opened,) = step_missing(MissingState(), window(make, params, make.hours([1.0] * 10)), params, make.now)
    state, (going,) = step_missing(state, window(make, params, make.hours([1.0] * 12)), params, make.now)
    state, still = step_missing(state, window(make, params, make.hours([1.0] * 18)), params, make.now)
    assert (opened.phase, going.phase, still, state.firing) == ("open", "extend", [], True)
    state, (ended,) = step_missing(state, window(make, params, make.hours([1.0] * 20)), params, make.now)
    assert (ended.phase, state.firing) == ("end", False)
    assert MissingState.from_json(state.to_json()) == state


def test_an_older_window_changes_nothing(make, params):
    state, _found = step_missing(MissingState(), window(make, params, make.hours([1.0] * 24)), params, make.now)
    old = count_window(make.where, "w01018", make.hour, [], make.at(12), params)
    assert step_missing(state, old, params, make.now) == (state, [])
