"""HJ 212, the wire protocol of China's pollutant monitoring: bytes in, frames and events out. No IO, no clock.

Editions HJ/T 212-2005, HJ 212-2017 and HJ 212-2025.
"""

from ecobureau.domain.hj212.commands import COMMANDS, Command, Direction, Kind
from ecobureau.domain.hj212.crc import crc
from ecobureau.domain.hj212.deviations import DEVIATIONS, Deviation, DeviationSpec
from ecobureau.domain.hj212.dialogue import (
    Action,
    ActionKind,
    Event,
    EventKind,
    Exchange,
    Exchanges,
    State,
    Timeouts,
    field_verdict,
    platform_answer,
)
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
    upload,
)
from ecobureau.domain.hj212.factors import Factor, FactorTable
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.reader import FrameReader
from ecobureau.domain.hj212.split import Message, PacketKey, Reassembler, split_packets
from ecobureau.domain.hj212.times import parse_time, period
from ecobureau.domain.hj212.watch import StreamWatch, clock_deviations

__all__ = [
    "Action",
    "ActionKind",
    "COMMANDS",
    "CannotEncode",
    "Command",
    "DEVIATIONS",
    "Deviation",
    "DeviationSpec",
    "Direction",
    "Edition",
    "Event",
    "EventKind",
    "Exchange",
    "Exchanges",
    "Factor",
    "FactorTable",
    "Frame",
    "FrameReader",
    "Kind",
    "Message",
    "PacketKey",
    "Reassembler",
    "State",
    "StreamWatch",
    "Timeouts",
    "answer_9011",
    "answer_9013",
    "answer_9014",
    "clock_deviations",
    "crc",
    "encode",
    "execution_9012",
    "field_verdict",
    "flag",
    "heartbeat",
    "parse_time",
    "period",
    "platform_answer",
    "request",
    "split_packets",
    "upload",
]
