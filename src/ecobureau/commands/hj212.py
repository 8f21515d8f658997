"""`ecobureau hj212 decode|encode`: frames to JSON lines and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from ecobureau.domain.hj212 import CannotEncode, Edition, Frame, FrameReader, encode
from ecobureau.domain.hj212.sm4 import BadKey, key_from_hex
from ecobureau.words import say

_CHUNK = 1 << 18
_FIELDS = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `hj212` with its two parts."""
    parser = commands.add_parser("hj212", help=say("hj212.help"), description=say("hj212.help"))
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    decoder = parts.add_parser("decode", help=say("hj212.decode.help"), description=say("hj212.decode.help"))
    encoder = parts.add_parser("encode", help=say("hj212.encode.help"), description=say("hj212.encode.help"))
    for one in (decoder, encoder):
        one.add_argument("file", nargs="?", default="-", metavar="FILE", help=say("hj212.file.help"))
        one.add_argument("--key", metavar="HEX", help=say("hj212.key.help"))
    decoder.add_argument("--strict", action="store_true", help=say("hj212.strict.help"))
    decoder.add_argument("--edition", choices=("2005", "2017", "2025"), help=say("hj212.edition.help"))


def run(arguments: argparse.Namespace) -> int:
    """Decode or encode; exit code 0 done, 1 a line could not be encoded or the file not read, 2 wrong usage."""
    try:
        key = key_from_hex(arguments.key) if arguments.key else None
    except BadKey:
        return _complain(say("hj212.bad_key", key=arguments.key), 2)
    try:
        source = _open(arguments.file)
    except OSError as error:
        return _complain(say("hj212.no_file", file=arguments.file, reason=error.strerror), 1)
    with source as stream:
        if arguments.part == "encode":
            return _encode(stream, sys.stdout.buffer, key)
        edition = Edition.of_year(arguments.edition) if arguments.edition else None
        return _decode(
            stream, sys.stdout.buffer, FrameReader(strict=arguments.strict, key=key, edition=edition, patient=True)
        )


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(cast("BinaryIO", sys.stdin.buffer)) if name == "-" else Path(name).open("rb")


def _complain(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    # What is there is taken at once: of a live pipe all lines come out but that of the newest frame, whose line end is
    # known only with what follows it.
    read = getattr(stream, "read1", stream.read)
    while chunk := read(_CHUNK):
        yield chunk


def _decode(stream: BinaryIO, out: BinaryIO, reader: FrameReader) -> int:
    for chunk in _chunks(stream):
        _write(reader.feed(chunk), out)
    _write(reader.close(), out)
    if reader.skipped:
        print(say("hj212.skipped", count=reader.skipped), file=sys.stderr)
    return 0


def _write(frames: list[Frame], out: BinaryIO) -> None:
    if frames:
        out.write(b"".join([orjson.dumps(frame.to_json(), option=orjson.OPT_APPEND_NEWLINE) for frame in frames]))
        out.flush()


def _encode(stream: BinaryIO, out: BinaryIO, key: bytes | None) -> int:
    code = 0
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            out.write(frame_of(line, key))
        except CannotEncode as error:
            what = say(error.code, **error.params)
            code = _complain(say("hj212.encode.line", line=number, what=what), 1)
    out.flush()
    return code


def frame_of(line: bytes, key: bytes | None = None) -> bytes:
    """Return the frame of one JSON line as `decode` prints it; `ok`, `error`, `length`, `crc` are not looked at.

    Raises:
        CannotEncode: the line is no such object.
    """
    try:
        said: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise CannotEncode("hj212.encode.not_json")
    fields = {name: said.get(name) for name in _FIELDS}
    for name, value in fields.items():
        if value is not None and not isinstance(value, str):
            raise CannotEncode("hj212.encode.field_form", key=name)
    for name in ("CN", "MN"):
        if not fields[name]:
            raise CannotEncode("hj212.encode.no_cn", key=name)
    cp = {} if said.get("cp") is None else said["cp"]
    if not isinstance(cp, dict) or not all(_is_cp_value(value) for value in cp.values()):
        raise CannotEncode("hj212.encode.cp_form")
    return encode(
        qn=fields["QN"],
        st=fields["ST"],
        cn=fields["CN"],
        pw=fields["PW"],
        mn=fields["MN"],
        flag=fields["Flag"],
        pnum=fields["PNUM"],
        pno=fields["PNO"],
        rf=fields["RF"],
        cp=cp,
        key=key,
    )


def _is_cp_value(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(text, str) for text in value.values())
    return isinstance(value, str)
