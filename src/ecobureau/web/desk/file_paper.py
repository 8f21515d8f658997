"""The file of an enterprise or outlet as a paper: what is on its tabs, for a purpose that is written down."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import Column, Document, Facts, Heading, Table, as_pdf, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk import files
from ecobureau.web.desk.onsite import thing_of
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.sources import codes
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Enterprise, Outlet, Station
from ecobureau.words import say


@require_http_methods(["GET", "POST"])
@signed_in
def paper_page(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Ask what the paper is for, then hand it out; both stand in the audit."""
    viewer = viewer_in(request)
    thing = thing_of(viewer, what, pk)
    if not files.may_print(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"paper {what} {pk}")
    purpose = request.POST.get("purpose", "").strip()
    if request.method == "POST" and len(purpose) >= 2:
        name = thing.title if isinstance(thing, Outfall) else thing.name
        audit.write(viewer, "file.paper", kind=what, object_id=pk, purpose=purpose, name=name)
        at = now()
        document = paper(viewer, what, thing, purpose)
        return download(as_pdf(document), f"{name}-{beijing(at):%Y%m%d}", "pdf")
    subject = codes.subject(what)
    context = {
        "name": thing.title if isinstance(thing, Outfall) else thing.name,
        "back": subject.staff(pk) if subject else "/",
        "lacking": request.method == "POST",
        "purpose": purpose,
    }
    return render(request, "desk/file_paper.html", context, status=422 if context["lacking"] else 200)


def paper(viewer: Viewer, what: str, thing: Any, purpose: str) -> Document:
    """Return the file as a document."""
    at = now()
    title = thing.title if isinstance(thing, Outfall) else thing.name
    blocks: list[Any] = [Facts(_facts(what, thing))]
    outlets: list[int] = []
    falls: list[Outfall] = []
    if isinstance(thing, Enterprise):
        outlets = [each.pk for each in thing.outlets.all()]
        blocks += [
            Heading(_("排放口")),
            _outlets(thing),
            Heading(_("许可限值")),
            _limits(sources.limits_of_enterprise(thing.pk)),
        ]
        _none, falls = files.reach(viewer, what, thing)
    elif isinstance(thing, Outlet):
        found = sources.outlet_file(viewer, thing.pk)
        assert found is not None
        blocks += [Heading(_("许可限值")), _limits(found.limits)]
        outlets, falls = files.reach(viewer, what, thing)
    elif isinstance(thing, Outfall):
        falls = [thing]
    station = thing.pk if isinstance(thing, Station) else None
    known = files.matters(viewer, outlet_ids=outlets, station_id=station, of=falls)
    if falls and not isinstance(thing, Outfall):
        blocks += [Heading(_("入河排污口")), _falls(falls)]
    blocks += [Heading(_("线索")), _rows(known.clues), Heading(_("任务")), _rows(known.tasks)]
    if known.others:
        blocks += [Heading(_("相关事项")), _rows(known.others)]
    people = [[each["role"], each["names"]] for each in files.persons(thing.org_path, at)]
    blocks += [
        Heading(_("责任人员")),
        Table([Column(_("职责")), Column(_("姓名"), weight=4)], people, empty=_("没有登记")),
    ]
    mark = say(
        "core.export.mark", None, who=viewer.name, at=f"{beijing(at):%Y-%m-%d %H:%M:%S}", purpose=purpose, rows=1
    )
    return Document(title, viewer.name, at, blocks=blocks, subtitle=_("档案"), mark=mark)


def _facts(what: str, thing: Any) -> list[tuple[str, str]]:
    subject = codes.subject(what)
    view = subject.public(thing.pk) if subject else None
    facts = [(fact.name, fact.value) for fact in view.facts] if view else []
    code = codes.of(what, thing.pk)
    place = sources.district_names([thing]).get(thing.org_path, "")
    return [*facts, (_("区域"), place or "—"), (_("公开码"), codes.spaced(code.code) if code else "—")]


def _outlets(firm: Enterprise) -> Table:
    rows = [[each.code, each.name, str(each.get_medium_display())] for each in firm.outlets.all()]
    return Table([Column(_("编号")), Column(_("名称"), weight=3), Column(_("类别"))], rows, empty=_("没有登记"))


def _limits(limits: Any) -> Table:
    rows = [
        [
            each.outlet.code if each.outlet_id else "",
            each.factor.short_zh or each.factor.name_zh,
            f"{each.get_field_display()}·{each.get_period_display()}",
            f"{'≥ ' if each.kind == 'min' else '≤ '}{each.amount}",
            f"{each.source} {each.clause}".strip(),
            f"{each.valid_from:%Y-%m-%d}" + (f" — {each.valid_to:%Y-%m-%d}" if each.valid_to else ""),
        ]
        for each in limits
    ]
    heads = [
        Column(_("排放口")),
        Column(_("监测因子"), weight=1.5),
        Column(_("统计量"), weight=1.5),
        Column(_("限值"), weight=1.5),
        Column(_("依据"), weight=3),
        Column(_("有效期"), weight=2),
    ]
    return Table(heads, rows, empty=_("没有登记限值"))


def _falls(rows: list[Outfall]) -> Table:
    shown = [[each.code, each.title, each.kind_name, each.water] for each in rows]
    heads = [
        Column(_("排污口编码"), weight=1.6),
        Column(_("名称"), weight=2),
        Column(_("类型"), weight=2),
        Column(_("受纳水体")),
    ]
    return Table(heads, shown)


def _rows(rows: list[files.Row]) -> Table:
    shown = [[each.number, each.title, each.state, f"{beijing(each.at):%Y-%m-%d %H:%M}"] for each in rows]
    heads = [
        Column(_("编号"), weight=1.6),
        Column(_("标题"), weight=4),
        Column(_("状态")),
        Column(_("登记时间"), weight=1.4),
    ]
    return Table(heads, shown, empty=_("没有"))
