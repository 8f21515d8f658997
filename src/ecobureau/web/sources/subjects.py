"""Enterprise, outlet and station as things that carry a public code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language, gettext

from ecobureau.clock import beijing, now
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import may_change, visible
from ecobureau.web.sources import selectors
from ecobureau.web.sources.codes import Fact, PublicLimit, PublicView, Subject, Where
from ecobureau.web.sources.models import Enterprise, Limit, Outlet, Placed, Station
from ecobureau.words import _

Model = type[Placed]


def _sees(model: Model) -> Any:
    return lambda viewer, object_id: model._default_manager.filter(visible(viewer), pk=object_id).exists()


def _where(model: Model) -> Any:
    def find(object_id: int) -> Where | None:
        row = model._default_manager.filter(pk=object_id, active=True).first()
        return Where(row.name, row.org_path, row.lon, row.lat) if row is not None else None

    return find


def _administers(model: Model) -> Any:
    def check(viewer: Viewer, object_id: int | None) -> bool:
        if object_id is None:
            return may_change(viewer)
        row = model._default_manager.filter(pk=object_id).first()
        return row is not None and may_change(viewer, row.org_path)

    return check


def _enterprises(viewer: Viewer, words: str, place: str) -> QuerySet[Enterprise]:
    return selectors.enterprises(viewer, words, district=place).filter(active=True)


def _outlets(viewer: Viewer, words: str, place: str) -> QuerySet[Outlet]:
    return selectors.outlets(viewer, words, district=place).filter(active=True)


def _stations(viewer: Viewer, words: str, place: str) -> QuerySet[Station]:
    return selectors.stations(viewer, words, district=place)


def _public_enterprise(object_id: int) -> PublicView | None:
    row = Enterprise.objects.filter(pk=object_id, active=True).prefetch_related("outlets").first()
    if row is None:
        return None
    outlets = [outlet for outlet in row.outlets.all() if outlet.active]
    facts = [
        Fact(gettext("统一社会信用代码"), row.code),
        Fact(gettext("行业"), row.industry or "—"),
        Fact(gettext("排污许可证编号"), row.permit_number or gettext("没有登记")),
        Fact(gettext("排放口"), gettext("{count} 个").format(count=len(outlets))),
    ]
    return PublicView(row.name, gettext("企业"), tuple(facts))


def _public_outlet(object_id: int) -> PublicView | None:
    row = Outlet.objects.filter(pk=object_id, active=True).select_related("enterprise").first()
    if row is None:
        return None
    facts = [
        Fact(gettext("编号"), row.code),
        Fact(gettext("责任主体"), row.enterprise.name),
        Fact(gettext("排污许可证编号"), row.enterprise.permit_number or gettext("没有登记")),
    ]
    if row.destination:
        facts.append(Fact(gettext("排放去向"), row.destination))
    kind = f"{gettext('排放口')} · {row.get_medium_display()}"
    return PublicView(row.name, kind, tuple(facts), _limits(row.pk))


def _limits(outlet_id: int) -> tuple[PublicLimit, ...]:
    today = beijing(now()).date()
    lang = "en" if (get_language() or "").startswith("en") else "zh"
    rows = (
        Limit.objects.filter(outlet_id=outlet_id, valid_from__lte=today)
        .exclude(valid_to__lt=today)
        .select_related("factor")
        .order_by("factor_id", "period", "kind")
    )
    return tuple(
        PublicLimit(
            f"{selectors.factor_label(row.factor, row.factor_id, lang)} · {row.get_period_display()}",
            f"{'≥ ' if row.kind == Limit.Kind.MIN else '≤ '}{row.amount}",
            f"{row.source} {row.clause}".strip(),
        )
        for row in rows
    )


def _public_station(object_id: int) -> PublicView | None:
    row = Station.objects.filter(pk=object_id, active=True).select_related("outlet__enterprise").first()
    if row is None:
        return None
    facts = [Fact(gettext("编号"), row.code)]
    if row.outlet is not None:
        facts.append(Fact(gettext("责任主体"), row.outlet.enterprise.name))
        facts.append(Fact(gettext("排放口"), f"{row.outlet.name} {row.outlet.code}"))
    if row.operator:
        facts.append(Fact(gettext("运维单位"), row.operator))
    return PublicView(row.name, gettext("监测站点"), tuple(facts), _limits(row.outlet_id) if row.outlet_id else ())


def _of_firm(rows: Sequence[Any]) -> list[tuple[int, str, str]]:
    return [(row.pk, f"{row.enterprise.short_name or row.enterprise.name} {row.name}", row.code) for row in rows]


ENTERPRISE = Subject(
    what="enterprise",
    name=_("企业"),
    rows=_enterprises,
    public=_public_enterprise,
    label=lambda rows: [(row.pk, row.name, row.code) for row in rows],
    staff=lambda object_id: reverse("desk:firm", args=[object_id]),
    visible=_sees(Enterprise),
    administers=_administers(Enterprise),
    where=_where(Enterprise),
)
OUTLET = Subject(
    what="outlet",
    name=_("排放口"),
    rows=_outlets,
    public=_public_outlet,
    label=_of_firm,
    staff=lambda object_id: reverse("desk:outlet", args=[object_id]),
    visible=_sees(Outlet),
    administers=_administers(Outlet),
    where=_where(Outlet),
)
STATION = Subject(
    what="station",
    name=_("站点"),
    rows=_stations,
    public=_public_station,
    label=lambda rows: [(row.pk, row.name, row.code) for row in rows],
    staff=lambda object_id: reverse("desk:station", args=[object_id]),
    visible=_sees(Station),
    administers=_administers(Station),
    where=_where(Station),
)
