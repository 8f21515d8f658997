"""The only writers of remote stops and permits of night work: one function a verb."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import remote_stop as rules
from ecobureau.domain.remote_stop import Verdict
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.rulepacks import load
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import access, notices, people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import services as dispatch
from ecobureau.web.dispatch.models import Task
from ecobureau.web.messages.channels.base import NotSent
from ecobureau.web.places import selectors as places
from ecobureau.web.remote_stop import selectors, voice
from ecobureau.web.remote_stop.models import Camera, NightPermit, RemoteStop
from ecobureau.words import _, say

_LONGEST_TITLE = 200


def _no(code: str, actor: Viewer, what: str, /, **params: Any) -> NoReturn:
    refuse(Refusal(code, params), actor=actor.user_id, what=what)


@transaction.atomic
def grant(
    actor: Viewer, *, begins: datetime, ends: datetime, station_code: str = "", enterprise_code: str = "",
    basis: str = "need", noticed_on: date | None = None, **fields: Any
) -> NightPermit:  # fmt: skip
    """Enter a permit of night work.

    Args:
        begins, ends: aware instants, the end excluded. station_code: of one station; else enterprise_code: all of an
        enterprise. noticed_on: day of the public notice. fields: title, org_path, reference, issuer, notice, level.

    Raises:
        Refused: it speaks of nothing known, ends before it begins, or the door says no.
    """
    station = selectors.station_by(station_code) if station_code.strip() else None
    firm = selectors.enterprise_by(enterprise_code) if enterprise_code.strip() and station is None else None
    if station is None and (station_code.strip() or firm is None):
        _no("remote_stop.no_subject", actor, "night_permit", code=station_code.strip() or enterprise_code.strip())
    if ends <= begins:
        _no("remote_stop.ends_before", actor, "night_permit")
    made: NightPermit = kernel.create(
        "night_permit", actor, station_id=station.pk if station else None, enterprise_id=firm.pk if firm else None,
        begins=begins, ends=ends, basis=basis, noticed_on=noticed_on, **fields,
    )  # fmt: skip
    return made


@transaction.atomic
def put_camera(
    actor: Viewer, *, address: str, station_code: str = "", enterprise_code: str = "", **fields: Any
) -> Camera:
    """Enter a camera that looks at a building site.

    Args:
        address: http(s) page of the video platform. station_code: at one station; else enterprise_code: at a firm.
        fields: title, org_path, looks_at, level.

    Raises:
        Refused: it speaks of nothing known, the address is none, or the door says no.
    """
    _must_be_page(actor, address)
    station = selectors.station_by(station_code) if station_code.strip() else None
    firm = selectors.enterprise_by(enterprise_code) if enterprise_code.strip() and station is None else None
    if station is None and (station_code.strip() or firm is None):
        _no("remote_stop.no_subject", actor, "site_camera", code=station_code.strip() or enterprise_code.strip())
    made: Camera = kernel.create(
        "site_camera", actor, station_id=station.pk if station else None, enterprise_id=firm.pk if firm else None,
        address=address, **fields,
    )  # fmt: skip
    return made


def readdress(record: Camera, actor: Viewer, *, address: str, **act: Any) -> History:
    """Change where the video of a camera is shown."""
    _must_be_page(actor, address)
    return kernel.perform(record, "readdress", actor, data={"address": address}, changes={"address": address}, **act)


def _must_be_page(actor: Viewer, address: str) -> None:
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        _no("remote_stop.bad_address", actor, "site_camera", address=address[:80])


@transaction.atomic
def open_stop(actor: Viewer, *, clue: Clue, automatic: bool = False) -> RemoteStop:
    """Open a remote stop for a clue of construction noise; the program looks at the permits at once.

    Raises:
        Refused: the clue is about something else or done with, has an open remote stop, or the door says no.
    """
    held = Clue.objects.select_for_update(no_key=True).get(pk=clue.pk)
    if held.closed_at is not None:
        _no("remote_stop.clue_done", actor, "remote_stop", number=held.number)
    if not selectors.is_building_noise(held):
        _no("remote_stop.not_noise", actor, "remote_stop", number=held.number)
    earlier = RemoteStop.objects.filter(clue=held, closed_at__isnull=True).first()
    if earlier is not None:
        _no("remote_stop.already", actor, "remote_stop", number=earlier.number)
    contact, phone = selectors.who_to_call(held.station)
    made: RemoteStop = kernel.create(
        "remote_stop", actor, title=held.title[:_LONGEST_TITLE], level=held.level, org_path=held.org_path,
        grid=held.grid, lon=held.lon, lat=held.lat, owner_unit=held.owner_unit, clue_id=held.pk,
        station_id=held.station_id, automatic=automatic, contact=contact, phone=phone,
        limit_db=selectors.limit_at(now()),
    )  # fmt: skip
    kernel.link(made, "about", held, SYSTEM)
    check_permit(made, SYSTEM)
    if made.closed_at is None:
        _tell(made, "remote_stop.notice.opened")
    return made


def _tell(record: RemoteStop, code: str) -> None:
    at = now()
    heard = people.holders(Role.DUTY_OFFICER, record.org_path, at) or people.holders(
        Role.DISPATCHER, record.org_path, at
    )
    notices.send(heard, record, code, {"title": record.heading}, at)


@transaction.atomic
def check_permit(record: RemoteStop, actor: Viewer, **act: Any) -> History:
    """Look at the permits; work that one covers is permitted work, and that is the end of it."""
    found = selectors.covering(record.station, now())
    entry = kernel.perform(record, "check_permit", actor, data={"looked_at": len(selectors.permits_of(record.station))},
                           **act)  # fmt: skip
    if found is not None:
        data = {"permit": f"{found.number} {found.reference}", "until": found.ends.isoformat()}
        kernel.perform(record, "allow", SYSTEM, data=data, changes={"permit_id": found.pk})
    return entry


@transaction.atomic
def call_machine(record: RemoteStop, actor: Viewer, *, phone: str = "", **act: Any) -> History:
    """Have the site called by machine; the worker places the call and keeps its outcome.

    Raises:
        Refused: no voice channel is set up, there is no phone, or the flow says no.
    """
    from ecobureau.web.remote_stop.jobs import place_call as job

    number = phone.strip() or record.phone
    if not voice.configured():
        _no("remote_stop.no_channel", actor, record.number)
    if not number:
        _no("remote_stop.no_phone", actor, record.number)
    call = uuid4().hex
    data = {"call": call, "phone": number}
    entry = kernel.perform(record, "call_machine", actor, data=data, changes={"phone": number}, **act)
    job.defer(unique=f"remote-stop-{call}", pk=record.pk, call=call, phone=number)
    return entry


def place_call(pk: int, call: str, phone: str) -> None:
    """Place a machine call and keep how it ended, once; nothing is kept of a matter that is closed by then."""
    record = RemoteStop.objects.get(pk=pk)
    kept = History.objects.filter(kind="remote_stop", object_id=pk, verb="machine_answer")
    if record.closed_at is not None or any(call in entry.body for entry in kept):
        return
    words = say(_("这里是生态环境值班室。贵工地夜间施工噪声超过限值，请立即停止产生噪声的作业。"), "zh")
    why = ""
    try:
        outcome = voice.place(voice.Call(call, record.number, phone, words))
    except NotSent as failure:
        outcome, why = "failed", failure.text("zh")
    with transaction.atomic():
        held = RemoteStop.objects.select_for_update(no_key=True).get(pk=pk)
        if held.closed_at is None:
            _keep_outcome(
                held, "machine_answer", SYSTEM, {"call": call, "phone": phone, "outcome": outcome, "why": why}
            )


def _keep_outcome(record: RemoteStop, verb: str, actor: Viewer, data: dict[str, Any], **act: Any) -> History:
    changes = {"reached": True} if data["outcome"] == "answered" else {}
    return kernel.perform(record, verb, actor, data=data, changes=changes, **act)


def call_human(record: RemoteStop, actor: Viewer, *, outcome: str, phone: str = "", **act: Any) -> History:
    """Keep how a call by a person ended: answered, not_answered or failed."""
    data = {"phone": phone.strip() or record.phone, "outcome": outcome}
    return _keep_outcome(record, "call_human", actor, data, **act)


@transaction.atomic
def order(record: RemoteStop, actor: Viewer, *, told: str, **act: Any) -> History:
    """Log the stop order: who was told, and what. The minutes to its verification begin."""
    at = now()
    before = peak = None
    if record.station is not None:
        start = at - timedelta(minutes=selectors.rule("verify_min", beijing(at).date()))
        before, _share = rules.mean_level(selectors.levels(record.station, start, at), start, at)
        peak = selectors.peak(record.station, start, at)
    before = None if before is None else round(before, 1)
    limit = selectors.limit_at(at)
    data = {"told": told, "level_before": before, "limit": limit, "peak_before": peak}
    changes = {"ordered_at": at, "level_before": before, "limit_db": limit, "peak_before": peak}
    return kernel.perform(record, "order", actor, data=data, changes=changes, **act)


def unreached(record: RemoteStop, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Say that nobody at the site could be reached; it goes the way of one that did not stop."""
    return kernel.perform(record, "unreached", actor, reason=reason, **act)


