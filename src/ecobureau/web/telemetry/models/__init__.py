"""State of the telemetry tables for Django. SQL makes them (`migrations/sql`), `ecobureau.storage` writes them.

Station and factor are plain numbers and codes here: the store outlives the registry's rows and never waits for them.
"""

from ecobureau.web.telemetry.models.books import FrameCounter, GatewayBatch, GatewayReceived, GatewayRun, Rekey, Seal
from ecobureau.web.telemetry.models.devices import Command, CommandEvent, DeviceEvent, GatewaySession, Parameter
from ecobureau.web.telemetry.models.frames import (
    Dirty,
    FramePeriod,
    FrameRt,
    FrameSource,
    PendingPart,
    Quarantine,
    RawFrame,
    Revision,
)
from ecobureau.web.telemetry.models.kept import LatestRest, RollupDay, RollupHour, StreamState
from ecobureau.web.telemetry.models.layouts import Layout, LayoutFactor, Stream

__all__ = [
    "Command",
    "CommandEvent",
    "DeviceEvent",
    "Dirty",
    "FrameCounter",
    "FramePeriod",
    "FrameRt",
    "FrameSource",
    "GatewayBatch",
    "GatewayReceived",
    "GatewayRun",
    "GatewaySession",
    "LatestRest",
    "Layout",
    "LayoutFactor",
    "Parameter",
    "PendingPart",
    "Quarantine",
    "RawFrame",
    "Rekey",
    "Revision",
    "RollupDay",
    "RollupHour",
    "Seal",
    "Stream",
    "StreamState",
]
