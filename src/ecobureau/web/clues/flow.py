"""What a clue (线索) can go through. Workflow reference 1.3: new → triage → task, dismissal, merge or watch."""

from __future__ import annotations

from ecobureau.domain.workflow import ClockSpec, Context, Flow, Reason, Refusal, Role, State, Transition
from ecobureau.words import _

OPEN = ("new", "triaged", "watching", "dismissing", "tasked")
"""States in which the matter is still alive: a further finding of the same rule extends the clue."""

_DESK = (Role.DUTY_OFFICER, Role.DISPATCHER)

DISMISS_REASONS = (
    Reason("calibration", _("校准、维护期间的数据")),
    Reason("normal_condition", _("工况正常波动")),
    Reason("instrument", _("仪器或传输故障")),
    Reason("declared", _("已有停产、检修申报")),
    Reason("wrong_rule", _("规则或限值设置不当")),
    Reason("other", _("其他（请写明）")),
)


def _other_needs_words(context: Context) -> Refusal | None:
    if context.reason == "other" and not context.note.strip():
        return Refusal("clues.other_needs_words")
    return None


def _within_reopen_days(context: Context) -> Refusal | None:
    days = context.facts.get("days_since_closed")
    limit = context.facts.get("reopen_days")
    if isinstance(days, int) and isinstance(limit, int) and days > limit:
        return Refusal("clues.reopen_too_late", {"days": days, "limit": limit})
    return None


FLOW = Flow(
    kind="clue",
    initial="new",
    starts=("triage",),
    states=(
        State("new", _("新线索"), step=1),
        State("triaged", _("已研判"), step=2),
        State("tasked", _("已派发"), step=3, bound=True),
        State("closed", _("已销号"), step=4, final=True, bound=True),
        State("watching", _("观察中")),
        State("dismissing", _("排除待批")),
        State("dismissed", _("已排除"), final=True),
        State("merged", _("已并案"), final=True),
    ),
    transitions=(
        Transition(
            verb="triage", name=_("研判"), sources=("new", "watching"), target="triaged", roles=_DESK, stops=("triage",)
        ),
        Transition(
            verb="dispatch",
            name=_("派发"),
            sources=("new", "triaged", "watching"),
            target="tasked",
            roles=_DESK,
            needs=("task",),
            stops=("triage",),
            primary=True,
        ),
        Transition(
            verb="watch",
            name=_("观察"),
            sources=("new", "triaged"),
            target="watching",
            roles=_DESK,
            reason_required=True,
            stops=("triage",),
        ),
        Transition(
            verb="merge",
            name=_("并案"),
            sources=("new", "triaged", "watching"),
            target="merged",
            roles=_DESK,
            needs=("into",),
            stops=("triage",),
        ),
        Transition(
            verb="split",
            name=_("撤销并案"),
            sources=("merged",),
            target="triaged",
            roles=_DESK,
            reason_required=True,
        ),
        Transition(
            verb="propose_dismissal",
            name=_("排除"),
            sources=("new", "triaged", "watching"),
            target="dismissing",
            roles=_DESK,
            reason_required=True,
            reasons=DISMISS_REASONS,
            guards=(_other_needs_words,),
            needs=("sample",),
            stops=("triage",),
            danger=True,
        ),
        Transition(
            verb="approve_dismissal",
            name=_("同意排除"),
            sources=("dismissing",),
            target="dismissed",
            roles=(Role.UNIT_HEAD,),
            not_same_as=("propose_dismissal",),
            primary=True,
        ),
        Transition(
            verb="refuse_dismissal",
            name=_("不同意排除"),
            sources=("dismissing",),
            target="triaged",
            roles=(Role.UNIT_HEAD,),
            not_same_as=("propose_dismissal",),
            reason_required=True,
        ),
        Transition(
            verb="extend",
            name=_("补充证据"),
            sources=OPEN,
            target=None,
            roles=(Role.SYSTEM,),
        ),
        Transition(verb="take_in", name=_("并入一条线索"), sources=OPEN, target=None, roles=(Role.SYSTEM,)),
        Transition(verb="let_go", name=_("分出一条线索"), sources=OPEN, target=None, roles=(Role.SYSTEM,)),
        Transition(verb="rescore", name=_("重算风险"), sources=OPEN, target=None, roles=(Role.SYSTEM,)),
        Transition(
            verb="answer",
            name=_("答复举报人"),
            sources=("closed", "dismissed"),
            target=None,
            roles=(Role.SYSTEM,),
        ),
        Transition(
            verb="resurface",
            name=_("观察中再次触发"),
            sources=("watching",),
            target="new",
            roles=(Role.SYSTEM,),
            starts=("triage",),
        ),
        Transition(
            verb="take_back",
            name=_("任务撤回"),
            sources=("tasked",),
            target="triaged",
            roles=(Role.SYSTEM,),
            reason_required=True,
        ),
        Transition(
            verb="close",
            name=_("销号"),
            sources=("tasked",),
            target="closed",
            roles=(Role.SYSTEM,),
            needs=("task",),
        ),
        Transition(
            verb="follow_reopened",
            name=_("任务重开"),
            sources=("closed", "triaged"),
            target="tasked",
            roles=(Role.SYSTEM,),
            needs=("task",),
        ),
        Transition(
            verb="reopen",
            name=_("重开"),
            sources=("closed", "dismissed"),
            target="triaged",
            roles=(*_DESK, Role.UNIT_HEAD),
            reason_required=True,
            guards=(_within_reopen_days,),
        ),
    ),
    clocks=(
        ClockSpec(code="triage", name=_("研判"), rule="sla:task.sla.{level}.triage", escalate="sla:task.escalate"),
    ),
)
