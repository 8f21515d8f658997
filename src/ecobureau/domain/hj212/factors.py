"""Monitored factors (监测因子) and their codes of 2005 and 2017, as a table built from rows of a rule pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ecobureau.domain.hj212.editions import Edition


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor.

    Attributes:
        code: of 2017 (kept in 2025): w…, a…, L….
        name_zh: its Chinese name as printed.
        code_2005: of 2005, or None.
        unit: printed unit of concentration (many devices send another: a station's setting decides).
        unit_emission: printed unit of the cumulative emission (Cou), or None.
        type_2017: printed format, such as N5.2, or None.
    """

    code: str
    name_zh: str
    code_2005: str | None
    unit: str
    unit_emission: str | None
    type_2017: str | None


class FactorTable(Mapping[str, Factor]):
    """All factors by their 2017 code, with the way from 2005 codes to them.

    A 2005 code may be short: water codes have three digits, gas codes two, so both live in one table.
    """

    def __init__(self, factors: Iterable[Factor]) -> None:
        self._by_code = {factor.code: factor for factor in factors}
        self._by_2005 = {factor.code_2005: factor for factor in self._by_code.values() if factor.code_2005}

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, str]]) -> FactorTable:
        """Build the table from rows: code, name_zh, code_2005, unit_concentration, unit_emission, type_2017."""
        return cls(
            Factor(
                row["code"],
                row["name_zh"],
                row.get("code_2005") or None,
                row.get("unit_concentration", ""),
                row.get("unit_emission") or None,
                row.get("type_2017") or None,
            )
            for row in rows
        )

    def __getitem__(self, code: str) -> Factor:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def find(self, code: str) -> Factor | None:
        """Return the factor of a 2017 or 2005 code as sent, or None (private and later codes)."""
        return self._by_code.get(code) or self._by_2005.get(code)

    def canonical(self, code: str) -> str:
        """Return the 2017 code of a code as sent; codes the table does not know stay as they are."""
        factor = self.find(code)
        return code if factor is None else factor.code

    def code_for(self, code: str, edition: Edition) -> str:
        """Return the code that an edition uses for a factor; the 2017 code where 2005 had none."""
        factor = self.find(code)
        if factor is None:
            return code
        return factor.code_2005 or factor.code if edition is Edition.E2005 else factor.code
