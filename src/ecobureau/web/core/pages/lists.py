"""List, board, statistics and export of a kind; saved views."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, audit, columns, export, finders, importing, parts, selectors, views
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import SavedViewForm
from ecobureau.web.core.pages.common import kind_at, signed_in, template, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.registry import Kind
from ecobureau.words import say


def _without(params: QueryDict, *keys: str) -> QueryDict:
    left = params.copy()
    for key in keys:
        left.pop(key, None)
    return left


def chips(filters: Any, params: QueryDict) -> list[parts.FilterChip]:
    """Return the filters in force, each with the address that takes it away."""
    made = []
    for name, field in filters.form.fields.items():
        for value in params.getlist(name):
            if value == "":
                continue
            choices = dict(getattr(field, "choices", ()))
            left = params.copy()
            left.setlist(name, [each for each in params.getlist(name) if each != value])
            left.pop("page", None)
            words = f"{field.label}: {choices.get(value, value)}" if value not in ("on", "true") else str(field.label)
            made.append(parts.FilterChip(words, f"?{left.urlencode()}"))
    return made


def tabs(kind: Kind, request: HttpRequest, page: str) -> list[parts.Tab]:
    """Return the ways to see a kind, with the filters in force kept; `page` is the one that is shown."""
    query = request.GET.urlencode()
    names = (
        ("list", "core.tab.list"),
        ("map", "core.tab.map"),
        ("board", "core.tab.board"),
        ("statistics", "core.tab.statistics"),
    )
    return [
        parts.Tab(say(word), addresses.of_list(kind, page=name) + (f"?{query}" if query else ""), name == page)
        for name, word in names
    ]


def _heads(page: selectors.ListPage, params: QueryDict) -> list[dict[str, Any]]:
    made = []
    for column in page.columns:
        falling = page.sort == f"-{column.key}"
        rising = page.sort == column.key
        left = _without(params, "page")
        left["sort"] = column.key if falling else f"-{column.key}"
        made.append(
            {
                "key": column.key,
                "name": say(column.name),
                "url": f"?{left.urlencode()}" if column.sort else "",
                "sorted": "descending" if falling else "ascending" if rising else "",
            }
        )
    return made


@require_GET
@signed_in
def list_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The list of a kind: filters, search, sorting, pages, saved views."""
    kind, viewer = kind_at(plural), viewer_in(request)
    page = selectors.list_page(viewer, kind, request.GET)
    rows = [
        {
            "record": record,
            "url": addresses.of(record),
            "cells": [{"key": column.key, "value": column.of(record)} for column in page.columns],
            "clock": next(iter(page.clocks.get(record.pk, ())), None),
        }
        for record in page.records
    ]
    plain = _without(request.GET, "page")
    context = {
        "kind": kind,
        "name": say(kind.name_plural),
        "page": page,
        "rows": rows,
        "heads": _heads(page, request.GET),
        "chips": chips(page.filters, request.GET),
        "tabs": tabs(kind, request, "list"),
        "views": selectors.saved_views(viewer, kind),
        "saved_form": SavedViewForm(initial={"query": plain.urlencode()}),
        "may_create": kind.create is not None and access.may_somewhere(viewer, "create", kind),
        "may_import": importing.may_import(viewer, kind),
        "may_export": access.may_somewhere(viewer, "export", kind),
        "bulk": _bulk(kind, viewer),
        "new_url": addresses.of_list(kind, page="new"),
        "query": plain.urlencode(),
        "pages": _pages(page, plain),
    }
    wanted = "core/_rows.html" if request.headers.get("HX-Target") == "rows" else template(kind, "list")
    return render(request, wanted, context)


def _bulk(kind: Kind, viewer: Viewer) -> list[dict[str, str]]:
    """Return the verbs that the viewer may do to several records at once."""
    if not access.may_somewhere(viewer, "act", kind):
        return []
    names = {move.verb: say(move.name) for move in kind.flow.transitions if set(move.roles) & viewer.roles}
    return [{"verb": verb, "name": names[verb]} for verb in kind.bulk if verb in names]


def _pages(page: selectors.ListPage, plain: QueryDict) -> dict[str, str]:
    def at(number: int) -> str:
        return f"?{plain.urlencode()}&page={number}" if plain else f"?page={number}"

    return {
        "before": at(page.page - 1) if page.page > 1 else "",
        "after": at(page.page + 1) if page.page < page.pages else "",
    }


