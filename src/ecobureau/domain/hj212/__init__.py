"""HJ 212, the wire protocol of China's pollutant monitoring: bytes in, frames and events out. No IO, no clock.

Editions HJ/T 212-2005, HJ 212-2017 and HJ 212-2025.
"""

from ecobureau.domain.hj212.commands import COMMANDS, Command, Direction, Kind
from ecobureau.domain.hj212.crc import crc
from ecobureau.domain.hj212.deviations import DEVIATIONS, Deviation, DeviationSpec
from ecobureau.domain.hj212.editions import Edition, flag
from ecobureau.domain.hj212.encode import (
    CannotEncode,
    answer_9011,
    answer_9013,
    answer_9014,
    encode,
    execution_9012,
    heartbeat,
    request,
)
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.reader import FrameReader
from ecobureau.domain.hj212.times import parse_time, period

__all__ = [
    "COMMANDS",
    "DEVIATIONS",
    "CannotEncode",
    "Command",
    "Deviation",
    "DeviationSpec",
    "Direction",
    "Edition",
    "Frame",
    "FrameReader",
    "Kind",
    "answer_9011",
    "answer_9013",
    "answer_9014",
    "crc",
    "encode",
    "execution_9012",
    "flag",
    "heartbeat",
    "parse_time",
    "period",
    "request",
]
