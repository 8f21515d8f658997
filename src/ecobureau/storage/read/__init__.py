"""Readers of the telemetry store. All are bounded: they raise `TooMany` rather than leave something out in silence.

Every function takes an open psycopg connection (any isolation, inside a transaction or not) and only reads.
"""

from ecobureau.storage.read.evidence import digests, events, parameters, quarantine, raw_frame, raw_frames, revisions
from ecobureau.storage.read.kept import counters, latest, rollups, stream_states
from ecobureau.storage.read.series import DaySign, day_signs, gaps, layouts, series, starts, streams
from ecobureau.storage.read.values import (
    MOST_FRAMES,
    MOST_ROWS,
    EventRow,
    LatestValue,
    ParameterRow,
    Point,
    RawFrame,
    Revised,
    Rolled,
    Stranger,
    StreamState,
    TooMany,
)

__all__ = [
    "DaySign",
    "EventRow",
    "LatestValue",
    "MOST_FRAMES",
    "MOST_ROWS",
    "ParameterRow",
    "Point",
    "RawFrame",
    "Revised",
    "Rolled",
    "Stranger",
    "StreamState",
    "TooMany",
    "counters",
    "day_signs",
    "digests",
    "events",
    "gaps",
    "latest",
    "layouts",
    "parameters",
    "quarantine",
    "raw_frame",
    "raw_frames",
    "revisions",
    "rollups",
    "series",
    "starts",
    "stream_states",
    "streams",
]
