"""Examples of the reference page and of docstrings run as they stand."""

import doctest
import importlib
from fractions import Fraction
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "standards-emission.md"


def test_examples_of_the_page_run():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8", extraglobs={"Fraction": Fraction})
    assert found.attempted > 30
    assert not found.failed


@pytest.mark.parametrize("name", ["marks", "substitution"])
def test_examples_of_docstrings_run(name: str):
    found = doctest.testmod(importlib.import_module(f"ecobureau.domain.emission.{name}"))
    assert found.attempted and not found.failed


def test_the_page_names_every_rule():
    from ecobureau.rulepacks import load

    text = PAGE.read_text(encoding="utf-8")
    for key in load("emission").keys("emission."):
        name = key.removeprefix("emission.")
        if not name.startswith("limit."):
            assert f"`{name.removeprefix('profile.')}`" in text, key
