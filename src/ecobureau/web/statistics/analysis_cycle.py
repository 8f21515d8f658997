"""How values go through the day and the week."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _

from ecobureau.domain.trends import Cycle, CycleClass, cycle
from ecobureau.web.statistics import analysis_selectors as selectors
from ecobureau.web.statistics.analysis_parts import (
    Asked,
    Method,
    NotEnough,
    Shown,
    count,
    hour_rule,
    left_out_notes,
    listed,
    need_some,
    pack_method,
    pooled,
    text,
    valid_words,
)
from ecobureau.web.statistics.models import Medium


def diurnal(asked: Asked) -> Shown:
    """Return the statistics by hour of day. Raises NotEnough, TooLong."""
    return _cycle(asked, "hour")


def weekly(asked: Asked) -> Shown:
    """Return the statistics by weekday. Raises NotEnough, TooLong."""
    return _cycle(asked, "weekday")


def _cycle(asked: Asked, kind: Cycle) -> Shown:
    choice, item = asked.choice, asked.choice.item
    code = "Leq" if item.sound else item.code
    blocks = selectors.hour_blocks(asked.target, choice.start, choice.end, code, asked.rules.mass_share)
    need_some(blocks, hours=True)
    hours = np.tile(selectors.first_hour(choice.start) + np.arange(choice.days * 24), len(blocks))
    found = cycle(hours, pooled(blocks), kind, averaging=asked.averaging, need=asked.rules.cycle_need)
    if sum(one.mean is not None for one in found) < 2:
        raise NotEnough(
            _("有效小时太少，看不出规律"),
            _("每一格至少要 {need} 个有效小时。选更长的时间。").format(need=asked.rules.cycle_need),
        )
    labels = _labels(kind)
    mean_name = _("能量平均（等效声级）") if item.sound else _("平均值")
    digits = item.digits
    heads = (
        _("小时") if kind == "hour" else _("星期"),
        _("有效小时"),
        asked.with_unit(mean_name),
        _("第 25 百分位数"),
        _("中位数"),
        _("第 75 百分位数"),
    )
    rows = tuple(
        (
            text(label),
            count(one.n),
            asked.number(one.mean),
            asked.number(one.q1),
            asked.number(one.median),
            asked.number(one.q3),
        )
        for label, one in zip(labels, found, strict=True)
    )
    chart = {
        "kind": "lines",
        "name": asked.title,
        "unit": asked.unit,
        "zero": item.zero,
        "digits": digits,
        "labels": labels,
        "steps": True,
        "band": {
            "name": _("中间一半（第 25～75 百分位数）"),
            "low": listed([one.q1 for one in found], digits + 1),
            "high": listed([one.q3 for one in found], digits + 1),
        },
        "lines": [
            {"name": mean_name, "values": listed([one.mean for one in found], digits + 1), "series": 1},
            {
                "name": _("中位数"),
                "values": listed([one.median for one in found], digits + 1),
                "series": 4,
                "dash": True,
            },
        ],
    }
    return Shown(
        chart=chart,
        heads=heads,
        rows=rows,
        reading=_reading(asked, kind, found, labels),
        basis=(valid_words(blocks, hours=True), hour_rule(asked)),
        methods=_methods(asked, kind),
        notes=(*_notes(asked, kind), *left_out_notes(blocks)),
    )


def _labels(kind: Cycle) -> list[str]:
    if kind == "hour":
        return [_("{hour}时").format(hour=hour) for hour in range(24)]
    return [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]


def _reading(asked: Asked, kind: Cycle, found: list[CycleClass], labels: list[str]) -> tuple[str, ...]:
    known = [(one.mean, label) for one, label in zip(found, labels, strict=True) if one.mean is not None]
    (top, top_at), (low, low_at) = max(known), min(known)
    params = {
        "period": asked.choice.period_words,
        "what": asked.title,
        "top": asked.with_unit(asked.show(top)),
        "low": asked.with_unit(asked.show(low)),
        "top_at": top_at,
        "low_at": low_at,
    }
    form = (
        _("{period}，{what} 一天中**{top_at}最高**（{top}），{low_at}最低（{low}）。")
        if kind == "hour"
        else _("{period}，{what} 一周中**{top_at}最高**（{top}），{low_at}最低（{low}）。")
    )
    sentences = [form.format(**params)]
    if kind == "weekday":
        weekend = _mean([one for one in found if one.key >= 5], asked.choice.item.sound)
        working = _mean([one for one in found if one.key < 5], asked.choice.item.sound)
        if weekend is not None and working is not None:
            difference = weekend - working
            words = _("双休日比工作日高 {by}。") if difference > 0 else _("双休日比工作日低 {by}。")
            sentences.append(words.format(by=asked.with_unit(asked.show(abs(difference)))))
    return tuple(sentences)


def _mean(some: list[CycleClass], sound: bool) -> float | None:
    """Mean of the hours of some classes, each counted as often as it has hours."""
    known = [(one.mean, one.n) for one in some if one.mean is not None]
    if len(known) != len(some) or not known:
        return None
    values, weights = np.array([one for one, _ in known]), np.array([n for _, n in known])
    if sound:
        return float(10 * np.log10(np.average(np.power(10.0, values / 10), weights=weights)))
    return float(np.average(values, weights=weights))


def _methods(asked: Asked, kind: Cycle) -> tuple[Method, ...]:
    classed = (
        _("按北京时间的小时分组，名称是时段的开始：8时即 08:00～09:00")
        if kind == "hour"
        else _("按北京时间的星期分组，用小时值")
    )
    need = pack_method(
        _("少于 {need} 个有效小时的格不给值").format(need=asked.rules.cycle_need), asked.rules.entries["cycle.need"]
    )
    quartile = Method(_("百分位数按 k＝1＋(n－1)·p 线性内插"), "HJ 663 附录 A；Hyndman & Fan 1996 type 7")
    if asked.choice.item.sound:
        return (
            Method(_("声级按能量平均：10 lg(平均 10^(L/10))，从不算术平均"), "GB 3096-2008"),
            Method(classed, ""),
            quartile,
            need,
        )
    return Method(_("算术平均"), ""), Method(classed, ""), quartile, need


def _notes(asked: Asked, kind: Cycle) -> tuple[str, ...]:
    notes = []
    if asked.choice.medium == Medium.AIR and kind == "hour":
        notes.append(_("空气质量发布时小时按结束时刻命名（9时即 08:00～09:00），本图按开始时刻。"))
    if not asked.target.single and len(asked.target.members) > 1:
        notes.append(_("多个站点的小时合在一起统计，站点多的时段权重大。"))
    return tuple(notes)