@transaction.atomic
def verify_data(record: RemoteStop, actor: Viewer, **act: Any) -> History:
    """Let the levels stored since the order say whether work has stopped.

    Raises:
        Refused: no order, no station, the minutes are not over, or too few levels have come.
    """
    may = access.allowed(actor, "act", record)
    if may is not None:
        refuse(may, actor=actor.user_id, what=record.number)
    if record.station is None or record.ordered_at is None:
        _no("remote_stop.no_station", actor, record.number)
    at, ordered = now(), record.ordered_at
    day = beijing(ordered).date()
    minutes = selectors.rule("verify_min", day)
    end = ordered + timedelta(minutes=minutes)
    if at < end:
        _no("remote_stop.too_early", actor, record.number, minutes=int(minutes))
    limit = record.limit_db if record.limit_db is not None else selectors.limit_at(ordered)
    found = rules.verify(
        selectors.levels(record.station, ordered, end), ordered, limit=limit, verify_min=minutes,
        settle_min=selectors.rule("settle_min", day), share=selectors.rule("verify_share", day),
    )  # fmt: skip
    if found.verdict is Verdict.TOO_FEW or found.leq is None:
        _no("remote_stop.too_few", actor, record.number, share=round(found.covered * 100))
    level = round(found.leq, 1)
    peak = selectors.peak(record.station, ordered + timedelta(minutes=selectors.rule("settle_min", day)), end)
    told = {"level": level, "limit": limit, "covered": round(found.covered, 2), "peak": peak}
    entry = kernel.perform(record, "verify_data", actor, data={**told, "verdict": found.verdict.value}, **act)
    verb = "data_stopped" if found.verdict is Verdict.STOPPED else "data_running"
    kernel.perform(record, verb, SYSTEM, data=told, changes={"level_after": level, "peak_after": peak})
    if verb == "data_running":
        _tell(record, "remote_stop.notice.running")
    return entry


