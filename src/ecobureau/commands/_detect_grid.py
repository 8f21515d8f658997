"""Laying the rows of values.csv on each outlet's regular grid; what is odd is said with its row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ecobureau.domain.detection.types import Kind, OutletFacts, OutletSeries, Params

INLET = "-IN"


@dataclass
class Notes:
    """What was odd and gone around: (message code, parameters), in the order it was met."""

    items: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def add(self, code: str, **params: object) -> None:
        self.items.append((code, params))


@dataclass
class Values:
    """The rows of values.csv that can be used, as columns; `row` is the row of the file."""

    outlet: np.ndarray
    factor: np.ndarray
    kind: np.ndarray
    t: np.ndarray
    avg: np.ndarray
    zs: np.ndarray
    flag: np.ndarray
    row: np.ndarray
    outlets: list[str]
    factors: list[str]


def build(table: Values, facts: dict[str, OutletFacts], params: Params, notes: Notes) -> dict[str, OutletSeries]:
    """Lay the rows of each outlet on its regular grid; inlets hang on their outlet."""
    order = np.lexsort((table.row, table.t, table.factor, table.outlet))
    outlet, bounds = table.outlet[order], None
    bounds = np.searchsorted(outlet, np.arange(len(table.outlets) + 1))
    last = int(table.t.max())
    grids: dict[str, tuple[np.ndarray, int]] = {}
    mains = [name for name in table.outlets if not _is_inlet(name, table.outlets)]
    rows_of = {name: order[bounds[place] : bounds[place + 1]] for place, name in enumerate(table.outlets)}
    out: dict[str, OutletSeries] = {}
    for name in mains:
        rows = rows_of[name]
        if not len(rows):
            continue
        grid = _grid(table.t[rows], last, name, params, notes)
        if grid is None:
            continue
        grids[name] = grid
        series = _series(name, rows, table, grid, facts.get(name), params, notes)
        if name + INLET in rows_of and len(rows_of[name + INLET]):
            inlet = _series(name + INLET, rows_of[name + INLET], table, grid, None, params, notes)
            series = _with_inlet(series, inlet)
        out[name] = series
    return out


def _is_inlet(name: str, names: Iterable[str]) -> bool:
    return name.endswith(INLET) and name.removesuffix(INLET) in set(names)


def _with_inlet(series: OutletSeries, inlet: OutletSeries) -> OutletSeries:
    return OutletSeries(
        series.outlet_id,
        series.kind,
        series.step_s,
        series.t,
        series.avg,
        series.zs,
        series.flag,
        inlet,
        series.revised,
    )


def _grid(t: np.ndarray, last: int, name: str, params: Params, notes: Notes) -> tuple[np.ndarray, int] | None:
    """Return (sample starts, step): the commonest distance of the outlet's times, from its first to the file's last."""
    times = np.unique(t)
    if len(times) < 2:
        notes.add("detect.note.one_time", outlet=name)
        return None
    gaps, counts = np.unique(np.diff(times), return_counts=True)
    step = int(gaps[np.argmax(counts)])
    if step < params["least_step_s"] or step > params["longest_step_s"]:
        notes.add("detect.note.odd_step", outlet=name, seconds=step)
        return None
    phases, counts = np.unique(times % step, return_counts=True)
    first = int(times[0]) + int((phases[np.argmax(counts)] - times[0]) % step)
    samples = (last - first) // step + 1
    if samples > params["most_samples"]:
        notes.add("detect.note.too_long", outlet=name, samples=int(samples))
        return None
    return first + step * np.arange(samples, dtype=np.int64), step


def _series(
    name: str,
    rows: np.ndarray,
    table: Values,
    grid: tuple[np.ndarray, int],
    facts: OutletFacts | None,
    params: Params,
    notes: Notes,
) -> OutletSeries:
    t, step = grid
    gas = bool(table.kind[rows[0]])
    if (table.kind[rows] != gas).any():
        odd = int(table.row[rows[np.flatnonzero(table.kind[rows] != gas)[0]]])
        notes.add("detect.note.two_kinds", outlet=name, row=odd)
    kind: Kind = "gas" if gas else "water"
    place, off = np.divmod(table.t[rows] - t[0], step)
    astray = (off != 0) | (place < 0) | (place >= len(t))
    if astray.any():
        first = int(table.row[rows[np.flatnonzero(astray)[0]]])
        notes.add("detect.note.off_grid", outlet=name, row=first, count=int(astray.sum()), step=step // 60)
        rows, place = rows[~astray], place[~astray]
    factor = table.factor[rows]
    bounds = np.searchsorted(factor, np.arange(len(table.factors) + 1))
    avg: dict[str, np.ndarray] = {}
    zs: dict[str, np.ndarray] = {}
    flag: dict[str, np.ndarray] = {}
    revised: dict[str, np.ndarray] = {}
    for code, factor_name in enumerate(table.factors):
        a, b = bounds[code], bounds[code + 1]
        if a == b:
            continue
        where, source = place[a:b], rows[a:b]
        values = _plausible(name, factor_name, source, table, facts, params, notes)
        if values is None:
            continue
        twice = np.flatnonzero(where[1:] == where[:-1])
        rewritten = np.zeros(len(t), dtype=bool)
        if len(twice):
            differ = ~_same(values[twice], values[twice + 1])
            rewritten[where[twice[differ]]] = True
            _say_twice(name, factor_name, source, table, twice, differ, notes)
        column = np.full(len(t), np.nan)
        column[where] = values
        marks = np.full(len(t), "", dtype="<U1")
        marks[where] = table.flag[source]
        marks[np.isnan(column)] = ""
        converted = np.full(len(t), np.nan)
        converted[where] = table.zs[source]
        avg[factor_name], flag[factor_name], zs[factor_name] = column, marks, converted
        if rewritten.any():
            revised[factor_name] = rewritten
    return OutletSeries(name, kind, step, t, avg, zs, flag, None, revised)


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    same: np.ndarray = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _say_twice(
    outlet: str,
    factor: str,
    source: np.ndarray,
    table: Values,
    twice: np.ndarray,
    differ: np.ndarray,
    notes: Notes,
) -> None:
    if (~differ).any():
        row = int(table.row[source[twice[~differ][0] + 1]])
        notes.add("detect.note.duplicates", outlet=outlet, factor=factor, count=int((~differ).sum()), row=row)
    if differ.any():
        at = int(twice[differ][0])
        before, after = source[at], source[at + 1]
        notes.add(
            "detect.note.rewritten",
            outlet=outlet,
            factor=factor,
            count=int(differ.sum()),
            row=int(table.row[after]),
            first_row=int(table.row[before]),
            old=float(table.avg[before]),
            new=float(table.avg[after]),
        )


def _plausible(
    outlet: str,
    factor: str,
    source: np.ndarray,
    table: Values,
    facts: OutletFacts | None,
    params: Params,
    notes: Notes,
) -> np.ndarray | None:
    """Return the values with absurd ones as NaN; None when the whole factor seems to be in another unit."""
    values: np.ndarray = table.avg[source].copy()
    known = f"plausible.{factor}" in params
    low, high = _pair(params, f"plausible.{factor}") if known else (-np.inf, np.inf)
    fact = facts.factors.get(factor) if facts is not None else None
    if not known and fact is not None:
        top = max(fact.range_max or 0.0, (fact.limit or 0.0))
        if top > 0:
            low, high = -0.2 * top, params["range_multiple"] * top
    with np.errstate(invalid="ignore"):
        absurd = (values < low) | (values > high)
    fair = np.isfinite(values) & (table.flag[source] == "N")
    if known and f"usual.{factor}" in params and fair.sum() >= params["unit_least_rows"]:
        least, most = _pair(params, f"usual.{factor}")
        size = np.abs(values[fair])
        moving = size[size > 0]
        middle = float(np.median(moving)) if len(moving) else 0.0
        if len(moving) and not least <= middle <= most:
            notes.add(
                "detect.note.wrong_unit",
                outlet=outlet,
                factor=factor,
                median=round(middle, 6),
                low=least,
                high=most,
                row=int(table.row[source].min()),
            )
            return None
    if absurd.sum() > params["absurd_share"] * max(1, np.isfinite(values).sum()):
        row = int(table.row[source[np.flatnonzero(absurd)[0]]])
        notes.add("detect.note.wrong_range", outlet=outlet, factor=factor, low=low, high=high, row=row)
        return None
    if absurd.any():
        first = int(np.flatnonzero(absurd)[0])
        notes.add(
            "detect.note.absurd",
            outlet=outlet,
            factor=factor,
            row=int(table.row[source[first]]),
            value=float(values[first]),
            count=int(absurd.sum()),
            low=low,
            high=high,
        )
        values[absurd] = np.nan
    return values


def _pair(params: Params, key: str) -> tuple[float, float]:
    low, high = params.texts(key)
    return float(low), float(high)
