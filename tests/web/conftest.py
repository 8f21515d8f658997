"""What all tests of the web apps share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _no_fsync() -> Iterator[None]:
    """A thousand small files of tests need not survive a power cut; with fsync the disk sets the pace of the suite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield
