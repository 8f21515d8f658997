"""Pages that make and change enterprises, outlets, stations, loggers, limits and declarations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ecobureau import clock
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.parts import Tab
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.door import must_change
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import selectors, services
from ecobureau.web.sources.forms import (
    EnterpriseForm,
    LimitForm,
    LoggerForm,
    NoticeForm,
    OutletForm,
    ProfileForm,
    StationForm,
    add_problems,
    beijing_text,
)
from ecobureau.web.sources.models import Enterprise, Limit, Logger, Outlet, Placed, Station

_FIXED = {
    EnterpriseForm: ("code",),
    OutletForm: ("code", "medium"),
    StationForm: ("code", "st"),
    LoggerForm: ("mn", "stamp_rule"),
}


def _found(row: Any, number: object, viewer: Viewer) -> Any:
    if row is None:
        refuse(Refusal("core.not_found", {"number": str(number)}), actor=viewer.user_id, what="registry")
    return row


def _form(kind: type[forms.Form], request: HttpRequest, row: Any, initial: dict[str, Any]) -> forms.Form:
    posted = request.method == "POST"
    form = kind(request.POST if posted else None, initial=initial)
    for name in _FIXED[kind] if row is not None else ():
        form.fields[name].disabled = True
    return form


def _initial(row: Placed | None, names: tuple[str, ...]) -> dict[str, Any]:
    if row is None:
        return {}
    place = {"lon": row.source_lon, "lat": row.source_lat, "system": row.source_system, "org_path": row.org_path}
    return (
        place
        | {"name": row.name, "address": row.address, "active": row.active}
        | {name: getattr(row, name) for name in names}
    )


def _changes(form: forms.Form, fixed: tuple[str, ...], row: Placed | None) -> dict[str, Any]:
    """Return the values to write: without fixed ones, and the place only where it was changed."""
    data = {name: value for name, value in form.cleaned_data.items() if row is None or name not in fixed}
    place = {name: data.pop(name) for name in ("lon", "lat", "system", "org_path")}
    if row is not None and not ({"lon", "lat", "system", "org_path"} & set(form.changed_data)):
        return data
    if place["lon"] is not None or place["lat"] is not None:
        data |= {"lon": place["lon"], "lat": place["lat"], "system": place["system"] or None}
    elif place["org_path"]:
        data["org_path"] = place["org_path"]
    return data


def _edit(
    request: HttpRequest,
    form: forms.Form,
    write: Callable[[], Any],
    *,
    title: str,
    crumbs: list[Tab],
    back: Callable[[Any], str],
    **context: Any,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            row = write()
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(back(row))
    context |= {"form": form, "title": title, "crumbs": [*crumbs, Tab(title, current=True)]}
    return render(request, "sources/edit.html", context, status=422 if request.method == "POST" else 200)


def _top() -> Tab:
    return Tab(_("登记"), reverse("sources:registry"))


@require_http_methods(["GET", "POST"])
@signed_in
def enterprise_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change an enterprise."""
    viewer = viewer_in(request)
    row: Enterprise | None = _found(selectors.enterprise(viewer, pk), pk, viewer) if pk else None
    must_change(viewer, row.org_path if row else "")
    names = tuple(name for name in EnterpriseForm.base_fields if hasattr(Enterprise, name))
    form = _form(EnterpriseForm, request, row, _initial(row, names))

    def write() -> Enterprise:
        data = _changes(form, _FIXED[EnterpriseForm], row)
        return (
            services.make_enterprise(viewer, **data) if row is None else services.change_enterprise(viewer, row, **data)
        )

    return _edit(
        request,
        form,
        write,
        title=row.name if row else _("新建企业"),
        crumbs=[_top()],
        back=lambda made: reverse("sources:enterprise", args=[made.pk]),
        outlets=list(row.outlets.all()) if row else [],
        enterprise=row,
    )


