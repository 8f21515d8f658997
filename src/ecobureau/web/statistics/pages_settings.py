"""The pages where people set which points count, on which water a section lies, and which days are left out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics import selectors_points, services
from ecobureau.web.statistics.forms import MarkForm, PointForm, SectionForm
from ecobureau.web.statistics.models import DayMark, Medium, Series
from ecobureau.web.statistics.pages_common import filled, rule_lines, tabs
from ecobureau.web.statistics.proposals import Deed, decided, shown


@require_GET
@signed_in
def points_page(request: HttpRequest) -> HttpResponse:
    """The points of a medium, the place each counts towards, and whether it does."""
    medium = request.GET.get("medium", Medium.AIR)
    if medium not in Medium.values:
        raise Http404
    context = {
        "tabs": tabs("points"),
        "medium": medium,
        "media": Medium.choices,
        "points": selectors_points.points(viewer_in(request), medium),
    }
    return render(request, "statistics/points.html", context)


@require_GET
@signed_in
def point_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A point: whether it counts, since when, why, and what was changed."""
    point = _point(request, pk)
    first, last = selectors_points.reach(pk)
    may_set = services.may_set(viewer_in(request), point)
    form = PointForm(initial={"assessed": "no" if point.assessed else "yes"})
    basin = point.river.parent.name if point.river and point.river.parent else ""
    section = {"river": point.river.name if point.river else "", "basin": basin, "body": point.body or "river"}
    context = {
        "tabs": tabs("points"),
        "point": point,
        "changes": selectors_points.changes(pk),
        "first": first,
        "last": last,
        "form": form if may_set and point.parent else None,
        "section_form": SectionForm(initial=section) if may_set and point.medium == Medium.WATER else None,
    }
    return render(request, "statistics/point.html", context)


@require_POST
@signed_in
def set_assessed(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a point count, or not."""
    _point(request, pk)
    given = filled(request, PointForm(request.POST))
    if given is not None:
        services.set_assessed(viewer_in(request), pk, **given)
        messages.success(request, _("已记录，计入的地区随后重算"))
    return redirect("statistics:point", pk=pk)


@require_POST
@signed_in
def set_section(request: HttpRequest, pk: int) -> HttpResponse:
    """Say on which water a section lies."""
    _point(request, pk)
    given = filled(request, SectionForm(request.POST))
    if given is not None:
        services.set_section(viewer_in(request), pk, **given)
        messages.success(request, _("已记录，统计值随后重算"))
    return redirect("statistics:point", pk=pk)


@require_GET
@signed_in
def marks_page(request: HttpRequest) -> HttpResponse:
    """The excluded days of the viewer's places, those to be decided first."""
    viewer = viewer_in(request)
    rows = list(selectors_points.marks(viewer)[:200])
    rows.sort(key=lambda row: row.state != DayMark.State.PROPOSED)
    names = {one.org_path: one.name for one in selectors_points.places(viewer)}
    places = [(path, name) for path, name in names.items() if services.may_propose_mark(viewer, path)]
    rules = in_force.statistics_on(beijing(now()).date())
    keys = ("exclusion.dust", "exclusion.special")
    context = {
        "tabs": tabs("marks"),
        "lines": [_line(viewer, row, names.get(row.org_path, row.org_path)) for row in rows],
        "form": MarkForm(places=places) if places else None,
        "rules": [] if rules is None else rule_lines(rules.entries[key] for key in keys if key in rules.entries),
    }
    return render(request, "statistics/marks.html", context)


def _line(viewer: Viewer, row: DayMark, place: str) -> dict[str, Any]:
    words = {"accept": _("同意扣除"), "refuse": _("不予扣除"), "withdraw": _("撤销扣除")}
    may = services.may_decide_mark(viewer, row), services.may_withdraw_mark(viewer, row)
    undone = Deed(row.withdrawn_by, row.withdrawn_at, row.withdrawn_why)
    return {**shown(row, undone, "statistics:decide_mark", words, may), "place": place}


@require_POST
@signed_in
def propose_mark(request: HttpRequest) -> HttpResponse:
    """Propose that days are left out."""
    viewer = viewer_in(request)
    places = [(one.org_path, one.name) for one in selectors_points.places(viewer)]
    given = filled(request, MarkForm(request.POST, places=places))
    if given is not None:
        services.propose_mark(viewer, given.pop("place"), **given)
        messages.success(request, _("已提出，待另一人复核"))
    return redirect("statistics:marks")


@require_POST
@signed_in
def decide_mark(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Accept, refuse or withdraw."""
    viewer = viewer_in(request)
    if selectors_points.mark(viewer, pk) is None:
        raise Http404
    decided(
        request,
        verb,
        lambda accept, note: services.decide_mark(viewer, pk, accept=accept, note=note),
        ("withdraw", lambda note: services.withdraw_mark(viewer, pk, reason=note)),
    )
    messages.success(request, _("已记录，统计值随后重算"))
    return redirect("statistics:marks")


def _point(request: HttpRequest, pk: int) -> Series:
    point = selectors_points.point(viewer_in(request), pk)
    if point is None:
        raise Http404
    return point
