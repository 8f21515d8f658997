"""A bureau in a temporary folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adversity.bureau import City


@pytest.fixture
def city() -> Iterator[City]:
    folder = Path(tempfile.mkdtemp(prefix="eb-adversity-"))
    made = City(folder / "data")
    yield made
    made.end()
    shutil.rmtree(folder, ignore_errors=True)
