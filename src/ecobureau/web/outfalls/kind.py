"""The outfall as a kind of record, and as a thing that carries a public code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as lazy

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core import access, addresses, positions
from ecobureau.web.core.access import AccessTable, Reach, Viewer
from ecobureau.web.core.filters import RecordFilter
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.core.search import matching
from ecobureau.web.outfalls import forms, selectors, services
from ecobureau.web.outfalls.flow import FLOW
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.codes import Fact, PublicView, Subject, Where
from ecobureau.words import _, say

ACCESS: AccessTable = {
    "view": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.ENFORCEMENT_OFFICER: (Reach.AREA,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.LEADER: (Reach.ORG,),
        Role.AUDITOR: (Reach.ORG,),
        Role.ADMINISTRATOR: (Reach.ORG,),
        Role.GRID_WORKER: (Reach.GRID,),
    },
    "act": {
        Role.DISPATCHER: (Reach.ORG,),
        Role.ENFORCEMENT_OFFICER: (Reach.AREA,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.GRID_WORKER: (Reach.GRID,),
    },
    "attach": {
        Role.DISPATCHER: (Reach.ORG,),
        Role.ENFORCEMENT_OFFICER: (Reach.AREA,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.GRID_WORKER: (Reach.GRID,),
    },
    "export": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.LEADER: (Reach.ORG,),
        Role.AUDITOR: (Reach.ORG,),
    },
    "create": {
        Role.DISPATCHER: (Reach.ORG,),
        Role.ENFORCEMENT_OFFICER: (Reach.AREA,),
        Role.UNIT_HEAD: (Reach.AREA,),
        Role.ADMINISTRATOR: (Reach.ORG,),
    },
}


class OutfallFilter(RecordFilter):
    """The kernel's filters, and those of the register."""

    kind_code = django_filters.ChoiceFilter(label=lazy("类型"), empty_label=lazy("全部"))
    water = django_filters.CharFilter(label=lazy("受纳水体"), lookup_expr="icontains")
    protected = django_filters.BooleanFilter(label=lazy("在饮用水水源保护区内"))
    traced = django_filters.BooleanFilter(label=lazy("已写明责任主体"), method="by_traced")
    over = django_filters.BooleanFilter(label=lazy("有超限结果"), method="by_over")
    firm = django_filters.NumberFilter(label=lazy("企业"), field_name="firm_id")

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.filters["kind_code"].extra["choices"] = list(selectors.kinds().items())

    def by_traced(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        unknown = Q(firm=None, owner_name="", private_owner="")
        return queryset.exclude(unknown) if value else queryset.filter(unknown)

    def by_over(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        over = Exists(Result.objects.filter(outfall_id=OuterRef("pk"), over=True))
        return queryset.filter(over if value else ~over)


def _display(name: str) -> Any:
    return lambda record: str(getattr(record, f"get_{name}_display")())


def tell(data: Mapping[str, Any]) -> str:
    """Return what the data of an act say beyond the verb: results of a sample, finding of a patrol, where it was."""
    if data.get("results"):
        known = sources.factors([row["factor"] for row in data["results"]])
        words = "，".join(
            f"{sources.factor_label(known.get(row['factor']), row['factor'])} {row['value']} {row['unit']}"
            + (gettext("（超出限值）") if row["over"] else "")
            for row in data["results"]
        )
        return say("outfall.sample", None, at=str(data.get("sampled_at", ""))[:10], results=words)
    if data.get("finding"):
        found = str(dict(forms.FINDINGS).get(str(data["finding"]), data["finding"]))
        return "；".join(part for part in (found, positions.words(data)) if part)
    if data.get("how"):
        return str(data["how"])
    return ""


KIND = Kind(
    code="outfall",
    plural="outfalls",
    prefix="PWK",
    name=_("入河排污口"),
    name_plural=_("入河排污口"),
    model=Outfall,
    flow=FLOW,
    access=ACCESS,
    papers=(Paper("photo", _("照片")), Paper("pipe", _("管线图")), Paper("document", _("说明材料"))),
    related=("firm", "outlet", "owner_person"),
    columns=(
        Column("code", _("排污口编码"), sort=("code",)),
        Column("kind_code", _("类型"), lambda record: record.kind_name, sort=("kind_code",)),
        Column("water", _("受纳水体"), sort=("water",)),
        Column("firm", _("责任主体"), lambda record: record.firm.name if record.firm else record.owner_name or None),
        Column("function_zone", _("水功能区"), shown=False),
        Column("water_class", _("水质目标"), shown=False),
        Column("protected", _("在饮用水水源保护区内"), shown=False),
        Column("entry", _("入河方式"), _display("entry"), shown=False),
        Column("way", _("排放方式"), _display("way"), shown=False),
        Column("size", _("口门尺寸"), shown=False),
        Column("flow_m3d", _("排放量（m³/d）"), sort=("flow_m3d",), shown=False),
        Column("pollutants", _("主要污染物"), shown=False),
        Column("limits", _("执行标准与限值"), shown=False),
        Column("approval_number", _("批准或登记文号"), shown=False),
        Column("approval_date", _("批准或登记日期"), shown=False),
        Column("permit_number", _("排污许可证编号"), shown=False),
        Column("problem", _("存在问题"), shown=False),
        Column("treatment", _("整治方式"), _display("treatment"), shown=False),
        Column("treat_by", _("整治期限"), sort=("treat_by",), shown=False),
        Column("sign", _("已设标志牌"), shown=False),
        Column("found_on", _("排查日期"), shown=False),
    ),
    filters=OutfallFilter,
    verbs={
        "sample": services.sample,
        "trace": services.trace,
        "retrace": services.retrace,
        "treat": services.treat,
        "accept": services.accept,
        "accept_removal": services.accept_removal,
        "grant": services.grant,
        "ask_change": services.ask_change,
        "grant_change": services.grant_change,
        "deny_change": services.deny_change,
        "grant_cancel": services.grant_cancel,
        "approve_strike": services.approve_strike,
        "patrol": services.patrol,
    },
    forms={
        "create": forms.RegisterForm,
        "sample": forms.SampleForm,
        "trace": forms.TraceForm,
        "retrace": forms.TraceForm,
        "treat": forms.TreatForm,
        "accept": forms.AcceptForm,
        "grant": forms.GrantForm,
        "ask_change": forms.ChangeForm,
        "patrol": forms.PatrolForm,
    },
    create=services.register,
    detail=selectors.page_context,
    tell=tell,
    templates={"detail": "outfalls/detail.html"},
    statistics=(
        Statistic("untraced", _("责任主体不明"), {"traced": "false", "open": "1"}, _("未写明责任主体的未办结排污口数")),
        Statistic(
            "protected",
            _("在饮用水水源保护区内"),
            {"protected": "true", "open": "1"},
            _("位于饮用水水源保护区内的未注销排污口数"),
        ),
        Statistic("over", _("有超限结果"), {"over": "true", "open": "1"}, _("有任一监测结果超出登记限值的排污口数")),
        Statistic("treating", _("整治中"), {"state": "treating"}, _("状态为“整治中”的排污口数")),
    ),
)


# --- public code ------------------------------------------------------------------------------------------------------


def _rows(viewer: Viewer, words: str, place: str) -> QuerySet[Outfall]:
    open_ones = selectors.outfalls(viewer).exclude(state__in=("cancelled", "struck"))
    if place:
        open_ones = open_ones.filter(org_path__startswith=place)
    return (matching(open_ones, words) if words else open_ones).order_by("code")


def _public(object_id: int) -> PublicView | None:
    """Return what anybody may know. Owners who are persons are not named."""
    row = Outfall.objects.select_related("firm").filter(pk=object_id).first()
    if row is None or FLOW.state(row.state).final:
        return None
    owner = row.firm.name if row.firm else row.owner_name
    if not owner:
        owner = gettext("个人（不公开）") if row.private_owner else gettext("尚未查明")
    facts = [
        Fact(gettext("排污口编码"), row.code),
        Fact(gettext("责任主体"), owner),
        Fact(gettext("受纳水体"), row.water),
        Fact(gettext("执行标准与限值"), row.limits or gettext("没有登记")),
    ]
    if row.approval_number:
        facts.append(Fact(gettext("批准或登记文号"), row.approval_number))
    return PublicView(row.title, row.kind_name, tuple(facts))


def _administers(viewer: Viewer, object_id: int | None) -> bool:
    offices = (Role.UNIT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
    if viewer.is_system:
        return True
    if object_id is None:
        return viewer.has(*offices)
    row = Outfall.objects.filter(pk=object_id).first()
    return row is not None and bool(
        access.roles_at(viewer, "create", row, shared=False) & {str(each) for each in offices}
    )


def _staff(object_id: int) -> str:
    return addresses.of(Outfall.objects.only("number").get(pk=object_id))


def _where(object_id: int) -> Where | None:
    row = Outfall.objects.filter(pk=object_id).first()
    return Where(row.title, row.grid or row.org_path, row.lon, row.lat) if row is not None else None


SUBJECT = Subject(
    what="outfall",
    name=_("入河排污口"),
    rows=_rows,
    public=_public,
    label=lambda rows: [(row.pk, row.title, row.code) for row in rows],
    staff=_staff,
    visible=lambda viewer, object_id: selectors.outfalls(viewer).filter(pk=object_id).exists(),
    administers=_administers,
    where=_where,
)
