"""The ranking of districts (or units): who stands where by one figure, with all figures beside it.

Every number is a cell of the figures' table, with its definition and the list it opens. Ties share a rank; who has too
few records for the figure gets no rank and stands below, with the number all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.ranking import ranks
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import Column, Document, Table, Text, as_xlsx, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.figures import selectors
from ecobureau.web.figures.definitions import BY_CODE, FIGURES, Figure
from ecobureau.web.figures.pages import may_export, value_words
from ecobureau.web.figures.selectors import Asked, Cell, Row
from ecobureau.words import say

RANKED = tuple(figure for figure in FIGURES if figure.better)
_BY = ("district", "unit")


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its rank; None where the figure rests on too little. `tied`: others share the rank."""

    rank: int | None
    tied: bool
    row: Row
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The lines by rank, then those without one; `least`: records that a figure must rest on to be ranked."""

    asked: Asked
    figure: Figure
    lines: tuple[Line, ...]
    total: tuple[Cell | None, ...]
    least: int


def figure_of(params: QueryDict) -> Figure:
    """Return the figure that is ranked by: the one asked for, else the handled rate."""
    found = BY_CODE.get(params.get("figure", ""))
    return found if found is not None and found.better else RANKED[0]


def ranking(viewer: Viewer, params: QueryDict, action: str = "view") -> Ranking:
    """Return the ranking within the viewer's sight.

    Raises:
        Refused: the viewer does not read figures.
    """
    given = params.copy()
    given["by"] = params.get("by", "") if params.get("by") in _BY else _BY[0]
    asked, figure = selectors.asked_of(given), figure_of(params)
    found = selectors.table(viewer, asked, action)
    least = int(str(load("sla").at("figures.small_n", beijing(now()).date()).value))
    at = FIGURES.index(figure)
    own = [row.cells[at] for row in found.rows]
    places = ranks(
        [cell.value if cell else None for cell in own],
        [cell.n if cell else 0 for cell in own],
        high=figure.better == "high",
        least=least,
    )
    lines = [
        Line(place, place is not None and places.count(place) > 1, row, _shown(row))
        for place, row in zip(places, found.rows, strict=True)
    ]
    lines.sort(key=lambda line: (line.rank is None, line.rank or 0, line.row.name))
    return Ranking(asked, figure, tuple(lines), _shown(found.total), least)


def _shown(row: Row) -> tuple[Cell | None, ...]:
    return tuple(cell for cell, figure in zip(row.cells, FIGURES, strict=True) if figure.better)


def _words(cells: tuple[Cell | None, ...]) -> list[dict[str, Any]]:
    return [{"cell": cell, "words": value_words(cell)} for cell in cells]


@require_GET
@signed_in
def ranking_page(request: HttpRequest) -> HttpResponse:
    """The ranking; each number opens its list."""
    viewer = viewer_in(request)
    found = ranking(viewer, request.GET)
    context = {
        "found": found,
        "asked": found.asked,
        "figures": [(each.code, say(each.name)) for each in RANKED],
        "heads": [{"figure": each, "name": say(each.name)} for each in RANKED],
        "notes": [(say(each.name), say(each.how)) for each in RANKED],
        "ranked_by": say(found.figure.name),
        "lines": [{"line": line, "cells": _words(line.cells)} for line in found.lines],
        "total": _words(found.total),
        "may_export": may_export(viewer),
        "query": request.GET.urlencode(),
    }
    return render(request, "figures/ranking.html", context)


@require_POST
@signed_in
def export_page(request: HttpRequest) -> HttpResponse:
    """The same as XLSX, for a purpose that is written down; it holds what the person may take away."""
    viewer = viewer_in(request)
    if not may_export(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="export ranking")
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what="export ranking")
    found = ranking(viewer, request.GET, "export")
    audit.write(viewer, "export", kind="ranking", purpose=purpose, form="xlsx", query=request.GET.urlencode())
    paper = document(found, viewer.name, f"{viewer.name} · {purpose}", request.build_absolute_uri("/").rstrip("/"))
    return download(as_xlsx(paper), f"{_('区域排名')}-{beijing(now()):%Y%m%d}", "xlsx")


def document(found: Ranking, author: str, mark: str, host: str = "") -> Document:
    """Return the ranking as a paper: rank, every figure with what it rests on and its list, the definitions.

    Args:
        host: put before the addresses of the lists.
    """
    heads = [Column(_("名次"), kind="number"), Column(_("区域"), weight=2)]
    for figure in RANKED:
        unit = "%" if figure.unit == "%" else say("figures.unit.min")
        heads += [Column(f"{say(figure.name)}（{unit}）", kind="number", decimals=1), Column(_("件数"), kind="number")]
    rows = [[None, say("figures.total"), *_numbers(found.total)]]
    rows += [[line.rank, line.row.name, *_numbers(line.cells)] for line in found.lines]
    lists = [
        [name, say(cell.figure.name), f"{host}{cell.counted_url}" if cell.counted_url else "", f"{host}{cell.url}"]
        for name, cells in [(say("figures.total"), found.total), *((line.row.name, line.cells) for line in found.lines)]
        for cell in cells
        if cell is not None
    ]
    note = _("按{name}排名；并列的同一名次；件数少于 {least} 的不排名。").format(
        name=say(found.figure.name), least=found.least
    )
    return Document(
        _("区域排名"),
        author,
        now(),
        blocks=[
            Text(say("figures.span", None, since=found.asked.since, until=found.asked.until)),
            Table(heads, rows, note=note, sheet=_("区域排名")),
            Table(
                [Column(_("指标")), Column(_("定义"), weight=5)],
                [[say(each.name), say(each.how)] for each in RANKED],
                sheet=_("定义"),
            ),
            Table(
                [Column(_("区域")), Column(_("指标")), Column(_("分子的清单")), Column(_("分母的清单"))],
                lists,
                sheet=_("清单"),
            ),
        ],
        mark=mark,
        wide=True,
    )


def _numbers(cells: tuple[Cell | None, ...]) -> list[Any]:
    made: list[Any] = []
    for cell in cells:
        made += [None, None] if cell is None else [cell.value, cell.n]
    return made
