"""A toy duty for the kernel's tests: table and registration last as long as the test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import registry
from web.core.toy import KIND, Notebook


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """A clock that stands at 2026-11-23 (a Monday) 09:00 in Asia/Shanghai."""
    manual = ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    with use_clock(manual):
        yield manual


def _with_table(keep: bool) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Notebook)
    registry.register(KIND)
    yield
    registry.unregister(KIND.code)
    if not keep:
        with connection.schema_editor() as editor:
            editor.delete_model(Notebook)


@pytest.fixture
def toy(db: None) -> Iterator[None]:
    """The toy kind in a test that is rolled back."""
    yield from _with_table(keep=True)


@pytest.fixture
def toy_committed(transactional_db: None) -> Iterator[None]:
    """The toy kind in a test that commits."""
    yield from _with_table(keep=False)
