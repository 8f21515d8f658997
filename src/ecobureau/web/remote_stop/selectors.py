"""What is read for remote stops: permits, levels of the noise station, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from ecobureau.clock import beijing, now
from ecobureau.domain import remote_stop as rules
from ecobureau.domain.remote_stop import Cover, Level
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind as Stream
from ecobureau.web.clues.extra import Part
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue, Reporter
from ecobureau.web.clues.services.answers import may_handle
from ecobureau.web.core import access, addresses, registry, selectors
from ecobureau.web.core.access import Viewer
from ecobureau.web.remote_stop import voice
from ecobureau.web.remote_stop.models import Camera, NightPermit, RemoteStop
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Enterprise, Station
from ecobureau.words import _, say

LEVEL = "Leq"
PEAK = "LMx"
NOISE_ST = "23"
"""System code of noise stations (HJ 212)."""
MATTER = "noise_building"
STANDARD = "GB 12523"
"""An outlet whose limits come from this standard is the boundary of a construction site."""
_SAMPLE = timedelta(seconds=60)
OUTCOMES = {
    "answered": _("接通"),
    "not_answered": _("未接"),
    "failed": _("呼叫失败"),
    "handed": _("已交外呼程序，结果待人工回填"),
}
COVERS = {
    Cover.COVERS: _("有效"),
    Cover.NOT_YET: _("未到起始时间"),
    Cover.OVER: _("已过期"),
    Cover.NO_NOTICE: _("没有公告"),
    Cover.REVOKED: _("已作废"),
}


def rule(key: str, on: date) -> float:
    """Return a number of the rule pack on a day (Beijing)."""
    return float(str(load("remote_stop").at(f"noise.{key}", on).value))


def limit_at(at: datetime) -> float:
    """Return the boundary limit of a construction site at an instant, dB(A)."""
    value: Any = load("noise").at("gb12523.limit", beijing(at).date()).value
    return float(value[sources.noise_hours(at).part_at(beijing(at))])


def is_building_noise(clue: Clue) -> bool:
    """Say whether a clue is about construction noise: its matter, or an outlet judged by the boundary standard."""
    if clue.matter == MATTER:
        return True
    return (
        clue.factor == LEVEL and Clue.objects.filter(pk=clue.pk, outlet__limits__source__startswith=STANDARD).exists()
    )


def permits_of(station: Station | None) -> list[NightPermit]:
    """Return the permits that speak of a station or of the enterprise it stands at, the newest first."""
    if station is None:
        return []
    found = NightPermit.objects.filter(station=station)
    if station.outlet is not None:
        found |= NightPermit.objects.filter(station=None, enterprise=station.outlet.enterprise_id)
    return list(found.order_by("-ends", "-pk")[:20])


def cover(permit: NightPermit, at: datetime) -> Cover:
    """Say what a permit is worth at an instant."""
    plain = rules.Permit(
        permit.begins, permit.ends, permit.basis == "repair", permit.noticed_on, permit.state == "revoked"
    )
    return rules.cover(plain, at, beijing(at).date())


def covering(station: Station | None, at: datetime) -> NightPermit | None:
    """Return the permit that covers work at a station now."""
    return next((one for one in permits_of(station) if cover(one, at) is Cover.COVERS), None)


def levels(station: Station, start: datetime, end: datetime) -> list[Level]:
    """Return the stored levels of a station in [start, end]: its minutes, else readings (for a minute at most)."""
    connection.ensure_connection()
    until = end + timedelta(microseconds=1)
    points = read.series(connection.connection, station.pk, None, Stream.MINUTE, None, [LEVEL], start, until)[LEVEL]
    if points:
        shortest = min(one.end - one.start for one in points)
        return [
            Level(one.start, one.end, one.value)
            for one in points
            if one.value is not None and one.end - one.start == shortest
        ]
    kept = read.series(connection.connection, station.pk, None, Stream.RT, None, [LEVEL], start, until)[LEVEL]
    held = [one for one in kept if one.value is not None]
    nexts = [*(one.start for one in held[1:]), end][: len(held)]
    return [
        Level(one.start, min(after, one.start + _SAMPLE), float(one.value or 0.0))
        for one, after in zip(held, nexts, strict=True)
        if after > one.start
    ]


def peak(station: Station, start: datetime, end: datetime) -> float | None:
    """Return the highest maximum level stored in [start, end], dB(A); None where the station sends none.

    It is the factor LMx; else the maximum that minutes of Leq carry.
    """
    connection.ensure_connection()
    until = end + timedelta(microseconds=1)
    for kind in (Stream.MINUTE, Stream.RT):
        found = read.series(connection.connection, station.pk, None, kind, None, [PEAK], start, until)[PEAK]
        values = [one.value for one in found if one.value is not None]
        if values:
            return round(max(values), 1)
    return None


def peak_limit(at: datetime) -> float | None:
    """Return the limit of single maxima at the boundary at an instant, dB(A); None by day, when there is none.

    GB 12523 4.2: at night by no more than 15 dB above the limit (2025 edition not read: shown, not judged).
    """
    if sources.noise_hours(at).part_at(beijing(at)) != "night":
        return None
    return limit_at(at) + float(str(load("noise").at("gb12523.night_lmax", beijing(at).date()).value))


def cameras_of(station: Station | None) -> list[Camera]:
    """Return the cameras in use at a station or at the enterprise it stands at."""
    if station is None:
        return []
    found = Camera.objects.filter(station=station)
    if station.outlet is not None:
        found |= Camera.objects.filter(station=None, enterprise=station.outlet.enterprise_id)
    return list(found.filter(state="in_use").order_by("number")[:8])


def answer_of(record: RemoteStop) -> str:
    """Return what residents are told of a stop: what was heard, what was done, how it came out. No names.

    In the language in force.
    """
    at = f"{beijing(record.created_at):%m-%d %H:%M}"
    params: dict[str, Any] = {"at": at}
    if record.permit is not None and record.state == "permitted":
        params |= {
            "reference": record.permit.reference,
            "issuer": record.permit.issuer,
            "until": f"{beijing(record.permit.ends):%m-%d %H:%M}",
            "notice": record.permit.notice or "—",
        }
        return say("remote_stop.answer.permitted", None, **params)
    if record.state == "stopped":
        when = beijing(record.closed_at or record.updated_at)
        if record.level_before is not None and record.level_after is not None:
            params |= {"before": record.level_before, "after": record.level_after, "limit": record.limit_db}
            return say("remote_stop.answer.quiet", None, when=f"{when:%H:%M}", **params)
        return say("remote_stop.answer.stopped", None, when=f"{when:%H:%M}", **params)
    if record.state in ("not_stopped", "handed"):
        how = "enforced" if record.ordered_at is not None else "unreached"
        return say(f"remote_stop.answer.{how}", None, **params)
    return "" if record.state == "void" else say("remote_stop.answer.going", None, **params)


def public_facts(stations: Sequence[int], firms: Sequence[int] = ()) -> list[tuple[str, str]]:
    """Return what anybody may know of night work at some stations or firms: permits in force, stops of late.

    Args:
        stations: ids; firms: ids of enterprises, whose permits for all their stations count too.
    """
    at = now()
    hours = rule("public_hours", beijing(at).date())
    about = Q(station_id__in=stations) | Q(station=None, enterprise_id__in=firms)
    permits = NightPermit.objects.filter(about, begins__lte=at, ends__gt=at, state="valid").order_by("ends")[:5]
    facts = [
        (
            say(_("夜间施工证明")),
            say("remote_stop.public.permit", None, reference=one.reference, issuer=one.issuer,
                until=f"{beijing(one.ends):%m-%d %H:%M}", notice=one.notice or "—"),
        )
        for one in permits
        if cover(one, at) is Cover.COVERS
    ]  # fmt: skip
    stops = RemoteStop.objects.filter(station_id__in=stations, created_at__gte=at - timedelta(hours=hours))
    for one in stops.select_related("permit").order_by("-created_at")[:5]:
        words = answer_of(one)
        if words:
            facts.append((say(_("夜间施工噪声")), words))
    return facts


def to_open() -> list[Clue]:
    """Return the clues of construction noise at night that are fresh and have no remote stop yet."""
    at = now()
    fresh = at - timedelta(minutes=rule("fresh_min", beijing(at).date()))
    found = Clue.objects.filter(
        origin=Clue.Origin.RULE, rule="R-OVER", factor=LEVEL, state__in=OPEN, late=False, last_at__gte=fresh,
        outlet__limits__source__startswith=STANDARD,
    ).distinct()  # fmt: skip
    return [clue for clue in found[:200] if _asks(clue, at)]


def _asks(clue: Clue, at: datetime) -> bool:
    moment = clue.last_at - timedelta(minutes=1)
    if clue.ended_at is not None or sources.noise_hours(moment).part_at(beijing(moment)) != "night":
        return False
    newest = RemoteStop.objects.filter(clue=clue).select_related("permit").order_by("-pk").first()
    if newest is None:
        return True
    if newest.closed_at is None or (newest.permit is not None and newest.permit.ends > at):
        return False
    # The hour in which work was stopped is over the limit as a whole; only an hour begun afterwards says anything.
    return newest.closed_at <= clue.last_at - timedelta(hours=1)


def to_verify() -> list[RemoteStop]:
    """Return the stops whose minutes after the order are over, up to an hour ago: data may come late."""
    at = now()
    due = at - timedelta(minutes=rule("verify_min", beijing(at).date()))
    found = RemoteStop.objects.filter(state="ordered", station__isnull=False, ordered_at__lte=due)
    return list(found.filter(ordered_at__gte=at - timedelta(hours=1)).select_related("station")[:200])


def station_by(code: str) -> Station | None:
    """Return a station by its code."""
    return Station.objects.filter(code=code.strip()).first()


def enterprise_by(code: str) -> Enterprise | None:
    """Return an enterprise by its credit code."""
    return Enterprise.objects.filter(code=code.strip().upper()).first()


def who_to_call(station: Station | None) -> tuple[str, str]:
    """Return contact and phone of the enterprise a station stands at, '' where they are not known."""
    if station is None or station.outlet is None:
        return "", ""
    firm = station.outlet.enterprise
    return firm.contact, firm.phone


def tell(data: Mapping[str, Any]) -> str:
    """Put what an act brought along into words for the timeline."""
    said: list[str] = []
    if data.get("outcome"):
        said.append(say(OUTCOMES.get(str(data["outcome"]), str(data["outcome"]))))
    if data.get("why"):
        said.append(str(data["why"]))
    if data.get("told"):
        said.append(str(data["told"]))
    if data.get("level") is not None:
        said.append(say(_("停工令后 {level} dB(A)，限值 {limit} dB(A)"), level=data["level"], limit=data.get("limit")))
    if data.get("permit"):
        said.append(str(data["permit"]))
    if data.get("task"):
        said.append(f"{data['task']} {data.get('basis', '')}".strip())
    return "；".join(said)


def context(viewer: Viewer, record: RemoteStop) -> dict[str, Any]:
    """Return what the page shows beside the kernel's: permits with their worth, levels, clue and task."""
    at = record.closed_at or now()
    clue = record.clue if record.clue is not None and access.allowed(viewer, "view", record.clue) is None else None
    shown = permits_of(record.station)
    seen = set(selectors.visible(viewer, registry.get("night_permit")).filter(
        pk__in=[one.pk for one in shown]
    ).values_list("pk", flat=True))  # fmt: skip
    return {
        "clue": clue,
        "clue_url": addresses.of(clue) if clue is not None else "",
        "permits": [
            {"permit": one, "worth": say(COVERS[cover(one, at)]), "url": addresses.of(one) if one.pk in seen else ""}
            for one in shown
        ],
        "machine": voice.configured(),
        "cameras": cameras_of(record.station),
        "answer": answer_of(record),
        "reporters": _reporters(viewer, record),
        "peak_limit": peak_limit(record.ordered_at or record.created_at),
        "may_transfer": record.state == "handed" and access.allowed(viewer, "export", record) is None,
    }


def _reporters(viewer: Viewer, record: RemoteStop) -> int | None:
    """Return how many people who reported it want an answer; None for those who do not handle the clue."""
    if record.clue is None or not may_handle(viewer, record.clue):
        return None
    return Reporter.objects.filter(matter=record.clue, wants_answer=True).count()


def part(viewer: Viewer, clue: Clue) -> Part | None:
    """Return what the page of a clue of construction noise shows: its remote stops, and the button for one."""
    if not is_building_noise(clue):
        return None
    kind = registry.get("remote_stop")
    stops: Sequence[Any] = list(selectors.visible(viewer, kind).filter(clue=clue).order_by("-pk")[:10])
    rows = [
        {
            "record": one,
            "url": addresses.of(one),
            "state": say(kind.flow.state(one.state).name),
            "answer": answer_of(one),
        }
        for one in stops
    ]
    blank = RemoteStop(org_path=clue.org_path, grid=clue.grid, owner_unit=clue.owner_unit)
    may = access.allowed(viewer, "create", blank) is None
    is_open = any(one.closed_at is None for one in stops)
    return Part("remote_stop/_clue.html", {"stops": rows, "number": clue.number, "may": may and not is_open})
