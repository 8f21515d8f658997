"""Units of measured values: the same unit under several spellings, and exact steps between those of one kind."""

from __future__ import annotations

from decimal import Decimal

_SPELLINGS = {
    "mg/l": "mg/L",
    "ug/l": "µg/L",
    "µg/l": "µg/L",
    "μg/l": "µg/L",
    "ng/l": "ng/L",
    "g/l": "g/L",
    "mg/m3": "mg/m³",
    "mg/m³": "mg/m³",
    "mg/nm3": "mg/m³",
    "mg/nm³": "mg/m³",
    "ug/m3": "µg/m³",
    "µg/m3": "µg/m³",
    "μg/m3": "µg/m³",
    "µg/m³": "µg/m³",
    "μg/m³": "µg/m³",
    "ng/m3": "ng/m³",
    "ng/m³": "ng/m³",
    "g/m3": "g/m³",
    "g/m³": "g/m³",
    "l/s": "L/s",
    "m3/s": "m³/s",
    "m³/s": "m³/s",
    "m3/h": "m³/h",
    "m³/h": "m³/h",
    "m3": "m³",
    "degc": "°C",
    "℃": "°C",
    "°c": "°C",
    "": "1",
    "1": "1",
    "无量纲": "1",
    "ph": "1",
    "db": "dB",
    "db(a)": "dB",
    "us/cm": "µS/cm",
    "µs/cm": "µS/cm",
    "μs/cm": "µS/cm",
    "1/l": "1/L",
    "个/l": "1/L",
    "kpa": "kPa",
    "pa": "Pa",
    "hpa": "hPa",
}
_SIZES: dict[str, tuple[str, Decimal]] = {
    "g/L": ("mass per volume of water", Decimal("1")),
    "mg/L": ("mass per volume of water", Decimal("1e-3")),
    "µg/L": ("mass per volume of water", Decimal("1e-6")),
    "ng/L": ("mass per volume of water", Decimal("1e-9")),
    "g/m³": ("mass per volume of gas", Decimal("1")),
    "mg/m³": ("mass per volume of gas", Decimal("1e-3")),
    "µg/m³": ("mass per volume of gas", Decimal("1e-6")),
    "ng/m³": ("mass per volume of gas", Decimal("1e-9")),
    "L/s": ("flow", Decimal("1e-3")),
    "m³/s": ("flow", Decimal("1")),
    "Pa": ("pressure", Decimal("1")),
    "hPa": ("pressure", Decimal("100")),
    "kPa": ("pressure", Decimal("1000")),
}


def spelled(unit: str) -> str:
    """Return a unit in the one spelling that pages and comparisons use (`ug/L` → `µg/L`); unknown ones as they are."""
    return _SPELLINGS.get(unit.strip().lower(), unit.strip())


def factor(one: str, other: str) -> Decimal | None:
    """Return by what a value in `one` is multiplied to stand in `other`; None where they cannot be compared."""
    here, there = spelled(one), spelled(other)
    if here == there:
        return Decimal(1)
    if here not in _SIZES or there not in _SIZES:
        return None
    (kind, size), (other_kind, other_size) = _SIZES[here], _SIZES[there]
    return size / other_size if kind == other_kind else None