@require_http_methods(["GET", "POST"])
@signed_in
def outlet_page(request: HttpRequest, pk: int | None = None, enterprise: int | None = None) -> HttpResponse:
    """Make or change an outlet."""
    viewer = viewer_in(request)
    file = _found(selectors.outlet_file(viewer, pk), pk, viewer) if pk else None
    row: Outlet | None = file.outlet if file else None
    owner = file.enterprise if file else _found(selectors.enterprise(viewer, enterprise or 0), enterprise, viewer)
    must_change(viewer, row.org_path if row else owner.org_path)
    names = tuple(name for name in OutletForm.base_fields if hasattr(Outlet, name))
    form = _form(OutletForm, request, row, _initial(row, names))

    def write() -> Outlet:
        data = _changes(form, _FIXED[OutletForm], row)
        return (
            services.make_outlet(viewer, owner, **data) if row is None else services.change_outlet(viewer, row, **data)
        )

    return _edit(
        request,
        form,
        write,
        title=f"{row.name} {row.code}" if row else _("新建排放口"),
        crumbs=[_top(), Tab(owner.name, reverse("sources:enterprise", args=[owner.pk]))],
        back=lambda made: reverse("sources:outlet", args=[made.pk]),
        outlet=row,
        stations=file.stations if file else (),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def station_page(request: HttpRequest, pk: int | None = None, outlet: int | None = None) -> HttpResponse:
    """Make or change a station."""
    viewer = viewer_in(request)
    row: Station | None = _found(selectors.station(viewer, pk), pk, viewer) if pk else None
    file = _found(selectors.outlet_file(viewer, outlet), outlet, viewer) if outlet else None
    place = row.org_path if row else file.outlet.org_path if file else ""
    must_change(viewer, place)
    names = tuple(name for name in StationForm.base_fields if hasattr(Station, name))
    form = _form(StationForm, request, row, _initial(row, names))

    def write() -> Station:
        data = _changes(form, _FIXED[StationForm], row)
        if row is not None:
            return services.change_station(viewer, row, **data)
        return services.make_station(viewer, outlet=file.outlet if file else None, **data)

    return _edit(
        request,
        form,
        write,
        title=row.name if row else _("新建站点"),
        crumbs=[_top()],
        back=lambda made: reverse("sources:station", args=[made.pk]),
        station=row,
        loggers=list(row.loggers.all()) if row else [],
    )


@require_http_methods(["GET", "POST"])
@signed_in
def logger_page(request: HttpRequest, pk: int | None = None, station: int | None = None) -> HttpResponse:
    """Make or change a data logger. Its secrets can be replaced, never read."""
    viewer = viewer_in(request)
    row: Logger | None = _found(selectors.logger(viewer, pk), pk, viewer) if pk else None
    owner: Station = row.station if row else _found(selectors.station(viewer, station or 0), station, viewer)
    must_change(viewer, owner.org_path)
    names = [name for name in LoggerForm.base_fields if name not in ("password", "sm4_key")]
    initial = {name: getattr(row, name) for name in names} if row else {}
    if row:
        initial["accept_from"] = beijing_text(row.accept_from)
    form = _form(LoggerForm, request, row, initial)

    def write() -> Logger:
        data = dict(form.cleaned_data)
        if row is None:
            return services.make_logger(viewer, owner, **data)
        changes = {name: data[name] for name in form.changed_data if name not in _FIXED[LoggerForm]}
        if changes.get("accept_from", row.accept_from) is None:
            del changes["accept_from"]
        return services.change_logger(viewer, row, **changes)

    return _edit(
        request,
        form,
        write,
        title=row.mn if row else _("新建数采仪"),
        crumbs=[_top(), Tab(owner.name, reverse("sources:station", args=[owner.pk]))],
        back=lambda made: reverse("sources:station", args=[made.station_id]),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def limits_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The limits of an outlet: in force and earlier; new ones; a whole profile; what was declared."""
    viewer = viewer_in(request)
    file = _found(selectors.outlet_file(viewer, pk), pk, viewer)
    must_change(viewer, file.outlet.org_path)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    data = request.POST if act else None
    today = clock.beijing(clock.now()).date()
    limit_form = LimitForm(data if act == "limit" else None, initial={"valid_from": today})
    profile_form = ProfileForm(
        data if act == "profile" else None,
        names=services.profile_names(medium=file.outlet.medium, on=today),
        initial={"profile_from": today},
    )
    notice_form = NoticeForm(data if act == "notice" else None)
    acts: dict[str, tuple[forms.Form, Callable[[], Any]]] = {
        "limit": (limit_form, lambda: _add_limit(viewer, file.outlet, limit_form.cleaned_data)),
        "profile": (
            profile_form,
            lambda: services.apply_profile(
                viewer,
                file.outlet,
                profile_form.cleaned_data["profile"],
                valid_from=profile_form.cleaned_data["profile_from"],
            ),
        ),
        "notice": (notice_form, lambda: _declare(viewer, file.outlet, notice_form.cleaned_data)),
    }
    if act in acts and acts[act][0].is_valid():
        try:
            acts[act][1]()
        except Invalid as error:
            add_problems(acts[act][0], error)
        else:
            messages.success(request, _("已保存"))
            return redirect("sources:limits", pk)
    context = {
        "file": file,
        "limit_form": limit_form,
        "profile_form": profile_form,
        "notice_form": notice_form,
        "crumbs": [
            _top(),
            Tab(file.enterprise.name, reverse("sources:enterprise", args=[file.enterprise.pk])),
            Tab(file.outlet.code, reverse("sources:outlet", args=[pk])),
            Tab(_("许可限值"), current=True),
        ],
    }
    return render(request, "sources/limits.html", context, status=422 if act else 200)


def _add_limit(viewer: Viewer, outlet: Outlet, data: dict[str, Any]) -> Limit:
    values = {name: value for name, value in data.items() if name != "factor" and value not in ("", None)}
    return services.set_limit(viewer, outlet, data["factor"].strip(), **values)


def _declare(viewer: Viewer, outlet: Outlet, data: dict[str, Any]) -> Any:
    return services.declare(
        viewer, outlet, data["notice_kind"], starts=data["starts"], ends=data["ends"], reason=data["reason"]
    )


@require_POST
@signed_in
def end_limit_page(request: HttpRequest, pk: int, limit: int) -> HttpResponse:
    """Let a limit be in force for the last time today."""
    viewer = viewer_in(request)
    file = _found(selectors.outlet_file(viewer, pk), pk, viewer)
    row = _found(next((each for each in file.limits if each.pk == limit), None), limit, viewer)
    services.end_limit(viewer, row, clock.beijing(clock.now()).date())
    messages.success(request, _("已保存"))
    return redirect("sources:limits", pk)
