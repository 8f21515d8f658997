"""The emission statistics as tables for CSV and XLSX: heads and cells."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.emission.totals import kilograms
from ecobureau.domain.rounding import plain
from ecobureau.web.statistics.emission.selectors import Line
from ecobureau.web.statistics.emission.words import kg_of, percent
from ecobureau.web.statistics.models import EmissionSummary


def heads(kind: str) -> list[str]:
    """Return the heads of a ranking."""
    more = [_("排放口数")] if kind != "point" else []
    return [
        _("名次"),
        _("名称"),
        *more,
        _("应传数据"),
        _("实传数据"),
        _("有效数据"),
        _("传输率（％）"),
        _("有效率（％）"),
        _("传输有效率（％）"),
        _("排放量（kg）"),
        _("其中替代（kg）"),
        _("有限值的小时"),
        _("超标小时"),
        _("上年同期传输有效率（％）"),
        _("上年同期排放量（kg）"),
    ]


def cells(line: Line, kind: str, item: str) -> list[Any]:
    """Return a line of a ranking."""
    now, before, figures = line.now, line.before, line.now.figures
    more = [figures["outlets"]] if kind != "point" else []
    rates = now.rates
    return [
        line.rank,
        line.name,
        *more,
        figures["should"],
        figures["received"],
        figures["valid_items"],
        percent(rates.transmission),
        percent(rates.validity),
        percent(rates.effective),
        plain(now.kg, 3) if item else "",
        plain(kilograms(figures["substituted_ug"]), 3) if item else "",
        figures["judged"],
        figures["over"],
        percent(before.rates.effective) if before else "",
        plain(before.kg, 3) if before and item else "",
    ]


def figure_heads() -> list[str]:
    """Return the heads of figures of a period."""
    return [
        _("均值"),
        _("折算均值"),
        _("水量或标干流量（m³）"),
        _("排放量（kg）"),
        _("其中替代（kg）"),
        _("运行小时"),
        _("有效小时"),
        _("停运小时"),
        _("无排放小时"),
        _("应传数据"),
        _("实传数据"),
        _("有效数据"),
        _("超标小时"),
        _("有效"),
    ]


def figures(row: EmissionSummary) -> list[Any]:
    """Return the figures of a period."""
    return [
        row.mean,
        row.converted,
        round(row.flow, 1),
        plain(kg_of(row), 3),
        plain(kilograms(row.substituted_ug), 3),
        row.operating,
        row.valid_hours,
        row.stopped,
        row.quiet,
        row.should,
        row.received,
        row.valid_items,
        row.over,
        _("是") if row.valid else _("否"),
    ]
