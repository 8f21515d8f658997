"""One frame: what was on the wire, what was understood, and what was odd about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ecobureau.domain.hj212.commands import ANSWERS
from ecobureau.domain.hj212.cp import Cp
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import ANSWER_BIT, Edition, sensible_packets

ERRORS = ("crc", "length", "header", "cp", "truncated")
"""Errors whose frames are never data; in strict mode `Frame.error` may also be the code of a deviation."""


@dataclass(slots=True, eq=True)
class Frame:
    """A frame as it was understood.

    Attributes:
        raw: its bytes on the wire, with line end.
        segment: the data segment that length and CRC speak of; plain where it came encrypted and a key fits.
        ok: usable as data. In strict mode only when there is no deviation either.
        error: None, one of `ERRORS`, or (strict) the code of the first deviation.
        deviations: what departs from the standard.
        length: the declared length; None where it is no number.
        crc: the check as sent; None where there is none.
        qn, st, cn, pw, mn, flag, pnum, pno, rf: header fields, text as sent; None where absent.
        cp: single keys as text, factors as dictionaries field -> text, in the order sent.
        charset: `utf-8`, `gb18030`, or `latin-1` where neither fits (then byte for byte).
    """

    raw: bytes
    segment: bytes
    ok: bool
    error: str | None
    deviations: list[Deviation]
    length: int | None
    crc: str | None
    qn: str | None
    st: str | None
    cn: str | None
    pw: str | None
    mn: str | None
    flag: str | None
    pnum: str | None
    pno: str | None
    rf: str | None
    cp: Cp = field(default_factory=dict)
    charset: str = "utf-8"

    @property
    def flag_value(self) -> int | None:
        """Flag as a number: 0 where it is absent (many 2005 devices), None where it is no number of 0 to 255."""
        if not self.flag:
            return 0
        if len(self.flag) > 3 or not (self.flag.isascii() and self.flag.isdigit()) or int(self.flag) > 255:
            return None
        return int(self.flag)

    @property
    def edition(self) -> Edition | None:
        """Edition by the version bits; None where they name none. A station's setting goes before this."""
        value = self.flag_value
        return None if value is None or value >> 2 > Edition.E2025 else Edition(value >> 2)

    @property
    def wants_answer(self) -> bool:
        """Whether the answer bit is set and the frame is not itself an answer (those are never answered)."""
        return bool((self.flag_value or 0) & ANSWER_BIT) and self.cn not in ANSWERS

    @property
    def is_split(self) -> bool:
        """Whether the frame is one packet of several: it has sensible PNUM and PNO.

        The split bit of Flag alone says nothing; devices of 2005 number their packets without any Flag.
        """
        return sensible_packets(self.pnum, self.pno)

    @property
    def exchange(self) -> str | None:
        """The QN that names the exchange: of the header, else (2005) of CP."""
        if self.qn is not None:
            return self.qn
        inner = self.cp.get("QN")
        return inner if isinstance(inner, str) else None

    @property
    def backfilled(self) -> bool:
        """Whether the sender itself marks the data as back-filled (2025: RF=1)."""
        return self.rf == "1"

    def text(self, key: str) -> str | None:
        """Return a single key of CP, or None."""
        value = self.cp.get(key)
        return value if isinstance(value, str) else None

    def factors(self) -> dict[str, dict[str, str]]:
        """Return the factors of CP alone."""
        return {code: fields for code, fields in self.cp.items() if isinstance(fields, dict)}

    def to_json(self) -> dict[str, Any]:
        """Return the frame as the object that `ecobureau hj212 decode` prints, keys in this order."""
        return {
            "ok": self.ok,
            "error": self.error,
            "deviations": [{"code": one.code, "detail": one.detail} for one in self.deviations],
            "length": self.length,
            "crc": self.crc,
            "QN": self.qn,
            "ST": self.st,
            "CN": self.cn,
            "PW": self.pw,
            "MN": self.mn,
            "Flag": self.flag,
            "PNUM": self.pnum,
            "PNO": self.pno,
            "RF": self.rf,
            "cp": self.cp,
        }
