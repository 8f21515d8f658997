"""Sensitive places: list, one of them, a file of them."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import pool, sensitive_file, services
from ecobureau.web.clues.forms import FileForm, PlaceForm
from ecobureau.web.clues.models import SensitivePlace
from ecobureau.web.core import parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.core.tables import BadFile
from ecobureau.web.places import door

LINES = 50
_SALT = "ecobureau.sensitive"
_KEEP_SECONDS = 3600
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _crumbs(*last: parts.Tab) -> list[parts.Tab]:
    return [parts.Tab(_("敏感目标"), reverse("clues:sensitive")), *last]


@require_GET
@signed_in
def list_page(request: HttpRequest) -> HttpResponse:
    """The sensitive places of one's area."""
    viewer = viewer_in(request)
    words, kind = request.GET.get("q", "").strip()[:60], request.GET.get("kind", "")
    page = Paginator(pool.sensitive(viewer, words, kind), LINES).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "words": words,
        "kind": kind,
        "kinds": SensitivePlace.Kind.choices,
        "may_change": door.may_change(viewer),
    }
    return render(request, "clues/sensitive.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit_page(request: HttpRequest, code: str = "") -> HttpResponse:
    """A new sensitive place, or one that is there."""
    viewer = viewer_in(request)
    place = _found(viewer, code) if code else None
    door.must_change(viewer, place.org_path if place else "")
    initial = {name: getattr(place, name) for name in PlaceForm.base_fields if name != "system"} if place else {}
    form = PlaceForm(request.POST or None, initial=initial)
    if place is not None:
        form.fields["code"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            services.put_place(viewer, **form.cleaned_data)
        except Refused as refused:
            if refused.code == "core.no_access":
                raise
            form.add_error(None, refused.text())
        else:
            messages.success(request, _("已保存"))
            return redirect("clues:sensitive")
    title = place.name if place else _("登记敏感目标")
    context: dict[str, Any] = {
        "form": form,
        "title": title,
        "back": reverse("clues:sensitive"),
        "crumbs": _crumbs(parts.Tab(title, current=True)),
        "close_url": reverse("clues:close_sensitive", args=[place.code]) if place and place.active else "",
    }
    return render(request, "clues/edit.html", context, status=422 if request.method == "POST" else 200)


def _found(viewer: Viewer, code: str) -> SensitivePlace:
    place = pool.sensitive(viewer).filter(code=code).first()
    if place is None:
        raise Http404
    return place


@require_POST
@signed_in
def close_page(request: HttpRequest, code: str) -> HttpResponse:
    """Take a place out of use."""
    viewer = viewer_in(request)
    services.close_place(viewer, _found(viewer, code))
    messages.success(request, _("已停用"))
    return redirect("clues:sensitive")


@require_http_methods(["GET", "POST"])
@signed_in
def import_page(request: HttpRequest) -> HttpResponse:
    """Choose a file, see what it would do, then do it."""
    viewer = viewer_in(request)
    door.must_change(viewer)
    form, report, sealed = FileForm(), None, ""
    if request.method == "POST":
        given = None
        apply = "sealed" in request.POST
        if apply:
            given = _opened(viewer, request.POST["sealed"])
        else:
            form = FileForm(request.POST, request.FILES)
            if form.is_valid():
                upload = form.cleaned_data["file"]
                given = (str(upload.name), upload.read(sensitive_file.MOST_BYTES + 1))
        if given is not None:
            try:
                report = sensitive_file.run(viewer, given[1], given[0], apply=apply)
            except BadFile as bad:
                form.add_error("file", bad.text())
            else:
                if report.applied:
                    done = _("已写入 {made} 处，改动 {changed} 处").format(made=report.made, changed=report.changed)
                    messages.success(request, done)
                    return redirect("clues:sensitive")
                sealed = _sealed(viewer, *given) if report.good else ""
    context = {
        "form": form,
        "report": report,
        "sealed": sealed,
        "most": sensitive_file.MOST_ROWS,
        "columns": sensitive_file.headings().items(),
        "crumbs": _crumbs(parts.Tab(_("导入"), current=True)),
    }
    wrong = request.method == "POST" and not sealed
    return render(request, "clues/sensitive_import.html", context, status=422 if wrong else 200)


def _sealed(viewer: Viewer, name: str, data: bytes) -> str:
    body = {"u": viewer.id, "n": name, "d": base64.b64encode(data).decode()}
    return signing.dumps(body, salt=_SALT, compress=True)


def _opened(viewer: Viewer, text: str) -> tuple[str, bytes]:
    try:
        body = signing.loads(text, salt=_SALT, max_age=_KEEP_SECONDS)
    except signing.BadSignature:
        body = {}
    if body.get("u") != viewer.id:
        refuse(Refusal("import.gone"), actor=viewer.user_id, what="import sensitive")
    return str(body["n"]), base64.b64decode(body["d"])


@require_GET
@signed_in
def template_page(request: HttpRequest) -> HttpResponse:
    """The file to fill in."""
    door.must_change(viewer_in(request))
    response = HttpResponse(sensitive_file.template(), content_type=_XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="sensitive-places.xlsx"'
    return response
