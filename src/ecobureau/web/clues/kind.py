"""The clue as a kind of record: what the kernel's lists, pages, API and door need to know of it."""

from __future__ import annotations

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.clues import acts, evidence, forms, scenarios, services
from ecobureau.web.clues.filters import ClueFilter
from ecobureau.web.clues.flow import FLOW
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import DEFAULT_ACCESS, AccessTable, Reach
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.words import _

ACCESS: AccessTable = {
    **DEFAULT_ACCESS,
    # Officers and heads of a department see the clues of the district or city that it answers for (workflows 0.6).
    "view": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.ENFORCEMENT_OFFICER: (Reach.AREA,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.LEADER: (Reach.ORG,),
        Role.AUDITOR: (Reach.ORG,),
        Role.GRID_WORKER: (Reach.GRID,),
    },
    "act": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.UNIT_HEAD: (Reach.ORG,),
    },
    "export": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.LEADER: (Reach.ORG,),
        Role.AUDITOR: (Reach.ORG,),
    },
    "attach": {Role.DUTY_OFFICER: (Reach.ORG,), Role.DISPATCHER: (Reach.ORG,), Role.UNIT_HEAD: (Reach.ORG,)},
}

KIND = Kind(
    code="clue",
    plural="clues",
    prefix="XS",
    name=_("线索"),
    name_plural=_("线索"),
    model=Clue,
    flow=FLOW,
    access=ACCESS,
    papers=(Paper("photo", _("照片")), Paper("document", _("说明材料"))),
    related=("station", "outlet", "owner_person", "source"),
    filters=ClueFilter,
    columns=(
        Column("risk", _("风险"), sort=("risk",)),
        Column("scenario", _("情形"), sort=("scenario",)),
        Column("scenario_name", _("情形名称"), lambda clue: scenarios.name(clue.scenario) or None, shown=False),
        Column("source", _("线索来源"), lambda clue: clue.source.label if clue.source is not None else None),
        Column(
            "matter",
            _("职责事项"),
            lambda clue: scenarios.matter_name(clue.matter) if clue.matter else None,
            shown=False,
        ),
        Column("reference", _("来源编号"), shown=False),
        Column("factor", _("监测因子"), sort=("factor",)),
        Column("first_at", _("起"), sort=("first_at",)),
        Column("last_at", _("止"), sort=("last_at",), shown=False),
        Column("findings", _("次数"), sort=("findings",), shown=False),
        Column("rule", _("规则"), shown=False),
        Column("late", _("补传数据"), shown=False),
    ),
    verbs={
        "triage": services.triage,
        "watch": services.watch,
        "merge": acts.merge,
        "split": services.split,
        "propose_dismissal": acts.propose_dismissal,
        "approve_dismissal": services.approve_dismissal,
        "refuse_dismissal": services.refuse_dismissal,
        "reopen": services.reopen,
    },
    forms={"merge": forms.MergeForm, "propose_dismissal": forms.DismissForm, "create": forms.RegisterForm},
    create=services.register,
    bulk=("triage", "watch"),
    undo={"watch": "triage"},
    imports=(
        "title",
        "level",
        "scenario",
        "matter",
        "org_path",
        "lon",
        "lat",
        "at",
        "text",
        "source",
        "reference",
        "reporter_name",
        "reporter_phone",
        "wants_answer",
        "note",
    ),
    detail=evidence.page_context,
    templates={"detail": "clues/detail.html", "list": "clues/list.html"},
    statistics=(
        Statistic("waiting", _("待研判"), {"state": "new"}, _("状态为“新线索”的线索数")),
        Statistic("to_sign", _("排除待批"), {"state": "dismissing"}, _("已提出排除、等负责人签字的线索数")),
    ),
)
