"""Due times: working days round the Spring Festival, make-up days, leap days, pauses; and what a badge says."""

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.workflow import (
    Calendar,
    Length,
    Mood,
    Running,
    Unit,
    UnknownYear,
    beijing_day,
    crossed,
    due,
    end_of,
    moment,
    mood,
    next_moment,
    resumed,
    words,
)
from ecobureau.domain.workflow.days import BEIJING

_HOLIDAYS = frozenset(chinese_calendar.constants.holidays)
CHINA = Calendar(
    years=frozenset(day.year for day in _HOLIDAYS),
    rest=_HOLIDAYS,
    work=frozenset(chinese_calendar.constants.workdays),
)
PLAIN = Calendar()
instants = st.datetimes(datetime(2018, 1, 1), datetime(2026, 10, 1)).map(  # noqa: DTZ001 - made aware below
    lambda at: at.replace(tzinfo=UTC)
)
spans = st.sampled_from([Unit.MINUTE, Unit.HOUR, Unit.DAY])
days = st.sampled_from([Unit.LEGAL_DAY, Unit.WORKDAY])


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        # Spring Festival 2026: free from Sunday 15 to Monday 23 February; Saturdays 14 and 28 are worked.
        ("2026-02-13T10:00", Length(1, Unit.WORKDAY), "2026-02-15T00:00"),
        ("2026-02-13T10:00", Length(2, Unit.WORKDAY), "2026-02-25T00:00"),
        ("2026-02-14T10:00", Length(5, Unit.WORKDAY), "2026-03-01T00:00"),
        ("2026-02-16T10:00", Length(1, Unit.WORKDAY), "2026-02-25T00:00"),
        ("2026-02-13T10:00", Length(3, Unit.LEGAL_DAY), "2026-02-25T00:00"),
        # Leap day.
        ("2024-02-28T23:59", Length(1, Unit.LEGAL_DAY), "2024-03-01T00:00"),
        ("2024-02-28T12:00", Length(1, Unit.DAY), "2024-02-29T12:00"),
        ("2024-02-28T12:00", Length(1, Unit.WORKDAY), "2024-03-01T00:00"),
        # The day of the event does not count; the limit ends with its last day.
        ("2026-11-23T00:00", Length(1, Unit.LEGAL_DAY), "2026-11-25T00:00"),
        ("2026-11-23T23:59", Length(1, Unit.LEGAL_DAY), "2026-11-25T00:00"),
        ("2026-11-23T09:00", Length(0, Unit.WORKDAY), "2026-11-24T00:00"),
        # A last day that is free: the next working day.
        ("2026-11-20T09:00", Length(1, Unit.LEGAL_DAY), "2026-11-24T00:00"),
        # Spans go on through nights and holidays.
        ("2026-02-16T23:58", Length(5, Unit.MINUTE), "2026-02-17T00:03"),
    ],
)
def test_due_times_written_down_by_hand(start, length, end):
    assert due(at(start), length, CHINA) == at(end)


def test_the_citys_own_days_stand_in_front():
    city = Calendar(city={date(2026, 11, 24): False, date(2026, 11, 28): True})
    assert due(at("2026-11-23T09:00"), Length(1, Unit.WORKDAY), city) == at("2026-11-26T00:00")
    assert city.is_workday(date(2026, 11, 28))


def test_a_year_without_a_table_is_plain_or_refused():
    assert CHINA.is_workday(date(2031, 3, 3))
    with pytest.raises(UnknownYear):
        Calendar(years=CHINA.years, rest=CHINA.rest, strict=True).is_workday(date(2031, 3, 3))


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="negative"):
        Length(-1, Unit.HOUR)
    with pytest.raises(ValueError, match="aware"):
        due(datetime(2026, 1, 1), Length(1, Unit.HOUR), PLAIN)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="ten years"):
        Calendar(city={date(2026, 1, 1) + timedelta(days=n): False for n in range(4000)}).after(date(2026, 1, 1), 1)


@given(instants, st.integers(0, 10_000), spans)
def test_a_span_is_exact(start, value, unit):
    one = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1)}[unit]
    assert due(start, Length(value, unit), CHINA) - start == value * one


@given(instants, st.integers(1, 60))
def test_a_limit_in_working_days_counts_just_so_many(start, count):
    last = beijing_day(due(start, Length(count, Unit.WORKDAY), CHINA) - timedelta(seconds=1))
    assert CHINA.between(beijing_day(start), last) == count and CHINA.is_workday(last)


@given(instants, st.integers(1, 60))
def test_a_legal_limit_never_ends_on_a_free_day_nor_early(start, count):
    last = beijing_day(due(start, Length(count, Unit.LEGAL_DAY), CHINA) - timedelta(seconds=1))
    first = beijing_day(start) + timedelta(days=count)
    assert CHINA.is_workday(last) and last >= first
    assert not any(CHINA.is_workday(first + timedelta(days=n)) for n in range((last - first).days))


