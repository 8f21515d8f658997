"""Frames to send: any segment, every command by the table, and the answers that echo byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecobureau.domain.hj212 import sm4
from ecobureau.domain.hj212.commands import COMMANDS, Direction, Kind, Use
from ecobureau.domain.hj212.crc import crc_text
from ecobureau.domain.hj212.editions import LARGEST_LENGTH, Edition, flag
from ecobureau.domain.hj212.frame import Frame

CpInput = str | Mapping[str, "str | Mapping[str, str]"] | Sequence[tuple[str, str]]
"""CP to send: ready text; or single keys and factors with their fields, in order; or pairs (key, value)."""


class CannotEncode(ValueError):
    """What was asked for is no frame of HJ 212.

    Attributes:
        code: message code (`hj212.encode.*`).
        params: its parameters.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def cp_text(cp: CpInput) -> str:
    """Return the content of CP: items joined by `;`, the fields of one factor by `,`."""
    if isinstance(cp, str):
        return cp
    if not isinstance(cp, Mapping):
        grouped: dict[str, str | dict[str, str]] = {}
        for key, value in cp:
            factor, dash, name = key.rpartition("-")
            if dash:
                inner = grouped.setdefault(factor, {})
                if isinstance(inner, dict):
                    inner[name] = value
                    continue
            grouped[key] = value
        cp = grouped
    return ";".join(
        f"{key}={value}"
        if isinstance(value, str)
        else ",".join(f"{key}-{field}={text}" for field, text in value.items())
        for key, value in cp.items()
    )


def encode(
    *,
    qn: str | None,
    st: str | None,
    cn: str | None,
    pw: str | None,
    mn: str | None,
    flag: str | int | None,
    cp: CpInput = "",
    pnum: str | int | None = None,
    pno: str | int | None = None,
    rf: str | None = None,
    key: bytes | None = None,
    charset: str = "utf-8",
) -> bytes:
    """Return a whole frame, from `##` to CR LF.

    Args:
        qn, st, cn, pw, mn, flag, pnum, pno, rf: header fields as text; None leaves one out.
        cp: content of CP without its `&&` marks.
        key: SM4 key of 2025 (16 bytes): CP is encrypted, while length and CRC are those of the plain text.
        charset: of the text; the standard says UTF-8.

    Raises:
        CannotEncode: the segment is longer than four digits can say, or a header field holds `;`.
    Source: HJ 212-2017 6.3, annex A; HJ 212-2025 6.3, 6.4.
    """
    fields = (
        ("QN", qn), ("ST", st), ("CN", cn), ("PW", pw), ("MN", mn), ("Flag", flag),
        ("PNUM", pnum), ("PNO", pno), ("RF", rf),
    )  # fmt: skip
    header = "".join([f"{name}={value};" for name, value in fields if value is not None])
    if header.count(";") != sum(value is not None for _, value in fields) or "&&" in header or "##" in header:
        raise CannotEncode("hj212.encode.header", header=header)
    return _frame(header, cp_text(cp), key, charset)


def _frame(header: str, cp: str, key: bytes | None, charset: str) -> bytes:
    try:
        before, content = f"{header}CP=&&".encode(charset), cp.encode(charset)
    except UnicodeEncodeError as error:
        raise CannotEncode("hj212.encode.charset", charset=charset) from error
    segment = before + content + b"&&"
    if len(segment) > LARGEST_LENGTH:
        raise CannotEncode("hj212.encode.too_long", length=len(segment), limit=LARGEST_LENGTH)
    check = crc_text(segment)
    if key is not None:
        segment = before + sm4.encrypt(content, key) + b"&&"
    return b"##%04d%b%b\r\n" % (len(segment), segment, check)


def _fits_pattern(key: str, patterns: Sequence[str]) -> bool:
    for pattern in patterns:
        if pattern in ("*", key):
            return True
        if pattern.startswith("x-") and key.endswith(pattern[1:]) and len(key) > len(pattern) - 1:
            return True
        if pattern.startswith("SBn-") and key.startswith("SB") and key.endswith(pattern[3:]):
            return True
    return False


def check_params(use: Use, cn: str, params: Mapping[str, str]) -> None:
    """Check the CP keys of a command against the table.

    Raises:
        CannotEncode: a key is missing, unknown, or its value would break the frame.
    """
    for key in use.required:
        if not any(_fits_pattern(given, (key,)) for given in params):
            raise CannotEncode("hj212.encode.param_missing", cn=cn, key=key)
    for key, value in params.items():
        if not _fits_pattern(key, (*use.required, *use.optional)):
            raise CannotEncode("hj212.encode.param_unknown", cn=cn, key=key)
        if (
            "&&" in value
            or "\r" in value
            or "\n" in value
            or (not value.startswith("//") and (set(value) & set(";,=")))
        ):
            raise CannotEncode("hj212.encode.param_value", cn=cn, key=key, value=value)


