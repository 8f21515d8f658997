"""The unified social credit code 统一社会信用代码 of organisations (GB 32100-2015)."""

from __future__ import annotations

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BASE = 31
_WEIGHTS = tuple(pow(3, place, _BASE) for place in range(17))


def well_formed(code: str) -> bool:
    """Say whether a code has 18 characters of the standard's alphabet (no I, O, S, V, Z)."""
    return len(code) == 18 and all(letter in _LETTERS for letter in code)


def check_letter(first17: str) -> str:
    """Return the check character of the first 17.

    Raises:
        ValueError: another length or alphabet.
    """
    if len(first17) != 17 or any(letter not in _LETTERS for letter in first17):
        raise ValueError(f"not 17 characters of the alphabet: {first17!r}")
    total = sum(weight * _LETTERS.index(letter) for weight, letter in zip(_WEIGHTS, first17, strict=True))
    return _LETTERS[-total % _BASE]
