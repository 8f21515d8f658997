"""Import of records from a file: upload, what it would do row by row, and doing it."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import addresses, importing
from ecobureau.web.core.pages.common import kind_at, signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.tables import BadFile
from ecobureau.words import say

_SALT = "ecobureau.import"
KEEP_SECONDS = 3600
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportForm(forms.Form):
    """A file with records."""

    file = forms.FileField(label=_("文件（CSV 或 XLSX）"))


def _sealed(kind: str, user: int, name: str, data: bytes) -> str:
    """Return the checked file, signed, so that the second step imports exactly what the first one showed."""
    body = {"k": kind, "u": user, "n": name, "d": base64.b64encode(data).decode()}
    return signing.dumps(body, salt=_SALT, compress=True)


def _opened(text: str, kind: str, user: int) -> tuple[str, bytes] | None:
    try:
        body = signing.loads(text, salt=_SALT, max_age=KEEP_SECONDS)
    except signing.BadSignature:
        return None
    if (body["k"], body["u"]) != (kind, user):
        return None
    return str(body["n"]), base64.b64decode(body["d"])


@require_http_methods(["GET", "POST"])
@signed_in
def import_page(request: HttpRequest, plural: str) -> HttpResponse:
    """Choose a file, see what it would do, then do it."""
    kind, viewer = kind_at(plural), viewer_in(request)
    importing.check(viewer, kind)
    form = ImportForm()
    report, sealed = None, ""
    if request.method == "POST":
        apply = "sealed" in request.POST
        given: tuple[str, bytes] | None = None
        if apply:
            given = _opened(request.POST["sealed"], kind.code, viewer.id)
            if given is None:
                refuse(Refusal("import.gone"), actor=viewer.user_id, what=f"import {kind.code}")
        else:
            form = ImportForm(request.POST, request.FILES)
            if form.is_valid():
                upload = form.cleaned_data["file"]
                given = (upload.name, upload.read(importing.MOST_BYTES + 1))
        if given is not None:
            try:
                report = importing.run(viewer, kind, given[1], given[0], apply=apply)
            except BadFile as bad:
                form.add_error("file", bad.text())
            else:
                if report.applied:
                    done = say("import.done", None, rows=report.rows, made=report.made, changed=0, same=report.same)
                    messages.success(request, done)
                    return redirect(addresses.of_list(kind))
                sealed = _sealed(kind.code, viewer.id, *given) if report.good else ""
    context: dict[str, Any] = {
        "kind": kind,
        "name": say(kind.name_plural),
        "form": form,
        "report": report,
        "sealed": sealed,
        "columns": importing.columns(viewer, kind),
        "most": importing.MOST_ROWS,
        "list_url": addresses.of_list(kind),
    }
    wrong = request.method == "POST" and not sealed
    return render(request, "core/import.html", context, status=422 if wrong else 200)


@require_GET
@signed_in
def template_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The file to fill in."""
    kind = kind_at(plural)
    response = HttpResponse(importing.template(viewer_in(request), kind), content_type=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{kind.plural}-template.xlsx"'
    return response
