"""Outfalls to water (入河入海排污口): their codes and what each kind has to go through. Pure functions and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutfallCode:
    """The parts of an outfall's code.

    Attributes:
        division: division code of the place, 6 digits. serial: number within the division, from 1.
        kind: letters of the kind. sub: number of a branch, 0 for the outfall itself.
    """

    division: str
    serial: int
    kind: str
    sub: int = 0


@dataclass(frozen=True, slots=True)
class CodeRule:
    """How codes are written: digits and letters of each part, and the sign between them (HJ 1235-2021 by the pack)."""

    serial_digits: int
    kind_letters: int
    sub_digits: int
    separator: str

    @classmethod
    def of(cls, value: Mapping[str, object]) -> CodeRule:
        """Return the rule that an entry `outfall.code` of the pack `outfalls` says."""
        numbers = [int(str(value[name])) for name in ("serial_digits", "kind_letters", "sub_digits")]
        return cls(numbers[0], numbers[1], numbers[2], str(value["separator"]))

    @property
    def last_serial(self) -> int:
        """The largest number that fits."""
        return int(10**self.serial_digits - 1)

    def write(self, code: OutfallCode) -> str:
        """Return the code as it is printed.

        Raises:
            ValueError: a part does not fit its place.
        """
        parts = (
            code.division,
            f"{code.serial:0{self.serial_digits}d}",
            code.kind,
            f"{code.sub:0{self.sub_digits}d}",
        )
        text = self.separator.join(parts)
        if self.read(text) != code:
            raise ValueError(text)
        return text

    def read(self, text: str) -> OutfallCode | None:
        """Return the parts of a printed code, None where it is none by this rule."""
        sign = re.escape(self.separator)
        found = re.fullmatch(
            rf"([0-9]{{6}}){sign}([0-9]{{{self.serial_digits}}}){sign}([A-Z]{{{self.kind_letters}}}){sign}"
            rf"([0-9]{{{self.sub_digits}}})",
            text,
        )
        if found is None or int(found[2]) == 0:
            return None
        return OutfallCode(found[1], int(found[2]), found[3], int(found[4]))


def over_limit(value: float, *, most: float | None, least: float | None = None) -> bool:
    """Say whether a result lies outside its limits; one that equals a limit does not."""
    return (most is not None and value > most) or (least is not None and value < least)
