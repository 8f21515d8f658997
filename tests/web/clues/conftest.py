"""What the tests of the pool share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecobureau.web.clues import scenarios
from ecobureau.web.core import placenames
from web.clues.pool_scene import build_city


@pytest.fixture(autouse=True)
def fresh_names() -> Iterator[None]:
    """Names and kinds that another test changed are not remembered."""
    scenarios.forget()
    placenames.forget()
    yield
    scenarios.forget()
    placenames.forget()


@pytest.fixture
def city(db: None) -> None:
    build_city()
