"""The kinds of tables that can be imported: their columns, what names a row, and how a row is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ecobureau.web.core.access import Viewer
from ecobureau.web.places.models import Level
from ecobureau.web.sources.importing import write
from ecobureau.web.sources.importing.cells import (
    Column,
    code,
    day,
    exact,
    instant,
    number,
    one_of,
    pairs,
    text,
    upper,
    whole,
    words,
    yes_no,
)
from ecobureau.web.sources.models import CoordinateSystem, Flag, Limit, Logger, Outlet

Change = Literal["made", "changed", "same"]
Write = Callable[[Viewer, dict[str, Any]], Change]


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of table.

    Attributes:
        name: word of the command line and the address; title: message code of its name.
        columns: what it may hold; key: the columns that name a row, so that none comes twice in a file.
        write: takes the values of a row (only the columns that the file has) and writes them through the services.
        write_all: in place of it, for tables of thousands: (actor, [(row, values)], column → heading, report) checks
            all rows, notes what is wrong in the report, and writes none unless all are good.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    write: Write | None = None
    write_all: Callable[[Viewer, Any, Any, Any], None] | None = None

    @property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)


_PLACE = (
    Column("lon", "经度", number),
    Column("lat", "纬度", number),
    Column("system", "坐标系", one_of(CoordinateSystem, {"火星": "gcj02", "百度": "bd09", "cgcs2000": "wgs84"})),
    Column("address", "地址", text),
)
_ORG = Column("org_path", "所属机构", code, other=("机构路径",))
_ACTIVE = Column("active", "启用", yes_no)

ORGANISATIONS = ImportKind(
    "organisations",
    "import.kind.organisations",
    (
        Column("parent", "上级路径", code, other=("上级机构",)),
        Column("code", "代码", code, required=True),
        Column("level", "层级", one_of(Level), required=True),
        Column("name", "名称", text, required=True),
        Column("division_code", "行政区划代码", code),
        Column("duties", "职责", words),
        Column("phone", "值班电话", text),
    ),
    ("parent", "code"),
    write.organisation,
)
ROSTERS = ImportKind(
    "rosters",
    "import.kind.rosters",
    (
        Column("unit", "机构路径", code, required=True, other=("机构",)),
        Column("roster", "值班表", text, required=True),
        Column("person", "值班人", text, required=True, other=("人员", "登录名")),
        Column("starts", "开始", instant, required=True, other=("开始时间",)),
        Column("ends", "结束", instant, required=True, other=("结束时间",)),
        Column("stand_in", "替班人", text),
        Column("reason", "替班原因", text),
    ),
    ("unit", "roster", "person", "starts"),
    write.shift,
)
ENTERPRISES = ImportKind(
    "enterprises",
    "import.kind.enterprises",
    (
        Column("code", "统一社会信用代码", upper, required=True, other=("信用代码",)),
        Column("name", "企业名称", text, required=True, other=("名称", "单位名称")),
        Column("short_name", "简称", text),
        Column("industry_code", "行业代码", code),
        Column("industry", "行业", text, other=("行业类别",)),
        Column("key_unit", "重点排污单位", yes_no, other=("重点单位",)),
        Column("permit_number", "排污许可证编号", code, other=("许可证编号",)),
        Column("contact", "环保联系人", text, other=("联系人",)),
        Column("phone", "联系电话", text, other=("电话",)),
        *_PLACE,
        _ORG,
        _ACTIVE,
    ),
    ("code",),
    write.enterprise,
)
OUTLETS = ImportKind(
    "outlets",
    "import.kind.outlets",
    (
        Column("enterprise", "统一社会信用代码", upper, required=True, other=("信用代码", "企业信用代码")),
        Column("code", "排放口编号", code, required=True, other=("编号",)),
        Column("name", "排放口名称", text, required=True, other=("名称",)),
        Column("medium", "类别", one_of(Outlet.Medium, {"水": "water", "气": "air"}), required=True),
        Column("grade", "等级", one_of(Outlet.Grade)),
        Column("o2_ref", "基准氧含量", number),
        Column("height_m", "排气筒高度", number, other=("高度",)),
        Column("destination", "排放去向", text),
        *_PLACE,
        _ACTIVE,
    ),
    ("enterprise", "code"),
    write.outlet,
)
STATIONS = ImportKind(
    "stations",
    "import.kind.stations",
    (
        Column("code", "站点编号", code, required=True, other=("编号",)),
        Column("name", "站点名称", text, required=True, other=("名称",)),
        Column("st", "系统编码", upper, required=True, other=("ST", "系统编码ST")),
        Column("enterprise", "统一社会信用代码", upper, other=("信用代码", "企业信用代码")),
        Column("outlet", "排放口编号", code, other=("排放口",)),
        *_PLACE,
        _ORG,
        Column("water_body", "水体类型", text),
        Column("noise_zone", "声环境功能区", text),
        Column("operator", "运维单位", text),
        Column("mn", "MN", code, other=("设备唯一标识", "设备唯一标识MN", "数采仪编号")),
        Column("password", "访问密码", code, other=("PW", "密码"), secret=True),
        Column("sm4_key", "SM4密钥", code, secret=True),
        Column("edition", "协议版本", one_of(Logger.Edition, {"2005": 0, "2017": 1, "2025": 2})),
        Column("dialect", "方言", code),
        Column("stamp_rule", "时标规则", one_of(Logger.Stamp, {"开始": "start", "结束": "end"})),
        Column("rtd_interval_s", "实时间隔", whole),
        Column("minute_interval", "分钟间隔", whole),
        Column("accept_from", "接收起点", instant),
        Column("unit_overrides", "单位改写", pairs),
        Column("factor_map", "因子映射", pairs),
        _ACTIVE,
    ),
    ("code", "mn"),
    write.station,
)
LIMITS = ImportKind(
    "limits",
    "import.kind.limits",
    (
        Column("enterprise", "统一社会信用代码", upper, required=True, other=("信用代码", "企业信用代码")),
        Column("outlet", "排放口编号", code, required=True, other=("排放口",)),
        Column("factor", "因子编码", code, required=True, other=("监测因子", "因子")),
        Column("field", "统计量", one_of(Limit.Statistic)),
        Column("period", "时段", one_of(Limit.Period, {"时": "hour"})),
        Column("kind", "界限", one_of(Limit.Kind)),
        Column("hours", "昼夜", one_of(Limit.Hours, {"昼间": "day", "夜间": "night"})),
        Column("value", "限值", exact, required=True),
        Column("unit", "单位", text),
        Column("source", "依据", text, required=True, other=("来源",)),
        Column("clause", "条款", text),
        Column("flag", "可信度", one_of(Flag)),
        Column("valid_from", "生效日", day, required=True, other=("生效日期",)),
        Column("valid_to", "失效日", day, other=("失效日期",)),
    ),
    ("enterprise", "outlet", "factor", "field", "period", "kind", "hours", "valid_from"),
    write.limit,
)
KINDS: list[ImportKind] = [ORGANISATIONS, ROSTERS, ENTERPRISES, OUTLETS, STATIONS, LIMITS]


def add_kind(kind: ImportKind) -> ImportKind:
    """Let a higher app bring a kind of table (done once, when Django starts)."""
    KINDS[:] = [*(each for each in KINDS if each.name != kind.name), kind]
    return kind


def kind_of(name: str) -> ImportKind | None:
    """Return the kind of a name, or None."""
    return next((kind for kind in KINDS if kind.name == name), None)
