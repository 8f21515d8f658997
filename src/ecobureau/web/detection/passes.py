"""When the detectors run: on arrival, each hour, each night. One pass at a time in the whole system."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection

from ecobureau import clock
from ecobureau.clock import beijing, now
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.detection import reading, rules, services, totals
from ecobureau.web.detection.models import ChainLink, Pass
from ecobureau.web.sources.models import Outlet, Station
from ecobureau.web.telemetry.selectors import store

log = logging.getLogger("ecobureau.detection")
_LOCK = 0x65624454
ARRIVAL_DAYS, HOURLY_DAYS, NIGHTLY_DAYS = 4.0, 10.0, 60.0
NIGHT_HOUR = 2
MOST_AT_ONCE = 60
_seen: dict[tuple[int, str], datetime] = {}


def outlet_ids() -> list[int]:
    """Return every outlet that detection can speak of: waste gas and waste water with a station, in use."""
    known = Outlet.objects.filter(medium__in=["air", "water"], active=True, stations__active=True)
    return list(known.order_by("pk").values_list("pk", flat=True).distinct())


def arrival() -> bool:
    """Look, with the fast patterns, at the outlets of which a new hour came. Returns whether more wait."""
    fresh = _fresh_outlets()
    if not fresh:
        return False
    taken = fresh[:MOST_AT_ONCE]
    with _turn() as mine:
        # Another pass has the turn: what came stays fresh and is looked at next time.
        if not mine:
            return False
        services.run_pass(Pass.Kind.ARRIVAL, taken, _hour(now()), days=ARRIVAL_DAYS, only=rules.FAST)
    _mark(taken)
    return len(fresh) > len(taken)


def slow() -> bool:
    """Run the hourly pass once an hour and the nightly one once a night, when they are due. Returns False: no hurry."""
    at = now()
    if _due(Pass.Kind.NIGHTLY, _night(at)):
        with _turn() as mine:
            if mine and _due(Pass.Kind.NIGHTLY, _night(at)):
                services.run_pass(Pass.Kind.NIGHTLY, outlet_ids(), _hour(at), days=NIGHTLY_DAYS)
    elif _due(Pass.Kind.HOURLY, _hour(at)):
        with _turn() as mine:
            if mine and _due(Pass.Kind.HOURLY, _hour(at)):
                services.run_pass(Pass.Kind.HOURLY, outlet_ids(), _hour(at), days=HOURLY_DAYS)
    return False


def sums() -> bool:
    """Bring the daily totals up to date once an hour, far back once a night. Returns False: no hurry."""
    at = now()
    hour, night = _hour(at), _night(at)
    if _summed.get("hour") != hour:
        far = _summed.get("night") != night
        totals.refresh(outlet_ids(), hour, since=totals.whole_year(hour) if far else None)
        _summed["hour"] = hour
        if far:
            _summed["night"] = night
    return False


_summed: dict[str, datetime] = {}


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _night(at: datetime) -> datetime:
    local = beijing(at)
    begun = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return begun if local >= begun else begun - timedelta(days=1)


def _due(kind: str, since: datetime) -> bool:
    return not Pass.objects.filter(kind=kind, started_at__gte=since).exclude(ended_at=None).exists()


def _fresh_outlets() -> list[int]:
    """Return the outlets of which an hourly value came since this process last looked."""
    of_station: dict[int, set[int]] = {}
    for pk, outlet_id in Station.objects.exclude(outlet=None).values_list("pk", "outlet_id"):
        of_station.setdefault(pk, set()).add(outlet_id)
    for pk, outlet_id in ChainLink.objects.values_list("station_id", "outlet_id"):
        of_station.setdefault(pk, set()).add(outlet_id)
    wanted, known = set(), set(outlet_ids())
    for state in read.stream_states(store(), list(of_station)):
        if state.kind is Kind.HOUR and state.interval_s == reading.HOUR_S:
            before = _seen.get((state.station_id, state.st))
            if before is None or state.newest > before:
                wanted |= of_station[state.station_id]
                _waiting[(state.station_id, state.st)] = state.newest
    return sorted(wanted & known)


_waiting: dict[tuple[int, str], datetime] = {}


def _mark(outlets: list[int]) -> None:
    stations = set(Station.objects.filter(outlet_id__in=outlets).values_list("pk", flat=True))
    stations |= set(ChainLink.objects.filter(outlet_id__in=outlets).values_list("station_id", flat=True))
    for key in [key for key in _waiting if key[0] in stations]:
        _seen[key] = _waiting.pop(key)


class _turn:
    """Hold the one turn of the whole system while a pass runs; says whether it was to be had."""

    def __enter__(self) -> bool:
        self.started = clock.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
            self.mine = bool(cursor.fetchone()[0])
        return self.mine

    def __exit__(self, *_error: object) -> None:
        if self.mine:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
            log.info("detection pass took %.1f s", clock.monotonic() - self.started)
