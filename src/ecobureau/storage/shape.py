"""How a frame becomes a packed row and comes back: slots, scaled integers, marks. Pure.

A layout is an ordered list of factors and of slots (factor, statistic, decimals). A row holds one number a slot: the
integer value x 10^decimals, exact by construction, or floats for all slots where one integer would not fit in 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from ecobureau.storage.sheet import Sheet
from ecobureau.storage.types import PRINCIPAL, Reading

INT4 = 2**31 - 1
NORMAL = "N"

FactorShape = tuple[str, str, str, tuple[str, ...], tuple[int, ...]]
"""code, unit, dialect, statistics, decimals"""
Key = tuple[FactorShape, ...]


@dataclass(slots=True, frozen=True)
class Principal:
    """Where a factor's own value stands in a row: slot numbers, -1 where there is none."""

    factor: int
    code: str
    slot: int
    decimals: int
    zs_slot: int
    zs_decimals: int


@dataclass(slots=True)
class Layout:
    """Meaning of a packed row. Equal keys have one id, for ever."""

    id: int
    key: Key
    codes: tuple[str, ...]
    slots: tuple[tuple[int, str, int], ...]
    scales: tuple[float, ...]
    principals: tuple[Principal, ...]
    block: Any = None
    """What the writer keeps at hand for this layout."""


def shape_of(readings: Iterable[Reading]) -> Key:
    """Return the key of the layout that holds these readings exactly."""
    return tuple([(r.code, r.unit, r.dialect, r.stats, r.decimals) for r in readings])


def loose(key: Key) -> tuple[tuple[str, str, str, tuple[str, ...]], ...]:
    """Return a key without its decimals: what all layouts of one set of factors have in common."""
    return tuple([factor[:4] for factor in key])


def decimals_of(key: Key) -> list[int]:
    return [d for factor in key for d in factor[4]]


def with_decimals(key: Key, decimals: Sequence[int]) -> Key:
    """Return `key` with other decimals, one a slot."""
    out, at = [], 0
    for code, unit, dialect, stats, _old in key:
        out.append((code, unit, dialect, stats, tuple(decimals[at : at + len(stats)])))
        at += len(stats)
    return tuple(out)


def digest(key: Key) -> bytes:
    """Return what identifies a layout in the database."""
    return sha256(repr(key).encode()).digest()


def columns(key: Key) -> dict[str, list[Any]]:
    """Return the row of table `layout` for a key; factors are counted from 1."""
    slots = [(i, stat, dec) for i, f in enumerate(key, 1) for stat, dec in zip(f[3], f[4], strict=True)]
    return {
        "factors": [f[0] for f in key],
        "units": [f[1] for f in key],
        "dialects": [f[2] for f in key],
        "slot_factor": [s[0] for s in slots],
        "slot_stat": [s[1] for s in slots],
        "slot_decimals": [s[2] for s in slots],
        "slot_role": roles(make_layout(0, key)),
    }


def factor_columns(key: Key) -> list[list[Any]]:
    """Return the rows of table `layout_factor` as columns: number, factor, slot, decimals, scale, and the converted."""
    rows = [
        (
            *(p.factor + 1, p.code),
            *(p.slot + 1 or None, p.decimals, float(10**p.decimals)),
            *(p.zs_slot + 1 or None, p.zs_decimals, float(10**p.zs_decimals)),
        )
        for p in make_layout(0, key).principals
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(8)]


OWN, CONVERTED, LOWEST, HIGHEST, CONVERTED_HIGHEST, TOTAL = 1, 2, 3, 4, 5, 6
_ROLES = {"min": LOWEST, "max": HIGHEST, "zs_max": CONVERTED_HIGHEST, "cou": TOTAL}


def roles(layout: Layout) -> list[int]:
    """Return what each slot is in a roll-up; 0 for those that have no part in it."""
    out = [_ROLES.get(stat, 0) for _factor, stat, _decimals in layout.slots]
    for p in layout.principals:
        if p.slot >= 0:
            out[p.slot] = OWN
        if p.zs_slot >= 0:
            out[p.zs_slot] = CONVERTED
    return out


def key_from_columns(
    factors: Sequence[str],
    units: Sequence[str],
    dialects: Sequence[str],
    slot_factor: Sequence[int],
    slot_stat: Sequence[str],
    slot_decimals: Sequence[int],
) -> Key:
    """Undo `columns`."""
    stats: list[list[str]] = [[] for _ in factors]
    decimals: list[list[int]] = [[] for _ in factors]
    for factor, stat, dec in zip(slot_factor, slot_stat, slot_decimals, strict=True):
        stats[factor - 1].append(stat)
        decimals[factor - 1].append(dec)
    return tuple((factors[i], units[i], dialects[i], tuple(stats[i]), tuple(decimals[i])) for i in range(len(factors)))


