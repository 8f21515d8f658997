"""The dialect of automatic surface-water stations (地表水自动监测系统通信协议, ST=21): what it says otherwise.

Its version bits are those of HJ 212-2025 (Flag 8 and 9), so no frame tells which of the two it speaks: the station's
registered dialect does. Framing, check, header, and the commands 2011 to 2061 are those of HJ 212. Reference section 2
(collision): certain are the codes and their purpose, not the keys of their CP, which are therefore kept as they come.
"""

from __future__ import annotations

from collections.abc import Mapping

from ecobureau.domain.hj212.commands import COMMANDS, Direction, Kind, Use
from ecobureau.domain.hj212.dialogue import platform_answer
from ecobureau.domain.hj212.editions import Edition, flag
from ecobureau.domain.hj212.encode import check_params, echo, encode, request
from ecobureau.domain.hj212.frame import Frame

NAMES = frozenset({"surface_water", "surface-water", "st21", "地表水"})
"""What a station's dialect may be called in the registry."""
SYSTEM = "21"
GET_TIME, SET_TIME = "1014", "1015"
QUALITY = frozenset({"2062", "2063", "2064", "2065", "2066"})
"""Uploads of quality control: checks, not measurements of the water."""
CONTROL = frozenset(str(code) for code in range(3042, 3101))
"""Requests that steer quality control."""
ITS_OWN = QUALITY | CONTROL | {GET_TIME, SET_TIME}
ORDINARY = frozenset({"flag.version_other", "flag.command_edition", "answer.qn_rtn_in_9014"})
"""Deviations from HJ 212 that are the rule in this dialect."""
_OF_ITS_OWN = frozenset({"cn.unknown", "cp.unknown_field", "cp.vendor_field"})
_SET_TIME = Use(Direction.DOWN, Kind.REQUEST, ("SystemTime",), ("PolId",))
_ANY = Use(Direction.DOWN, Kind.REQUEST, (), ("*",))
_SAID_AS = {"1011": GET_TIME, "1012": SET_TIME}


def speaks(dialect: str) -> bool:
    """Say whether a station's registered dialect is this one."""
    return dialect.strip().lower() in NAMES


def ordinary(code: str, cn: str | None) -> bool:
    """Say whether a deviation is none in this dialect: its own commands are not unknown, nor their fields."""
    return code in ORDINARY or (cn in ITS_OWN and code in _OF_ITS_OWN)


def answer(frame: Frame, *, login: str | None = "9014") -> bytes | None:
    """Return what the platform answers to a good frame: as `platform_answer`, but 9014 says `QnRtn=1` (ready).

    QN, PW and MN are echoed byte for byte, the version bits are the frame's.
    """
    if frame.cn in ITS_OWN:
        if not frame.wants_answer:
            return None
    else:
        plain = platform_answer(frame, login=login)
        if plain is None or b"CN=9014" not in plain:
            return plain
    return echo(frame, "9014", "QnRtn=1")


def ask(cn: str, *, qn: str, st: str, pw: str, mn: str, params: Mapping[str, str]) -> tuple[str, bytes, Kind]:
    """Return code, frame and kind of a request to a station of this dialect.

    Args:
        cn: command as of HJ 212 (1011 and 1012 become 1014 and 1015), or one of the dialect's own, whose keys are sent
            as they are.

    Raises:
        CannotEncode: a command that neither knows, or keys that do not fit.
    """
    cn = _SAID_AS.get(cn, cn)
    if cn not in ITS_OWN:
        data = request(cn, qn=qn, st=st, pw=pw, mn=mn, edition=Edition.E2025, params=params)
        use = COMMANDS[cn].use(Direction.DOWN, Edition.E2025)
        return cn, data, use.kind if use is not None else Kind.REQUEST
    check_params(_SET_TIME if cn == SET_TIME else _ANY, cn, dict(params))
    bits = flag(Edition.E2025, answer=True)
    return cn, encode(qn=qn, st=st, cn=cn, pw=pw, mn=mn, flag=bits, cp=list(params.items())), Kind.REQUEST
