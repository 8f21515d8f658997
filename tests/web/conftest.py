"""What all tests of the web apps share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation

from ecobureau.words import set_language


@pytest.fixture(scope="package", autouse=True)
def _no_fsync() -> Iterator[None]:
    """A thousand small files of tests need not survive a power cut; with fsync the disk sets the pace of the suite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


@pytest.fixture(autouse=True)
def _in_chinese() -> None:
    """A page in English leaves its language in the test's own thread, where the next test would read it."""
    set_language("zh")
    translation.activate(settings.LANGUAGE_CODE)
