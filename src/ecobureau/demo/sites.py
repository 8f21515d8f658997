"""Building sites of the invented city: their noise stations, a permit of night work, a camera, last night's stops."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ecobureau.clock import ManualClock, beijing, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import services as clues
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.remote_stop import services
from ecobureau.web.remote_stop.models import RemoteStop
from ecobureau.web.remote_stop.selectors import NOISE_ST
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet, Station

PROFILE = "noise_construction"
_SITES = (
    ("91420100DEMAJG001", "演示江城建工·地铁七号站项目部", "演示项目经理甲", "02780000001"),
    ("91420100DEMAJG002", "演示长堤路桥·滨江隧道项目部", "演示项目经理乙", "02780000002"),
)
_CAMERA = "https://video.example.invalid/demo/"
"""A name that never resolves: the demonstration has no video platform."""


@transaction.atomic
def build_sites(now: datetime, taken: frozenset[str] = frozenset()) -> int:
    """Let two noise stations watch building sites, and tell last night's story there; returns how many sites there are.

    The first has no permit: a neighbour called, the site was told to stop and did; later it could not be reached and
    went to enforcement. The second works under a permit. Run twice, it adds nothing.

    Args:
        now: aware. taken: names of stations that the incident scripts need as they are.
    """
    if Outlet.objects.filter(enterprise__code__startswith=_SITES[0][0][:14]).exists():
        return 0
    free = Station.objects.filter(st=NOISE_ST, outlet=None, lon__isnull=False).exclude(name__in=taken).order_by("code")
    sites = [_site(now, station, *site) for station, site in zip(free[:2], _SITES, strict=False)]
    duty = User.objects.filter(username="zhiban").first()
    if not sites or duty is None:
        return len(sites)
    night = beijing(now).replace(hour=23, minute=20, second=0, microsecond=0) - timedelta(days=1)
    _stopped(sites[0], duty, night)
    _unreached(sites[0], duty, night + timedelta(hours=3))
    if len(sites) > 1:
        _permitted(sites[1], duty, now, night)
    return len(sites)


def _site(now: datetime, station: Station, body: str, name: str, contact: str, phone: str) -> Station:
    first = beijing(now).date() - timedelta(days=200)
    place: dict[str, Any] = {"lon": station.lon, "lat": station.lat}
    firm = sources.make_enterprise(
        SYSTEM, code=body + check_letter(body), name=name, short_name=name.removeprefix("演示"), industry="房屋建筑业",
        industry_code="E47", contact=contact, phone=phone, **place,
    )  # fmt: skip
    outlet = sources.make_outlet(SYSTEM, firm, code="ZS001", name="工地场界", medium="noise", **place)
    sources.apply_profile(SYSTEM, outlet, PROFILE, valid_from=first)
    camera: dict[str, Any] = {"org_path": station.org_path, "station_code": station.code, "level": "blue"}
    services.put_camera(
        SYSTEM, title=f"{firm.short_name}大门球机", address=f"{_CAMERA}{station.code}", looks_at="大门，朝北", **camera
    )
    return sources.change_station(SYSTEM, station, outlet=outlet)


def _complaint(station: Station, at: datetime, title: str, who: str) -> Any:
    return clues.register(
        SYSTEM, title=title, org_path=station.org_path, level="orange", scenario="K11", matter="noise_building",
        source="demo-hotline", at=at, station_id=station.pk, outlet_id=station.outlet_id, lon=station.lon,
        lat=station.lat, reporter={"name": who, "phone": "13800000009", "words": title},
    )  # fmt: skip


def _opened(station: Station, duty: User, night: ManualClock, title: str) -> RemoteStop:
    clue = _complaint(station, night.now(), title, "演示居民")
    night.advance(timedelta(minutes=2))
    return services.open_stop(viewer_of(duty), clue=clue)


def _stopped(station: Station, duty: User, at: datetime) -> None:
    night = ManualClock(at)
    with use_clock(night):
        stop = _opened(station, duty, night, "工地半夜打桩，孩子睡不着")
        night.advance(timedelta(minutes=3))
        services.call_human(stop, viewer_of(duty), outcome="answered")
        services.order(stop, viewer_of(duty), told="告知项目经理立即停止打桩")
        night.advance(timedelta(minutes=9))
        kernel.perform(stop, "confirm_stopped", viewer_of(duty), reason="回访居民，已经安静")


def _unreached(station: Station, duty: User, at: datetime) -> None:
    night = ManualClock(at)
    with use_clock(night):
        stop = _opened(station, duty, night, "同一工地凌晨又开工，噪声很大")
        for _try in range(2):
            night.advance(timedelta(minutes=2))
            services.call_human(stop, viewer_of(duty), outcome="not_answered")
        services.unreached(stop, viewer_of(duty), reason="两次呼叫无人接听")
        night.advance(timedelta(minutes=4))
        services.to_enforcement(stop, viewer_of(duty))


def _permitted(station: Station, duty: User, now: datetime, at: datetime) -> None:
    night = ManualClock(at)
    with use_clock(night):
        services.grant(
            SYSTEM, title="隧道底板连续浇筑", org_path=station.org_path, station_code=station.code, level="blue",
            begins=at.replace(hour=22, minute=0), ends=now + timedelta(days=2), reference="演示夜施〔2026〕31 号",
            issuer="演示住建局", noticed_on=beijing(at).date(), notice="工地大门、项目所在社区公告栏",
        )  # fmt: skip
        night.advance(timedelta(minutes=5))
        _opened(station, duty, night, "隧道工地夜里一直有机器声")
