"""The factor table of HJ 212 and how the codes of one station map onto it.

The table is data (`rulepacks/hj212_factors.csv`, HJ 212-2017 annex B with the codes of 2005, and `factors_more.csv`).
A station's own map comes first, then the table's code, then the code of 2005; unknown codes stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ecobureau import rulepacks
from ecobureau.domain.hj212.factors import FactorTable
from ecobureau.storage.sheet import Form

FOLDER = Path(rulepacks.__file__).parent
FILES = (FOLDER / "hj212_factors.csv", FOLDER / "factors_more.csv")
_STATE = re.compile(r"SB[0-9]{1,3}|[iI][0-9]{2}[0-9A-Za-z]{3}")
"""Facility states (SB1 …) and information codes (i12001 …): they ride in data frames but measure nothing."""


class Spec(NamedTuple):
    """What a code of one station means.

    Attributes:
        code: code of the factor table, or as sent where it knows none.
        unit: unit of the station's values.
        dialect: the code as sent where it differs, else empty.
        numeric: False for facility states and information codes.
    """

    code: str
    unit: str
    dialect: str
    numeric: bool


@lru_cache(maxsize=2)
def load_factors(files: tuple[Path, ...] = FILES) -> FactorTable:
    """Return the factor table of these files; a code of the first stands before the same of a later one."""
    rows: dict[str, dict[str, str]] = {}
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["code"], row)
    return FactorTable.from_rows(rows.values())


Pick = Callable[[Any], tuple[str, ...]]


class PlanRow(NamedTuple):
    """How to read one factor of a frame whose keys are known.

    Attributes:
        sent: its code in CP. size: how many fields it has. flagged: whether one is its mark.
        pick: takes the texts of its statistics out of the fields.
    """

    sent: str
    size: int
    flagged: bool
    pick: Pick


class Plan(NamedTuple):
    """How the values of frames with the same keys are taken out of CP; without a form, they are not for this way."""

    rows: tuple[PlanRow, ...] = ()
    form: Form | None = None


MOST_CODES = 4096


class Translator:
    """The codes of one station. Remembers what it has looked up; forgets all when a device invents codes for ever.

    Args:
        table: the factor table.
        factor_map: code as sent to code of the table (or a code of the city's own).
        units: code of the table to unit, where the device sends another than the table prints.
    """

    def __init__(self, table: FactorTable, factor_map: Mapping[str, str], units: Mapping[str, str]) -> None:
        self._table = table
        self._map = factor_map
        self._units = units
        self._known: dict[str, Spec] = {}
        self.plans: dict[tuple[str, ...], Plan] = {}
        """Keys of a CP to the plan by which it is read; empty where there is none."""

    def spec(self, sent: str) -> Spec:
        """Return what the code `sent` means."""
        known = self._known.get(sent)
        if known is None:
            if len(self._known) >= MOST_CODES:
                self._known.clear()
            known = self._known[sent] = self._look_up(sent)
        return known

    def _look_up(self, sent: str) -> Spec:
        wanted = self._map.get(sent, sent)
        factor = self._table.find(wanted)
        code = factor.code if factor else wanted
        unit = self._units.get(code) or self._units.get(sent) or (factor.unit if factor else "")
        return Spec(code, unit, "" if code == sent else sent, sent in self._map or _STATE.fullmatch(sent) is None)
