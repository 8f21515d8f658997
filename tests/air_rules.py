"""Rules that the tests of the air share."""

from datetime import date
from functools import lru_cache

from ecobureau.domain.air import AirRules, AirStatistics, CompositeRule
from ecobureau.rulepacks import load


@lru_cache
def index_rules(edition: str) -> AirRules:
    return AirRules.of_edition(load("air"), edition)


@lru_cache
def statistics_on(year: int, month: int = 12, day: int = 31) -> AirStatistics:
    return AirStatistics.from_pack(load("air"), date(year, month, day))


@lru_cache
def composite_rule(name: str) -> CompositeRule:
    return CompositeRule.from_pack(load("air"), date(2026, 12, 31), name)
