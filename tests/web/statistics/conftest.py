"""What the tests of what people set share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.statistics import services
from ecobureau.web.statistics.models import (
    Series,
)


@pytest.fixture
def seventh_of_may() -> Iterator[ManualClock]:
    """It is 2026-05-07 09:00 in Beijing."""
    at = ManualClock(datetime(2026, 5, 7, 1, tzinfo=UTC))
    with use_clock(at):
        yield at


@pytest.fixture
def place() -> Series:
    return services.put_series(kind="place", code="c", name="江岸区", org_path="/wuhan/jiangan/")
