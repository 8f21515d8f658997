"""The doctor names a year whose days off are not announced, before limits run into it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecobureau.supervisor.doctor.findings import Surroundings
from ecobureau.supervisor.doctor.program import LOOK_AHEAD, working_days


@pytest.mark.parametrize(
    ("now", "level", "year"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), "ok", 2026),
        (datetime(2026, 12, 31, 15, tzinfo=UTC) - LOOK_AHEAD, "ok", 2026),
        (datetime(2026, 12, 31, 16, tzinfo=UTC) - LOOK_AHEAD, "warn", 2027),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "warn", 2027),
        (datetime(2035, 3, 1, tzinfo=UTC), "warn", 2035),
    ],
)
def test_a_year_without_calendar_is_named(tmp_path: Path, now: datetime, level: str, year: int) -> None:
    here = Surroundings(tmp_path, now, "127.0.0.1", 0, 0, None, None)
    (found,) = working_days(here)
    assert (found.level, found.params["year"]) == (level, year)
