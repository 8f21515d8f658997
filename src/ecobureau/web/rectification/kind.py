"""Rectification (督察整改) and hanging accounts (挂账督办) as kinds of record."""

from __future__ import annotations

from collections.abc import Mapping

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core import placenames
from ecobureau.web.core.access import AccessTable, Reach
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.rectification import forms, selectors, services
from ecobureau.web.rectification.flow import HANGING, RECTIFICATION
from ecobureau.web.rectification.models import Hanging, Rectification
from ecobureau.words import _

_ALL: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG, Reach.UNIT),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.ENFORCEMENT_OFFICER: (Reach.AREA, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
}
_ACTING: Mapping[str, tuple[Reach, ...]] = {role: ways for role, ways in _ALL.items() if role != Role.DUTY_OFFICER}
ACCESS: AccessTable = {
    "view": {**_ALL, Role.AUDITOR: (Reach.ORG,)},
    "act": _ACTING,
    "attach": _ACTING,
    "export": {
        **{role: ways for role, ways in _ALL.items() if role != Role.ENFORCEMENT_OFFICER},
        Role.AUDITOR: (Reach.ORG,),
    },
    "create": {Role.DISPATCHER: (Reach.ORG,), Role.LEADER: (Reach.ORG,), Role.UNIT_HEAD: (Reach.ORG,)},
}

_LETTER = Paper("letter", _("督办函"))
_PROOF = Paper("proof", _("整改佐证材料"))
_PHOTO = Paper("photo", _("现场照片"))

RECTIFICATION_KIND = Kind(
    code="rectification",
    plural="rectifications",
    prefix="ZG",
    name=_("督察整改"),
    name_plural=_("督察整改"),
    model=Rectification,
    flow=RECTIFICATION,
    access=ACCESS,
    papers=(
        Paper("plan", _("整改方案")),
        _PROOF,
        Paper("acceptance", _("行业验收意见")),
        _PHOTO,
        Paper("notice", _("公示文本")),
        Paper("look_back", _("回头看记录")),
        _LETTER,
    ),
    related=("owner_person",),
    columns=(
        Column("source", _("来源"), value=lambda each: each.get_source_display(), sort=("source",)),
        Column("batch", _("督察批次"), shown=False),
        Column("item", _("反馈条目号"), shown=False),
        Column("owner_unit", _("责任单位"), lambda each: placenames.name_of(each.owner_unit), sort=("owner_unit",)),
        Column("accepting_unit", _("验收单位"), lambda each: placenames.name_of(each.accepting_unit), shown=False),
        Column("due_on", _("完成时限"), sort=("due_on",)),
        Column("progress", _("进度 %"), sort=("progress",)),
        Column("standing", _("进展"), value=selectors.colour_name),
        Column("rebounds", _("反弹次数"), sort=("rebounds",), shown=False),
    ),
    verbs={
        "submit_plan": services.submit_plan,
        "report": services.report,
        "extend": services.extend,
        "urge": services.urge,
        "self_check": services.self_check,
        "accept": services.accept,
        "refuse": services.refuse_work,
        "fail": services.fail,
        "publicise": services.publicise,
        "object": services.object_to,
        "send_back": services.send_back,
        "rebound": services.rebound,
    },
    forms={
        "create": forms.EnterForm,
        "report": forms.ReportForm,
        "extend": forms.DueForm,
        "rebound": forms.DueForm,
    },
    create=services.enter,
    imports=(
        *("title", "source", "batch", "item", "feedback_on", "level", "org_path", "owner_unit", "demand", "key_steps"),
        *("due_on", "accepting_unit", "note"),
    ),
    detail=selectors.rectification_context,
    tell=selectors.tell,
    templates={"detail": "rectification/detail.html"},
    statistics=(
        Statistic("to_approve", _("方案待批"), {"state": "plan"}, _("已报方案、等领导批准的整改事项数")),
        Statistic("to_accept", _("待验收"), {"state": "self_checked"}, _("自查完成、等验收单位验收的整改事项数")),
        Statistic("to_verify", _("待核查"), {"state": "accepted"}, _("验收通过、等现场核查的整改事项数")),
        Statistic("to_close", _("待销号"), {"state": "applied"}, _("已申请销号、等领导销号的整改事项数")),
    ),
)

HANGING_KIND = Kind(
    code="hanging",
    plural="hangings",
    prefix="GZ",
    name=_("挂账督办"),
    name_plural=_("挂账督办"),
    model=Hanging,
    flow=HANGING,
    access=ACCESS,
    papers=(_PROOF, _PHOTO, _LETTER),
    related=("owner_person",),
    columns=(
        Column("owner_unit", _("责任单位"), lambda each: placenames.name_of(each.owner_unit), sort=("owner_unit",)),
        Column("leader", _("包保领导"), sort=("leader",)),
        Column("hung_on", _("挂账日期"), sort=("hung_on",)),
        Column("due_on", _("完成时限"), sort=("due_on",)),
        Column("refusals", _("退回次数"), sort=("refusals",)),
    ),
    verbs={
        "prove": services.prove,
        "urge": services.urge,
        "extend": services.extend,
        "refuse": services.refuse_proof,
    },
    forms={"create": forms.HangForm, "prove": forms.ProveForm, "extend": forms.DueForm},
    create=services.hang,
    imports=("title", "subject", "level", "org_path", "owner_unit", "leader", "demand", "hung_on", "due_on", "note"),
    detail=selectors.hanging_context,
    tell=selectors.tell,
    templates={"detail": "rectification/detail.html"},
    statistics=(
        Statistic("hung", _("挂账中"), {"state": "hung"}, _("还没有举证的挂账事项数")),
        Statistic("to_verify", _("待核验"), {"state": "answered"}, _("已举证、等现场核验的挂账事项数")),
        Statistic("to_clear", _("待销账"), {"state": "verified"}, _("已核验、等领导销账的挂账事项数")),
    ),
)
