"""The data team's pages: which feeds are late or silent, whether the books balance, what lies in quarantine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, monotonic, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.storage import books, read, sessions
from ecobureau.storage.types import Outcome
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk.reasons import reason_of
from ecobureau.web.sources import selectors as sources

_KEEP_SECONDS = 10.0
_LATE_FACTOR = 3
_READERS = (Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD, Role.LEADER, Role.AUDITOR, Role.ADMINISTRATOR)
_KEEPERS = (Role.DUTY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Health:
    """How many feeds are in time, of how many, and which are late (station id → last receipt or None)."""

    total: int
    late_since: dict[int, datetime | None]

    @property
    def late(self) -> int:
        return len(self.late_since)

    @property
    def good(self) -> int:
        return self.total - self.late


_kept: tuple[float, Health] | None = None


def health() -> Health:
    """Return the health of all active feeds; looked up at most every ten seconds in a process."""
    global _kept
    if _kept is not None and monotonic() - _kept[0] < _KEEP_SECONDS:
        return _kept[1]
    found = _look()
    _kept = (monotonic(), found)
    return found


def _look() -> Health:
    at = now()
    connection.ensure_connection()
    heard: dict[int, datetime] = {}
    for row in read.stream_states(connection.connection):
        heard[row.station_id] = max(heard.get(row.station_id, row.received_at), row.received_at)
    late: dict[int, datetime | None] = {}
    plans = sources.plans()
    for plan in plans:
        step = max(plan.rtd_interval_s or plan.minute_interval * 60, 60)
        last = heard.get(plan.station_id)
        if last is None or at - last > timedelta(seconds=_LATE_FACTOR * step + 120):
            late[plan.station_id] = last
    return Health(len({plan.station_id for plan in plans}), late)


def may_read(viewer: Viewer) -> bool:
    """Say whether the viewer may open the page of the feeds."""
    return viewer.has(*_READERS)


def _must(viewer: Viewer, *roles: str) -> None:
    if not viewer.has(*roles):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="data pages")


@require_GET
@signed_in
def feeds_page(request: HttpRequest) -> HttpResponse:
    """Every feed: late ones first, with the time of the last frame and who holds the socket."""
    viewer = viewer_in(request)
    _must(viewer, *_READERS)
    request.live_topics = ["feed"]  # type: ignore[attr-defined]
    found = health()
    stations = {row.pk: row for row in sources.stations(viewer)}
    connection.ensure_connection()
    holders = sessions.holders(connection.connection)
    heard: dict[int, datetime] = {}
    for state in read.stream_states(connection.connection, list(stations)):
        heard[state.station_id] = max(heard.get(state.station_id, state.received_at), state.received_at)
    rows: list[dict[str, Any]] = [
        {
            "station": station,
            "url": reverse("desk:station", args=[pk]),
            "late": pk in found.late_since,
            "last": heard.get(pk),
            "peer": holders[pk].peer if pk in holders else "",
        }
        for pk, station in stations.items()
    ]
    rows.sort(key=lambda row: (not row["late"], row["station"].name_sort))
    only_late = request.GET.get("late") == "1"
    shown = [row for row in rows if row["late"]] if only_late else rows
    context = {"health": found, "rows": shown[:500], "only_late": only_late, "keeper": viewer.has(*_KEEPERS)}
    return render(request, "desk/feeds.html", context)


_OUTCOMES: tuple[tuple[Outcome, Callable[[], str]], ...] = (
    (Outcome.STORED, lambda: _("已入库")),
    (Outcome.REVISED, lambda: _("改写")),
    (Outcome.DUPLICATE, lambda: _("重复")),
    (Outcome.CONTROL, lambda: _("交互")),
    (Outcome.PENDING_PART, lambda: _("待拼包")),
    (Outcome.REFUSED, lambda: _("拒收")),
    (Outcome.QUARANTINED, lambda: _("隔离")),
)
_VERDICTS: dict[str, tuple[Callable[[], str], str]] = {
    "balanced": (lambda: _("平"), "ok"),
    "open": (lambda: _("进行中"), "primary"),
    "cut_off": (lambda: _("崩溃时截断，未应答"), "yellow"),
    "broken": (lambda: _("不平"), "red"),
}


def _asked_day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return beijing(now()).date()


@require_GET
@signed_in
def books_page(request: HttpRequest) -> HttpResponse:
    """The books of a day: frames received at the socket against how they ended, by run."""
    viewer = viewer_in(request)
    _must(viewer, *_KEEPERS)
    day = _asked_day(request)
    connection.ensure_connection()
    lines = books.balance(connection.connection, day)
    runs: dict[int, dict[str, Any]] = {}
    for line in lines:
        run = runs.setdefault(
            line.run_id,
            {"id": line.run_id, "state": line.run_state, "received": 0, "counts": dict.fromkeys(Outcome, 0), "bad": []},
        )
        run["received"] += line.received
        for outcome, frames in line.outcomes.items():
            run["counts"][outcome] += frames
        if line.verdict in ("broken", "cut_off"):
            run["bad"].append(line)
    for run in runs.values():
        run["settled"] = sum(run["counts"].values())
        run["difference"] = run["received"] - run["settled"]
        run["cells"] = [run["counts"][outcome] for outcome, _words in _OUTCOMES]
        worst = "broken" if any(line.verdict == "broken" for line in run["bad"]) else ""
        verdict = worst or ("cut_off" if run["bad"] else "balanced" if not run["difference"] else "open")
        run["verdict"], run["tone"] = _VERDICTS[verdict][0](), _VERDICTS[verdict][1]
    context = {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < beijing(now()).date() else None,
        "heads": [words() for _outcome, words in _OUTCOMES],
        "runs": sorted(runs.values(), key=lambda run: -run["id"]),
    }
    return render(request, "desk/books.html", context)


@require_GET
@signed_in
def quarantine_page(request: HttpRequest) -> HttpResponse:
    """What came from unknown stations, with wrong passwords or damaged: kept, shown, never data, never answered."""
    viewer = viewer_in(request)
    _must(viewer, *_KEEPERS)
    connection.ensure_connection()
    rows = [
        {
            "row": row,
            "why": reason_of(row.reason),
            "text": row.raw.decode("utf-8", "replace")[:2000],
            "bytes": len(row.raw),
        }
        for row in read.quarantine(connection.connection, limit=100)
    ]
    return render(request, "desk/quarantine.html", {"rows": rows})
