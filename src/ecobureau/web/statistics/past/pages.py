"""The pages of files of history: hand one in, see what it would do, load it, see what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.domain.workflow import Role
from ecobureau.history.formats import formats
from ecobureau.rulepacks import load
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics.models import HistoryFile
from ecobureau.web.statistics.pages_common import form_errors, tabs
from ecobureau.web.statistics.past import services
from ecobureau.words import say

_RUNNING = ("waiting", "checking", "queued", "loading")


class FileForm(forms.Form):
    """A table of history and how it is to be read; what is left empty is found in the file."""

    file = forms.FileField(label=gettext_lazy("文件（CSV）"))
    format = forms.ChoiceField(label=gettext_lazy("格式（空＝按列名识别）"), required=False)
    station = forms.CharField(
        label=gettext_lazy("整个文件属于一个站点（编号、MN 或名称）"), max_length=80, required=False
    )
    start = forms.CharField(label=gettext_lazy("没有时刻列时，第一行的起始时刻"), max_length=40, required=False)
    stamp = forms.ChoiceField(
        label=gettext_lazy("时刻是时段的"), choices=[("start", gettext_lazy("开始")), ("end", gettext_lazy("结束"))]
    )
    encoding = forms.ChoiceField(label=gettext_lazy("编码"), choices=[("utf-8", "UTF-8"), ("gb18030", "GB 18030")])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = sorted(formats(load("history_formats"), beijing(now()).date()))
        field = self.fields["format"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *((one, one) for one in known)]


def files(viewer: Viewer) -> Any:
    """Return the files that the viewer may see: the own, an administrator all."""
    rows = HistoryFile.objects.select_related("asked_by")
    return rows if viewer.has(Role.ADMINISTRATOR) else rows.filter(asked_by=viewer.user_id)


@require_http_methods(["GET", "POST"])
@signed_in
def files_page(request: HttpRequest) -> HttpResponse:
    """Hand a file in; what was handed in so far."""
    viewer, form = viewer_in(request), FileForm()
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES)
        if form.is_valid():
            given = dict(form.cleaned_data)
            row = services.put_file(viewer, given.pop("file"), options=given)
            return redirect("statistics:history_file", pk=row.pk)
        form_errors(request, form)
    context = {
        "tabs": tabs("history"),
        "form": form if services.may_load(viewer) else None,
        "rows": files(viewer)[:50],
        "most": services.MOST_BYTES // 1024 // 1024,
    }
    return render(request, "statistics/history.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def file_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A file: how far it is, what it would do or did, and what is wrong with it row by row."""
    row = _file(request, pk)
    result = row.result
    context = {
        "tabs": tabs("history"),
        "row": row,
        "here": request.path,
        "running": row.state in _RUNNING,
        "fault": say(row.fault["code"], **row.fault["params"]) if row.fault else "",
        "result": result if "rows" in result else None,
        "first": _day(result.get("first", "")),
        "last": _day(result.get("last", "")),
        "problems": [
            (at, column, text, say(code, **params)) for at, column, text, code, params in result.get("problems", [])
        ],
        "own": row.asked_by_id == viewer_in(request).user_id,
    }
    part = request.GET.get("part") == "body"
    return render(request, "statistics/_history_file.html" if part else "statistics/history_file.html", context)


@require_POST
@signed_in
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Load a file, or give it up."""
    row = _file(request, pk)
    if verb == "load":
        services.start_load(viewer_in(request), row.pk)
    elif verb == "drop":
        services.drop_file(viewer_in(request), row.pk)
        messages.success(request, _("已放弃，文件已删除"))
        return redirect("statistics:history")
    else:
        raise Http404
    return redirect("statistics:history_file", pk=pk)


def _file(request: HttpRequest, pk: int) -> HistoryFile:
    row: HistoryFile | None = files(viewer_in(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _day(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if text else "—"
