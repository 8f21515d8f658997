"""What the address of an analysis says: medium, object, item, view, period and the options of the view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecobureau.web.statistics.analysis_objects import NOISE
from ecobureau.web.statistics.models import Item, Medium, WaterItem

Text = str | Promise

MEDIA: dict[str, Text] = {
    Medium.AIR: gettext_lazy("空气"),
    Medium.WATER: gettext_lazy("地表水"),
    NOISE: gettext_lazy("噪声"),
    Medium.EMISSION: gettext_lazy("污染源排放"),
}
VIEWS: dict[str, Text] = {
    "trend": gettext_lazy("趋势"),
    "diurnal": gettext_lazy("日变化"),
    "weekly": gettext_lazy("周变化"),
    "box": gettext_lazy("箱线图"),
    "wind": gettext_lazy("风玫瑰"),
    "pollution": gettext_lazy("污染玫瑰"),
    "compare": gettext_lazy("比较"),
}
_WIND_VIEWS = ("wind", "pollution")
LONGEST = 366 * 10
"""Most days of one analysis."""
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """An item: name, unit, digits after the point, whether the axis starts at 0, and whether it is a sound level."""

    code: str
    name: Text
    unit: str
    digits: int = 1
    zero: bool = True
    sound: bool = False


_AIR_DIGITS = {"co": 2}
_WATER_UNITS = {"ph": ("", 2), "chla": ("mg/m³", 1), "sd": ("m", 2), "nh3n": ("mg/L", 3), "tp": ("mg/L", 3)}
ITEMS: dict[str, tuple[ItemSpec, ...]] = {
    Medium.AIR: tuple(
        ItemSpec(code, Item(code).label, "mg/m³" if code == "co" else "µg/m³", _AIR_DIGITS.get(code, 1))
        for code in ("pm2_5", "pm10", "o3", "no2", "so2", "co")
    ),
    Medium.WATER: tuple(
        ItemSpec(code, label, *_WATER_UNITS.get(code, ("mg/L", 2)), zero=code != "ph")
        for code, label in WaterItem.choices
    ),
    NOISE: (
        ItemSpec("leq", gettext_lazy("等效声级 Leq"), "dB(A)", 1, False, True),
        ItemSpec("ld", gettext_lazy("昼间等效声级 Ld"), "dB(A)", 1, False, True),
        ItemSpec("ln", gettext_lazy("夜间等效声级 Ln"), "dB(A)", 1, False, True),
        ItemSpec("ldn", gettext_lazy("昼夜等效声级 Ldn"), "dB(A)", 1, False, True),
    ),
}
HOURLY = ("diurnal", "weekly", "wind", "pollution")
"""Views that stand on hours."""

STEPS: dict[str, Text] = {"auto": gettext_lazy("自动"), "month": gettext_lazy("月值"), "day": gettext_lazy("日值")}
GROUPS: dict[str, Text] = {
    "auto": gettext_lazy("自动"),
    "month": gettext_lazy("按月"),
    "quarter": gettext_lazy("按季"),
    "year": gettext_lazy("按年"),
    "member": gettext_lazy("按站点"),
}
STATS: dict[str, Text] = {
    "mean": gettext_lazy("平均值"),
    "median": gettext_lazy("中位数"),
    "p90": gettext_lazy("第 90 百分位数"),
    "cpf": gettext_lazy("高值条件概率"),
}
WAYS: dict[str, Text] = {"years": gettext_lazy("与往年同期"), "places": gettext_lazy("与其他对象")}
YEARS: dict[str, Text] = {"1": gettext_lazy("上一年"), "2": gettext_lazy("前两年"), "3": gettext_lazy("前三年")}
MOST_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """An analysis as its address says it.

    Attributes:
        medium: air, water or noise; target: key of the object, empty = the first there is; item: code.
        view: kind of analysis. start, last: first and last day, both included.
        step, group, stat, way, years, others: options of single views.
        problems: what was wrong in the address, in words; what was wrong is replaced by the usual.
        offered: of emissions the items that the object has, as each has factors of its own.
    """

    medium: str
    target: str
    item: ItemSpec
    view: str
    start: date
    last: date
    step: str = "auto"
    group: str = "auto"
    stat: str = "mean"
    way: str = "years"
    years: int = 1
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    offered: tuple[ItemSpec, ...] = ()

    @property
    def end(self) -> date:
        """The first day after the period."""
        return self.last + timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def period_words(self) -> str:
        """The period as people read it."""
        return _("{first} 至 {last}").format(first=self.start.isoformat(), last=self.last.isoformat())

    @property
    def views(self) -> list[str]:
        """The views that the medium has."""
        return [view for view in VIEWS if self.medium == Medium.AIR or view not in _WIND_VIEWS]

    @property
    def items(self) -> tuple[ItemSpec, ...]:
        """The items that the view has: cycles of noise are of hourly levels alone."""
        every = self.offered if self.medium == Medium.EMISSION else ITEMS[self.medium]
        return every[:1] if self.medium == NOISE and self.view in HOURLY else every

    @property
    def item_name(self) -> str:
        """The item's name, of ozone with the mean that is meant."""
        if self.item.code != "o3":
            return str(self.item.name)
        return _("臭氧（1 小时）") if self.view in HOURLY else _("臭氧（日最大 8 小时）")

    def params(self, **changes: Any) -> list[tuple[str, str]]:
        """Return the parameters of the address, with changes by attribute."""
        made = replace(self, **changes)
        found = [
            ("medium", made.medium),
            ("object", made.target),
            ("item", made.item.code),
            ("view", made.view),
            ("from", made.start.isoformat()),
            ("to", made.last.isoformat()),
        ]
        by_view = {
            "trend": [("step", made.step)],
            "box": [("group", made.group)],
            "pollution": [("stat", made.stat)],
            "compare": [("by", made.way), ("years", str(made.years)), *(("with", one) for one in made.others)],
        }
        return found + [pair for pair in by_view.get(made.view, []) if pair[1]]

    def query(self, **changes: Any) -> str:
        """Return the address's query, with changes by attribute."""
        return urlencode(self.params(**changes))


