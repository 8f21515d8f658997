"""What an outfall goes through: 查 → 测 → 溯 → 治 → 管 (workflow reference 6.5).

Approval or registration, change and cancelling are procedures with a legal clock; whoever asks does not decide (④).
"""

from __future__ import annotations

from ecobureau.domain.workflow import ClockSpec, Context, Flow, Paper, Reason, Refusal, Role, State, Transition
from ecobureau.words import _

WORK = (Role.ENFORCEMENT_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD)
FIELD = (Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER, Role.UNIT_HEAD)
SIGN = (Role.UNIT_HEAD,)
LIVE = ("surveyed", "measured", "traced", "treating", "accepting", "managed", "deciding", "changing", "cancelling")

NOT_MEASURED = (
    Reason("dry", _("排查时无水")),
    Reason("flooded", _("口门被淹，无法采样")),
    Reason("unreachable", _("无法到达")),
)
STRIKE_REASONS = (
    Reason("no_outfall", _("现场核实不是排污口")),
    Reason("double", _("与另一口重复")),
    Reason("gone", _("已封堵、已拆除")),
)
CANCEL_REASONS = (
    Reason("stopped", _("不再排放")),
    Reason("merged", _("已并入另一口")),
    Reason("moved", _("已迁改")),
    Reason("plugged", _("已封堵、已拆除")),
)


def _measured(context: Context) -> Refusal | None:
    return None if context.facts.get("results") or context.reason else Refusal("outfall.no_result")


def _traced(context: Context) -> Refusal | None:
    known = context.facts.get("traced") or context.data.get("owner") or context.data.get("firm")
    return None if known else Refusal("outfall.no_owner")


def _stays(context: Context) -> Refusal | None:
    return None if context.facts.get("treatment") not in ("remove", "merge") else Refusal("outfall.removal")


def _goes(context: Context) -> Refusal | None:
    return None if context.facts.get("treatment") in ("remove", "merge") else Refusal("outfall.no_removal")


def _needs_approval(context: Context) -> Refusal | None:
    return None if context.facts.get("approval") == "approve" else Refusal("outfall.other_procedure")


def _needs_registration(context: Context) -> Refusal | None:
    return None if context.facts.get("approval") != "approve" else Refusal("outfall.other_procedure")


