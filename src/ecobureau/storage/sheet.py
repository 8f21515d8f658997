"""The readings of a frame as they come off a form: what a station's frames have in common is held once.

A logger sends the same factors with the same statistics over and over. A `Form` is what stays, a `Sheet` what one frame
fills in. A sheet is a sequence of `Reading`, made only where somebody asks for them one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import overload

from ecobureau.storage.types import Reading

FactorForm = tuple[str, str, tuple[str, ...], str]
"""code, unit, statistics, dialect"""
_MOST = 4096
_numbers = count(1)
_forms: dict[tuple[FactorForm, ...], Form] = {}


class Form:
    """Factors and statistics of a frame, in its order. Equal ones are one object as a rule.

    Attributes:
        number: its number in this process. size: numbers of a sheet.
    """

    __slots__ = ("factors", "number", "size")

    def __init__(self, factors: tuple[FactorForm, ...]) -> None:
        self.factors = factors
        self.number = next(_numbers)
        self.size = sum(len(stats) for _code, _unit, stats, _dialect in factors)

    @classmethod
    def of(cls, factors: tuple[FactorForm, ...]) -> Form:
        """Return the form of these factors."""
        found = _forms.get(factors)
        if found is None:
            if len(_forms) >= _MOST:
                _forms.clear()
            found = _forms[factors] = cls(factors)
        return found


class Sheet(Sequence[Reading]):
    """A form filled in.

    Attributes:
        values, decimals: of all statistics of all factors, in order. flags: one mark a factor.
    """

    __slots__ = ("_readings", "decimals", "flags", "form", "values")

    def __init__(
        self, form: Form, values: tuple[float, ...], decimals: tuple[int, ...], flags: tuple[str, ...]
    ) -> None:
        self.form = form
        self.values = values
        self.decimals = decimals
        self.flags = flags
        self._readings: list[Reading] | None = None

    def _made(self) -> list[Reading]:
        if self._readings is None:
            self._readings, at = [], 0
            for (code, unit, stats, dialect), flag in zip(self.form.factors, self.flags, strict=True):
                end = at + len(stats)
                self._readings.append(
                    Reading(code, unit, stats, self.values[at:end], self.decimals[at:end], flag, dialect)
                )
                at = end
        return self._readings

    def __len__(self) -> int:
        return len(self.flags)

    @overload
    def __getitem__(self, at: int) -> Reading: ...

    @overload
    def __getitem__(self, at: slice) -> list[Reading]: ...

    def __getitem__(self, at: int | slice) -> Reading | list[Reading]:
        return self._made()[at]

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sheet | list) and self._made() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._made())

    def __reduce__(self) -> tuple[type[list[Reading]], tuple[list[Reading]]]:
        """Travels as a plain list."""
        return list, (self._made(),)
