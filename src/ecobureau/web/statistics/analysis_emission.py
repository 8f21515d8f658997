"""What is particular to analyses of emissions: items of an outlet, enterprise or place, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.domain import units
from ecobureau.domain.trends import TrendRules
from ecobureau.web.sources.models import Outlet
from ecobureau.web.statistics.analysis_choice import HOURLY, Choice, ItemSpec
from ecobureau.web.statistics.analysis_objects import Target
from ecobureau.web.statistics.analysis_selectors import Block
from ecobureau.web.statistics.emission import grids
from ecobureau.web.statistics.emission.limits import UNITS
from ecobureau.web.statistics.emission.selectors import factor_names
from ecobureau.web.statistics.models import Medium

NO_FACTOR = ItemSpec("", "—", "")


def with_items(choice: Choice, viewed: Target) -> Choice:
    """Return the choice with the items that the object has, and the chosen one of them, else the first."""
    offered = items(choice, viewed)
    by_code = {spec.code: spec for spec in offered}
    item = by_code.get(choice.item.code, offered[0] if offered else NO_FACTOR)
    return replace(choice, offered=offered, item=item)


def items(choice: Choice, viewed: Target) -> tuple[ItemSpec, ...]:
    """Return the items of an object: of outlets concentrations, and of all the mass, factor by factor."""
    rows = grids.offered(viewed.series_id or 0)
    names = factor_names([row.factor for row in rows], "en" if (get_language() or "").startswith("en") else "zh")
    unit = "" if viewed.outlet_medium is None else units.spelled(UNITS[Outlet.Medium(viewed.outlet_medium)])
    hourly = choice.view in HOURLY
    found = []
    for row in rows:
        name = names[row.factor]
        for measure, words, top in (
            (grids.CONVERTED, _("{factor}折算浓度"), row.converted),
            (grids.MEAN, _("{factor}浓度"), row.mean),
        ):
            if viewed.outlet_medium is not None and top is not None:
                code = f"{row.factor}-{measure}"
                found.append(ItemSpec(code, words.format(factor=name), unit, _digits(top)))
        if row.kg_day is not None:
            typical = row.kg_day / 24 if hourly else row.kg_day
            words = _("{factor}小时排放量") if hourly else _("{factor}日排放量")
            code = f"{row.factor}-{grids.MASS}"
            found.append(ItemSpec(code, words.format(factor=name), "kg/h" if hourly else "kg/d", _digits(typical)))
    return tuple(found)


def _digits(typical: float) -> int:
    """Digits after the point that keep about three figures of usual values."""
    return next((digits for limit, digits in ((10, 1), (1, 2), (0.1, 3)) if abs(typical) >= limit), 4)


def is_mass(choice: Choice) -> bool:
    """Say whether the choice is of mass."""
    return choice.medium == Medium.EMISSION and choice.item.code.endswith(f"-{grids.MASS}")


def comparable(choice: Choice, listed: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return those of the listed objects that have the chosen item: concentrations are of outlets alone."""
    some = [one for one in listed if is_mass(choice) or one[1] == "point"]
    having = grids.having([int(key[1:]) for key, _kind, _name in some], choice.item.code.rpartition("-")[0])
    return [one for one in some if int(one[0][1:]) in having]


# --- words ------------------------------------------------------------------------------------------------------------


def day_rule(choice: Choice, rules: TrendRules) -> str:
    """Say which days count."""
    if is_mass(choice):
        return _(
            "日有效：已知小时（实测、替代、停运或无排放）不少于 {share}；日排放量为实测加按标准替代，与排放统计一致。"
        ).format(share=f"{100 * rules.mass_share:.0f}%")
    return _("日有效：有效小时数达到 HJ 75、HJ 356 等对日均值的要求（以规则包为准），用排放统计的日均值。")


def hour_rule(choice: Choice, viewed: Target, rules: TrendRules) -> str:
    """Say which hours count."""
    if not is_mass(choice):
        return _("小时有效：按标记规则为有效小时，且未被数据审核认定无效；停运、校准、故障等小时不算。")
    if viewed.kind == "point":
        return _("小时有效：浓度和流量都实测有效，停运或无排放的小时记 0；按标准替代的小时不是实测，不算。")
    return _(
        "小时有效：浓度和流量都实测有效，停运或无排放的小时记 0，按标准替代的小时不算；"
        "当日有数据的排放口至少 {share} 有数才合计。"
    ).format(share=f"{100 * rules.mass_share:.0f}%")


def month_rule(choice: Choice, rules: TrendRules) -> str:
    """Say which months count."""
    if is_mass(choice):
        return _("月有效：有效日不少于当月的 {share}（本系统约定）。").format(share=f"{100 * rules.month_share:.0f}%")
    return _("月有效：按 HJ 76-2017 附录 B 对月均值的有效日数要求（25 日，2 月 23 日，以规则包为准）。")


def mass_notes(blocks: Sequence[Block]) -> list[str]:
    """Say how much of the masses was substituted, and that the number of outlets changed, where it is so."""
    grids_of = [block.mass for block in blocks if block.mass is not None]
    total = sum(one.measured + one.substituted for one in grids_of)
    filled = sum(one.substituted for one in grids_of)
    notes = []
    if filled and total:
        notes.append(_("排放量中 {share} 是按标准替代的，不是实测。").format(share=f"{100 * filled / total:.1f}%"))
    for block in blocks:
        if block.mass is not None and block.mass.fewest != block.mass.most:
            notes.append(outlets_note(block.name, block.mass.fewest, block.mass.most))
    return list(dict.fromkeys(notes))


def outlets_note(name: str, fewest: int, most: int) -> str:
    """Say that the number of outlets changed."""
    return _("{name}有数据的排放口从 {low} 个到 {high} 个不等：个数变了，排放量也会变，不全是排放水平的变化。").format(
        name=name, low=fewest, high=most
    )


def no_roses() -> str:
    """Say why there are no roses."""
    return _("排放口不测风向风速，所以没有风玫瑰和污染玫瑰；排放被风带到哪里，看空气站点的污染玫瑰。")
