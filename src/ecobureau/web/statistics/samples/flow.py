"""What a sample taken by hand goes through: entered, then checked by another person."""

from __future__ import annotations

from ecobureau.domain.workflow import Flow, Role, State, Transition
from ecobureau.words import _

CHECKERS = (Role.ADMINISTRATOR, Role.UNIT_HEAD, Role.LEADER)

FLOW = Flow(
    kind="water_sample",
    initial="entered",
    states=(
        State("entered", _("待审核"), step=1),
        State("accepted", _("已采用"), step=2),
        State("refused", _("未采用"), final=True),
        State("withdrawn", _("已撤销采用"), final=True),
    ),
    transitions=(
        Transition(
            verb="accept",
            name=_("采用"),
            sources=("entered",),
            target="accepted",
            roles=CHECKERS,
            not_same_as=("create",),
            primary=True,
        ),
        Transition(
            verb="refuse",
            name=_("不采用"),
            sources=("entered",),
            target="refused",
            roles=CHECKERS,
            not_same_as=("create",),
            reason_required=True,
        ),
        Transition(
            verb="withdraw",
            name=_("撤销采用"),
            sources=("accepted",),
            target="withdrawn",
            roles=CHECKERS,
            not_same_as=("accept",),
            reason_required=True,
            danger=True,
        ),
    ),
)
