"""The table of outfalls that the registry's import takes: thousands of rows at once, every fault by row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecobureau.web.core import access, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused
from ecobureau.web.outfalls import selectors, services
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places.problems import Invalid, invalid
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.importing import ImportKind, Report
from ecobureau.web.sources.importing.cells import Bad, Column, day, number, one_of, text, upper, yes_no
from ecobureau.web.sources.models import CoordinateSystem

Row = tuple[int, dict[str, Any]]


def _kind(cell: Any) -> str:
    """Return the letters of a kind that was written as letters or in words."""
    plain, known = text(cell), selectors.kinds()
    by_name = {name: letters for letters, name in known.items()}
    found = plain.upper() if plain.upper() in known else by_name.get(plain)
    if found is None:
        listed = parts.listed(f"{name}（{letters}）" for letters, name in known.items())
        raise Bad("outfall.kind.unknown", value=plain, choices=listed)
    return found


def _write(actor: Viewer, rows: Sequence[Row], headings: Mapping[str, str], report: Report) -> None:
    """Check every row, then write all of them at once; what is wrong goes into the report."""
    firms = {str(values["firm"]) for _row, values in rows if values.get("firm")}
    known = {firm.code: firm for firm in sources.enterprises(actor).filter(code__in=firms)}
    drafter = services.drafter([str(values["code"]) for _row, values in rows if values.get("code")])
    columns = []
    for row, values in rows:
        try:
            made = drafter.fields(_with_firm(values, known))
        except Invalid as error:
            for problem in error.problems:
                report.add(row, headings.get(problem.field, ""), problem.code, problem.params)
            continue
        if access.allowed(actor, "create", Outfall(org_path=made["org_path"], grid=made["grid"])) is not None:
            report.add(row, headings.get("lon", ""), "outfall.not_your_place", {"name": made["title"]})
        columns.append(made)
    if not report.good:
        return
    try:
        report.made = len(services.register_many(actor, columns))
    except Refused as refused:
        report.add(0, "", refused.code, refused.params)


def _with_firm(values: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    code = values.get("firm")
    if code and code not in known:
        raise invalid("firm", "outfall.firm.unknown", value=code)
    return {**values, "firm": known[code]} if code else dict(values)


OUTFALLS = ImportKind(
    "outfalls",
    "import.kind.outfalls",
    (
        Column("code", "排污口编码", upper, other=("编码", "排口编码")),
        Column("title", "排污口名称", text, required=True, other=("名称", "name")),
        Column("kind_code", "类型", _kind, required=True, other=("排污口类型",)),
        Column("water", "受纳水体", text, required=True, other=("水体",)),
        Column("lon", "经度", number, required=True),
        Column("lat", "纬度", number, required=True),
        Column("system", "坐标系", one_of(CoordinateSystem, {"火星": "gcj02", "百度": "bd09", "cgcs2000": "wgs84"})),
        Column("function_zone", "水功能区", text),
        Column("water_class", "水质目标", text),
        Column("protected", "饮用水水源保护区", yes_no, other=("在饮用水水源保护区内",)),
        Column("entry", "入河方式", one_of(Outfall.Entry)),
        Column("way", "排放方式", one_of(Outfall.Way)),
        Column("size", "口门尺寸", text),
        Column("flow_m3d", "排放量", number),
        Column("pollutants", "主要污染物", text),
        Column("limits", "执行标准与限值", text, other=("执行标准",)),
        Column("firm", "统一社会信用代码", upper, other=("信用代码", "责任企业")),
        Column("owner_name", "责任主体", text),
        Column("private_owner", "责任人", text),
        Column("contact", "联系电话", text),
        Column("approval_number", "批准或登记文号", text, other=("批准文号",)),
        Column("approval_date", "批准或登记日期", day),
        Column("permit_number", "排污许可证编号", text),
        Column("sign", "已设标志牌", yes_no, other=("标志牌",)),
        Column("found_on", "排查日期", day),
        Column("problem", "存在问题", text),
    ),
    ("code",),
    write_all=_write,
)
