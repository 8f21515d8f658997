"""What a task (任务) can go through: from dispatch to closure (workflow reference 1.3–1.7)."""

from __future__ import annotations

from ecobureau.domain.workflow import ClockSpec, Context, Flow, Paper, Reason, Refusal, Role, State, Transition
from ecobureau.words import _

HAND_BACK_REASONS = (
    Reason("not_ours", _("不属职责")),
    Reason("wrong_place", _("地点错误")),
    Reason("repeat", _("重复")),
    Reason("unreachable", _("无法到达")),
    Reason("no_entry", _("进不去")),
)
HELP_REASONS = (
    Reason("danger", _("有危险")),
    Reason("people", _("人手不够")),
    Reason("tools", _("要设备或检测")),
    Reason("advice", _("不知道怎么办")),
)
"""For what somebody on site asks the office for help."""
PAUSE_REASONS = (
    Reason("weather", _("恶劣天气，无法作业")),
    Reason("waiting_lab", _("等待检测结果")),
    Reason("court_order", _("有关机关要求中止")),
    Reason("stopped_production", _("企业停产，待恢复后核查")),
)
TASK_KINDS = {
    "grid_check": _("网格巡查"),
    "enforcement_visit": _("执法检查"),
}
"""Kinds of task. What each must bring back is `EVIDENCE`."""

_FIELD = (Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER)
_IN_HAND = ("dispatched", "accepted", "onsite", "evidence")
ROUTING = (Role.DISPATCHER, Role.DUTY_OFFICER)
"""Who sends and routes."""

EVIDENCE: dict[str, tuple[Paper, ...]] = {
    "grid_check": (Paper("photo", _("现场照片")),),
    "enforcement_visit": (
        Paper("photo", _("现场照片"), 3),
        Paper("data_snapshot", _("监测数据快照")),
        Paper("sketch", _("现场示意图")),
        Paper("statement", _("当事人陈述或拒绝说明")),
    ),
}
"""The least that a task of a kind must bring back (workflow reference 1.7)."""


BY_PROGRAM = "data_snapshot"
"""The paper that the program makes itself, on arrival and on submission; without instruments there is none to make."""


def papers_for(task_kind: str, has_series: bool) -> tuple[Paper, ...]:
    """Return the papers that a task of a kind must hold before it may be submitted.

    Args:
        has_series: instruments at its subject report to the bureau.
    """
    return tuple(paper for paper in EVIDENCE[task_kind] if has_series or paper.kind != BY_PROGRAM)


def papers_of(context: Context) -> tuple[Paper, ...]:
    """Return the papers that this task must hold before it may be submitted."""
    return papers_for(str(context.facts["task_kind"]), bool(context.facts.get("has_series")))


def _two_officers(context: Context) -> Refusal | None:
    officers = context.data.get("officers")
    if context.facts.get("task_kind") != "enforcement_visit":
        return None
    if (
        not isinstance(officers, (list, tuple))
        or len({str(each).strip() for each in officers if str(each).strip()}) < 2
    ):
        return Refusal("dispatch.two_officers")
    return None


def _answered(context: Context) -> Refusal | None:
    """`unanswered` in the data is set by the service: words of the first question without an answer."""
    asked = context.data.get("unanswered")
    return Refusal("dispatch.unanswered", {"ask": str(asked)}) if asked else None


def _is_ours(context: Context) -> Refusal | None:
    owner = context.facts.get("owner_person")
    if owner is not None and owner != context.actor:
        return Refusal("dispatch.somebody_elses")
    return None


def _ours_or_head(context: Context) -> Refusal | None:
    return None if Role.UNIT_HEAD in context.roles else _is_ours(context)


def receiver(context: Context) -> Refusal | None:
    """`receiver` in the data is set by the service: the actor holds the role for the unit that is asked to take it."""
    return None if context.data.get("receiver") else Refusal("dispatch.not_receiver")


def _another_unit(context: Context) -> Refusal | None:
    if context.data.get("unit") == context.facts.get("owner_unit"):
        return Refusal("dispatch.same_unit")
    return None


def _helpers_answered(context: Context) -> Refusal | None:
    waiting = context.facts.get("helpers_waiting")
    return Refusal("dispatch.helpers_waiting", {"n": waiting}) if isinstance(waiting, int) and waiting else None


