"""Frames for the tests, built without the encoder under test."""

from __future__ import annotations

from ecobureau.domain.hj212 import Frame, FrameReader

MN = "010000A8900016F000169DC0"
HEADER = f"QN=20160801085857223;ST=32;CN=2011;PW=100000;MN={MN};Flag=5;"
CP = "CP=&&DataTime=20160801085857;w01018-Rtd=12.5,w01018-Flag=N&&"


def loop_crc(segment: bytes) -> int:
    """The standard's own loop (annex A)."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register


def modbus_crc(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register ^= byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register


def wire(
    segment: str | bytes, *, length: int | bytes | None = None, check: bytes | None = None, end: bytes = b"\r\n"
) -> bytes:
    """A frame around a segment; length, check and line end can be spoilt."""
    body = segment.encode() if isinstance(segment, str) else segment
    digits = length if isinstance(length, bytes) else b"%04d" % (len(body) if length is None else length)
    return b"##" + digits + body + (b"%04X" % loop_crc(body) if check is None else check) + end


def upload(number: int, *, factors: int = 2, cn: str = "2011", mn: str = MN, flag: str = "5") -> bytes:
    """A good upload, each number another one."""
    stamp = f"201608{1 + number // 86400 % 28:02d}{number // 3600 % 24:02d}{number // 60 % 60:02d}{number % 60:02d}"
    items = [
        f"w{21001 + place:05d}-Rtd={number % 97}.{place}{number % 10},w{21001 + place:05d}-Flag=N"
        for place in range(factors)
    ]
    header = f"QN={stamp}{number % 1000:03d};ST=32;CN={cn};PW=100000;MN={mn};Flag={flag};"
    return wire(f"{header}CP=&&DataTime={stamp};{';'.join(items)}&&")


GOOD = upload(1)


def read(data: bytes, **settings: object) -> list[Frame]:
    """All frames of a whole stream."""
    reader = FrameReader(patient=True, **settings)  # type: ignore[arg-type]
    return reader.feed(data) + reader.close()


def one(data: bytes, **settings: object) -> Frame:
    """The only frame of a stream."""
    (frame,) = read(data, **settings)
    return frame


def codes(frame: Frame) -> list[str]:
    return [deviation.code for deviation in frame.deviations]
