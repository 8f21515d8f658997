"""Pages: the registry's front page, and the import of tables in two steps."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.door import may_change
from ecobureau.web.sources import selectors
from ecobureau.web.sources.forms import UploadForm
from ecobureau.web.sources.importing import KINDS, BadFile, drafts, kind_of
from ecobureau.web.sources.importing.run import RowProblem
from ecobureau.web.sources.models import ImportDraft
from ecobureau.words import say


def must_administer(viewer: Viewer, what: str) -> None:
    """Refuse whoever may change neither the registry nor a roster anywhere."""
    if not (may_change(viewer) or may_change(viewer, what="roster")):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=what)


@require_GET
@signed_in
def registry_page(request: HttpRequest) -> HttpResponse:
    """What the registry holds, and the ways to change it."""
    viewer = viewer_in(request)
    must_administer(viewer, "registry")
    context = {"counts": selectors.counts(viewer), "recent": drafts.recent(viewer), "may_change": may_change(viewer)}
    return render(request, "sources/registry.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def upload_page(request: HttpRequest) -> HttpResponse:
    """Upload a table; it is checked at once and nothing is written."""
    viewer = viewer_in(request)
    must_administer(viewer, "import")
    form = UploadForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind", "")})
    if request.method == "POST" and form.is_valid():
        kind, file = kind_of(form.cleaned_data["kind"]), form.cleaned_data["file"]
        assert kind is not None
        try:
            draft = drafts.start(viewer, kind, file.name, file.read())
        except BadFile as error:
            form.add_error("file", error.text())
        else:
            return redirect("sources:draft", draft.uuid)
    context = {"form": form, "kinds": [{"kind": kind, "name": say(kind.title)} for kind in KINDS]}
    return render(request, "sources/import.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@signed_in
def draft_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the check found, row by row, and the button that imports."""
    return _draft(request, uuid)


def _draft(request: HttpRequest, uuid: UUID, status: int = 200) -> HttpResponse:
    viewer = viewer_in(request)
    must_administer(viewer, "import")
    draft = drafts.find(viewer, uuid)
    if draft is None:
        refuse(Refusal("core.not_found", {"number": str(uuid)}), actor=viewer.user_id, what="import")
    kind = kind_of(draft.kind)
    problems = [RowProblem(row, column, code, params) for row, column, code, params in draft.problems]
    context = {
        "draft": draft,
        "kind_name": say(kind.title) if kind else draft.kind,
        "problems": [{"row": each.row, "column": each.column, "text": each.text()} for each in problems],
        "waiting": draft.state == ImportDraft.State.CHECKED,
        "done": draft.state == ImportDraft.State.APPLIED,
        "refused": draft.state == ImportDraft.State.REFUSED,
    }
    return render(request, "sources/draft.html", context, status=status)


@require_POST
@signed_in
def apply_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Import what was checked."""
    viewer = viewer_in(request)
    must_administer(viewer, "import")
    draft = drafts.apply(viewer, uuid)
    if draft.state == ImportDraft.State.APPLIED:
        return redirect("sources:draft", uuid)
    return _draft(request, uuid, 422)


@require_POST
@signed_in
def drop_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give an upload up."""
    viewer = viewer_in(request)
    must_administer(viewer, "import")
    drafts.drop(viewer, uuid)
    return redirect("sources:import")


@require_GET
@signed_in
def sample_page(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty table with all headings, those that are needed with a star."""
    must_administer(viewer_in(request), "import")
    found = kind_of(kind)
    if found is None:
        refuse(Refusal("core.not_found", {"number": kind}), what="import sample")
    out = io.StringIO()
    csv.writer(out).writerow([f"{column.zh}*" if column.required else column.zh for column in found.columns])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.name}.csv"'
    return response
