"""What a matter of rectification and a hanging account can go through (workflow reference 6.1)."""

from __future__ import annotations

from datetime import date, datetime

from ecobureau.domain.workflow import ClockSpec, Context, Flow, Paper, Refusal, Role, State, Transition, beijing_day
from ecobureau.words import _

_OFFICE = (Role.DISPATCHER, Role.UNIT_HEAD)
_HANDS = (Role.UNIT_HEAD, Role.ENFORCEMENT_OFFICER, Role.DISPATCHER)
_ABOVE = (Role.LEADER,)
_CHECKERS = (Role.UNIT_HEAD, Role.ENFORCEMENT_OFFICER, Role.LEADER)
WORKED_ON = ("submit_plan", "report", "self_check", "accept")
_LOOKED = (Paper("look_back", _("回头看记录")),)


def _owner(context: Context) -> Refusal | None:
    """`owner` in the data is set by the service: the actor speaks for the unit that has to mend it."""
    return None if context.data.get("owner") else Refusal("rectification.not_owner")


def _acceptor(context: Context) -> Refusal | None:
    return None if context.data.get("acceptor") else Refusal("rectification.not_acceptor")


def _all_done(context: Context) -> Refusal | None:
    progress = int(str(context.facts["progress"]))
    return None if progress >= 100 else Refusal("rectification.not_done", {"progress": progress})


def _publicity_over(context: Context) -> Refusal | None:
    until = context.facts.get("publicity_until")
    if isinstance(until, datetime) and context.now >= until:
        return None
    return Refusal("rectification.publicity_runs", {"until": until or ""})


def _later(context: Context) -> Refusal | None:
    wanted = context.data.get("due_on")
    if isinstance(wanted, date) and wanted > beijing_day(context.now):
        return None
    return Refusal("rectification.due_past")


RECTIFICATION = Flow(
    kind="rectification",
    initial="feedback",
    starts=("rectify",),
    states=(
        State("feedback", _("反馈"), step=1),
        State("plan", _("方案"), step=2, bound=True),
        State("rectifying", _("整改中"), step=3, bound=True),
        State("self_checked", _("已自查"), step=4, bound=True),
        State("accepted", _("行业验收"), step=5, bound=True),
        State("verified", _("现场核查"), step=6, bound=True),
        State("publicised", _("公示中"), step=7, bound=True),
        State("applied", _("已申请销号"), step=8, bound=True),
        State("closed", _("已销号"), step=9, final=True, bound=True),
        State("looking_back", _("回头看"), bound=True),
        State("consolidated", _("巩固"), final=True, bound=True),
    ),
    clocks=(
        ClockSpec(code="rectify", name=_("整改时限"), rule="record:due_on", escalate="rectification:rect.escalate"),
        ClockSpec(
            code="publicity",
            name=_("公示"),
            rule="rectification:rect.publicity_workdays",
            escalate="rectification:rect.publicity",
        ),
        ClockSpec(
            code="look_back",
            name=_("回头看"),
            rule="rectification:rect.look_back",
            escalate="rectification:rect.escalate",
        ),
    ),
    transitions=(
        Transition(
            verb="submit_plan",
            name=_("报方案"),
            sources=("feedback",),
            target="plan",
            roles=_HANDS,
            papers=(Paper("plan", _("整改方案")),),
            guards=(_owner,),
            primary=True,
        ),
        Transition(
            verb="approve_plan",
            name=_("批准方案"),
            sources=("plan",),
            target="rectifying",
            roles=_ABOVE,
            not_same_as=("submit_plan",),
            primary=True,
        ),
        Transition(
            verb="return_plan",
            name=_("退回方案"),
            sources=("plan",),
            target="feedback",
            roles=_ABOVE,
            reason_required=True,
        ),
        Transition(
            verb="report",
            name=_("报进展"),
            sources=("rectifying",),
            target=None,
            roles=_HANDS,
            needs=("progress",),
            guards=(_owner,),
            primary=True,
        ),
        Transition(
            verb="extend",
            name=_("调整时限"),
            sources=("feedback", "plan", "rectifying"),
            target=None,
            roles=_ABOVE,
            reason_required=True,
            needs=("due_on",),
            guards=(_later,),
            starts=("rectify",),
        ),
        Transition(
            verb="urge",
            name=_("发督办函"),
            sources=("feedback", "plan", "rectifying", "self_checked"),
            target=None,
            roles=(*_OFFICE, Role.LEADER),
            reason_required=True,
        ),
        Transition(
            verb="self_check",
            name=_("自查完成"),
            sources=("rectifying",),
            target="self_checked",
            roles=_HANDS,
            papers=(Paper("proof", _("整改佐证材料")),),
            guards=(_owner, _all_done),
        ),
        Transition(
            verb="accept",
            name=_("验收通过"),
            sources=("self_checked",),
            target="accepted",
            roles=_HANDS,
            not_same_as=("submit_plan", "report", "self_check"),
            papers=(Paper("acceptance", _("行业验收意见")),),
            guards=(_acceptor,),
            stops=("rectify",),
            primary=True,
        ),
        Transition(
            verb="refuse",
            name=_("验收不通过"),
            sources=("self_checked",),
            target="rectifying",
            roles=_HANDS,
            reason_required=True,
            guards=(_acceptor,),
        ),
        Transition(
            verb="verify",
            name=_("核查通过"),
            sources=("accepted",),
            target="verified",
            roles=_CHECKERS,
            not_same_as=WORKED_ON,
            papers=(Paper("photo", _("现场照片")),),
            primary=True,
        ),
        Transition(
            verb="fail",
            name=_("核查不通过"),
            sources=("accepted",),
            target="rectifying",
            roles=_CHECKERS,
            not_same_as=WORKED_ON,
            reason_required=True,
            starts=("rectify",),
        ),
        Transition(
            verb="publicise",
            name=_("公示"),
            sources=("verified",),
            target="publicised",
            roles=(*_OFFICE, Role.LEADER),
            papers=(Paper("notice", _("公示文本")),),
            starts=("publicity",),
            primary=True,
        ),
        Transition(
            verb="object",
            name=_("有异议，重新整改"),
            sources=("publicised",),
            target="rectifying",
            roles=(*_OFFICE, Role.LEADER),
            reason_required=True,
            starts=("rectify",),
            stops=("publicity",),
        ),
        Transition(
            verb="apply",
            name=_("申请销号"),
            sources=("publicised",),
            target="applied",
            roles=_HANDS,
            guards=(_publicity_over,),
            stops=("publicity",),
            primary=True,
        ),
        Transition(
            verb="close",
            name=_("销号"),
            sources=("applied",),
            target="closed",
            roles=_ABOVE,
            not_same_as=(*WORKED_ON, "verify", "apply"),
            starts=("look_back",),
            primary=True,
        ),
        Transition(
            verb="send_back",
            name=_("退回整改"),
            sources=("applied",),
            target="rectifying",
            roles=_ABOVE,
            reason_required=True,
            starts=("rectify",),
        ),
        Transition(
            verb="look_back",
            name=_("开展回头看"),
            sources=("closed",),
            target="looking_back",
            roles=_CHECKERS,
            stops=("look_back",),
            primary=True,
        ),
        Transition(
            verb="consolidate",
            name=_("确认巩固"),
            sources=("looking_back",),
            target="consolidated",
            roles=_ABOVE,
            not_same_as=("look_back",),
            papers=_LOOKED,
            primary=True,
        ),
        Transition(
            verb="rebound",
            name=_("反弹，重开"),
            sources=("looking_back",),
            target="rectifying",
            roles=_ABOVE,
            reason_required=True,
            needs=("due_on",),
            papers=_LOOKED,
            guards=(_later,),
            starts=("rectify",),
            danger=True,
        ),
    ),
)