def request(
    cn: str,
    *,
    qn: str,
    st: str,
    pw: str,
    mn: str,
    edition: Edition,
    params: Mapping[str, str] | None = None,
    answer: bool = True,
    key: bytes | None = None,
) -> bytes:
    """Return the frame of a command from platform to field (requests, and notices such as 2012).

    Args:
        cn: command code.
        qn: 17 digits; names the exchange.
        st, pw, mn: of the station, as registered.
        edition: gives Flag and the meaning of the code.
        params: CP keys and values, checked against `COMMANDS`.
        answer: set the answer bit.
        key: SM4 key of 2025, for commands such as 1014 that carry a secret.

    Raises:
        CannotEncode: the platform does not send this command in that edition, or its CP keys are wrong.
    Source: HJ 212-2017 6.6, table 9; annex C for examples.
    """
    command = COMMANDS.get(cn)
    use = command.use(Direction.DOWN, edition) if command else None
    if (
        command is None
        or use is None
        or use.kind is Kind.ANSWER
        or (command.editions and edition not in command.editions)
    ):
        raise CannotEncode("hj212.encode.not_a_request", cn=cn, edition=edition.year)
    given = dict(params or {})
    check_params(use, cn, given)
    bits = flag(edition, answer=answer)
    return encode(qn=qn, st=st, cn=cn, pw=pw, mn=mn, flag=bits, cp=list(given.items()), key=key)


def upload(
    cn: str,
    *,
    qn: str | None,
    st: str,
    pw: str,
    mn: str,
    edition: Edition,
    cp: Mapping[str, str | Mapping[str, str]],
    answer: bool = True,
    rf: str | None = None,
    key: bytes | None = None,
) -> bytes:
    """Return the frame of a command from field to platform (uploads, and notices such as 1013, 2072 and 9015).

    Args:
        cp: single keys and factors with their fields; the keys the table requires must be there.
        answer: set the answer bit.
        rf: `1` on back-filled data of 2025.
        key: SM4 key of 2025.

    Raises:
        CannotEncode: the field does not send this command in that edition, or a required key is missing.
    Source: HJ 212-2017 6.6, table 9; annex C for examples. Long CP: `split_packets`.
    """
    command = COMMANDS.get(cn)
    use = command.use(Direction.UP, edition) if command else None
    if (
        command is None
        or use is None
        or use.kind is Kind.ANSWER
        or (command.editions and edition not in command.editions)
    ):
        raise CannotEncode("hj212.encode.not_an_upload", cn=cn, edition=edition.year)
    keys = [
        f"{name}-{field}" if field else name
        for name, value in cp.items()
        for field in ([""] if isinstance(value, str) else value)
    ]
    for needed in use.required:
        if not any(_fits_pattern(given, (needed,)) for given in keys):
            raise CannotEncode("hj212.encode.param_missing", cn=cn, key=needed)
    return encode(qn=qn, st=st, cn=cn, pw=pw, mn=mn, flag=flag(edition, answer=answer), cp=cp, rf=rf, key=key)


def echo(frame: Frame, cn: str, cp: str = "") -> bytes:
    """Return an answer to a frame: QN, PW, MN byte for byte as they came, ST=91, its version bits, no answer bit.

    Args:
        cn: 9011 to 9014. cp: its content, `QnRtn=…` or `ExeRtn=…`.
    Source: HJ 212-2017 6.6; reference section 4.
    """
    if frame.qn is None and isinstance(frame.cp.get("QN"), str):
        # 2005 devices put QN into CP and look for it there.
        cp = f"QN={frame.cp['QN']};{cp}".rstrip(";")
    fields = (("QN", frame.qn), ("ST", "91"), ("CN", cn), ("PW", frame.pw), ("MN", frame.mn))
    header = "".join([f"{name}={value};" for name, value in fields if value is not None])
    # An odd QN (with && or ##) is echoed too: a device that gets no answer resends for ever.
    return _frame(f"{header}Flag={(frame.flag_value or 0) & ~3};", cp, None, frame.charset)


def answer_9014(frame: Frame) -> bytes:
    """Return the data answer to an upload; QN, PW and MN are echoed byte for byte, CP is empty.

    Source: HJ 212-2017 6.6.3 and annex C; reference section 4.
    """
    return echo(frame, "9014")


def answer_9013(frame: Frame) -> bytes:
    """Return the answer to a notice (1013, 9015, 2012 …); CP is empty."""
    return echo(frame, "9013")


def answer_9011(frame: Frame, qn_rtn: str = "1") -> bytes:
    """Return the field's answer to a request: `QnRtn` 1 ready, others refuse (`QN_RTN`)."""
    return echo(frame, "9011", f"QnRtn={qn_rtn}")


def execution_9012(frame: Frame, exe_rtn: str = "1") -> bytes:
    """Return the field's result of a request: `ExeRtn` 1 done, 100 no data, others failed (`EXE_RTN`)."""
    return echo(frame, "9012", f"ExeRtn={exe_rtn}")


def heartbeat(
    *,
    qn: str,
    mn: str,
    pw: str,
    edition: Edition = Edition.E2025,
    cn: str = "9015",
    st: str = "91",
    answer: bool = True,
) -> bytes:
    """Return a heartbeat of the field: 9015 (2025), or 9021 as many vendors send; CP is empty."""
    return encode(qn=qn, st=st, cn=cn, pw=pw, mn=mn, flag=flag(edition, answer=answer))
