"""The header of a data segment: `QN=..;ST=..;CN=..;PW=..;MN=..;Flag=..;[PNUM=..;PNO=..;][RF=1;]` before `CP=`."""

from __future__ import annotations

import re
from typing import NamedTuple

from ecobureau.domain.hj212.commands import COMMANDS
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import ANSWER_BIT, MN_LENGTH, SPLIT_BIT, Edition, sensible_packets
from ecobureau.domain.hj212.times import real_moment

NAMES = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_EXACT = frozenset(NAMES)
_ANY_CASE = {name.upper(): name for name in NAMES}
_PLACE = {name: place for place, name in enumerate(NAMES)}
_ST = re.compile(r"[0-9A-Z]{2}")
_CN = re.compile(r"[0-9]{4}")
_HEX = re.compile(r"[0-9A-F]*")
_FLAG = re.compile(r"[0-9]{1,3}")
_ANSWERS = frozenset({"9011", "9012", "9013", "9014"})


class Header(NamedTuple):
    """What a header says: texts as sent, None where absent; `flag_value` 0 where Flag is absent.

    `deviations` belong to the header alone but for QN, whose form differs from frame to frame.
    """

    st: str | None
    cn: str | None
    pw: str | None
    mn: str | None
    flag: str | None
    pnum: str | None
    pno: str | None
    rf: str | None
    flag_value: int | None
    edition: Edition | None
    error: bool
    deviations: tuple[Deviation, ...]


def qn_deviations(qn: str | None, header: Header, qn_in_cp: bool) -> list[Deviation]:
    """Return the deviations of a QN: absent (optional only in 2005), epoch, 18 digits, no time."""
    if qn is None:
        if qn_in_cp:
            return [] if header.edition is Edition.E2005 else [Deviation("qn.in_cp", "")]
        if header.cn in _ANSWERS or header.edition is not Edition.E2005:
            return [Deviation("qn.missing", "")]
        return []
    if len(qn) == 17 and real_moment(qn) is not None:
        return []
    if len(qn) == 18 and qn.isdigit():
        return [Deviation("qn.18_digits", qn)]
    if len(qn) == 13 and qn.isdigit():
        return [Deviation("qn.epoch", qn)]
    return [Deviation("qn.malformed", qn)]


def parse_header(text: str, expected: Edition | None = None) -> tuple[str | None, Header]:
    """Read a header.

    Args:
        text: what stands before `CP=`, with its last semicolon.
        expected: the station's edition, when it is known; else Flag decides.

    Returns:
        QN as sent (None when absent) and the rest.
    Source: HJ 212-2017 6.3.3 table 3; HJ/T 212-2005 6.3; HJ 212-2025 6.3.3.
    """
    found: list[Deviation] = []
    fields = _fields(text, found)
    qn = fields.get("QN")
    flag_value, edition = _flag(fields, expected, found)
    wrong = flag_value is None
    for name, code in (("ST", "header.no_st"), ("MN", "header.no_mn")):
        if not fields.get(name):
            found.append(Deviation(code, fields.get(name, "")))
            wrong = True
    if not _CN.fullmatch(fields.get("CN", "")):
        found.append(Deviation("header.no_cn", fields.get("CN", "")))
        wrong = True
    wrong |= _packets(fields, flag_value or 0, found)
    _identity(fields, edition, found)
    _command(fields, flag_value, edition, found)
    return qn, Header(
        fields.get("ST"),
        fields.get("CN"),
        fields.get("PW"),
        fields.get("MN"),
        fields.get("Flag"),
        fields.get("PNUM"),
        fields.get("PNO"),
        fields.get("RF"),
        flag_value,
        edition,
        wrong,
        tuple(found),
    )