def parse(given: QueryDict, today: date) -> Choice:
    """Return what the address says; where it says nothing or nonsense, what is usual, and why.

    Args:
        today: local day; periods end yesterday unless told otherwise.
    """
    problems: list[str] = []
    medium = _one_of(given, "medium", MEDIA, Medium.AIR, _("要素"), problems)
    view = _one_of(given, "view", VIEWS, "diurnal", _("分析"), problems)
    if medium != Medium.AIR and view in _WIND_VIEWS:
        problems.append(_("风玫瑰和污染玫瑰只用于空气，改为趋势。"))
        view = "trend"
    item = _item(given.get("item", ""), medium, view)
    start, last = _period(given, view, today, problems)
    return Choice(
        medium=medium,
        target=given.get("object", "")[:12],
        item=item,
        view=view,
        start=start,
        last=last,
        step=_one_of(given, "step", STEPS, "auto", _("步长"), problems),
        group=_one_of(given, "group", GROUPS, "auto", _("分组"), problems),
        stat=_one_of(given, "stat", STATS, "mean", _("统计量"), problems),
        way=_one_of(given, "by", WAYS, "years", _("比较"), problems),
        years=int(_one_of(given, "years", YEARS, "1", _("年数"), problems)),
        others=tuple(dict.fromkeys(one[:12] for one in given.getlist("with") if one))[:MOST_OTHERS],
        problems=tuple(problems),
    )


def _item(code: str, medium: str, view: str) -> ItemSpec:
    if medium == Medium.EMISSION:
        # Which items there are is known with the object alone (`analysis_emission.with_items`).
        return ItemSpec(code[:30], "", "")
    specs = {spec.code: spec for spec in ITEMS[medium]}
    if medium == NOISE and view in HOURLY:
        return ITEMS[NOISE][0]
    return specs.get(code, ITEMS[medium][0])


def usual_start(view: str, last: date) -> date:
    """Return the first day of the usual period of a view: three years for trends, else the last 90 days."""
    if view == "trend":
        back = last + timedelta(days=1)
        return back.replace(year=back.year - 3, day=min(back.day, 28) if back.month == 2 else back.day)
    return last - timedelta(days=89)


def quick(choice: Choice, today: date) -> list[tuple[str, date, date]]:
    """Return periods that are a click away: words, first and last day."""
    yesterday = today - timedelta(days=1)
    return [
        (_("近 30 天"), yesterday - timedelta(days=29), yesterday),
        (_("近 90 天"), yesterday - timedelta(days=89), yesterday),
        (_("今年"), min(today.replace(month=1, day=1), yesterday), yesterday),
        (_("近一年"), yesterday - timedelta(days=364), yesterday),
        (_("近三年"), usual_start("trend", yesterday), yesterday),
    ]


def _one_of(given: QueryDict, name: str, known: Any, usual: str, words: str, problems: list[str]) -> str:
    value = given.get(name, "")
    if value in known:
        return str(value)
    if value:
        problems.append(
            _("{field}没有“{value}”这个选项，改用“{usual}”。").format(field=words, value=value[:20], usual=known[usual])
        )
    return usual


def _period(given: QueryDict, view: str, today: date, problems: list[str]) -> tuple[date, date]:
    yesterday = today - timedelta(days=1)
    last = _day(given.get("to", ""), yesterday, problems)
    start = _day(given.get("from", ""), usual_start(view, last), problems)
    if start > last:
        problems.append(_("开始日期晚于结束日期，已对调。"))
        start, last = last, start
    if (last - start).days >= LONGEST:
        problems.append(_("一次最多分析十年，已取最后十年。"))
        start = last - timedelta(days=LONGEST - 1)
    return start, last


def _day(text: str, usual: date, problems: list[str]) -> date:
    if not text:
        return usual
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= date(2100, 1, 1):
        problems.append(
            _("“{value}”不是日期，应写成 2026-11-22 这样；改用 {usual}。").format(
                value=text[:20], usual=usual.isoformat()
            )
        )
        return usual
    return found
