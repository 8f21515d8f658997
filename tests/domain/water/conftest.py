from datetime import date

import pytest

from ecobureau.domain.water import BlackRules, IndexRules, SectionRules, TrophicRules, WaterRules
from ecobureau.domain.water.effluent import EffluentRules
from ecobureau.rulepacks import load

DAY = date(2026, 1, 1)


@pytest.fixture(scope="session")
def pack(tmp_path_factory):
    return load("water", tmp_path_factory.mktemp("no-overlay"))


@pytest.fixture(scope="session")
def rules(pack):
    return WaterRules.from_pack(pack, DAY)


@pytest.fixture(scope="session")
def grades(pack):
    return SectionRules.from_pack(pack, DAY)


@pytest.fixture(scope="session")
def cwqi(pack):
    return IndexRules.from_pack(pack, DAY)


@pytest.fixture(scope="session")
def trophic(pack):
    return TrophicRules.from_pack(pack, DAY)


@pytest.fixture(scope="session")
def black(pack):
    return BlackRules.from_pack(pack, DAY)


@pytest.fixture(scope="session")
def effluent(pack):
    return EffluentRules.from_pack(pack, DAY)
