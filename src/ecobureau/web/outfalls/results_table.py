"""The table of results that laboratories send: many samples of many outfalls at once, every fault by row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused
from ecobureau.web.outfalls import selectors, services
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.importing import ImportKind, Report
from ecobureau.web.sources.importing.cells import Bad, Column, exact, instant, text, upper

Row = tuple[int, dict[str, Any]]
Sample = tuple[str, datetime, str, str]
"""Code of the outfall, instant, laboratory, number of its report: what makes rows one sample."""


def _factor(cell: Any) -> str:
    """Return the code of a factor that was written as code or by its Chinese name; of water where names are alike."""
    plain = text(cell).strip().lower()
    found = sorted(
        (not code.startswith("w"), code)
        for code, row in sources.factors().items()
        if plain in {code.lower(), row.name_zh.lower(), row.short_zh.lower()} - {""}
    )
    if not found:
        raise Bad("registry.factor.unknown", value=cell)
    return found[0][1]


def _value(cell: Any) -> Any:
    """Return a measured value or a limit, never below zero."""
    number = exact(cell)
    if number < 0:
        raise Bad("outfall.result.negative", value=cell)
    return number


def _write(actor: Viewer, rows: Sequence[Row], headings: Mapping[str, str], report: Report) -> None:
    """Register the samples of a table; rows that stand already are counted as the same."""
    codes = {str(values["code"]) for _row, values in rows}
    known = {row.code: row for row in selectors.outfalls(actor).filter(code__in=codes)}
    there = _there(known.values())
    samples: dict[Sample, list[Row]] = {}
    for row, values in rows:
        outfall = known.get(str(values["code"]))
        if outfall is None:
            report.add(row, headings["code"], "outfall.result.no_outfall", {"value": values["code"]})
            continue
        before = there.get((outfall.pk, values["sampled_at"], values["factor"]))
        if before is not None and before != values["value"]:
            report.add(row, headings["value"], "outfall.result.other", {"value": values["value"], "before": before})
        elif before is not None:
            report.same += 1
        else:
            key = (outfall.code, values["sampled_at"], values.get("lab", ""), values.get("report", ""))
            samples.setdefault(key, []).append((row, values))
    if report.good:
        for (code, at, lab, number), mine in sorted(samples.items(), key=lambda each: (each[0][1], each[0][0])):
            _sample(actor, known[code], at, lab, number, mine, report)


def _there(outfalls: Any) -> dict[tuple[int, datetime, str], Any]:
    """Return the results that stand already: (outfall, instant, factor) → value."""
    rows = Result.objects.filter(outfall__in=[row.pk for row in outfalls])
    return {row[:3]: row[3] for row in rows.values_list("outfall_id", "sampled_at", "factor_id", "value")}


def _sample(
    actor: Viewer, outfall: Outfall, at: datetime, lab: str, number: str, mine: Sequence[Row], report: Report
) -> None:
    values = {row["factor"]: row["value"] for _row, row in mine}
    limits = {row["factor"]: row["most"] for _row, row in mine if row.get("most") is not None}
    try:
        services.sample(outfall, actor, sampled_at=at, values=values, limits=limits, lab=lab, report=number)
    except Refused as refused:
        report.add(mine[0][0], "", refused.code, refused.params)
    else:
        report.made += len(mine)


RESULTS = ImportKind(
    "outfall-results",
    "import.kind.outfall_results",
    (
        Column("code", "排污口编码", upper, required=True, other=("编码", "排口编码")),
        Column("sampled_at", "采样时间", instant, required=True, other=("采样日期",)),
        Column("factor", "监测因子", _factor, required=True, other=("因子", "监测项目", "项目")),
        Column("value", "监测值", _value, required=True, other=("结果",)),
        Column("most", "上限", _value, other=("限值", "标准限值")),
        Column("lab", "监测单位", text),
        Column("report", "报告编号", text),
    ),
    ("code", "sampled_at", "factor"),
    write_all=_write,
)
