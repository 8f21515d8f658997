"""How often the year-end range of a target held the end of former years, made from what was known on earlier dates."""

from __future__ import annotations

from datetime import date

from ecobureau.clock import beijing, now
from ecobureau.domain.targets import Backtest, Trial, backtest
from ecobureau.web.statistics.models import Target
from ecobureau.web.statistics.selectors_targets import outlook_on, rules_of_forecast
from ecobureau.web.statistics.targets_data import Data

BACK = 3
"""How many former years are tried."""
MONTHS = (4, 7, 10)
"""Trials are made on the first days of these months."""


def backtest_of(target: Target) -> Backtest:
    """Return the forecast of a target as it would have been made in former years, against how these ended.

    Each trial uses the years before its own and that year up to its day, nothing later. A former year counts when as
    many of its days (months) have a value as a season of the forecast needs; limits are those in force at its end.
    """
    today = beijing(now()).date()
    rules, data = rules_of_forecast(today), Data([target], back=BACK)
    trials = []
    for year in range(target.year - BACK, target.year):
        end = outlook_on(target, year, date(year + 1, 1, 1), data)
        whole = 12 if target.kind in (Target.Kind.WATER_CLASS, Target.Kind.WATER_GOOD) else 365
        if year >= today.year or end.value is None or end.known < rules.coverage * whole:
            continue
        for month in MONTHS:
            found = outlook_on(target, year, date(year, month, 1), data).forecast
            if found is not None:
                trials.append(Trial(date(year, month, 1), found, end.value))
    return backtest(trials, rules.low, rules.high)
