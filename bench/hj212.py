"""Frames per second of the HJ 212 room against the usual bit-loop parser, in one run on one core.

    python bench/hj212.py [--frames 2000] [--rounds 10]

The frames are made here, all different (QN, DataTime, values, a dozen devices): hourly frames of 749 bytes with 8
factors, real-time frames of 268 bytes with 3. Ours checks framing, CRC and every deviation and hands out parsed frames;
the bit loop checks the CRC and splits. A reader learns the layouts of its connection while it reads; `first sight` is
the careful way that every frame goes which is not of a known layout.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from ecobureau.domain.hj212 import Frame, FrameReader, encode
from ecobureau.domain.hj212.layouts import Memory

FACTORS = ("a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014")
GOALS = {"hourly": (749, 18.0), "real-time": (268, 14.0)}


def crc_bits(data: bytes) -> int:
    """The usual loop over every bit."""
    reg = 0xFFFF
    for byte in data:
        reg = (reg >> 8) ^ byte
        for _ in range(8):
            lsb = reg & 1
            reg >>= 1
            if lsb:
                reg ^= 0xA001
    return reg


def bit_loop(frame: bytes) -> dict[str, object]:
    """The usual parser: bit loop, then split."""
    segment = frame[6 : 6 + int(frame[2:6])]
    if crc_bits(segment) != int(frame[6 + len(segment) : 10 + len(segment)], 16):
        raise ValueError("crc")
    head, _, cp = segment.decode().partition("CP=&&")
    found = dict(item.split("=", 1) for item in head.split(";") if "=" in item)
    groups = [dict(pair.split("=", 1) for pair in group.split(",") if "=" in pair) for group in cp[:-2].split(";")]
    return {**found, "CP": groups}


def _number(seed: int, width: int) -> str:
    """A number of `width` characters with two decimals."""
    whole = str(1 + seed * 7919 % (9 * 10 ** (width - 4))).rjust(width - 3, "1")
    return f"{whole[: width - 3]}.{seed * 31 % 100:02d}"


def _stamp(number: int) -> str:
    return f"20240520{number // 3600 % 24:02d}{number // 60 % 60:02d}{number % 60:02d}"


def real_time(number: int) -> bytes:
    """A frame of 268 bytes."""
    cp: dict[str, str | dict[str, str]] = {"DataTime": _stamp(number)}
    for place, code in enumerate(FACTORS[:3]):
        seed = number * 3 + place
        cp[code] = {"Rtd": _number(seed, 4), "ZsRtd": _number(seed + 1, 4 if place == 0 else 5), "Flag": "N"}
    return _frame(number, "2011", cp)


def hourly(number: int) -> bytes:
    """A frame of 749 bytes."""
    cp: dict[str, str | dict[str, str]] = {"DataTime": "20240519" + _stamp(number)[8:10] + "0000"}
    for place, code in enumerate(FACTORS):
        seed = number * 8 + place
        fields = {"Cou": _number(seed + 3, 4), "Min": _number(seed, 4), "Avg": _number(seed + 1, 4)}
        cp[code] = {**fields, "Max": _number(seed + 2, 5 if place < 3 else 4), "Flag": "N"}
    return _frame(number, "2061", cp)


def _frame(number: int, cn: str, cp: dict[str, str | dict[str, str]]) -> bytes:
    mn = f"010000A8900016F000169D{number % 12:02X}"
    return encode(qn=f"{_stamp(number)}{number % 1000:03d}", st="31", cn=cn, pw="123456", mn=mn, flag="5", cp=cp)


class Forgetful(Memory):
    """No layout is known: the careful way."""

    def quick(self, *_: object) -> Frame | None:
        return None


def ours(stream: list[bytes], *, forgetful: bool = False) -> None:
    """One connection: each frame arrives by itself, as from a socket."""
    reader = FrameReader()
    if forgetful:
        reader._memory = Forgetful()
    for data in stream:
        (frame,) = reader.feed(data)
        if not frame.ok or frame.deviations or not frame.cp:
            raise AssertionError(frame)


def bits(stream: list[bytes]) -> None:
    """The rival on the same frames."""
    for data in stream:
        bit_loop(data)


def seconds(work: Callable[[list[bytes]], None], stream: list[bytes]) -> float:
    """Time for one frame."""
    gc.collect()
    started = time.perf_counter()
    work(stream)
    return (time.perf_counter() - started) / len(stream)


def rates(stream: list[bytes], rounds: int) -> tuple[float, float, float]:
    """Best rates (ours, bit loop, first sight) of several rounds that take turns, in frames a second."""
    few = stream[: max(1, len(stream) // 10)]
    turns = [
        (seconds(ours, stream), seconds(bits, few), seconds(lambda data: ours(data, forgetful=True), few))
        for _ in range(rounds)
    ]
    return 1 / min(t[0] for t in turns), 1 / min(t[1] for t in turns), 1 / min(t[2] for t in turns)


def main() -> int:
    """Print rates and ratios; exit code 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description="HJ 212 parse + CRC against the bit loop")
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    missed = 0
    for name, make in (("hourly", hourly), ("real-time", real_time)):
        size, goal = GOALS[name]
        stream = [make(number) for number in range(arguments.frames)]
        sizes = {len(frame) for frame in stream}
        if sizes != {size}:
            raise AssertionError(sizes)
        fast, slow, first = rates(stream, arguments.rounds)
        ratio = fast / slow
        missed += ratio < goal
        verdict = "met" if ratio >= goal else "MISSED"
        print(f"{name}, {size} bytes, {len(stream)} different frames")
        print(f"  ours         {fast:>10,.0f} frames/s   {ratio:5.1f} x bit loop, goal {goal:.0f}: {verdict}")
        print(f"  first sight  {first:>10,.0f} frames/s   {first / slow:5.1f} x bit loop")
        print(f"  bit loop     {slow:>10,.0f} frames/s")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
