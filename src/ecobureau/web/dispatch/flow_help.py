"""What an assisting unit's matter (配合) and a supervision order (督办) can go through."""

from __future__ import annotations

from ecobureau.domain.workflow import ClockSpec, Flow, Role, State, Transition
from ecobureau.web.dispatch.flow import HAND_BACK_REASONS, ROUTING, receiver
from ecobureau.words import _

_UNIT = (Role.UNIT_HEAD, Role.DISPATCHER, Role.ENFORCEMENT_OFFICER, Role.GRID_WORKER)
_LEAD = (*ROUTING, Role.UNIT_HEAD)

HELP = Flow(
    kind="help",
    initial="asked",
    starts=("accept", "answer"),
    states=(
        State("asked", _("已请求"), step=1),
        State("accepted", _("已签收"), step=2, bound=True),
        State("answered", _("已反馈"), step=3, bound=True),
        State("closed", _("已办结"), step=4, final=True, bound=True),
        State("declined", _("未予配合"), final=True, bound=True),
        State("withdrawn", _("已撤回"), final=True),
    ),
    transitions=(
        Transition(
            verb="accept",
            name=_("签收"),
            sources=("asked",),
            target="accepted",
            roles=_UNIT,
            guards=(receiver,),
            stops=("accept",),
            primary=True,
        ),
        Transition(
            verb="answer",
            name=_("反馈结果"),
            sources=("accepted",),
            target="answered",
            roles=_UNIT,
            needs=("result",),
            guards=(receiver,),
            stops=("answer",),
            primary=True,
        ),
        Transition(
            verb="decline",
            name=_("不予配合"),
            sources=("asked", "accepted"),
            target="declined",
            roles=(Role.UNIT_HEAD, Role.DISPATCHER),
            reason_required=True,
            reasons=HAND_BACK_REASONS,
            guards=(receiver,),
        ),
        Transition(
            verb="return",
            name=_("退回补充"),
            sources=("answered",),
            target="accepted",
            roles=_LEAD,
            not_same_as=("answer",),
            reason_required=True,
            starts=("answer",),
        ),
        Transition(
            verb="withdraw",
            name=_("撤回"),
            sources=("asked", "accepted"),
            target="withdrawn",
            roles=(*ROUTING, Role.SYSTEM),
            reason_required=True,
            danger=True,
        ),
        Transition(verb="close", name=_("办结"), sources=("answered",), target="closed", roles=(Role.SYSTEM,)),
    ),
    clocks=(
        ClockSpec(code="accept", name=_("签收"), rule="sla:task.sla.{level}.accept", escalate="sla:task.escalate"),
        ClockSpec(code="answer", name=_("反馈"), rule="sla:task.sla.{level}.result", escalate="sla:task.escalate"),
    ),
)

_ABOVE = (Role.LEADER, Role.DUTY_OFFICER)
_BELOW = (Role.UNIT_HEAD, Role.DISPATCHER, Role.ENFORCEMENT_OFFICER, Role.GRID_WORKER)

SUPERVISION = Flow(
    kind="supervision",
    initial="issued",
    starts=("sign", "answer"),
    states=(
        State("issued", _("已下达"), step=1, bound=True),
        State("signed", _("已签收"), step=2, bound=True),
        State("answered", _("已反馈"), step=3, bound=True),
        State("lifted", _("解除"), step=4, final=True, bound=True),
        State("withdrawn", _("已撤销"), final=True, bound=True),
    ),
    transitions=(
        Transition(
            verb="sign",
            name=_("签收"),
            sources=("issued",),
            target="signed",
            roles=_BELOW,
            stops=("sign",),
            primary=True,
        ),
        Transition(
            verb="answer",
            name=_("反馈"),
            sources=("signed",),
            target="answered",
            roles=_BELOW,
            needs=("answer",),
            stops=("answer",),
            primary=True,
        ),
        Transition(
            verb="press",
            name=_("再督"),
            sources=("answered",),
            target="issued",
            roles=_ABOVE,
            not_same_as=("answer",),
            reason_required=True,
            starts=("sign", "answer"),
        ),
        Transition(
            verb="lift",
            name=_("解除督办"),
            sources=("answered",),
            target="lifted",
            roles=_ABOVE,
            not_same_as=("answer",),
            primary=True,
        ),
        Transition(
            verb="withdraw",
            name=_("撤销督办"),
            sources=("issued", "signed", "answered"),
            target="withdrawn",
            roles=(*_ABOVE, Role.SYSTEM),
            reason_required=True,
            danger=True,
        ),
    ),
    clocks=(
        ClockSpec(code="sign", name=_("签收"), rule="sla:task.supervise.{level}.sign", escalate="sla:task.escalate"),
        ClockSpec(
            code="answer", name=_("反馈"), rule="sla:task.supervise.{level}.answer", escalate="sla:task.escalate"
        ),
    ),
)
