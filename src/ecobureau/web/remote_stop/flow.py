"""What a remote stop and a permit of night work can go through (workflow reference 6.7)."""

from __future__ import annotations

from ecobureau.domain.workflow import ClockSpec, Context, Flow, Refusal, Role, State, Transition
from ecobureau.words import _

_DESK = (Role.DUTY_OFFICER, Role.DISPATCHER)
_SIGHT = (*_DESK, Role.UNIT_HEAD)
OUTCOMES = ("answered", "not_answered", "failed", "handed")
"""Of a call. `handed`: a program outside took it over and does not say how it ended."""


def _reached(context: Context) -> Refusal | None:
    return None if context.facts.get("reached") else Refusal("remote_stop.not_reached")


STOP = Flow(
    kind="remote_stop",
    initial="triggered",
    starts=("call",),
    states=(
        State("triggered", _("已触发"), step=1),
        State("checked", _("已查许可"), step=2),
        State("called", _("已呼叫"), step=3, bound=True),
        State("ordered", _("已下停工令"), step=4, bound=True),
        State("stopped", _("已停工"), step=5, final=True, bound=True),
        State("not_stopped", _("未停工"), bound=True),
        State("handed", _("已转执法"), final=True, bound=True),
        State("permitted", _("属许可作业"), final=True, bound=True),
        State("void", _("已撤销"), final=True),
    ),
    clocks=(
        ClockSpec(
            code="call", name=_("喊停"), rule="remote_stop:noise.call_min", escalate="remote_stop:noise.escalate"
        ),
        ClockSpec(
            code="verify", name=_("核实"), rule="remote_stop:noise.verify_min", escalate="remote_stop:noise.escalate"
        ),
        ClockSpec(
            code="hand", name=_("转执法"), rule="remote_stop:noise.hand_min", escalate="remote_stop:noise.escalate"
        ),
    ),
    transitions=(
        Transition(
            verb="check_permit",
            name=_("查看许可"),
            sources=("triggered", "checked"),
            target="checked",
            roles=(*_DESK, Role.SYSTEM),
        ),
        Transition(
            verb="allow",
            name=_("许可作业"),
            sources=("checked",),
            target="permitted",
            roles=(Role.SYSTEM,),
            needs=("permit",),
            stops=("call",),
        ),
        Transition(
            verb="call_machine",
            name=_("语音呼叫"),
            sources=("checked", "called"),
            target="called",
            roles=_DESK,
            needs=("call", "phone"),
        ),
        Transition(
            verb="machine_answer",
            name=_("语音呼叫结果"),
            sources=("called", "ordered", "not_stopped"),
            target=None,
            roles=(Role.SYSTEM,),
            needs=("call", "outcome"),
        ),
        Transition(
            verb="call_human",
            name=_("人工呼叫"),
            sources=("checked", "called"),
            target="called",
            roles=_DESK,
            needs=("phone", "outcome"),
            primary=True,
        ),
        Transition(
            verb="order",
            name=_("下停工令"),
            sources=("called",),
            target="ordered",
            roles=_DESK,
            needs=("told",),
            guards=(_reached,),
            stops=("call",),
            starts=("verify",),
        ),
        Transition(
            verb="unreached",
            name=_("联系不上"),
            sources=("called",),
            target="not_stopped",
            roles=_DESK,
            reason_required=True,
            stops=("call",),
            starts=("hand",),
        ),
        Transition(
            verb="verify_data",
            name=_("按数据核实"),
            sources=("ordered",),
            target=None,
            roles=(*_SIGHT, Role.SYSTEM),
            needs=("verdict", "level"),
            primary=True,
        ),
        Transition(
            verb="data_stopped",
            name=_("数据显示已停"),
            sources=("ordered",),
            target="stopped",
            roles=(Role.SYSTEM,),
            needs=("level",),
            stops=("verify",),
        ),
        Transition(
            verb="data_running",
            name=_("数据显示未停"),
            sources=("ordered",),
            target="not_stopped",
            roles=(Role.SYSTEM,),
            needs=("level",),
            stops=("verify",),
            starts=("hand",),
        ),
        Transition(
            verb="confirm_stopped",
            name=_("人工核实已停"),
            sources=("ordered",),
            target="stopped",
            roles=_SIGHT,
            reason_required=True,
            stops=("verify",),
        ),
        Transition(
            verb="confirm_running",
            name=_("人工核实未停"),
            sources=("ordered",),
            target="not_stopped",
            roles=_SIGHT,
            reason_required=True,
            stops=("verify",),
            starts=("hand",),
        ),
        Transition(
            verb="to_enforcement",
            name=_("转执法"),
            sources=("not_stopped",),
            target="handed",
            roles=_DESK,
            needs=("task", "basis"),
            stops=("hand",),
            primary=True,
        ),
        Transition(
            verb="cancel",
            name=_("撤销"),
            sources=("triggered", "checked", "called"),
            target="void",
            roles=_DESK,
            reason_required=True,
            stops=("call",),
            danger=True,
        ),
    ),
)

PERMIT = Flow(
    kind="night_permit",
    initial="valid",
    states=(
        State("valid", _("有效"), step=1, bound=True),
        State("revoked", _("已作废"), final=True, bound=True),
    ),
    transitions=(
        Transition(
            verb="revoke",
            name=_("作废"),
            sources=("valid",),
            target="revoked",
            roles=(Role.DISPATCHER, Role.UNIT_HEAD),
            reason_required=True,
            danger=True,
        ),
    ),
)

CAMERA = Flow(
    kind="site_camera",
    initial="in_use",
    states=(
        State("in_use", _("在用"), step=1, bound=True),
        State("removed", _("已拆除"), final=True, bound=True),
    ),
    transitions=(
        Transition(
            verb="readdress",
            name=_("改视频地址"),
            sources=("in_use",),
            target=None,
            roles=(Role.DISPATCHER, Role.UNIT_HEAD),
            needs=("address",),
        ),
        Transition(
            verb="remove",
            name=_("拆除"),
            sources=("in_use",),
            target="removed",
            roles=(Role.DISPATCHER, Role.UNIT_HEAD),
            reason_required=True,
            danger=True,
        ),
    ),
)
