"""R-OVER with limits of the day and the night: which hours they bind, and what they say."""

from datetime import UTC, datetime, timedelta

import pytest

from ecobureau.domain.judging import LimitSpan, OverFacts, OverState, Stream, Where, limit_for, step_over
from ecobureau.words import say

HOUR = Stream("hour", 3600)
DAILY = {"day": (360, 1320), "night": (1320, 360)}


@pytest.fixture
def limits(make):
    return [
        make.limit(value, unit="dB", part=part, daily=DAILY[part], source="GB 3096-2008")
        for part, value in (("day", 60), ("night", 50))
    ]


def _beijing(hour, minute=0):
    return datetime(2026, 11, 21, 16, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("hour", "minute", "wanted"),
    [(0, 0, 50), (5, 59, 50), (6, 0, 60), (12, 0, 60), (21, 59, 60), (22, 0, 50), (23, 59, 50)],
)
def test_the_part_of_the_day_picks_the_limit(limits, hour, minute, wanted):
    assert limit_for(limits, HOUR, "max", _beijing(hour, minute)).value == wanted


@pytest.mark.parametrize("stream", [Stream("rt", 60), Stream("minute", 600), Stream("day", 86400)])
def test_only_hours_are_compared_with_them(limits, stream):
    assert limit_for(limits, stream, "max", _beijing(23)) is None


def test_days_before_and_after_are_not_bound(make):
    span = make.limit(50, part="night", daily=DAILY["night"], last_day=_beijing(12).date())
    assert span.holds_at(_beijing(23))
    assert not span.holds_at(_beijing(24))


def _judge(make, limits, values, first):
    points = [
        make.point(0, value, unit="dB", values={"data": value}).__class__(
            _beijing(first + at), _beijing(first + at + 1), {"data": value}, "N", "dB"
        )
        for at, value in enumerate(values)
    ]
    where = Where(7, "23", "江岸声环境点")
    return points, OverFacts(where, "Leq", HOUR, points, limits)


def test_the_same_level_is_over_at_night_and_not_by_day(make, limits, params):
    now = _beijing(30)
    _, facts = _judge(make, limits, [55.0] * 4, 18)
    state, found = step_over(OverState(), facts, params, now)
    assert found == []
    _, facts = _judge(make, limits, [55.0], 22)
    state, found = step_over(state, facts, params, now)
    (finding,) = found
    assert (finding.phase, finding.threshold, finding.title_code) == ("open", 50.0, "judging.over.noise.title")
    assert finding.params["over"] == "5"
    assert say(finding.title_code, "zh", **finding.params) != ""
    rule = next(one for one in finding.evidence if one.kind == "rule")
    assert (rule.code, rule.params["source"]) == ("judging.over.noise.rule", "GB 3096-2008")
    _, facts = _judge(make, limits, [55.0], 30)
    _, found = step_over(state, facts, params, now)
    assert [one.phase for one in found] in (["end"], [])


def test_a_level_at_the_night_limit_is_within(make, limits, params):
    _, facts = _judge(make, limits, [50.0, 50.0], 23)
    assert step_over(OverState(), facts, params, _beijing(30))[1] == []


def test_limits_without_a_part_bind_as_before(make):
    span = LimitSpan("avg", "max", 80.0, "mg/L", _beijing(0).date())
    assert limit_for([span], Stream("minute", 600), "max", _beijing(3)) is span
