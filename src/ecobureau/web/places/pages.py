"""Pages: the tree of the bureau with who is on duty, and the rosters of a unit."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau import clock
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import door, duty, selectors, services, weeks
from ecobureau.web.places.forms import CopyForm, HoursForm, ShiftForm, StandInForm
from ecobureau.web.places.models import Level, Organisation, Shift
from ecobureau.web.places.problems import Invalid
from ecobureau.words import say

WEEK = timedelta(days=7)


def _office(viewer: Viewer) -> None:
    if not door.sees_registry(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="places")


@require_GET
@signed_in
def tree_page(request: HttpRequest) -> HttpResponse:
    """Districts, departments and grids with their duties and who is on duty now."""
    viewer = viewer_in(request)
    _office(viewer)
    units = selectors.visible_units(viewer)
    watch = selectors.all_on_duty(clock.now())
    rows = [
        {
            "unit": unit,
            "depth": unit.path.count("/") - 2,
            "duties": [say(f"duty.{code}") for code in unit.duties],
            "on_duty": watch.get(unit.path, []),
            "url": f"{reverse('places:unit')}?{urlencode({'path': unit.path})}",
        }
        for unit in units
    ]
    return render(request, "places/tree.html", {"rows": rows, "may_change": door.may_change(viewer)})


def _week(request: HttpRequest) -> datetime:
    """Return the Monday asked for (`from=2026-11-16`), midnight in Beijing; default: this week's."""
    today = clock.beijing(clock.now()).date()
    try:
        day = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        day = today
    monday = day - timedelta(days=day.weekday())
    return datetime.combine(monday, time(), tzinfo=clock.BEIJING)


def _unit(request: HttpRequest, viewer: Viewer) -> Organisation | None:
    asked = request.GET.get("unit", "")
    units = selectors.visible_units(viewer)
    chosen = next((unit for unit in units if unit.path == asked), None)
    own = [grant.org_path for grant in viewer.grants]
    return chosen or next((unit for unit in units if unit.path in own), units[0] if units else None)


@require_http_methods(["GET", "POST"])
@signed_in
def rosters_page(request: HttpRequest) -> HttpResponse:
    """A unit's shifts of one week, with a form for one more."""
    viewer = viewer_in(request)
    _office(viewer)
    unit = _unit(request, viewer)
    monday = _week(request)
    may_change = unit is not None and door.may_change(viewer, unit.path, what="roster")
    form = ShiftForm(request.POST or None, initial={"roster": _("日班")})
    if request.method == "POST" and unit is not None and form.is_valid():
        try:
            _add(viewer, unit, form.cleaned_data)
        except Invalid as error:
            for problem in error.problems:
                form.add_error(problem.field if problem.field in form.fields else None, problem.text())
        else:
            messages.success(request, _("已保存"))
            return redirect(f"{request.path}?{request.GET.urlencode()}")
    context: dict[str, Any] = {
        "days": weeks.week_days(monday.date()),
        "gaps": weeks.gaps(unit, monday.date()) if unit else [],
        "rosters": weeks.rosters_of(unit) if unit else [],
        "copy": CopyForm(initial={"source": monday.date(), "target": (monday + WEEK).date()}) if may_change else None,
        "may_import": may_change,
        "unit": unit,
        "units": [each for each in selectors.visible_units(viewer) if each.level != Level.GRID],
        "shifts": selectors.shifts(unit.path, monday, monday + WEEK) if unit else [],
        "monday": monday.date(),
        "sunday": monday.date() + timedelta(days=6),
        "before": (monday - WEEK).date(),
        "after": (monday + WEEK).date(),
        "form": form if may_change else None,
        "may_change": may_change,
    }
    return render(request, "places/rosters.html", context, status=422 if request.method == "POST" else 200)


def _add(viewer: Viewer, unit: Organisation, data: dict[str, Any]) -> None:
    roster = services.make_roster(viewer, unit, data["roster"])
    services.add_shift(viewer, roster, data["person"], starts=data["starts"], ends=data["ends"])


def _say(request: HttpRequest, error: Invalid) -> None:
    messages.error(request, " ".join(problem.text() for problem in error.problems))


@require_POST
@signed_in
def copy_week_page(request: HttpRequest) -> HttpResponse:
    """Copy a week of a unit's rosters into another."""
    viewer = viewer_in(request)
    unit = selectors.visible_unit(viewer, request.POST.get("unit", ""))
    if unit is None:
        refuse(Refusal("core.not_found", {"number": request.POST.get("unit", "")}), actor=viewer.user_id, what="week")
    form = CopyForm(request.POST)
    address = f"{reverse('places:rosters')}?unit={unit.path}"
    if not form.is_valid():
        messages.error(request, _("请填两个日期"))
        return redirect(address)
    given = form.cleaned_data
    try:
        done = duty.copy_week(viewer, unit, given["source"], given["target"])
    except Invalid as error:
        _say(request, error)
        return redirect(address)
    text = _("复制了 {made} 个班次；{taken} 个因已有班次、{free} 个因当天放假没有复制")
    messages.success(request, text.format(made=done.made, taken=done.taken, free=done.free))
    return redirect(f"{address}&from={given['target'].isoformat()}")


@require_http_methods(["GET", "POST"])
@signed_in
def hours_page(request: HttpRequest, pk: int) -> HttpResponse:
    """When a roster needs somebody on duty."""
    viewer = viewer_in(request)
    roster = weeks.roster(pk)
    if roster is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="roster")
    door.must_change(viewer, roster.organisation.path, what="roster")
    names = ("needs_from", "needs_to", "needs_rest_days")
    form = HoursForm(request.POST or None, initial={name: getattr(roster, name) for name in names})
    back = f"{reverse('places:rosters')}?unit={roster.organisation.path}"
    if request.method == "POST" and form.is_valid():
        try:
            duty.set_hours(viewer, roster, **form.cleaned_data)
        except Invalid as error:
            for problem in error.problems:
                form.add_error(problem.field, problem.text())
        else:
            messages.success(request, _("已保存"))
            return redirect(back)
    context = {"roster": roster, "form": form, "back": back}
    return render(request, "places/hours.html", context, status=422 if form.errors else 200)


def _shift(viewer: Viewer, pk: int) -> Shift:
    shift = selectors.shift(pk)
    if shift is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="shift")
    door.must_change(viewer, shift.roster.organisation.path, what="roster")
    return shift


def _back(shift: Shift) -> str:
    day = clock.beijing(shift.starts).date().isoformat()
    return f"{reverse('places:rosters')}?unit={shift.roster.organisation.path}&from={day}"


@require_http_methods(["GET", "POST"])
@signed_in
def shift_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Set or take back a stand-in."""
    viewer = viewer_in(request)
    shift = _shift(viewer, pk)
    form = StandInForm(request.POST or None, initial={"stand_in": shift.stand_in_id, "reason": shift.reason})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_stand_in(viewer, shift, form.cleaned_data["stand_in"], form.cleaned_data["reason"])
        except Invalid as error:
            for problem in error.problems:
                form.add_error(problem.field if problem.field in form.fields else None, problem.text())
        else:
            messages.success(request, _("已保存"))
            return redirect(_back(shift))
    context = {"shift": shift, "form": form, "back": _back(shift), "begun": shift.starts <= clock.now()}
    return render(request, "places/shift.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def remove_shift_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a shift off that has not begun."""
    viewer = viewer_in(request)
    shift = _shift(viewer, pk)
    back = _back(shift)
    try:
        services.remove_shift(viewer, shift)
    except Invalid as error:
        messages.error(request, " ".join(problem.text() for problem in error.problems))
    return redirect(back)
