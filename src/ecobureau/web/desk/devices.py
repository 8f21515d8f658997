"""Commands to a station's devices (反控): what may be asked, the gaps that may be fetched, how each command went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecobureau.clock import beijing, now
from ecobureau.domain.hj212 import COMMANDS
from ecobureau.domain.hj212.commands import EXE_RTN, QN_RTN
from ecobureau.domain.workflow import Refusal
from ecobureau.storage.commands import OPEN, Command, State, Step
from ecobureau.storage.types import Kind
from ecobureau.web.core import parts, people
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.desk import monitor
from ecobureau.web.desk.device_forms import CommandForm, initial_of
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Station
from ecobureau.web.telemetry import commands
from ecobureau.web.telemetry import selectors as telemetry
from ecobureau.words import say

MOST_GAPS = 20
_HISTORY = {
    Kind.MINUTE: ("2051", timedelta(days=2)),
    Kind.HOUR: ("2061", timedelta(days=7)),
    Kind.DAY: ("2031", timedelta(days=31)),
}
_KINDS: dict[Kind, Callable[[], str]] = {
    Kind.MINUTE: lambda: _("分钟数据"),
    Kind.HOUR: lambda: _("小时数据"),
    Kind.DAY: lambda: _("日数据"),
}
_STATES: dict[State, tuple[Callable[[], str], str, str]] = {
    State.QUEUED: (lambda: _("排队，等设备在线"), "", "hourglass"),
    State.SENT: (lambda: _("已发出，等应答"), "primary", "send"),
    State.ACCEPTED: (lambda: _("设备已接受"), "primary", "check"),
    State.DONE: (lambda: _("已完成"), "ok", "circle-check"),
    State.REFUSED: (lambda: _("设备拒绝"), "red", "circle-x"),
    State.FAILED: (lambda: _("执行失败"), "red", "alert-circle"),
    State.TIMED_OUT: (lambda: _("超时"), "orange", "clock-exclamation"),
}


def _english() -> bool:
    return (get_language() or "").startswith("en")


def command_name(cn: str) -> str:
    """Return the name of a command code in the reader's language."""
    command = COMMANDS.get(cn)
    return cn if command is None else command.en if _english() else command.zh


def _station(viewer: Viewer, pk: int) -> Station:
    station = sources.station(viewer, pk)
    if station is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="station")
    return station


# --- gaps -------------------------------------------------------------------------------------------------------------


def gap_rows(viewer: Viewer, station: Station, may: Sequence[str]) -> list[dict[str, Any]]:
    """Return the newest stretches without data of each regular stream, with the address that fetches them."""
    at = now()
    rows: list[dict[str, Any]] = []
    since = min((logger.accept_from for logger in station.loggers.all()), default=at)
    for stream in telemetry.stream_states(viewer, [station.pk]):
        if stream.kind not in _HISTORY or stream.interval_s <= 0:
            continue
        cn, span = _HISTORY[stream.kind]
        step = timedelta(seconds=stream.interval_s)
        begin, end = max(since, at - span), at - step - timedelta(minutes=5)
        if begin >= end:
            continue
        found = telemetry.gaps(viewer, station.pk, stream.st, stream.kind, stream.interval_s, begin, end)
        rows += [_gap(station.pk, stream.kind, cn if cn in may else "", a, b, step) for a, b in found[-MOST_GAPS:]]
    return sorted(rows, key=lambda row: row["end"], reverse=True)[:MOST_GAPS]


