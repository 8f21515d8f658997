"""The examples of the reference and of the docstrings hold."""

import doctest
from pathlib import Path
from types import ModuleType

import pytest

from ecobureau.domain import rounding
from ecobureau.domain.air import ranking, statistics

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "standards-air.md"


def test_the_examples_of_the_page_hold() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 40
    assert found.failed == 0


@pytest.mark.parametrize("module", [rounding, statistics, ranking], ids=lambda module: module.__name__)
def test_the_examples_of_the_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
