"""What devices tell that is no number of a factor: events, states and parameters.

Source: HJ 212-2017 6.6.5 (2021, 2041, 2081, 3015 … 3020) and table of information codes; reference sections 8 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ecobureau.domain.hj212 import Frame, parse_time
from ecobureau.domain.hj212.times import real_moment
from ecobureau.gateway.stations import Station
from ecobureau.storage.types import Event, Parameter

STAMPS = ("DataTime", "AlarmTime", "RestartTime", "SKCreateTime")
NOT_CONTENT = frozenset({"DataTime", "QN", "CN"})
NOT_PARAMETER = frozenset({"DataTime", "QN", "CN", "PolId", "InfoId", "BeginTime", "EndTime", "Flag", "SystemTime"})
PARAMETER_COMMANDS = frozenset({"1021", "1031", "1041", "1061", "1063", "3017", "3018", "3019"})
"""Commands whose single keys are parameters that stay valid until the next report."""
PARAMETER_DIGIT = "3"
"""Third character of an information code: 1 log, 2 state, 3 parameter."""


def moment_of(frame: Frame, received_at: datetime) -> datetime:
    """Return when an event was (aware UTC): its own time where it names one, else that of QN, so that a resend is the
    same event; the time of receipt where there is neither, or QN runs ahead."""
    for key in STAMPS:
        text = frame.text(key)
        if text:
            moment = parse_time(text)[0]
            if moment is not None:
                return moment
    asked = real_moment(frame.qn) if frame.qn else None
    return asked if asked is not None and asked <= received_at else received_at


def events_of(frame: Frame, station: Station, at: datetime) -> tuple[Event, ...]:
    """Return the event that a frame without measured values reports; none where it says nothing."""
    fields = {key: value for key, value in frame.cp.items() if key not in NOT_CONTENT}
    return (Event(station.station_id, at, frame.cn or "", fields),) if fields else ()


def parameters_of(frame: Frame, station: Station, at: datetime) -> tuple[Parameter, ...]:
    """Return the parameters that a frame reports: of 3020 those whose information code is one, of others all."""
    device = frame.text("PolId") or ""
    if frame.cn == "3020":
        return _information(frame.cp, station, device, at)
    if frame.cn not in PARAMETER_COMMANDS:
        return ()
    found = []
    for key, value in frame.cp.items():
        if isinstance(value, dict):
            found += [Parameter(station.station_id, key, name, text, at) for name, text in value.items()]
        elif key not in NOT_PARAMETER:
            found.append(Parameter(station.station_id, device, key, value, at))
    return tuple(found)


def _information(
    cp: Mapping[str, str | dict[str, str]], station: Station, device: str, at: datetime
) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(station.station_id, device, code, fields["Info"], at)
        for code, fields in cp.items()
        if isinstance(fields, dict) and "Info" in fields and code[:1] in "iI" and code[2:3] == PARAMETER_DIGIT
    )


def riders_of(others: dict[str, dict[str, str]], station: Station, at: datetime) -> tuple[Event, ...]:
    """Return the events that ride in a data frame: facility states (as 2021 or 2041), information (as 3020), and
    letters sent as values (as 2011)."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for code, fields in others.items():
        if code.startswith("SB"):
            kind = "2041" if "RT" in fields and "RS" not in fields else "2021"
        elif code[:1] in ("i", "I"):
            kind = "3020"
        else:
            kind = "2011"
        groups.setdefault(kind, {})[code] = fields
    return tuple(Event(station.station_id, at, kind, dict(fields)) for kind, fields in groups.items())