@require_GET
@signed_in
def board_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The open records of a kind by state."""
    kind, viewer = kind_at(plural), viewer_in(request)
    filters, found = selectors.board(viewer, kind, request.GET)
    records = [record for column in found for record in column.records]
    clocks = selectors.clock_badges(kind, records)
    shown = [
        {
            "column": column,
            "cards": [
                {"record": record, "url": addresses.of(record), "clock": next(iter(clocks.get(record.pk, ())), None)}
                for record in column.records
            ],
        }
        for column in found
    ]
    context = {"kind": kind, "name": say(kind.name_plural), "columns": shown, "filters": filters}
    context |= {"tabs": tabs(kind, request, "board"), "chips": chips(filters, request.GET)}
    return render(request, template(kind, "board"), context)


@require_GET
@signed_in
def statistics_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The numbers of a kind; each opens its list."""
    kind = kind_at(plural)
    numbers = selectors.statistics(viewer_in(request), kind)
    context = {"kind": kind, "name": say(kind.name_plural), "numbers": numbers}
    return render(request, template(kind, "statistics"), context | {"tabs": tabs(kind, request, "statistics")})


@require_POST
@signed_in
def export_page(request: HttpRequest, plural: str, form: str) -> HttpResponseBase:
    """The list under the filters of the address as CSV or XLSX, for a purpose that is written down."""
    kind, viewer = kind_at(plural), viewer_in(request)
    if not access.may_somewhere(viewer, "export", kind):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"export {kind.code}")
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what=f"export {kind.code}")
    _, queryset = selectors.found(viewer, kind, request.GET, "export")
    count = queryset.order_by()[: export.LIMIT + 1].count()
    if count > export.LIMIT:
        refuse(Refusal("core.export_too_long", {"limit": export.LIMIT}), actor=viewer.user_id, what=kind.code)
    audit.write(viewer, "export", kind=kind.code, purpose=purpose, form=form, rows=count, query=request.GET.urlencode())
    at = beijing(now()).strftime("%Y-%m-%d %H:%M:%S")
    mark = say("core.export.mark", None, who=viewer.name, at=at, purpose=purpose, rows=count)
    wanted, records = columns.columns(kind), queryset.iterator(chunk_size=500)
    name = f"{kind.plural}-{beijing(now()):%Y%m%d-%H%M%S}.{form}"
    if form == "csv":
        pieces = export.as_csv(wanted, records, mark)
        response: HttpResponseBase = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    book = export.as_xlsx(wanted, records, say(kind.name_plural), mark)
    return FileResponse(book, as_attachment=True, filename=name)


@require_POST
@signed_in
def save_view(request: HttpRequest, plural: str) -> HttpResponse:
    """Keep the filters in force under a name."""
    kind, viewer = kind_at(plural), viewer_in(request)
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        refuse(Refusal("core.view_name"), actor=viewer.user_id, what=kind.code)
    view = views.save(viewer, kind, form.cleaned_data["name"], form.cleaned_data["query"])
    return redirect(f"{addresses.of_list(kind)}?{view.query}")


@require_POST
@signed_in
def drop_view(request: HttpRequest, plural: str, pk: int) -> HttpResponse:
    """Forget a saved view of one's own."""
    kind = kind_at(plural)
    views.drop(viewer_in(request), kind, pk)
    return redirect(addresses.of_list(kind))


@require_GET
@signed_in
def search_page(request: HttpRequest) -> HttpResponse:
    """What matches in every kind, grouped."""
    viewer, text = viewer_in(request), request.GET.get("q", "").strip()[:100]
    groups: list[dict[str, Any]] = [
        {
            "name": say(kind.name_plural),
            "more": more,
            "hits": [{"record": record, "url": addresses.of(record)} for record in records],
        }
        for kind, records, more in selectors.search_all(viewer, text)
    ]
    only = [hit for group in groups for hit in group["hits"] if hit["record"].number == text.upper()]
    if only:
        return redirect(only[0]["url"])
    things = []
    for finder in finders.finders() if len(text) >= 2 else ():
        hits = finder.find(viewer, text, finders.MOST)
        if hits:
            things.append({"name": say(finder.name), "more": finder.more(text), "hits": hits})
    context = {"text": text, "groups": groups, "things": things, "short": 0 < len(text) < 2}
    return render(request, "core/search.html", context | {"query": urlencode({"q": text})})
