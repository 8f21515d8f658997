"""What a hand-over can go through: the outgoing person signs, another person takes over or says why not."""

from __future__ import annotations

from ecobureau.domain.workflow import Flow, Role, State, Transition
from ecobureau.words import _

DESK = (Role.DUTY_OFFICER, Role.DISPATCHER)

HANDOVER = Flow(
    kind="handover",
    initial="draft",
    starts=(),
    states=(
        State("draft", _("待交班"), step=1, bound=True),
        State("handed", _("待接班"), step=2, bound=True),
        State("taken", _("已交接"), step=3, final=True, bound=True),
        State("void", _("已作废"), final=True, bound=True),
    ),
    clocks=(),
    transitions=(
        Transition(verb="hand_over", name=_("交班"), sources=("draft",), target="handed", roles=DESK, primary=True),
        Transition(
            verb="take_over",
            name=_("接班"),
            sources=("handed",),
            target="taken",
            roles=DESK,
            not_same_as=("hand_over",),
            primary=True,
        ),
        Transition(
            verb="refuse",
            name=_("不接，退回"),
            sources=("handed",),
            target="draft",
            roles=DESK,
            not_same_as=("hand_over",),
            reason_required=True,
        ),
        Transition(
            verb="void",
            name=_("作废"),
            sources=("draft",),
            target="void",
            roles=DESK,
            reason_required=True,
            danger=True,
        ),
    ),
)
