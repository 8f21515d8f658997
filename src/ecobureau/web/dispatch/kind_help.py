"""Help and supervision orders as kinds of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core.access import AccessTable, Reach
from ecobureau.web.core.records import Column, Kind
from ecobureau.web.dispatch import forms, joint, orders
from ecobureau.web.dispatch.flow_help import HELP, SUPERVISION
from ecobureau.web.dispatch.models import Help, Supervision
from ecobureau.words import _

_BELOW: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG, Reach.UNIT),
    Role.GRID_WORKER: (Reach.UNIT, Reach.OWN),
    Role.ENFORCEMENT_OFFICER: (Reach.UNIT, Reach.OWN),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
}
_READERS: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG, Reach.UNIT),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
    Role.AUDITOR: (Reach.ORG,),
}
ACCESS: AccessTable = {
    "view": {**_BELOW, Role.AUDITOR: (Reach.ORG,)},
    "act": _BELOW,
    "attach": {role: ways for role, ways in _BELOW.items() if role != Role.LEADER},
    "export": _READERS,
    "create": {},
}
"""Nobody makes one by hand: help comes from a task's `call_in`, an order from its `supervise`."""

_PAPERS = (Paper("photo", _("现场照片")), Paper("paper", _("材料")))


def _result(data: Mapping[str, Any]) -> str:
    return str(data.get("result") or data.get("answer") or "")


HELP_KIND = Kind(
    code="help",
    plural="helps",
    prefix="PH",
    name=_("配合事项"),
    name_plural=_("配合事项"),
    model=Help,
    flow=HELP,
    access=ACCESS,
    papers=_PAPERS,
    related=("task__clue", "owner_person"),
    columns=(
        Column("demand", _("请配合做什么")),
        Column("result", _("配合结果"), shown=False),
        Column("answered_at", _("反馈时间"), sort=("answered_at",), shown=False),
    ),
    verbs={
        "accept": joint.accept,
        "answer": joint.answer,
        "decline": joint.decline,
        "return": joint.send_back,
        "withdraw": joint.withdraw,
    },
    forms={"answer": forms.HelpAnswerForm},
    tell=_result,
)

SUPERVISION_KIND = Kind(
    code="supervision",
    plural="supervisions",
    prefix="DB",
    name=_("督办单"),
    name_plural=_("督办单"),
    model=Supervision,
    flow=SUPERVISION,
    access=ACCESS,
    papers=_PAPERS,
    related=("task__clue", "owner_person"),
    columns=(
        Column("demand", _("督办要求")),
        Column("answer", _("反馈"), shown=False),
        Column("pressed", _("再督次数"), sort=("pressed",)),
        Column("answered_at", _("反馈时间"), sort=("answered_at",), shown=False),
    ),
    verbs={
        "sign": orders.sign,
        "answer": orders.answer,
        "press": orders.press,
        "lift": orders.lift,
        "withdraw": orders.withdraw,
    },
    forms={"answer": forms.OrderAnswerForm},
    tell=_result,
)
