"""Commands to devices from the pages: what may be asked, by whom, and what became of it.

`ask` is the only writer. The gateway that holds the logger's socket sends the command; each step stands in
`command_event`. Nobody but the roles of `MAY_READ` and `MAY_CHANGE`, at a place that holds the station, gets in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.hj212 import COMMANDS, CannotEncode, Direction, Edition, parse_time
from ecobureau.domain.hj212.encode import check_params
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.rulepacks import load
from ecobureau.storage import commands
from ecobureau.storage.commands import Command, Step
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Logger, Station

MAY_READ = frozenset({Role.DUTY_OFFICER, Role.DISPATCHER, Role.ENFORCEMENT_OFFICER, Role.UNIT_HEAD})
"""Who may fetch data and parameters from a device."""
MAY_CHANGE = frozenset({Role.DUTY_OFFICER, Role.ENFORCEMENT_OFFICER, Role.UNIT_HEAD})
"""Who may set a device or make it act (反控)."""

Sort = Literal["read", "change"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A command the pages offer.

    Attributes:
        cn: command code. sort: whether it reads or changes the device.
        params: keys the person fills in. optional: keys that may stay empty (SystemTime: the time of sending).
    """

    cn: str
    sort: Sort
    params: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def name(self) -> tuple[str, str]:
        """Its Chinese and English name."""
        command = COMMANDS[self.cn]
        return command.zh, command.en


WINDOW = ("BeginTime", "EndTime")
OFFERS: dict[str, Offer] = {
    offer.cn: offer
    for offer in (
        Offer("1012", "change", optional=("SystemTime",)),
        Offer("1000", "change", ("OverTime", "ReCount")),
        Offer("1062", "change", ("RtdInterval",)),
        Offer("1064", "change", ("MinInterval",)),
        Offer("2051", "read", WINDOW),
        Offer("2061", "read", WINDOW),
        Offer("2031", "read", WINDOW),
        Offer("3012", "change", ("PolId",)),
        Offer("3015", "change"),
        Offer("3022", "change", ("PolId",)),
        Offer("1011", "read", optional=("PolId",)),
        Offer("1061", "read"),
        Offer("1063", "read"),
        Offer("3019", "read", ("PolId",)),
        Offer("3020", "read", ("PolId", "InfoId", *WINDOW)),
    )
}
"""Everything that may be asked: time, time-out, intervals, history of a gap, samples, parameters."""


def offered(viewer: Viewer, station_id: int) -> list[Offer]:
    """Return the commands this person may give to the station's logger in its edition; none where there is none."""
    station = sources.station(viewer, station_id)
    logger = _logger(station)
    if station is None or logger is None:
        return []
    edition = _edition(logger)
    return [
        offer
        for offer in OFFERS.values()
        if _may(viewer, station, offer) and COMMANDS[offer.cn].use(Direction.DOWN, edition) is not None
        and edition in COMMANDS[offer.cn].editions
    ]  # fmt: skip


def ask(viewer: Viewer, station_id: int, cn: str, params: Mapping[str, str]) -> int:
    """Queue a command for the station's logger; returns its id. Audited.

    Args:
        cn: a code of `OFFERS`. params: CP keys and texts; empty ones are left out.

    Raises:
        Refused: no such station for this person, no logger, no right, an unknown command, or a parameter out of range;
            nothing is queued.
    """
    given = {key: text.strip() for key, text in params.items() if text.strip()}
    station = sources.station(viewer, station_id)
    refusal = _refusal(viewer, station, cn, given)
    if refusal is not None or station is None:
        refuse(refusal or Refusal("device.station.unknown"), actor=viewer.user_id, what=f"command {cn}")
    with transaction.atomic():
        command_id = commands.ask(_db(), station_id, cn, given, viewer.id, now())
        audit.write(
            viewer, "device.command", kind="station", object_id=station_id, cn=cn, command=command_id, params=given
        )
    return command_id


def check(viewer: Viewer, station_id: int, cn: str, params: Mapping[str, str]) -> None:
    """Refuse what `ask` would refuse, and queue nothing: for the page that asks for confirmation.

    Raises:
        Refused: as `ask`.
    """
    given = {key: text.strip() for key, text in params.items() if text.strip()}
    refusal = _refusal(viewer, sources.station(viewer, station_id), cn, given)
    if refusal is not None:
        refuse(refusal, actor=viewer.user_id, what=f"command {cn}")


