"""Reporters and their answers: what is owed, giving an answer, and looking at who it was."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.web.clues import pool, services
from ecobureau.web.clues.forms import AnswerForm, PurposeForm
from ecobureau.web.core import addresses, parts
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused

LINES = 50


def _crumbs(*last: parts.Tab) -> list[parts.Tab]:
    return [parts.Tab(_("线索"), reverse("clues:list")), parts.Tab(_("待答复"), reverse("clues:answers")), *last]


@require_GET
@signed_in
def owed_page(request: HttpRequest) -> HttpResponse:
    """Reporters whose matter has closed and who wait for an answer, the longest waiting first."""
    asked = request.GET.get("page", "1")
    page = max(1, int(asked)) if asked.isdigit() and len(asked) < 6 else 1
    rows, total = pool.owed_rows(viewer_in(request), (page - 1) * LINES, LINES)
    context = {
        "rows": rows,
        "total": total,
        "before": page - 1,
        "after": page + 1 if page * LINES < total else 0,
        "crumbs": [*_crumbs()[:-1], parts.Tab(_("待答复"), current=True)],
    }
    return render(request, "clues/answers.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def reporter_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One reporter, masked: what is owed, and giving the answer."""
    viewer = viewer_in(request)
    reporter = pool.reporter(viewer, pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer(reporter, viewer, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            messages.success(request, _("答复已记录"))
            return redirect("clues:reporter", pk)
    return _shown(request, pk, form, None, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def unmask_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show name, phone and own words for a purpose that is written down; the answer is not kept by any cache."""
    viewer = viewer_in(request)
    reporter = pool.reporter(viewer, pk)
    shown = services.unmask(reporter, viewer, purpose=request.POST.get("purpose", ""))
    return _shown(request, pk, AnswerForm(), shown)


def _shown(
    request: HttpRequest, pk: int, form: AnswerForm, open_: dict[str, str] | None, status: int = 200
) -> HttpResponse:
    viewer = viewer_in(request)
    reporter = pool.reporter(viewer, pk)
    row = next(each for each in pool.reporters(viewer, reporter.matter) if each.reporter.pk == pk)
    context = {
        "row": row,
        "reporter": reporter,
        "clue_url": addresses.of(reporter.clue),
        "matter_url": addresses.of(reporter.matter) if reporter.matter_id != reporter.clue_id else "",
        "form": form,
        "purpose": PurposeForm(),
        "open": open_,
        "crumbs": _crumbs(parts.Tab(reporter.clue.number, current=True)),
    }
    response = render(request, "clues/reporter.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
