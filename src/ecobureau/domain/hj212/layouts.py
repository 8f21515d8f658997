"""What a connection has shown before, so that the next frame of the same make is read in one match.

A device sends the same header (but for QN) and the same keys in the same order for each of its commands. Once a frame
was read carefully and the values of its CP held no deviation, its layout becomes one regular expression: literal keys,
strictly shaped values. What a frame that matches it has of deviations is known: those of its header and of its keys.
Anything else is read carefully. Both ways give equal frames.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from ecobureau.domain.hj212.cp import (
    LONGEST_FRACTION,
    Cp,
    read_key,
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
_WORD = r"([^;,=&#/\x00-\x20\x7f-\xff]++)"
_LONGEST = 950
_QN = 20
"""Characters of `QN=` and its 17 digits."""

_HEADS = 1024
_LAYOUTS = 64
_TRIED = 4
_SHARED = 512

OF_THE_LAYOUT = frozenset(
    {
        "cp.trailing_separator",
        "cp.separator",
        "cp.vendor_field",
        "cp.unknown_field",
        "cp.field_name",
        "cp.private_factor",
        "cp.key_form",
    }
)
"""Deviations that follow from the keys and separators alone, whatever the values."""

Signature = tuple[tuple[str, str], ...]


class Layout(NamedTuple):
    """The keys of a CP as one pattern over the whole segment.

    Attributes:
        pattern: of a whole segment; its groups are QN and then the values in order.
        stamp: which group is DataTime, 0 for none.
        singles: the single keys; they come before all factors.
        groups: the factors with their fields, in order.
        odd: deviations of the keys and separators.
    """

    pattern: re.Pattern[str]
    stamp: int
    singles: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    odd: tuple[Deviation, ...]


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


def _layout(signature: Signature, skip: int, odd: tuple[Deviation, ...]) -> Layout:
    """Return the layout of keys behind a header of `skip` characters; made once, kept for all connections."""
    known = _compiled.get((signature, skip))
    if known is not None:
        return known
    pattern = [f"QN=({_TIME}[0-9]{{3}}).{{{skip}}}CP=&&"]
    singles: list[str] = []
    groups: list[tuple[str, list[str]]] = []
    stamp = 0
    for number, (separator, key) in enumerate(signature, 1):
        if not key:
            pattern.append(separator)
            continue
        said = read_key(key)
        pattern.append(f"{separator}{re.escape(key)}=")
        if key == "DataTime":
            stamp = number
            pattern.append(f"({_TIME})")
        elif said.number:
            pattern.append(_SIGNED if said.signed else _NUMBER)
        else:
            pattern.append(_WORD)
        if not said.factor:
            singles.append(key)
        elif groups and groups[-1][0] == said.factor:
            groups[-1][1].append(said.field)
        else:
            groups.append((said.factor, [said.field]))
    pattern.append("&&")
    made = Layout(
        re.compile("".join(pattern)),
        stamp,
        tuple(singles),
        tuple((factor, tuple(fields)) for factor, fields in groups),
        odd,
    )
    if len(_compiled) >= _SHARED:
        del _compiled[next(iter(_compiled))]
    _compiled[signature, skip] = made
    return made


def _signature(cp_text: str) -> Signature | None:
    """Return separators and keys of a CP without odd values; None where its form is not for the short way."""
    if not cp_text or "//" in cp_text:
        return None
    parts = [(separator, item.partition("=")[0]) for separator, item, _ in tokens(cp_text, [])]
    keys = [key for _, key in parts]
    if not keys[-1]:
        keys.pop()
    factors = [factor for factor, _ in groupby(split_key(key)[0] for key in keys)]
    # Single keys first, each factor in one piece, nothing twice.
    first, *others = factors or [""]
    if "" in others or len(set(others)) != len(others) or first in others or len(set(keys)) != len(keys):
        return None
    return tuple(parts) if all(keys) else None


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
        found = [*head.deviations, *layout.odd]
        error = found[0].code if strict and found else None
        raw = buffer[here : end + 6]
        digits = _DIGITS[check]
        return Frame(
            raw, segment, error is None, error, found, length, digits, qn, st, cn, pw, mn, flag, pnum, pno, rf, cp
        )  # fmt: skip

    def learn(self, segment: bytes, header: Header, frame: Frame) -> None:
        """Remember a frame that was read carefully, if it has no deviation but of its header and its keys."""
        size = len(header.deviations)
        odd = tuple(frame.deviations[size:])
        if tuple(frame.deviations[:size]) != header.deviations or not all(one.code in OF_THE_LAYOUT for one in odd):
            return
        if len(segment) > _LONGEST or not segment.isascii():
            return
        text = segment.decode("ascii")
        start = text.find("CP=&&")
        if not text.startswith("QN=") or text[_QN : _QN + 1] != ";" or "#" in text[:start] or "\n" in text[:start]:
            return
        self._remember_length(len(segment))
        self._remember_day(text[3:11])
        stamp = frame.cp.get("DataTime")
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
            self._learn_layout(head, signature, len(key), odd)

    def _learn_layout(self, head: Head, signature: Signature, skip: int, odd: tuple[Deviation, ...]) -> None:
        # Compiling costs as much as reading some hundred frames: only for what comes again.
        known = (signature, skip)
        if known not in _compiled:
            if known not in self._once:
                if len(self._once) >= _HEADS:
                    self._once.clear()
                self._once.add(known)
                return
            if self._learnt >= _LAYOUTS:
                return
            self._learnt += 1
        layout = _layout(signature, skip, odd)
        if layout not in head.layouts:
            head.layouts.insert(0, layout)
            del head.layouts[_TRIED:]

    def _remember_length(self, length: int) -> None:
        self._lengths[b"##%04d" % length] = length

    def _remember_day(self, day: str) -> None:
        if len(self._days) >= _HEADS:
            self._days.clear()
        self._days.add(day)
