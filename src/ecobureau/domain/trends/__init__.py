"""Analyses of series that hold for air, water and noise alike: trends, roses, cycles, boxes, comparisons.

Pure functions on arrays. NaN is a missing value everywhere: gaps stay gaps and count nowhere.
"""

from ecobureau.domain.trends.compare import Compared, compare, days_between, place_in_calendar, same_days
from ecobureau.domain.trends.cycles import SIZE, Averaging, Cycle, CycleClass, average, classes, cycle
from ecobureau.domain.trends.kendall import (
    Kendall,
    Slope,
    TooFew,
    autocorrelation,
    hamed_rao,
    mann_kendall,
    seasonal_kendall,
    seasonal_slope,
    sen_slope,
)
from ecobureau.domain.trends.quantiles import Box, box, quantiles
from ecobureau.domain.trends.rose import PollutionRose, SectorValue, WindRose, pollution_rose, sector_of, wind_rose
from ecobureau.domain.trends.rules import TrendRules

__all__ = [
    "Averaging",
    "Box",
    "Compared",
    "Cycle",
    "CycleClass",
    "Kendall",
    "PollutionRose",
    "SIZE",
    "SectorValue",
    "Slope",
    "TooFew",
    "TrendRules",
    "WindRose",
    "autocorrelation",
    "average",
    "box",
    "classes",
    "compare",
    "cycle",
    "days_between",
    "hamed_rao",
    "mann_kendall",
    "place_in_calendar",
    "pollution_rose",
    "quantiles",
    "same_days",
    "seasonal_kendall",
    "seasonal_slope",
    "sector_of",
    "sen_slope",
    "wind_rose",
]
