"""How values are spread: box plots by month, quarter, year or station."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _

from ecobureau.domain.noise import leq
from ecobureau.domain.trends import Box, box
from ecobureau.web.statistics import analysis_selectors as selectors
from ecobureau.web.statistics.analysis_parts import (
    DASH,
    Asked,
    Cell,
    Floats,
    Method,
    NotEnough,
    Shown,
    count,
    day_rule,
    left_out_notes,
    need_some,
    pack_method,
    text,
    valid_words,
)
from ecobureau.web.statistics.analysis_selectors import Block
from ecobureau.web.statistics.models import Medium

MOST_BOXES = 60
_MOST_DOTS = 200


def boxes(asked: Asked) -> Shown:
    """Return box plots of daily values by group.

    Raises:
        NotEnough: no group has enough values. TooLong: more than a page should read.
    """
    choice = asked.choice
    group = _group(asked)
    blocks = _blocks(asked, group)
    need_some(blocks, hours=False)
    grouped = _grouped(asked, blocks, group)
    found = [(label, values, box(values, need=asked.rules.box_need)) for label, values in grouped]
    known = [(label, one) for label, _values, one in found if one is not None]
    if not known:
        raise NotEnough(
            _("每一组的有效日都太少"),
            _("每一箱至少要 {need} 个有效日。选更长的时间，或按更长的时段分组。").format(need=asked.rules.box_need),
        )
    if len(found) > MOST_BOXES:
        raise NotEnough(
            _("箱太多，看不清"), _("超过 {most} 箱。按季或按年分组，或选短一点的时间。").format(most=MOST_BOXES)
        )
    digits = choice.item.digits + 1
    dots = [
        [at, round(value, digits)] for at, (_label, _values, one) in enumerate(found) if one for value in one.outliers
    ]
    chart = {
        "kind": "boxes",
        "name": asked.title,
        "unit": asked.unit,
        "zero": choice.item.zero,
        "digits": choice.item.digits,
        "labels": [label for label, _values, _one in found],
        "boxes": [
            None if one is None else [round(v, digits) for v in (one.low, one.q1, one.median, one.q3, one.high)]
            for _label, _values, one in found
        ],
        "dots": dots[:_MOST_DOTS],
        "means": [None if one is None else round(_mean(asked, values, one), digits) for _label, values, one in found],
        "mean": _mean_name(asked),
    }
    return Shown(
        chart=chart,
        heads=(
            _("排放口") if group == "member" and choice.medium == Medium.EMISSION else _group_words(group),
            _("有效日"),
            _("下须"),
            _("第 25 百分位数"),
            asked.with_unit(_("中位数")),
            _("第 75 百分位数"),
            _("上须"),
            _mean_name(asked),
            _("离群值个数"),
            _("最小"),
            _("最大"),
        ),
        rows=tuple(_row(asked, label, values, one) for label, values, one in found),
        reading=_reading(asked, known),
        basis=(valid_words(blocks, hours=False), day_rule(asked)),
        methods=(
            Method(
                _("箱为第 25、75 百分位数，中线为中位数；按 k＝1＋(n－1)·p 线性内插"),
                "HJ 663 附录 A；Hyndman & Fan 1996 type 7",
            ),
            Method(_("须到离箱 1.5 倍四分位距以内最远的值，更远的画成点（离群值）"), "Tukey 1977"),
            pack_method(
                _("少于 {need} 个有效日的组不画箱").format(need=asked.rules.box_need), asked.rules.entries["box.need"]
            ),
        ),
        notes=(_("离群值是统计上的远值，不等于无效数据。"), *left_out_notes(blocks)),
    )


def _group(asked: Asked) -> str:
    choice = asked.choice
    if choice.group != "auto":
        return choice.group
    if not asked.target.single:
        return "member"
    return "month" if choice.days <= 3 * 366 else "year"


def _blocks(asked: Asked, group: str) -> list[Block]:
    choice = asked.choice
    each = group == "member"
    return selectors.day_blocks(asked.target, choice.item.code, choice.start, choice.end, asked.rules, each=each)


def _grouped(asked: Asked, blocks: list[Block], group: str) -> list[tuple[str, Floats]]:
    if group == "member":
        return [(block.name, block.values) for block in blocks]
    start = asked.choice.start
    labels = np.array([_label(group, start + timedelta(days=at)) for at in range(asked.choice.days)])
    order = list(dict.fromkeys(labels.tolist()))
    return [(label, np.concatenate([block.values[labels == label] for block in blocks])) for label in order]


def _label(group: str, day: date) -> str:
    year, month = day.year, day.month
    if group == "year":
        return f"{year}"
    return f"{year}-{month:02d}" if group == "month" else f"{year} Q{(month + 2) // 3}"


def _group_words(group: str) -> str:
    return {"month": _("月份"), "quarter": _("季度"), "year": _("年份"), "member": _("站点")}[group]


def _mean_name(asked: Asked) -> str:
    return _("能量平均（等效声级）") if asked.choice.item.sound else _("平均值")


def _mean(asked: Asked, values: Floats, one: Box) -> float:
    return leq(values[np.isfinite(values)]) if asked.choice.item.sound else one.mean


def _row(asked: Asked, label: str, values: Floats, one: Box | None) -> tuple[Cell, ...]:
    valid = int(np.isfinite(values).sum())
    if one is None:
        return (text(label), count(valid), *[Cell(None, DASH)] * 9)
    numbers = (one.low, one.q1, one.median, one.q3, one.high, _mean(asked, values, one))
    return (
        text(label),
        count(valid),
        *(asked.number(value) for value in numbers),
        count(len(one.outliers)),
        asked.number(one.least),
        asked.number(one.most),
    )


def _reading(asked: Asked, known: list[tuple[str, Box]]) -> tuple[str, ...]:
    top = max(known, key=lambda pair: pair[1].median)
    low = min(known, key=lambda pair: pair[1].median)
    wide = max(known, key=lambda pair: pair[1].q3 - pair[1].q1)
    first = _("{period}，{what} 的中位数**{top}最高**（{high}），{low}最低（{least}）。").format(
        period=asked.choice.period_words,
        what=asked.title,
        top=top[0],
        high=asked.with_unit(asked.show(top[1].median)),
        low=low[0],
        least=asked.with_unit(asked.show(low[1].median)),
    )
    second = _("日值起伏最大的是 {wide}：中间一半落在 {q1}～{q3}。").format(
        wide=wide[0], q1=asked.show(wide[1].q1), q3=asked.with_unit(asked.show(wide[1].q3))
    )
    return (first, second) if len(known) > 1 else (second,)
