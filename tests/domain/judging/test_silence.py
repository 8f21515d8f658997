"""R-OFFLINE and R-NODATA: two states, their borders, the change from one to the other, long silence told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ecobureau.domain.judging import SilenceFacts, SilenceState, step_silence
from ecobureau.web.core.refusals import sentence


@pytest.fixture
def facts(make):
    start = make.at(0)
    return SilenceFacts(make.where, last_seen=start, last_data=start, due_since=make.at(-48), interval_s=60)


def step(state, facts, params, seconds):
    return step_silence(state, facts, params, facts.due_since + timedelta(hours=48, seconds=seconds))


def test_silence_up_to_the_border_is_fine(facts, params):
    assert step(SilenceState(), facts, params, params.offline_after_s)[1] == []


def test_beyond_it_the_device_is_offline_and_comes_back(facts, params, make):
    state, (opened,) = step(SilenceState(), facts, params, params.offline_after_s + 1)
    assert (opened.rule, opened.phase, opened.first_at) == ("R-OFFLINE", "open", make.at(0))
    assert step(state, facts, params, params.offline_after_s + 61) == (state, [])
    seen = replace(facts, last_seen=make.at(1), last_data=make.at(1))
    state, (ended,) = step(state, seen, params, 3601)
    assert (ended.rule, ended.phase, state) == ("R-OFFLINE", "end", SilenceState())
    for finding in (opened, ended):
        for lang in ("zh", "en"):
            assert "{" not in sentence(finding.title_code, finding.params, lang)
            assert "{" not in sentence(finding.reason_code, finding.params, lang)


def test_slow_stations_get_more_time(facts, params):
    slow = replace(facts, interval_s=3600)
    assert step(SilenceState(), slow, params, params.offline_intervals * 3600)[1] == []
    assert step(SilenceState(), slow, params, params.offline_intervals * 3600 + 1)[1]


def test_heartbeats_without_data_are_a_state_of_their_own(facts, params, make):
    speaking = replace(facts, last_seen=make.at(0) + timedelta(seconds=900))
    state, (opened,) = step(SilenceState(), speaking, params, 901)
    assert (opened.rule, state.state) == ("R-NODATA", "nodata")
    state, findings = step(state, speaking, params, 900 + 901)
    assert [(finding.rule, finding.phase) for finding in findings] == [("R-NODATA", "end"), ("R-OFFLINE", "open")]
    assert state.state == "offline"


def test_an_open_socket_is_not_offline(facts, params):
    state, (opened,) = step(SilenceState(), replace(facts, open_socket=True), params, 2000)
    assert (opened.rule, state.state) == ("R-NODATA", "nodata")


def test_a_device_never_heard_counts_from_the_day_it_was_due(make, params):
    never = SilenceFacts(make.where, None, None, make.at(0), 60)
    assert step_silence(SilenceState(), never, params, make.at(0.1))[1] == []
    (opened,) = step_silence(SilenceState(), never, params, make.at(1))[1]
    assert opened.first_at == make.at(0)
    assert "从未" in sentence(opened.reason_code, opened.params, "zh")


def test_the_bureaus_own_silence_is_nobodys_fault(facts, params, make):
    """The bureau was down for a day: devices get the full time from the moment it listens again."""
    back = replace(facts, listening_since=make.at(24))
    day = 24 * 3600
    assert step(SilenceState(), back, params, day + params.offline_after_s)[1] == []
    (opened,) = step(SilenceState(), back, params, day + params.offline_after_s + 1)[1]
    assert opened.first_at == make.at(24)


def test_a_station_switched_off_owes_nothing_and_ends_its_matter(facts, params):
    state, _opened = step(SilenceState(), facts, params, 2000)
    off = replace(facts, active=False)
    state, (ended,) = step(state, off, params, 2001)
    assert (ended.phase, state.state) == ("end", "fine")
    assert step(state, off, params, 999999)[1] == []


def test_a_long_silence_is_told_once_more_and_weighs_more(facts, params):
    state, (opened,) = step(SilenceState(), facts, params, 2000)
    state, (long,) = step(state, facts, params, params.offline.long_s)
    assert (long.phase, long.severity) == ("extend", params.offline.long_severity)
    assert long.severity > opened.severity
    assert step(state, facts, params, params.offline.long_s * 2)[1] == []
    assert SilenceState.from_json(state.to_json()) == state