def refuse_command(viewer: Viewer, station_id: int, cn: str) -> NoReturn:
    """Refuse a command that is not offered to this person for this station, and say why.

    Raises:
        Refused: always.
    """
    refusal = _refusal(viewer, sources.station(viewer, station_id), cn, {})
    refuse(refusal or Refusal("device.command.unknown", {"cn": cn}), actor=viewer.user_id, what=f"command {cn}")


def progress(viewer: Viewer, command_id: int) -> tuple[Command, list[Step]] | None:
    """Return a command with its steps, or None where there is none for this person."""
    found = commands.get(_db(), command_id)
    if found is None or sources.station(viewer, found[0].station_id) is None:
        return None
    return found


def recent(viewer: Viewer, station_ids: Collection[int], limit: int = 50) -> list[Command]:
    """Return the newest commands of those of these stations that the person may see."""
    seen = [one for one in station_ids if sources.station(viewer, one) is not None]
    return commands.of_stations(_db(), seen, limit) if seen else []


# Checks.


def _refusal(viewer: Viewer, station: Station | None, cn: str, params: Mapping[str, str]) -> Refusal | None:
    logger = _logger(station)
    offer = OFFERS.get(cn)
    if station is None:
        return Refusal("device.station.unknown")
    if offer is None:
        return Refusal("device.command.unknown", {"cn": cn})
    if not _may(viewer, station, offer):
        return Refusal("device.command.not_allowed", {"cn": cn})
    if logger is None:
        return Refusal("device.logger.none")
    edition = _edition(logger)
    use = COMMANDS[cn].use(Direction.DOWN, edition)
    if use is None or edition not in COMMANDS[cn].editions:
        return Refusal("device.command.not_in_edition", {"cn": cn, "year": edition.year})
    for key in offer.params:
        if key not in params:
            return Refusal("device.param.missing", {"key": key})
    for key in params:
        if key not in offer.params + offer.optional:
            return Refusal("device.param.unknown", {"key": key})
    complete = {"SystemTime": "20000101000000", **params} if cn == "1012" else params
    try:
        check_params(use, cn, complete)
    except CannotEncode as error:
        return Refusal("device.param.bad", {"key": str(error.params.get("key", "")), "text": str(error.params)})
    return _values(params)


def _values(params: Mapping[str, str]) -> Refusal | None:
    pack, day = load("hj212_commands"), beijing(now()).date()
    for key in ("RtdInterval", "OverTime", "ReCount"):
        if key in params:
            low, high = _numbers(pack.at(f"{key}.range", day).value)
            if not params[key].isdigit() or not low <= int(params[key]) <= high:
                return Refusal("device.param.range", {"key": key, "low": low, "high": high, "text": params[key]})
    if "MinInterval" in params:
        choices = _numbers(pack.at("MinInterval.choices", day).value)
        if not params["MinInterval"].isdigit() or int(params["MinInterval"]) not in choices:
            shown = " ".join(map(str, choices))
            return Refusal(
                "device.param.choice", {"key": "MinInterval", "choices": shown, "text": params["MinInterval"]}
            )
    moments: dict[str, datetime] = {}
    for key in (*WINDOW, "SystemTime"):
        if key in params:
            moment, odd = parse_time(params[key])
            if moment is None or odd:
                return Refusal("device.param.time", {"key": key, "text": params[key]})
            moments[key] = moment
    if "BeginTime" in moments and "EndTime" in moments:
        span = moments["EndTime"] - moments["BeginTime"]
        (days,) = _numbers([pack.at("history.longest", day).value])
        if span < timedelta(0):
            return Refusal("device.window.reversed")
        if span > timedelta(days=days):
            return Refusal("device.window.long", {"days": days})
    return None


def _numbers(value: object) -> list[int]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {value!r}")
    return [int(one) for one in value]


def _may(viewer: Viewer, station: Station, offer: Offer) -> bool:
    roles = MAY_READ if offer.sort == "read" else MAY_CHANGE
    return any(grant.role in roles and station.org_path.startswith(grant.ground) for grant in viewer.grants)


def _logger(station: Station | None) -> Logger | None:
    if station is None:
        return None
    return next((one for one in station.loggers.all() if one.active), None)


def _edition(logger: Logger) -> Edition:
    return Edition.E2017 if logger.edition is None else Edition(logger.edition)


def _db() -> Any:
    """The psycopg connection under Django's, inside whatever transaction is open."""
    connection.ensure_connection()
    return connection.connection
