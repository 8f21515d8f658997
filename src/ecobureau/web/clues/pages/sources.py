"""The sources of clues: list with false-clue rates, one source with its key and schema, a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecobureau.web.clues import intake, pool, services
from ecobureau.web.clues.forms import NewSourceForm, SourceForm
from ecobureau.web.core import parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import door


def _crumbs(viewer: Viewer, *last: parts.Tab) -> list[parts.Tab]:
    """Return the way to a page; who sees no clues is not led to their list."""
    above = [parts.Tab(_("线索"), reverse("clues:list"))] if pool.sees_clues(viewer) else []
    return [*above, parts.Tab(_("线索来源"), reverse("clues:sources")), *last]


@require_GET
@signed_in
def list_page(request: HttpRequest) -> HttpResponse:
    """Every source, what it has sent in the last days, and how much of it was false."""
    viewer = viewer_in(request)
    context = {
        "rows": pool.sources(viewer),
        "days": pool.RATE_DAYS,
        "may_change": door.may_change(viewer),
        "crumbs": [*_crumbs(viewer)[:-1], parts.Tab(_("线索来源"), current=True)],
    }
    return render(request, "clues/sources.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new_page(request: HttpRequest) -> HttpResponse:
    """Register a source."""
    viewer = viewer_in(request)
    door.must_change(viewer)
    form = NewSourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_source(viewer, **form.cleaned_data)
        except Refused as refused:
            if refused.code == "core.no_access":
                raise
            form.add_error(None, refused.text())
        else:
            messages.success(request, _("已保存"))
            return redirect("clues:source", made.code)
    context = {
        "form": form,
        "title": _("登记线索来源"),
        "back": reverse("clues:sources"),
        "crumbs": _crumbs(viewer, parts.Tab(_("登记线索来源"), current=True)),
    }
    return render(request, "clues/edit.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def source_page(request: HttpRequest, code: str) -> HttpResponse:
    """One source: its rate, how it reports over the interface, and what may be changed."""
    viewer = viewer_in(request)
    source = pool.source(viewer, code)
    may_change = pool.may_change_source(viewer, source)
    form = None
    if may_change:
        initial: dict[str, Any] = {name: getattr(source, name) for name in SourceForm.base_fields if name != "account"}
        form = SourceForm(request.POST or None, source=source, initial=initial)
    if request.method == "POST":
        if form is None:
            door.must_change(viewer, source.org_path)
        if form is not None and form.is_valid():
            try:
                services.change_source(viewer, source, **form.cleaned_data)
            except Refused as refused:
                if refused.code == "core.no_access":
                    raise
                form.add_error(None, refused.text())
            else:
                messages.success(request, _("已保存"))
                return redirect("clues:source", source.code)
    schema = request.build_absolute_uri(reverse("clues:schema"))
    context = {
        "source": source,
        "form": form,
        "rate": pool.rates(viewer, [source]).get(source.pk),
        "days": pool.RATE_DAYS,
        "address": request.build_absolute_uri(reverse("clues:report")),
        "schema": schema,
        "most_kb": intake.MOST_BYTES // 1024,
        "keys_url": reverse("accounts:keys", args=[source.account_id]) if may_change and source.account_id else "",
        "crumbs": _crumbs(viewer, parts.Tab(source.label, current=True)),
    }
    wrong = request.method == "POST"
    return render(request, "clues/source.html", context, status=422 if wrong else 200)
