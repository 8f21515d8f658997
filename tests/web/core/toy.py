"""A third duty beside clue and task, as small as a duty can be: a notebook that is checked out and brought back."""

from django.db import models

from ecobureau.domain.workflow import ClockSpec, Flow, Paper, Reason, Refusal, State, Transition
from ecobureau.web.core import services
from ecobureau.web.core.records import Column, Kind, Record


class Notebook(Record):
    KIND = "notebook"
    PERSONAL = frozenset({"borrower"})
    pages = models.PositiveIntegerField(default=0)
    borrower = models.CharField(max_length=40, blank=True)

    class Meta(Record.Meta):
        app_label = "toy"

    def facts(self):
        return {"pages": self.pages}


def not_empty(context):
    return None if context.facts["pages"] else Refusal("core.data_missing", {"verb": "归还", "field": "pages"})


FLOW = Flow(
    kind="notebook",
    initial="shelf",
    states=(
        State("shelf", "在架", step=1),
        State("lent", "借出", step=2, bound=True),
        State("rest", "停用"),
        State("back", "归还", final=True, step=3),
    ),
    clocks=(ClockSpec(code="return", name="归还", rule="sla:task.sla.{level}.close", escalate="sla:task.escalate"),),
    transitions=(
        Transition(verb="lend", name="借出", sources=("shelf",), target="lent", roles=("duty_officer", "dispatcher"),
                   starts=("return",), primary=True),
        Transition(verb="pause", name="停用", sources=("lent",), target="rest", roles=("duty_officer",),
                   pauses=("return",), reason_required=True, reasons=(Reason("wet", "受潮"),)),
        Transition(verb="resume", name="恢复", sources=("rest",), target="lent", roles=("duty_officer",),
                   resumes=("return",)),
        Transition(verb="bring", name="归还", sources=("lent",), target="back", roles=("duty_officer", "unit_head"),
                   roles_at={"red": ("leader",)}, not_same_as=("lend",), papers=(Paper("photo", "照片"),),
                   guards=(not_empty,), stops=("return",)),
        Transition(verb="again", name="重借", sources=("back",), target="lent", roles=("leader",), starts=("return",),
                   reason_required=True),
    ),
)  # fmt: skip


def lend(record, actor, *, borrower="", **act):
    return services.perform(record, "lend", actor, changes={"borrower": borrower}, **act)


KIND = Kind(
    code="notebook",
    plural="notebooks",
    prefix="BJ",
    name="笔记本",
    name_plural="笔记本",
    model=Notebook,
    flow=FLOW,
    papers=(Paper("photo", "照片"),),
    verbs={"lend": lend},
    bulk=("lend",),
    imports=("title", "level", "org_path", "note"),
    columns=(Column("pages", "页数", sort=("pages",)),),
    create=lambda actor, **fields: services.create("notebook", actor, **fields),
)
