"""Rules of the pack for tests of emission monitoring."""

from datetime import date

import pytest

from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.rules import RulePack
from ecobureau.rulepacks import load


@pytest.fixture
def pack() -> RulePack:
    return load("emission")


@pytest.fixture
def rules(pack: RulePack) -> EmissionRules:
    return EmissionRules.from_pack(pack, date(2025, 6, 1))


@pytest.fixture
def old_rules(pack: RulePack) -> EmissionRules:
    return EmissionRules.from_pack(pack, date(2019, 6, 1))
