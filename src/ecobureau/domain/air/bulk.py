"""The air quality index of many hours or days at once, on arrays: the same numbers as `air_report`, in integers.

Concentrations become whole steps of a millionth; the sub-index is carried up by integer division. Values on the usual
grid (whole ug/m3, tenths of mg/m3 of CO) are looked up in a table that the scalar function filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecobureau.domain.air.index import iaqi
from ecobureau.domain.air.params import ITEMS, AirRules, Kind
from ecobureau.domain.rounding import half_even_array

NONE = -1
"""Stands in the arrays of whole numbers where there is no value."""

OK, NO_DATA, NO_PM, NA = 0, 1, 2, 3
"""Reasons: an index is published; no item is there; both particles are missing; the 2026 edition withholds it."""

_SCALE = 1_000_000
Shorts = NDArray[np.int16]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AirReports:
    """Indices of n hours or days; bit i of a mask stands for `ITEMS[i]`.

    Attributes:
        aqi: index, -1 = none (`reason` says why).
        level: class 1 to 6, 0 = none.
        primary: mask of the primary pollutants; `missing`: of items without a value; `beyond`: above the last
            breakpoint.
        iaqi: sub-index by item, -1 = none.
        reason: `OK`, `NO_DATA`, `NO_PM` or `NA`.
    """

    aqi: Shorts
    level: Bytes
    primary: Bytes
    missing: Bytes
    beyond: Bytes
    iaqi: Mapping[str, Shorts]
    reason: Bytes


def iaqi_array(column: str, concentrations: ArrayLike, rules: AirRules) -> Shorts:
    """Return the sub-index of many concentrations; the bulk form of `iaqi`.

    Args:
        column: column of breakpoints, for example `pm2_5_24h`.
        concentrations: floats of any shape, each standing for its shortest text; NaN = missing. ug/m3, CO mg/m3.
        rules: edition in force.

    Returns:
        Whole numbers of the same shape, -1 where missing or where the edition has no sub-index.

    Raises:
        KeyError: there is no such column.
        ValueError: a concentration is negative or infinite.
    """
    values = np.asarray(concentrations, dtype=np.float64)
    return _indices(column, values.ravel(), rules).reshape(values.shape)


def air_reports(kind: Kind, values: Mapping[str, ArrayLike], rules: AirRules) -> AirReports:
    """Return the index of many hours or days; the bulk form of `air_report`.

    Args:
        kind: hourly or daily.
        values: arrays of equal length n by item (`ITEMS`), NaN = missing; `so2_24h` (hourly) and `o3_1h` (daily) too
            where there are such columns. An item that is not given is missing throughout.
        rules: edition in force on the day of all these records.

    Raises:
        ValueError: arrays of unequal length, a negative or infinite concentration.
    """
    given = {name: np.asarray(array, dtype=np.float64) for name, array in values.items()}
    count = next((len(array) for array in given.values()), 0)
    if any(array.shape != (count,) for array in given.values()):
        raise ValueError("arrays of unequal length")
    missing, beyond = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    indices: dict[str, Shorts] = {}
    for bit, item in enumerate(ITEMS):
        if item not in given:
            indices[item] = np.full(count, NONE, np.int16)
            missing |= np.uint8(1 << bit)
            continue
        column = rules.columns[Kind(kind)][item]
        array = given[item]
        found = _indices(column, array, rules)
        missing |= np.isnan(array).view(np.uint8) << np.uint8(bit)
        over = _over(array, item, column, rules)
        if over.any():
            beyond |= over.view(np.uint8) << np.uint8(bit)
            instead = rules.beyond[column].instead
            if instead in given:
                use = over & ~np.isnan(given[instead])
                found[use] = _indices(instead, given[instead][use], rules)
        indices[item] = found
    return _judged(indices, missing, beyond, rules)


def _over(array: Floats, item: str, column: str, rules: AirRules) -> Bools:
    last = float(rules.breakpoints[column][-1])
    digits = rules.input_digits.get(item)
    if digits is None:
        return array > last
    over: Bools = array > last
    at = np.flatnonzero(over)
    over[at] = half_even_array(array[at], digits) > last
    return over


def _judged(indices: Mapping[str, Shorts], missing: Bytes, beyond: Bytes, rules: AirRules) -> AirReports:
    highest: Shorts = indices[ITEMS[0]].copy()
    for item in ITEMS[1:]:
        np.maximum(highest, indices[item], out=highest)
    low, high = rules.range
    aqi: Shorts = highest if low == 0 else np.where(highest >= 0, np.maximum(highest, np.int16(low)), highest)
    aqi = np.minimum(aqi, np.int16(high))
    reason = np.where(highest < 0, np.uint8(NO_DATA), np.uint8(OK))
    rule = rules.missing
    if rule.rule == "one_of":
        mask = np.uint8(sum(1 << ITEMS.index(item) for item in rule.items))
        reason[(reason == OK) & ((missing & mask) == mask)] = NO_PM
    else:
        reason[(reason == OK) & (missing != 0) & (aqi <= rule.publish_above)] = NA
    aqi[reason != OK] = NONE
    primary = np.zeros(len(aqi), np.uint8)
    for bit, item in enumerate(ITEMS):
        primary |= (indices[item] == highest).view(np.uint8) << np.uint8(bit)
    primary[aqi <= rules.primary_above] = 0
    return AirReports(aqi, _levels(aqi, rules), primary, missing, beyond, indices, reason)


def _levels(aqi: Shorts, rules: AirRules) -> Bytes:
    tops = [category.top for category in rules.categories]
    table = np.zeros(rules.range[1] + 2, np.uint8)
    for level in range(len(tops), 0, -1):
        table[: tops[level - 1] + 2] = level
    table[0] = 0
    found: Bytes = table[aqi.astype(np.intp) + 1]
    return found


@dataclass(frozen=True, slots=True)
class _Grid:
    per_unit: int
    table: Shorts


_grids: dict[tuple[int, str], tuple[AirRules, _Grid]] = {}


def _grid(column: str, rules: AirRules) -> _Grid:
    known = _grids.get((id(rules), column))
    if known is not None and known[0] is rules:
        return known[1]
    per_unit = 10 if column.startswith("co_") else 1
    last = int(rules.breakpoints[column][-1]) * per_unit
    rows = [_whole(column, at, per_unit, rules) for at in range(last + 2)]
    grid = _Grid(per_unit, np.array(rows, np.int16))
    if len(_grids) > 200:
        _grids.clear()
    _grids[(id(rules), column)] = (rules, grid)
    return grid


def _whole(column: str, at: int, per_unit: int, rules: AirRules) -> int:
    found = iaqi(column, Fraction(at, per_unit), rules)
    return NONE if found is None else found


def _indices(column: str, values: Floats, rules: AirRules) -> Shorts:
    if not len(values):
        return np.empty(0, np.int16)
    lowest = np.fmin.reduce(values)
    if lowest < 0 or np.fmax.reduce(values) == np.inf:
        raise ValueError(f"negative or infinite concentration: {column}")
    grid = _grid(column, rules)
    last = len(grid.table) - 1
    steps = values if grid.per_unit == 1 else values * grid.per_unit
    with np.errstate(invalid="ignore"):
        whole = np.rint(steps)
        at = np.minimum(whole, last).astype(np.intp)
    at[at < 0] = 0
    found: Shorts = grid.table[at]
    # What equals its grid point is right; NaN equals nothing.
    exact = values == (whole if grid.per_unit == 1 else whole / grid.per_unit)
    if not exact.all():
        found[~exact] = NONE
        rest = np.flatnonzero(~exact & ~np.isnan(values))
        if len(rest):
            found[rest] = _off_grid(column, values[rest], rules)
    return found


def _off_grid(column: str, values: Floats, rules: AirRules) -> Shorts:
    item = column.rsplit("_", 1)[0]
    digits = rules.input_digits.get(item)
    if digits is not None:
        values = half_even_array(values, digits)
    steps = np.rint(values * _SCALE)
    fits = (steps / _SCALE == values) & (values < 1e6)
    found: Shorts = np.empty(len(values), np.int16)
    found[fits] = _carried(column, steps[fits].astype(np.int64), rules)
    for at in np.flatnonzero(~fits):
        one = iaqi(column, float(values[at]), rules)
        found[at] = NONE if one is None else one
    return found


def _carried(column: str, steps: NDArray[np.int64], rules: AirRules) -> Shorts:
    points = np.array([int(point * _SCALE) for point in rules.breakpoints[column]], np.int64)
    levels = np.array(rules.levels[: len(points)], np.int64)
    at = np.clip(np.searchsorted(points, steps, side="left"), 1, len(points) - 1)
    low, high = points[at - 1], points[at]
    index_low, index_high = levels[at - 1], levels[at]
    up: NDArray[Any] = index_low - (-((index_high - index_low) * (steps - low)) // (high - low))
    beyond = rules.beyond[column].index or NONE
    found: Shorts = np.where(steps > points[-1], beyond, up).astype(np.int16)
    return found
