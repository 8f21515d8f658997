"""What a connection has shown before, so that the next frame of the same make is read in one match.

A device sends the same header (but for QN) and the same keys in the same order for each of its commands. Once a frame
was read carefully and its CP held no deviation, its layout becomes one regular expression: literal keys, strictly
shaped values. A frame that matches it provably has no deviation in CP, and the header's are known; anything else is
read carefully. Both ways give equal frames.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ecobureau.domain.hj212.cp import (
    LONGEST_FRACTION,
    NUMBER_FIELDS,
    SIGNED_FACTORS,
    SINGLE_KEYS,
    Cp,
    split_key,
    tokens,
)
from ecobureau.domain.hj212.crc import TEXTS, crc_text
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import Edition
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.header import Header
from ecobureau.domain.hj212.times import PERIOD_DIGITS
from ecobureau.domain.hj212.watch import QnWatch

_TIME = "[0-9]{8}(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
_NUMBER = rf"([0-9]++(?:\.[0-9]{{1,{LONGEST_FRACTION}}}+)?+)"
_SIGNED = f"(-?{_NUMBER[1:]}"
_WORD = r"([^;,=&#/\x00-\x20\x7f]++)"
_LONGEST = 950
_QN = 20
"""Characters of `QN=` and its 17 digits."""

_HEADS = 4096
_LAYOUTS = 64
_TRIED = 4
_SHARED = 512

Signature = tuple[tuple[str, str], ...]


class Layout(NamedTuple):
    """The keys of a CP as one pattern over the whole segment.

    Attributes:
        pattern: of a whole segment; its groups are QN and then the values in order.
        stamp: which group is DataTime, 0 for none.
        singles: the single keys; they come before all factors.
        groups: the factors with their fields, in order.
    """

    pattern: re.Pattern[str]
    stamp: int
    singles: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]


class Head:
    """A header seen before, without its QN."""

    __slots__ = ("deviations", "digits", "fields", "layouts", "watched")

    def __init__(self, header: Header) -> None:
        self.fields = header[:8]
        self.deviations = header.deviations
        self.layouts: list[Layout] = []
        self.digits = 0 if header.edition is Edition.E2005 else PERIOD_DIGITS.get(header.cn or "", 0)
        self.watched = not (header.cn or "9").startswith("9")


_DIGITS = {check: check.decode() for check in TEXTS}
_compiled: dict[tuple[Signature, int], Layout] = {}


def _layout(signature: Signature, skip: int) -> Layout:
    """Return the layout of keys behind a header of `skip` characters; made once, kept for all connections."""
    known = _compiled.get((signature, skip))
    if known is not None:
        return known
    pattern = [f"QN=({_TIME}[0-9]{{3}}).{{{skip}}}CP=&&"]
    singles: list[str] = []
    groups: list[tuple[str, list[str]]] = []
    stamp = 0
    for number, (separator, key) in enumerate(signature, 1):
        factor, field = split_key(key)
        pattern.append(f"{separator}{re.escape(key)}=")
        if key == "DataTime":
            stamp = number
            pattern.append(f"({_TIME})")
        elif field in NUMBER_FIELDS and factor[0] != "p":
            pattern.append(_SIGNED if factor in SIGNED_FACTORS else _NUMBER)
        else:
            pattern.append(_WORD)
        if not factor:
            singles.append(key)
        elif groups and groups[-1][0] == factor:
            groups[-1][1].append(field)
        else:
            groups.append((factor, [field]))
    pattern.append("&&")
    made = Layout(
        re.compile("".join(pattern)),
        stamp,
        tuple(singles),
        tuple((factor, tuple(fields)) for factor, fields in groups),
    )
    if len(_compiled) >= _SHARED:
        del _compiled[next(iter(_compiled))]
    _compiled[signature, skip] = made
    return made


def _signature(cp_text: str) -> Signature | None:
    """Return separators and keys of a CP without deviations; None where its form is not for the short way."""
    if not cp_text or "//" in cp_text:
        return None
    ignored: list[Deviation] = []
    found = []
    factors_seen: list[str] = []
    for separator, item, _ in tokens(cp_text, ignored):
        key = item.partition("=")[0]
        factor, _ = split_key(key)
        if not factor and (key not in SINGLE_KEYS or factors_seen):
            return None
        if factor and (not factors_seen or factors_seen[-1] != factor):
            if factor in factors_seen:
                return None
            factors_seen.append(factor)
        found.append((separator, key))
    if ignored or len({key for _, key in found}) != len(found):
        return None
    return tuple(found)


class Memory:
    """What one reader remembers of heads and layouts."""

    def __init__(self) -> None:
        self._heads: dict[str, Head] = {}
        self._days: set[str] = set()
        self._once: set[tuple[Signature, int]] = set()
        self._learnt = 0
        self._lengths: dict[bytes, int] = {}

    def quick(self, buffer: bytes, here: int, patient: bool, strict: bool, qns: QnWatch) -> Frame | None:
        """Return the frame at `here` if it is of a known make, without fault, and ends with CR LF; else None."""
        length = self._lengths.get(buffer[here : here + 6])
        if length is None:
            return None
        end = here + 6 + length
        after = buffer[end + 4 : end + 8]
        if after != b"\r\n##" and (patient or after != b"\r\n"):
            return None
        segment = buffer[here + 6 : end]
        check = buffer[end : end + 4]
        if crc_text(segment) != check:
            return None
        text = segment.decode("latin-1")
        head = self._heads.get(text[_QN : text.find("CP=&&", 60)])
        if head is None:
            return None
        for layout in head.layouts:
            match = layout.pattern.fullmatch(text)
            if match is not None:
                break
        else:
            return None
        values = match.groups()
        qn = values[0]
        if qn[:8] not in self._days:
            return None
        stamp = layout.stamp
        if stamp:
            moment = values[stamp]
            if moment[:8] not in self._days or (head.digits and qn[: head.digits] <= moment[: head.digits]):
                return None
        st, cn, pw, mn, flag, pnum, pno, rf = head.fields
        if head.watched and not qns.first(mn, qn, cn, pno, segment):
            return None
        each = iter(values)
        next(each)
        # zip asks the keys first, so it takes no value too many.
        cp: Cp = dict(zip(layout.singles, each))  # noqa: B905
        for factor, fields in layout.groups:
            cp[factor] = dict(zip(fields, each))  # noqa: B905
        found = list(head.deviations)
        error = found[0].code if strict and found else None
        raw = buffer[here : end + 6]
        digits = _DIGITS[check]
        return Frame(
            raw, segment, error is None, error, found, length, digits, qn, st, cn, pw, mn, flag, pnum, pno, rf, cp
        )  # fmt: skip

    def learn(self, segment: bytes, header: Header, cp: Cp) -> None:
        """Remember a frame that was read carefully and has no deviation but in its header."""
        if len(segment) > _LONGEST or not segment.isascii():
            return
        text = segment.decode("ascii")
        start = text.find("CP=&&")
        if not text.startswith("QN=") or text[_QN : _QN + 1] != ";" or "#" in text[:start] or "\n" in text[:start]:
            return
        self._remember_length(len(segment))
        self._remember_day(text[3:11])
        stamp = cp.get("DataTime")
        if isinstance(stamp, str):
            self._remember_day(stamp[:8])
        key = text[_QN:start]
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            head = self._heads[key] = Head(header)
        signature = _signature(text[start + 5 : -2])
        if signature is not None:
            self._learn_layout(head, signature, len(key))

    def _learn_layout(self, head: Head, signature: Signature, skip: int) -> None:
        # Compiling costs as much as reading some hundred frames: only for what comes again.
        known = (signature, skip)
        if known not in _compiled:
            if known not in self._once:
                if len(self._once) < _HEADS:
                    self._once.add(known)
                return
            if self._learnt >= _LAYOUTS:
                return
            self._learnt += 1
        layout = _layout(signature, skip)
        if layout not in head.layouts:
            head.layouts.insert(0, layout)
            del head.layouts[_TRIED:]

    def _remember_length(self, length: int) -> None:
        self._lengths[b"##%04d" % length] = length

    def _remember_day(self, day: str) -> None:
        if len(self._days) >= _HEADS:
            self._days.clear()
        self._days.add(day)
