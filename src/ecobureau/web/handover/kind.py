"""The hand-over as a kind of record."""

from __future__ import annotations

from collections.abc import Mapping

from ecobureau.domain.workflow import Role
from ecobureau.web.core.access import AccessTable, Reach
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.handover import forms, selectors, services
from ecobureau.web.handover.flow import DESK, HANDOVER
from ecobureau.web.handover.models import Handover
from ecobureau.words import _

_HERE: tuple[Reach, ...] = (Reach.ORG,)
_DESK: Mapping[str, tuple[Reach, ...]] = dict.fromkeys(DESK, _HERE)
_READ: Mapping[str, tuple[Reach, ...]] = {**_DESK, Role.UNIT_HEAD: _HERE, Role.LEADER: _HERE, Role.AUDITOR: _HERE}
ACCESS: AccessTable = {"view": _READ, "act": _DESK, "attach": _DESK, "export": _READ, "create": _DESK}

KIND = Kind(
    code="handover",
    plural="handovers",
    prefix="JB",
    name=_("交接班"),
    name_plural=_("交接班"),
    model=Handover,
    flow=HANDOVER,
    access=ACCESS,
    related=("owner_person",),
    columns=(
        Column("starts", _("班次开始"), sort=("starts",)),
        Column("ends", _("班次结束"), sort=("ends",)),
    ),
    verbs={"hand_over": services.hand_over, "refuse": services.refuse_it},
    forms={"hand_over": forms.SignForm},
    detail=selectors.detail,
    templates={"detail": "handover/detail.html"},
    statistics=(Statistic("to_take", _("待接班"), {"state": "handed"}, _("已交班、还没有人接班的班次数")),),
)