FLOW = Flow(
    kind="outfall",
    initial="surveyed",
    states=(
        State("surveyed", _("已排查（查）"), step=1),
        State("measured", _("已监测（测）"), step=2),
        State("traced", _("已溯源（溯）"), step=3),
        State("treating", _("整治中（治）"), step=4, bound=True),
        State("managed", _("监管中（管）"), step=5, bound=True),
        State("accepting", _("待验收")),
        State("deciding", _("设置审查中")),
        State("changing", _("变更待批"), bound=True),
        State("cancelling", _("注销待批"), bound=True),
        State("striking", _("核减待批")),
        State("cancelled", _("已注销"), final=True, bound=True),
        State("struck", _("已核减"), final=True),
    ),
    clocks=(
        ClockSpec(
            code="approve",
            name=_("设置审批"),
            rule="outfalls:outfall.clock.approve",
            escalate="outfalls:outfall.escalate",
            legal=True,
        ),
        ClockSpec(
            code="register",
            name=_("登记"),
            rule="outfalls:outfall.clock.register",
            escalate="outfalls:outfall.escalate",
            legal=True,
        ),
        ClockSpec(
            code="change",
            name=_("变更"),
            rule="outfalls:outfall.clock.change",
            escalate="outfalls:outfall.escalate",
            legal=True,
        ),
        ClockSpec(
            code="cancel",
            name=_("注销"),
            rule="outfalls:outfall.clock.cancel",
            escalate="outfalls:outfall.escalate",
            legal=True,
        ),
        ClockSpec(
            code="treat",
            name=_("整治"),
            rule="outfalls:outfall.clock.treat",
            escalate="outfalls:outfall.escalate",
        ),
    ),
    transitions=(
        Transition(verb="sample", name=_("登记监测结果"), sources=LIVE, target=None, roles=FIELD, needs=("results",)),
        Transition(
            verb="measure",
            name=_("完成监测"),
            sources=("surveyed",),
            target="measured",
            roles=FIELD,
            reasons=NOT_MEASURED,
            guards=(_measured,),
            primary=True,
        ),
        Transition(
            verb="trace",
            name=_("完成溯源"),
            sources=("measured",),
            target="traced",
            roles=WORK,
            guards=(_traced,),
            primary=True,
        ),
        Transition(
            verb="retrace",
            name=_("更正责任主体"),
            sources=("traced", "treating", "managed"),
            target=None,
            roles=WORK,
            reason_required=True,
            guards=(_traced,),
        ),
        Transition(
            verb="treat",
            name=_("开始整治"),
            sources=("traced", "managed"),
            target="treating",
            roles=WORK,
            needs=("treatment", "problem"),
            starts=("treat",),
            primary=True,
        ),
        Transition(
            verb="need_nothing",
            name=_("无需整治"),
            sources=("traced",),
            target="managed",
            roles=SIGN,
            not_same_as=("trace",),
            reason_required=True,
        ),
        Transition(
            verb="hand_in",
            name=_("申请验收"),
            sources=("treating",),
            target="accepting",
            roles=WORK,
            papers=(Paper("photo", _("照片")),),
            primary=True,
        ),
        Transition(
            verb="accept",
            name=_("验收通过"),
            sources=("accepting",),
            target="managed",
            roles=SIGN,
            not_same_as=("hand_in",),
            guards=(_stays,),
            stops=("treat",),
            primary=True,
        ),
        Transition(
            verb="accept_removal",
            name=_("验收并注销"),
            sources=("accepting",),
            target="cancelled",
            roles=SIGN,
            not_same_as=("hand_in",),
            guards=(_goes,),
            danger=True,
        ),
        Transition(
            verb="refuse",
            name=_("验收不通过"),
            sources=("accepting",),
            target="treating",
            roles=SIGN,
            not_same_as=("hand_in",),
            reason_required=True,
        ),
        Transition(
            verb="ask_approval",
            name=_("受理设置审批"),
            sources=("surveyed", "traced", "managed"),
            target="deciding",
            roles=WORK,
            guards=(_needs_approval,),
            starts=("approve",),
        ),
        Transition(
            verb="ask_registration",
            name=_("受理登记"),
            sources=("surveyed", "traced", "managed"),
            target="deciding",
            roles=WORK,
            guards=(_needs_registration,),
            starts=("register",),
        ),
        Transition(
            verb="grant",
            name=_("准予设置或登记"),
            sources=("deciding",),
            target="managed",
            roles=SIGN,
            not_same_as=("ask_approval", "ask_registration"),
            needs=("approval_number",),
            stops=("approve", "register"),
            primary=True,
        ),
        Transition(
            verb="deny",
            name=_("不予同意"),
            sources=("deciding",),
            target="traced",
            roles=SIGN,
            not_same_as=("ask_approval", "ask_registration"),
            reason_required=True,
            stops=("approve", "register"),
        ),
        Transition(
            verb="patrol",
            name=_("登记巡查"),
            sources=("managed", "treating"),
            target=None,
            roles=FIELD,
            needs=("finding",),
        ),
        Transition(
            verb="ask_change",
            name=_("受理变更"),
            sources=("managed",),
            target="changing",
            roles=WORK,
            needs=("pending",),
            starts=("change",),
        ),
        Transition(
            verb="grant_change",
            name=_("同意变更"),
            sources=("changing",),
            target="managed",
            roles=SIGN,
            not_same_as=("ask_change",),
            stops=("change",),
            primary=True,
        ),
        Transition(
            verb="deny_change",
            name=_("不同意变更"),
            sources=("changing",),
            target="managed",
            roles=SIGN,
            not_same_as=("ask_change",),
            reason_required=True,
            stops=("change",),
        ),
        Transition(
            verb="ask_cancel",
            name=_("受理注销"),
            sources=("managed",),
            target="cancelling",
            roles=WORK,
            reason_required=True,
            reasons=CANCEL_REASONS,
            starts=("cancel",),
            danger=True,
        ),
        Transition(
            verb="grant_cancel",
            name=_("同意注销"),
            sources=("cancelling",),
            target="cancelled",
            roles=SIGN,
            not_same_as=("ask_cancel",),
            primary=True,
        ),
        Transition(
            verb="deny_cancel",
            name=_("不同意注销"),
            sources=("cancelling",),
            target="managed",
            roles=SIGN,
            not_same_as=("ask_cancel",),
            reason_required=True,
            stops=("cancel",),
        ),
        Transition(
            verb="propose_strike",
            name=_("提出核减"),
            sources=("surveyed", "measured", "traced"),
            target="striking",
            roles=WORK,
            reason_required=True,
            reasons=STRIKE_REASONS,
            papers=(Paper("photo", _("照片")),),
            danger=True,
        ),
        Transition(
            verb="approve_strike",
            name=_("同意核减"),
            sources=("striking",),
            target="struck",
            roles=SIGN,
            not_same_as=("propose_strike",),
            primary=True,
        ),
        Transition(
            verb="refuse_strike",
            name=_("不同意核减"),
            sources=("striking",),
            target="surveyed",
            roles=SIGN,
            not_same_as=("propose_strike",),
            reason_required=True,
        ),
    ),
)