HANGING = Flow(
    kind="hanging",
    initial="hung",
    starts=("clear",),
    states=(
        State("hung", _("挂账"), step=1, bound=True),
        State("answered", _("已举证"), step=2, bound=True),
        State("verified", _("已核验"), step=3, bound=True),
        State("cleared", _("已销账"), step=4, final=True, bound=True),
    ),
    clocks=(ClockSpec(code="clear", name=_("销账时限"), rule="record:due_on", escalate="rectification:rect.escalate"),),
    transitions=(
        Transition(
            verb="prove",
            name=_("举证"),
            sources=("hung",),
            target="answered",
            roles=_HANDS,
            needs=("answer",),
            papers=(Paper("proof", _("整改佐证材料")),),
            guards=(_owner,),
            primary=True,
        ),
        Transition(
            verb="urge",
            name=_("发督办函"),
            sources=("hung",),
            target=None,
            roles=(*_OFFICE, Role.LEADER),
            reason_required=True,
        ),
        Transition(
            verb="extend",
            name=_("调整时限"),
            sources=("hung", "answered"),
            target=None,
            roles=_ABOVE,
            reason_required=True,
            needs=("due_on",),
            guards=(_later,),
            starts=("clear",),
        ),
        Transition(
            verb="verify",
            name=_("核验属实"),
            sources=("answered",),
            target="verified",
            roles=_CHECKERS,
            not_same_as=("prove",),
            papers=(Paper("photo", _("现场照片")),),
            primary=True,
        ),
        Transition(
            verb="refuse",
            name=_("证据不足，退回"),
            sources=("answered", "verified"),
            target="hung",
            roles=_CHECKERS,
            not_same_as=("prove",),
            reason_required=True,
        ),
        Transition(
            verb="clear",
            name=_("销账"),
            sources=("verified",),
            target="cleared",
            roles=_ABOVE,
            not_same_as=("prove", "verify"),
            stops=("clear",),
            primary=True,
        ),
    ),
)