@given(instants, st.integers(0, 40), days)
def test_a_longer_limit_never_ends_sooner(start, count, unit):
    assert due(start, Length(count, unit), CHINA) <= due(start, Length(count + 1, unit), CHINA)


@given(instants, st.integers(1, 500), spans, st.integers(0, 10**6))
def test_after_a_pause_what_was_left_is_left(start, value, unit, pause_s):
    end = due(start, Length(value, unit), CHINA)
    stopped, goes_on = start + timedelta(seconds=30), start + timedelta(seconds=30 + pause_s)
    assert resumed(end, stopped, goes_on, unit, CHINA) - goes_on == end - stopped


@given(instants, st.integers(1, 40), st.integers(0, 60), days)
def test_after_a_pause_in_days_no_day_is_lost_or_won(start, count, pause_days, unit):
    end = due(start, Length(count, unit), CHINA)
    goes_on = start + timedelta(days=pause_days)
    moved = resumed(end, start, goes_on, unit, CHINA)
    assert moved >= end
    if unit is Unit.WORKDAY:
        last, before = beijing_day(moved - timedelta(seconds=1)), beijing_day(end - timedelta(seconds=1))
        assert CHINA.between(before, last) == CHINA.between(beijing_day(start), beijing_day(goes_on))


def test_a_pause_that_ends_before_it_began_moves_nothing():
    end = at("2026-11-25T00:00")
    assert resumed(end, at("2026-11-23T10:00"), at("2026-11-23T09:00"), Unit.HOUR, PLAIN) == end


START = at("2026-11-23T09:00")
HOUR = Running(due_at=START + timedelta(hours=1), span=timedelta(hours=1))


def test_warn_points_are_where_they_should_be():
    assert moment(HOUR, 80) == START + timedelta(minutes=48)
    assert moment(HOUR, 200) == START + timedelta(hours=2)
    assert crossed(HOUR, [80, 100, 150], [80], START + timedelta(minutes=61)) == [100]
    assert crossed(HOUR, [150, 80, 100], [], START + timedelta(days=9)) == [80, 100, 150]
    assert next_moment(HOUR, [80, 100], [80]) == HOUR.due_at and next_moment(HOUR, [80], [80]) is None


@given(st.lists(st.integers(-7200, 14400), max_size=30), st.sets(st.sampled_from([50, 80, 100, 150, 200])))
def test_whatever_the_wall_clock_does_each_point_fires_once(steps, percents):
    fired: list[int] = []
    for step in steps:
        fired += crossed(HOUR, percents, fired, START + timedelta(seconds=step))
    assert len(fired) == len(set(fired))
    latest = max(steps, default=-7200)
    assert set(fired) == {each for each in percents if moment(HOUR, each) <= START + timedelta(seconds=latest)}


@pytest.mark.parametrize(
    ("minutes", "expected", "code", "params"),
    [
        (0, Mood.NORMAL, "core.clock.left.minutes", {"minutes": 60}),
        (48, Mood.WARN, "core.clock.left.minutes", {"minutes": 12}),
        (60, Mood.WARN, "core.clock.left.minutes", {"minutes": 0}),
        (66, Mood.LATE, "core.clock.late.minutes", {"minutes": 6}),
        (60 + 200, Mood.LATE, "core.clock.late.hours", {"hours": 3, "minutes": 20}),
        (60 + 3 * 1440, Mood.LATE, "core.clock.late.days", {"days": 3, "hours": 0}),
    ],
)
def test_what_a_badge_says(minutes, expected, code, params):
    now = START + timedelta(minutes=minutes)
    said = words(HOUR, now)
    assert (mood(HOUR, now), said.code, dict(said.params)) == (expected, code, params)


def test_late_is_rounded_up_and_left_is_rounded_down():
    assert words(HOUR, HOUR.due_at + timedelta(seconds=1)).params == {"minutes": 1}
    assert words(HOUR, HOUR.due_at - timedelta(seconds=59)).params == {"minutes": 0}


def test_standing_and_stopped_clocks():
    standing = Running(due_at=HOUR.due_at, span=HOUR.span, paused_at=START)
    late = Running(due_at=HOUR.due_at, span=HOUR.span, stopped_at=HOUR.due_at + timedelta(minutes=5))
    in_time = Running(due_at=HOUR.due_at, span=HOUR.span, stopped_at=HOUR.due_at)
    far = START + timedelta(days=1)
    assert (mood(standing, far), words(standing, far).code) == (Mood.PAUSED, "core.clock.paused")
    assert (mood(late, far), words(late, far).code) == (Mood.LATE, "core.clock.done_late.minutes")
    assert (mood(in_time, far), words(in_time, far).code) == (Mood.DONE, "core.clock.done")
    assert crossed(standing, [80], [], far) == [] == crossed(late, [80], [], far)
    assert next_moment(standing, [80], []) is None


def test_a_day_ends_at_midnight_in_beijing():
    assert end_of(date(2026, 11, 23)) == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
