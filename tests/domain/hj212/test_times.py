from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.hj212 import Edition, parse_time, period
from ecobureau.domain.hj212.editions import flag
from ecobureau.domain.hj212.times import to_text


def test_times_are_beijing_times() -> None:
    assert parse_time("20160801080000") == (datetime(2016, 8, 1, 0, 0, tzinfo=UTC), [])
    assert parse_time("20160101000000")[0] == datetime(2015, 12, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment", "code"),
    [
        ("20160801080000123", datetime(2016, 8, 1, 0, 0, 0, 123000, tzinfo=UTC), "data_time.17_digits"),
        ("2016080108000012", datetime(2016, 8, 1, 0, 0, 0, 120000, tzinfo=UTC), "data_time.16_digits"),
        ("201608010800001", datetime(2016, 8, 1, 0, 0, 0, 100000, tzinfo=UTC), "data_time.malformed"),
        ("20160230080000", None, "data_time.malformed"),
        ("00000101000000", None, "data_time.malformed"),
        ("20160801", None, "data_time.malformed"),
        ("2016080108000a", None, "data_time.malformed"),
        ("２０１６０８０１０８００００", None, "data_time.malformed"),
        ("", None, "data_time.malformed"),
    ],
)
def test_odd_times(text: str, moment: datetime | None, code: str) -> None:
    assert parse_time(text)[0] == moment
    assert [found.code for found in parse_time(text)[1]] == [code]


@given(st.text())
def test_any_text_is_judged_without_raising(text: str) -> None:
    moment, found = parse_time(text)
    assert moment is not None or found


START = datetime(2016, 8, 1, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cn", "minutes", "length"),
    [
        ("2061", 10, timedelta(hours=1)),
        ("2051", 5, timedelta(minutes=5)),
        ("2031", 10, timedelta(days=1)),
        ("2011", 10, timedelta()),
    ],
)
def test_periods(cn: str, minutes: int, length: timedelta) -> None:
    assert period(cn, START, stamp="start", minutes=minutes) == (START, START + length)
    assert period(cn, START, stamp="end", minutes=minutes) == (START - length, START)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_texts_round_trip(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC, microsecond=0)
    assert parse_time(to_text(aware)) == (aware, [])


def test_flags_and_editions() -> None:
    assert [
        flag(edition, answer=answer, split=split)
        for edition in Edition
        for split in (False, True)
        for answer in (False, True)
    ] == [*("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")]
    assert [Edition.of_year(year) for year in ("2005", 2017, "2025")] == list(Edition)
    with pytest.raises(ValueError, match="1999"):
        Edition.of_year(1999)
