"""The check of HJ 212 ("ANSI CRC16", annex A of 2005, 2017 and 2025), and the wrong ones that devices send.

The standard's loop computes `reg = (reg >> 8) XOR byte` before its eight shifts, so it drops the low byte and only
eight bits of state go on. With T[x] = eight shifts of x and M[x] = T[x] >> 8 the map is linear over GF(2) and M applied
eight times is the identity: bytes that stand eight apart can be folded together by XOR, and eight table steps remain.
"""

from __future__ import annotations

_POLYNOMIAL = 0xA001


def _eight_shifts(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_T = [_eight_shifts(byte) for byte in range(256)]
_M = [value >> 8 for value in _T]
TEXTS = [b"%04X" % value for value in _T]
"""Every check there is, as it stands in a frame: only 256 values occur."""
# The register starts as 0xFFFF; of it only 0xFF meets the first byte, which ends up at this place after folding.
_START = [0xFF << (8 * ((size - 1) & 7)) for size in range(8)]
_LOW_2048 = (1 << 2048) - 1
_LOW_4096 = (1 << 4096) - 1
_LOW_512 = (1 << 512) - 1
_LOW_64 = (1 << 64) - 1


def _last_state(segment: bytes) -> int:
    """Return the byte that enters the last table step."""
    size = len(segment)
    x = int.from_bytes(segment, "big") ^ _START[size & 7]
    if size > 256:
        if size > 512:
            if size > 1024:
                shift = 1 << (size * 8 - 1).bit_length() - 1
                while shift > 4096:
                    x ^= x >> shift
                    shift >>= 1
            # The parts above the fold stay in the number as noise; the masks only keep it short.
            x ^= x >> 4096
            x &= _LOW_4096
        x ^= x >> 2048
        x &= _LOW_2048
    x ^= x >> 1024
    x ^= x >> 512
    x &= _LOW_512
    x ^= x >> 256
    x ^= x >> 128
    x ^= x >> 64
    m = _M
    a, b, c, d, e, f, g, h = (x & _LOW_64).to_bytes(8, "big")
    return m[m[m[m[m[m[m[a] ^ b] ^ c] ^ d] ^ e] ^ f] ^ g] ^ h


def crc(segment: bytes) -> int:
    """Return the HJ 212 CRC (0..0xFFFF) of a data segment, from `QN=`/`ST=` to the closing `&&`.

    Source: HJ 212-2017 annex A; HJ 212-2025 annex A.1. The empty segment gives 0xFFFF.
    """
    return _T[_last_state(segment)] if segment else 0xFFFF


def crc_text(segment: bytes) -> bytes:
    """Return the CRC of `segment` as it stands in a frame: four upper-case hex digits, high byte first."""
    return TEXTS[_last_state(segment)] if segment else b"FFFF"


def modbus(segment: bytes) -> int:
    """Return CRC-16/Modbus of `segment`, which many devices send instead of the HJ CRC."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ _T[(register ^ byte) & 0xFF]
    return register


def swapped(value: int) -> int:
    """Return a 16-bit value with its two bytes exchanged."""
    return (value & 0xFF) << 8 | value >> 8