def make_layout(id_: int, key: Key) -> Layout:
    """Return the layout of a key, with everything the writer and the readers look up."""
    slots = tuple((i, stat, dec) for i, f in enumerate(key) for stat, dec in zip(f[3], f[4], strict=True))
    where = {(i, stat): at for at, (i, stat, _dec) in enumerate(slots)}
    principals = []
    for i, factor in enumerate(key):
        stat = next((s for s in PRINCIPAL if (i, s) in where), None)
        zs = next((z for z in (f"zs_{stat}", "zs_avg", "zs_rtd") if (i, z) in where), None)
        if stat is None and zs is None:
            continue
        slot = where[(i, stat)] if stat else -1
        zs_slot = where[(i, zs)] if zs else -1
        principals.append(
            Principal(i, factor[0], slot, slots[slot][2] if stat else 0, zs_slot, slots[zs_slot][2] if zs else 0)
        )
    scales = tuple(float(10**dec) for _i, _s, dec in slots)
    return Layout(id_, key, tuple(f[0] for f in key), slots, scales, tuple(principals))


def pack_values(
    layout: Layout, readings: Sequence[Reading]
) -> tuple[list[int | None] | None, list[float | None] | None]:
    """Return (scaled integers, None), or (None, floats) where an integer would not fit."""
    return _pack_one(
        layout, readings.values if type(readings) is Sheet else list(chain.from_iterable([r.values for r in readings]))
    )


def _pack_one(
    layout: Layout, flat: Sequence[float | None]
) -> tuple[list[int | None] | None, list[float | None] | None]:
    try:
        whole = list(map(round, map(mul, flat, layout.scales)))
    except TypeError:  # a place without a number
        return _pack_with_gaps(layout, flat)
    if whole and (max(whole) > INT4 or min(whole) < -INT4):
        return None, list(flat)
    return whole, None


class Packed(NamedTuple):
    """The numbers of a row: as integers, or as floats where an integer would not fit; `cells`: the integers as elements
    of a PostgreSQL array, each with its length before it (int4, big-endian)."""

    v: list[int | None] | None
    wide: list[float | None] | None
    cells: bytes | None = None


_CELL = np.dtype([("length", ">i4"), ("value", ">i4")])


def pack_many(layout: Layout, flat: Sequence[Sequence[float | None]]) -> list[Packed]:
    """Do what `pack_values` does for many rows of one layout, at a third of its cost a row from a dozen rows on.

    Args:
        layout: of all rows. flat: their values, one a slot.
    """
    n, slots = len(flat), len(layout.slots)
    try:
        values = np.fromiter(chain.from_iterable(flat), np.float64, n * slots).reshape(n, slots)
    except (TypeError, ValueError):  # a place without a number
        return [Packed(*_pack_one(layout, each)) for each in flat]
    whole = np.rint(values * layout.scales)
    fits = np.abs(whole).max(axis=1, initial=0) <= INT4
    cells = np.empty((n, slots), _CELL)
    cells["length"] = 4
    cells["value"] = np.where(fits[:, None], whole, 0)
    told, size = cells.tobytes(), 8 * slots
    return [
        Packed(v, None, told[at * size : (at + 1) * size]) if fit else Packed(*_pack_one(layout, flat[at]))
        for at, (v, fit) in enumerate(zip(cells["value"].tolist(), fits.tolist(), strict=True))
    ]


def _pack_with_gaps(
    layout: Layout, flat: Sequence[float | None]
) -> tuple[list[int | None] | None, list[float | None] | None]:
    scaled = [None if x is None else round(x * s) for x, s in zip(flat, layout.scales, strict=True)]
    if any(x is not None and not -INT4 <= x <= INT4 for x in scaled):
        return None, list(flat)
    return scaled, None


def unpack_values(
    layout: Layout, v: Sequence[int | None] | None, wide: Sequence[float | None] | None
) -> list[float | None]:
    """Undo `pack_values`."""
    if wide is not None:
        return list(wide)
    if v is None:
        raise ValueError("a row holds neither integers nor floats")
    return [None if x is None else x / s for x, s in zip(v, layout.scales, strict=True)]


def pack_marks(flags: Sequence[str]) -> str | None:
    """Return the marks of a row: None for all normal, one character a factor, else separated by commas."""
    if flags.count(NORMAL) == len(flags):
        return None
    if len(flags) > 1 and all(len(flag) == 1 for flag in flags):
        return "".join(flags)
    return ",".join(flag.replace(",", " ") for flag in flags)


def unpack_marks(marks: str | None, factors: int) -> list[str]:
    """Undo `pack_marks`."""
    if marks is None:
        return [NORMAL] * factors
    if factors == 1:
        return [marks]
    return marks.split(",") if "," in marks else list(marks)


def text_of(value: float | None, decimals: int) -> str | None:
    """Return a value as it was sent: 1.23 with 3 decimals is `1.230`. Minus zero is zero."""
    return None if value is None else f"{value + 0.0:.{decimals}f}"


def unpack(
    layout: Layout,
    v: Sequence[int | None] | None,
    wide: Sequence[float | None] | None,
    marks: str | None,
    exact: bytes | None,
) -> list[Reading]:
    """Return the readings of a row; `exact` holds the decimals as sent where they differ from the layout's."""
    values = unpack_values(layout, v, wide)
    flags = unpack_marks(marks, len(layout.key))
    decimals = list(exact) if exact is not None else [slot[2] for slot in layout.slots]
    out, at = [], 0
    for i, (code, unit, dialect, stats, _dec) in enumerate(layout.key):
        n = len(stats)
        out.append(
            Reading(code, unit, stats, tuple(values[at : at + n]), tuple(decimals[at : at + n]), flags[i], dialect)
        )
        at += n
    return out