def _gap(station_id: int, kind: Kind, cn: str, begin: datetime, end: datetime, step: timedelta) -> dict[str, Any]:
    window = {key: f"{beijing(each):%Y%m%d%H%M%S}" for key, each in (("BeginTime", begin), ("EndTime", end))}
    address = f"{reverse('desk:device_command', args=[station_id, cn])}?{urlencode(window)}" if cn else ""
    return {"kind": _KINDS[kind](), "begin": begin, "end": end, "missing": (end - begin) // step, "url": address}


# --- commands ---------------------------------------------------------------------------------------------------------


def command_rows(found: Sequence[Command]) -> list[dict[str, Any]]:
    """Return what the list shows of commands: name, who, when, how far."""
    names = people.names(command.asked_by for command in found)
    return [
        {
            "command": command,
            "name": command_name(command.cn),
            "who": names.get(command.asked_by, ""),
            "state": _STATES[command.state][0](),
            "tone": _STATES[command.state][1],
            "icon": _STATES[command.state][2],
            "url": reverse("desk:command", args=[command.id]),
        }
        for command in found
    ]


def _answer(table: dict[str, tuple[str, str]], code: str) -> str:
    if not code:
        return ""
    zh, en = table.get(code, ("", ""))
    return f"{code} {en if _english() else zh}".strip()


def step_rows(command: Command, steps: Sequence[Step]) -> list[parts.Happening]:
    """Return the steps of a command as a timeline: when, what, and what the device answered."""
    rows = []
    for step in steps:
        words, _tone, icon = _STATES[step.state]
        detail = say(step.note) if step.note else ""
        if step.state is State.ACCEPTED or (step.state is State.REFUSED and command.qn_rtn):
            detail = f"9011 QnRtn={_answer(QN_RTN, command.qn_rtn)} {detail}".strip()
        elif step.state in (State.DONE, State.FAILED) and command.exe_rtn:
            detail = f"9012 ExeRtn={_answer(EXE_RTN, command.exe_rtn)} {detail}".strip()
        rows.append(parts.Happening(step.at, words(), detail=detail, icon=icon))
    return rows


@require_GET
@signed_in
def devices_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A station's devices: what I may ask of them, what data are missing, what was asked before."""
    viewer = viewer_in(request)
    station = _station(viewer, pk)
    offers = commands.offered(viewer, pk)
    context = {
        "station": station,
        "crumbs": [
            parts.Tab(_("站点"), reverse("desk:stations")),
            parts.Tab(station.name, reverse("desk:station", args=[pk])),
            parts.Tab(_("设备命令"), current=True),
        ],
        "groups": [
            (words, [(command_name(offer.cn), offer.cn) for offer in offers if offer.sort == sort])
            for sort, words in (("read", _("读取与补取")), ("change", _("设置与动作")))
        ],
        "may": bool(offers),
        "has_logger": any(logger.active for logger in station.loggers.all()),
        "gaps": gap_rows(viewer, station, [offer.cn for offer in offers]),
        "commands": command_rows(commands.recent(viewer, [pk], 30)),
        "device": monitor.state_of([pk], now()),
    }
    return render(request, "desk/devices.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def command_form_page(request: HttpRequest, pk: int, cn: str) -> HttpResponse:
    """The form of one command. What changes a device is shown once more before it goes out."""
    viewer = viewer_in(request)
    station = _station(viewer, pk)
    offer = next((each for each in commands.offered(viewer, pk) if each.cn == cn), None)
    if offer is None:
        commands.refuse_command(viewer, pk, cn)
    posted = request.method == "POST"
    form = CommandForm(
        offer, _factors(pk), request.POST if posted else None, initial=initial_of(request.GET.dict())
    )  # fmt: skip
    sure = offer.sort == "read" or request.POST.get("confirmed") == "1"
    confirm = False
    if posted and form.is_valid():
        try:
            if sure:
                command_id = commands.ask(viewer, pk, cn, form.params)
                messages.success(request, _("命令已交给网关，进展见下"))
                return redirect("desk:command", command_id)
            commands.check(viewer, pk, cn, form.params)
            confirm = True
        except Refused as refused:
            form.add_error(None, refused.text())
    context = {
        "station": station,
        "offer": offer,
        "name": command_name(cn),
        "mns": [logger.mn for logger in station.loggers.all() if logger.active],
        "form": form,
        "confirm": confirm,
        "told": form.told() if confirm else [],
        "back": reverse("desk:devices", args=[pk]),
        "device": monitor.state_of([pk], now()),
    }
    return render(request, "desk/device_form.html", context, status=422 if posted and not confirm else 200)


def _factors(station_id: int) -> list[tuple[str, str]]:
    found = monitor.newest([station_id])
    names = sources.factors(found)
    lang = "en" if _english() else "zh"
    return [(code, f"{sources.factor_label(names.get(code), code, lang)} {code}") for code in sorted(found)]


@require_GET
@signed_in
def command_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How one command goes, step by step; asks again by itself until it is over."""
    viewer = viewer_in(request)
    found = commands.progress(viewer, pk)
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="command")
    command, steps = found
    station = _station(viewer, command.station_id)
    (row,) = command_rows([command])
    context = row | {
        "station": station,
        "params": CommandForm.words_of(command.cn, command.params),
        "steps": step_rows(command, steps),
        "open": command.state in OPEN,
        "here": reverse("desk:command", args=[pk]),
        "crumbs": [
            parts.Tab(_("站点"), reverse("desk:stations")),
            parts.Tab(station.name, reverse("desk:station", args=[station.pk])),
            parts.Tab(_("设备命令"), reverse("desk:devices", args=[station.pk])),
            parts.Tab(str(pk), current=True),
        ],
    }
    part = request.GET.get("part") == "steps"
    return render(request, "desk/_command.html" if part else "desk/device_command.html", context)
