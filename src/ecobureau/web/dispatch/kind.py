"""The task as a kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core import placenames
from ecobureau.web.core.access import AccessTable, Reach, Viewer
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.dispatch import checklists, forms, handing, jobs, joint, orders, selectors, services, tracks, visits
from ecobureau.web.dispatch.flow import FLOW
from ecobureau.web.dispatch.models import Task
from ecobureau.words import _

_OFFICE: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG, Reach.UNIT),
    Role.GRID_WORKER: (Reach.UNIT, Reach.OWN),
    Role.ENFORCEMENT_OFFICER: (Reach.UNIT, Reach.OWN),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
}
_FIELD_OWN: Mapping[str, tuple[Reach, ...]] = {
    Role.GRID_WORKER: (Reach.UNIT, Reach.OWN),
    Role.ENFORCEMENT_OFFICER: (Reach.UNIT, Reach.OWN),
}
_READERS: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG,),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
    Role.AUDITOR: (Reach.ORG,),
}

ACCESS: AccessTable = {
    "view": {**_OFFICE, Role.AUDITOR: (Reach.ORG,)},
    "act": _OFFICE,
    "attach": {**_FIELD_OWN, Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT)},
    "export": _READERS,
    "create": {Role.DUTY_OFFICER: (Reach.ORG,), Role.DISPATCHER: (Reach.ORG,)},
}


def _context(viewer: Viewer, task: Task) -> dict[str, Any]:
    more = {"told": checklists.told(task), "track": tracks.drawn(viewer, task)}
    return {**selectors.context(viewer, task), **more}


KIND = Kind(
    code="task",
    plural="tasks",
    prefix="RW",
    name=_("任务"),
    name_plural=_("任务"),
    model=Task,
    flow=FLOW,
    access=ACCESS,
    papers=(
        Paper("photo", _("现场照片")),
        Paper("clip", _("现场视频")),
        Paper("voice", _("语音说明")),
        Paper("data_snapshot", _("监测数据快照")),
        Paper("sketch", _("现场示意图")),
        Paper("statement", _("当事人陈述或拒绝说明")),
        Paper("sample_chain", _("采样交接单")),
    ),
    related=("clue", "owner_person"),
    columns=(
        Column("task_kind", _("任务类型"), value=lambda task: task.get_task_kind_display(), sort=("task_kind",)),
        Column(
            "unit_name", _("承办单位"), value=lambda task: placenames.name_of(task.owner_unit), sort=("owner_unit",)
        ),
        Column("accepted_at", _("签收时间"), sort=("accepted_at",), shown=False),
        Column("arrived_at", _("到场时间"), sort=("arrived_at",), shown=False),
        Column("submitted_at", _("提交时间"), sort=("submitted_at",), shown=False),
        Column("returns", _("退回次数"), sort=("returns",), shown=False),
        Column("supervised", _("督办"), value=lambda task: task.get_supervised_display() or None, sort=("supervised",)),
        Column("route_override", _("不按建议派发的理由"), shown=False),
    ),
    verbs={
        "route": services.route,
        "withdraw": services.withdraw,
        "accept": services.accept,
        "hand_back": services.hand_back,
        "ask_help": visits.ask_help,
        "insist": services.insist,
        "arrive": services.arrive,
        "record": services.record,
        "submit": services.submit,
        "send_back": services.send_back,
        "close": services.close,
        "suspend": services.suspend,
        "resume": services.resume,
        "reopen": services.reopen,
        "hand_over": handing.hand_over,
        "transfer": handing.transfer,
        "take_over": handing.take_over,
        "refuse_transfer": handing.refuse_transfer,
        "call_in": joint.call_in,
        "supervise": orders.supervise,
    },
    detail=_context,
    tell=selectors.tell,
    templates={"detail": "dispatch/task.html"},
    forms={
        "route": forms.RouteForm,
        "submit": forms.SubmitForm,
        "arrive": forms.ArriveForm,
        "hand_over": forms.HandOverForm,
        "transfer": forms.TransferForm,
        "call_in": forms.CallInForm,
        "supervise": forms.SuperviseForm,
    },
    on_clock=jobs.on_clock,
    statistics=(
        Statistic("to_review", _("待审核"), {"state": "submitted"}, _("已交上来、等负责人审核的任务数")),
        Statistic(
            "handed_back", _("退单待定"), {"state": "handed_back"}, _("网格员或执法人员退回、等调度员裁定的任务数")
        ),
        Statistic("transferring", _("移交待接"), {"state": "transferring"}, _("已请其他部门接收、等对方表态的任务数")),
    ),
)
