"""What a shift tells of stations, gateway and data: rows that are no records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecobureau.clock import beijing
from ecobureau.web.core.access import Viewer
from ecobureau.web.sources import selectors as sources
from ecobureau.web.telemetry import selectors as telemetry
from ecobureau.web.telemetry.models import DeviceEvent, GatewayRun, Quarantine
from ecobureau.words import _, say

Rows = list[tuple[str, str, str]]
"""(time in Asia/Shanghai, what, in words)"""
_LATE_STEPS = 3
_GRACE = timedelta(minutes=2)
_NOTABLE = {"2081": _("数采仪开机"), "2062": _("自动标样核查"), "3015": _("超标留样")}


@dataclass(frozen=True, slots=True)
class Thing:
    """One number of this sort. `office`: it belongs to no station, so the city's office alone counts and opens it."""

    code: str
    name: str
    how: str
    rows: Callable[[Viewer, str, datetime, datetime, datetime], Rows]
    office: bool = False


def _time(at: datetime | None) -> str:
    return f"{beijing(at):%Y-%m-%d %H:%M:%S}" if at is not None else "—"


def _names(viewer: Viewer, unit: str) -> dict[int, str]:
    rows = sources.stations(viewer).filter(org_path__startswith=unit).order_by()
    return dict(rows.values_list("pk", "name"))


def _silent(viewer: Viewer, unit: str, since: datetime, until: datetime, at: datetime) -> Rows:
    names = _names(viewer, unit)
    heard: dict[int, datetime] = {}
    for row in telemetry.stream_states(viewer, list(names)):
        heard[row.station_id] = max(heard.get(row.station_id, row.received_at), row.received_at)
    silent: dict[int, datetime | None] = {}
    for plan in sources.plans(list(names)):
        step = timedelta(seconds=max(plan.rtd_interval_s or plan.minute_interval * 60, 60))
        last = heard.get(plan.station_id)
        if plan.active and (last is None or at - last > _LATE_STEPS * step + _GRACE):
            silent[plan.station_id] = last
    return sorted((_time(last), names[pk], "") for pk, last in silent.items())


def _events(viewer: Viewer, unit: str, since: datetime, until: datetime, at: datetime) -> Rows:
    names = _names(viewer, unit)
    found = DeviceEvent.objects.filter(
        station_id__in=list(names), kind__in=_NOTABLE, received_at__gte=since, received_at__lt=until
    )
    rows = found.order_by("received_at", "pk").values_list("received_at", "station_id", "kind")
    return [(_time(when), names[pk], say(_NOTABLE[kind])) for when, pk, kind in rows]


def _strangers(viewer: Viewer, unit: str, since: datetime, until: datetime, at: datetime) -> Rows:
    found = Quarantine.objects.filter(last_at__gte=since, last_at__lt=until).order_by("last_at", "pk")
    return [(_time(row[0]), row[1] or row[2], row[3]) for row in found.values_list("last_at", "mn", "peer", "reason")]


def _faults(viewer: Viewer, unit: str, since: datetime, until: datetime, at: datetime) -> Rows:
    found = GatewayRun.objects.filter(fault_at__gte=since, fault_at__lt=until).order_by("fault_at", "pk")
    return [(_time(row[0]), row[1], row[2]) for row in found.values_list("fault_at", "process", "fault")]


_ALL = (
    Thing("silent", _("没有数据的站点"), _("此刻超过三个上报周期没有数据的在用站点"), _silent),
    Thing("events", _("设备事件"), _("本班收到的数采仪开机、标样核查、超标留样"), _events),
    Thing("quarantine", _("隔离内容"), _("本班收到、发不到任何站点名下的报文（按内容）"), _strangers, office=True),
    Thing("faults", _("网关故障"), _("本班记下故障的网关进程"), _faults, office=True),
)
THINGS = {each.code: each for each in _ALL}


def opens_office(viewer: Viewer) -> bool:
    """Say whether the viewer may see what belongs to no station."""
    return viewer.is_system or viewer.has(*telemetry.OFFICE)