@transaction.atomic
def to_enforcement(record: RemoteStop, actor: Viewer, *, unit: str = "", **act: Any) -> History:
    """Hand it to enforcement: a task through dispatch, marked for a case. An open task of the clue is taken instead.

    Args:
        unit: path of the unit; '' = the nearest department whose duty is enforcement.

    Raises:
        Refused: there is no clue or no unit to send it to, or dispatch or the flow says no.
    """
    clue = record.clue
    if clue is None:
        _no("remote_stop.no_clue", actor, record.number)
    basis = str(load("remote_stop").at("noise.case_basis", beijing(now()).date()).value)
    task = Task.objects.filter(clue=clue, closed_at__isnull=True).order_by("pk").first()
    if task is None:
        task = _send(record, clue, actor, unit, basis)
    data = {"task": task.number, "basis": basis}
    changes = {"task_number": task.number, "case_basis": basis}
    entry = kernel.perform(record, "to_enforcement", actor, data=data, changes=changes, **act)
    kernel.link(record, "task", task, SYSTEM)
    return entry


def _send(record: RemoteStop, clue: Clue, actor: Viewer, unit: str, basis: str) -> Task:
    kind = Task.TaskKind.ENFORCEMENT_VISIT
    department = None if unit else places.department_for("enforcement", clue.org_path)
    wanted = department.path if department is not None else unit
    if not wanted:
        _no("remote_stop.no_unit", actor, record.number)
    words = say(
        _("远程喊停 {number} 未停工，到场制止并取证；拟立案，依据{basis}"), "zh", number=record.number, basis=basis
    )
    return dispatch.send(
        clue, actor, unit=wanted, task_kind=kind, order=words, keep_data_first=clue.station_id is not None
    )  # fmt: skip
