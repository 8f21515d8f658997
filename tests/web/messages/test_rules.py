"""Quiet hours and waiting, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from ecobureau.clock import BEIJING
from ecobureau.web.messages.rules import quiet_until, rules, wait_after

NIGHT, MORNING = (time(22), time(7)), (time(1), time(6, 30))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "hours", "ends"),
    [
        (at(23, 21, 59), NIGHT, None),
        (at(23, 22), NIGHT, at(24, 7)),
        (at(23, 23, 30), NIGHT, at(24, 7)),
        (at(24, 0), NIGHT, at(24, 7)),
        (at(24, 6, 59), NIGHT, at(24, 7)),
        (at(24, 7), NIGHT, None),
        (at(24, 3), MORNING, at(24, 6, 30)),
        (at(24, 6, 30), MORNING, None),
        (at(24, 3), (time(3), time(3)), None),
    ],
)
def test_quiet_hours_hold_until_their_end(now: datetime, hours: tuple[time, time], ends: datetime | None) -> None:
    assert quiet_until(now, hours) == ends


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    given = rules(date(2026, 11, 23))
    waits = [wait_after(tries, given) for tries in range(1, 40)]
    assert waits[0] == given.wait_first and waits[-1] == given.wait_most
    assert all(b in (2 * a, given.wait_most) for a, b in pairwise(waits))
    assert all(isinstance(wait, timedelta) for wait in waits)