def _not_paused_too_often(context: Context) -> Refusal | None:
    times, limit = (int(str(context.facts[key])) for key in ("suspensions", "suspensions_most"))
    return Refusal("dispatch.paused_too_often", {"times": times}) if times >= limit else None


def _leader_after_two_returns(context: Context) -> Refusal | None:
    returns, limit = (int(str(context.facts[key])) for key in ("returns", "returns_before_leader"))
    if returns >= limit and Role.LEADER not in context.roles:
        return Refusal("dispatch.leader_must_sign", {"returns": returns})
    return None


def _within_reopen_days(context: Context) -> Refusal | None:
    days, limit = context.facts.get("days_since_closed"), context.facts.get("reopen_days")
    if isinstance(days, int) and isinstance(limit, int) and days > limit:
        return Refusal("clues.reopen_too_late", {"days": days, "limit": limit})
    return None


FLOW = Flow(
    kind="task",
    initial="dispatched",
    starts=("accept", "arrive", "first_result", "close"),
    pause_reasons=PAUSE_REASONS,
    states=(
        State("dispatched", _("已派发"), step=1),
        State("accepted", _("已签收"), step=2, bound=True),
        State("onsite", _("现场处置"), step=3, bound=True),
        State("evidence", _("已取证"), step=4, bound=True),
        State("submitted", _("待审核"), step=5, bound=True),
        State("closed", _("已销号"), step=6, final=True, bound=True),
        State("handed_back", _("退单待定")),
        State("suspended", _("已中止"), bound=True),
        State("transferring", _("移交待接"), bound=True),
        State("withdrawn", _("已撤回"), final=True),
    ),
    transitions=(
        Transition(
            verb="route",
            name=_("改派"),
            sources=("dispatched", "handed_back"),
            target="dispatched",
            roles=ROUTING,
            needs=("unit",),
            stops=("decide",),
            starts=("accept",),
        ),
        Transition(
            verb="withdraw",
            name=_("撤回"),
            sources=("dispatched", "handed_back"),
            target="withdrawn",
            roles=ROUTING,
            reason_required=True,
            stops=("accept", "arrive", "first_result", "close", "decide"),
            danger=True,
        ),
        Transition(
            verb="accept",
            name=_("接单"),
            sources=("dispatched",),
            target="accepted",
            roles=_FIELD,
            guards=(_is_ours,),
            stops=("accept",),
            primary=True,
        ),
        Transition(
            verb="hand_back",
            name=_("不是我的 / 去不了"),
            sources=_IN_HAND,
            target="handed_back",
            roles=_FIELD,
            reason_required=True,
            reasons=HAND_BACK_REASONS,
            guards=(_is_ours,),
            stops=("accept",),
            starts=("decide",),
        ),
        Transition(
            verb="ask_help",
            name=_("找人帮忙"),
            sources=_IN_HAND,
            target=None,
            roles=_FIELD,
            reason_required=True,
            reasons=HELP_REASONS,
            guards=(_is_ours,),
        ),
        Transition(
            verb="insist",
            name=_("维持原派"),
            sources=("handed_back",),
            target="dispatched",
            roles=ROUTING,
            reason_required=True,
            stops=("decide",),
            starts=("accept",),
        ),
        Transition(
            verb="arrive",
            name=_("我到了"),
            sources=("accepted",),
            target="onsite",
            roles=_FIELD,
            guards=(_is_ours,),
            stops=("arrive",),
            primary=True,
        ),
        Transition(
            verb="record",
            name=_("固定证据"),
            sources=("onsite", "evidence"),
            target="evidence",
            roles=_FIELD,
            guards=(_is_ours,),
        ),
        Transition(
            verb="submit",
            name=_("交上去"),
            sources=("onsite", "evidence"),
            target="submitted",
            roles=_FIELD,
            needs=("result",),
            guards=(_is_ours, _answered, _two_officers),
            papers=papers_of,
            stops=("first_result",),
            primary=True,
        ),
        Transition(
            verb="send_back",
            name=_("退回"),
            sources=("submitted",),
            target="onsite",
            roles=(Role.UNIT_HEAD, Role.LEADER),
            not_same_as=("submit", "accept"),
            reason_required=True,
            starts=("first_result",),
        ),
        Transition(
            verb="close",
            name=_("销号"),
            sources=("submitted",),
            target="closed",
            roles=(Role.UNIT_HEAD, Role.LEADER),
            not_same_as=("submit", "accept"),
            guards=(_leader_after_two_returns, _helpers_answered),
            stops=("close",),
            primary=True,
        ),
        Transition(
            verb="suspend",
            name=_("中止"),
            sources=("accepted", "onsite", "evidence"),
            target="suspended",
            roles=(Role.UNIT_HEAD,),
            reason_required=True,
            reasons=PAUSE_REASONS,
            guards=(_not_paused_too_often,),
            pauses=("arrive", "first_result", "close"),
            starts=("pause",),
        ),
        Transition(
            verb="resume",
            name=_("恢复"),
            sources=("suspended",),
            target="accepted",
            roles=(Role.UNIT_HEAD, Role.SYSTEM),
            resumes=("arrive", "first_result", "close"),
            stops=("pause",),
        ),
        Transition(
            verb="hand_over",
            name=_("转交他人"),
            sources=("accepted", "onsite", "evidence"),
            target="dispatched",
            roles=(*_FIELD, Role.UNIT_HEAD),
            reason_required=True,
            needs=("person",),
            guards=(_ours_or_head,),
            starts=("accept",),
        ),
        Transition(
            verb="call_in",
            name=_("联合处置"),
            sources=_IN_HAND,
            target=None,
            roles=(*ROUTING, Role.UNIT_HEAD),
            needs=("units",),
        ),
        Transition(
            verb="supervise",
            name=_("督办"),
            sources=(*_IN_HAND, "submitted", "handed_back", "transferring", "suspended"),
            target=None,
            roles=(Role.LEADER, Role.DUTY_OFFICER),
            needs=("grade", "demand"),
        ),
        Transition(
            verb="transfer",
            name=_("移交部门"),
            sources=(*_IN_HAND, "handed_back"),
            target="transferring",
            roles=(*ROUTING, Role.UNIT_HEAD),
            reason_required=True,
            needs=("unit",),
            guards=(_another_unit,),
            stops=("accept", "decide"),
            starts=("transfer",),
        ),
        Transition(
            verb="take_over",
            name=_("接收"),
            sources=("transferring",),
            target="dispatched",
            roles=(*ROUTING, Role.UNIT_HEAD),
            guards=(receiver,),
            stops=("transfer",),
            starts=("accept",),
            primary=True,
        ),
        Transition(
            verb="refuse_transfer",
            name=_("不予接收"),
            sources=("transferring",),
            target="dispatched",
            roles=(*ROUTING, Role.UNIT_HEAD),
            reason_required=True,
            guards=(receiver,),
            stops=("transfer",),
            starts=("accept",),
        ),
        Transition(
            verb="reopen",
            name=_("重开"),
            sources=("closed",),
            target="dispatched",
            roles=(*ROUTING, Role.UNIT_HEAD),
            reason_required=True,
            guards=(_within_reopen_days,),
            starts=("accept", "arrive", "first_result", "close"),
        ),
    ),
    clocks=(
        ClockSpec(code="accept", name=_("签收"), rule="sla:task.sla.{level}.accept", escalate="sla:task.escalate"),
        ClockSpec(code="arrive", name=_("到场"), rule="sla:task.sla.{level}.arrive", escalate="sla:task.escalate"),
        ClockSpec(
            code="first_result", name=_("初步结果"), rule="sla:task.sla.{level}.result", escalate="sla:task.escalate"
        ),
        ClockSpec(code="close", name=_("办结"), rule="sla:task.sla.{level}.close", escalate="sla:task.escalate"),
        ClockSpec(code="decide", name=_("退单裁定"), rule="sla:task.reject_decide", escalate="sla:task.escalate"),
        ClockSpec(code="transfer", name=_("移交表态"), rule="sla:task.transfer_decide", escalate="sla:task.escalate"),
        ClockSpec(code="pause", name=_("中止期限"), rule="sla:task.pause_max", escalate="sla:task.escalate"),
    ),
)
