"""Pages of one unit: what it is, its areas over time, new units below it, and areas of many units in one file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecobureau import clock
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import door, drawing, outlines, selectors, services
from ecobureau.web.places.forms import AreaForm, CollectionForm, NewUnitForm, UnitForm
from ecobureau.web.places.models import Organisation
from ecobureau.web.places.problems import Invalid
from ecobureau.words import say

_FIELDS = ("name", "duties", "phone", "division_code", "lon", "lat", "valid_from", "valid_to", "active")


def address(unit: Organisation, page: str = "unit") -> str:
    """Return the address of a unit's page."""
    return f"{reverse(f'places:{page}')}?{urlencode({'path': unit.path})}"


def _unit(request: HttpRequest, viewer: Viewer) -> Organisation:
    path = request.GET.get("path", "")
    unit = selectors.visible_unit(viewer, path)
    if unit is None:
        refuse(Refusal("core.not_found", {"number": path}), actor=viewer.user_id, what="unit")
    return unit


def _blame(form: forms.Form, error: Invalid) -> None:
    for problem in error.problems:
        form.add_error(problem.field if problem.field in form.fields else None, problem.text())


@require_GET
@signed_in
def unit_page(request: HttpRequest) -> HttpResponse:
    """One unit: its duties and days, who belongs to it and who is on duty, its areas over time."""
    viewer = viewer_in(request)
    unit = _unit(request, viewer)
    today = clock.beijing(clock.now()).date()
    areas = selectors.areas(unit)
    now = next((area for area in areas if area.valid_from <= today and (area.valid_to or today) >= today), None)
    context = {
        "unit": unit,
        "duties": [say(f"duty.{code}") for code in unit.duties],
        "in_use": selectors.in_use(unit, today),
        "areas": areas,
        "drawing": drawing.of(now.polygon) if now is not None else None,
        "members": selectors.members(unit.path, today),
        "watch": selectors.on_duty(unit, clock.now()),
        "below": selectors.visible_below(viewer, unit),
        "may_change": door.may_change(viewer, unit.path),
        "up": address(unit.parent) if unit.parent is not None else "",
        "links": {page: address(unit, page) for page in ("new_unit", "edit_unit", "area")},
        "rosters": f"{reverse('places:rosters')}?{urlencode({'unit': unit.path})}",
    }
    return render(request, "places/unit.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit_page(request: HttpRequest) -> HttpResponse:
    """Change a unit; its path stays."""
    viewer = viewer_in(request)
    unit = _unit(request, viewer)
    door.must_change(viewer, unit.path)
    form = UnitForm(request.POST or None, initial={name: getattr(unit, name) for name in _FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_organisation(viewer, unit, **form.cleaned_data)
        except Invalid as error:
            _blame(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(address(unit))
    return _form(request, form, _("修改机构"), unit)


@require_http_methods(["GET", "POST"])
@signed_in
def new_page(request: HttpRequest) -> HttpResponse:
    """A new unit below this one."""
    viewer = viewer_in(request)
    unit = _unit(request, viewer)
    door.must_change(viewer, unit.path)
    form = NewUnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_organisation(viewer, parent=unit, **form.cleaned_data)
        except Invalid as error:
            _blame(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(address(made))
    return _form(request, form, _("新建下级机构"), unit)


@require_http_methods(["GET", "POST"])
@signed_in
def area_page(request: HttpRequest) -> HttpResponse:
    """A new area of a unit from a day on; an open earlier one ends the day before."""
    viewer = viewer_in(request)
    unit = _unit(request, viewer)
    door.must_change(viewer, unit.path)
    form = AreaForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            shape = outlines.geometry(outlines.read(form.content()))
            days = {name: given[name] for name in ("valid_from", "valid_to", "system", "source")}
            services.set_area(viewer, unit, shape, **days)
        except Invalid as error:
            _blame(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(address(unit))
    return _form(request, form, _("新的范围"), unit, board=selectors.board(unit, clock.beijing(clock.now()).date()))


def _form(
    request: HttpRequest, form: forms.Form, title: str, unit: Organisation, board: dict[str, Any] | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "title": title, "unit": unit, "back": address(unit), "board": board}
    return render(request, "places/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def collection_page(request: HttpRequest) -> HttpResponse:
    """Areas of many units in one file: checked first, then all of them or none."""
    viewer = viewer_in(request)
    if not door.may_change(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="areas")
    form = CollectionForm(request.POST or None, request.FILES or None)
    done: outlines.Loaded | None = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            found = outlines.read(bytes(given["file"].read()))
            days = {name: given[name] for name in ("valid_from", "system", "source")}
            done = outlines.load_collection(viewer, found, apply=request.POST.get("do") == "import", **days)
        except Invalid as error:
            _blame(form, error)
    if done is not None and done.applied:
        text = _("导入了 {areas} 个范围，新建 {units} 个机构")
        messages.success(request, text.format(areas=done.areas, units=done.units))
        return redirect("places:grids")
    wrong = [(each.feature, each.problem.text()) for each in done.wrong[:100]] if done is not None else []
    context = {"form": form, "done": done, "wrong": wrong}
    return render(request, "places/areas.html", context, status=422 if form.errors or wrong else 200)
