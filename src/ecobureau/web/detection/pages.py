"""The pages of detection on an outlet and a clue: the chain of a plant with its links, verdicts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.detection import chain, process, selectors, verdicts
from ecobureau.web.detection.forms import EndForm, LinkChangeForm, LinkForm, VerdictForm
from ecobureau.web.detection.models import ChainLink
from ecobureau.web.detection.page_parts import crumbs, edit, lang
from ecobureau.web.places.door import may_change, must_change
from ecobureau.web.sources.models import Outlet

# --- the whole process ------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def chain_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The chain of a plant on one time axis, with its findings and the month's amount against the permit."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in [str(one) for one in process.RANGES] else 7
    found = process.process_of(outlet, now(), days, request.GET.get("factor", ""))
    context = {
        "outlet": outlet,
        "process": found,
        "days": days,
        "ranges": process.RANGES,
        "links": selectors.links(outlet),
        "ended": selectors.ended_links(outlet),
        "may_change": may_change(viewer, outlet.org_path),
        "share": None if not found.permitted_kg else 100 * (found.month_kg or 0.0) / found.permitted_kg,
        "crumbs": crumbs(outlet, parts.Tab(_("全流程"), current=True)),
    }
    return render(request, "detection/chain.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def link_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect a station to the chain."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    form = LinkForm(request.POST or None, initial={"role": request.GET.get("role", "prod")})

    def write() -> Any:
        return chain.add_link(viewer, outlet, **form.cleaned_data)

    back = reverse("detection:chain", args=[pk])
    context = {
        "title": _("接入环节"),
        "outlet": outlet,
        "stations": selectors.stations_near(viewer, outlet),
        "crumbs": crumbs(outlet, parts.Tab(_("全流程"), back), parts.Tab(_("接入环节"), current=True)),
    }
    return edit(request, form, write, back, context)


@require_http_methods(["GET", "POST"])
@signed_in
def link_change_page(request: HttpRequest, pk: int, link: int) -> HttpResponse:
    """Let a link go on with another factor or rated power from a day on."""
    viewer = viewer_in(request)
    outlet, row = _link(viewer, pk, link)
    initial = {"since": beijing(now()).date(), "factor": row.factor, "rated_kw": row.rated_kw}
    form = LinkChangeForm(request.POST or None, initial=initial)
    title = _("修改环节：{role} {station}").format(role=row.get_role_display(), station=row.station.name)
    return edit(
        request,
        form,
        lambda: chain.change_link(viewer, row, **form.cleaned_data),
        reverse("detection:chain", args=[pk]),
        _under_chain(outlet, title),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def link_end_page(request: HttpRequest, pk: int, link: int) -> HttpResponse:
    """End a link on a day."""
    viewer = viewer_in(request)
    outlet, row = _link(viewer, pk, link)
    form = EndForm(request.POST or None, initial={"last": beijing(now()).date()})
    title = _("结束环节：{role} {station}").format(role=row.get_role_display(), station=row.station.name)
    return edit(
        request,
        form,
        lambda: chain.end_link(viewer, row, **form.cleaned_data),
        reverse("detection:chain", args=[pk]),
        _under_chain(outlet, title),
    )


def _link(viewer: Viewer, pk: int, link: int) -> tuple[Outlet, ChainLink]:
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    row = selectors.link(outlet, link)
    if row is None:
        raise Http404
    return outlet, row


def _under_chain(outlet: Outlet, title: str) -> dict[str, Any]:
    chain_tab = parts.Tab(_("全流程"), reverse("detection:chain", args=[outlet.pk]))
    return {"title": title, "outlet": outlet, "crumbs": crumbs(outlet, chain_tab, parts.Tab(title, current=True))}


# --- verdicts ---------------------------------------------------------------------------------------------------------


@require_POST
@signed_in
def verdict_view(request: HttpRequest, number: str) -> HttpResponse:
    """Take what people found out about a clue."""
    viewer = viewer_in(request)
    clue = clues.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="verdict")
    form = VerdictForm(request.POST)
    data = form.cleaned_data if form.is_valid() else {}
    try:
        verdicts.give(viewer, clue, data.get("outcome", ""), data.get("reason", ""))
    except Refused as error:
        if error.code not in ("detection.needs_reason", "detection.no_outcome"):
            raise
        messages.error(request, error.text(lang()))
    else:
        messages.success(request, _("已记录核实结论"))
    return redirect("core:detail", plural="clues", number=number)