def _fields(text: str, found: list[Deviation]) -> dict[str, str]:
    fields: dict[str, str] = {}
    order: list[int] = []
    if "," in text:
        found.append(Deviation("header.stray_comma", ""))
    if text and not text.rstrip().endswith((";", ",")):
        found.append(Deviation("header.separator", text[-8:]))
    items = re.split("[;,]", text)
    blanks = False
    for place, item in enumerate(items):
        bare = item.strip()
        blanks |= bare != item
        if not bare:
            if place < len(items) - 1 and "," not in text:
                found.append(Deviation("header.empty_item", ""))
            continue
        name, equals, value = bare.partition("=")
        name, value, blank_inside = name.rstrip(), value.lstrip(), name != name.rstrip() or value != value.lstrip()
        blanks |= blank_inside
        known = name if name in _EXACT else _ANY_CASE.get(name.upper())
        if known is None or not equals:
            found.append(Deviation("header.unknown", bare))
            continue
        if known != name:
            found.append(Deviation("flag.name" if known == "Flag" else "header.name", name))
        if known in fields:
            found.append(Deviation("header.duplicate", f"{known}: {fields[known]}, {value}"))
        order.append(_PLACE[known])
        fields[known] = value
    if blanks:
        found.append(Deviation("header.blanks", ""))
    if order != sorted(order):
        found.append(Deviation("header.order", " ".join(NAMES[place] for place in order)))
    return fields


def _flag(
    fields: dict[str, str], expected: Edition | None, found: list[Deviation]
) -> tuple[int | None, Edition | None]:
    text = fields.get("Flag")
    if not text:
        found.append(Deviation("flag.missing", ""))
        return 0, Edition.E2005 if expected is None else expected
    if not _FLAG.fullmatch(text) or int(text) > 255:
        found.append(Deviation("header.flag_not_number", text))
        return None, expected
    value = int(text)
    version = value >> 2
    edition = Edition(version) if version <= Edition.E2025 else None
    if edition is None:
        found.append(Deviation("flag.version_unknown", text))
    elif expected is not None and edition is not expected:
        found.append(Deviation("flag.version_other", f"{edition.year} / {expected.year}"))
    return value, edition


def _packets(fields: dict[str, str], flag_value: int, found: list[Deviation]) -> bool:
    pnum, pno = fields.get("PNUM"), fields.get("PNO")
    if flag_value & SPLIT_BIT and not (pnum and pno):
        found.append(Deviation("flag.split_without_numbers", fields.get("Flag", "")))
    elif not flag_value & SPLIT_BIT and (pnum is not None or pno is not None):
        found.append(Deviation("flag.numbers_without_split", f"{pnum}/{pno}"))
    if not (pnum and pno):
        return False
    if flag_value & SPLIT_BIT and not sensible_packets(pnum, pno):
        found.append(Deviation("header.packet_number", f"{pnum}/{pno}"))
        return True
    return False


def _identity(fields: dict[str, str], edition: Edition | None, found: list[Deviation]) -> None:
    mn, pw, st = fields.get("MN"), fields.get("PW"), fields.get("ST")
    if mn and edition is not None:
        # Without Flag the edition is only a guess: then either length will do.
        if len(mn) not in ({MN_LENGTH[edition]} if fields.get("Flag") else set(MN_LENGTH.values())):
            found.append(Deviation("mn.length", str(len(mn))))
        if edition is not Edition.E2005 and not _HEX.fullmatch(mn):
            found.append(Deviation("mn.alphabet", mn))
    if pw is None:
        found.append(Deviation("pw.missing", ""))
    elif not pw:
        found.append(Deviation("pw.empty", ""))
    elif len(pw) != 6:
        found.append(Deviation("pw.length", str(len(pw))))
    if st:
        if len(st) == 3 and st.isdigit():
            found.append(Deviation("st.three_digits", st))
        elif not _ST.fullmatch(st):
            found.append(Deviation("st.malformed", st))
        elif st.isdigit() and (st < "10" or "70" <= st < "91"):
            found.append(Deviation("st.unknown", st))
    if fields.get("RF") not in (None, "1"):
        found.append(Deviation("rf.malformed", fields["RF"]))


def _command(fields: dict[str, str], flag_value: int | None, edition: Edition | None, found: list[Deviation]) -> None:
    cn, flag = fields.get("CN"), fields.get("Flag")
    if cn is None or not _CN.fullmatch(cn):
        return
    command = COMMANDS.get(cn)
    if command is None:
        found.append(Deviation("cn.unknown", cn))
    elif flag and edition is not None and command.editions and edition not in command.editions:
        found.append(Deviation("flag.command_edition", f"{cn} {edition.year}"))
    if cn in _ANSWERS:
        if fields.get("ST") not in (None, "91"):
            found.append(Deviation("answer.st_not_91", fields["ST"]))
        if (flag_value or 0) & ANSWER_BIT:
            found.append(Deviation("answer.asks_answer", flag or ""))
