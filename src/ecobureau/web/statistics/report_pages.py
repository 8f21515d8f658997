"""The pages of the reports: the list, a report, and its files."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import as_pdf, as_xlsx, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.statistics import report
from ecobureau.web.statistics.pages_common import tabs
from ecobureau.web.statistics.report import MEDIA, PERIODS, Asked

FORMS = {"pdf": as_pdf, "xlsx": as_xlsx}


@require_GET
@signed_in
def reports_page(request: HttpRequest) -> HttpResponse:
    """The reports that there are, by medium and period, newest first."""
    viewer = viewer_in(request)
    medium, period = request.GET.get("medium", "air"), request.GET.get("period", "daily")
    if medium not in MEDIA or period not in PERIODS:
        raise Http404
    places = report.places(viewer, medium)
    asked = request.GET.get("place", "")
    place = next((one for one in places if asked in ("", str(one.pk))), None)
    if asked and place is None:
        raise Http404
    context = {
        "tabs": tabs("reports"),
        "kinds": [(one, other, report.name_of(one, other)) for one in MEDIA for other in PERIODS],
        "medium": medium,
        "period": period,
        "name": report.name_of(medium, period),
        "places": places,
        "place": place,
        "lines": report.listed(viewer, medium, period, place.pk) if place else [],
        "today": beijing(now()).date(),
    }
    return render(request, "statistics/reports.html", context)


@require_GET
@signed_in
def jump(request: HttpRequest) -> HttpResponse:
    """Go to the report of a day that was typed in."""
    asked = _asked(
        request,
        request.GET.get("medium", ""),
        request.GET.get("period", ""),
        request.GET.get("place", ""),
        request.GET.get("day", ""),
    )
    return redirect(
        "statistics:report", medium=asked.medium, period=asked.period, place=asked.place.pk, day=asked.day.isoformat()
    )


@require_GET
@signed_in
def report_page(request: HttpRequest, medium: str, period: str, place: int, day: str) -> HttpResponse:
    """A report as a page."""
    asked = _asked(request, medium, period, str(place), day)
    document = report.made(viewer_in(request), asked, at=now())
    before, after = report.steps(asked, beijing(now()).date())
    context = {
        "tabs": tabs("reports"),
        "asked": asked,
        "document": document,
        "name": report.name_of(medium, period),
        "author": report.author_of(asked.place),
        "before": before.isoformat(),
        "after": after.isoformat() if after else None,
        "forms": [(form, form.upper()) for form in FORMS],
    }
    return render(request, "statistics/report.html", context)


@require_POST
@signed_in
def report_file(request: HttpRequest, medium: str, period: str, place: int, day: str, form: str) -> HttpResponse:
    """A report as a file, for a purpose that is written down."""
    viewer = viewer_in(request)
    if form not in FORMS:
        raise Http404
    asked = _asked(request, medium, period, str(place), day)
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what=f"report {medium} {period}")
    at = now()
    mark = _("{who} 于 {at} 导出，用途：{purpose}").format(
        who=viewer.name, at=f"{beijing(at):%Y-%m-%d %H:%M}", purpose=purpose
    )
    document = report.made(viewer, asked, at=at, mark=mark)
    if document is None:
        raise Http404
    name = report.file_name(asked)
    data = FORMS[form](document)
    audit.write(
        viewer,
        "export",
        kind="report",
        object_id=asked.place.pk,
        number=name[:60],
        purpose=purpose,
        form=form,
        name=name,
    )
    return download(data, name, form)


def _asked(request: HttpRequest, medium: str, period: str, place: str, day: str) -> Asked:
    """Return which report is asked for.

    Raises:
        Http404: there is no such kind, day or place, or the viewer may not see the place.
    """
    if medium not in MEDIA or period not in PERIODS:
        raise Http404
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    found = next((one for one in report.places(viewer_in(request), medium) if str(one.pk) == place), None)
    if found is None or not 2001 <= on.year <= 2100:
        raise Http404
    return Asked(medium, period, on if period == "daily" else on.replace(day=1), found)
