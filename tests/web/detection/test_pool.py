"""The detectors' own process gives the same results as the place itself, and ends when it is told to."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.types import FactorFacts, OutletFacts, OutletSeries, Params
from ecobureau.web.detection import pool, rules
from ecobureau.web.detection.looking import Task

PATTERNS = ("P01", "P28")


def outlet(name: str) -> tuple[OutletSeries, OutletFacts, tuple[()]]:
    rng = np.random.default_rng(3)
    hours = 10 * 24
    values = 40 + rng.standard_normal(hours).cumsum() * 0.5
    values[-30:] = 41.3
    series = OutletSeries(
        name,
        "gas",
        3600,
        np.arange(hours, dtype=np.int64) * 3600,
        {"a21002": np.round(values, 1)},
        {},
        {"a21002": np.full(hours, "N")},
    )
    return series, OutletFacts(name, "gas", factors={"a21002": FactorFacts("a21002", limit=100.0)}), ()


def test_the_process_of_its_own_gives_the_same_results() -> None:
    from datetime import date

    packs = [(name, rules.load(name)) for name in rules.PACKS]
    params = Params.of([pack for _name, pack in packs], date(2026, 11, 22))
    few = [Task(outlet(f"G{number}"), PATTERNS) for number in range(pool.AT_HAND)]
    many = [Task(outlet(f"G{number}"), PATTERNS) for number in range(pool.AT_HAND + 1)]
    try:
        there = [one.result for one in pool.detect(many, params)]
    finally:
        pool.close()
    here = [one.result for one in pool.detect(few, params)]
    assert [one.outlet_id for one in there] == ["G0", "G1", "G2", "G3"]
    assert [one.clues for one in there[: len(here)]] == [one.clues for one in here]
    assert here[0].clues and here[0].clues[0].pattern == "P01"
