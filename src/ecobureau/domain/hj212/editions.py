"""The three editions of HJ 212, and what a Flag byte says."""

from __future__ import annotations

import re
from enum import IntEnum


class Edition(IntEnum):
    """Edition of the standard; the number is the version in the upper six bits of Flag."""

    E2005 = 0
    E2017 = 1
    E2025 = 2

    @property
    def year(self) -> int:
        """The year of the edition."""
        return (2005, 2017, 2025)[self]

    @classmethod
    def of_year(cls, year: int | str) -> Edition:
        """Return the edition of a year (2005, 2017, 2025).

        Raises:
            ValueError: no edition of that year.
        """
        for edition in cls:
            if edition.year == int(year):
                return edition
        raise ValueError(f"no edition of {year}")


ANSWER_BIT = 1
SPLIT_BIT = 2


def flag(edition: Edition, *, answer: bool = False, split: bool = False) -> str:
    """Return the Flag of a frame as its decimal text.

    Args:
        edition: gives the version bits.
        answer: bit 0, the receiver is to answer.
        split: bit 1, PNUM and PNO follow.
    Source: HJ 212-2017 table 3 (Flag); HJ 212-2025 table 3.
    """
    return str(edition << 2 | (SPLIT_BIT if split else 0) | (ANSWER_BIT if answer else 0))


MOST_PACKETS = 9999
"""PNUM and PNO have up to four digits."""
_PACKET = re.compile("[0-9]{1,9}")


def sensible_packets(pnum: str | None, pno: str | None) -> bool:
    """Return whether PNUM and PNO are numbers that go together: 1 <= PNO <= PNUM <= 9999.

    Source: HJ 212-2017 table 3.
    """
    if not pnum or not pno or not _PACKET.fullmatch(pnum) or not _PACKET.fullmatch(pno):
        return False
    return 1 <= int(pno) <= int(pnum) <= MOST_PACKETS


MN_LENGTH = {Edition.E2005: 14, Edition.E2017: 24, Edition.E2025: 24}
CP_LIMIT = {Edition.E2005: 960, Edition.E2017: 950, Edition.E2025: 950}
SEGMENT_LIMIT = 1024
"""Longest data segment of the standard, in bytes."""
LARGEST_LENGTH = 9999
"""What four digits can say, and what is accepted."""
ENVELOPE = 12
"""Bytes of a frame besides its segment: `##`, four digits, four of the check, CR LF."""
