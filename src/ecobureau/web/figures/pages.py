"""The page of the figures, and the same as a file."""

from __future__ import annotations

import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST
from openpyxl import Workbook
from openpyxl.styles import Font

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.filters import source_names
from ecobureau.web.core import access, audit, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.export import safe
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.figures import selectors
from ecobureau.web.figures.definitions import FIGURES, KINDS
from ecobureau.web.figures.selectors import Cell, Row, Table
from ecobureau.web.figures.slices import SLICES
from ecobureau.words import say

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def may_export(viewer: Viewer) -> bool:
    """Say whether the viewer may take figures away: who may export each kind they are reckoned over."""
    return viewer.has(*selectors.READERS) and all(
        access.may_somewhere(viewer, "export", registry.get(kind)) for kind in KINDS
    )


def value_words(cell: Cell | None) -> str:
    """Return the number of a cell as people read it; a dash where there is nothing to reckon it of."""
    if cell is None or cell.value is None:
        return "—"
    if cell.figure.unit == "%":
        return f"{cell.value:.1f}%"
    hours, minutes = divmod(round(cell.value), 60)
    return say("figures.hours", None, h=hours, m=minutes) if hours else say("figures.minutes", None, m=minutes)


def _shown(row: Row) -> dict[str, Any]:
    return {
        "name": row.name or say("figures.total"),
        "cells": [{"cell": cell, "words": value_words(cell)} for cell in row.cells],
    }


@require_GET
@signed_in
def figures_page(request: HttpRequest) -> HttpResponse:
    """Every figure with its definition, cut as asked; each number opens its list."""
    viewer = viewer_in(request)
    asked = selectors.asked_of(request.GET)
    found = selectors.table(viewer, asked)
    context = {
        "asked": asked,
        "figures": [{"figure": each, "name": say(each.name), "how": say(each.how)} for each in FIGURES],
        "total": [
            {"name": say(cell.figure.name), "how": say(cell.figure.how), "cell": cell, "words": value_words(cell)}
            for cell in found.total.cells
            if cell is not None
        ],
        "rows": [_shown(row) for row in found.rows],
        "more": found.more,
        "slices": [(each.code, say(each.name)) for each in SLICES],
        "by_name": say(asked.by.name) if asked.by else "",
        "levels": LEVELS,
        "sources": source_names(),
        "scenarios": scenarios.choices(empty=False),
        "may_export": may_export(viewer),
        "query": request.GET.urlencode(),
    }
    return render(request, "figures/figures.html", context)


@require_POST
@signed_in
def export_page(request: HttpRequest) -> HttpResponse:
    """The same as XLSX, for a purpose that is written down; it holds what the person may take away."""
    viewer = viewer_in(request)
    if not may_export(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="export figures")
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what="export figures")
    asked = selectors.asked_of(request.GET)
    found = selectors.table(viewer, asked, "export")
    audit.write(viewer, "export", kind="figures", purpose=purpose, form="xlsx", query=request.GET.urlencode())
    at = beijing(now())
    mark = say(
        "core.export.mark",
        None,
        who=viewer.name,
        at=at.strftime("%Y-%m-%d %H:%M:%S"),
        purpose=purpose,
        rows=len(found.rows) + 1,
    )
    body = workbook(found, mark, request.build_absolute_uri("/").rstrip("/"))
    response = HttpResponse(body, content_type=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="figures-{at:%Y%m%d-%H%M%S}.xlsx"'
    return response


def workbook(found: Table, mark: str, host: str = "") -> bytes:
    """Return the figures as XLSX: the numbers, their definitions, and who took them what for.

    Args:
        host: put before the addresses of the lists.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = say("figures.title")[:31]
    heads = ("slice", "figure", "value", "unit", "counted", "of", "list")
    sheet.append([say(f"figures.head.{head}") for head in heads])
    for row in (found.total, *found.rows):
        for cell in row.cells:
            if cell is not None:
                value = round(cell.value, 2) if cell.value is not None else None
                name = row.name or say("figures.total")
                unit = "%" if cell.figure.unit == "%" else say("figures.unit.min")
                line = (name, say(cell.figure.name), value, unit, cell.counted, cell.n, f"{host}{cell.url}")
                sheet.append([safe(each) for each in line])
    notes = book.create_sheet(say("figures.definitions"))
    notes.append([say("figures.head.figure"), say("figures.definitions")])
    for figure in FIGURES:
        notes.append([say(figure.name), say(figure.how)])
    notes.append([])
    notes.append([say("figures.span", None, since=found.asked.since, until=found.asked.until)])
    notes.append([safe(mark)])
    for each in (sheet, notes):
        for head in each[1]:
            head.font = Font(bold=True)
        each.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
