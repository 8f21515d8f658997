from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hj212.wire import loop_crc, modbus_crc
from ecobureau.domain.hj212 import crc
from ecobureau.domain.hj212.crc import crc_text, modbus, swapped

VECTORS = [
    (
        b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&",
        0x1C80,
        0x0759,
    ),
    (b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&", 0x2200, 0xCCF4),
    (
        b"QN=20190925181031464;ST=22;CN=2061;PW=BF470F88957588DE902D1A52;MN=Z13401000010301;Flag=5;CP=&&DataTime=2019092422"
        b"0000;a34006-Avg=2.69700,a34006-Flag=N;a34007-Avg=7.96600,a34007-Flag=N;a34048-Avg=3.30600,a34048-Flag=N;a34047-Avg="
        b"7.35700,a34047-Flag=N;a34049-Avg=10.66300,a34049-Flag=N&&",
        0xC181,
        0x9C9A,
    ),
    (b"123456789", 0x2F80, 0x4B37),
    (b"", 0xFFFF, 0xFFFF),
]


@pytest.mark.parametrize(("segment", "value", "wrong"), VECTORS)
def test_the_vectors_of_the_standard(segment: bytes, value: int, wrong: int) -> None:
    assert crc(segment) == value
    assert crc_text(segment) == b"%04X" % value
    assert modbus(segment) == wrong


def test_every_length_agrees_with_the_loop_of_the_standard() -> None:
    chance = random.Random(212)
    for length in [*range(1, 600), 749, 950, 1023, 1024, 1025, 1623, 2047, 2048, 2049, 4096, 4097, 8191, 9999]:
        segment = chance.randbytes(length)
        assert crc(segment) == loop_crc(segment), length


@given(st.binary(max_size=2000))
def test_the_fold_equals_the_loop(segment: bytes) -> None:
    assert crc(segment) == loop_crc(segment)
    assert modbus(segment) == modbus_crc(segment)


@given(st.binary(min_size=1, max_size=64))
def test_only_256_values_exist(segment: bytes) -> None:
    assert crc(segment) & 0xFF in (0x00, 0x01, 0x40, 0x41, 0x80, 0x81, 0xC0, 0xC1)


def test_swapped_exchanges_the_bytes() -> None:
    assert swapped(0xECA6) == 0xA6EC
