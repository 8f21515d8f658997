"""The examples of the reference pages and of the modules run as they stand."""

import doctest
import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference"
MODULES = [
    "ecobureau.domain.water.exceed",
    "ecobureau.domain.water.items",
    "ecobureau.domain.water.means",
    "ecobureau.domain.water.rules",
    "ecobureau.domain.water.sea",
    "ecobureau.domain.noise.levels",
    "ecobureau.domain.noise.rules",
    "ecobureau.commands.standards.noise_cells",
    "ecobureau.commands.standards.water_cells",
]


@pytest.mark.parametrize("page", ["standards-water.md", "standards-noise.md"])
def test_examples_of_the_page(page):
    found = doctest.testfile(str(DOCS / page), module_relative=False)
    assert (found.failed, found.attempted > 5) == (0, True)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_module(name):
    found = doctest.testmod(importlib.import_module(name))
    assert (found.failed, found.attempted > 0) == (0, True)
